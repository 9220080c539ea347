"""The tasks of a plan as super-tiles, and what it takes to run them elsewhere: bytes and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wordvec.counts.schedule import rounds
from wordvec.training.blocks import Group, groups

NETWORK = 1.1e9  # bytes per second that a worker receives at 10 Gbit/s
COPY = 0.5e9  # bytes of blocks per second that a worker takes in and gives out again
TASK = 0.005  # seconds that Dask takes for a super-tile at least; see docs/measurements/scale.md
WAIT = 10.0  # seconds of waiting that nobody minds


class Key(NamedTuple):
    """A block: a group of the rows of an array."""

    array: int
    group: int


class Batch(NamedTuple):
    """Super-tiles that have no group in common: for each its blocks, and its tasks in rounds, each
    task with its number in the plan."""

    tiles: list[tuple[tuple[Key, ...], list[list[tuple[int, Any]]]]]
    tasks: int


def batches(
    rounds: Iterable[Sequence[Any]], size: int, *, both: bool, done: int = 0
) -> Iterator[Batch]:
    """The tasks of a plan as batches of super-tiles, in order.

    Parameters
    ----------
    rounds : rounds of tasks, whose last two items are their row tile and column tile
    size : int
        Tiles on each side of a super-tile.
    both : bool
        Whether a task trains both matrices of both of its tiles.
    done : int
        How many tasks to leave out.
    """
    found: dict[tuple[Key, ...], list[list[tuple[int, Any]]]] = {}
    taken: dict[Key, tuple[Key, ...]] = {}
    number = tasks = 0
    for tasks_of_round in rounds:
        fresh: set[tuple[Key, ...]] = set()
        for task in tasks_of_round:
            number += 1
            if number <= done:
                continue
            keys = _keys(task[-2] // size, task[-1] // size, both)
            if any(taken.get(key, keys) != keys for key in keys):
                yield Batch(list(found.items()), tasks)
                found, taken, fresh, tasks = {}, {}, set(), 0
            taken.update(dict.fromkeys(keys, keys))
            own = found.setdefault(keys, [])
            if keys not in fresh:
                own.append([])
                fresh.add(keys)
            own[-1].append((number, task))
            tasks += 1
    if found:
        yield Batch(list(found.items()), tasks)


def _keys(i: int, j: int, both: bool) -> tuple[Key, ...]:
    if not both:
        return Key(0, i), Key(1, j)
    return tuple(Key(array, group) for array in (0, 1) for group in sorted({i, j}))


class Homes:
    """Where blocks are while a plan goes on, and where super-tiles had best be trained.

    Parameters
    ----------
    groups : list of Group
    row : int
        Bytes of a row.

    Attributes
    ----------
    moved : int
        Bytes that went from one worker to another.
    copied : int
        Bytes of the blocks of all super-tiles: each takes copies of its blocks.
    """

    def __init__(self, groups: Sequence[Group], row: int) -> None:
        self._bytes = [row * group.rows for group in groups]
        self._homes: dict[Key, int] = {}
        self._workers = 0
        self.moved = self.copied = 0

    def back(self, key: Key) -> None:
        """A block is at its own home, read from a file."""
        self._homes[key] = key.group

    def place(self, tiles: Sequence[Sequence[Key]], workers: int) -> list[int]:
        """The worker of each of some super-tiles that have no block in common, to which the blocks
        of it go: one that has most of them, unless it has its share of super-tiles already."""
        if workers != self._workers:  # one has come or gone: each has its share of blocks again
            self._homes, self._workers = {}, workers
        share = -(-len(tiles) // workers)
        load = [0] * workers
        places = []
        for keys in tiles:
            there = [self._homes.get(key, key.group) % workers for key in keys]
            free = [home for home in there if load[home] < share]
            if free:
                place = max(free, key=there.count)
            else:
                place = min(range(workers), key=lambda w: (load[w], (w - keys[0].group) % workers))
            load[place] += 1
            for key, home in zip(keys, there, strict=True):
                self.copied += self._bytes[key.group]
                self.moved += self._bytes[key.group] * (home != place)
                self._homes[key] = place
            places.append(place)
        return places


@dataclass(frozen=True)
class Reckoning:
    """What an epoch takes on a cluster.

    Attributes
    ----------
    tasks : int
        Super-tiles that are trained.
    moved : int
        Bytes that workers send each other.
    copied : int
        Bytes of the blocks of all super-tiles.
    """

    tasks: int
    moved: int
    copied: int = 0


def reckon(
    rounds: Iterable[Sequence[Any]],
    parts: Sequence[Group],
    row: int,
    workers: int,
    *,
    both: bool,
) -> Reckoning:
    """What the rounds of an epoch take: the plan is gone through, and nothing is trained.

    Parameters
    ----------
    rounds, both : as of `batches`
    parts : list of Group
    row : int
        Bytes of a row.
    workers : int
    """
    homes, tasks, size = Homes(parts, row), 0, parts[0].last - parts[0].first
    for batch in batches(rounds, size, both=both):
        homes.place([keys for keys, _ in batch.tiles], workers)
        tasks += len(batch.tiles)
    return Reckoning(tasks, homes.moved, homes.copied)


def sides_moved(n: int, workers: int, *, both: bool) -> float:
    """How many whole matrices all workers together receive in a pass over all pairs of groups, on
    average of two passes.

    Parameters
    ----------
    n : int
        Groups of rows of a matrix.
    workers : int
    both : bool
        Whether a task trains both matrices of both of its groups.
    """
    plans = (tasks for seed in (1, 2) for tasks in rounds(n, symmetric=both, seed=seed))
    found = reckon(plans, groups(n, n, 1), 1, workers, both=both)
    return found.moved / n / 2


def refuse_waiting(
    found: Reckoning, work: float, epochs: int, workers: Mapping[str, int], model: str
) -> str:
    """Why a cluster would wait most of the time, for its network or for the hand-over of small
    tasks; "" where it would not, or only for a few seconds.

    Parameters
    ----------
    found : Reckoning
        Of one epoch.
    work : float
        Seconds for which one thread trains an epoch.
    epochs : int
    workers : mapping
        Addresses of workers, and how many threads each has.
    model : str
        Its name.
    """
    machines: Counter[str] = Counter()
    for address, threads in workers.items():
        machines[address.rpartition(":")[0]] += threads
    together = work / sum(workers.values())
    alone = work / max(machines.values())
    network = found.moved / len(workers) / NETWORK  # between two processes it is no faster
    copying = found.copied / len(workers) / COPY
    handing = found.tasks * TASK
    on = "one worker" if len(workers) == 1 else f"{len(workers)} workers"
    head = f"{model} on {on} would take"
    least = WAIT / epochs
    if handing > max(alone, least, network + copying):
        return (
            f"{head} {_seconds(handing)} per epoch for handing out {found.tasks:,} tasks "
            f"({1e3 * TASK:.0f} ms each), and one machine {_seconds(alone)} for training"
        )
    if network + copying > max(together, least):
        return (
            f"{head} {_seconds(network)} per epoch for moving {found.moved / 1e6:,.0f} MB of rows "
            f"between them (at 10 Gbit/s), {_seconds(copying)} for copying "
            f"{found.copied / 1e6:,.0f} MB and {_seconds(together)} for training"
        )
    return ""


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 0.1 else f"{1e3 * seconds:,.1f} ms"
