"""What is fitted for words without a vector: that it recovers what was planted."""

import numpy as np
import pytest
from scipy import sparse

import wordvec
from wordvec import WordVectors
from wordvec.vectors.oov.fit import (
    SubwordOptions,
    fit_induction,
    fit_subwords,
    induction_from_counts,
    induction_from_shards,
)

STEMS = ["walk", "talk", "jump", "cook", "paint", "plant", "start", "climb", "visit", "watch"]
ENDINGS = ["", "ed", "ing", "s", "er", "ers", "able"]


def planted(d=16, seed=0):
    """Words whose vector is the sum of one for the stem and one for the ending."""
    rng = np.random.default_rng(seed)
    stem = {s: rng.standard_normal(d) for s in STEMS}
    end = {e: rng.standard_normal(d) for e in ENDINGS}
    words = {s + e: stem[s] + end[e] for s in STEMS for e in ENDINGS}
    return WordVectors(list(words), np.array(list(words.values()), np.float32))


def without(wv, held):
    kept = [w for w in wv if w not in held]
    return WordVectors(kept, wv[kept])


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_fitted_subwords_predict_words_made_of_known_parts():
    wv = planted()
    held = ["walking", "talked", "painter", "visits"]
    fitted = fit_subwords(without(wv, held), SubwordOptions(epochs=30, dtype="f32"))
    near = [cosine(fitted.vector(word).vector, wv[word]) for word in held]
    assert np.mean(near) > 0.6
    assert all(fitted.vector(word).how == "subword" for word in held)


def test_more_epochs_fit_the_known_words_better():
    wv = planted()
    losses = []
    for epochs in (1, 5, 40):
        fitted = fit_subwords(wv, SubwordOptions(epochs=epochs, dtype="f32"))
        made, _ = fitted.subwords.vectors([w.encode() for w in wv])
        losses.append(float(((made - wv.vectors) ** 2).sum(1).mean()))
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < 0.05 * float((wv.vectors**2).sum(1).mean())


def test_words_of_one_n_gram_many_times_are_fitted_too():
    """Their n-grams count many times in the mean: steps that forget it grow without end."""
    words = ["=" * 90, "-" * 300, "=-" * 60, "abababababab", *(f"word{i}" for i in range(100))]
    lines = []
    X = np.random.default_rng(0).standard_normal((len(words), 16)).astype(np.float32)
    wv = fit_subwords(WordVectors(words, X), SubwordOptions(dtype="f32"), progress=lines.append)
    losses = [float(line.rsplit(" ", 1)[1]) for line in lines]
    assert losses == sorted(losses, reverse=True)
    made, _ = wv.subwords.vectors([words[1].encode()])
    np.testing.assert_allclose(made[0], X[1], atol=0.3)


def test_the_fit_is_the_same_at_any_number_of_threads(monkeypatch):
    wv, made = planted(d=64), []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("WORDVEC_THREADS", threads)
        fitted = fit_subwords(wv, SubwordOptions(epochs=3, dtype="f32"))
        made.append(fitted.subwords.matrix.decoded().tobytes())
    assert made[0] == made[1] == made[2]


def test_int8_rows_change_little():
    wv = planted()
    exact, small = (fit_subwords(wv, SubwordOptions(dtype=t)) for t in ("f32", "int8"))
    a, b = exact.vector("walkings").vector, small.vector("walkings").vector
    assert cosine(a, b) > 0.9999


