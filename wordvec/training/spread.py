"""A tile model trained by an engine: a data flow of super-tiles, to the bytes of one thread.

A super-tile reads and writes the rows of its two groups of tiles and nothing else, and its random
numbers are keyed by place. So its result depends on the current version of those rows alone, and
any execution that orders every two super-tiles with a group in common as the plan does gives the
same bytes. Here each task takes versions of blocks and gives the next ones. What a block depends on
is run again when it is lost; files of blocks, written now and then, keep that short.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import os
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec.counts.shards import Shards
from wordvec.engine.cluster import Cluster, use
from wordvec.engine.local import Engine
from wordvec.engine.shared import shared_folder
from wordvec.engine.tasks import naming_task, pick
from wordvec.errors import ClusterError, TrainingError
from wordvec.estimator import Callback
from wordvec.system.parallel import ordered_map
from wordvec.training.batches import Batch, Homes, Key, batches, reckon, refuse_waiting
from wordvec.training.blocks import Group, Saved, groups, read_block, sparse_matrix, write_block
from wordvec.training.checkpoint import Checkpoint
from wordvec.training.loop import Plan, Run, Step, Trained

if TYPE_CHECKING:
    from numpy.typing import NDArray

AHEAD = 2  # rounds of super-tiles that are under way at once
CUT = (
    60.0  # seconds after which blocks are written, at the end of an epoch, to keep histories short
)


@dataclass(frozen=True)
class Traffic:
    """What a run moved between workers.

    Attributes
    ----------
    moved, reckoned : int
        Bytes that workers sent to each other; bytes that the plan moves when each group of rows
        stays with its worker and none dies.
    workers : int
    """

    moved: int
    reckoned: int
    workers: int


class Recipe(NamedTuple):
    """What a worker needs to make a model's plan: its class and options, and the counts."""

    kind: str
    params: dict[str, Any]
    shards: str
    manifest: int
    size: int
    isa: str


@dataclass
class Flight:
    """A batch that is under way."""

    tasks: int
    numbers: list[list[int]]
    steps: list[Any] = field(default_factory=list)


@functools.lru_cache(maxsize=4)
def _opened(path: str, manifest: int) -> Shards:
    shards = Shards(path)
    if zlib.crc32((shards.path / "manifest.json").read_bytes()) != manifest:
        raise ClusterError(f"{path}: is of other counts on this machine")
    return shards


def train_super_tile(
    recipe: Recipe,
    label: str,
    threads: int,
    keys: tuple[Key, ...],
    rounds: list[list[Any]],
    *blocks: NDArray[Any],
) -> tuple[Any, ...]:
    """The next versions of blocks, and the steps of the tasks: what a worker does.

    The arrays may be read-only and are never changed: their rows are copied to their places in two
    matrices of full size, of which only these rows take memory.
    """
    with naming_task(label, TrainingError):
        use(recipe.isa)
        module, _, name = recipe.kind.partition(":")
        shards = _opened(recipe.shards, recipe.manifest)
        model = getattr(importlib.import_module(module), name)(**recipe.params, threads=threads)
        parts = groups(shards.words, shards.k, recipe.size)
        arrays = [sparse_matrix(shards.words, blocks[0].shape[1]) for _ in (0, 1)]
        for (array, group), block in zip(keys, blocks, strict=True):
            parts[group].put(arrays[array], block)
        plan = model._plan(shards, *arrays)
        steps = [step for tasks in rounds for step in ordered_map(plan.train, tasks, plan.states)]
        table = np.array(steps, np.float64)  # integers below 2**53 too are exact in it
        made = [parts[group].take(arrays[array]) for array, group in keys]
    return (*made, table)


def _step(loss: float, pairs: float, work: float, alpha: float, kept: float) -> Step:
    return Step(loss, int(pairs), int(work), alpha, int(kept))


def _write(label: str, *args: Any) -> Saved:
    with naming_task(label, TrainingError):
        return write_block(*args)


def _read(label: str, *args: Any) -> NDArray[Any]:
    with naming_task(label, TrainingError):
        return read_block(*args)


