"""PPMI by a randomised decomposition over row tiles, against a dense one of LAPACK."""

import resource

import numpy as np
import pytest

import wordvec
from wordvec.models.randomized import _save, information_rows


@pytest.fixture(params=["symmetric", "left"])
def shards(request, tmp_path):
    rng = np.random.Generator(np.random.Philox(key=4))
    lines = [[f"w{n}" for n in np.minimum(rng.zipf(1.4, 20), 199).tolist()] for _ in range(500)]
    window = wordvec.Window(window=4, direction=request.param)
    return wordvec.count(wordvec.encode(lines, min_count=1), tmp_path / "s", window)


def dense(shards, smoothing):
    """Positive pointwise mutual information, written out."""
    x = shards.sparse().toarray()
    contexts = x.sum(axis=0) ** smoothing
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(x / x.sum(axis=1, keepdims=True) / (contexts / contexts.sum()))
    return np.where(x > 0, np.maximum(found, 0), 0)


def test_row_tiles_are_rows_of_the_matrix_and_of_its_transpose(shards):
    whole = dense(shards, 0.75)
    for tile in range(shards.k):
        rows = information_rows(shards, tile, 0.75).toarray()
        cols = information_rows(shards, tile, 0.75, transposed=True).toarray()
        # Marginals are sums of exact counts, those of the oracle of float32 values.
        assert np.allclose(rows, whole[tile :: shards.k], atol=1e-5)
        assert np.allclose(cols, whole.T[tile :: shards.k], atol=1e-5)


def test_the_decomposition_is_as_near_the_best_one_as_a_peers(shards):
    extmath = pytest.importorskip("sklearn.utils.extmath")
    model = wordvec.PPMI(vector_size=12, solver="randomized").fit(shards)
    whole = dense(shards, 0.75)
    total = (whole**2).sum()
    best = 1 - (np.linalg.svd(whole, compute_uv=False)[:12] ** 2).sum() / total
    how = {"n_oversamples": 10, "n_iter": 2, "power_iteration_normalizer": "QR"}
    theirs = [extmath.randomized_svd(whole, 12, random_state=n, **how)[1] for n in range(5)]
    peers = [1 - (values**2).sum() / total for values in theirs]
    assert best - 1e-6 <= model.losses_[0] <= max(peers) + 0.01
    # What is lost is the distance of the product from the matrix.
    rest = whole - model.vectors_.vectors.astype(float) @ model.vectors_.contexts.T
    assert (rest**2).sum() / total == pytest.approx(model.losses_[0], abs=1e-4)
    exact = wordvec.PPMI(vector_size=12).fit(shards)
    assert exact.losses_[0] == pytest.approx(best, abs=1e-5)


def test_more_epochs_come_nearer_to_the_exact_solver(shards):
    lost = [
        wordvec.PPMI(vector_size=12, solver="randomized", epochs=n).fit(shards).losses_[0]
        for n in (0, 2, 8)
    ]
    exact = wordvec.PPMI(vector_size=12, epochs=8).fit(shards)
    assert lost[0] > lost[1] > lost[2] >= exact.losses_[0] - 1e-6
    assert exact.notes() == ["epochs = 8 is not used: the solver lanczos is exact"]


def test_threads_do_not_matter_and_a_cluster_needs_this_solver(shards):
    one, many = (
        wordvec.PPMI(vector_size=8, solver="randomized", threads=n).fit(shards) for n in (1, 3)
    )
    assert np.array_equal(one.vectors_.vectors, many.vectors_.vectors)
    assert wordvec.PPMI(vector_size=8).fit(shards).vectors_.meta["options"].keys() == (
        one.vectors_.meta["options"].keys() - {"solver", "epochs"}
    )
    with pytest.raises(ValueError, match="client needs solver='randomized'"):
        wordvec.PPMI(vector_size=8).fit(shards, client="local:2")


def test_a_full_disk_names_the_file(tmp_path):
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, old[1]))
        with pytest.raises(OSError, match=r"File too large: '.*right-1\.npy'"):
            _save(tmp_path / "right-1.npy", np.zeros((1 << 14, 2)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    array = np.arange(12.0).reshape(3, 4)
    _save(tmp_path / "right-2.npy", array[:, ::-1])
    np.testing.assert_array_equal(np.load(tmp_path / "right-2.npy"), array[:, ::-1])
