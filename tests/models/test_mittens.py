"""GloVe that is drawn to prior vectors (Mittens)."""

import json

import numpy as np
import pytest

from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import TrainingError
from wordvec.models.glove import GloVe
from wordvec.text.corpus import encode
from wordvec.vectors.vectors import WordVectors

QUICK = {"vector_size": 12, "threads": 1, "epochs": 4, "min_count": 1, "x_max": 10.0}


@pytest.fixture(scope="module", params=["symmetric", "left"])
def shards(request, many_words, tmp_path_factory):
    """Of 16 tiles a side, so that units of two tiles and of one are there."""
    window = Window(window=4, direction=request.param)
    return count(encode(many_words), tmp_path_factory.mktemp("s") / "s", window)


@pytest.fixture(scope="module")
def prior(shards):
    """Vectors of every second word."""
    names = list(shards.vocab)[::2]
    rows = np.random.default_rng(5).normal(0, 0.4, (len(names), 12)).astype(np.float32)
    return WordVectors(names, rows)


def away(vectors, prior):
    """Mean |w + c - r| of the prior's words."""
    return float(np.linalg.norm(vectors[list(prior)] - prior.vectors, axis=1).mean())


def test_without_a_pull_it_is_glove_to_the_byte(shards, prior, tmp_path):
    plain = GloVe(**QUICK).fit(shards)
    off = GloVe(**QUICK, prior=prior, pull=0).fit(shards)
    plain.vectors_.save(tmp_path / "plain.wv")
    off.vectors_.save(tmp_path / "off.wv")
    assert (tmp_path / "off.wv").read_bytes() == (tmp_path / "plain.wv").read_bytes()
    assert off.losses_ == plain.losses_


def test_the_bytes_do_not_depend_on_threads(shards, prior):
    one, three = (
        GloVe(**QUICK | {"threads": threads}, prior=prior).fit(shards).vectors_
        for threads in (1, 3)
    )
    for name in ("vectors", "contexts", "biases", "context_biases"):
        assert np.array_equal(getattr(one, name), getattr(three, name))
    assert one.meta == three.meta


def test_a_strong_pull_ends_at_the_prior(shards, prior):
    options = QUICK | {"epochs": 60, "prior": prior}
    strong = away(GloVe(**options, pull=1000).fit(shards).vectors_, prior)
    weak = away(GloVe(**options, pull=0.1).fit(shards).vectors_, prior)
    free = away(GloVe(**QUICK | {"epochs": 60}).fit(shards).vectors_, prior)
    length = float(np.linalg.norm(prior.vectors, axis=1).mean())
    assert strong < 0.05 * length
    assert strong < weak < free


def test_words_start_at_their_priors(shards, prior):
    still = GloVe(**QUICK | {"epochs": 1, "eta": 1e-12, "bias_rate": 1e-12}, prior=prior)
    new = still.fit(shards).vectors_
    # The noise is that of every start: U(-.5, .5) / d for a word and for its context.
    assert np.abs(new[list(prior)] - prior.vectors).max() <= 1 / 12 + 1e-6
    fresh = GloVe(**QUICK | {"epochs": 1, "eta": 1e-12, "bias_rate": 1e-12}).fit(shards).vectors_
    others = [word for word in fresh if word not in prior]
    assert np.array_equal(new[others], fresh[others])