def test_the_options_and_the_vectors_are_checked():
    for bad in (
        {"minn": 0},
        {"minn": 7},
        {"epochs": 0},
        {"rate": 0},
        {"rate": 2},
        {"buckets": 0},
        {"dtype": "pq"},
    ):
        with pytest.raises(ValueError, match=r"got"):
            SubwordOptions(**bad)
    with pytest.raises(ValueError, match="no words"):
        fit_subwords(WordVectors([], np.empty((0, 3))))
    with pytest.raises(ValueError, match="finite"):
        fit_subwords(WordVectors(["a"], [[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="manifold"):
        fit_subwords(WordVectors(["a"], [[1.0, 0]], meta={"manifold": "poincare"}))


def corpus_of(wv, A, rng, sentences=4000):
    """Sentences of two words, the second drawn near to A times the first's vector."""
    words, X = list(wv), wv.vectors.astype(np.float64)
    logits = (X @ A.T) @ X.T
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    for i in rng.integers(0, len(words), sentences).tolist():
        yield [words[i], words[int(rng.choice(len(words), p=chances[i]))]]


def test_induction_takes_out_what_all_contexts_share():
    """Every sentence has a word that says nothing, with a vector longer than all others."""
    words = planted(d=6)
    wv = WordVectors([*words, "the"], np.vstack([words.vectors, np.full((1, 6), 4.0)]))
    rng = np.random.default_rng(1)
    text = [[a, b, "the"] for a, b in corpus_of(words, np.eye(6), rng)]
    fitted = fit_induction(wv, text, window=2, min_count=5)
    near, plain = [], []
    for word in list(words)[:30]:
        lists = [t for t in text if t[0] == word]
        near.append(cosine(fitted.induce(word, lists), wv[word]))
        plain.append(cosine(np.mean([wv[t[1]] + wv["the"] for t in lists], axis=0), wv[word]))
    assert np.mean(near) > np.mean(plain) + 0.2
    assert fitted.induction.window == 2


def test_counts_give_the_matrix_that_the_corpus_gives():
    wv = planted(d=4)
    text = list(corpus_of(wv, np.eye(4), np.random.default_rng(2), 3000))
    counts = sparse.dok_array((len(wv), len(wv)), dtype=np.float64)
    for a, b in text:
        i, j = wv.get_index(a), wv.get_index(b)
        counts[i, j] += 1
        counts[j, i] += 1
    of_text = fit_induction(wv, text, window=1, min_count=1)
    vectors = WordVectors(
        list(wv),
        wv.vectors,
        counts=np.bincount(wv.get_ids([w for t in text for w in t]), minlength=len(wv)),
    )
    of_counts = induction_from_counts(vectors, counts.tocsr(), window=1, min_count=1)
    np.testing.assert_allclose(
        of_counts.induction.matrix, of_text.induction.matrix, rtol=1e-4, atol=1e-5
    )


def test_shards_give_the_matrix_too(tmp_path):
    wv = planted(d=4)
    text = list(corpus_of(wv, np.eye(4), np.random.default_rng(2), 3000))
    (tmp_path / "t.txt").write_text("\n".join(" ".join(t) for t in text))
    window = wordvec.Window(window=1, weighting="flat")
    shards = wordvec.count(
        wordvec.encode(tmp_path / "t.txt", min_count=1), tmp_path / "shards", window
    )
    got = induction_from_shards(wv, shards, min_count=1).induction
    expected = fit_induction(wv, text, window=1, min_count=1).induction
    assert got.window == 1
    np.testing.assert_allclose(got.matrix, expected.matrix, rtol=0.05, atol=0.02)


def test_form_weighs_more_the_fewer_contexts_there_are():
    wv = planted(d=6)
    fitted = fit_subwords(wv, SubwordOptions(epochs=20, dtype="f32"))
    text = list(corpus_of(wv, np.eye(6), np.random.default_rng(3)))
    induction = fit_induction(fitted, text, window=1, min_count=5).induction
    assert induction.form_share(1) >= induction.form_share(100)
    assert 0 < induction.form_share(100) < 1


def test_a_corpus_without_known_words_or_of_strings_is_refused():
    wv = planted(d=4)
    with pytest.raises(ValueError, match="have vectors"):
        fit_induction(wv, [["nothing", "here"]])
    with pytest.raises(TypeError, match="token lists"):
        fit_induction(wv, ["walk talk"])
    with pytest.raises(ValueError, match="window"):
        fit_induction(wv, [], window=0)
