"""Applying a learned map to vectors and to all that came with them, a block of rows at a time.

A map is a list of stages. Words are y = f(x). What else a file has follows where the mathematics
allows it, and is left out with a notice where it does not:

- contexts: the same map (they share the space);
- n-grams, whose mean is a word's vector: A g + b, exact because the weights of a mean add up to 1;
  rows of zeros (n-grams never seen) stay zeros. To unit length: the sum of the rows, made unit;
- induction, y = C m for the mean m of the contexts' vectors: A C A+ with the pseudo-inverse A+,
  exact for a map without an offset on everything that the map kept;
- signs and int8 copies for quicker search are made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.spaces.moments import all_finite, zero_rows
from wordvec.system.blas import single_threaded
from wordvec.system.files import is_stream, reserve, resolve, scratch_file
from wordvec.system.parallel import over_range, threads
from wordvec.vectors import file as store
from wordvec.vectors.matrix import EncodedRows, Ids, Matrix, encode
from wordvec.vectors.oov.unseen import MEAN, UNIT_SUM, Induction, Subwords
from wordvec.vectors.vectors import WordVectors, check_store

F64: TypeAlias = NDArray[np.float64]

ROWS = 4096  # of a block; edges do not depend on the threads, so neither do the bytes


def _no_ids() -> Ids:
    return np.empty(0, np.int64)


class Stage(Protocol):
    """A step of a map."""

    @property
    def keep(self) -> Ids:
        """Ids of words that it leaves as they are, rising."""

    def columns(self, columns: int) -> int:
        """Dimensions after it, given those before; ValueError where they do not fit."""

    def rows(self, X: NDArray[Any], start: int) -> NDArray[Any]:
        """The block X (n, d), rows `start` on of the words (-1: no words), after it."""


@dataclass(frozen=True, eq=False)
class AffineStage:
    """y = A x + b for all words but those of `keep`; rows of zeros (no vector) stay zeros."""

    matrix: F64
    offset: F64
    keep: Ids = field(default_factory=_no_ids)

    def __post_init__(self) -> None:
        if len(self.keep) and self.matrix.shape[0] != self.matrix.shape[1]:
            raise ValueError("words can only be kept where the dimensions stay the same")

    def columns(self, columns: int) -> int:
        out, wanted = map(int, self.matrix.shape)
        if columns != wanted:
            raise ValueError(f"fitted to vectors of {wanted} dimensions, these have {columns}")
        return out

    def rows(self, X: NDArray[Any], start: int) -> NDArray[Any]:
        Y: NDArray[Any] = X @ self.matrix.T.astype(X.dtype)
        if not self.linear:
            Y += self.offset.astype(X.dtype)
            Y[zero_rows(X)] = 0
        _keep(self.keep, X, Y, start)
        return Y

    @property
    def linear(self) -> bool:
        """Whether b = 0."""
        return not self.offset.any()


@dataclass(frozen=True, eq=False)
class UnitStage:
    """y = x / |x|; zeros stay zeros."""

    keep: Ids = field(default_factory=_no_ids)

    def columns(self, columns: int) -> int:
        return columns

    def rows(self, X: NDArray[Any], start: int) -> NDArray[Any]:
        norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
        Y: NDArray[Any] = X / np.where(norms > 0, norms, 1)[:, None].astype(X.dtype)
        _keep(self.keep, X, Y, start)
        return Y


@dataclass(frozen=True, eq=False)
class ReplaceStage:
    """Other vectors for some words: ids rising, and their rows (n, d)."""

    ids: Ids
    replacement: NDArray[Any]
    keep: Ids = field(default_factory=_no_ids)

    def columns(self, columns: int) -> int:
        if columns != self.replacement.shape[1]:
            raise ValueError(
                f"fitted to vectors of {self.replacement.shape[1]} dimensions, these have {columns}"
            )
        return columns

    def rows(self, X: NDArray[Any], start: int) -> NDArray[Any]:
        if start < 0:
            return X
        Y = np.array(X)
        a, b = np.searchsorted(self.ids, [start, start + len(X)])
        Y[self.ids[a:b] - start] = self.replacement[a:b]
        return Y


def _keep(keep: Ids, X: NDArray[Any], Y: NDArray[Any], start: int) -> None:
    if start >= 0 and len(keep):
        a, b = np.searchsorted(keep, [start, start + len(X)])
        Y[keep[a:b] - start] = X[keep[a:b] - start]


def fold(stages: Iterable[Stage]) -> list[Stage]:
    """The same map with each run of affine stages, of the same kept words, as one."""
    out: list[Stage] = []
    for stage in stages:
        last = out[-1] if out else None
        if (
            isinstance(stage, AffineStage)
            and isinstance(last, AffineStage)
            and np.array_equal(stage.keep, last.keep)
        ):
            stage.columns(len(last.matrix))
            A, b = stage.matrix @ last.matrix, stage.matrix @ last.offset + stage.offset
            out[-1] = AffineStage(A, b, stage.keep)
        else:
            out.append(stage)
    return out


def transformed(
    vectors: WordVectors,
    stages: Sequence[Stage],
    cards: Sequence[Mapping[str, Any]],
    *,
    dtype: str | None = None,
) -> WordVectors:
    """New vectors in memory: see `Transform.transform`."""
    return _transformed(vectors, stages, cards, dtype, lambda size: np.empty(size, np.uint8))


def save(
    vectors: WordVectors,
    stages: Sequence[Stage],
    cards: Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
    *,
    dtype: str | None = None,
    force: bool = False,
) -> None:
    """The new vectors as a file. Rows wait in unnamed files beside it, not in memory."""
    check_store(path, force=force)
    folder = None if is_stream(path) else resolve(path).parent

    def allocate(size: int) -> NDArray[np.uint8]:
        if size == 0:
            return np.empty(0, np.uint8)
        with scratch_file(folder) as file:
            reserve(file, size)
            return np.memmap(file, np.uint8, "r+", shape=(size,))

    _transformed(vectors, stages, cards, dtype, allocate).save(path, force=force)


Allocate: TypeAlias = Any  # (bytes) -> ndarray of uint8


def _transformed(
    vectors: WordVectors,
    stages: Sequence[Stage],
    cards: Sequence[Mapping[str, Any]],
    dtype: str | None,
    allocate: Allocate,
) -> WordVectors:
    if vectors.meta.get("manifold") is not None:
        raise ValueError(
            f"vectors of the manifold {vectors.meta['manifold']!r} cannot be added, so a "
            "transform of a flat space has no meaning for them"
        )
    stages = fold(stages)
    code = _code(vectors, dtype)
    side = store.I8 if code == store.PQ else code
    notices: list[str] = []
    matrix = _mapped(vectors.matrix, stages, code, allocate, words=True)
    contexts = vectors.context_matrix
    if contexts is not None:
        contexts = _mapped(contexts, stages, side, allocate, words=False)
    out = vectors.with_matrices(
        matrix,
        contexts=contexts,
        subwords=_subwords(vectors, stages, allocate, notices),
        induction=_induction(vectors, stages, notices),
    )
    if vectors.has_unknown_sections():
        notices.append("sections of a newer version were left out: they hold the old space")
    if notices and cards:
        cards = [*cards[:-1], {**cards[-1], "notices": notices}]
    out.meta["transforms"] = [*transforms_of(vectors), *map(dict, cards)]
    return out


def transforms_of(vectors: WordVectors) -> list[dict[str, Any]]:
    """The cards of what was done to the vectors before."""
    cards = vectors.meta.get("transforms", [])
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def _code(vectors: WordVectors, dtype: str | None) -> int:
    if dtype is None:
        return vectors.matrix.dtype
    for code, name in store.DTYPE_NAMES.items():
        if name == dtype:
            return code
    raise ValueError(f"dtype must be one of {', '.join(store.DTYPE_NAMES.values())}, got {dtype!r}")


def _mapped(
    matrix: Matrix, stages: Sequence[Stage], code: int, allocate: Allocate, *, words: bool
) -> Matrix:
    """A matrix after the stages, in the encoding `code`."""
    columns = matrix.cols
    for stage in stages:
        columns = stage.columns(columns)
    whole = store.F32 if code == store.PQ else code
    size = EncodedRows.bytes_of(matrix.rows, columns, whole)
    target = EncodedRows(matrix.rows, columns, whole, allocate(size))

    def blocks_between(first: int, last: int) -> None:
        for block in range(first, last):
            start = block * ROWS
            X = matrix.block(start, min(start + ROWS, matrix.rows))
            if not all_finite(X):
                raise ValueError("vectors must be finite")
            for stage in stages:
                X = stage.rows(X, start if words else -1)
            target.put(start, X)

    blocks = -(-matrix.rows // ROWS)
    with single_threaded():
        over_range(blocks_between, 0, blocks, min(threads(), blocks))
    if words and whole == matrix.dtype and columns == matrix.cols:
        kept = _kept(stages)
        if len(kept):
            target.keep(kept, matrix)
    done = target.matrix()
    return encode(done, store.PQ, parts=matrix.parts or None) if code == store.PQ else done


def _kept(stages: Sequence[Stage]) -> Ids:
    """Ids that every stage leaves as they are."""
    kept = stages[0].keep
    for stage in stages:
        touched = stage.ids if isinstance(stage, ReplaceStage) else None
        kept = (
            np.setdiff1d(kept, touched)
            if touched is not None
            else (np.intersect1d(kept, stage.keep))
        )
    return kept


def _subwords(
    vectors: WordVectors, stages: Sequence[Stage], allocate: Allocate, notices: list[str]
) -> Subwords | None:
    grams = vectors.subwords
    if grams is None:
        return None
    combine, code = grams.combine, grams.matrix.dtype
    if grams.matrix.parts:
        code = store.I8
    maps: list[Stage] = []
    for stage in stages:
        if isinstance(stage, UnitStage):
            combine = UNIT_SUM
        elif isinstance(stage, AffineStage):
            if combine == UNIT_SUM and not stage.linear:
                notices.append(
                    "n-grams were left out: a sum of unit length cannot be moved by an offset"
                )
                return None
            # With several rows for each n-gram a word's vector is their sum over the mean count.
            share = grams.hashes if combine == MEAN else 1
            maps.append(AffineStage(stage.matrix, stage.offset / share))
    made = grams.matrix
    if maps:
        made = _mapped(made, maps, code, allocate, words=False)
    return Subwords(
        made,
        minn=grams.minn,
        maxn=grams.maxn,
        hash=grams.hash,
        combine=combine,
        hashes=grams.hashes,
        seed=grams.seed,
    )


def _induction(
    vectors: WordVectors, stages: Sequence[Stage], notices: list[str]
) -> Induction | None:
    if vectors.induction is None:
        return None
    C = vectors.induction.matrix.astype(np.float64)
    for stage in stages:
        if isinstance(stage, ReplaceStage):
            continue
        if not isinstance(stage, AffineStage) or not stage.linear:
            notices.append(
                "the induction matrix was left out: it is linear, the transform is not; fit it "
                "again"
            )
            return None
        C = stage.matrix @ C @ np.linalg.pinv(stage.matrix)
    return replace(vectors.induction, matrix=np.ascontiguousarray(C, np.float32))
