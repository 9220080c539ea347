"""Vectors of documents against the formulas of Arora et al. and scikit-learn's idf, in float64."""

import numpy as np
import pytest

import wordvec
from wordvec.errors import CorpusError
from wordvec.unseen import SubwordOptions, fit_subwords
from wordvec.vectors import documents
from wordvec.vectors.documents import (
    document_labels,
    document_vectors,
    near_duplicates,
)
from wordvec.vectors.oov.unseen import context_tokens

WORDS = ["the", "wind", "sea", "blows", "tax", "law"]
COUNTS = np.array([600, 100, 90, 80, 70, 60])
TEXTS = ["The wind blows.", "the SEA, the wind", "", "tax law: the tax!", "unknown words", "law"]


@pytest.fixture
def wv():
    rng = np.random.default_rng(0)
    return wordvec.WordVectors(
        WORDS,
        rng.standard_normal((6, 4)).astype(np.float32) + 1,
        counts=COUNTS,
        meta={"corpus": {"text": {"tokenize": "unicode", "lower": True}}},
    )


def by_hand(wv, weights, remove):
    lists = [
        [
            w
            for w in t.lower()
            .replace(",", "")
            .replace(".", "")
            .replace(":", "")
            .replace("!", "")
            .split()
            if w in WORDS
        ]
        for t in TEXTS
    ]
    n = len(lists)
    df = {w: sum(w in words for words in lists) for w in WORDS}
    weight = {
        "sif": {w: 1e-3 / (1e-3 + c / COUNTS.sum()) for w, c in zip(WORDS, COUNTS, strict=True)},
        "tfidf": {w: np.log((1 + n) / (1 + df[w])) + 1 for w in WORDS},
        "mean": dict.fromkeys(WORDS, 1.0),
    }[weights]
    rows = np.zeros((n, 4))
    for row, words in zip(rows, lists, strict=True):
        if words:
            total = sum(weight[w] for w in words) if weights == "tfidf" else len(words)
            row += sum(weight[w] * wv[w].astype(float) for w in words) / total
    directions = np.linalg.svd(rows, full_matrices=False)[2][:remove]
    return rows - rows @ directions.T @ directions


@pytest.mark.parametrize("weights", ["sif", "tfidf", "mean"])
@pytest.mark.parametrize("remove", [0, 1, 2])
def test_vectors_are_those_of_the_formulas(wv, weights, remove):
    made = wv.documents(TEXTS, weights=weights, remove=remove, threads=1)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, by_hand(wv, weights, remove), atol=2e-6)
    assert not made[[2, 4]].any()


def test_chunks_do_not_matter(wv, monkeypatch):
    whole = wv.documents(TEXTS * 5)
    monkeypatch.setattr(documents, "CHUNK", 3)
    np.testing.assert_allclose(wv.documents(TEXTS * 5), whole, atol=1e-6)


def test_the_directions_of_other_documents_can_be_removed(wv):
    found = document_vectors(wv, TEXTS)
    alone = document_vectors(wv, TEXTS[:1], components=found.components)
    np.testing.assert_allclose(alone.vectors[0], found.vectors[0], atol=1e-6)
    with pytest.raises(ValueError, match="remove=1 directions of 1 documents"):
        wv.documents(TEXTS[:1])


