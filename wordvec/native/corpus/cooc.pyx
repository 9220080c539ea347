# cython: language_level=3, binding=True, boundscheck=False, wraparound=False
"""Co-occurrence counts: index, count, merge, tiles."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from wordvec.native.common cimport WV_ERR_RANGE, WV_OK, wv_status
from wordvec.native.models.tile cimport point_at, wv_tile

cdef extern from "wv_cooc.h" nogil:
    ctypedef struct wv_cooc_row:
        pass
    ctypedef struct wv_cooc_window:
        int32_t window
        const uint64_t *weight
        int32_t left, right, upper
    ctypedef struct wv_cooc_text:
        const int32_t *ids
        const int64_t *starts
        const uint32_t *positions
        int64_t n, begin
    ctypedef struct wv_cooc_out:
        uint32_t *nnz
        uint32_t *cols
        uint64_t *units
        int64_t capacity, used
        int32_t row
    ctypedef struct wv_cooc_tile:
        wv_tile cells
        uint32_t *fix_at
        int32_t *fix_by
        int64_t nnz, fixes, room, fix_room
    wv_cooc_row *wv_cooc_row_new(int32_t) noexcept
    void wv_cooc_row_free(wv_cooc_row *) noexcept
    wv_status wv_cooc_index(const int32_t *, int64_t, int32_t, int64_t *, uint32_t *) noexcept
    void wv_cooc_count(const wv_cooc_text *, int32_t, const wv_cooc_window *, wv_cooc_row *,
                       int32_t, int32_t, int32_t, wv_cooc_out *) noexcept
    wv_status wv_cooc_merge(int32_t, const uint32_t **, const uint32_t **, const uint64_t **,
                            int64_t *, wv_cooc_row *, int32_t, wv_cooc_out *) noexcept
    wv_status wv_cooc_tile_sizes(const uint32_t *, const uint32_t *, const uint64_t *, int32_t,
                                 int32_t, double, wv_cooc_tile *) noexcept
    wv_status wv_cooc_tile_fill(const uint32_t *, const uint32_t *, const uint64_t *, int32_t,
                                int32_t, int32_t, int32_t, double, int, wv_cooc_tile *, uint64_t *,
                                uint64_t *) noexcept
    wv_status wv_cooc_tile_check(const wv_cooc_tile *, int32_t) noexcept


def index(const int32_t[::1] ids, int64_t[::1] starts, uint32_t[::1] positions):
    cdef Py_ssize_t V = starts.shape[0] - 1
    if V < 1 or V > 2147483646:
        raise ValueError(f"starts must have V + 1 entries, got {starts.shape[0]}")
    if ids.shape[0] >= 1 << 32:
        raise ValueError(f"a block has less than 2^32 ids, got {ids.shape[0]}")
    if positions.shape[0] < ids.shape[0]:
        raise ValueError("positions must have an entry an id")
    if ids.shape[0] == 0:
        starts[:] = 0
        return
    cdef wv_status status
    with nogil:
        status = wv_cooc_index(&ids[0], ids.shape[0], <int32_t>V, &starts[0], &positions[0])
    if status != WV_OK:
        raise ValueError("an id is out of range")


cdef class Row:
    """A thread's accumulator, and the buffers that its rows are written to."""
    cdef wv_cooc_row *row
    cdef int32_t columns

    def __cinit__(self, int32_t columns):
        if columns < 1 or columns > 2147483646:
            raise ValueError(f"columns must be >= 1, got {columns}")
        self.columns = columns
        self.row = wv_cooc_row_new(columns)
        if self.row is NULL:
            raise MemoryError("a row of counts")

    def __dealloc__(self):
        wv_cooc_row_free(self.row)

    cdef wv_cooc_out out(self, uint32_t[::1] nnz, uint32_t[::1] cols, uint64_t[::1] units,
                         int32_t at) except *:
        cdef wv_cooc_out out
        if cols.shape[0] < self.columns or cols.shape[0] != units.shape[0]:
            raise ValueError(f"cols and units must both have room for {self.columns} cells")
        if not 0 <= at <= nnz.shape[0]:
            raise ValueError(f"row {at} of {nnz.shape[0]}")
        out.nnz = &nnz[0]
        out.cols = &cols[0]
        out.units = &units[0]
        out.capacity = cols.shape[0]
        out.used = 0
        out.row = at
        return out

    def count(self, list texts, const uint64_t[::1] weight, bint left, bint right, bint upper,
              int32_t first, int32_t step, uint32_t[::1] nnz, uint32_t[::1] cols,
              uint64_t[::1] units, int32_t at):
        cdef wv_cooc_window window
        cdef int32_t n_rows = <int32_t>nnz.shape[0]
        cdef int32_t n_texts = 0
        cdef const int32_t[::1] ids
        cdef const int64_t[::1] starts
        cdef const uint32_t[::1] positions
        cdef int64_t begin
        if n_rows == 0:
            return 0, 0
        if weight.shape[0] < 2:
            raise ValueError("weight must have window + 1 entries")
        if first < 0 or step < 1 or first + (<int64_t>n_rows - 1) * step >= self.columns:
            raise ValueError("rows are out of range")
        window.window = <int32_t>(weight.shape[0] - 1)
        window.weight = &weight[0]
        window.left = left
        window.right = right
        window.upper = upper
        cdef wv_cooc_out out = self.out(nnz, cols, units, at)
        cdef wv_cooc_text *native = <wv_cooc_text *>calloc(<size_t>len(texts) + 1,
                                                           sizeof(wv_cooc_text))
        if native is NULL:
            raise MemoryError("texts")
        try:
            for ids, begin, starts, positions in texts:
                if ids.shape[0] == 0:
                    continue
                if starts.shape[0] != self.columns + 1:
                    raise ValueError("starts and positions must come from index")
                if positions.shape[0] < starts[self.columns]:
                    raise ValueError("starts and positions must come from index")
                native[n_texts].ids = &ids[0]
                native[n_texts].starts = &starts[0]
                native[n_texts].positions = &positions[0] if positions.shape[0] else NULL
                native[n_texts].n = ids.shape[0]
                native[n_texts].begin = begin
                n_texts += 1
            if n_texts == 0:
                nnz[:] = 0
                return n_rows, 0
            with nogil:
                wv_cooc_count(native, n_texts, &window, self.row, first, step, n_rows, &out)
        finally:
            free(native)
        return out.row, out.used

    def merge(self, list runs, int64_t[::1] cursor, uint32_t[::1] nnz, uint32_t[::1] cols,
              uint64_t[::1] units, int32_t at):
        cdef Py_ssize_t i, n = len(runs)
        cdef int32_t n_rows = <int32_t>nnz.shape[0]
        cdef const uint32_t[::1] run_nnz, run_cols
        cdef const uint64_t[::1] run_units
        cdef int64_t total, r
        cdef wv_status status
        if n_rows == 0:
            return 0, 0
        cdef wv_cooc_out out = self.out(nnz, cols, units, at)
        cdef void **pointers = <void **>calloc(<size_t>(3 * n + 1), sizeof(void *))
        if pointers is NULL:
            raise MemoryError("a merge")
        try:
            if cursor.shape[0] != n:
                raise ValueError("cursor must have an entry a run")
            for i in range(n):
                run_nnz, run_cols, run_units = runs[i]
                total = 0
                if run_nnz.shape[0] != n_rows:
                    raise ValueError("runs must have the same rows")
                for r in range(n_rows):
                    total += run_nnz[r]
                if total != run_cols.shape[0] or total != run_units.shape[0]:
                    raise ValueError("a run's cells do not agree with its rows")
                if cursor[i] < 0 or cursor[i] > total:
                    raise ValueError("a cursor is out of range")
                pointers[i] = <void *>&run_nnz[0]
                pointers[n + i] = <void *>&run_cols[0] if total else NULL
                pointers[2 * n + i] = <void *>&run_units[0] if total else NULL
            with nogil:
                status = wv_cooc_merge(<int32_t>n, <const uint32_t **>pointers,
                                       <const uint32_t **>(pointers + n),
                                       <const uint64_t **>(pointers + 2 * n),
                                       &cursor[0] if n else NULL, self.row, n_rows, &out)
        finally:
            free(pointers)
        if status != WV_OK:
            raise ValueError("a run has a column that is out of range")
        return out.row, out.used


