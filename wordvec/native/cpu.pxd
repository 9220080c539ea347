cdef extern from "wv_cpu.h" nogil:
    ctypedef enum wv_isa:
        WV_ISA_SCALAR
        WV_ISA_NEON
        WV_ISA_AVX2
        WV_ISA_AVX512
        WV_ISA_AVX512_BF16

# The ISA that kernels use unless a test asks for another; set once, at import.
cdef wv_isa active
cdef wv_isa parse(object name) except *
