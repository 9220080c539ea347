"""The memory of this process: what it holds, what it held at most, and giving back what is free."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    # Linux's getrusage counts what the parent held before exec; the kernel's own mark does not.
    try:
        with open("/proc/self/status", "rb") as status:
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def resident_memory() -> int:
    """The resident size of this process now, in bytes; its largest so far where the system does not
    tell it."""
    try:
        with open("/proc/self/statm", "rb") as sizes:
            return int(sizes.read().split()[1]) * resource.getpagesize()
    except OSError:
        return peak_memory()


def give_back() -> None:
    """Returns to the system what the C library keeps of freed memory: after a stage with several
    threads that is tens of megabytes. Elsewhere than on glibc it does nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
