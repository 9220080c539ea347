"""A text counted by an engine: parts, their vocabularies, blocks and row tiles as pure tasks.

The parts are those of `wordvec.counts.parts`. Each is read once; the words are added up in a tree;
then parts that follow each other are counted as blocks, as large as the workers' memory allows: one
block goes straight into row tiles, several into runs that are merged row tile after row tile. Sums
are integers, so the shards are those of one machine, byte for byte.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.counts.counting import tasks
from wordvec.counts.counting.budget import block_tokens
from wordvec.counts.counting.partial import check_shard_folder
from wordvec.counts.counting.runs import FAN_IN
from wordvec.counts.counting.tasks import IndexedFile, Reading
from wordvec.counts.counting.window import Window, check_overflow
from wordvec.counts.parts.spans import sizes_of
from wordvec.counts.shards import SHARDS, Shards
from wordvec.counts.tiles import tile_count
from wordvec.counts.writer import ShardWriter
from wordvec.engine.cluster import Cluster, connected
from wordvec.engine.shared import shared_folder
from wordvec.errors import CorpusError
from wordvec.estimator import Callback, Progress, Stopwatch
from wordvec.system import remote
from wordvec.system.folders import write_folder
from wordvec.text.corpus import how_read
from wordvec.text.options import TextOptions
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from wordvec.engine.local import Engine

# Bytes of text of a part at most. The file of a part has 8 bytes for each word of the vocabulary
# beside its ids; and a part is read again when its worker dies.
PART = 256 << 20
LEAST_PART = 1 << 20  # of a small text that is dealt to all threads
TREE = 8  # vocabularies that are added at once
MEMORY = 4 << 30  # bytes for a task where the engine does not say what it has


def count_on(
    client: Any,
    paths: Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    window: Window,
    *,
    vocab: Vocabulary | None = None,
    min_count: int = 5,
    max_vocab: int | None = None,
    gaps: bool = False,
    across_lines: bool = False,
    sample: float = 0.0,
    seed: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    parts: int | None = None,
) -> Shards:
    """Counts texts on a cluster; see `wordvec.count` and `wordvec.encode` for the parameters.

    Parameters
    ----------
    client : distributed.Client, str or Engine
        See `wordvec.engine.cluster.connected`.
    paths : paths
        Files that all workers see.
    parts : int, optional
        Into how many parts the texts are cut; by default of up to 256 MB. The result does not
        depend on it.
    """
    target = check_shard_folder(target, force=force, inputs=paths)
    with contextlib.ExitStack() as stack:
        engine = client if hasattr(client, "submit") and hasattr(client, "release") else None
        if engine is None:
            engine = stack.enter_context(connected(client))
        found = remote.expanded([os.fspath(path) for path in paths])
        names = tuple(p if remote.is_url(p) else os.path.abspath(p) for p in found)
        sizes = sizes_of(names)
        if isinstance(engine, Cluster):
            engine.check_sizes(dict(zip(names, sizes, strict=True)))
        work = stack.enter_context(
            shared_folder(target, "name a folder that all workers can write to")
        )
        of = parts or _parts(sum(sizes), engine)
        how = Reading(names, of, options or TextOptions(), window, gaps, across_lines, sample, seed)
        job = _Job(engine, how, work, progress)
        words = job.vocabulary(vocab, min_count, max_vocab)
        files = job.numbered(words, given=vocab is not None)
        tiles = job.row_tiles(len(words), files)
        return job.shards(words, tiles, target, force=force)


def _parts(size: int, engine: Any) -> int:
    """Parts of at most some size, equally many for each thread where the text is large."""
    threads = sum(engine.workers().values()) if isinstance(engine, Cluster) else 1
    return min(threads * -(-size // (threads * PART)), max(-(-size // LEAST_PART), 1))


def _blocks(sizes: Sequence[int], least: int, most: int) -> list[range]:
    """Which parts, from 0, are counted together: parts that follow each other, in at least so many
    blocks, of about so many ids at most."""
    total = sum(sizes)
    n = max(least, -(-total // most), 1)
    begins, at, last = [], 0, -1
    for part, size in enumerate(sizes):
        place = (2 * at + size) * n // (2 * total + 1)  # of the middle of the part
        if place != last:
            begins.append(part)
        at, last = at + size, place
    ends = [*begins[1:], len(sizes)]
    return [range(begin, end) for begin, end in zip(begins, ends, strict=True)]


class _Turns:
    """Submits tasks, of which no more run at once than the engine wants: each waits for the one
    that stands so many places before it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.at_once = engine.at_once if isinstance(engine, Cluster) else 0
        self.made: list[Any] = []

    def submit(self, function: Callable[..., Any], *args: Any, **how: Any) -> Any:
        """As `Engine.submit`."""
        if self.at_once and len(self.made) >= self.at_once:
            how["after"] = self.made[-self.at_once]
        self.made.append(self.engine.submit(function, *args, **how))
        return self.made[-1]