class Spread(Run):
    """A run whose tasks go to an engine."""

    def __init__(
        self,
        plan: Plan[Any, Any],
        checkpoint: Checkpoint,
        progress: Callback | None,
        engine: Engine,
        recipe: Recipe,
        shards: Shards,
        arrays: Sequence[NDArray[Any]],
        folder: str,
        *,
        both: bool,
    ) -> None:
        super().__init__(plan, checkpoint, progress, None)
        self.engine, self.recipe, self.both, self.arrays = engine, recipe, both, arrays
        self.shards, self.folder = shards, folder
        self.groups = groups(shards.words, shards.k, recipe.size)
        self.versions: dict[Key, Any] = {}
        self.homes = Homes(self.groups, 4 * arrays[0].shape[1])
        self.cut_at = time.monotonic()
        self.files: list[Saved] = []
        self.measure: Callable[[], None] = lambda: None  # called before the result is fetched
        checkpoint.blocks = self.save_blocks
        for number, saved in enumerate(self._first()):
            if not number and isinstance(engine, Cluster):
                size = 4 * saved.group.rows * saved.width
                engine.check_sizes({f"{folder}/{saved.name}": size})
            self._start_from(saved)

    def _first(self) -> Iterator[Saved]:
        """Files of the blocks as they are at the start: a checkpoint's, or new ones."""
        loaded = {(each.array, each.group): each for each in self.checkpoint.loaded}
        for array, matrix in enumerate(self.arrays):
            for group in self.groups:
                saved = loaded.get((array, group))
                if saved is None:
                    name = self._name(array, group)
                    saved = write_block(self.folder, name, array, group, group.take(matrix))
                    self.files.append(saved)
                yield saved

    def _name(self, array: int, group: Group) -> str:
        return f"block-{self.here.epoch}-{self.here.tasks}-{array}-{group.first}.bin"

    def _start_from(self, saved: Saved) -> None:
        """Makes a file the version of its block: what was before it need never run again."""
        key = Key(saved.array, self.groups.index(saved.group))
        if key in self.versions:
            self.engine.release([self.versions[key]])
        label = f"block {saved.name}"
        self.versions[key] = self.engine.submit(
            _read, label, self.folder, saved, near=key.group, label=label
        )
        self.homes.back(key)

    def train(self) -> Trained:
        try:
            trained = super().train()
            self.measure()
            for key, handle in self.versions.items():
                block = next(iter(self.engine.gather([handle])))
                self.groups[key.group].put(self.arrays[key.array], block)
            return trained
        finally:
            with contextlib.suppress(Exception):
                self.engine.release(self.versions.values())

    def train_epoch(self) -> None:
        here, flights = self.here, deque[Flight]()
        rounds = self.plan.rounds(here.epoch)
        try:
            for batch in batches(rounds, self.recipe.size, both=self.both, done=here.tasks):
                flights.append(self._submit(batch))
                if len(flights) >= AHEAD:
                    self._settle(flights.popleft())
                if self.checkpoint.due():
                    while flights:
                        self._settle(flights.popleft())
                    self.checkpoint.rest(here)
            while flights:
                self._settle(flights.popleft())
        except BaseException:
            if isinstance(self.engine, Cluster):
                self.engine.cancel(itertools.chain.from_iterable(f.steps for f in flights))
            raise

    def _submit(self, batch: Batch) -> Flight:
        flight = Flight(batch.tasks, [])
        threads = self._threads(len(batch.tiles))
        places = self.homes.place([keys for keys, _ in batch.tiles], self._workers())
        for near, (keys, rounds) in zip(places, batch.tiles, strict=True):
            pair = sorted({key.group for key in keys}) if self.both else [k.group for k in keys]
            label = f"epoch {self.here.epoch + 1}, super-tile ({pair[0]}, {pair[-1]})"
            tasks = [[task for _, task in units] for units in rounds]
            given = [self.versions[key] for key in keys]
            handle = self.engine.submit(
                train_super_tile,
                self.recipe,
                label,
                threads,
                keys,
                tasks,
                *given,
                near=near,
                label=label,
            )
            for at, key in enumerate(keys):
                self.versions[key] = self.engine.submit(pick, handle, at, near=near)
            flight.steps.append(self.engine.submit(pick, handle, len(keys), near=near))
            flight.numbers.append([number for units in rounds for number, _ in units])
            self.engine.release([handle, *given])
        return flight

    def _workers(self) -> int:
        return max(len(self.engine.workers()), 1) if isinstance(self.engine, Cluster) else 1

    def _threads(self, width: int) -> int:
        """Threads of a task, so that a round has about as many as all workers together."""
        if not isinstance(self.engine, Cluster):
            return 1
        total = sum(self.engine.workers().values())
        return max(1, min(self.recipe.size, total // max(width, 1)))

    def _settle(self, flight: Flight) -> None:
        """Takes note of the steps of a batch, in the order of the plan."""
        found: dict[int, Step] = {}
        results = self.engine.gather(flight.steps)
        for numbers, steps in zip(flight.numbers, results, strict=True):
            found |= {n: _step(*row) for n, row in zip(numbers, steps.tolist(), strict=True)}
        self.engine.release(flight.steps)
        for number in sorted(found):
            self.add(found[number])

    def epoch_ended(self) -> None:
        if time.monotonic() - self.cut_at >= CUT:
            self.save_blocks()

    def save_blocks(self) -> list[Saved]:
        """Writes all blocks, goes on from the files, and removes the files before them."""
        waiting = []
        for key, handle in self.versions.items():
            group = self.groups[key.group]
            name = self._name(key.array, group)
            waiting.append(
                self.engine.submit(
                    _write,
                    f"block {name}",
                    self.folder,
                    name,
                    key.array,
                    group,
                    handle,
                    near=key.group,
                    label=f"writing block {name}",
                )
            )
        made = list(self.engine.gather(waiting))
        self.engine.release(waiting)
        for saved in made:
            self._start_from(saved)
        if self.checkpoint.folder is None:
            self.forget(made)
        self.cut_at = time.monotonic()
        return made

    def forget(self, kept: list[Saved]) -> None:
        """Removes the files of blocks that are not among these."""
        names = {each.name for each in kept}
        for each in self.files:
            if each.name not in names:
                Path(self.folder, each.name).unlink(missing_ok=True)
        self.files = kept


def run(
    plan: Plan[Any, Any],
    checkpoint: Checkpoint,
    progress: Callback | None,
    engine: Engine,
    recipe: Recipe,
    shards: Shards,
    arrays: Sequence[NDArray[Any]],
    work: float,
    *,
    both: bool = False,
) -> tuple[Trained, Traffic | None]:
    """Trains with an engine what `loop.run` trains with threads, to the same bytes.

    Parameters
    ----------
    work : float
        Seconds for which one thread trains an epoch, about.

    Raises
    ------
    ClusterError
        Where a cluster would wait for most of the time, see `refuse_waiting`.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(checkpoint)
        before = 0
        if isinstance(engine, Cluster):
            _check_worth(plan, engine, recipe, shards, 4 * arrays[0].shape[1], work, both=both)
            engine.check_sees(
                f"{shards.source.rstrip('/')}/manifest.json", recipe.manifest, "the counts"
            )
            before = engine.moved()
        if checkpoint.folder is not None:
            folder = checkpoint.place
        else:
            advice = "name a folder, or a store, that all workers see as checkpoint"
            folder = os.fspath(stack.enter_context(shared_folder(shards.source, advice)))
        spread = Spread(
            plan, checkpoint, progress, engine, recipe, shards, arrays, folder, both=both
        )
        traffic: list[Traffic] = []

        def measure() -> None:
            if isinstance(engine, Cluster):
                found = engine.moved() - before
                traffic.append(Traffic(found, spread.homes.moved, spread._workers()))

        spread.measure = measure
        trained = spread.train()
        return trained, traffic[-1] if traffic else None


def _check_worth(
    plan: Plan[Any, Any],
    engine: Cluster,
    recipe: Recipe,
    shards: Shards,
    row: int,
    work: float,
    *,
    both: bool,
) -> None:
    """Raises ClusterError where the cluster would wait most of the time."""
    workers = engine.some_workers()
    parts = groups(shards.words, shards.k, recipe.size)
    found = reckon(plan.rounds(0), parts, row, len(workers), both=both)
    model = recipe.kind.rpartition(":")[2]
    if why := refuse_waiting(found, work, plan.epochs, workers, model):
        larger = "" if recipe.size >= shards.k else ", or with a larger super_tile"
        raise ClusterError(f"{why}: train it on one machine{larger}")
