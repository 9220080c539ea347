"""How the campaign trains a model: one function a trainer, each in a process of its own.

A trainer is a function (corpus, output, common, options) -> command line, where `common` is what
all trainers are told: vector_size, seed, threads. To add a peer, write one and name it in TRAINERS.
"""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Options = Mapping[str, Any]
Command = Callable[[Path, Path, Options, Options], list[str]]
WORDVEC = [sys.executable, "-m", "wordvec"]


@dataclass(frozen=True)
class Run:
    """What a command cost: seconds on the clock and of the processors, or why it failed."""

    seconds: float
    cpu_seconds: float
    error: str | None


def flags(options: Options) -> list[str]:
    """Options as those of a command line; true is a flag alone."""
    out = []
    for name, value in options.items():
        out.append(f"--{name.replace('_', '-')}")
        if value is not True:
            out.append(str(value))
    return out


def wordvec(corpus: Path, output: Path, common: Options, options: Options) -> list[str]:
    """Our own command line; options are those of `wordvec train`."""
    given = flags({**common, **options})
    return [*WORDVEC, "train", str(corpus), "-o", str(output), "--quiet", "--force", *given]


def count(corpus: Path, output: Path, threads: int, options: Options) -> list[str]:
    """The shards of a text; options are those of `wordvec count`."""
    given = flags({"threads": threads, **options})
    return [*WORDVEC, "count", str(corpus), "-o", str(output), "--quiet", "--force", *given]


def gensim(kind: str, corpus: Path, output: Path, common: Options, options: Options) -> list[str]:
    """A class of gensim.models on a file of lines; options are those of its constructor."""
    given = {**common, **options}
    given["workers"] = given.pop("threads")
    pairs = [f"{name}={value!r}" for name, value in given.items()]
    return [sys.executable, "-m", "evals.trainers", kind, str(corpus), str(output), *pairs]


TRAINERS: dict[str, Command] = {
    "wordvec": wordvec,
    "gensim-word2vec": partial(gensim, "Word2Vec"),
    "gensim-fasttext": partial(gensim, "FastText"),
}


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end; the processor time is that of the process and its children."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    error = None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        error = lines[-1] if lines else f"exit code {done.returncode}"
    return Run(seconds, cpu, error)


def train_gensim(kind: str, corpus: str, output: str, options: Options) -> None:
    """Trains by gensim's fastest way, a file of lines, and saves the words' vectors."""
    from gensim import models

    model = getattr(models, kind)(corpus_file=corpus, **options)
    model.wv.save_word2vec_format(output, binary=True)


def _main(kind: str, corpus: str, output: str, *pairs: str) -> None:
    options = {
        name: ast.literal_eval(value) for name, _, value in (p.partition("=") for p in pairs)
    }
    train_gensim(kind, corpus, output, options)


if __name__ == "__main__":
    _main(*sys.argv[1:])
