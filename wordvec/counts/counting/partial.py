"""The working folder of a count, from which a count that was killed goes on.

`<target>.partial` holds state.json (what is counted, in how many blocks), a run for each finished
block or group of blocks, and the shard folder that is being made. It is locked by the process that
works in it. Blocks are removed after the finished folder has its name.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wordvec.counts.shards import SHARDS
from wordvec.system.files import PathLike, log, resolve, write_atomically
from wordvec.system.folders import Kind, WorkFolder, check_folder, give_name, uninterrupted

SUFFIX = ".partial"
FORMAT = "wordvec partial count"
_STATE, _DONE, _MADE = "state.json", "done", "made"
_MAX_STATE = 1 << 20  # bytes


def _is_partial(folder: Path) -> bool:
    """Whether a folder was made by a count: it says so, or holds nothing of value any more."""
    names = {name for name in os.listdir(folder) if not name.startswith(".wordvec-")}
    if not names or (names == {_DONE} and (folder / _DONE).read_bytes()[:32].isdigit()):
        return True
    state = _read_json(folder / _STATE)
    return isinstance(state, dict) and state.get("format") == FORMAT


_PARTIAL = Kind(
    "an interrupted count",
    re.compile(r"state\.json|done|made|run-\d+-\d+\.bin|\.wordvec-[0-9a-f]{16}\.tmp"),
    _is_partial,
)


def check_shard_folder(
    path: PathLike, kind: Kind = SHARDS, *, force: bool, inputs: Iterable[PathLike | None] = ()
) -> Path:
    """The path, if shards can be counted into it; see `check_folder`. Removes what a count left
    that was killed when its folder had its name already."""
    forget_finished(path, kind)
    return check_folder(path, kind, force=force, inputs=inputs, work=SUFFIX)


def forget_finished(path: PathLike, kind: Kind = SHARDS) -> None:
    """Removes the working folder of a count that was killed when its folder had its name."""
    real = resolve(path)
    work = real.with_name(f"{real.name}{SUFFIX}")
    if real.is_dir() and work.is_dir() and ((work / _DONE).is_file() or not os.listdir(work)):
        with contextlib.suppress(OSError), Partial(path, kind) as partial:
            partial.forget_finished()


class Partial(WorkFolder):
    """The working folder of the count whose result is `target`, locked inside a with block.

    Attributes
    ----------
    made : Path
        The folder that becomes the target.
    """

    def __init__(self, target: PathLike, kind: Kind = SHARDS) -> None:
        self.real = resolve(target)
        path = self.real.with_name(f"{self.real.name}{SUFFIX}")
        super().__init__(path, target, _PARTIAL)
        self.target, self.kind = target, kind
        self.made = path / _MADE

    def begin(self, state: Mapping[str, Any], pieces: int, at_least: int = 0) -> int:
        """Into how many blocks the count is cut: as many as one of the same state was that was
        killed, of which everything is kept, if these are at least `at_least` (by default `pieces`);
        otherwise `pieces`, and all that is there is removed."""
        self.forget_finished()
        state = json.loads(json.dumps({"format": FORMAT, **state}))
        old = _read_json(self.path / _STATE)
        had = old.pop("blocks", 0) if isinstance(old, dict) else 0
        if old == state and type(had) is int and had >= (at_least or pieces):
            self.made.mkdir(exist_ok=True)
            return had
        if self.holds_work():
            known = old if isinstance(old, dict) else {}
            changed = [key for key in state if known.get(key) != state[key]]
            why = f"its {', '.join(changed)} differ" if changed else "its blocks are too large"
            log.warning("%s: removing an interrupted count: %s", self.path, why)
        self.clear()
        with write_atomically(self.path / _STATE) as file:
            file.write(json.dumps({**state, "blocks": pieces}).encode())
        self.made.mkdir()
        return pieces

    def holds_work(self) -> bool:
        """Whether there are finished blocks, from which a count goes on."""
        done = (any(self.path.glob(name)) for name in ("run-*.bin", f"{_MADE}/block-*"))
        return any(done)

    def finish(self, *, force: bool) -> None:
        """Gives the finished folder its name, and removes the blocks that it was made from."""
        with uninterrupted():
            with write_atomically(self.path / _DONE, force=True) as file:
                file.write(str(self.made.stat().st_ino).encode())
            give_name(self.made, self.target, self.kind, force=force)
            self.clear()

    def forget_finished(self) -> None:
        """Removes everything if the folder under the final name was made here."""
        with contextlib.suppress(OSError, ValueError):
            if int((self.path / _DONE).read_bytes()[:32]) == self.real.stat().st_ino:
                self.clear()

    def clear(self) -> None:
        """Removes all that a count leaves: the state, by which the folder is known, after the rest,
        and the note that it is done after that, so that a kill leaves what the next count removes.
        """
        shutil.rmtree(self.made, ignore_errors=True)
        last = [_STATE, _DONE]
        names = sorted(os.listdir(self.path), key=lambda n: last.index(n) if n in last else -1)
        for name in names:
            if name != _MADE and _PARTIAL.files.fullmatch(name):
                os.unlink(self.path / name)


def _read_json(path: Path) -> Any:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(_MAX_STATE))
    except (OSError, ValueError, RecursionError):
        return None
