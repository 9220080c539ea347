"""Variances that GloVe-V publishes (Vallebueno et al. 2024), for words whose counts nobody has.

A folder has complete covariances, `CompleteVariances.safetensors` (variances, (V, d, d)) or its
parts `complete_chunk_0.safetensors`, `complete_chunk_1.safetensors` ..., or approximate ones,
`ApproximationVariances.safetensors`: for word i of `vocab.txt` diag_i (d,), or the singular value
decomposition U_i (d, k), s_i (k,) and Vt_i (k, d), or complete_i (d, d).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec.errors import FormatError, Unanswerable
from wordvec.formats.arrays.safetensors import Tensors
from wordvec.formats.tools.glove_v import VOCABULARY, read_words
from wordvec.inference.least_squares import Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    F64 = NDArray[np.float64]

COMPLETE, CHUNK = "CompleteVariances.safetensors", "complete_chunk_{}.safetensors"
APPROXIMATE = "ApproximationVariances.safetensors"
ROUNDING = 1e-3  # of the largest variance: how far from symmetric and positive a covariance may be


class PublishedSolutions:
    """Covariances out of a folder of GloVe-V; complete ones where it has both.

    Raises
    ------
    FormatError
        For a folder that is damaged, or whose parts do not fit together.
    Unanswerable
        When it has no word of the vectors.
    """

    def __init__(self, wv: WordVectors, folder: str | os.PathLike[str]) -> None:
        self.wv, self.d = wv, wv.vector_size
        place = Path(folder)
        words, _ = read_words(place)
        self._index = {word.decode("utf-8", "surrogateescape"): i for i, word in enumerate(words)}
        if not any(word in self._index for word in wv):
            raise Unanswerable(f"{place / VOCABULARY}: has no word of these vectors")
        self._approximate: Tensors | None = None
        self._chunks: list[tuple[int, Tensors]] = []  # with the index of the first word
        names = [COMPLETE] if (place / COMPLETE).is_file() else self._parts(place)
        if not names:
            self._approximate = Tensors(place / APPROXIMATE)
            return
        total = 0
        for name in names:
            file = Tensors(place / name)
            shape = file.shape("variances")
            if shape is None or len(shape) != 3 or shape[1:] != (self.d, self.d):
                raise FormatError(
                    f"{file.path}: byte 8: variances of shape {shape}, (words, {self.d}, {self.d}) "
                    "expected"
                )
            self._chunks.append((total, file))
            total += shape[0]
        if total != len(words):
            raise FormatError(
                f"{place}: has variances of {total:,} words and {len(words):,} words in "
                f"{VOCABULARY}: is a part missing?"
            )

    @staticmethod
    def _parts(place: Path) -> list[str]:
        names: list[str] = []
        while (place / CHUNK.format(len(names))).is_file():
            names.append(CHUNK.format(len(names)))
        return names

    @classmethod
    def is_folder(cls, path: str | os.PathLike[str]) -> bool:
        """Whether a path is a folder with published variances."""
        names = (COMPLETE, CHUNK.format(0), APPROXIMATE)
        place = Path(path)
        return (place / VOCABULARY).is_file() and any((place / name).is_file() for name in names)

    def contexts(self, rank: int) -> int:
        """0: the files do not say."""
        return 0

    def solve(self, ranks: Sequence[int]) -> Iterator[Solution | Unanswerable]:
        """Solutions of some words, in order."""
        return map(self._solution, ranks)

    def _solution(self, rank: int) -> Solution | Unanswerable:
        word = self.wv.index_to_key[rank]
        i = self._index.get(word)
        S = None if i is None else self._covariance(i)
        if S is None or not np.isfinite(S).all():
            return Unanswerable(f"{word!r}: has no variance in this folder")
        size = float(np.abs(S).max())
        half = (S + S.T) / 2
        if np.abs(S - half).max() > ROUNDING * size or np.diag(S).min() < -ROUNDING * size:
            return Unanswerable(f"{word!r}: what the folder has for it is no covariance: damaged")
        vector = self.wv.vectors[rank].astype(np.float64)
        return Solution(0, float("nan"), vector, vector, half)

    def _covariance(self, i: int) -> F64 | None:
        if self._approximate is None:
            first, file = next(each for each in reversed(self._chunks) if each[0] <= i)
            return file.read("variances", i - first)
        d, file = self.d, self._approximate
        if f"diag_{i}" in file:
            self._check(f"diag_{i}", (d,))
            return np.diag(file.read(f"diag_{i}"))
        if f"complete_{i}" in file:
            self._check(f"complete_{i}", (d, d))
            return file.read(f"complete_{i}")
        if f"U_{i}" not in file:
            return None
        k = (file.shape(f"s_{i}") or (0,))[0]
        for name, shape in ((f"s_{i}", (k,)), (f"U_{i}", (d, k)), (f"Vt_{i}", (k, d))):
            self._check(name, shape)
        U, s, Vt = (file.read(f"{name}_{i}") for name in ("U", "s", "Vt"))
        return np.asarray((U * s) @ Vt)

    def _check(self, name: str, shape: tuple[int, ...]) -> None:
        assert self._approximate is not None
        found = self._approximate.shape(name)
        if found != shape:
            raise FormatError(
                f"{self._approximate.path}: byte 8: {name} of shape {found}, {shape} expected"
            )
