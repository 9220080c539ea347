"""Matrices in another encoding: half floats, bytes with a scale, product quantisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors import codec
from wordvec.system.parallel import over_range, threads
from wordvec.vectors import file as store
from wordvec.vectors.matrix.rows import (
    DECODED,
    EncodedMatrix,
    Floats,
    Ids,
    Matrix,
    blocks,
    over_rows,
    padding,
)


def encode(matrix: Matrix, dtype: int, *, parts: int | None = None, seed: int = 1) -> Matrix:
    """The matrix in another encoding.

    Parameters
    ----------
    dtype : one of store.F32, F64, F16, BF16, I8, PQ
    parts : int, optional
        Of a product-quantised row, a byte each; it must divide the columns. By default the largest
        divisor that leaves two columns or more a part.
    seed : int
        Of the sample and the first centroids of product quantisation.

    Raises
    ------
    ValueError
        For numbers that the encoding cannot hold: not finite, or beyond 65,504 in f16.
    """
    if dtype == matrix.dtype and parts in (None, matrix.parts):
        return matrix
    if dtype in (store.F32, store.F64):
        return Matrix(matrix.decoded().astype(np.float32 if dtype == store.F32 else np.float64))
    if dtype == store.PQ:
        return _product_quantise(matrix, parts or _default_parts(matrix.cols), seed)
    target = EncodedRows(matrix.rows, matrix.cols, dtype)

    def rows_between(start: int, stop: int) -> None:
        for a, b in blocks(start, stop):
            target.put(a, np.asarray(matrix.block(a, b), np.float32))

    over_rows(rows_between, matrix, 0, matrix.rows)
    return target.matrix()


class EncodedRows:
    """A matrix in float32, float64, f16, bf16 or int8 that is filled a block of rows at a time.

    Parameters
    ----------
    rows, cols, dtype : int
        dtype is one of store.F32, F64, F16, BF16, I8.
    buffer : ndarray of uint8, optional
        Where the bytes go, `EncodedRows.bytes_of(...)` of them; memory by default.
    """

    def __init__(
        self, rows: int, cols: int, dtype: int, buffer: NDArray[np.uint8] | None = None
    ) -> None:
        size = self.bytes_of(rows, cols, dtype)
        self._buffer = np.empty(size, np.uint8) if buffer is None else buffer
        if self._buffer.shape != (size,):
            raise ValueError(f"buffer must have {size} bytes, got shape {self._buffer.shape}")
        self._dtype, self._shape = dtype, (rows, cols)
        kind = {store.F32: "<f4", store.F64: "<f8", store.F16: "<f2", store.BF16: "<u2"}
        used = store.matrix_bytes(dtype, rows, cols, 0) if dtype in kind else rows * cols
        self._rows = self._buffer[:used].view(kind.get(dtype, "i1")).reshape(rows, cols)
        self._scales = self._buffer[store.align(used) :].view("<f4")
        self._buffer[used : store.align(used)] = 0

    @staticmethod
    def bytes_of(rows: int, cols: int, dtype: int) -> int:
        """Bytes of such a matrix."""
        return store.matrix_bytes(dtype, rows, cols, 0)

    def put(self, start: int, rows: NDArray[Any]) -> None:
        """Writes the rows (n, cols) from `start` on; blocks may come in any order and at once.

        Raises
        ------
        ValueError
            For numbers that the encoding cannot hold: not finite in int8, or beyond 65,504 in f16.
        """
        stop = start + len(rows)
        if self._dtype == store.F16:
            self._rows[start:stop] = _to_f16(rows)
        elif self._dtype == store.BF16:
            self._rows[start:stop] = _to_bf16(rows)
        elif self._dtype == store.I8:
            self._rows[start:stop], self._scales[start:stop] = to_int8(rows)
        else:
            self._rows[start:stop] = rows

    def keep(self, ids: Ids, source: Matrix) -> None:
        """Copies rows of a matrix of the same encoding and width byte by byte."""
        if source.dtype != self._dtype or (source.rows, source.cols) != self._shape:
            raise ValueError("rows are kept between matrices of one shape and encoding only")
        if not isinstance(source, EncodedMatrix):
            self._rows[ids] = source.take(ids)
            return
        codes = source.buffer[: self._rows.nbytes].view(self._rows.dtype)
        self._rows[ids] = codes.reshape(self._shape)[ids]
        if self._dtype == store.I8:
            scales = source.buffer[store.align(self._rows.nbytes) :].view("<f4")
            self._scales[ids] = scales[ids]

    def matrix(self) -> Matrix:
        """The matrix, over the same bytes."""
        if self._dtype in (store.F32, store.F64):
            return Matrix(self._rows)
        return EncodedMatrix(
            store.Section(store.VECTORS, *self._shape, self._dtype, [self._buffer])
        )


def _finite(rows: Floats, encoding: str) -> None:
    if not np.isfinite(rows).all():
        raise ValueError(f"{encoding} cannot hold vectors that are not finite")


def _to_f16(rows: Floats) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        half = rows.astype(np.float16)
    if (np.isinf(half) & np.isfinite(rows)).any():
        raise ValueError(
            f"f16 holds numbers up to 65,504, the largest is {np.abs(rows).max():g}; "
            "choose bf16 or int8"
        )
    return half


def _to_bf16(rows: Floats) -> NDArray[np.uint16]:
    """The upper half of float32, rounded to nearest, ties to even; NaN stays NaN."""
    bits = np.ascontiguousarray(rows).view(np.uint32)
    rounded = (bits + (((bits >> 16) & 1) + np.uint32(0x7FFF))) >> 16
    return np.where(np.isnan(rows), (bits >> 16) | 0x40, rounded).astype(np.uint16)


def to_int8(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Codes in [-127, 127] and the scale of each row: the largest number becomes 127."""
    _finite(rows, "int8")
    scales = (np.abs(rows).max(1, initial=0) / 127).astype(np.float32)
    # A row of zeros, or of numbers so small that their 127th part is none, has codes of zero.
    divisor = np.where(scales > 0, scales, 1)[:, None]
    return np.clip(np.rint(rows / divisor), -127, 127).astype(np.int8), scales


