"""The page for users of gensim: every name in its table exists, here and there."""

import re
from pathlib import Path

import pytest

from wordvec import KeyedVectors

PAGE = (Path(__file__).parents[1] / "docs" / "coming-from" / "gensim.md").read_text()
TABLE = [line.split("|")[1:4] for line in PAGE.splitlines() if line.startswith("| `")]


def names(cell):
    found = re.findall(r"`([^`]*)`", cell)
    return [re.match(r"\w+", name).group() for name in found if not name.startswith("wv[")]


def test_there_is_a_table():
    assert len(TABLE) >= 14


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].strip()[:40])
def test_the_names_of_a_row_exist_in_both(row):
    theirs = pytest.importorskip("gensim.models").KeyedVectors(2)
    wv = KeyedVectors(2)
    own = names(row[0]) if "the same" in row[1] else names(row[1])
    for name in names(row[0]):
        assert name == "KeyedVectors" or hasattr(theirs, name), name
    assert own or "wv[" in row[0]
    for name in own:
        assert name == "KeyedVectors" or hasattr(wv, name), name


def test_the_deliberate_differences_hold():
    wv = KeyedVectors(2)
    wv.add_vectors(["a", "b", "zero"], [[1, 0], [0, 1], [0, 0]])
    assert [w for w, _ in wv.most_similar("a")] == ["b"]
    with pytest.raises(ValueError, match="zero"):
        wv.most_similar("zero")
    with pytest.raises(TypeError, match="list of words"):
        wv.doesnt_match("a b")
    with pytest.raises(ValueError, match="none of the words"):
        wv.get_mean_vector(["x"])
    half = wv.most_similar(positive=["b"], negative=[("a", 0.5)], topn=None)
    assert half[0] == pytest.approx(-0.5 / 1.25**0.5)
