"""Translation of words: how often the dictionary's translation is among the best.

Several translations of a source word are all right: a hit is any of them among the first k. Both
denominators are given: the source words of which a translation is in the target's vocabulary
(covered), and all source words of the dictionary.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from wordvec.evaluation.core.results import Interval
from wordvec.evaluation.core.statistics import LEVEL, wilson_interval
from wordvec.spaces.alignment.dictionaries import Dictionary, as_dictionary
from wordvec.spaces.alignment.mapping import Pairs
from wordvec.spaces.alignment.translate import Translator

BANDS = (1000, 5000, 20_000)  # ranks of source words that divide rare from frequent
AT = (1, 5, 10)


@dataclass(frozen=True)
class Share:
    """A share of words with its interval.

    Attributes
    ----------
    words : int
        Words that were asked.
    score : float
        NaN where there are none.
    interval : Interval
    """

    words: int
    score: float
    interval: Interval

    @classmethod
    def of(cls, hits: int, words: int, level: float = LEVEL) -> Share:
        """The share of hits, with Wilson's interval."""
        score = hits / words if words else float("nan")
        return cls(words, score, wilson_interval(hits, words, level))


@dataclass(frozen=True)
class TranslationScore:
    """The result for one dictionary.

    Attributes
    ----------
    dataset, retrieval : str
    asked, covered : int
        Source words of the dictionary, and those with a translation in both vocabularies.
    precision : dict of Share
        P@1, P@5, P@10 over the covered words.
    precision_all : dict of Share
        The same over all source words: what is not covered is wrong.
    mrr : float
        Mean reciprocal rank of the best translation among the first 10, over the covered words.
    not_identical : Share
        P@1 of the covered words that are not their own translation (names, numbers).
    by_frequency : dict of Share
        P@1 by the rank of the source word: "1-1000", ...
    """

    dataset: str
    retrieval: str
    asked: int
    covered: int
    precision: dict[str, Share]
    precision_all: dict[str, Share]
    mrr: float
    not_identical: Share
    by_frequency: dict[str, Share]

    def record(self) -> dict[str, Any]:
        """The result as JSON can hold it; what cannot be said is null."""
        record: dict[str, Any] = _without_nan(asdict(self))
        return record


def translation(
    translator: Translator, dictionary: Pairs, *, level: float = LEVEL
) -> TranslationScore:
    """Translates the source words of a dictionary and compares with its translations.

    Parameters
    ----------
    translator : Translator
    dictionary : Dictionary, path, or pairs of words
    level : float
        Of the intervals.

    Raises
    ------
    DatasetError
        When no word is covered, or more pairs are there the other way round.

    References
    ----------
    Conneau et al. (2018), section 3.1, for P@k with several translations.
    """
    given: Dictionary = as_dictionary(dictionary)
    source, target = translator.source, translator.target
    given.ids(source, target)  # notices a dictionary of the other direction
    gold = given.gold()
    covered = {
        word: {target.get_index(t) for t in words if t in target}
        for word, words in gold.items()
        if word in source
    }
    covered = {word: ids for word, ids in covered.items() if ids}
    words = list(covered)
    rows = source.get_ids(words)
    found = translator.ids(rows, max(AT))
    right = np.array(
        [[i in covered[word] for i in row] for word, row in zip(words, found.tolist(), strict=True)]
    )
    rank = np.where(right.any(axis=1), right.argmax(axis=1) + 1, 0)
    hits = {k: int(((rank > 0) & (rank <= k)).sum()) for k in AT}
    other = np.array([word not in gold[word] for word in words])
    edges = [0, *BANDS, len(source)]
    bands = {}
    for low, high in pairwise(edges):
        inside = (rows >= low) & (rows < high)
        if inside.any():
            first = Share.of(int((rank[inside] == 1).sum()), int(inside.sum()), level)
            bands[f"{low + 1}-{high}"] = first
    return TranslationScore(
        given.name,
        translator.retrieval,
        len(gold),
        len(words),
        {f"P@{k}": Share.of(hits[k], len(words), level) for k in AT},
        {f"P@{k}": Share.of(hits[k], len(gold), level) for k in AT},
        float((1 / np.where(rank > 0, rank, np.inf)).mean()),
        Share.of(int((rank[other] == 1).sum()), int(other.sum()), level),
        bands,
    )


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and value != value else value
