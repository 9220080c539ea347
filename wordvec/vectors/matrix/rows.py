"""Matrices in the encodings that a file can hold: rows that are decoded when they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors import codec, topk, vec
from wordvec.system.parallel import over_range, threads
from wordvec.vectors import file as store

Floats: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
T = TypeVar("T")

SMALL = 1 << 20  # numbers below which threads cost more than they bring
# A block of scores of a batch. Smaller products are slower: 512 x 2,048 took 1.6 times as long as
# 512 x 8,192, 256 x 4,096 twice as long; larger ones only take memory.
ROWS, QUERIES = 8192, 512
DECODED = 512  # rows decoded at once for scoring: they stay in the second cache


class Matrix:
    """Rows of numbers (rows, cols), dense in float32 or float64.

    `block` and `take` give float32, or float64 where the matrix is that.
    """

    dtype: int
    parts = 0  # of a product-quantised row

    def __init__(self, array: NDArray[Any]) -> None:
        self.rows: int
        self.cols: int
        self.rows, self.cols = array.shape
        self.dtype = store.F64 if array.dtype == np.float64 else store.F32
        self._array = array

    @property
    def by_id(self) -> Any:
        """What has row i as item i: the array where there is one."""
        return self._array

    def row(self, i: int) -> NDArray[Any]:
        """Row i; not to be written to where it is a view."""
        return self.by_id[i]  # type: ignore[no-any-return]

    def take(self, ids: Ids) -> NDArray[Any]:
        """The rows of these ids, which the caller has checked."""
        out = np.empty((len(ids), self.cols), np.float64 if self.dtype == store.F64 else np.float32)
        # What one thread waits for is memory: two read twice as fast.
        parts = 1 if out.size < SMALL else threads()
        over_range(lambda a, b: self._take(ids[a:b], out[a:b]), 0, len(ids), parts)
        return out

    def _take(self, ids: Ids, out: NDArray[Any]) -> None:
        """The rows of these ids, to out (n, cols)."""
        self._array.take(ids, axis=0, out=out, mode="clip")  # other modes copy once more

    def block(self, start: int, stop: int) -> NDArray[Any]:
        """The rows start .. stop; a view where the encoding allows it."""
        return self._array[start:stop]

    def decoded(self) -> NDArray[Any]:
        """All rows as one array."""
        return self._array

    def select(self, ids: Ids) -> Matrix:
        """A matrix of the rows with these ids, in the same encoding."""
        return Matrix(np.ascontiguousarray(self._array[ids]))

    def section(self, type: int) -> store.Section:
        """The matrix as a section of a file."""
        return store.section(type, self._array)

    def norms(self) -> Floats:
        """Euclidean norm of each row."""
        out = np.empty(self.rows, np.float32)

        def rows_between(start: int, stop: int) -> None:
            for a, b in blocks(start, stop, DECODED):
                vec.norms(np.asarray(self.block(a, b), np.float32), out[a:b])

        over_rows(rows_between, self, 0, self.rows)
        return out

    spare = 0  # rows beyond k that a search must offer, because its scores are not the final ones

    def offer(
        self, top: topk.Top, query: Floats, scale: Floats | None, start: int, stop: int
    ) -> None:
        """Offers the rows start .. stop, scored against the query, to `top`."""
        whole = self.dtype == store.F32
        for a, b in [(start, stop)] if whole else blocks(start, stop, DECODED):
            rows = np.asarray(self.block(a, b), np.float32)
            top.offer_rows(rows, None if scale is None else scale[a:b], query, a)


class EncodedMatrix(Matrix):
    """Rows in f16, bf16, int8 with a scale a row, or product-quantised; decoded when read."""

    def __init__(self, section: store.Section) -> None:
        self.rows, self.cols, self.dtype = section.rows, section.cols, section.dtype
        self.parts = section.aux
        buffer = section.data[0] if len(section.data) == 1 else np.concatenate(section.data)
        self.buffer = buffer
        width = {store.I8: self.cols, store.PQ: self.parts}.get(self.dtype, 2 * self.cols)
        side = buffer[store.align(self.rows * width) :].view("<f4")
        self._codes = buffer[: self.rows * width]
        self._side = side
        self.codec = codec.Codec(
            self.dtype, self.rows, self.cols, self.parts, self._codes, self._side
        )

    @property
    def by_id(self) -> EncodedMatrix:
        return self

    def __getitem__(self, i: int) -> Floats:
        out: Floats = np.empty((1, self.cols), np.float32)
        self.codec.rows(i, out)
        return out.reshape(-1)

    def _take(self, ids: Ids, out: NDArray[Any]) -> None:
        self.codec.take(ids, out)

    def select(self, ids: Ids) -> Matrix:
        codes = self._codes.reshape(self.rows, -1)[ids].reshape(-1)
        side = self._side[ids] if self.dtype == store.I8 else self._side
        parts = [
            codes,
            padding(len(codes)) if len(side) else codes[:0],
            np.ascontiguousarray(side).view(np.uint8),
        ]
        return EncodedMatrix(
            store.Section(
                store.VECTORS, len(ids), self.cols, self.dtype, [np.concatenate(parts)], self.parts
            )
        )

    def block(self, start: int, stop: int) -> Floats:
        out = np.empty((stop - start, self.cols), np.float32)
        self.codec.rows(start, out)
        return out

    @cached_property
    def _decoded(self) -> Floats:
        out = np.empty((self.rows, self.cols), np.float32)
        over_rows(lambda a, b: self.codec.rows(a, out[a:b]), self, 0, self.rows)
        out.flags.writeable = False
        return out

    def decoded(self) -> Floats:
        """All rows, decoded once and kept: rows x cols x 4 bytes."""
        return self._decoded

    def section(self, type: int) -> store.Section:
        flags = 0 if type in store.NEEDED else store.IGNORABLE
        return store.Section(
            type, self.rows, self.cols, self.dtype, [self.buffer], self.parts, flags=flags
        )

    def offer(
        self, top: topk.Top, query: Floats, scale: Floats | None, start: int, stop: int
    ) -> None:
        if self.dtype == store.I8:
            codes, unit = quantised_query(query)
            whole = self._codes.view(np.int8).reshape(self.rows, self.cols)
            factors = None if scale is None else scale[start:stop]
            top.offer_i8(whole[start:stop], self._side[start:stop], factors, codes, unit, start)
            return
        scratch = np.empty((min(DECODED, stop - start), self.cols), np.float32)
        for a, b in blocks(start, stop, DECODED):
            rows = scratch[: b - a]
            self.codec.rows(a, rows)
            top.offer_rows(rows, None if scale is None else scale[a:b], query, a)

    @property
    def spare(self) -> int:  # type: ignore[override]
        """The integers of int8 search round the query to 15 bits: neighbours may swap."""
        return 16 if self.dtype == store.I8 else 0


def matrix_of(section: store.Section) -> Matrix:
    """The matrix of a section of any encoding; float matrices are views of it."""
    if section.dtype in (store.F32, store.F64):
        return Matrix(section.array())
    return EncodedMatrix(section)


def quantised_query(query: Floats) -> tuple[NDArray[np.int16], float]:
    """The query as int16 and what one of its units is worth: as fine as 32-bit sums of int8 rows
    allow without overflow."""
    largest = float(np.abs(query).max(initial=0))
    if not 0 < largest < np.inf:
        return np.zeros(len(query), np.int16), 0.0
    top = min(32767, (2**31 - 1) // (128 * len(query)))
    # In float64: in float32 the factor overflows for numbers as small as float32 has.
    return np.rint(query.astype(np.float64) * (top / largest)).astype(np.int16), largest / top


# Encoding.


def padding(size: int) -> NDArray[np.uint8]:
    return np.zeros(store.align(size) - size, np.uint8)


def blocks(start: int, stop: int, size: int = ROWS) -> Iterator[tuple[int, int]]:
    for a in range(start, stop, size):
        yield a, min(a + size, stop)


def over_rows(work: Callable[[int, int], T], matrix: Matrix, start: int, stop: int) -> list[T]:
    small = (stop - start) * matrix.cols < SMALL
    return over_range(work, start, stop, 1 if small else threads())
