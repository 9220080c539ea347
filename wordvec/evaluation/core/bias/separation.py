"""The words that lie farthest along a direction, which clusters and probes tell apart.

Gonen & Goldberg (2019), "Lipstick on a pig": the words most biased by a direction are told apart by
clustering and by classifiers, even after that direction was taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core.bias.direction import direction
from wordvec.evaluation.core.measure import INTERVAL, SCORE, Cell, Entry, chance, text, value
from wordvec.evaluation.core.results import Interval, SpaceScore, Unanswerable
from wordvec.evaluation.core.space import Space, Vectors

_F64 = NDArray[np.float64]

CAUTION = (
    "Judged on the vectors that the words were chosen by, it is near 1 for any vectors: the sides "
    "differ by construction. Choose the words by vectors before debiasing and judge those after."
)
REFERENCE = """@inproceedings{gonen2019lipstick,
  author = {Gonen, Hila and Goldberg, Yoav},
  title = {Lipstick on a Pig: Debiasing Methods Cover up Systematic Gender Biases in Word
           Embeddings But do not Remove Them},
  booktitle = {Proceedings of NAACL-HLT},
  pages = {609--614},
  year = {2019},
}"""


@dataclass(frozen=True)
class SeparationResult(SpaceScore):
    """How well the two groups of most biased words are told apart.

    `score` is the accuracy of two clusters or of a classifier on words it was not trained on;
    .5 is no separation. `examples` are the most biased words of the two sides; `caution` says that
    a high score means nothing where the words were chosen by the vectors that are judged.
    """

    chance: Interval
    v_measure: float | None
    caution: str
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Biased:
    """The most biased words of either side: their rows, and 1 for the side of the first words."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    space: Space


def most_biased(
    vectors: Vectors | Space,
    pairs: Sequence[tuple[str, str]],
    *,
    words: int = 500,
    exclude: Sequence[str] = (),
    restrict_vocab: int = 50_000,
) -> Biased:
    """The `words` words of each side that lie farthest along the pairs' direction.

    Among the first `restrict_vocab` words, without those of the pairs and of `exclude`, which are
    about the distinction by meaning. Fewer a side, with a tenth of the vocabulary as the least,
    where the vocabulary is small.
    """
    space = Space.of(vectors)
    g = direction(space, pairs).unit
    along = space.unit[:restrict_vocab] @ g.astype(np.float32)
    out = {space.row(word) for pair in pairs for word in pair} | {space.row(w) for w in exclude}
    allowed = np.ones(len(along), bool)
    allowed[[row for row in out if row is not None and row < len(along)]] = False
    order = np.flatnonzero(allowed)[np.argsort(-along[allowed], kind="stable")]
    words = min(words, len(order) // 10)
    if words < 10:
        raise Unanswerable(
            f"a tenth of {len(order)} words is fewer than 10 a side: too small a vocabulary"
        )
    rows = np.r_[order[:words], order[-words:][::-1]]
    return Biased(rows, np.r_[np.ones(words, int), np.zeros(words, int)], space)


def rows_of(vectors: Vectors | Space, biased: Biased) -> tuple[Space, _F64, NDArray[np.int64]]:
    """The biased words in `vectors`, which may lack some of them."""
    space = Space.of(vectors)
    found = [space.row(biased.space.words[row]) for row in biased.rows.tolist()]
    known = np.array([row is not None for row in found])
    if known.sum() < 20:
        raise Unanswerable(f"only {known.sum()} of {len(known)} biased words are known")
    rows = [row for row in found if row is not None]
    return space, space.unit[rows].astype(np.float64), biased.labels[known]


def caution_of(space: Space, biased: Biased) -> str:
    """What to say beside a result: nothing when other vectors chose the words."""
    return CAUTION if biased.space is space else ""


def examples_of(biased: Biased) -> dict[str, tuple[str, ...]]:
    """Ten words of each side."""
    half = len(biased.rows) // 2
    first, second = biased.rows[:10].tolist(), biased.rows[half : half + 10].tolist()
    return {
        "towards the first": tuple(biased.space.words[row] for row in first),
        "towards the second": tuple(biased.space.words[row] for row in second),
    }


def _sides(e: Entry) -> str:
    return "; ".join(f"{side}: {', '.join(words[:5])}" for side, words in e["examples"].items())


COLUMNS: dict[str, Cell] = {
    "test": text("name"),
    "accuracy": SCORE,
    "interval": INTERVAL,
    "by chance": chance,
    "V-measure": value("v_measure"),
    "words": lambda e: f"{e['coverage']['answered']:,}",
    "examples": _sides,
}