def test_the_end_is_where_the_gradient_of_mittens_objective_is_zero(planted, tmp_path):
    """The objective in float64, J / 2 + mu |w + c - r|^2, differs by less than 2 % from what
    scipy's L-BFGS reaches from the trained vectors on."""
    from scipy.optimize import minimize

    shards = count(encode(planted), tmp_path / "s", Window(window=4))
    n, d, mu = shards.words, 6, 0.5
    names = list(shards.vocab)[::2]
    rows = np.random.default_rng(6).normal(0, 0.4, (len(names), d)).astype(np.float32)
    prior = WordVectors(names, rows)
    model = GloVe(
        **QUICK | {"vector_size": d, "epochs": 400, "eta": 0.1, "output_vectors": "words"},
        prior=prior,
        pull=mu,
    ).fit(shards)
    X = np.zeros((n, n))
    for i, (cols, x) in enumerate(shards.rows(list(range(n)))):
        X[i, cols] = x
    there = X > 0
    f, log_x = np.where(there, np.minimum(1, (X / 10) ** 0.75), 0), np.log(np.where(there, X, 1))
    R = np.zeros((n, d))
    R[::2] = rows
    known = np.zeros((n, 1))
    known[::2] = 1

    def mittens(flat):
        w, c = flat[: n * d].reshape(n, d), flat[n * d : 2 * n * d].reshape(n, d)
        b, b2 = flat[2 * n * d : 2 * n * d + n], flat[2 * n * d + n :]
        e = w @ c.T + b[:, None] + b2 - log_x
        off = known * (w + c - R)
        fe = f * e
        slope = [fe @ c + 2 * mu * off, fe.T @ w + 2 * mu * off, fe.sum(1), fe.sum(0)]
        value = (fe * e).sum() / 2 + mu * (off**2).sum()
        return value, np.concatenate([part.ravel() for part in slope])

    v = model.vectors_
    start = np.concatenate(
        [np.asarray(a, np.float64).ravel() for a in (v.vectors, v.contexts, v.biases)]
        + [np.asarray(v.context_biases, np.float64)]
    )
    reached = mittens(start)[0]
    best = minimize(mittens, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000}).fun
    fresh = GloVe(**QUICK | {"vector_size": d, "epochs": 1, "eta": 1e-12}).fit(shards).vectors_
    begin = np.concatenate(
        [np.asarray(a, np.float64).ravel() for a in (fresh.vectors - fresh.contexts,)]
        + [np.asarray(a, np.float64).ravel() for a in (fresh.contexts, fresh.biases)]
        + [np.asarray(fresh.context_biases, np.float64)]
    )
    first = mittens(begin)[0]
    assert (reached - best) < 0.02 * (first - best)


def test_what_the_prior_has_is_said(shards, prior):
    notes = GloVe(**QUICK, prior=prior).fit(shards).notes()
    have, words = len(prior), shards.words
    assert notes[0].startswith(f"prior has {have:,} of the {words:,} words; the others")
    assert list(shards.vocab)[1] in notes[0]
    assert "away from the prior" in notes[1]
    assert GloVe(**QUICK).fit(shards).notes() == []


def test_the_card_says_what_the_prior_was(shards, prior):
    vectors = GloVe(**QUICK, prior=prior, pull=0.2).fit(shards).vectors_
    options = json.loads(json.dumps(vectors.meta))["options"]
    assert options["pull"] == 0.2
    assert options["prior"]["words"] == len(prior)


def test_a_file_is_as_good_as_vectors(shards, prior, tmp_path):
    prior.save(tmp_path / "general.wv")
    given = GloVe(**QUICK, prior=prior).fit(shards).vectors_
    named = GloVe(**QUICK, prior=tmp_path / "general.wv").fit(shards).vectors_
    assert np.array_equal(given.vectors, named.vectors)


def test_a_run_resumes_with_its_prior_only(shards, prior, tmp_path):
    whole = GloVe(**QUICK, prior=prior).fit(shards).vectors_
    GloVe(**QUICK | {"epochs": 2}, prior=prior).fit(shards, checkpoint=tmp_path / "c")
    resumed = GloVe(**QUICK, prior=prior).fit(shards, checkpoint=tmp_path / "c", resume=True)
    assert np.array_equal(resumed.vectors_.vectors, whole.vectors)
    other = WordVectors(list(prior), prior.vectors + np.float32(1))
    for changed in ({}, {"prior": other}, {"prior": prior, "pull": 0.3}):
        with pytest.raises(TrainingError, match="another run: p"):
            GloVe(**QUICK, **changed).fit(shards, checkpoint=tmp_path / "c", resume=True)


def test_a_prior_that_cannot_be_is_refused(shards, prior, tmp_path):
    names = list(shards.vocab)
    ones = np.ones((len(names), 12), np.float32)
    for bad, message in (
        (WordVectors(names, ones[:, :3].copy()), "prior has 3 dimensions, vector_size is 12"),
        (WordVectors(["zz"], ones[:1]), "prior has none of the words"),
        (WordVectors(names, ones * np.float32("nan")), "prior has .* not finite"),
        (WordVectors(names, ones * 0.1, meta={"manifold": "poincare"}), "manifold 'poincare'"),
    ):
        with pytest.raises(ValueError, match=message):
            GloVe(**QUICK, prior=bad).fit(shards)
    with pytest.raises(TypeError, match="prior must be a string or PathLike or WordVectors, got 3"):
        GloVe(**QUICK, prior=3).fit(shards)
    with pytest.raises(ValueError, match="pull must be >= 0, got -1"):
        GloVe(**QUICK, prior=prior, pull=-1).fit(shards)
    with pytest.raises(ValueError, match="pull needs prior"):
        GloVe(**QUICK, pull=0.5).fit(shards)
    with pytest.raises(FileNotFoundError):
        GloVe(**QUICK, prior=tmp_path / "none.wv").fit(shards)
