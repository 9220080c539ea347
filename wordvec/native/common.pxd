cdef extern from "wv_common.h" nogil:
    ctypedef enum wv_status:
        WV_OK
        WV_ERR_MEMORY
        WV_ERR_RANGE
        WV_ERR_FORMAT
        WV_ERR_NONFINITE
        WV_ERR_FULL
    Py_ssize_t wv_row_stride(Py_ssize_t) noexcept
