"""Checkpoints: what a run needs to go on as if it had never stopped.

Randomness is keyed by the place of the work in the run, so parameters and that place are the whole
state. A checkpoint is a folder with one file: a line of JSON (what is trained, where it stands,
shapes, a checksum) and then the arrays. The file appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import re
import signal
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias, TypeVar

import numpy as np

from wordvec.errors import Terminated, TrainingError
from wordvec.system import remote
from wordvec.system.files import (
    check_writable,
    lock,
    lock_holder,
    sweep,
    sync_folder,
    write_atomically,
)
from wordvec.system.folders import scratch_folder
from wordvec.training.blocks import Saved, read_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "wordvec checkpoint 3"
OLD_FORMAT = "wordvec checkpoint 2"  # counted rounds of tiles, not tasks, within an epoch
FILE = "state"
BLOCK_FILE = re.compile(r"block-\d+-\d+-\d+-\d+\.bin")  # beside it, of a run on a cluster
STORED = re.compile(f"{FILE}|{BLOCK_FILE.pattern}")
MAX_HEADER = 1 << 24  # bytes
Folder: TypeAlias = str | os.PathLike[str]
State = TypeVar("State")

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SECONDS = {"s": 1, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Every:
    """How often a run is saved: every `epochs` epochs or every `seconds` seconds; the other is
    0."""

    epochs: int = 1
    seconds: float = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`1epoch`, `5epochs`, `30s`, `10min`, `2h`; ValueError for anything else."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(epochs?|s|min|h)", text.strip())
        amount = float(found[1]) if found else 0.0
        if not found or not amount or (found[2].startswith("epoch") and amount % 1):
            raise ValueError(f"every must be such as 1epoch, 10min, 2h or 30s, got {text!r}")
        if found[2].startswith("epoch"):
            return cls(int(amount))
        return cls(0, amount * _SECONDS[found[2]])


def check_checkpoint(folder: Folder | None, *, resume: bool) -> None:
    """Raises what a run that is saved there would raise at once: asked before a text is read.

    Raises
    ------
    TrainingError
        For a file, for a folder that has a checkpoint already unless it is to be resumed.
    FileNotFoundError, PermissionError, OSError
        For a folder that cannot be made, or written to.
    """
    if folder is None:
        return
    if remote.is_url(folder):
        if remote.exists(f"{folder.rstrip('/')}/{FILE}") and not resume:
            raise TrainingError(
                f"{folder}: has a checkpoint already: resume it, remove it to start again, or name "
                "another folder"
            )
        return
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise TrainingError(f"{path}: is a file; name a folder for the checkpoint")
    if (path / FILE).exists() and not resume:
        raise TrainingError(
            f"{path}: has a checkpoint already: resume it, remove it to start again, or name "
            "another folder"
        )
    if not path.is_dir() and not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.absolute().parent}")
    check_writable(path if path.is_dir() else path.absolute().parent)


class Checkpoint:
    """Saves a run now and then, when it is asked to end, and at its end; a run resumes from it.

    A context manager: inside, the folder is locked, and the first signal to end (SIGINT, which is
    Ctrl-C; SIGTERM; SIGHUP unless it is ignored) is kept back until the run comes to a place where
    it can be saved, and raised there; a second one is raised at once.

    Parameters
    ----------
    folder : path, optional
        Made when it is missing. None: nothing is ever saved.
    identity : dict
        Options and data that must be the same when a run is resumed; can be JSON.
    arrays : arrays
        What is trained, in place.
    every : str
        See `Every.parse`.
    resume : bool
        Go on from the checkpoint in the folder. Without it, a folder that has one is an error.
    renamed : dict, optional
        Older names of options in `identity`, and the names that they have now.
    """

    def __init__(
        self,
        folder: Folder | None,
        identity: Mapping[str, Any],
        arrays: Sequence[NDArray[np.generic]],
        *,
        every: str = "1epoch",
        resume: bool = False,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.renamed = renamed or {}
        self.every = Every.parse(every)
        # A checkpoint in a store is written here first, and then put there.
        self.store = folder.rstrip("/") if remote.is_url(folder) else ""
        self._here: contextlib.ExitStack | None = None
        self.folder = None if folder is None or self.store else Path(folder)
        if self.store:
            check_checkpoint(self.store, resume=resume)
            self._here = contextlib.ExitStack()
            self.folder = self._here.enter_context(scratch_folder()) / "run"
            self.folder.mkdir()
            if resume and remote.exists(f"{self.store}/{FILE}"):
                remote.fetch(f"{self.store}/{FILE}", self.path)
        if self.folder is None and resume:
            raise ValueError("resume needs the checkpoint that it resumes from")
        self.identity, self.arrays, self.resume = identity, arrays, resume
        # Of a run on a cluster: what writes the blocks of the arrays, and those that were loaded.
        self.blocks: Callable[[], list[Saved]] | None = None
        self.loaded: list[Saved] = []
        self._saved = time.monotonic()
        self._epochs = 0  # that have ended since the last time
        self._signal: int | None = None  # that asked the run to end
        self._handlers: dict[int, Any] = {}
        self._lock = -1

    @property
    def path(self) -> Path:
        """The file."""
        assert self.folder is not None
        return self.folder / FILE

    @property
    def place(self) -> str:
        """The folder as messages name it, where the blocks of a run on a cluster lie too: of this
        machine or of a store."""
        assert self.folder is not None
        return self.store or os.path.abspath(self.folder)

    @property
    def _shown(self) -> str:
        return f"{self.store}/{FILE}" if self.store else os.fspath(self.path)

    def __enter__(self) -> Self:
        if self.folder is None:
            return self
        self._make_folder()
        # Handlers can be set in the main thread only; elsewhere a signal never arrives.
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if signal.getsignal(number) not in (None, signal.SIG_IGN):
                    self._handlers[number] = signal.signal(number, self._asked_to_end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}
        if self._lock >= 0:
            if self.folder is not None:
                with contextlib.suppress(OSError):
                    os.rmdir(self.folder)  # if nothing was saved
            os.close(self._lock)
            self._lock = -1
        if self._here is not None:
            self._here.close()

    def _make_folder(self) -> None:
        """Makes the folder and locks it, so that no two runs save in it."""
        assert self.folder is not None
        check_checkpoint(self.folder, resume=self.resume)
        if not self.folder.is_dir():
            self.folder.mkdir()
            sync_folder(self.folder.absolute().parent)
        self._lock = os.open(self.folder, os.O_RDONLY)
        if not lock(self._lock):
            who = lock_holder(self._lock)
            os.close(self._lock)
            self._lock = -1
            raise TrainingError(
                f"{self.folder}: {who} is saving a run in it; wait for that, or name another folder"
            )
        sweep(self.folder)

    def _asked_to_end(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            self._end(number, "")
        self._signal = number

    def _end(self, number: int, message: str) -> NoReturn:
        if number == signal.SIGINT:
            raise KeyboardInterrupt(*([message] if message else []))
        raise Terminated(number, message)

    def due(self) -> bool:
        """Whether the run should stop its threads and call `rest`."""
        late = self.every.seconds and time.monotonic() - self._saved >= self.every.seconds
        return self.folder is not None and (self._signal is not None or bool(late))

    def rest(self, state: Any, *, epoch: bool = False, last: bool = False) -> None:
        """Saves when it is time to; called when no thread trains.

        Parameters
        ----------
        state : dataclass
            Where the run stands.
        epoch, last : bool
            An epoch has just ended; it was the last one.

        Raises
        ------
        KeyboardInterrupt, Terminated
            After saving, when there was a signal to end.
        """
        self._epochs += epoch
        enough = self.every.epochs and self._epochs >= self.every.epochs
        if self.folder is None or not (last or enough or self.due()):
            return
        self.save(state)
        if self._signal is not None:
            self._end(
                self._signal, f"saved in {self.store or self.folder}: resume to go on from there"
            )

    def save(self, state: Any) -> None:
        """Replaces the file."""
        if not self.path.parent.is_dir():
            self._make_folder()
        saved = dataclasses.asdict(state)
        blocks = None if self.blocks is None else self.blocks()
        arrays = self.arrays if blocks is None else ()
        header = {
            "format": FORMAT,
            "identity": self.identity,
            "state": saved,
            "arrays": [(array.dtype.str, array.shape) for array in self.arrays],
            "crc32": _checksum(saved, arrays),
        }
        if blocks is not None:
            header["blocks"] = [block.as_json() for block in blocks]
        with write_atomically(self.path, force=True) as file:
            file.write(json.dumps(header).encode() + b"\n")
            for array in arrays:
                file.write(array.data)
        if self.store:
            remote.put(self.path, f"{self.store}/{FILE}")
        self._forget_blocks(blocks or [])
        self._saved, self._epochs = time.monotonic(), 0

    def load(self, start: State) -> State:
        """Where the run stands: `start`, a dataclass of JSON values, or what was saved of one.

        Fills the arrays with what was saved.

        Raises
        ------
        TrainingError
            When there is a checkpoint and `resume` is not given, when it is damaged, or when its
            options or data differ; the message names them.
        """
        if self.folder is None or not self.path.exists():
            return start
        check_checkpoint(self.folder, resume=self.resume)
        with open(self.path, "rb") as file:
            try:
                header = json.loads(file.readline(MAX_HEADER))
                if header["format"] not in (FORMAT, OLD_FORMAT):
                    raise ValueError(f"format {header['format']!r}")
                identity, saved = dict(header["identity"]), dict(header["state"])
                state = dict(saved)
                if header["format"] == OLD_FORMAT:
                    state["rounds" if "shards" in identity else "tasks"] = state.pop("at")
                here = type(start)(**state)
                blocks = [Saved.of(block) for block in header.get("blocks", ())]
                arrays, crc = header["arrays"], header["crc32"]
            except (ValueError, KeyError, TypeError) as error:
                raise TrainingError(f"{self._shown}: not a checkpoint: {error}") from error
            self._compare(identity)
            if arrays != [[array.dtype.str, list(array.shape)] for array in self.arrays]:
                raise TrainingError(f"{self._shown}: is of other shapes: damaged")
            self._load_blocks(blocks)
            inside = () if blocks else self.arrays
            for array in inside:
                if file.readinto(array.data.cast("B")) != array.nbytes:
                    raise TrainingError(f"{self._shown}: is cut short: remove it to start again")
            if crc != _checksum(saved, inside) or file.read(1):
                raise TrainingError(f"{self._shown}: damaged: remove it to start again")
        self._forget_blocks(blocks)  # of a save that was not completed
        return here

    def _load_blocks(self, blocks: list[Saved]) -> None:
        """Fills the arrays with what a run on a cluster has saved, each block in its own file."""
        rows = [0] * len(self.arrays)
        for block in blocks:
            group = block.group
            if not (
                block.array < len(rows)
                and (group.words, block.width) == self.arrays[block.array].shape
                and 0 <= group.first < group.last <= group.k <= group.words
            ):
                raise TrainingError(f"{self._shown}: is of other shapes: damaged")
            group.put(self.arrays[block.array], read_block(self.place, block))
            rows[block.array] += group.rows
        if blocks and rows != [len(array) for array in self.arrays]:
            raise TrainingError(f"{self._shown}: lacks blocks: damaged")
        self.loaded = blocks

    def _forget_blocks(self, kept: list[Saved]) -> None:
        """Removes the files of blocks of older saves."""
        names = {block.name for block in kept}
        if self.store:
            remote.keep_only(self.store, STORED, {FILE, *names})
            return
        for path in self.path.parent.glob("block-*.bin"):
            if BLOCK_FILE.fullmatch(path.name) and path.name not in names:
                path.unlink(missing_ok=True)

    def _compare(self, old: Mapping[str, Any]) -> None:
        old = {self.renamed.get(name, name): value for name, value in old.items()}
        if isinstance(model := old.get("model"), str):
            old["model"] = self.renamed.get(model, model)
        new = json.loads(json.dumps(self.identity))
        changed = [
            f"{name} was {old.get(name)!r} and is {new.get(name)!r}"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
        if changed:
            raise TrainingError(
                f"{self._shown}: is of another run: {'; '.join(changed)}; name another folder, or "
                "give the options that it was started with"
            )


def _checksum(state: Mapping[str, Any], arrays: Sequence[NDArray[np.generic]]) -> int:
    crc = zlib.crc32(json.dumps(state, sort_keys=True).encode())
    for array in arrays:
        crc = zlib.crc32(array.data, crc)
    return crc


@dataclass
class Position:
    """Where a run of epochs stands.

    Attributes
    ----------
    epoch : int
        Epochs that have ended.
    tasks : int
        Tasks of the next epoch that have ended.
    loss, pairs, work : numbers
        Sums over these tasks: losses, how many losses that is, and work.
    kept : int
        Words that passed subsampling, in the whole run.
    losses, held_out : lists of float
        One value per epoch.
    rounds : int
        Of a checkpoint of the old format: the rounds that have ended, instead of `tasks`.
    """

    epoch: int = 0
    tasks: int = 0
    loss: float = 0.0
    pairs: int = 0
    work: int = 0
    kept: int = 0
    losses: list[float] = dataclasses.field(default_factory=list)
    held_out: list[float] = dataclasses.field(default_factory=list)
    rounds: int = 0

    @property
    def mean(self) -> float:
        """The mean loss of the epoch so far; NaN before its first pair."""
        return self.loss / self.pairs if self.pairs else math.nan

    def add(self, loss: float, pairs: int, work: int, kept: int) -> None:
        """Takes note of a task that has ended."""
        self.tasks += 1
        self.loss += loss
        self.pairs += pairs
        self.work += work
        self.kept += kept

    def end_epoch(self, scale: float = 1.0) -> None:
        """Keeps the mean loss of the epoch, times `scale`, and moves to the start of the next. The
        loss is NaN for an epoch in which nothing was trained."""
        self.losses.append(self.mean * scale)
        self.epoch += 1
        self.tasks, self.loss, self.pairs, self.work = 0, 0.0, 0, 0
