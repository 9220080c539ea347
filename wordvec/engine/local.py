"""What an engine is, and the engine of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self


class Engine(Protocol):
    """Runs pure functions somewhere; what one gives may be an argument of the next.

    A function may be called twice, on other workers, so it changes neither its arguments nor
    anything else but files that appear whole. Arrays that arrive as arguments may be read-only.
    """

    def submit(
        self, function: Callable[..., Any], *args: Any, near: int | None = None, label: str = ""
    ) -> Any:
        """A handle of function(*args), which runs when the handles among `args` are there.

        Parameters
        ----------
        near : int, optional
            Calls with the same number rather run on the same worker.
        label : str
            What it does, for messages: "epoch 2, super-tile (1, 3)".
        """

    def gather(self, handles: Iterable[Any]) -> Iterator[Any]:
        """The results, in the order of the handles. Raises what a function raised."""

    def release(self, handles: Iterable[Any]) -> None:
        """Says that nobody will ask for these results again."""


class Local:
    """An engine of threads in this process.

    A context manager; leaving it waits for what runs.
    """

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads, "wordvec")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(
        self, function: Callable[..., Any], *args: Any, near: int | None = None, label: str = ""
    ) -> Future[Any]:
        def call() -> Any:
            # What is waited for was submitted before, so a thread has it or has had it.
            return function(*(a.result() if isinstance(a, Future) else a for a in args))

        return self._pool.submit(call)

    def gather(self, handles: Iterable[Any]) -> Iterator[Any]:
        for handle in handles:
            yield handle.result()

    def release(self, handles: Iterable[Any]) -> None:
        pass
