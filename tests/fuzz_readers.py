"""Fuzzes every other reader: `python tests/fuzz_readers.py --seconds 60 [--seed N] [--only NAME]`.

What is read, and how, is the table in readers.py: vector formats, counts, checkpoints, texts, lists
of words, sets, concepts. Good files are made, then damaged: bytes flipped, runs overwritten, cut,
doubled, numbers replaced by hostile ones. Whatever comes, an answer or an error of the library
(WordvecError, OSError, and ValueError where the reader says so) is right. Anything else ends the
run with the seed, and the file is kept.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))  # where wordvec is not installed

import numpy as np
from readers import TARGETS, Target

from wordvec.errors import WordvecError

MEMORY = 4 << 30  # bytes of address space; an allocation beyond a file's size fails

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
