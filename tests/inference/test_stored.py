"""Variances that are kept with the vectors."""

import numpy as np
import pytest
from least_squares_oracle import D

import wordvec
from wordvec.errors import StoreError, Unanswerable
from wordvec.inference.stored import with_variances
from wordvec.vectors import file as store


@pytest.fixture(scope="module")
def unc(trained, counted):
    return wordvec.Uncertainty(trained("sum"), counted.shards, threads=2)


@pytest.fixture(scope="module")
def saved(unc, tmp_path_factory):
    """saved(rank) -> the uncertainty of a file that was written and opened again."""
    folder = tmp_path_factory.mktemp("saved")

    def open_again(rank):
        path = folder / f"{rank}.wv"
        if not path.exists():
            with_variances(unc, rank=rank).save(path)
        return wordvec.Uncertainty(wordvec.load(path))

    return open_again


def near_single(got, want):
    """All words at once are solved with products of floats."""
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.abs(want).max())


def test_all_rows_at_once_are_solved_as_one_at_a_time(unc, trained, counted):
    words = trained("sum").index_to_key
    found = dict(unc.all_solutions())
    assert sorted(found) == list(range(len(words) - 1))
    for rank in range(0, len(words) - 1, 97):
        if isinstance(found[rank], Unanswerable):
            with pytest.raises(Unanswerable):
                unc.covariance(words[rank])
        else:
            near_single(found[rank].covariance, unc.covariance(words[rank]))
    by_blocks = dict(wordvec.Uncertainty(trained("sum"), counted.blocks).all_solutions())
    near_single(by_blocks[3].covariance, found[3].covariance)


def test_at_full_rank_all_is_kept_to_single_precision(unc, saved):
    stored = saved(D)
    for word in ("w1", "w60"):
        near_single(stored.covariance(word), unc.covariance(word))
        near_single(stored.centre(word), unc.centre(word))
        one, other = unc.known(word), stored.known(word)
        assert other.contexts == one.contexts
        assert (other.sigma, other.convergence) == pytest.approx(
            (one.sigma, one.convergence), rel=1e-6
        )
    one, other = (u.similarity("w1", "w2") for u in (unc, stored))
    assert (other.value, other.sd) == pytest.approx((one.value, one.sd), rel=1e-4)


@pytest.mark.parametrize("rank", [0, 2])
def test_at_a_lower_rank_the_diagonal_is_kept_and_the_matrix_is_positive(unc, saved, rank):
    S, T = unc.covariance("w1"), saved(rank).covariance("w1")
    np.testing.assert_allclose(np.diag(T), np.diag(S), rtol=1e-5)
    assert np.linalg.eigvalsh(T).min() > 0
    assert np.linalg.norm(S - saved(2).covariance("w1")) < np.linalg.norm(
        S - saved(0).covariance("w1")
    )


def test_the_file_is_the_same_bytes_at_any_number_of_threads(trained, counted, tmp_path):
    for threads in (1, 3):
        unc = wordvec.Uncertainty(trained("sum"), counted.shards, threads=threads)
        with_variances(unc, rank=2).save(tmp_path / f"{threads}.wv")
    assert (tmp_path / "1.wv").read_bytes() == (tmp_path / "3.wv").read_bytes()


def test_words_without_a_variance_and_vectors_without_any_say_so(saved, trained):
    stored = saved(2)
    assert stored.options()["covariance"] == "sandwich"
    with pytest.raises(Unanswerable, match=r"'<unk>': has no variance in this file"):
        stored.covariance("<unk>")
    with pytest.raises(Unanswerable, match="--all"):
        wordvec.Uncertainty(trained("sum"))
    with pytest.raises(Unanswerable, match="blocks"):
        wordvec.Uncertainty(stored.vectors, source="documents")
    assert len(stored.most_similar("w1", topn=3)) == 3


def test_variances_that_do_not_fit_are_refused_before_they_are_computed(unc):
    with pytest.raises(MemoryError, match="keep a lower rank"):
        with_variances(unc, rank=2, memory=1000)
    with pytest.raises(ValueError, match="rank"):
        with_variances(unc, rank=D + 1)


def test_a_table_of_another_shape_is_damage(unc, tmp_path):
    made = with_variances(unc, rank=1)
    made.variances = made.variances[:, :-1].copy()
    made.save(tmp_path / "a.wv")
    with pytest.raises(Unanswerable, match="columns: damaged"):
        wordvec.Uncertainty(wordvec.load(tmp_path / "a.wv"))
    made.variances = made.variances[:-1]
    made.save(tmp_path / "b.wv")
    with pytest.raises(StoreError, match="variance"):
        wordvec.load(tmp_path / "b.wv")
    assert store.NAMES[store.VARIANCE] == "variance"


def test_vectors_that_change_lose_their_variances(unc):
    made = with_variances(unc, rank=1)
    made.add_vector("another", np.ones(D))
    assert made.variances is None