cdef int _check_cells(const uint32_t[::1] nnz, const uint32_t[::1] cols,
                      const uint64_t[::1] units) except -1:
    cdef int64_t total = 0
    cdef Py_ssize_t r
    for r in range(nnz.shape[0]):
        total += nnz[r]
    if total != cols.shape[0] or total != units.shape[0]:
        raise ValueError("cells do not agree with their rows")
    return 0


def tile_sizes(const uint32_t[::1] nnz, const uint32_t[::1] cols, const uint64_t[::1] units,
               double unit, int64_t[:, ::1] sizes):
    cdef int32_t k = <int32_t>sizes.shape[0]
    cdef int32_t j
    cdef wv_status status
    if k < 1 or sizes.shape[1] != 2:
        raise ValueError("sizes must be (k, 2)")
    _check_cells(nnz, cols, units)
    sizes[:, :] = 0
    if cols.shape[0] == 0:
        return
    cdef wv_cooc_tile *tiles = <wv_cooc_tile *>calloc(<size_t>k, sizeof(wv_cooc_tile))
    if tiles is NULL:
        raise MemoryError("tiles")
    with nogil:
        status = wv_cooc_tile_sizes(&nnz[0], &cols[0], &units[0], <int32_t>nnz.shape[0], k, unit,
                                    tiles)
    for j in range(k):
        sizes[j, 0] = tiles[j].nnz
        sizes[j, 1] = tiles[j].fixes
    free(tiles)
    if status != WV_OK:
        raise ValueError("a column is out of range")


