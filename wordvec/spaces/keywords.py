"""Key words of documents: words whose contexts are unlike those of the document as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.estimator import Option, checked

WINDOW = 10
_DENSE = 1 << 22  # cells that are counted in a table; of more only those that occur
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")

Scores: TypeAlias = list[tuple[str, float]]


def tokens_of(text: str) -> list[str]:
    """Words of a text between blanks, in lower case, without punctuation at their ends.

    Tokens without a letter are left out.
    """
    found = (_EDGES.sub("", token) for token in text.lower().split())
    return [token for token in found if any(c.isalpha() for c in token)]


@checked
def keywords(
    document: str | Sequence[str],
    k: Annotated[int, Option(help="Key words of each document.", at_least=1)] = 10,
    *,
    measure: Annotated[
        Literal["kl", "chi2", "count", "norm"],
        Option(
            help="Likelihood ratio of a word's contexts (their number times their KL divergence); "
            "chi squared of co-occurrence; occurrences; occurrences times squared norm (of "
            "--vectors)."
        ),
    ] = "kl",
    window: Annotated[
        int, Option(help="Context words on each side of a word.", at_least=1)
    ] = WINDOW,
    general: Mapping[str, float] | None = None,
    stem: Callable[[str], str] | None = None,
) -> Scores:
    """The k best key words of a document, with their scores.

    Parameters
    ----------
    document : str or sequence of str
        A text, or its tokens.
    k : int
        Words to return.
    measure : "kl", "chi2", "count" or "norm"
        "kl": half of the likelihood ratio G^2 of the word's contexts against those of all words of
        the document: their number times their KL divergence. "chi2": the statistic of Matsuo &
        Ishizuka (2004). Contexts of both are the most frequent words that make up a third of the
        tokens. "count": n_w, occurrences. "norm": n_w times `general`, such as squared lengths of
        vectors.
    window : int
        Words on each side that are context. Sentences do not end it.
    general : mapping of str to float, optional
        Information of words in general (from shards: `information`), in place of the document's
        own; words that it does not have score 0.
    stem : callable, optional
        What is counted as one word; by default each form is a word of its own. The most frequent
        form is returned.

    Returns
    -------
    list of (str, float)
        Best first; ties by the first place in the document.

    Notes
    -----
    The paper writes n_w KL(w) and derives it from G^2 = 2 n KL, whose n is the number of context
    tokens. With n_w occurrences for n, words that stand far from frequent ones gain.

    References
    ----------
    Oyama, Yokoi & Shimodaira (2023), appendix D and table 6.
    """
    if measure == "norm" and general is None:
        raise ValueError("measure='norm' needs general: squared lengths by word")
    tokens = tokens_of(document) if isinstance(document, str) else list(document)
    if not tokens:
        return []
    names, ids, forms = _numbered(tokens, stem)
    counts = np.bincount(ids, minlength=len(names))
    if general is not None:
        pairs = zip(forms, names, strict=True)
        value = np.array([_general(general, form, name) for form, name in pairs])
        score = counts * value
    elif measure == "count":
        score = counts.astype(float)
    else:
        score = _of_document(ids, counts, window, measure)
    best = np.lexsort((np.arange(len(names)), -score))[:k]
    return [(forms[i], float(score[i])) for i in best.tolist()]


def _general(general: Mapping[str, float], form: str, name: str) -> float:
    found = general.get(form, general.get(name, 0.0))
    return found if np.isfinite(found) else 0.0


def _numbered(
    tokens: Sequence[str], stem: Callable[[str], str] | None
) -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Words in order of their first place, the id of each token, the most frequent form of each."""
    place: dict[str, int] = {}
    stems: dict[str, str] = {}
    seen: list[dict[str, int]] = []
    ids = np.empty(len(tokens), np.int64)
    for i, token in enumerate(tokens):
        if token not in stems:
            stems[token] = token if stem is None else stem(token)
        name = stems[token]
        at = place.setdefault(name, len(place))
        if at == len(seen):
            seen.append({})
        seen[at][token] = seen[at].get(token, 0) + 1
        ids[i] = at
    forms = [max(each, key=lambda form: each[form]) for each in seen]
    return [*place], ids, forms


def _of_document(
    ids: NDArray[np.int64], counts: NDArray[np.int64], window: int, measure: str
) -> NDArray[np.float64]:
    """G^2 / 2 or chi2 of each word (V,)."""
    order = np.argsort(-counts, kind="stable")
    frequent = order[: int(np.searchsorted(np.cumsum(counts[order]), len(ids) / 3)) + 1]
    cells, X = _cells(ids, frequent, len(counts), window)
    words, contexts = np.divmod(cells, len(frequent))
    rows = np.bincount(words, X, minlength=len(counts))
    p = np.bincount(contexts, X, minlength=len(frequent)) / max(X.sum(), 1)
    expected = rows[words] * p[contexts]
    if measure == "kl":
        parts = X * np.log(X / expected)
        return np.asarray(np.bincount(words, parts, minlength=len(counts)), np.float64)
    # (0 - expected)^2 / expected is expected itself where there is no cell.
    parts = np.multiply.outer(rows, p)
    parts[words, contexts] = (X - expected) ** 2 / expected
    # Robust form: without the context that stands out most.
    return np.asarray(parts.sum(axis=1) - parts.max(axis=1, initial=0))


def _cells(
    ids: NDArray[np.int64], frequent: NDArray[np.int64], words: int, window: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of a word and a context that stand in a window, word len(frequent) + context, rising,
    and how often they do."""
    column = np.full(words, -1, np.int64)
    column[frequent] = np.arange(len(frequent))
    context = column[ids]
    found = []
    for away in range(1, min(window, len(ids) - 1) + 1):
        for word, near in ((ids[:-away], context[away:]), (ids[away:], context[:-away])):
            known = near >= 0
            found.append(word[known] * len(frequent) + near[known])
    at = np.concatenate([np.empty(0, np.int64), *found])
    if words * len(frequent) <= _DENSE:
        dense = np.bincount(at)
        cells = np.flatnonzero(dense)
        return cells, dense[cells].astype(float)
    cells, times = np.unique(at, return_counts=True)
    return cells, times.astype(float)
