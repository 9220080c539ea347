"""Several stores as one, and approximate neighbours."""

import os
from pathlib import Path

import numpy as np
import pytest

from wordvec import ApproximateIndex, WordVectors, concatenate
from wordvec.errors import StoreError
from wordvec.vectors.oov.fit import SubwordOptions, fit_subwords


def draw(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def test_concatenation_joins_dimensions_of_shared_words():
    a = WordVectors(["x", "y", "z"], draw(3, 2))
    b = WordVectors(["z", "x", "w"], draw(3, 3, seed=1))
    both = concatenate([a, b])
    assert list(both) == ["x", "z"]
    np.testing.assert_array_equal(both["z"], np.concatenate([a["z"], b["z"]]))
    every = concatenate([a, b], missing="zeros")
    assert list(every) == ["x", "y", "z", "w"]
    np.testing.assert_array_equal(every["y"], [*a["y"], 0, 0, 0])
    np.testing.assert_array_equal(every["w"], [0, 0, *b["w"]])


def test_concatenation_asks_n_grams_for_what_is_missing():
    a = fit_subwords(WordVectors(["walked", "talked"], draw(2, 4)), SubwordOptions(dtype="f32"))
    b = WordVectors(["talk"], draw(1, 2, seed=1))
    both = concatenate([a, b], missing="unseen")
    np.testing.assert_allclose(both["talk"][:4], a.vector("talk").vector, rtol=1e-5)
    for bad in ({"stores": []}, {"stores": [a], "missing": "x"}):
        with pytest.raises(ValueError, match=r"at least one|missing must be"):
            concatenate(**bad)


def test_the_graph_finds_nearly_all_neighbours_and_opens_only_when_trusted(tmp_path):
    pytest.importorskip("usearch")
    wv = WordVectors([str(i) for i in range(2000)], draw(2000, 16))
    index = ApproximateIndex(wv)
    queries = [str(i) for i in range(50)]
    found = sum(
        len({w for w, _ in index.most_similar(q)} & {w for w, _ in wv.most_similar(q)})
        for q in queries
    )
    assert found / 500 > 0.9
    exact = dict(wv.most_similar("7", topn=100))
    for word, score in index.most_similar("7", topn=5):
        assert score == pytest.approx(exact[word], abs=1e-5)
    index.save(tmp_path / "g")
    with pytest.raises(FileExistsError, match="force"):
        index.save(tmp_path / "g")
    with pytest.raises(ValueError, match="trusted=True"):
        ApproximateIndex.open(tmp_path / "g", wv)
    again = ApproximateIndex.open(tmp_path / "g", wv, trusted=True)
    assert again.most_similar("7") == index.most_similar("7")
    with pytest.raises(StoreError, match="other vectors"):
        ApproximateIndex.open(tmp_path / "g", WordVectors(["a"], draw(1, 16)), trusted=True)


def test_a_graph_is_written_whole_synchronised_or_not_at_all(tmp_path, monkeypatch):
    pytest.importorskip("usearch")
    wv = WordVectors(list("abc"), draw(3, 4))
    synchronised = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synchronised.append(file), fsync(file)))
    index = ApproximateIndex(wv)
    index.save(tmp_path / "g")
    assert len(synchronised) == 2  # the file and its folder
    old = (tmp_path / "g").read_bytes()

    class Full:
        def save(self, path):
            Path(path).write_bytes(b"half")
            raise OSError("No space left on device")

    index._index = Full()
    with pytest.raises(OSError, match="No space"):
        index.save(tmp_path / "g", force=True)
    assert (tmp_path / "g").read_bytes() == old
    assert [each.name for each in tmp_path.iterdir()] == ["g"]
