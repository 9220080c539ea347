"""Kills writers and trainings at random moments: `python tests/torture/kill.py --kills 1000`.

Each scenario is a command that replaces an older result. A child process runs it and is killed
(SIGKILL) at a random moment of its work, again and again. After each kill the result must be the
old one or the new one, to the byte, and never anything else or nothing. At the end the command runs
through: its result must be that of a run that was never killed, and no other file may be left, in
the folder or where temporary files go.

Children are forked from a process that has loaded everything, so a kill costs little more than the
work that it interrupts. The scenarios run one after another, on one thread.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parents[2]))  # where wordvec is not installed
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a forked child has no threads of its parent

import scipy.sparse.linalg  # noqa: F401
from writers import SCENARIOS, inputs

from wordvec.cli import main as command_line
from wordvec.counts.counting import count as counting
from wordvec.counts.counting.budget import Plan
from wordvec.counts.parts.note import Note
from wordvec.errors import CorpusError
from wordvec.system.files import note_path


def small_blocks() -> None:
    """Makes a count of a small text have many blocks and merges, as one of a large text has."""
    counting.plan_blocks = lambda corpus, *_: Plan(1, 9.0)  # type: ignore[assignment]
    counting.FAN_IN = 3


def child(arguments: list[str]) -> int:
    """Starts a command in a forked process; quiet, replacing what is there."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        log = os.open("../log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(log, 1)
        os.dup2(log, 2)
        command_line([*arguments, "--force"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os._exit(code)
    return 0


def through(arguments: list[str]) -> float:
    """Runs a command to its end, and returns how long that took."""
    began = time.perf_counter()
    _, status = os.waitpid(child(arguments), 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)}: {Path('../log').read_text()}")
    return time.perf_counter() - began


def fingerprint(path: str) -> str:
    """A checksum of a file, or of all files of a folder with their names."""
    digest = hashlib.sha256()
    root = Path(path)
    for each in sorted(root.rglob("*")) if root.is_dir() else [root]:
        digest.update(str(each.relative_to(root)).encode() + b"\0")
        if each.is_file():
            digest.update(each.read_bytes())
    return digest.hexdigest()


def note_is_its_own(path: str) -> bool:
    """Whether a vocabulary has the note beside it that was made with it. A kill between the two
    leaves the older note, which is refused by name when it is read: that is right, too."""
    if not note_path(path).exists():
        return False
    with contextlib.suppress(CorpusError):
        Note.load(path)
    return True


def torture(name: str, kills: int, rng: random.Random, say: Callable[[str], None]) -> int:
    """Kills a scenario that many times; returns how many of them came before its end."""
    scenario = SCENARIOS[name]
    results = sorted(scenario.outputs.values())
    beside = {str(note_path(each)) for each in results} | {
        str(Path(each).with_suffix(".bib")) for each in results
    }
    before = set(os.listdir("."))
    temporary = set(os.listdir(tempfile.gettempdir()))
    seconds = through(scenario.command)
    new = [fingerprint(each) for each in results]
    noted = [each for each in results if note_path(each).exists()]
    shutil.rmtree("keep", ignore_errors=True)
    through(scenario.older)
    old = [fingerprint(each) for each in results]
    assert old != new, name
    noted = [each for each in noted if note_path(each).exists()]
    inside = ended = 0
    while inside < kills:
        process = child(scenario.command)
        time.sleep(rng.uniform(0, seconds))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status)
        inside += killed
        found = [fingerprint(each) for each in results]  # raises when one is gone
        for path, one, *known in zip(results, found, old, new, strict=True):
            if one not in known:
                raise SystemExit(f"{name}: after kill {inside} {path} is neither old nor new")
        for path in noted:
            if not note_is_its_own(path):
                raise SystemExit(f"{name}: after kill {inside} {path} has lost its note")
        if not killed:
            ended += 1
            seconds *= 0.9  # it was measured on a busier machine
            if ended > 20 * kills + 20:
                raise SystemExit(f"{name}: too quick to be killed")
        if found == new:  # start again from the old one
            shutil.rmtree("keep", ignore_errors=True)
            through(scenario.older)
    through(scenario.command)
    if [fingerprint(each) for each in results] != new:
        raise SystemExit(f"{name}: after {inside} kills the result is another one")
    left = set(os.listdir(".")) - before - {*results, "keep"} - beside
    left |= set(os.listdir(tempfile.gettempdir())) - temporary
    if Path("keep").is_dir():
        left |= set(os.listdir("keep")) - {"state"}
        shutil.rmtree("keep")
    if left:
        raise SystemExit(f"{name}: left behind: {', '.join(sorted(left))}")
    say(f"{name:<41} {inside:>5} kills, {ended:>4} runs ended first, {seconds:.2f} s each")
    return inside


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="in all scenarios together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", action="append", help="the name of a scenario; may be repeated")
    options = parser.parse_args(arguments)
    seed = int(time.time()) if options.seed is None else options.seed
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    chosen = options.only or [*SCENARIOS]
    small_blocks()
    here = Path.cwd()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TORTURE_DIR")) as folder:
        work, temporary = Path(folder) / "work", Path(folder) / "tmp"
        work.mkdir()
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        inputs(work)
        try:
            total = sum(
                torture(name, -(-options.kills // len(chosen)), rng, lambda s: print(s, flush=True))
                for name in chosen
            )
        finally:
            os.chdir(here)
            tempfile.tempdir = None
    print(f"{total:,} kills: nothing lost, nothing left behind")
    return 0


if __name__ == "__main__":
    sys.exit(main())