cdef int _bind(wv_cooc_tile *tile, object parts, Py_ssize_t rows) except -1:
    """Points a tile at its arrays (row_ptr, cols, values, fix_at, fix_by)."""
    cdef const uint32_t[::1] fix_at = parts[3]
    cdef const int32_t[::1] fix_by = parts[4]
    tile.nnz = point_at(&tile.cells, parts[0], parts[1], parts[2])
    if tile.cells.rows != rows:
        raise ValueError("a tile's arrays do not agree")
    if fix_at.shape[0] != fix_by.shape[0]:
        raise ValueError("a tile's corrections do not agree")
    tile.fix_at = <uint32_t *>&fix_at[0] if fix_at.shape[0] else NULL
    tile.fix_by = <int32_t *>&fix_by[0] if fix_by.shape[0] else NULL
    tile.fixes = tile.fix_room = fix_at.shape[0]
    tile.room = tile.nnz
    return 0


def tile_fill(const uint32_t[::1] nnz, const uint32_t[::1] cols, const uint64_t[::1] units,
              int32_t first, double unit, bint symmetric, object tiles, uint64_t[::1] row_sums,
              uint64_t[::1] col_sums):
    cdef int32_t k = <int32_t>len(tiles)
    cdef int32_t j
    cdef Py_ssize_t rows = nnz.shape[0], V = col_sums.shape[0]
    cdef wv_status status = WV_OK
    _check_cells(nnz, cols, units)
    if k < 1 or not 0 <= first < k:
        raise ValueError("first must be a row tile")
    if rows and first + (rows - 1) * k >= row_sums.shape[0]:
        raise ValueError("row_sums has too few rows")
    if V > 2147483646 or V > 65536 * <int64_t>k:
        raise ValueError(f"{k} tiles have too few columns for {V} words")
    cdef wv_cooc_tile *native = <wv_cooc_tile *>calloc(<size_t>k, sizeof(wv_cooc_tile))
    if native is NULL:
        raise MemoryError("tiles")
    try:
        for j in range(k):
            _bind(&native[j], tiles[j], rows)
        with nogil:
            status = wv_cooc_tile_fill(
                &nnz[0] if rows else NULL, &cols[0] if cols.shape[0] else NULL,
                &units[0] if cols.shape[0] else NULL, first, <int32_t>rows, k, <int32_t>V, unit,
                symmetric, native, &row_sums[0] if row_sums.shape[0] else NULL,
                &col_sums[0] if V else NULL)
        if status == WV_ERR_RANGE:
            raise ValueError(f"a column is out of range: there are {V} words")
        for j in range(k):
            if status != WV_OK or (native[j].nnz != native[j].room
                                   or native[j].fixes != native[j].fix_room):
                raise ValueError("a tile's arrays do not have the sizes of tile_sizes")
    finally:
        free(native)


def tile_check(object parts, int32_t n_rows, int32_t n_cols):
    cdef wv_cooc_tile tile
    _bind(&tile, parts, n_rows)
    cdef wv_status status
    with nogil:
        status = wv_cooc_tile_check(&tile, n_cols)
    return status == WV_OK
