"""Fuzzes every other reader: `python tests/fuzz_readers.py --seconds 60 [--seed N] [--only NAME]`.

Every vector format (the samples of the tests), shards, folders of blocks, relations, vocabularies,
phrase tables, evaluation sets, checkpoints and texts. Good files are made, then damaged: bytes
flipped, runs overwritten, cut, doubled, numbers replaced by hostile ones. Whatever comes, an answer
or an error of the library (WordvecError, OSError, and ValueError where the reader says so) is
right. Anything else ends the run with the seed, and the file is kept.
"""

from __future__ import annotations

import argparse
import functools
import io
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

import numpy as np  # noqa: E402
from vector_files import SAMPLES, WITHOUT_WORDS, with_ngrams  # noqa: E402

import wordvec  # noqa: E402
from wordvec import formats  # noqa: E402
from wordvec.counts.blocks import Blocks, count_blocks  # noqa: E402
from wordvec.counts.shards import Shards  # noqa: E402
from wordvec.errors import WordvecError  # noqa: E402
from wordvec.evaluation.core import datasets  # noqa: E402
from wordvec.hierarchy.relations import from_pairs, read_relations, read_shards, write_shards  # noqa: E402
from wordvec.text.phrases.model import PhraseTable  # noqa: E402
from wordvec.text.vocab import Vocabulary  # noqa: E402
from wordvec.training.checkpoint import Checkpoint, Position  # noqa: E402

MEMORY = 4 << 30  # bytes of address space; an allocation beyond a file's size fails
TEXT = "".join(f"a{i % 7} b{i % 5} c{i % 3}\n" for i in range(200))


@dataclass(frozen=True)
class Target:
    """A reader: what makes a good file (or folder) at a path, and what reads all of one."""

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...] = ()


MADE = SAMPLES | {name: functools.partial(with_ngrams, name=name) for name in WITHOUT_WORDS}


def sample(name: str) -> Target:
    """A file or folder of a foreign format; its path is a folder that holds it alone."""
    places: dict[str, Path] = {}

    def make(path: Path) -> None:
        path.mkdir()
        places["it"] = MADE[name](path).relative_to(path)

    def read(path: Path) -> None:
        with np.errstate(all="ignore"):
            found = formats.load(path / places["it"])
        assert len(list(found)) == len(found.vectors)

    return Target(make, read)


def _encoded() -> Any:
    return wordvec.encode(io.BytesIO(TEXT.encode()), min_count=1)


def read_all(path: Path) -> None:
    shards = Shards(path)
    assert shards.sparse().nnz >= 0
    assert len(shards.marginals) == 2
    assert len(shards.vocab) == shards.words
    shards.verify()


def checkpoint(path: Path, resume: bool = True) -> Checkpoint:
    arrays = [np.zeros((6, 4), np.float32), np.zeros(9)]
    return Checkpoint(path.parent, {"model": "x", "seed": 1}, arrays, resume=resume)


def make_checkpoint(path: Path) -> None:
    checkpoint(path).save(Position(2, 3, 0.5, 7, 9, 11, [0.5], []))


TARGETS: dict[str, Target] = {
    **{name: sample(name) for name in MADE},
    "shards": Target(
        lambda path: wordvec.count(_encoded(), path, wordvec.Window(window=2), force=True), read_all
    ),
    "blocks": Target(
        lambda path: count_blocks(
            _encoded(), path, 3, wordvec.Window(window=2), by="line", force=True
        ),
        lambda path: [Blocks(path).counts, *(read_all(each.path) for each in Blocks(path).shards)],
    ),
    "relation shards": Target(lambda path: _relation_shards(path), read_shards),
    "relations": Target(
        lambda path: path.write_text("a\tb\nc\tb\nd\tc\n"), read_relations, (ValueError,)
    ),
    "vocabulary": Target(
        lambda path: _encoded().vocab.save(path, force=True), Vocabulary.load, (ValueError,)
    ),
    "phrases": Target(lambda path: _phrases(path), PhraseTable.load),
    "similarity set": Target(
        lambda path: path.write_text("".join(f"a{i} b{i} {i}.5\n" for i in range(9))), datasets.load
    ),
    "analogy set": Target(
        lambda path: path.write_text(": one\n" + "a b c d\n" * 5 + ": two\ne f g h\n"),
        datasets.load,
    ),
    "checkpoint": Target(
        make_checkpoint, lambda path: checkpoint(path).load(Position()), (ValueError,)
    ),
    "text": Target(
        lambda path: path.write_text(TEXT), lambda path: wordvec.encode(path, min_count=1)
    ),
}


def _relation_shards(path: Path) -> None:
    write_shards(from_pairs([(f"n{i}", f"n{i // 2}") for i in range(1, 40)]), path, force=True)


def _phrases(path: Path) -> None:
    found = wordvec.Phrases(min_count=1, threshold=0.1).fit(_encoded())
    found.phrases_.save(path, force=True)


NUMBERS = [b"-1", b"0", b"4294967296", b"18446744073709551616", b"1e999", b"nan", b'"x"', b"[]"]


def damage(data: bytes, rng: np.random.Generator) -> bytes:
    """A file with one to four kinds of damage."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        if not out:
            break
        at, n = int(rng.integers(len(out))), int(rng.integers(1, 17))
        kind = rng.integers(7)
        if kind == 0:
            out[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            out[at : at + n] = rng.bytes(n)
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            out[at:at] = out[at : at + 40 * n]
        elif kind == 4:
            del out[at : at + n]
        elif kind == 5:
            out[at : at + n] = bytes([[0, 255, 10, 13, 32, 9, 127][rng.integers(7)]]) * n
        else:
            digits = [i for i, byte in enumerate(out) if 48 <= byte < 58]
            if digits:
                start = end = digits[rng.integers(len(digits))]
                while end < len(out) and 48 <= out[end] < 58:
                    end += 1
                out[start:end] = NUMBERS[rng.integers(len(NUMBERS))]
    return bytes(out)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", help="a part of the names of the readers")
    options = parser.parse_args(arguments)
    seed = int(time.time()) if options.seed is None else options.seed
    rng = np.random.default_rng(seed)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = {n: t for n, t in TARGETS.items() if not options.only or options.only in n}
    for name, target in chosen.items():
        with tempfile.TemporaryDirectory() as folder:
            fuzz(name, target, options.seconds / len(chosen), seed, rng, Path(folder))
    return 0


def fuzz(
    name: str, target: Target, seconds: float, seed: int, rng: np.random.Generator, folder: Path
) -> None:
    good = folder / "good" / "state"
    good.parent.mkdir()
    target.make(good)
    target.read(good)
    bad = folder / "bad"
    end, tried, read = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end or tried < 20:
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good.parent, bad)
        files = [path for path in bad.rglob("*") if path.is_file()]
        victim = files[rng.integers(len(files))]
        victim.write_bytes(damage(victim.read_bytes(), rng))
        try:
            target.read(bad / "state")
            read += 1
        except (WordvecError, OSError, *target.errors):
            pass
        except BaseException:
            kept = Path(tempfile.gettempdir()) / f"wordvec-fuzz-{seed}-{tried}"
            shutil.copytree(bad, kept, dirs_exist_ok=True)
            print(f"{name}: seed {seed}, file {tried}: kept in {kept}", file=sys.stderr)
            raise
        tried += 1
    print(f"{name:<36} seed {seed}: {tried:,} files, {read:,} read, the others refused", flush=True)


if __name__ == "__main__":
    sys.exit(main())
