from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t

from wordvec.native.common cimport WV_OK, wv_status

cdef extern from "wv_tile.h" nogil:
    ctypedef struct wv_tile:
        uint32_t *row_ptr
        uint16_t *cols
        float *values
        int32_t rows
    wv_status wv_tile_check(const wv_tile *, int64_t, int32_t) noexcept


cdef inline int64_t point_at(wv_tile *tile, object row_ptr_, object cols_,
                             object values_) except -1:
    """Points a tile at its arrays, unchecked but for their lengths; returns the number of cells.
    Whoever calls keeps the arrays alive."""
    cdef const uint32_t[::1] row_ptr = row_ptr_
    cdef const uint16_t[::1] cols = cols_
    cdef const float[::1] values = values_
    if row_ptr.shape[0] < 1 or row_ptr.shape[0] > 65537:
        raise ValueError("a tile has at most 65,536 rows, and one row pointer more")
    if cols.shape[0] != values.shape[0]:
        raise ValueError("a tile's arrays do not agree")
    tile.rows = <int32_t>(row_ptr.shape[0] - 1)
    tile.row_ptr = <uint32_t *>&row_ptr[0]
    tile.cols = <uint16_t *>&cols[0] if cols.shape[0] else NULL
    tile.values = <float *>&values[0] if cols.shape[0] else NULL
    return cols.shape[0]


cdef inline int64_t bind_tile(wv_tile *tile, object row_ptr, object cols, object values,
                              int64_t rows, int64_t columns) except -1:
    """The same for a tile of so many rows and columns (`rows` < 0: as many as there are), whose row
    pointers and columns are checked."""
    cdef int64_t nnz = point_at(tile, row_ptr, cols, values)
    cdef wv_status status
    if rows >= 0 and tile.rows != rows:
        raise ValueError(f"a tile of {rows} rows has {tile.rows + 1} row pointers")
    if tile.row_ptr[0] != 0 or tile.row_ptr[tile.rows] != <uint64_t>nnz:
        raise ValueError("a tile's arrays do not agree")
    with nogil:
        status = wv_tile_check(tile, nnz, <int32_t>columns)
    if status != WV_OK:
        raise ValueError("a tile's rows do not rise, or it has a column beyond its "
                         f"{columns} words")
    return nnz
