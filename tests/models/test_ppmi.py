"""PPMI-SVD against dense linear algebra."""

import numpy as np
import pytest

from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import TrainingError
from wordvec.models.ppmi import PPMI
from wordvec.text.corpus import encode


@pytest.fixture(scope="module", params=["symmetric", "left"])
def shards(planted, tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("s") / "s"
    return count(encode(planted), folder, Window(window=3, direction=request.param))


def by_hand(shards, smoothing):
    X = shards.sparse().toarray()
    context = X.sum(axis=0) ** smoothing
    with np.errstate(divide="ignore"):
        pmi = np.log(X / X.sum(axis=1)[:, None] / (context / context.sum()))
    return np.maximum(pmi, 0)


@pytest.mark.parametrize("power", [0, 0.5, 1])
def test_words_times_contexts_are_the_best_of_their_rank(shards, power):
    model = PPMI(vector_size=7, power=power).fit(shards)
    M = by_hand(shards, 0.75)
    U, S, Vt = np.linalg.svd(M)
    best = U[:, :7] * S[:7] @ Vt[:7]
    np.testing.assert_allclose(
        model.vectors_.vectors @ model.vectors_.contexts.T, best, atol=1e-5 * np.abs(best).max()
    )
    scales = np.sort(np.linalg.norm(model.vectors_.vectors, axis=0))[::-1]
    np.testing.assert_allclose(scales, S[:7] ** power, rtol=1e-4)
    assert model.losses_ == [pytest.approx(1 - (S[:7] ** 2).sum() / (S**2).sum(), abs=1e-6)]


def test_the_same_seed_gives_the_same_bytes(shards):
    one, two = (PPMI(vector_size=5, seed=3).fit(shards).vectors_.vectors for _ in range(2))
    assert np.array_equal(one, two)


def test_words_of_one_kind_come_together(planted):
    v = PPMI(vector_size=8, window=4).fit(planted).vectors_
    unit = v.get_normed_vectors()
    kind = np.array([w[0] for w in v.index_to_key])
    alike = kind[:, None] == kind
    cosine = unit @ unit.T
    assert cosine[alike].mean() - cosine[~alike].mean() > 0.5
    assert v.meta["model"] == "ppmi"


def test_what_cannot_be_is_refused(shards):
    with pytest.raises(TrainingError, match=r"has .* words, and vector_size=.* must be smaller"):
        PPMI(vector_size=40).fit(shards)
    with pytest.raises(ValueError, match="smoothing"):
        PPMI(smoothing=-1).fit(shards)
    with pytest.raises(ValueError, match="power"):
        PPMI(power=2).fit(shards)