class _Job:
    """One count: what was submitted, and where it leaves its files."""

    def __init__(self, engine: Engine, how: Reading, work: Path, progress: Callback | None) -> None:
        self.engine, self.how, self.work, self.progress = engine, how, work, progress
        self.watch = Stopwatch()
        turns = _Turns(engine)
        self.read = [
            turns.submit(tasks.read, how, n, near=n, label=f"reading {how.label(n)}")
            for n in range(1, how.of + 1)
        ]
        self.words = [
            engine.submit(tasks.words_of, part, near=n, label=f"words of part {n}")
            for n, part in enumerate(self.read, 1)
        ]
        self.file = os.fspath(work / "words.bin")

    def name(self, name: str) -> str:
        """The path of a file of this count."""
        return os.fspath(self.work / name)

    def tell(self, stage: str, done: int, total: int, unit: str) -> None:
        if self.progress:
            self.progress(Progress(stage, done, total, unit, self.watch.seconds))

    def vocabulary(
        self, given: Vocabulary | None, min_count: int, max_vocab: int | None
    ) -> Vocabulary:
        """The words of the whole text, or those that were given; in a file for the workers too."""
        level, own = list(self.words), []
        while len(level) > 1:
            level = [
                self.engine.submit(tasks.added, *level[at : at + TREE], label="adding vocabularies")
                for at in range(0, len(level), TREE)
            ]
            own += level
        words = next(iter(self.engine.gather(level)))
        self.engine.release(own)
        self.tell("reading", words.tokens, 0, "words")
        if not words.tokens:
            raise CorpusError(f"{', '.join(self.how.paths[:3])}: there is no token in it")
        vocab = given
        if vocab is None:
            vocab = Vocabulary.from_table(words.table(), min_count=min_count, max_vocab=max_vocab)
        tasks.write_words(self.file, vocab)
        return vocab

    def numbered(self, vocab: Vocabulary, *, given: bool) -> list[IndexedFile]:
        """The parts in files, numbered by the vocabulary."""
        engine, how = self.engine, self.how
        numbers = [vocab.known]  # of the whole text: enough where nothing depends on places
        offsets = [0] * how.of
        if how.sample or given:
            known = [
                engine.submit(tasks.known, words, self.file, near=n, label=f"known words, part {n}")
                for n, words in enumerate(self.words, 1)
            ]
            numbers = list(engine.gather(known))
            engine.release(known)
            offsets = np.cumsum([0, *numbers[:-1]]).tolist()
        if not sum(numbers):
            raise CorpusError(
                f"{', '.join(how.paths[:3])}: none of its tokens is in the vocabulary"
            )
        check_overflow(how.window, sum(numbers))
        engine.release(self.words)
        turns = _Turns(engine)
        made = [
            turns.submit(
                tasks.number,
                how,
                n,
                part,
                self.file,
                offset,
                self.name(f"ids-{n}.bin"),
                near=n,
                label=f"numbering {how.label(n)}",
            )
            for n, (part, offset) in enumerate(zip(self.read, offsets, strict=True), 1)
        ]
        # What is known of the files is kept here: they outlive the worker that wrote them.
        files = list(engine.gather(made))
        engine.release([*made, *self.read])
        return files

    def _blocks(self, files: list[IndexedFile], words: int) -> list[list[IndexedFile]]:
        """Parts that are counted together."""
        window, k = self.how.window.window, tile_count(words)
        memory, least = MEMORY, 1
        if isinstance(self.engine, Cluster):
            memory = self.engine.memory() or MEMORY
            # Threads of one machine share files; through a network they would go to each.
            least = 1 if self.engine.on_one_machine else self._threads()
        sizes = [file.size for file in files]
        ranges = _blocks(sizes, least, block_tokens(words, window, k, memory))
        return [[files[at] for at in block] for block in ranges]

    def _threads(self) -> int:
        return sum(self.engine.workers().values()) if isinstance(self.engine, Cluster) else 1

    def row_tiles(self, words: int, files: list[IndexedFile]) -> list[Any]:
        """The row tiles of the whole text, in files, as handles."""
        k = tile_count(words)
        blocks = [
            self.engine.submit(tasks.Block, words, block, label="a block of the text")
            for block in self._blocks(files, words)
        ]
        share = min(-(-self._threads() // len(blocks)), k)  # threads that count one block
        turns = _Turns(self.engine)
        if len(blocks) == 1:
            (block,) = blocks
            return [
                turns.submit(
                    tasks.count_row_tile,
                    self.how,
                    tile,
                    self.name(f"row-{tile}.bin"),
                    block,
                    near=tile,
                    label=f"row tile {tile}",
                )
                for tile in range(k)
            ]
        runs = [
            [
                turns.submit(
                    tasks.count_into_run,
                    self.how,
                    range(first, k, share),
                    self.name(f"run-0-{first}-{b}.bin"),
                    block,
                    near=b * share + first,
                    label=f"counting block {b + 1} of {len(blocks)} of the text",
                )
                for b, block in enumerate(blocks)
            ]
            for first in range(share)
        ]
        for done, _ in enumerate(self.engine.gather(run for level in runs for run in level), 1):
            self.tell("counting", done, share * len(blocks), "runs")
        self.engine.release(blocks)
        runs = [
            self._merged(words, len(range(first, k, share)), first, level)
            for first, level in enumerate(runs)
        ]
        turns = _Turns(self.engine)
        return [
            turns.submit(
                tasks.merge_row_tile,
                self.how,
                words,
                tile,
                tile // share,
                self.name(f"row-{tile}.bin"),
                *runs[tile % share],
                near=tile,
                label=f"row tile {tile}",
            )
            for tile in range(k)
        ]

    def _merged(self, words: int, tiles: int, first: int, level: list[Any]) -> list[Any]:
        """At most FAN_IN runs of the same row tiles."""
        step = 0
        while len(level) > FAN_IN:
            step += 1
            level = [
                self.engine.submit(
                    tasks.merge,
                    words,
                    tiles,
                    self.name(f"run-{step}-{first}-{at}.bin"),
                    *level[at : at + FAN_IN],
                    label="merging runs",
                )
                for at in range(0, len(level), FAN_IN)
            ]
        return level

    def shards(self, vocab: Vocabulary, tiles: list[Any], target: Path, *, force: bool) -> Shards:
        """Puts row tiles together, in order."""
        how, unit = self.how, self.how.window.weights()[1]
        symmetric = how.window.direction == "symmetric"
        details: dict[str, Any] = asdict(how.window)
        if how.sample:
            details |= {"sample": how.sample, "sample_seed": how.seed}
        details |= how_read(how.options, how.gaps, how.across_lines)
        with write_folder(target, SHARDS, force=force) as folder:
            writer = ShardWriter(
                folder, vocab, kind="co-occurrence", unit=unit, symmetric=symmetric, details=details
            )
            try:
                for done, handle in enumerate(tiles, 1):  # each as soon as it is there
                    (made,) = self.engine.gather([handle])
                    writer.append_file(*made)
                    os.unlink(made.path)
                    self.tell("adding up", done, len(tiles), "tiles")
                writer.finish()
            finally:
                writer.close()
        self.engine.release(tiles)
        return Shards(target)
