"""Graded entailment (HyperLex) and the direction of hypernymy (WBLESS)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from scipy.stats import spearmanr

from wordvec.errors import DatasetError
from wordvec.estimator import Option, checked
from wordvec.text.reader import open_text
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

from wordvec.hierarchy.measures.ranks import manifold_of


def entailment(
    u: NDArray[np.float64], v: NDArray[np.float64], kind: str, alpha: float = 1000.0
) -> NDArray[np.float64]:
    """How much u is a v: -(1 + alpha (|v| - |u|)) d(u, v), Nickel & Kiela (2017), eq. 8.

    Norms are those of the ball, so that the score is the same in either model.
    """
    if kind == "lorentz":
        u, v, kind = (
            manifold.convert(u, "lorentz", "poincare"),
            manifold.convert(v, "lorentz", "poincare"),
            "poincare",
        )
    norms = np.linalg.norm(v, axis=-1) - np.linalg.norm(u, axis=-1)
    return np.asarray(-(1 + alpha * norms) * manifold.distance(u, v, kind))


@dataclass(frozen=True)
class EntailmentResult:
    """A score on graded or labelled pairs.

    Attributes
    ----------
    metric
        "spearman" or "accuracy".
    value
        The metric.
    pairs, known
        Pairs in the set, and those whose words both have a sense in the vectors.
    """

    metric: str
    value: float
    pairs: int
    known: int


def senses_by_word(names: Sequence[str]) -> dict[str, list[int]]:
    """Word -> ids of its senses, in the order of sense numbers, of names like `dog.n.01`.

    A name of another form is its own only sense.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for i, name in enumerate(names):
        parts = name.rsplit(".", 2)
        is_sense = len(parts) == 3 and parts[2].isdigit()
        word, number = (parts[0], int(parts[2])) if is_sense else (name, 0)
        found.setdefault(word.lower(), []).append((number, i))
    return {word: [i for _, i in sorted(ids)] for word, ids in found.items()}


Senses: TypeAlias = Annotated[
    Literal["best", "first"],
    Option(
        help="Which senses of ambiguous words are compared: those with the highest score, or the "
        "first of each word."
    ),
]


def pair_scores(
    vectors: WordVectors,
    pairs: Sequence[tuple[str, str]],
    *,
    senses: Senses = "best",
) -> NDArray[np.float64]:
    """The entailment score of each pair; NaN where a word has no sense in the vectors.

    Parameters
    ----------
    pairs
        (term, more general term).
    senses
        Which senses of ambiguous words are compared: "best" those with the highest score, "first"
        the first of each (the most frequent one in WordNet).
    """
    index = senses_by_word(vectors.index_to_key)
    kind, scores = manifold_of(vectors), np.full(len(pairs), np.nan)
    for i, (word, general) in enumerate(pairs):
        ours, theirs = index.get(word.lower()), index.get(general.lower())
        if not ours or not theirs:
            continue
        if senses == "first":
            ours, theirs = ours[:1], theirs[:1]
        grid = entailment(vectors.vectors[ours][:, None], vectors.vectors[theirs][None], kind)
        scores[i] = grid.max()
    return scores


@checked
def hyperlex(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    senses: Senses = "best",
) -> EntailmentResult:
    """Spearman correlation with HyperLex's graded entailment (Vulic et al. 2017).

    Pairs without a sense in the vectors are left out and counted, as in the paper, which has .512
    at dim 5 on the 2,163 noun pairs.
    """
    rows = _table(path, ("word1", "word2", "score"))
    scores = pair_scores(vectors, [(a, b) for a, b, _ in rows], senses=senses)
    known = ~np.isnan(scores)
    if known.sum() < 2:
        raise DatasetError(f"{os.fspath(path)}: the vectors know fewer than two of its pairs")
    gold = np.array([_number(path, row[2]) for row in rows])
    value = spearmanr(scores[known], gold[known]).statistic
    return EntailmentResult("spearman", float(value), len(rows), int(known.sum()))


@checked
def wbless(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    senses: Senses = "best",
    folds: int = 1000,
    share: float = 0.02,
    seed: int = 1,
) -> EntailmentResult:
    """Accuracy of hypernymy detection on WBLESS (Weeds et al. 2014).

    A pair is called hypernymy when its score exceeds a threshold. The threshold is learnt on a
    `share` of the pairs and judged on the rest; the mean over `folds` draws, as Nguyen et al.
    (2017) did.
    """
    rows = _table(path, ("word1", "word2", "label"))
    scores = pair_scores(vectors, [(a, b) for a, b, _ in rows], senses=senses)
    known = ~np.isnan(scores)
    gold = np.array([row[2].lower() in ("true", "1") for row in rows])[known]
    scores = scores[known]
    size = max(2, round(share * len(scores)))
    if len(scores) <= size:
        raise DatasetError(f"{os.fspath(path)}: the vectors know {len(scores)} of its pairs")
    rng = np.random.Generator(np.random.Philox(key=seed))
    values = []
    for _ in range(folds):
        order = rng.permutation(len(scores))
        learn, judge = order[:size], order[size:]
        cuts = np.concatenate([scores[learn], [np.inf]])
        right = [(gold[learn] == (scores[learn] >= cut)).mean() for cut in cuts]
        best = cuts[int(np.argmax(right))]
        values.append((gold[judge] == (scores[judge] >= best)).mean())
    return EntailmentResult("accuracy", float(np.mean(values)), len(rows), len(scores))


def _table(path: str | os.PathLike[str], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The named columns of a table with a header, fields between tabs or spaces."""
    with open_text(os.fspath(path)) as (name, stream):
        lines = [line.decode("utf-8", "surrogateescape").rstrip("\r\n") for line in stream]
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise DatasetError(f"{name}: an empty file")
    split: Callable[[str], list[str]] = (lambda x: x.split("\t")) if "\t" in lines[0] else str.split
    header = [column.strip().lower() for column in split(lines[0])]
    if any(column not in header for column in names):
        raise DatasetError(f"{name}: columns {', '.join(names)} expected, found {header}")
    places, rows = [header.index(column) for column in names], []
    for number, line in enumerate(lines[1:], 2):
        fields = split(line)
        if len(fields) <= max(places):
            raise DatasetError(f"{name}, line {number}: {len(fields)} fields in {line[:60]!r}")
        rows.append(tuple(fields[i] for i in places))
    return rows


def _number(path: str | os.PathLike[str], text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DatasetError(f"{os.fspath(path)}: not a score: {text!r}") from error
