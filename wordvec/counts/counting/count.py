"""A corpus -> shards of co-occurrence counts.

The corpus is counted in blocks that fit the memory budget. A block gives rows of exact integer
counts; with one block they go straight into tiles, with several each becomes a run on disk and the
runs are merged row by row. Sums are integers, so the result does not depend on threads, blocks or
order, to the last bit.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from wordvec.counts.counting.budget import plan_blocks
from wordvec.counts.counting.partial import Partial, check_shard_folder
from wordvec.counts.counting.rows import Buffer, Counter
from wordvec.counts.counting.runs import FAN_IN, Run, write_run
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.spread import count_on
from wordvec.counts.counting.window import Window, check_overflow
from wordvec.counts.shards import Shards
from wordvec.counts.tiles import Built, tile_count
from wordvec.counts.writer import ShardWriter
from wordvec.estimator import (
    Callback,
    Option,
    Progress,
    Seed,
    Stopwatch,
    checked,
)
from wordvec.system import remote
from wordvec.system.folders import scratch_folder
from wordvec.text.corpus import Corpus
from wordvec.text.spool import PIECE, in_memory

Block: TypeAlias = tuple[int, int]
Memory: TypeAlias = Annotated[
    int,
    Option(
        help="Bytes that the process may hold; what does not fit lies in files.",
        at_least=1,
        unit="bytes",
    ),
]


@checked
def count(
    corpus: Corpus | str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    window: Window | None = None,
    *,
    sample: float = 0.0,
    seed: Seed = 1,
    memory: Memory = 4 << 30,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    client: Any = None,
    **reading: Any,
) -> Shards:
    """Counts a corpus into a shard folder and opens it.

    Parameters
    ----------
    corpus : Corpus
        With `client` the paths of the texts, which each worker reads a part of.
    target : path
        The folder to make; a URL (s3://bucket/shards) is counted here first. While it is made
        there is `<target>.partial`; a count that was killed goes on from the blocks in it when it
        is started again.
    window : Window, optional
        What counts as a co-occurrence; by default 10 words on each side, weighted by 1/distance.
    sample : float
        Frequent words are dropped at random before windows are formed, as word2vec does it: a word
        that is the share f of the corpus stays with probability sqrt(sample/f) + sample/f. 0 keeps
        all.
    seed : int
        Seed of the subsampling: which tokens stay depends only on it and their place in the corpus.
    memory : int
        Bytes that the process may hold, all that it holds already included: the interpreter, the
        libraries, the vocabulary and the ids. What does not fit is counted in blocks, by fewer
        threads, and merged from files beside the target. A warning says when it is too little.
        `encode` keeps ids to it too, when it is told.
    threads : int
        Threads that count; the shards are the same for any number.
    force : bool
        Replace the target if it is a folder of shards; nothing else is replaced.
    progress : callable, optional
        Gets a `Progress` for each tile counted.
    client : distributed.Client or str, optional
        Count on the workers of a cluster, to the same bytes: a client of Dask, the address of a
        scheduler ("tcp://host:8786"), the path of its file, or "local:4". `memory` and `threads`
        are then the workers' own.
    reading
        With `client`: `vocab`, `min_count`, `max_vocab`, `gaps`, `across_lines` and `options`,
        as `wordvec.encode` has them.

    Raises
    ------
    FileExistsError
        When the folder exists and `force` is not given.
    """
    window = window or Window()
    if remote.is_url(target):
        if client is not None:
            raise ValueError(
                f"{target}: a cluster counts into a folder that all its workers see; copy it to "
                "the store when it is done"
            )
        if not force and remote.exists(f"{target.rstrip('/')}/manifest.json"):
            raise FileExistsError(f"{target}: exists already; name another or give force=True")
        with scratch_folder() as scratch:
            made = count(
                corpus,
                scratch / "shards",
                window,
                sample=sample,
                seed=seed,
                memory=memory,
                threads=threads,
                progress=progress,
                **reading,
            )
            # A store takes whole files and cannot append; the manifest, which makes it a folder of
            # shards, comes last.
            for name in ("tiles.bin", "vocab.txt", "marginals.f64", "manifest.json"):
                remote.put(made.path / name, f"{target.rstrip('/')}/{name}")
        return Shards(target)
    if client is not None:
        if isinstance(corpus, Corpus):
            raise TypeError("with client, corpus must be the paths of the texts")
        how: dict[str, Any] = {"sample": sample, "seed": seed, "force": force, **reading}
        paths = [corpus] if isinstance(corpus, str | os.PathLike) else list(corpus)
        return count_on(client, paths, target, window, progress=progress, **how)
    if not isinstance(corpus, Corpus):
        raise TypeError(f"corpus must be a Corpus (wordvec.encode), got {type(corpus).__name__}")
    if reading:
        raise TypeError(f"count has no argument {next(iter(reading))!r} without client")
    details = asdict(window)
    if sample:
        corpus = subsample(corpus, sample, seed, memory=memory)
        details |= {"sample": sample, "sample_seed": seed}
    details |= corpus.recorded()
    if corpus.part:
        details |= {"parts": [corpus.part.number], "parts_of": corpus.part.of}
    target = check_shard_folder(target, force=force)
    weight, unit = window.weights()
    check_overflow(window, corpus.known)
    k = tile_count(len(corpus.vocab))
    plan = plan_blocks(corpus, window.window, k, memory, threads)
    with Partial(target) as partial:
        blocks = _blocks(partial, corpus, window, plan.blocks)
        steps = k * (len(blocks) + (len(blocks) > 1))
        done, watch = 0, Stopwatch()

        def tick() -> None:
            nonlocal done
            done += 1
            if progress:
                progress(Progress("counting", done, steps, "tiles", watch.seconds))

        counter = Counter(corpus, window, weight, k, memory, plan.threads)
        writer = ShardWriter(
            partial.made,
            corpus.vocab,
            kind="co-occurrence",
            unit=unit,
            symmetric=window.direction == "symmetric",
            details=details,
        )
        try:
            if len(blocks) == 1:
                rows = counter.count(*blocks[0])
            else:
                rows = counter.merge(_spill(partial.path, counter, blocks, tick))

            def build(state: Buffer, tile: int) -> Built:
                built = writer.build(tile, rows(state, tile))
                state.reuse()
                return built

            for tiles in counter.each(build):
                writer.append(tiles)
                tick()
            writer.finish()
            partial.finish(force=force)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                error.strerror = f"{error.strerror}: make room; the same command goes on from there"
            raise
        finally:
            writer.close()
            if not partial.holds_work():
                with contextlib.suppress(OSError):
                    partial.clear()
    return Shards(target)


def _spill(
    work: Path, counter: Counter, blocks: list[Block], tick: Callable[[], None]
) -> list[Run]:
    """Counts each block into a run, unless it is there already, and returns what to merge.

    run-L-N.bin holds blocks N FAN_IN^L and the following: when FAN_IN runs of a level are complete
    they become one of the next, so that a merge never has more than FAN_IN inputs a level.
    """

    def path(level: int, number: int) -> Path:
        return work / f"run-{level}-{number:06}.bin"

    def cover(block: int) -> tuple[int, int] | None:
        for level in range(8, -1, -1):
            if path(level, block // FAN_IN**level).exists():
                return level, block // FAN_IN**level
        return None

    for number, block in enumerate(blocks):
        if cover(number) is None:
            write_run(path(0, number), counter.each(counter.count(*block)))
        for _ in range(counter.k):
            tick()
        level, complete = 0, number + 1
        while complete % FAN_IN == 0:
            parts = [path(level, complete - FAN_IN + i) for i in range(FAN_IN)]
            level, complete = level + 1, complete // FAN_IN
            covered = cover(number)
            if covered is None or covered[0] < level:
                merged = counter.merge([Run(part) for part in parts])
                write_run(path(level, complete - 1), counter.each(merged))
            for part in parts:
                part.unlink(missing_ok=True)

    runs, at = [], 0
    while at < len(blocks):
        found = cover(at)
        assert found is not None
        level, number = found
        runs.append(Run(path(level, number)))
        at = (number + 1) * FAN_IN**level
    return runs


def _blocks(partial: Partial, corpus: Corpus, window: Window, wanted: float) -> list[Block]:
    """The blocks to count, ranges of ids. What a killed count has is taken up when its blocks are
    as many as wanted now, or a tenth larger: memory is not in the same state each time."""
    n, crc = len(corpus.ids), 0
    for begin in range(0, n, PIECE):
        crc = zlib.crc32(in_memory(corpus.ids, begin, min(begin + PIECE, n)).data, crc)
    state = {
        **asdict(window),
        "text": [n, crc, corpus.context],
        "vocabulary": [len(corpus.vocab), zlib.crc32(b"\n".join(corpus.vocab.words))],
    }
    wanted = max(wanted, 1)
    pieces = partial.begin(state, math.ceil(wanted), at_least=math.ceil(0.9 * wanted))
    first, n = corpus.context, n - corpus.context
    return [(first + n * i // pieces, first + n * (i + 1) // pieces) for i in range(pieces)]
