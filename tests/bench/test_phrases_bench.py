"""Finding phrases and writing the joined text, from file to file, in turn with gensim."""

import pytest

from wordvec.text.phrases.find import Phrases

WORDS = 4_000_000  # of wiki100m: gensim takes ten seconds for them


@pytest.fixture(scope="module")
def part(wiki, tmp_path_factory):
    path = tmp_path_factory.mktemp("part") / "part.txt"
    with open(wiki) as text, open(path, "w") as out:
        for line, _ in zip(text, range(WORDS // 10_000), strict=False):
            out.write(line)
    return path


def test_phrases(benchmark, bench, part, tmp_path):
    gensim = pytest.importorskip("gensim.models")
    sentences = pytest.importorskip("gensim.models.word2vec").LineSentence(str(part))
    theirs, ours, ratio = [], [], []

    def peer():
        phrases = gensim.Phrases(sentences, min_count=5, threshold=10)
        with open(tmp_path / "gensim.txt", "w") as out:
            out.writelines(" ".join(phrases[line]) + "\n" for line in sentences)

    def native():
        model = Phrases(threads=2).fit(part)
        model.phrases_.join_text([str(part)], tmp_path / "out.txt", threads=2, force=True)

    def round_of_both():
        theirs.append(bench.cpu(peer)[0])
        ours.append(bench.cpu(native)[0])
        ratio.append(theirs[-1] / ours[-1])

    benchmark.pedantic(round_of_both, rounds=bench.rounds)
    bench.note("phrases of 4 M words, text to text, CPU s", ours, peer=theirs)
    bench.note("  gensim's CPU time over ours", ratio, least=8)
    bench.check()
