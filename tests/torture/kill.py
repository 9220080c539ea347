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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a forked child has no threads of its parent

import numpy as np
import scipy.sparse.linalg  # noqa: F401

import wordvec
from wordvec.cli import main as command_line
from wordvec.counts import count as counting
from wordvec.counts.budget import Plan

STREAM = ["--vector-size", "20", "--epochs", "3", "--threads", "1", "--min-count", "1"]
TILES = ["--vector-size", "20", "--epochs", "3", "--threads", "1"]
HIERARCHY = ["--vector-size", "4", "--epochs", "60", "--threads", "1"]
KEEP = ["--checkpoint", "keep", "--every", "1epoch", "--resume"]

# Name -> (the result, the command that makes it, the command that made what it replaces).
SCENARIOS: dict[str, tuple[str, list[str], list[str]]] = {
    "train": (
        "v.wv",
        ["train", "text", "-o", "v.wv", *STREAM],
        ["train", "text", "-o", "v.wv", *STREAM, "--seed", "2"],
    ),
    "train from text to counts": (
        "v.wv",
        ["train", "text", "-o", "v.wv", "--model", "glove", *TILES, "--min-count", "1"],
        ["train", "text", "-o", "v.wv", "--model", "swivel", *TILES, "--min-count", "1"],
    ),
    "count": ("s", ["count", "text", "-o", "s", "--window", "8"], ["count", "text", "-o", "s"]),
    "count in blocks": (
        "b",
        ["count", "text", "-o", "b", "--blocks", "4", "--by", "line", "--window", "8"],
        ["count", "text", "-o", "b", "--blocks", "3", "--by", "line"],
    ),
    "merge": (
        "m",
        ["shards", "merge", "shards", "shards", "-o", "m"],
        ["count", "text", "-o", "m"],
    ),
    "convert": (
        "v.txt",
        ["convert", "old.wv", "v.txt"],
        ["convert", "other.wv", "v.txt"],
    ),
    "convert to int8": (
        "q.wv",
        ["convert", "old.wv", "q.wv", "--dtype", "int8", "--sketch"],
        ["convert", "other.wv", "q.wv"],
    ),
    "static embedding": (
        "e",
        ["convert", "old.wv", "e", "--to", "static-embedding"],
        ["convert", "other.wv", "e", "--to", "static-embedding"],
    ),
    "oov fit": (
        "o.wv",
        ["oov", "fit", "old.wv", "-o", "o.wv", "--epochs", "2", "--buckets", "500"],
        ["convert", "old.wv", "o.wv"],
    ),
    "vocab": ("w.txt", ["vocab", "text", "-o", "w.txt"], ["vocab", "old-text", "-o", "w.txt"]),
    "phrases": (
        "p.txt",
        ["phrases", "text", "-o", "p.txt", "--threshold", "1"],
        ["phrases", "old-text", "-o", "p.txt", "--threshold", "1"],
    ),
    "relation shards": (
        "r",
        ["relations", "shards", "tree", "-o", "r"],
        ["relations", "shards", "old-tree", "-o", "r"],
    ),
    **{
        f"checkpointed {model}": (
            "c.wv",
            ["train", source, "-o", "c.wv", "--model", model, *options, *KEEP],
            ["convert", "old.wv", "c.wv"],
        )
        for model, source, options in [
            ("skipgram", "text", STREAM),
            ("cbow", "text", STREAM),
            ("fasttext", "text", [*STREAM, "--bucket", "500"]),
            ("glove", "shards", TILES),
            ("swivel", "shards", TILES),
            ("count-skipgram", "shards", TILES),
            ("poincare", "tree", HIERARCHY),
            ("lorentz", "tree", HIERARCHY),
        ]
    },
}


def inputs(folder: Path) -> None:
    """The files that the scenarios read."""
    rng = random.Random(1)
    for name, lines in (("text", 3000), ("old-text", 1500)):
        rows = (
            " ".join(f"w{min(int(rng.paretovariate(0.6)), 800)}" for _ in range(12))
            for _ in range(lines)
        )
        (folder / name).write_text("\n".join(rows) + "\n")
    for name, nodes in (("tree", 300), ("old-tree", 200)):
        rows = (f"n{i}\tn{(i - 1) // 3}" for i in range(1, nodes))
        (folder / name).write_text("\n".join(rows) + "\n")
    os.chdir(folder)
    for name, seed in (("old.wv", 5), ("other.wv", 6)):
        rows = np.random.default_rng(seed).standard_normal((4000, 60)).astype(np.float32)
        wordvec.WordVectors([f"word{i}" for i in range(4000)], rows).save(name)
    wordvec.count(wordvec.encode("text", min_count=1), "shards", wordvec.Window(window=4))


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


def torture(name: str, kills: int, rng: random.Random, say: Callable[[str], None]) -> int:
    """Kills a scenario that many times; returns how many of them came before its end."""
    result, command, older = SCENARIOS[name]
    before = set(os.listdir("."))
    temporary = set(os.listdir(tempfile.gettempdir()))
    seconds = through(command)
    new = fingerprint(result)
    shutil.rmtree("keep", ignore_errors=True)
    through(older)
    old = fingerprint(result)
    assert old != new, name
    inside = ended = 0
    while inside < kills:
        process = child(command)
        time.sleep(rng.uniform(0, seconds))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status)
        inside += killed
        found = fingerprint(result)  # raises when it is gone
        if found not in (old, new):
            raise SystemExit(f"{name}: after kill {inside} {result} is neither old nor new")
        if not killed:
            ended += 1
            seconds *= 0.9  # it was measured on a busier machine
            if ended > 20 * kills + 20:
                raise SystemExit(f"{name}: too quick to be killed")
        if found == new:  # start again from the old one
            shutil.rmtree("keep", ignore_errors=True)
            through(older)
    through(command)
    if fingerprint(result) != new:
        raise SystemExit(f"{name}: after {inside} kills the result is another one")
    left = set(os.listdir(".")) - before - {result, "keep"}
    left |= set(os.listdir(tempfile.gettempdir())) - temporary
    if Path("keep").is_dir():
        left |= set(os.listdir("keep")) - {"state"}
        shutil.rmtree("keep")
    if left:
        raise SystemExit(f"{name}: left behind: {', '.join(sorted(left))}")
    say(f"{name:<26} {inside:>5} kills, {ended:>4} runs ended first, {seconds:.2f} s each")
    return inside


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="in all scenarios together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", help="a part of the names of the scenarios")
    options = parser.parse_args(arguments)
    seed = int(time.time()) if options.seed is None else options.seed
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    chosen = [name for name in SCENARIOS if not options.only or options.only in name]
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
