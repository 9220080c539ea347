"""gensim's own tests of KeyedVectors, run on wordvec's.

Nothing but the construction is exchanged: the tests come from the gensim that is installed, with
`KeyedVectors` and its loader replaced by ours. Left out are the test that unpickles a file of
gensim 3.2 (pickles are never read), and one of words that begin with newlines in a binary file,
which gensim strips and wordvec refuses as damage.
"""

import pytest

theirs = pytest.importorskip("gensim.test.test_keyedvectors")

from wordvec import KeyedVectors  # noqa: E402

CASES = [theirs.TestKeyedVectors, theirs.LoadWord2VecFormatTest]
NAMES = [
    (case, name)
    for case in CASES
    for name in sorted(dir(case))
    if name.startswith("test") and name != "test_load_word2vec_format_space_stripping"
]


def test_there_are_tests():
    assert sum(case is theirs.TestKeyedVectors for case, _ in NAMES) >= 29


def load(cls, fname, binary, limit, binary_chunk_size):
    return cls.load_word2vec_format(fname, binary=binary, limit=limit)


@pytest.mark.parametrize(("case", "name"), NAMES, ids=[name for _, name in NAMES])
def test_gensims_test_passes(monkeypatch, case, name):
    import gensim

    monkeypatch.setattr(theirs, "KeyedVectors", KeyedVectors)
    monkeypatch.setattr(gensim.models, "KeyedVectors", KeyedVectors)
    monkeypatch.setattr(gensim.models.keyedvectors, "KeyedVectors", KeyedVectors)
    monkeypatch.setattr(gensim.models.keyedvectors, "_load_word2vec_format", load)
    case(name).debug()
