"""SemBias: which of four pairs of words is most like he and she?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, Unpack

import numpy as np

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, GenderLists
from wordvec.evaluation.core.bias.scores import Sampling
from wordvec.evaluation.core.measure import INTERVAL, SCORE, Measure, answered, chance, text, value
from wordvec.evaluation.core.results import (
    Coverage,
    SpaceScore,
    Unanswerable,
    first_few,
    require,
)
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.system.files import data_file

# A pair that defines gender, two that have nothing to do with it, a stereotyped one: male, female.
Question: TypeAlias = tuple[tuple[str, str], ...]
_ROLES = ("definition", "none", "none", "stereotype")


@dataclass(frozen=True)
class SemBiasResult(SpaceScore):
    """Shares of the questions that were answered by each kind of pair; `score` is that of the pair
    that defines gender, with Wilson's interval."""

    chance: float
    definition: float
    stereotype: float
    none: float


@cache
def questions() -> tuple[Question, ...]:
    """The 440 questions that ship."""
    lines = data_file("sembias.tsv").read_text("utf-8").splitlines()
    return tuple(
        tuple((pair.split(":")[0], pair.split(":")[1]) for pair in line.split("\t"))
        for line in lines
        if not line.startswith("#")
    )


def sembias(
    vectors: Vectors | Space,
    asked: Sequence[Question] | None = None,
    pair: tuple[str, str] = ("he", "she"),
    *,
    min_share: float = MIN_SHARE,
    level: float = statistics.LEVEL,
) -> SemBiasResult:
    """How often the pair (a, b) with the largest cos(a - b, he - she) defines gender.

    Parameters
    ----------
    asked
        Questions of four pairs, in the order definition, none, none, stereotype; those that ship by
        default.
    pair
        The two words whose difference the others are compared with.

    Raises
    ------
    Unanswerable
        When fewer than `min_share` of the questions have all their words.

    References
    ----------
    Zhao, Zhou, Li, Wang & Chang (2018), "Learning gender-neutral word embeddings", section 4.2.
    """
    space = Space.of(vectors)
    asked = questions() if asked is None else asked
    rows = space.pair(*pair)
    if rows is None:
        missing = space.find(pair)[2]
        raise Unanswerable(
            f"SemBias: unknown: {first_few(missing)}"
            if missing
            else f"SemBias: {pair[0]} and {pair[1]} are one word under the case policy"
        )
    usable, unknown = [], []
    for question in asked:
        places = [space.pair(*one) for one in question]
        unknown += space.find(word for one in question for word in one)[2]
        # Pairs that are one pair under the case policy (Bob:Amy, bob:amy) leave no choice.
        if None not in places and len(set(places)) == len(set(question)):
            usable.append(places)
    unknown = list(dict.fromkeys(unknown))
    require(len(usable), len(asked), min_share, "SemBias", "the questions", unknown)
    unit = space.unit.astype(np.float64) if len(space) < 50_000 else space.unit
    relation = (unit[rows[0]] - unit[rows[1]]).astype(np.float64)
    words = unit[np.array(usable)].astype(np.float64).reshape(len(usable), 4, 2, -1)
    differences = words[:, :, 0] - words[:, :, 1]
    lengths = np.linalg.norm(differences, axis=2)
    cosine = differences @ relation / np.where(lengths > 0, lengths, np.inf)
    chosen = cosine.argmax(axis=1)
    share = {
        role: float(np.isin(chosen, [i for i, r in enumerate(_ROLES) if r == role]).mean())
        for role in dict.fromkeys(_ROLES)
    }
    n = len(usable)
    return SemBiasResult(
        measure="sembias",
        name="SemBias",
        title=f"{n} questions of four pairs",
        protocol=f"largest cosine with {pair[0]} - {pair[1]}; case: {space.case}",
        coverage=Coverage(len(asked), n, tuple(unknown)),
        score=share["definition"],
        interval=statistics.wilson_interval(share["definition"] * n, n, level),
        chance=0.25,
        definition=share["definition"],
        stereotype=share["stereotype"],
        none=share["none"],
    )


def _of_gender(space: Space, lists: GenderLists, **how: Unpack[Sampling]) -> SemBiasResult:
    # Wilson's interval needs no draws.
    return sembias(
        space,
        min_share=how.get("min_share", MIN_SHARE),
        level=how.get("level", statistics.LEVEL),
    )


MEASURE = Measure(
    name="sembias",
    title="SemBias",
    score="share of questions answered by the pair that defines gender",
    about="Of four pairs of words, is the one most like he and she a pair that defines gender, a "
    "stereotype, or neither? Vectors without stereotypes choose the first.",
    asks=GenderLists,
    question="SemBias",
    run=_of_gender,
    result=SemBiasResult,
    columns={
        "test": text("name"),
        "definition": SCORE,
        "interval": INTERVAL,
        "stereotype": value("stereotype"),
        "none": value("none"),
        "by chance": chance,
        "questions": answered,
    },
    range=(0.0, 1.0),
    reference="""@inproceedings{zhao2018learning,
  author = {Zhao, Jieyu and Zhou, Yichao and Li, Zeyu and Wang, Wei and Chang, Kai-Wei},
  title = {Learning Gender-Neutral Word Embeddings},
  booktitle = {Proceedings of EMNLP},
  pages = {4847--4853},
  year = {2018},
}""",
)