def test_files_and_labels(wv, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,body\n" + "".join(f'd{i},"{t}"\n' for i, t in enumerate(TEXTS)))
    found = document_vectors(wv, path, text_column="body", document_column="id")
    assert found.labels == tuple(f"d{i}" for i in range(6))
    np.testing.assert_allclose(found.vectors, wv.documents(TEXTS), atol=1e-6)
    lines = tmp_path / "t.txt"
    lines.write_text("\n".join(TEXTS) + "\n")
    np.testing.assert_allclose(wv.documents([lines], text="lines"), wv.documents(TEXTS), atol=1e-6)


def test_what_is_wrong_is_said(wv):
    with pytest.raises(ValueError, match="one of sif, tfidf, mean"):
        wv.documents(TEXTS, weights="idf")
    with pytest.raises(ValueError, match="a must be > 0"):
        wv.documents(TEXTS, a=0)
    with pytest.raises(TypeError, match=r"pathlib\.Path"):
        wv.documents("a text")
    bare = wordvec.WordVectors(WORDS, np.eye(6, 4, dtype=np.float32))
    with pytest.raises(ValueError, match="no counts"):
        bare.documents(TEXTS)
    assert bare.documents(TEXTS, weights="mean", remove=0).shape == (6, 4)


def test_near_duplicates_and_key_words(wv):
    texts = ["the wind blows", "blows, the wind", "tax law", "sea", ""]
    found = document_vectors(wv, texts, remove=0)
    pairs = list(near_duplicates(found.vectors, threshold=0.999))
    assert [(i, j) for i, j, _ in pairs] == [(0, 1)]
    best = document_labels(wv, found, 2)
    assert set(best[0]) <= {"wind", "blows"}
    assert best[3:] == [["sea"], []]


def test_words_are_looked_up_as_the_text_was_split(wv):
    found = wv.vector("WIND!")
    assert (found.how, found.via) == ("tokenized", "wind")
    assert wv.vector("wind").how == "exact"
    assert "wind" not in [word for word, _ in wv.most_similar("Wind", topn=6)]
    assert "wind" not in [word for word, _ in wv.most_similar_many(["WIND"], topn=6)[0]]
    plain = wordvec.WordVectors(WORDS, np.eye(6, 4, dtype=np.float32))
    assert plain.vector("WIND", typo=False).how == "none"
    assert context_tokens("Sea", "The wind, the SEA: blows ___ tax law", 1, wv._split) == [
        "the",
        "blows",
        "tax",
    ]


@pytest.mark.parametrize("how", ["python:os:system", "command:touch x", "sentencepiece:/dev/zero"])
def test_what_a_card_names_is_never_run(how):
    card = {"corpus": {"text": {"tokenize": how, "lower": True, "stop": "/dev/zero"}}}
    wv = wordvec.WordVectors(WORDS, np.eye(6, 4, dtype=np.float32), counts=COUNTS, meta=card)
    assert wv.vector("x y", typo=False).how == "none"
    with pytest.raises(ValueError, match="never run without being asked for"):
        wv.documents(TEXTS)
    assert wv.documents(TEXTS, tokenize="unicode").shape == (6, 4)


@pytest.mark.parametrize("text", [{"lower": "x"}, {"tokenize": 3}, {"k": -1}, [], {"new": 1}])
def test_a_card_with_nonsense_is_passed_by(text):
    wv = wordvec.WordVectors(["a"], np.ones((1, 2)), meta={"corpus": {"text": text}})
    assert wv.vector("b", typo=False).how == "none"


def test_words_never_seen_are_answered_by_their_ngrams(wv):
    fitted = fit_subwords(wv, SubwordOptions(epochs=2, buckets=64))
    texts = ["wind winds", "law", "windy the"]
    found = document_vectors(fitted, texts, remove=0, weights="mean")
    winds, windy = fitted.vector("winds"), fitted.vector("windy")
    assert winds.how == windy.how == "subword"
    expected = [(fitted["wind"] + winds.vector) / 2, fitted["law"]]
    expected.append((windy.vector + fitted["the"]) / 2)
    np.testing.assert_allclose(found.vectors, expected, atol=1e-6)
    assert found.sizes.tolist() == [2, 1, 2]
    sif = document_vectors(fitted, texts, remove=0)
    share = COUNTS[0] / COUNTS.sum()  # of "the"; a word never seen has weight 1
    by_hand = (windy.vector + fitted["the"] * 1e-3 / (1e-3 + share)) / 2
    np.testing.assert_allclose(sif.vectors[2], by_hand, atol=1e-6)
    assert set(document_labels(fitted, found, 2)[0]) == {"wind", "winds"}
    without = document_vectors(fitted, texts, remove=0, weights="mean", unseen=False)
    np.testing.assert_array_equal(without.vectors[0], fitted["wind"])
    np.testing.assert_array_equal(
        without.vectors, document_vectors(wv, texts, remove=0, weights="mean").vectors
    )
    assert without.sizes.tolist() == [1, 1, 1]
    with pytest.raises(CorpusError):
        document_vectors(wv, ["zzz"], unseen=True, remove=0)
