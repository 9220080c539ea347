"""Matrices of a store in the encodings that a file can hold, and the nearest of their rows."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordvec.native.vectors import codec, topk, vec
from wordvec.parallel import over_range, threads
from wordvec.vectors import file as store

Floats: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
T = TypeVar("T")

_SMALL = 1 << 20  # numbers below which threads cost more than they bring
# A block of scores of a batch. Smaller products are slower: 512 x 2,048 took 1.6 times as long as
# 512 x 8,192, 256 x 4,096 twice as long; larger ones only take memory.
_ROWS, _QUERIES = 8192, 512
_DECODED = 512  # rows decoded at once for scoring: they stay in the second cache


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

    def row(self, i: int) -> NDArray[Any]:
        """Row i; not to be written to where it is a view."""
        return self._array[i]  # type: ignore[no-any-return]

    def take(self, ids: Ids) -> NDArray[Any]:
        """The rows of these ids, which the caller has checked."""
        return self._array.take(ids, axis=0)

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
            for a, b in _blocks(start, stop, _DECODED):
                vec.norms(np.asarray(self.block(a, b), np.float32), out[a:b])

        _over_rows(rows_between, self, 0, self.rows)
        return out

    spare = 0  # rows beyond k that a search must offer, because its scores are not the final ones

    def offer(
        self, top: topk.Top, query: Floats, scale: Floats | None, start: int, stop: int
    ) -> None:
        """Offers the rows start .. stop, scored against the query, to `top`."""
        whole = self.dtype == store.F32
        for a, b in [(start, stop)] if whole else _blocks(start, stop, _DECODED):
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

    def row(self, i: int) -> Floats:
        out: Floats = np.empty((1, self.cols), np.float32)
        self.codec.rows(i, out)
        return out.reshape(-1)

    def take(self, ids: Ids) -> Floats:
        out = np.empty((len(ids), self.cols), np.float32)
        self.codec.take(ids, out)
        return out

    def select(self, ids: Ids) -> Matrix:
        codes = self._codes.reshape(self.rows, -1)[ids].reshape(-1)
        side = self._side[ids] if self.dtype == store.I8 else self._side
        parts = [
            codes,
            _padding(len(codes)) if len(side) else codes[:0],
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
        _over_rows(lambda a, b: self.codec.rows(a, out[a:b]), self, 0, self.rows)
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
        scratch = np.empty((min(_DECODED, stop - start), self.cols), np.float32)
        for a, b in _blocks(start, stop, _DECODED):
            rows = scratch[: b - a]
            self.codec.rows(a, rows)
            top.offer_rows(rows, None if scale is None else scale[a:b], query, a)

    @property
    def spare(self) -> int:  # type: ignore[override]
        """The integers of int8 search round the query to 15 bits: neighbours may swap."""
        return 16 if self.dtype == store.I8 else 0


class Coarse:
    """The directions of a matrix's rows in int8, and how far they are off at most."""

    def __init__(self, section: store.Section) -> None:
        self.section = section
        self.matrix = EncodedMatrix(section)
        (radius,) = struct.unpack("<f", (section.params & 0xFFFFFFFF).to_bytes(4, "little"))
        self._radius = radius if radius >= 0 else np.inf

    @classmethod
    def of(cls, matrix: Matrix, inverse_norms: Floats) -> Coarse:
        """The copy of a matrix; inverse_norms (rows,) are 0 for rows of zeros."""
        made = encode(Matrix(_scaled(matrix, inverse_norms)), store.I8)
        radius = 0.0
        for a, b in _blocks(0, matrix.rows):
            rows = np.asarray(matrix.block(a, b), np.float32) * inverse_norms[a:b, None]
            off = np.linalg.norm(rows - made.block(a, b), axis=1)
            radius = max(radius, float(off.max(initial=0)))
        each = made.section(store.COARSE)
        # Rounded up, so that the bound holds.
        packed = struct.pack("<f", np.nextafter(np.float32(radius * 1.0001), np.float32(np.inf)))
        return cls(replace(each, params=int.from_bytes(packed, "little")))

    def error(self, query: Floats) -> float:
        """More than any score of this copy differs from the exact one: the rows' error and that of
        the rounded query, by Cauchy and Schwarz, and the rounding of float32."""
        _, unit = quantised_query(query)
        size = float(np.linalg.norm(query))
        rounded = unit / 2 * np.sqrt(len(query)) * (1 + self._radius)
        return size * (self._radius + len(query) * 2.0**-22) + float(rounded)


