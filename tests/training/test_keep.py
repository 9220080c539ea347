"""Going on with a new text that lacks some of the old words."""

import numpy as np
import pytest

import wordvec

OLD = [["a", "b", "c", "d"]] * 20
NEW = [["a", "b", "x", "y"]] * 20
MODELS = [wordvec.SkipGram, wordvec.CBOW, wordvec.GloVe, wordvec.Swivel, wordvec.CountSkipGram]


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_old_words_stay_behind_the_new_ones(kind):
    small = {"sample": 0} if kind is wordvec.CountSkipGram else {}
    model = kind(min_count=1, vector_size=4, threads=1, epochs=2, **small)
    old = model.fit(OLD).vectors_
    alone = model.fit(NEW, init=old).vectors_
    assert sorted(alone) == ["a", "b", "x", "y"]
    kept = model.fit(NEW, init=old, keep=True).vectors_
    assert list(kept)[:4] == list(alone)
    assert sorted(list(kept)[4:]) == ["c", "d"]
    np.testing.assert_array_equal(kept.vectors[:4], alone.vectors)
    np.testing.assert_array_equal(kept[["c", "d"]], old[["c", "d"]])
    assert kept.counts[4:].tolist() == [20, 20]
    assert kept.meta["kept_words"] == 2
    with pytest.raises(ValueError, match="keep needs init"):
        model.fit(NEW, keep=True)


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_path_to_start_from_is_named(kind, tmp_path):
    with pytest.raises(TypeError, match=r"^init must be WordVectors, .*, got PosixPath$"):
        kind(min_count=1).fit(NEW, init=tmp_path / "old.wv")
