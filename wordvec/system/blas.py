"""Keeping OpenBLAS to one thread where small matrices are many or our own threads run.

Measured: a Gram matrix of 3,500 x 100 takes 2 ms on one thread and up to 120 ms of spinning when
two threads of OpenBLAS share two busy processors.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

_NAMES = (
    "scipy_openblas_{}_num_threads64_",  # NumPy's wheels
    "scipy_openblas_{}_num_threads",  # SciPy's wheels
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)


@contextlib.contextmanager
def single_threaded() -> Iterator[None]:
    """One BLAS thread inside the block, for the whole process; what was set before afterwards.

    Does nothing where the library is not an OpenBLAS that can be found (other systems than Linux).
    """
    controls = _controls()
    before = [get() for get, _ in controls]
    for _, limit in controls:
        limit(1)
    try:
        yield
    finally:
        for (_, limit), threads in zip(controls, before, strict=True):
            limit(threads)


@cache
def _controls() -> list[tuple[Callable[[], int], Callable[[int], None]]]:
    """(get, set) of every OpenBLAS that this process has loaded."""
    importlib.import_module("numpy.linalg")  # loads the library that is looked for
    try:
        # Files of any name may be mapped, so this is not text.
        maps = Path("/proc/self/maps").read_bytes()
    except OSError:
        return []
    lines = [line for line in maps.split(b"\n") if b"openblas" in line]
    paths = {os.fsdecode(line.split(None, 5)[-1]) for line in lines}
    controls = []
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        for name in _NAMES:
            if hasattr(library, name.format("set")):
                get, limit = (getattr(library, name.format(verb)) for verb in ("get", "set"))
                get.restype, limit.argtypes, limit.restype = ctypes.c_int, [ctypes.c_int], None
                controls.append((get, limit))
                break
    return controls
