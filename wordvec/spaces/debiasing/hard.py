"""Hard debiasing: projecting the concept's subspace out, and making sets of words equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from wordvec.errors import DatasetError
from wordvec.estimator import option
from wordvec.spaces.apply import ReplaceStage, Stage, UnitStage
from wordvec.spaces.base import ids_of
from wordvec.spaces.debiasing.base import (
    F64,
    Debias,
    Ids,
    all_unit,
    subspace,
    unit_rows,
    without,
)
from wordvec.spaces.debiasing.concepts import Lookup
from wordvec.vectors.vectors import WordVectors


@dataclass(kw_only=True)
class HardDebias(Debias):
    """Neutralise and equalise: x -> (I - B'B) x for the concept's subspace B.

    Vectors of unit length keep it; other vectors are projected only. Equalised words stand apart
    along B alone, at the same distance from every other word.

    Parameters
    ----------
    concept : str, path or Concept, optional
        What is to be taken out: "gender", "race", "religion", a TOML file, or a `Concept`.
    pairs, sets : sequence of sequences of str, optional
        Defining sets in place of a concept; sets may have any size (multiclass debiasing).
    equalize : sequence of sequences of str, optional
        Sets to equalise; those of the concept by default, () for none.
    exempt : sequence of str, optional
        Words that keep their vectors to the byte; those of the concept by default. A word that is
        equalised is not exempt.
    components : int
        Dimensions k of the subspace.

    Attributes
    ----------
    subspace_ : ndarray, shape (k, d)
        B, orthonormal rows.

    References
    ----------
    Bolukbasi, Chang, Zou, Saligrama & Kalai (2016); Manzini, Lim, Tsvetkov & Black (2019).
    """

    name: ClassVar[str] = "hard"
    components: int = option(1, "Dimensions of the concept's subspace.", at_least=1)

    def _learn(self, vectors: WordVectors, lookup: Lookup) -> None:
        sets = lookup.sets(self.concept_.sets, "defining sets")
        self.subspace_ = subspace(vectors, sets, self.components)
        self.matrix_ = without(self.subspace_)
        self.offset_ = np.zeros(len(self.matrix_))
        self._equalized: dict[str, F64] = {}
        asked = self.concept_.equalize if self.equalize is None else self.equalize
        if asked:
            asked = replace(self.concept_, equalize=tuple(map(tuple, asked))).equalize
            for ids in lookup.sets(asked, "equalize sets", whole=True):
                self._equalize(vectors, ids)
        self.unit_ = all_unit(np.asarray(vectors.matrix.block(0, min(1000, len(vectors))), float))

    def _equalize(self, vectors: WordVectors, ids: Ids) -> None:
        """Bolukbasi et al. (2016), step 2b, for a set of any size."""
        words = [vectors.index_to_key[i] for i in ids.tolist()]
        X = np.asarray(vectors.matrix.take(ids), np.float64)
        U, B = unit_rows(vectors, ids), self.subspace_
        mean = U.mean(axis=0)
        nu = mean - (mean @ B.T) @ B
        along = (U - mean) @ B.T @ B
        apart = np.linalg.norm(along, axis=1)
        if not (apart > 1e-6).all():
            raise DatasetError(
                f"the words {', '.join(words)} cannot be equalised: along the concept's subspace "
                "they do not differ"
            )
        made = nu + np.sqrt(max(0.0, 1 - float(nu @ nu))) * along / apart[:, None]
        # One length for the whole set, or its words would be apart in length.
        made *= float(np.linalg.norm(X, axis=1).mean())
        self._equalized |= dict(zip(words, made, strict=True))

    def stages(self, vectors: WordVectors) -> list[Stage]:
        stages = super().stages(vectors)
        keep = ids_of(vectors, self.exempt_ - set(self._equalized))
        if self.unit_:
            stages.append(UnitStage(keep))
        words = [word for word in self._equalized if word in vectors]
        if words:
            ids = vectors.get_ids(words)
            order = np.argsort(ids)
            rows = np.array([self._equalized[words[i]] for i in order.tolist()])
            stages.append(ReplaceStage(ids[order], rows, keep))
        return stages
