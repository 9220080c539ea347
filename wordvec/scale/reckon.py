"""What a corpus costs on some machines: memory, disk, network and time of each stage.

Everything here is arithmetic on the sizes of a corpus and on constants. The constants that depend
on the machine are measured by `wordvec.scale.calibrate`; those that depend on the language were
measured on English Wikipedia (docs/measurements/scale.md) and are stated with every result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from wordvec.counts.counting import budget
from wordvec.counts.tiles import tile_count
from wordvec.estimator import check_options, option
from wordvec.models import MODELS
from wordvec.models.glove import CELL_SECONDS
from wordvec.models.swivel import FLOPS
from wordvec.models.visits import PAIR_SECONDS
from wordvec.training.batches import sides_moved

CELL_BYTES = 6.9  # of a stored cell in shards, its share of row pointers included
ID_BYTES = 4  # of a token that was read
WORD_BYTES = 200  # of a word of the vocabulary in memory
TYPE_BYTES = 100  # of a distinct token while a text is read
BLOCK_TOKENS = 1 << 27  # that are counted at once, at most
GBIT = 1.1e9 / 10  # bytes per second that arrive of a Gbit/s

# English Wikipedia of 2015, min_count 5, window 10: docs/measurements/scale.md has the table.
TOKENS, WORDS, CELLS, TYPES = 62_634_290, 328_209, 105_216_879, 1_400_000
CELL_GROWTH, WORD_GROWTH, WINDOW_GROWTH = 0.83, 0.66, 0.65


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What this machine does in a second, or how long it takes; one thread each.

    Attributes
    ----------
    read, count : float
        Nanoseconds per token: to read and number it, and to count its window.
    merge : float
        Nanoseconds per cell of a run that is merged.
    flops : float
        Floating-point operations per second of Swivel's tiles, and of PPMI's dense products.
    glove, pair : float
        Nanoseconds per cell of the whole matrix (GloVe) and per positive pair (count-skipgram), for
        each dimension.
    disk : float
        Bytes per second that a machine writes.
    process : float
        Bytes that a process holds before it has read anything.
    """

    read: float = 70.0
    count: float = 190.0
    merge: float = 15.0
    flops: float = FLOPS
    glove: float = 1e9 * CELL_SECONDS
    pair: float = 1e9 * PAIR_SECONDS
    disk: float = 1e9
    process: float = 150e6


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done.

    Parameters
    ----------
    tokens : int
        Words of the text.
    vocab : int
        Largest number of words that are kept (`--max-vocab`).
    vector_size, window, epochs : int
        Of the vectors; 0 epochs are the model's own default.
    workers, threads : int
        Machines, and threads of each.
    super_tile : int
        Tiles on each side of a super-tile.
    network : float
        Gbit/s between two machines.
    """

    tokens: int = option(10**9, "Words of the text, such as 10G.", at_least=1, unit="amount")
    vocab: int = option(400_000, "Words that are kept, such as 2M.", at_least=1, unit="amount")
    vector_size: int = option(100, "Dimensions of a vector.", at_least=1, at_most=1 << 20)
    window: int = option(10, "Context words on each side of a word.", at_least=1)
    epochs: int = option(0, "Epochs of a training; 0 is each model's default.", at_least=0)
    workers: int = option(1, "Machines that work together.", at_least=1, at_most=4096)
    threads: int = option(
        1,
        "Threads of each machine.",
        none="all processors of this one",
        at_least=1,
        at_most=4096,
    )
    super_tile: int = option(
        8, "Tiles on each side of a super-tile of a training on several machines.", at_least=1
    )
    network: float = option(10.0, "Gbit/s between two machines.", above=0)

    def __post_init__(self) -> None:
        check_options(Job, vars(self))

    @property
    def words(self) -> int:
        """Words of the vocabulary: what the text has, up to `vocab`."""
        grown = WORDS * float(self.tokens / TOKENS) ** WORD_GROWTH
        return int(max(min(self.vocab, round(grown)), 1))

    def cells(self, tokens: float | None = None) -> float:
        """Stored cells of a symmetric matrix: those of all words, which is an upper bound where
        `vocab` leaves out some, and at most half of the square."""
        n = self.tokens if tokens is None else tokens
        grown = CELLS * float(n / TOKENS) ** CELL_GROWTH * float(self.window / 10) ** WINDOW_GROWTH
        pairs = 0.5 * n * 2 * self.window
        return float(min(grown, pairs, self.words * (self.words + 1) / 2))


@dataclass(frozen=True)
class Stage:
    """What a stage costs.

    Attributes
    ----------
    stage : str
    cpu_hours : float
        Of all threads together.
    hours : float
        From beginning to end, the network included.
    memory, disk : float
        Bytes that each machine holds; bytes of all files together.
    network : float
        Bytes that each machine receives.
    network_hours : float
        How long that takes.
    """

    stage: str
    cpu_hours: float
    hours: float
    memory: float
    disk: float
    network: float
    network_hours: float

    def as_row(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)


def row_bytes(model: str, d: int) -> int:
    """Bytes of a word on one side while a model trains: values, and sums of squared gradients."""
    stride = -(-(d + (2 if model == "glove" else 0)) // 16) * 16
    return 4 * stride * (1 if model == "count-skipgram" else 2)


def moved(model: str, job: Job) -> float:
    """Bytes that all machines together receive in an epoch of a tile model."""
    if job.workers < 2:
        return 0.0
    k = tile_count(job.words)
    groups = -(-k // min(job.super_tile, k))
    passes = {"glove": 16, "count-skipgram": 4}.get(model, 1)
    side = job.words * row_bytes(model, job.vector_size)
    return passes * side * sides_moved(groups, job.workers, both=model == "glove")


def stages(job: Job, rates: Rates) -> Iterator[Stage]:
    """The stages, one after another: reading, counting, adding up, and one training per model."""
    total = job.workers * job.threads
    several = job.workers > 1
    words, cells = job.words, job.cells()
    types = TYPES * (job.tokens / TOKENS) ** WORD_GROWTH
    ids = ID_BYTES * job.tokens / job.workers

    def stage(
        name: str,
        seconds: float,
        memory: float,
        disk: float,
        network: float = 0.0,
        written: float = 0.0,
        width: int = total,
    ) -> Stage:
        net = network / (GBIT * job.network)
        wall = max(seconds / min(total, max(width, 1)), written / rates.disk / job.workers)
        return Stage(
            name,
            seconds / 3600,
            (wall + net) / 3600,
            rates.process + memory,
            disk,
            network,
            net / 3600,
        )

    tables = TYPE_BYTES * types * (1 if several else min(job.threads, 4))
    spread = types * 20 * math.log2(job.workers) / job.workers if several else 0.0
    yield stage(
        "read the text, vocabulary",
        job.tokens * rates.read / 1e9,
        tables + min(ids, 1e9),
        ids * job.workers,
        spread,
        ids * job.workers,
    )
    # Through a network each thread counts blocks of its own.
    least = job.workers * job.threads if several else 1
    blocks = max(math.ceil(job.tokens / BLOCK_TOKENS), least)
    runs = blocks * job.cells(job.tokens / blocks)
    run_bytes = budget.CELL * runs if blocks > 1 else 0.0
    thread = budget.thread_bytes(words)
    block = 12 * job.tokens / blocks * (job.threads if several else 1)
    yield stage(
        "count windows",
        job.tokens * rates.count / 1e9,
        WORD_BYTES * words + job.threads * thread + block,
        run_bytes,
        0.0,
        run_bytes,
    )
    k = tile_count(words)
    yield stage(
        "add up, write shards",
        runs * rates.merge / 1e9 if blocks > 1 else 0.0,
        WORD_BYTES * words + job.threads * (thread + 24 * cells / k),
        CELL_BYTES * cells,
        run_bytes / job.workers if several else 0.0,
        CELL_BYTES * cells,
    )
    for model in ("swivel", "count-skipgram", "glove", "ppmi"):
        seconds = _training(model, job, rates)
        side = words * row_bytes(model, job.vector_size)
        groups = -(-k // min(job.super_tile, k))
        held = 2 * side + CELL_BYTES * cells / 8
        if several:
            held = 8 * side / min(groups, job.workers) + CELL_BYTES * cells / job.workers
        epochs = _epochs(model, job)
        traffic = moved(model, job) * epochs / job.workers
        disk = CELL_BYTES * cells + 2 * side
        if model == "ppmi":
            width = job.vector_size + 10
            held = (2 if several else 3) * 8 * words * width + 12 * 2 * cells / job.workers
            traffic = 8.0 * words * width * 7 if several else 0.0
            disk = CELL_BYTES * cells
        wide = (k if model != "glove" else k // 2) if not several else total
        yield stage(
            f"train {model}, {epochs} epochs" if model != "ppmi" else "train ppmi",
            seconds,
            held,
            disk,
            traffic,
            0.0,
            wide,
        )


def _epochs(model: str, job: Job) -> int:
    if model == "ppmi":
        return 1
    return job.epochs or int(MODELS[model].load().options()["epochs"].default)


def _training(model: str, job: Job, rates: Rates) -> float:
    """Seconds of one thread."""
    d, cells = job.vector_size, job.cells()
    if model == "swivel":
        return _epochs(model, job) * 6 * job.words**2 * d / rates.flops
    if model == "glove":
        return _epochs(model, job) * 2 * cells * d * rates.glove / 1e9
    if model == "count-skipgram":
        # A window of n words shrinks to half of that on average; subsampling keeps some .6.
        pairs = 0.6 * job.tokens * (job.window + 1)
        return _epochs(model, job) * pairs * d * rates.pair / 1e9
    width = d + 10
    products = 6 * 2 * 2 * cells * width  # two power passes: six products with the matrix
    return (products * 4 + 7 * 2 * job.words * width**2) / rates.flops


def constants(rates: Rates, job: Job) -> list[dict[str, Any]]:
    """The constants that were used, with their units and where they come from."""
    here = "measured here"
    rows = [
        ("read a token", f"{rates.read:.0f} ns", here),
        ("count a token's window", f"{rates.count:.0f} ns", here),
        ("merge a cell of a run", f"{rates.merge:.1f} ns", here),
        ("Swivel", f"{rates.flops / 1e9:.0f} GFLOP/s per thread, 6 V^2 d per epoch", here),
        ("GloVe", f"{rates.glove * job.vector_size:.0f} ns per cell and epoch", here),
        ("count-skipgram", f"{rates.pair * job.vector_size:.0f} ns per pair", here),
        ("a process", f"{rates.process / 1e6:.0f} MB", here),
        ("disk", f"{rates.disk / 1e9:.2f} GB/s written", here),
        ("network", f"{GBIT * job.network / 1e9:.2f} GB/s received", "assumed: --network"),
        ("words", f"{job.words:,}", f"Wikipedia: tokens^{WORD_GROWTH}, at most --vocab"),
        ("stored cells", f"{job.cells():.3g}", f"Wikipedia: tokens^{CELL_GROWTH}"),
        ("a stored cell", f"{CELL_BYTES} bytes", "Wikipedia"),
        ("a cell of a run", f"{budget.CELL} bytes", "format"),
        ("tiles per side", f"{tile_count(job.words)}", "format"),
    ]
    return [dict(zip(("constant", "value", "source"), row, strict=True)) for row in rows]
