"""The nearest rows of a matrix: smaller copies that name candidates, and exact searches."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from wordvec.native.vectors import topk
from wordvec.system.parallel import over_range, threads
from wordvec.vectors import file as store
from wordvec.vectors.matrix.encode import encode
from wordvec.vectors.matrix.rows import (
    DECODED,
    QUERIES,
    ROWS,
    SMALL,
    EncodedMatrix,
    Floats,
    Ids,
    Matrix,
    blocks,
    over_rows,
    quantised_query,
)


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
        for a, b in blocks(0, matrix.rows):
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
            for a, b in blocks(start * store.BITS_BLOCK, min(stop * store.BITS_BLOCK, matrix.rows)):
                scale = inverse_norms[a:b, None]
                rows = np.ascontiguousarray(matrix.block(a, b) * scale, np.float32)
                at = topk.sketch_bytes(a, groups)
                size = topk.sketch_bytes(b - a, groups)
                topk.sketch_pack(rows, codes[at : at + size], factors[a:b])

        over_rows(rows_between, matrix, 0, -(-matrix.rows // store.BITS_BLOCK))
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

        parts = over_range(rows_between, start, stop, 1 if stop - start < SMALL // 8 else threads())
        ids, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
        if len(ids) > k:
            ids = ids[np.argpartition(-scores, k)[:k]]
        # By place, so that rows are read in the order in which they lie.
        ids.sort()
        return ids


def _scaled(matrix: Matrix, scale: Floats) -> Floats:
    out = np.empty((matrix.rows, matrix.cols), np.float32)
    for a, b in blocks(0, matrix.rows):
        np.multiply(matrix.block(a, b), scale[a:b, None], out=out[a:b], casting="same_kind")
    return out


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

    parts = over_rows(rows_between, searched, start, stop)
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
    buffer = np.empty(min(QUERIES, len(queries)) * min(ROWS, stop - start), np.float32)
    for q, r in blocks(0, len(queries), QUERIES):
        tops = [topk.Top(k) for _ in range(q, r)]
        for a, b in blocks(start, stop):
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
        for a, b in blocks(start, stop, DECODED):
            topk.scores(np.asarray(matrix.block(a, b), np.float32), query, out[a:b])

    over_rows(rows_between, matrix, 0, matrix.rows)
    if scale is not None:
        out *= scale
    return out
