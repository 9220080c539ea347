"""What tasks of all kinds share: their errors say what they did and where."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from wordvec.errors import WordvecError


@contextlib.contextmanager
def naming_task(label: str, kind: type[WordvecError]) -> Iterator[None]:
    """Turns an error into one of a kind, with the task that it is of and the worker that ran it."""
    try:
        yield
    except (WordvecError, OSError, ValueError, MemoryError, RuntimeError, TypeError) as error:
        text = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise kind(f"{label}, on {_here()}: {text}") from error


def _here() -> str:
    try:
        from distributed import get_worker

        return f"worker {get_worker().address}"
    except (ImportError, ValueError):
        return "this machine"


def pick(results: tuple[Any, ...], at: int) -> Any:
    """One of the results of a task."""
    return results[at]
