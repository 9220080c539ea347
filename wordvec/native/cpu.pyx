# cython: language_level=3, binding=True
"""Which instruction set the kernels use: the best that the machine has, or WORDVEC_ISA."""

import os

cdef extern from "wv_cpu.h" nogil:
    unsigned int wv_cpu_isas() noexcept

_NAMES = ("scalar", "neon", "avx2", "avx512", "avx512_bf16")
_FOUND = wv_cpu_isas()


def available():
    return tuple(name for i, name in enumerate(_NAMES) if (_FOUND >> i) & 1)


def isa():
    return _NAMES[<int>active]


def use(str name):
    global active
    active = parse(name)


cdef wv_isa parse(object name) except *:
    """The ISA of that name; None for the active one."""
    if name is None:
        return active
    if name not in available():
        raise ValueError(
            f"instruction set {name!r} is not one of this machine's: {', '.join(available())}"
        )
    return <wv_isa><int>_NAMES.index(name)


active = WV_ISA_SCALAR
active = parse(os.environ.get("WORDVEC_ISA") or available()[-1])
