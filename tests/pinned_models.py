"""Trains a small model of every kind and prints the SHA-256 of its numbers.

    WORDVEC_ISA=avx2 python tests/pinned_models.py             # {"glove": "8d1f...", ...}
    python tests/pinned_models.py --write                      # renews pins.json, every ISA

`test_pins.py` compares with `pins.json`. A pin may change only with a change of a model's order or
arithmetic that is meant, and CHANGELOG.md then says so under "Bytes".
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy

PINS = Path(__file__).with_name("pins.json")
# The reciprocal root of these kernels is an estimate that differs between makers of processors.
_ESTIMATE = ("avx2", "avx512", "avx512_bf16")
ESTIMATED = {"glove": _ESTIMATE, "glove-asymmetric": _ESTIMATE}
# Made by LAPACK, whose last bits follow the versions of numpy and scipy.
BY_LAPACK = ("ppmi", "hmds")
# OpenBLAS chooses its kernels by processor; these are on every one that has AVX2.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "HASWELL"}

STREAM = {"vector_size": 20, "epochs": 2, "window": 4, "min_count": 1, "threads": 1}
TILES = {"vector_size": 20, "epochs": 3, "threads": 2}
TREE = {"vector_size": 5, "epochs": 12, "threads": 1}


def text(seed: int) -> list[list[str]]:
    """6,000 tokens of 1,200 words, more than one tile can hold of them when tiles are small."""
    rng = random.Random(seed)
    return [
        [f"w{min(int(rng.expovariate(0.004)), 1199)}" for _ in range(rng.randrange(1, 30))]
        for _ in range(400)
    ]


def pairs() -> list[tuple[str, str]]:
    """A tree of 363 edges."""
    return [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 364)]


def digest(vectors: Any) -> str:
    """SHA-256 of all numbers that a model has learned."""
    sha = hashlib.sha256()
    parts = [vectors.vectors, vectors.contexts, vectors.biases, vectors.context_biases]
    if vectors.subwords is not None:
        parts.append(vectors.subwords.matrix.decoded())
    for part in parts:
        if part is not None:
            sha.update(np.ascontiguousarray(part).tobytes())
    return sha.hexdigest()


def models(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each name with what trains it."""
    import wordvec
    from wordvec.hierarchy.models import Euclidean, Translation

    tokens = text(1)
    streams: dict[str, tuple[Any, dict[str, Any]]] = {
        "skipgram": (wordvec.SkipGram, {}),
        "skipgram-own-noise": (wordvec.SkipGram, {"negatives": "independent", "negative": 7}),
        "cbow": (wordvec.CBOW, {}),
        "cbow-sum": (wordvec.CBOW, {"cbow_mean": False, "cbow_divide": True, "shrink": False}),
        "subword": (wordvec.FastText, {"bucket": 3000}),
        "subword-own-noise": (wordvec.FastText, {"bucket": 3000, "negatives": "independent"}),
    }
    for name, (model, options) in streams.items():
        yield name, lambda m=model, o=options: m(**STREAM, **o).fit(tokens)
    corpus = wordvec.encode(tokens, min_count=1)
    shards = wordvec.count(corpus, folder / "both", wordvec.Window(window=5))
    left = wordvec.count(corpus, folder / "left", wordvec.Window(window=5, direction="left"))
    tiles: dict[str, tuple[Any, dict[str, Any], Any]] = {
        "glove": (wordvec.GloVe, {"x_max": 10.0}, shards),
        "glove-asymmetric": (wordvec.GloVe, {"x_max": 10.0}, left),
        "count-skipgram": (wordvec.CountSkipGram, {}, shards),
        "lexvec": (wordvec.LexVec, {"negative": 3}, shards),
        "swivel": (wordvec.Swivel, {}, shards),
    }
    for name, (model, options, source) in tiles.items():
        yield name, lambda m=model, o=options, s=source: m(**TILES, **o).fit(s)
    yield "ppmi", lambda: wordvec.PPMI(vector_size=20).fit(shards)
    trees: dict[str, tuple[Any, dict[str, Any]]] = {
        "poincare": (wordvec.Poincare, {}),
        "poincare-own-noise": (wordvec.Poincare, {"negatives": "independent", "start": "random"}),
        "lorentz": (wordvec.Lorentz, {}),
        "euclidean": (Euclidean, {}),
        "translation": (Translation, {}),
    }
    for name, (model, options) in trees.items():
        yield name, lambda m=model, o=options: m(**TREE, **o).fit(pairs())
    yield "sarkar", lambda: wordvec.Sarkar(vector_size=2, tau=0.7).fit(pairs())
    yield "sarkar-exact", lambda: wordvec.Sarkar(vector_size=3, tau=0.7, precision=300).fit(pairs())
    distances = np.abs(np.subtract.outer(np.arange(30.0), np.arange(30.0)))
    yield "hmds", lambda: wordvec.HyperbolicMDS(vector_size=3, tau=0.2).fit(distances)


def libraries() -> list[str]:
    """The versions that LAPACK comes with."""
    return [f"numpy {np.__version__}", f"scipy {scipy.__version__}"]


def processor() -> str:
    """The maker of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next((x.split(":")[1].strip() for x in lines if x.startswith("vendor_id")), "unknown")


def key(name: str, isa: str) -> str:
    """Under what a model's pin stands: its instruction set, with the maker where that matters."""
    return f"{isa}, {processor()}" if isa in ESTIMATED.get(name, ()) else isa


def digests() -> dict[str, str]:
    """The digest of every model, on the instruction set that is active."""
    with tempfile.TemporaryDirectory() as folder:
        return {name: digest(train().vectors_) for name, train in models(Path(folder))}


def digests_with(isa: str) -> dict[str, str]:
    """The same on another instruction set, in a process of its own: it is chosen at import."""
    done = subprocess.run(
        [sys.executable, __file__],
        env=os.environ | ENVIRONMENT | {"WORDVEC_ISA": isa},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def write() -> None:
    """Renews the pins of this machine's instruction sets and keeps those of others: of a model that
    changed, take out those that are not made anew."""
    from wordvec.native import cpu

    pins = json.loads(PINS.read_text()) if PINS.exists() else {}
    table: dict[str, dict[str, str]] = pins.get("models", {})
    for isa in cpu.available():
        for name, value in digests_with(isa).items():
            table.setdefault(name, {})[key(name, isa)] = value
    made = {"libraries": libraries(), "models": table}
    PINS.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        json.dump(digests(), sys.stdout)
