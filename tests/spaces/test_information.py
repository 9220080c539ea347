"""Information of words: what chance gives in closed form, and sums that must agree."""

import gzip

import numpy as np
import pytest
from scipy.stats import poisson

from wordvec import Shards
from wordvec.cli import main
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.spaces.information import (
    expected_kl,
    expected_n_log_n,
    information,
    norms,
)
from wordvec.spaces.keywords import keywords, tokens_of
from wordvec.text.corpus import encode


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """30,000 words, independent but for "new york"."""
    rng = np.random.default_rng(1)
    p = 1 / np.arange(1, 301)
    words = [f"w{i}" for i in rng.choice(300, 30_000, p=p / p.sum())]
    for i in range(0, 30_000, 150):
        words[i : i + 2] = ["new", "york"]
    path = tmp_path_factory.mktemp("text") / "t.txt"
    path.write_text(" ".join(words))
    return path


@pytest.fixture(scope="module")
def shards(text):
    out = text.parent / "flat"
    args = ["count", str(text), "-o", str(out), "--weighting", "flat", "--window", "2", "--quiet"]
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 0
    return Shards(out)


def test_the_table_is_the_sum_over_poisson():
    for mean in (1e-9, 1e-4, 0.01, 0.5, 3.0, 40.0, 49.9, 50.1, 1000.0):
        N = np.arange(2, int(mean + 30 * np.sqrt(mean) + 60))
        wanted = (poisson.pmf(N, mean) * N * np.log(N)).sum()
        assert expected_n_log_n(np.array([mean]))[0] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("n", [20, 200, 2000, 20_000, 1_000_000])
def test_chance_is_what_multinomial_draws_give(n):
    rng = np.random.default_rng(n)
    p = 1 / np.arange(1, 3001)
    p /= p.sum()
    draws = rng.multinomial(n, p, 200) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        kl = np.where(draws > 0, draws * np.log(draws / p), 0).sum(axis=1)
    se = kl.std() / np.sqrt(200)
    found = expected_kl(np.array([float(n)]), p)[0]
    # The number of tokens is taken as Poisson: of 20 tokens that moves the value by 3 %.
    assert abs(found - kl.mean()) < 3 * se + (0.1 if n == 20 else 0.02 if n == 200 else 0)


def test_interpolated_values_are_those_of_each_size():
    p = np.r_[0.5, np.full(500, 0.001)]
    n = np.exp(np.linspace(np.log(10), np.log(1e6), 333))
    one = expected_kl(n, p)
    other = np.array([expected_kl(np.array([k]), p)[0] for k in n])
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)
    assert np.isnan(expected_kl(np.array([0.0, 5.0]), p)[0])


def test_kl_is_that_of_the_whole_matrix_and_adds_up_to_the_mutual_information(shards):
    found = information(shards)
    X = shards.sparse().toarray().astype(np.float64)
    joint = X / X.sum()
    rows, columns = joint.sum(1), joint.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(joint > 0, joint * np.log(joint / np.outer(rows, columns)), 0)
    np.testing.assert_allclose(found.kl, parts.sum(1) / rows, atol=1e-9)
    assert (found.kl >= 0).all()
    assert found.mutual_information == pytest.approx(parts.sum(), abs=1e-9)
    assert (rows * found.kl).sum() == pytest.approx(parts.sum(), abs=1e-9)
    np.testing.assert_allclose(found.g2, 2 * found.contexts * found.kl)


def test_words_without_association_have_no_excess_and_others_have(shards):
    found = information(shards)
    assert found.method == "closed form"
    known = {word: i for i, word in enumerate(found.words)}
    free = [known[f"w{i}"] for i in range(1, 100)]
    assert abs(found.excess[free].mean()) < 0.03
    for word in ("new", "york"):
        assert found.excess[known[word]] > 0.2
    assert set(np.argsort(-found.excess)[:2]) == {known["new"], known["york"]}


def test_a_shuffled_text_has_no_excess_at_any_frequency(shared_data, tmp_path):
    """A million real words in random order: what KL is left is chance, for rare words and frequent
    ones alike."""
    path = shared_data / "corpus" / "text8-head.txt.gz"
    if not path.is_file():
        pytest.skip("needs text8-head.txt.gz")
    words = np.array(gzip.decompress(path.read_bytes()).decode().split())
    np.random.default_rng(1).shuffle(words)
    corpus = encode([words.tolist()], min_count=5)
    found = information(count(corpus, tmp_path / "s", Window(window=10, weighting="flat")))
    decade = np.floor(np.log10(found.contexts))
    for size in np.unique(decade):
        excess = found.excess[decade == size]
        # The mean of few words is itself a draw.
        room = 0.02 + 3 * excess.std() / np.sqrt(len(excess))
        assert abs(excess.mean()) < room, (size, len(excess), excess.mean())


