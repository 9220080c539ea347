"""Notes of the library on standard error while a command runs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from wordvec.cli.program import say


class _Notes(logging.Handler):
    """Notes of the library go to standard error, one line for each note."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"note: {record.getMessage()}")


@contextlib.contextmanager
def shown_notes() -> Iterator[None]:
    """Notes are shown for so long."""
    log, notes = logging.getLogger("wordvec"), _Notes()
    log.addHandler(notes)
    try:
        yield
    finally:
        log.removeHandler(notes)
