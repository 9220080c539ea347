"""Threads: pools over native calls that release the GIL."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

State = TypeVar("State")
Task = TypeVar("Task")
Result = TypeVar("Result")

_pool: ThreadPoolExecutor | None = None
_making = threading.Lock()
_of_pool = threading.local()  # .working: this thread is one of the pool of look-ups


def _forget_pool() -> None:
    global _pool, _making
    _pool = None
    _making = threading.Lock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    # A forked child has the executor but not its threads, and would wait for them forever.
    os.register_at_fork(after_in_child=_forget_pool)


def default_threads() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered_map(
    function: Callable[[State, Task], Result],
    tasks: Iterable[Task],
    states: Sequence[State],
    pool: ThreadPoolExecutor | None = None,
) -> Iterator[Result]:
    """function(state, task) of every task, in the order of the tasks.

    There is one thread per state, and a state serves one task at a time. At most two tasks per
    thread are under way, so neither tasks nor results pile up. An exception, an interrupt included,
    cancels the tasks that have not started and waits for those that have.

    Parameters
    ----------
    pool
        Threads to use, as many as there are states; by default they are started here.
    """
    idle: queue.SimpleQueue[State] = queue.SimpleQueue()
    for state in states:
        idle.put(state)

    def call(task: Task) -> Result:
        state = idle.get()
        try:
            return function(state, task)
        finally:
            idle.put(state)

    remaining = iter(tasks)
    if len(states) == 1:
        yield from map(call, remaining)
        return
    if pool is None:
        with ThreadPoolExecutor(len(states), "wordvec") as own:
            yield from _in_order(own, call, remaining, 2 * len(states))
    else:
        yield from _in_order(pool, call, remaining, 2 * len(states))


def _in_order(
    pool: ThreadPoolExecutor, call: Callable[[Task], Result], tasks: Iterator[Task], most: int
) -> Iterator[Result]:
    """The results of a pool's calls, at most `most` of them under way."""
    waiting: deque[Future[Result]] = deque()
    try:
        while True:
            for task in itertools.islice(tasks, most - len(waiting)):
                waiting.append(pool.submit(call, task))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        wait(waiting)


def threads() -> int:
    """Processors that this process may use; WORDVEC_THREADS makes it fewer or more."""
    wanted = os.environ.get("WORDVEC_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return default_threads()


def over_range(
    work: Callable[[int, int], Result], start: int, stop: int, parts: int
) -> list[Result]:
    """The results, in order, of work(a, b) over `parts` parts of start .. stop, one per thread.

    Work that is itself a part of such work is done by its own thread: if all threads waited for
    parts of theirs, none would be left to do them.
    """
    if parts <= 1 or getattr(_of_pool, "working", False):
        return [work(start, stop)]
    edges = [start + (stop - start) * i // parts for i in range(parts + 1)]
    return list(_shared_pool().map(work, edges[:-1], edges[1:]))


def _shared_pool() -> ThreadPoolExecutor:
    """The pool of look-ups, started at the first use: one, whichever threads come first."""
    global _pool
    with _making:
        if _pool is None:
            _pool = ThreadPoolExecutor(threads(), "wordvec", initializer=_begin)
        return _pool


def _begin() -> None:
    _of_pool.working = True