def test_other_windows_take_the_percentile_and_say_so(text, tmp_path):
    with pytest.raises(SystemExit):
        main(["count", str(text), "-o", str(tmp_path / "h"), "--window", "2", "--quiet"])
    found = information(Shards(tmp_path / "h"))
    assert found.method == "percentile"
    known = np.isfinite(found.excess)
    assert 0.9 < (found.excess[known] > -1e-12).mean() <= 1


def test_subsampled_counts_are_refused(text, tmp_path):
    with pytest.raises(SystemExit):
        main(
            [
                "count",
                str(text),
                "-o",
                str(tmp_path / "s"),
                "--sample",
                ".001",
                "--weighting",
                "flat",
                "--quiet",
            ]
        )
    with pytest.raises(ValueError, match="subsampled"):
        information(Shards(tmp_path / "s"))


def test_norms_with_contexts_are_the_quadratic_form_of_the_paper(make):
    wv = make(400, 6, full=True)
    found = norms(wv)
    p = wv.counts / wv.counts.sum()
    U, V = wv.vectors.astype(np.float64), wv.contexts.astype(np.float64)
    G = np.cov(V.T, aweights=p, ddof=0)
    centred = U - p @ U
    np.testing.assert_allclose(
        found.squared, np.einsum("ij,jk,ik->i", centred, G, centred), rtol=1e-6
    )
    assert found.whitened
    plain = norms(make(400, 6))
    assert not plain.whitened
    np.testing.assert_allclose(plain.squared, (make(400, 6).vectors ** 2).sum(1), rtol=1e-5)


# --- key words ------------------------------------------------------------------------------------


def test_words_that_gather_are_key_words():
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in rng.integers(0, 300, 3000)]
    for i in range(0, 300, 5):
        words[i : i + 2] = ["reactor", "core"]
    assert {word for word, _ in keywords(words, 2)} == {"reactor", "core"}
    assert {word for word, _ in keywords(words, 2, measure="chi2")} == {"reactor", "core"}


def test_scores_of_a_document_are_those_of_its_counts():
    tokens = ["a", "b", "a", "c", "a", "b", "d", "a", "b", "c", "e", "a", "b"]
    # 5 of 13 tokens are "a": a third and more, and a single context has no divergence.
    assert dict(keywords(tokens, 99, window=2)) == dict.fromkeys("abcde", 0.0)
    tokens = [*"abacabdabcbfabgabchbij"]
    columns = ["b", "a"]  # 7 of "b" are less than a third of 22 tokens
    words = sorted(set(tokens))
    X = np.zeros((len(words), 2))
    for i, word in enumerate(tokens):
        for j in range(max(0, i - 2), min(len(tokens), i + 3)):
            if j != i and tokens[j] in columns:
                X[words.index(word), columns.index(tokens[j])] += 1
    rows, p = X.sum(1), X.sum(0) / X.sum()
    expected = np.outer(rows, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        kl = np.where(X > 0, X / rows[:, None] * np.log(X / expected), 0).sum(1)
    chi2 = np.nan_to_num((X - expected) ** 2 / expected)
    wanted = {"kl": rows * kl, "chi2": chi2.sum(1) - chi2.max(1)}
    for measure, values in wanted.items():
        found = dict(keywords(tokens, 99, window=2, measure=measure))
        np.testing.assert_allclose([found[word] for word in words], values, atol=1e-12)
        assert max(found.values()) > 0.1


def test_cells_of_long_documents_are_those_of_a_table(monkeypatch):
    tokens = [f"w{i}" for i in np.random.default_rng(4).zipf(1.5, 2000) % 300]
    table = keywords(tokens, 300)
    monkeypatch.setattr("wordvec.spaces.keywords._DENSE", 0)
    assert keywords(tokens, 300) == table


def test_tokens_and_stems():
    assert tokens_of("The U.S.-led, co-op (2019) isn't “new”!") == [
        "the",
        "u.s.-led",
        "co-op",
        "isn't",
        "new",
    ]
    found = keywords("models model models tests", 9, measure="count", stem=lambda w: w.rstrip("s"))
    assert found == [("models", 3.0), ("tests", 1.0)]
    assert keywords("", 5) == []
    assert keywords("12 34", 5) == []


def test_information_in_general_takes_the_place_of_the_document():
    found = keywords("the cat the dog", 2, general={"cat": 2.0, "the": 0.1, "dog": float("nan")})
    assert found[0] == ("cat", 2.0)
    assert found[1] == ("the", pytest.approx(0.2))


def test_bad_options_are_named():
    with pytest.raises(ValueError, match="measure must be one of"):
        keywords("a", measure="tfidf")
    with pytest.raises(ValueError, match="k must be >= 1"):
        keywords("a", 0)
    with pytest.raises(ValueError, match="needs general"):
        keywords("a", measure="norm")
