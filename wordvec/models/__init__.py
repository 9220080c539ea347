"""The models, and the one list of them that everything reads: `MODELS`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from wordvec.estimator import Estimator

TrainsOn: TypeAlias = Literal["text", "counts", "relations"]


class Model(NamedTuple):
    """One model: how the command line calls it, its class, and what it trains on.

    Attributes
    ----------
    name : str
        The value of `wordvec train --model`.
    path : str
        "module:class".
    trains_on : {"text", "counts", "relations"}
        "text": a stream of words; "counts": shards, or a text that is counted first; "relations":
        pairs (child, parent).
    summary : str
        One line.
    """

    name: str
    path: str
    trains_on: TrainsOn
    summary: str

    @property
    def module(self) -> str:
        """The module of its class."""
        return self.path.partition(":")[0]

    @property
    def class_name(self) -> str:
        """The name of its class, which `wordvec` has too."""
        return self.path.partition(":")[2]

    def load(self) -> type[Estimator]:
        """Its class; the module is imported now."""
        kind: Any = getattr(importlib.import_module(self.module), self.class_name)
        return kind  # type: ignore[no-any-return]


_ROWS: tuple[tuple[str, str, TrainsOn, str], ...] = (
    (
        "skipgram",
        "wordvec.models.skipgram:SkipGram",
        "text",
        "skip-gram with negative sampling (word2vec)",
    ),
    ("cbow", "wordvec.models.cbow:CBOW", "text", "continuous bag of words (word2vec)"),
    (
        "fasttext",
        "wordvec.models.skipgram:FastText",
        "text",
        "skip-gram with character n-grams, which answers for unseen words",
    ),
    (
        "count-skipgram",
        "wordvec.models.count_skipgram:CountSkipGram",
        "counts",
        "skip-gram from co-occurrence counts",
    ),
    ("glove", "wordvec.models.glove:GloVe", "counts", "weighted least squares on log counts"),
    (
        "swivel",
        "wordvec.models.swivel:Swivel",
        "counts",
        "pointwise mutual information, unseen pairs included",
    ),
    ("lexvec", "wordvec.models.lexvec:LexVec", "counts", "PPMI fitted over windows and noise"),
    (
        "ppmi",
        "wordvec.models.ppmi:PPMI",
        "counts",
        "positive pointwise mutual information, factorised by SVD",
    ),
    (
        "poincare",
        "wordvec.hierarchy.models:Poincare",
        "relations",
        "a hierarchy in the Poincare ball",
    ),
    (
        "lorentz",
        "wordvec.hierarchy.models:Lorentz",
        "relations",
        "a hierarchy in the Lorentz model of hyperbolic space",
    ),
    (
        "euclidean",
        "wordvec.hierarchy.models:Euclidean",
        "relations",
        "a hierarchy in flat space, to compare with",
    ),
    (
        "translation",
        "wordvec.hierarchy.models:Translation",
        "relations",
        "a hierarchy as translations in flat space, to compare with",
    ),
    (
        "sarkar",
        "wordvec.hierarchy.sarkar:Sarkar",
        "relations",
        "a tree placed in the Poincare disk without training",
    ),
)

MODELS: dict[str, Model] = {row[0]: Model(*row) for row in _ROWS}
