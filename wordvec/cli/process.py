"""What a command owes the process it runs in: standard streams that may be closed, full or gone,
signals that ask it to end, and limits of the system (ulimit)."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO

from wordvec.errors import Terminated

OUTPUT = "standard output"

# Measured with the wheels of numpy 2.4 and scipy 1.17 on x86-64: all of a command, with each
# thread's stack and heap, takes less address space than COMFORT and THREAD per processor; loading a
# module takes less than so many bytes. scipy has an OpenBLAS of its own, which two of its packages
# load. With too little space it tries again for ever, and no signal that Python handles ends it
# (`import scipy.special` at 125 to 155 MB).
ROOM = {"numpy": 76 << 20, "scipy.linalg": 64 << 20, "scipy.special": 64 << 20}
COMFORT = 1 << 30
THREAD = 160 << 20
FEW_PROCESSES = 1024
_M_ARENA_MAX = -8  # of glibc's mallopt


class _Stream(io.RawIOBase):
    """A standard stream.

    Parameters
    ----------
    number : int
        The file descriptor.
    name : str
        For errors.
    closed_at_start : bool
        Whoever started this process closed it; the descriptor is a stand-in.
    silent : bool
        Writing never fails: what cannot be written is dropped.
    """

    def __init__(self, number: int, name: str, *, closed_at_start: bool, silent: bool) -> None:
        self._number, self._label = number, name
        self._gone, self._silent = closed_at_start, silent

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return not self._gone and os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            if self._gone:
                raise OSError(errno.EBADF, "it is closed, so the results cannot be printed")
            return os.write(self._number, data)
        except OSError as error:
            if not self._silent:
                error.filename = self._label
                raise
        return len(memoryview(data).cast("B"))


def prepare_streams() -> None:
    """Makes standard streams safe to use.

    A closed one is opened to the null device, so that no file of ours gets its number. Messages
    that cannot be written are dropped: a run does not end because its terminal or pager did.
    Results that cannot be written are an error that names standard output.
    """
    closed = set()
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
            closed.add(number)
    # Streams that somebody else has put in place, such as a test, are left alone.
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        sys.stdout = _text(sys.stdout, 1, OUTPUT, closed=1 in closed, silent=False)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = _text(sys.stderr, 2, "standard error", closed=2 in closed, silent=True)


def _text(old: TextIO | None, number: int, name: str, *, closed: bool, silent: bool) -> TextIO:
    raw = _Stream(number, name, closed_at_start=closed or old is None, silent=silent)
    if old is not None:
        with contextlib.suppress(OSError):
            old.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=(old.encoding if old is not None else "utf-8"),
        # Words and paths that are not UTF-8 are printed as the bytes that they are.
        errors="backslashreplace" if silent else "surrogateescape",
        line_buffering=silent or raw.isatty(),
    )


def respect_limits() -> None:
    """Makes do with little address space (ulimit -v) and few processes (ulimit -u).

    OpenBLAS starts its threads when numpy is loaded. Where the system refuses one, it interrupts
    the whole process (SIGINT), so it is asked for a single thread, which it reads from the
    environment. The C library is asked for one heap: each further one reserves 64 MB.

    Where numpy or scipy could not be loaded, importing it raises OSError.
    """
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    processors = os.cpu_count() or 1
    scarce = space != resource.RLIM_INFINITY and space < COMFORT + processors * THREAD
    if scarce:
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    if scarce or not _may_start(2 * processors):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if scarce:
        sys.meta_path.insert(0, _Room())


class _Room:
    """Finds nothing; asks for the address space that a library needs before it loads its BLAS."""

    def __init__(self) -> None:
        self.loaded = {_library(name) for name in ROOM if name in sys.modules}

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname in ROOM and _library(fullname) not in self.loaded:
            _ask_for(ROOM[fullname], _library(fullname))
            self.loaded.add(_library(fullname))


def _library(module: str) -> str:
    return module.partition(".")[0]


def _ask_for(room: int, name: str) -> None:
    """Raises OSError where a library has too little address space to be loaded."""
    import mmap

    try:
        mmap.mmap(-1, room).close()
    except OSError as error:
        space = resource.getrlimit(resource.RLIMIT_AS)[0]
        message = f"are too little address space to load {name}: raise the limit (ulimit -v)"
        raise OSError(errno.ENOMEM, f"{space >> 20:,} MB {message}") from error


def _may_start(threads: int) -> bool:
    """Whether the system starts so many threads at once."""
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit == resource.RLIM_INFINITY or limit > FEW_PROCESSES:
        return True
    ended = threading.Event()
    started = []
    try:
        for _ in range(threads):
            thread = threading.Thread(target=ended.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        ended.set()
        for thread in started:
            thread.join()
    return True


def abandon_output() -> None:
    """Drops what is still to be printed: nobody reads it, and Python would complain at exit."""
    if isinstance(getattr(getattr(sys.stdout, "buffer", None), "raw", None), _Stream):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the end)


@contextlib.contextmanager
def ending_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise `Terminated`, so that temporary files are removed; those
    that are ignored stay ignored (nohup)."""
    before = {}

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