_PQ_SAMPLE = 256 * 128  # rows that centroids are fitted to: 128 each; more changed nothing
_PQ_ROUNDS = 12


def _default_parts(cols: int) -> int:
    return next((p for p in range(cols // 2, 0, -1) if cols % p == 0), 1)


def _product_quantise(matrix: Matrix, parts: int, seed: int) -> EncodedMatrix:
    if parts < 1 or matrix.cols % parts:
        raise ValueError(f"parts must divide the {matrix.cols} dimensions, got {parts}")
    width = matrix.cols // parts
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(matrix.rows, min(matrix.rows, _PQ_SAMPLE), replace=False))
    sample = np.asarray(matrix.take(chosen), np.float32)
    _finite(sample, "product quantisation")
    keys = rng.integers(0, 2**63, parts)
    books = np.empty((parts, store.PQ_CENTROIDS, width), np.float32)

    def fit(start: int, stop: int) -> None:
        for p in range(start, stop):
            books[p] = _centroids(sample[:, p * width : (p + 1) * width], int(keys[p]))

    over_range(fit, 0, parts, min(parts, threads()))
    codes = np.empty((matrix.rows, parts), np.uint8)
    columns = [(np.ascontiguousarray(book.T), (book**2).sum(1) / 2) for book in books]

    def rows_between(start: int, stop: int) -> None:
        for a, b in blocks(start, stop, DECODED):
            rows = np.asarray(matrix.block(a, b), np.float32)
            _finite(rows, "product quantisation")
            for p, (book, norms) in enumerate(columns):
                cut = rows[:, p * width : (p + 1) * width]
                codec.pq_assign(cut, book, norms, codes[a:b, p])

    over_rows(rows_between, matrix, 0, matrix.rows)
    data = [codes.reshape(-1), padding(codes.size), books.reshape(-1).view(np.uint8)]
    section = store.Section(store.VECTORS, matrix.rows, matrix.cols, store.PQ, data, parts)
    return EncodedMatrix(section)


def _centroids(points: Floats, seed: int) -> Floats:
    """256 centroids of points (n, d) by Lloyd's algorithm; an empty one moves to a random point."""
    rng = np.random.default_rng(seed)
    distinct = len(points) >= store.PQ_CENTROIDS
    if len(points) == 0:
        return np.zeros((store.PQ_CENTROIDS, points.shape[1]), np.float32)
    first = rng.choice(len(points), store.PQ_CENTROIDS, replace=not distinct)
    book = points[first].astype(np.float32)
    nearest = np.empty(len(points), np.uint8)
    for _ in range(_PQ_ROUNDS):
        codec.pq_assign(points, np.ascontiguousarray(book.T), (book**2).sum(1) / 2, nearest)
        counts = np.bincount(nearest, minlength=store.PQ_CENTROIDS)
        for j in range(points.shape[1]):
            sums = np.bincount(nearest, points[:, j], minlength=store.PQ_CENTROIDS)
            book[:, j] = sums / np.maximum(counts, 1)
        empty = np.flatnonzero(counts == 0)
        book[empty] = points[rng.choice(len(points), len(empty))]
    return book


# Searching.