class Sketch:
    """The signs of a matrix's rows, a bit a number: a thirtieth of float32, for a first look.

    A row's sketch is its signs s and the factor |x|^2 / |x|_1, with which factor * (s q) is an
    estimate of x q that is exact for q = x (the one-bit code of Gao & Long 2024, "RaBitQ", without
    their rotation: it changed nothing that was measured).
    """

    def __init__(self, section: store.Section) -> None:
        self.section = section
        self.rows, self.cols = section.rows, section.cols
        buffer = section.data[0] if len(section.data) == 1 else np.concatenate(section.data)
        size = topk.sketch_bytes(self.rows, -(-self.cols // 4))
        self._codes, self._factors = buffer[:size], buffer[size:].view("<f4")

    @classmethod
    def of(cls, matrix: Matrix, inverse_norms: Floats) -> Sketch:
        """The sketch of a matrix's directions; inverse_norms (rows,) are 0 for rows of zeros."""
        groups = -(-matrix.cols // 4)
        codes = np.zeros(topk.sketch_bytes(matrix.rows, groups), np.uint8)
        factors = np.empty(matrix.rows, np.float32)

        def rows_between(start: int, stop: int) -> None:
            for a, b in _blocks(
                start * store.BITS_BLOCK, min(stop * store.BITS_BLOCK, matrix.rows)
            ):
                scale = inverse_norms[a:b, None]
                rows = np.ascontiguousarray(matrix.block(a, b) * scale, np.float32)
                at = topk.sketch_bytes(a, groups)
                size = topk.sketch_bytes(b - a, groups)
                topk.sketch_pack(rows, codes[at : at + size], factors[a:b])

        _over_rows(rows_between, matrix, 0, -(-matrix.rows // store.BITS_BLOCK))
        data = [codes, factors.view(np.uint8)]
        return cls(
            store.Section(
                store.SKETCH, matrix.rows, matrix.cols, store.BITS, data, flags=store.IGNORABLE
            )
        )

    def candidates(self, query: Floats, k: int, start: int, stop: int) -> Ids:
        """Ids of the k rows in start .. stop whose estimates are largest."""
        lut = np.empty((-(-self.cols // 4), 16), np.uint8)
        slope, offset = topk.sketch_query(query, lut)

        def rows_between(a: int, b: int) -> tuple[Ids, Floats]:
            top = topk.Top(k)
            top.offer_sketch(self._codes, self._factors, lut, slope, offset, a, b)
            return top.best(sort=False)

        parts = over_range(
            rows_between, start, stop, 1 if stop - start < _SMALL // 8 else threads()
        )
        ids, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
        if len(ids) > k:
            ids = ids[np.argpartition(-scores, k)[:k]]
        # By place, so that rows are read in the order in which they lie.
        ids.sort()
        return ids


def _scaled(matrix: Matrix, scale: Floats) -> Floats:
    out = np.empty((matrix.rows, matrix.cols), np.float32)
    for a, b in _blocks(0, matrix.rows):
        np.multiply(matrix.block(a, b), scale[a:b, None], out=out[a:b], casting="same_kind")
    return out


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
        for a, b in _blocks(start, stop):
            target.put(a, np.asarray(matrix.block(a, b), np.float32))

    _over_rows(rows_between, matrix, 0, matrix.rows)
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


def _padding(size: int) -> NDArray[np.uint8]:
    return np.zeros(store.align(size) - size, np.uint8)


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
        for a, b in _blocks(start, stop, _DECODED):
            rows = np.asarray(matrix.block(a, b), np.float32)
            _finite(rows, "product quantisation")
            for p, (book, norms) in enumerate(columns):
                cut = rows[:, p * width : (p + 1) * width]
                codec.pq_assign(cut, book, norms, codes[a:b, p])

    _over_rows(rows_between, matrix, 0, matrix.rows)
    data = [codes.reshape(-1), _padding(codes.size), books.reshape(-1).view(np.uint8)]
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


def _blocks(start: int, stop: int, size: int = _ROWS) -> Iterator[tuple[int, int]]:
    for a in range(start, stop, size):
        yield a, min(a + size, stop)


def _over_rows(work: Callable[[int, int], T], matrix: Matrix, start: int, stop: int) -> list[T]:
    small = (stop - start) * matrix.cols < _SMALL
    return over_range(work, start, stop, 1 if small else threads())


def largest(
    matrix: Matrix,
    query: Floats,
    k: int,
    scale: Floats | None,
    start: int,
    stop: int,
    *,
    coarse: Coarse | None = None,
    sketch: Sketch | None = None,
) -> tuple[Ids, Floats]:
    """Ids and scores of the k rows in start .. stop whose dot product with the query, times the
    row's scale, is largest; best first, ties by id. Fewer than k when scores are not finite.

    coarse : Coarse, optional
        int8 copy that is searched instead, for candidates that are scored exactly; where a row
        beyond the candidates can be as near as the k-th found, all rows are searched.
    sketch : Sketch, optional
        One-bit copy that is searched instead of either, for candidates that are scored exactly: now
        and then one is missed.
    """
    k = max(0, min(k, stop - start))
    if sketch is not None and (wanted := _sketched(k)) < stop - start:
        return _best(matrix, sketch.candidates(query, wanted, start, stop), query, k, scale)
    if coarse is not None:
        spare = 31 * k + 512
        ids, scores, worst = _search(matrix, coarse.matrix, query, k, spare, scale, start, stop)
        if k + spare >= stop - start:
            return ids, scores
        if len(scores) == k and k and worst + coarse.error(query) < scores[-1]:
            return ids, scores
    ids, scores, _ = _search(matrix, matrix, query, k, matrix.spare, scale, start, stop)
    return ids, scores


def _search(
    matrix: Matrix,
    searched: Matrix,
    query: Floats,
    k: int,
    spare: int,
    scale: Floats | None,
    start: int,
    stop: int,
) -> tuple[Ids, Floats, float]:
    """Ids and exact scores of the best k of the k + spare rows of `searched` (matrix, or its copy
    with norm 1) that score highest there, and the lowest score there of those."""
    wanted = min(k + spare, stop - start)
    factors = scale if searched is matrix else None

    def rows_between(a: int, b: int) -> tuple[Ids, Floats]:
        top = topk.Top(wanted)
        searched.offer(top, query, factors, a, b)
        return top.best()

    parts = _over_rows(rows_between, searched, start, stop)
    ids, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
    if len(parts) > 1:
        best = np.lexsort((ids, -scores))[:wanted]
        ids, scores = ids[best], scores[best]
    worst = float(scores[-1]) if len(scores) else -np.inf
    if spare and k:
        ids, scores = _best(matrix, ids, query, k, scale)
    return ids[:k], scores[:k], worst


def _best(
    matrix: Matrix, ids: Ids, query: Floats, k: int, scale: Floats | None
) -> tuple[Ids, Floats]:
    """The best k of some rows, scored exactly."""
    scores = np.empty(len(ids), np.float32)
    topk.scores(np.asarray(matrix.take(ids), np.float32), query, scores)
    if scale is not None:
        scores *= scale[ids]
    finite = np.isfinite(scores)
    ids, scores = ids[finite], scores[finite]
    best = np.lexsort((ids, -scores))[:k]
    return ids[best], scores[best]


def _sketched(k: int) -> int:
    """Candidates that a sketch is asked for: 2,000 had all of the ten nearest among 68,000 x 100 of
    skip-gram."""
    return 2048 + 64 * k


def largest_of_many(
    matrix: Matrix, queries: Floats, k: int, scale: Floats | None, start: int, stop: int
) -> tuple[Ids, Floats]:
    """The same for queries (n, d) at once: ids and scores (n, k), -1 and NaN where there are fewer.

    The products are one matrix product per block, so the speed is that of the BLAS.
    """
    k = max(0, min(k, stop - start))
    ids = np.full((len(queries), k), -1, np.int64)
    scores = np.full((len(queries), k), np.nan, np.float32)
    buffer = np.empty(min(_QUERIES, len(queries)) * min(_ROWS, stop - start), np.float32)
    for q, r in _blocks(0, len(queries), _QUERIES):
        tops = [topk.Top(k) for _ in range(q, r)]
        for a, b in _blocks(start, stop):
            products = buffer[: (r - q) * (b - a)].reshape(r - q, b - a)
            np.matmul(queries[q:r], np.asarray(matrix.block(a, b), np.float32).T, out=products)
            factors = None if scale is None else scale[a:b]
            for top, row in zip(tops, products, strict=True):
                top.offer(row, factors, a)
        for i, top in enumerate(tops, q):
            best, of = top.best()
            ids[i, : len(best)], scores[i, : len(best)] = best, of
    return ids, scores


def scores_of_all(matrix: Matrix, query: Floats, scale: Floats | None) -> Floats:
    """The dot product of each row with the query, times the row's scale: (rows,)."""
    out = np.empty(matrix.rows, np.float32)

    def rows_between(start: int, stop: int) -> None:
        for a, b in _blocks(start, stop, _DECODED):
            topk.scores(np.asarray(matrix.block(a, b), np.float32), query, out[a:b])

    _over_rows(rows_between, matrix, 0, matrix.rows)
    if scale is not None:
        out *= scale
    return out
