"""What a command owes the process it runs in: standard streams that may be closed, full or gone,
and signals that ask it to end."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO

from wordvec.errors import Terminated

OUTPUT = "standard output"


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
