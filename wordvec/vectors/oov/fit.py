"""What answers for words that have no vector: fitted to vectors that are there.

`fit_subwords` finds vectors of character n-grams whose mean over a word's n-grams is the word's
vector; `fit_induction` finds the matrix that turns the mean of a word's contexts into its vector.
Both give new WordVectors with what they found; looking words up is `WordVectors.vector`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wordvec.counts.shards import Shards
from wordvec.estimator import Option, Seed, check_options, checked, option
from wordvec.native.vectors import ngram
from wordvec.system.parallel import over_range, threads
from wordvec.vectors import file as store
from wordvec.vectors.matrix import Floats, Matrix, encode
from wordvec.vectors.oov.unseen import NATIVE, Induction, Subwords
from wordvec.vectors.vectors import WordVectors

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class SubwordOptions:
    """How subword vectors are fitted.

    Attributes
    ----------
    minn, maxn : int
        Characters of an n-gram, marks included: 3 to 6, as Zhao, Mudgal & Liang (2018).
    buckets : int or None
        Rows; None takes sixteen per word, as a power of two, at most 2^21 (fastText: two million).
    epochs, rate : int, float
        Passes over the words; the rate falls to 0 in a straight line. A rate of 1 would make each
        word exact when it is visited. Lower values predict cosines better, higher ones ranks: see
        docs/howto/oov.md for what was measured.
    dtype : str
        Encoding of the rows: "int8", "f16" or "f32".
    seed : int
        Of the order of the words.
    """

    minn: int = option(3, "Shortest n-gram, in characters.", at_least=1, at_most=255)
    maxn: int = option(6, "Longest n-gram, in characters.", at_least=1, at_most=255)
    buckets: int | None = option(
        None,
        "Rows that n-grams are hashed to.",
        none="sixteen per word",
        at_least=1,
        at_most=(1 << 31) - 1,
    )
    epochs: int = option(20, "Passes over the words.", at_least=1)
    rate: float = option(
        0.3,
        "Share of a word's error that is corrected when it is visited; it falls to 0.",
        above=0,
        at_most=1,
    )
    dtype: Literal["int8", "f16", "f32"] = option("int8", "Encoding of the rows.")
    seed: Seed = 1

    def __post_init__(self) -> None:
        check_options(SubwordOptions, vars(self))
        if self.maxn < self.minn:
            raise ValueError(f"maxn must be >= minn ({self.minn}), got {self.maxn}")


def fit_subwords(
    vectors: WordVectors, options: SubwordOptions | None = None, *, progress: Progress | None = None
) -> WordVectors:
    """The vectors with subword vectors fitted to them.

    The columns are divided among threads and do not depend on each other, so the result is the same
    at any number of threads.

    Raises
    ------
    ValueError
        For vectors that are not finite, or of a manifold, where means have no meaning.

    References
    ----------
    Zhao, Mudgal & Liang (2018), "Generalizing word embeddings using bag of subwords".
    """
    options = options or SubwordOptions()
    _check(vectors)
    if len(vectors) == 0:
        raise ValueError("there are no words to fit subwords to")
    X = np.ascontiguousarray(vectors.vectors, np.float32)
    words = [w.encode("utf-8", "surrogateescape") for w in vectors.index_to_key]
    rows = _fit(words, X, options, progress)
    dtype = {name: code for code, name in store.DTYPE_NAMES.items()}[options.dtype]
    fitted = vectors.copy()
    fitted.subwords = Subwords(
        encode(Matrix(rows), dtype), minn=options.minn, maxn=options.maxn, hash=NATIVE
    )
    fitted.meta["subwords"] = {
        "fit": "bag of subwords",
        "minn": options.minn,
        "maxn": options.maxn,
        "epochs": options.epochs,
        "rate": options.rate,
        "seed": options.seed,
    }
    return fitted


def _check(vectors: WordVectors) -> None:
    """ValueError for vectors without means: of a manifold, or not finite."""
    if vectors.meta.get("manifold") is not None:
        raise ValueError(
            f"these are points of a manifold ({vectors.meta['manifold']}), which have no means; "
            "what answers for unknown words is a mean"
        )
    bad = np.flatnonzero(~np.isfinite(vectors.norms))
    if len(bad):
        named = ", ".join(vectors.index_to_key[i] for i in bad[:3].tolist())
        raise ValueError(
            f"vectors must be finite, {len(bad):,} of {len(vectors):,} are not ({named}"
            + (", ...)" if len(bad) > 3 else ")")
        )


def _fit(
    words: Sequence[bytes], X: Floats, options: SubwordOptions, progress: Progress | None
) -> Floats:
    """Rows (buckets, d) of the n-grams, fitted to X (V, d)."""
    buckets = options.buckets or min(1 << 21, 1 << (16 * len(words) - 1).bit_length())
    grams = ngram.Ngrams(NATIVE, options.minn, options.maxn, buckets)
    starts = np.empty(len(words) + 1, np.int64)
    grams.count(list(words), starts)
    rows = np.empty(int(starts[-1]), np.int32)
    grams.fill(list(words), starts, rows)
    steps = np.empty(len(words), np.float32)
    ngram.sort_rows(starts, rows, steps)
    G = np.zeros((buckets, X.shape[1]), np.float32)
    rng = np.random.default_rng(options.seed)
    # At least a cache line of columns per thread, or threads would write to each other's lines.
    parts = max(1, min(threads(), X.shape[1] // 16))
    for epoch in range(options.epochs):
        order = rng.permutation(len(words))
        rate = options.rate * (1 - epoch / options.epochs)

        def columns_between(first: int, last: int, order: Any = order, rate: float = rate) -> float:
            scratch = np.empty(last - first, np.float32)
            return ngram.fit(X, G, starts, rows, steps, order, first, last, rate, scratch)

        loss = sum(over_range(columns_between, 0, X.shape[1], parts)) / len(words)
        if progress is not None:
            progress(f"epoch {epoch + 1}/{options.epochs}: mean squared distance {loss:.4f}")
    return G


@checked
def fit_induction(
    vectors: WordVectors,
    corpus: Iterable[Sequence[str]],
    *,
    window: Annotated[int, Option(help="Context words on each side of a word.", at_least=1)] = 5,
    min_count: Annotated[
        int, Option(help="Words that occur less often take no part in the fit.", at_least=1)
    ] = 100,
    progress: Progress | None = None,
) -> WordVectors:
    """The vectors with an induction matrix fitted to the contexts of a corpus.

    Parameters
    ----------
    corpus : iterable of token lists
        Read once. Contexts do not reach across lists.
    window : int
        Words on each side of a word that are its context.
    min_count : int
        Words with fewer occurrences in the corpus do not take part in the fit; with fewer than
        twice as many words as dimensions the most frequent ones do.

    Raises
    ------
    ValueError
        When the corpus has too few known words.

    References
    ----------
    Khodak, Saunshi, Liang, Ma, Stewart & Arora (2018), "A la carte embedding".
    """
    contexts = _Contexts(vectors)
    done = 0
    for ids in _id_blocks(vectors, corpus, window):
        contexts.add(ids, window)
        done += len(ids)
        if progress is not None:
            progress(f"{done:,} tokens")
    return _with_induction(vectors, contexts, window, min_count)


class _Contexts:
    """Sums of context vectors: of all contexts of each word, and of the first of some words."""

    def __init__(self, vectors: WordVectors) -> None:
        _check(vectors)
        size, cols = len(vectors), vectors.vector_size
        self._X = np.asarray(vectors.vectors, np.float32)
        self.sums = np.zeros((size, cols))
        self.weights = np.zeros(size)
        self.counts: NDArray[Any] = np.zeros(size)
        self.held = np.arange(0, size, _HELD_OUT)
        self.first = np.zeros((len(self.held), cols))
        self.first_weights = np.zeros(len(self.held))

    def add(self, ids: NDArray[np.int64], window: int) -> None:
        """Adds a block of tokens, -1 for those that no context has."""
        pairs = _pairs(ids, window, len(self.sums))
        self.sums += pairs @ self._X
        self.weights += np.asarray(pairs.sum(1)).reshape(-1)
        np.add.at(self.counts, ids[ids >= 0], 1)
        words, places = np.unique(ids, return_index=True)
        for word, place in zip(words.tolist(), places.tolist(), strict=True):
            at = word // _HELD_OUT
            if word < 0 or word % _HELD_OUT or self.first_weights[at]:
                continue
            near = np.concatenate(
                [ids[max(0, place - window) : place], ids[place + 1 : place + 1 + window]]
            )
            self.first[at] = self._X[near[near >= 0]].sum(0)
            self.first_weights[at] = (near >= 0).sum()


_TOKENS = 1 << 20  # tokens whose contexts are summed up at once


def _id_blocks(
    vectors: WordVectors, corpus: Iterable[Sequence[str]], window: int
) -> Iterable[NDArray[np.int64]]:
    """Ids of the corpus, -1 for unknown words and for `window` places between token lists."""
    gap = [-1] * window
    block: list[NDArray[np.int64]] = []
    waiting = 0
    for tokens in corpus:
        if isinstance(tokens, (str, bytes)):
            raise TypeError("a corpus is an iterable of token lists, not of strings")
        ids = vectors.get_ids(list(tokens), strict=False)
        block += [ids, np.array(gap, np.int64)]
        waiting += len(ids)
        if waiting >= _TOKENS:
            yield np.concatenate(block)
            block, waiting = [], 0
    if block:
        yield np.concatenate(block)


def _pairs(ids: NDArray[np.int64], window: int, size: int) -> Any:
    """How often each word (row) has each word (column) within `window` places."""
    total = sparse.csr_array((size, size), dtype=np.float32)
    for away in range(1, window + 1):
        a, b = ids[:-away], ids[away:]
        known = (a >= 0) & (b >= 0)
        one, other = a[known], b[known]
        ones = np.ones(2 * len(one), np.float32)
        both = (np.concatenate([one, other]), np.concatenate([other, one]))
        total = total + sparse.coo_array((ones, both), shape=(size, size)).tocsr()
    return total


def induction_from_counts(
    vectors: WordVectors,
    counts: Any,
    *,
    window: int = 5,
    min_count: int = 100,
) -> WordVectors:
    """The vectors with an induction matrix fitted to co-occurrence counts.

    counts : sparse array, shape (V, V)
        Weight of each word (column) in the contexts of each word (row), ids those of the vectors.
    window : int
        The window of the counts; contexts of new words are taken as wide.
    min_count : int
        Words with less context in all do not take part: `min_count` windows.
    """
    matrix = sparse.csr_array(counts)
    contexts = _Contexts(vectors)
    contexts.sums[:] = matrix @ np.asarray(vectors.vectors, np.float32)
    contexts.weights[:] = np.asarray(matrix.sum(1)).reshape(-1)
    contexts.counts[:] = (
        contexts.weights / (2 * window) if vectors.counts is None else vectors.counts
    )
    return _with_induction(vectors, contexts, window, min_count)


def induction_from_shards(
    vectors: WordVectors, shards: Shards, *, min_count: int = 100
) -> WordVectors:
    """The same from a shard directory: counts and window are those of the shards.

    Raises
    ------
    ValueError
        When the shards' vocabulary shares no word with the vectors.
    """
    window = int(shards.manifest.get("window", 5))
    ids = vectors.get_ids([*shards.vocab], strict=False)
    known = np.flatnonzero(ids >= 0)
    if len(known) == 0:
        raise ValueError("the vocabulary of the shards shares no word with the vectors")
    cells = shards.sparse()[known][:, known].tocoo()
    places = (ids[known[cells.row]], ids[known[cells.col]])
    size = len(vectors)
    counts = sparse.coo_array((cells.data, places), shape=(size, size))
    return induction_from_counts(vectors, counts, window=window, min_count=min_count)


def _with_induction(
    vectors: WordVectors, contexts: _Contexts, window: int, min_count: int
) -> WordVectors:
    counts, weights = contexts.counts, contexts.weights
    chosen = np.flatnonzero((counts >= min_count) & (weights > 0))
    d = vectors.vector_size
    if len(chosen) < 2 * d:
        order = np.argsort(-counts, kind="stable")
        chosen = np.sort(order[(weights[order] > 0)][: 2 * d])
    if len(chosen) < d:
        raise ValueError(
            f"{len(chosen)} words of the corpus have vectors; {d} dimensions need as many at least"
        )
    U = contexts.sums[chosen] / weights[chosen, None]
    X = np.asarray(vectors.vectors, np.float64)[chosen]
    # The paper weighs words by some rising function of their count; log is its own choice.
    root = np.sqrt(np.log1p(counts[chosen]))[:, None]
    A = np.linalg.lstsq(U * root, X * root, rcond=None)[0].T
    induction = Induction(np.ascontiguousarray(A, np.float32), window)
    fitted = vectors.copy()
    fitted.induction = _with_odds(vectors, contexts, chosen, induction)
    fitted.meta["induction"] = {"window": window, "words": len(chosen)}
    return fitted


_HELD_OUT = 10  # one word in ten is held out to weigh form against context


def _with_odds(
    vectors: WordVectors, contexts: _Contexts, chosen: NDArray[np.int64], induction: Induction
) -> Induction:
    """The induction with odds of form against context, as they predict held-out words best.

    The n-grams are fitted again without those words. Errors of the two are taken as independent and
    that of a context as a + b / n for n context words; one context and all contexts give a and b.
    """
    how = vectors.meta.get("subwords")
    if vectors.subwords is None or vectors.subwords.hash != NATIVE or not isinstance(how, dict):
        return induction
    known = {k: how[k] for k in ("minn", "maxn", "epochs", "rate", "seed") if k in how}
    options = SubwordOptions(buckets=vectors.subwords.matrix.rows, **known)
    kept = np.flatnonzero(np.arange(len(vectors)) % _HELD_OUT)
    X = np.ascontiguousarray(vectors.vectors, np.float32)
    words = [w.encode("utf-8", "surrogateescape") for w in vectors.index_to_key]
    G = _fit([words[i] for i in kept.tolist()], np.ascontiguousarray(X[kept]), options, None)
    grams = Subwords(Matrix(G), minn=options.minn, maxn=options.maxn)
    held = contexts.held[np.isin(contexts.held, chosen)]
    form, used = grams.vectors([words[i] for i in held.tolist()])
    wanted = X[held]
    few = contexts.first_weights[held // _HELD_OUT]

    def odds(sums: NDArray[Any], weights: NDArray[Any]) -> float:
        clear = (used > 0) & (weights > 0)
        context = (sums[clear] / weights[clear, None]) @ induction.matrix.T
        apart = form[clear] - context
        squares = float((apart**2).sum())
        share = float((apart * (wanted[clear] - context)).sum()) / squares if squares else 0.5
        return min(max(share, 0.01), 0.95) / (1 - min(max(share, 0.01), 0.95))

    many = odds(contexts.sums[held], contexts.weights[held])
    one = odds(contexts.first[held // _HELD_OUT], few)
    mean = float(few[few > 0].mean()) if (few > 0).any() else 1.0
    return replace(induction, odds=many, slope=max(0.0, one - many) * mean)
