"""A text counted by an engine: parts, their vocabularies, runs and row tiles as pure tasks.

The parts are those of `wordvec.counts.parts`. Each is read once: its ids, numbered by its own
words, stay with the worker; the words are added up in a tree; then the ids are renumbered and their
windows counted into a run, and row tile after row tile the runs are merged. Sums are integers, so
the shards are those of one machine, byte for byte.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec.counts.counting.partial import check_shard_folder
from wordvec.counts.counting.rows import Buffer, Counter
from wordvec.counts.counting.runs import FAN_IN, Run, write_run
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.window import Window, check_overflow
from wordvec.counts.parts.corpus import add_context
from wordvec.counts.parts.spans import opened, sizes_of, spans
from wordvec.counts.shards import SHARDS, Shards
from wordvec.counts.tiles import Built, Entry, build_tiles, tile_bytes, tile_count, tile_words
from wordvec.counts.writer import ShardWriter
from wordvec.engine.cluster import Cluster, connected
from wordvec.engine.shared import shared_folder
from wordvec.engine.tasks import naming_task
from wordvec.errors import CorpusError
from wordvec.estimator import Callback, Progress, Stopwatch
from wordvec.native.corpus.text import WordTable
from wordvec.system import remote
from wordvec.system.files import write_atomically
from wordvec.system.folders import write_folder
from wordvec.text.corpus import Corpus, CorpusStats, Part, encode, how_read, renumber
from wordvec.text.options import TextOptions
from wordvec.text.spool import Spool
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.engine.local import Engine

PART = 64 << 20  # bytes of text of a part
LEAST_PART = 1 << 20  # of a small text that is dealt to all threads
TREE = 8  # vocabularies that are added at once
AHEAD = 1 << 20  # cells that are read at once while runs are merged

# Words with a line end after each, their counts, and tokens. Dask would send each word of a list as
# a message of its own, which took ten times as long as reading the text.
_Words = tuple[bytes, "NDArray[np.int64]", int]


class ReadPart(NamedTuple):
    """A part that was read: its words with their counts and tokens, its ids, how many tokens."""

    words: bytes
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    tokens: int


@dataclass(frozen=True)
class Reading:
    """How all parts are read and counted."""

    paths: tuple[str, ...]
    of: int
    options: TextOptions
    window: Window
    gaps: bool
    across_lines: bool
    sample: float
    seed: int

    def label(self, number: int) -> str:
        """A part, for messages."""
        return f"part {number} of {self.of} of the text"


def _read(how: Reading, number: int) -> ReadPart:
    with naming_task(how.label(number), CorpusError):
        part = spans(how.paths, Part(number, how.of), how.options)
        corpus = encode(
            opened(part), min_count=1, gaps=True, may_be_empty=True, options=how.options
        )
        vocab = corpus.vocab
        return ReadPart(
            _packed(vocab.words), vocab.counts, np.asarray(corpus.ids), corpus.stats.tokens
        )


def _packed(words: list[bytes]) -> bytes:
    return b"".join(word + b"\n" for word in words)


def _unpacked(words: bytes) -> list[bytes]:
    return words.split(b"\n")[:-1]


def _words_of(part: ReadPart) -> _Words:
    return part.words, part.counts, part.tokens


def _added(*parts: _Words) -> _Words:
    """Words of several parts, each with the sum of its counts, in any order."""
    table = WordTable()
    for packed, counts, _ in parts:
        for word, number in zip(_unpacked(packed), counts.tolist(), strict=True):
            table.add(word, number)
    sums = np.empty(len(table), np.int64)
    table.counts(sums)
    words = _packed([table[i] for i in range(len(table))])
    return words, sums, sum(tokens for *_, tokens in parts)


@functools.lru_cache(maxsize=2)
def _vocabulary(path: str) -> Vocabulary:
    vocab = Vocabulary.load(path, sort=False)
    assert vocab.table is not None
    return vocab


def _known(words: _Words, vocab: str) -> int:
    table = _vocabulary(vocab).table
    return sum(
        n
        for word, n in zip(_unpacked(words[0]), words[1].tolist(), strict=True)
        if table.find(word) >= 0
    )


def _count(how: Reading, number: int, part: ReadPart, vocab: str, offset: int, run: str) -> str:
    """Counts a part into a run; returns its path."""
    with naming_task(how.label(number), CorpusError):
        words = _vocabulary(vocab)
        own = WordTable()
        for word in _unpacked(part.words):
            own.add(word, 0)
        spool = Spool()
        spool.append(np.array(part.ids, np.int32), 0)  # a copy: what comes in stays as it is
        maps = [np.arange(len(own), dtype=np.int32)]
        ids, known, _ = renumber(
            spool, own, maps, words, gaps=how.gaps, across_lines=how.across_lines
        )
        place = Part(number, how.of)
        corpus = Corpus(
            words,
            ids,
            known,
            CorpusStats(),
            part=place,
            offset=offset,
            gaps=how.gaps,
            across_lines=how.across_lines,
        )
        reading = {
            "vocab": words,
            "gaps": how.gaps,
            "across_lines": how.across_lines,
            "may_be_empty": True,
            "options": how.options,
        }
        here = spans(how.paths, place, how.options)
        corpus = add_context(
            corpus,
            how.paths,
            here,
            reading,
            window=how.window.window,
            sample=how.sample,
            seed=how.seed,
        )
        if how.sample:
            corpus = subsample(corpus, how.sample, how.seed)
        counter = Counter(
            corpus, how.window, how.window.weights()[0], tile_count(len(words)), memory=0, threads=1
        )
        rows = counter.count(corpus.context, len(corpus.ids))
        write_run(Path(run), counter.each(rows), force=True)
        return run


def _merge(words: int, out: str, *runs: str) -> str:
    """Adds runs to one; the runs stay until all is done, for a worker may die after this."""
    with naming_task("merging runs", CorpusError):
        buffer, read = Buffer(words), [Run(Path(run)) for run in runs]
        tiles = range(tile_count(words))
        write_run(Path(out), (buffer.merge(read, t, AHEAD) for t in tiles), force=True)
        return out


class RowTile(NamedTuple):
    """A row tile in a file: its path, the table of its tiles, and its sums."""

    path: str
    entries: list[Entry]
    sums: NDArray[np.uint64]


def _row_tile(words: int, tile: int, unit: int, symmetric: bool, out: str, *runs: str) -> RowTile:
    """Merges a row tile of all runs and writes its tiles one after another."""
    with naming_task(f"row tile {tile}", CorpusError):
        read = [Run(Path(run)) for run in runs]
        rows = Buffer(words).merge(read, tile, AHEAD)
        built = build_tiles(words, tile, rows, unit=unit, symmetric=symmetric)
        with write_atomically(out, force=True) as file:
            for buffer in built.buffers:
                file.write(buffer)
        return RowTile(out, built.entries, built.sums)


def _built(words: int, tile: int, made: RowTile) -> Built:
    """What a file holds, as `ShardWriter.append` takes it."""
    rows = tile_words(words, tile_count(words), tile)
    buffers = []
    with open(made.path, "rb") as file:
        for entry in made.entries:
            buffers.append(bytearray(file.read(tile_bytes(rows, entry.nnz, entry.fixes))))
    return Built(tile, buffers, made.entries, made.sums)


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
        Into how many parts the texts are cut; by default of 64 MB. The result does not depend on
        it.
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
        runs = job.runs(words, given=vocab is not None)
        return job.shards(words, runs, target, force=force)


def _parts(size: int, engine: Any) -> int:
    """As many parts as are of some size, and no fewer than there are threads for large ones."""
    threads = sum(engine.workers().values()) if isinstance(engine, Cluster) else 1
    return max(-(-size // PART), min(threads, -(-size // LEAST_PART)), 1)


class _Job:
    """One count: what was submitted, and where it leaves its files."""

    def __init__(self, engine: Engine, how: Reading, work: Path, progress: Callback | None) -> None:
        self.engine, self.how, self.work, self.progress = engine, how, work, progress
        self.watch = Stopwatch()
        self.read = [
            engine.submit(_read, how, n, near=n, label=f"reading {how.label(n)}")
            for n in range(1, how.of + 1)
        ]
        self.words = [
            engine.submit(_words_of, part, near=n, label=f"words of part {n}")
            for n, part in enumerate(self.read, 1)
        ]
        self.vocab_file = work / "vocab.txt"

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
                self.engine.submit(_added, *level[at : at + TREE], label="adding vocabularies")
                for at in range(0, len(level), TREE)
            ]
            own += level
        words, counts, tokens = next(iter(self.engine.gather(level)))
        self.engine.release(own)
        self.tell("reading", tokens, 0, "words")
        if not tokens:
            raise CorpusError(f"{', '.join(self.how.paths[:3])}: there is no token in it")
        vocab = given
        if vocab is None:
            table = WordTable()
            for word, number in zip(_unpacked(words), counts.tolist(), strict=True):
                table.add(word, number)
            vocab = Vocabulary.from_table(table, min_count=min_count, max_vocab=max_vocab)
        vocab.save(self.vocab_file)
        return vocab

    def runs(self, vocab: Vocabulary, *, given: bool) -> list[Any]:
        """The paths of runs, at most FAN_IN of them, as handles."""
        engine, how, file = self.engine, self.how, os.fspath(self.vocab_file)
        numbers = [vocab.known]  # of the whole text: enough where nothing depends on places
        offsets = [0] * how.of
        if how.sample or given:
            known = [
                engine.submit(_known, words, file, near=n, label=f"known words of part {n}")
                for n, words in enumerate(self.words, 1)
            ]
            numbers = list(engine.gather(known))
            engine.release(known)
            offsets = np.concatenate([[0], np.cumsum(numbers)]).tolist()
        if not sum(numbers):
            raise CorpusError(
                f"{', '.join(how.paths[:3])}: none of its tokens is in the vocabulary"
            )
        check_overflow(how.window, sum(numbers))
        engine.release(self.words)
        level = [
            engine.submit(
                _count,
                how,
                n,
                part,
                file,
                offsets[n - 1],
                os.fspath(self.work / f"run-0-{n}.bin"),
                near=n,
                label=f"counting {how.label(n)}",
            )
            for n, part in enumerate(self.read, 1)
        ]
        for done, _ in enumerate(engine.gather(level), 1):
            self.tell("counting", done, how.of, "parts")
        engine.release(self.read)
        step = 0
        while len(level) > FAN_IN:
            step += 1
            level = [
                engine.submit(
                    _merge,
                    len(vocab),
                    os.fspath(self.work / f"run-{step}-{at}.bin"),
                    *level[at : at + FAN_IN],
                    label="merging runs",
                )
                for at in range(0, len(level), FAN_IN)
            ]
        return level

    def shards(self, vocab: Vocabulary, runs: list[Any], target: Path, *, force: bool) -> Shards:
        """Merges row tile after row tile and puts them together."""
        how, unit = self.how, self.how.window.weights()[1]
        symmetric = how.window.direction == "symmetric"
        details: dict[str, Any] = asdict(how.window)
        if how.sample:
            details |= {"sample": how.sample, "sample_seed": how.seed}
        details |= how_read(how.options, how.gaps, how.across_lines)
        k = tile_count(len(vocab))
        tiles = [
            self.engine.submit(
                _row_tile,
                len(vocab),
                t,
                unit,
                symmetric,
                os.fspath(self.work / f"row-{t}.bin"),
                *runs,
                near=t,
                label=f"row tile {t}",
            )
            for t in range(k)
        ]
        with write_folder(target, SHARDS, force=force) as folder:
            writer = ShardWriter(
                folder, vocab, kind="co-occurrence", unit=unit, symmetric=symmetric, details=details
            )
            try:
                for t, made in enumerate(self.engine.gather(tiles)):
                    writer.append(_built(len(vocab), t, made))
                    os.unlink(made.path)
                    self.tell("adding up", t + 1, k, "tiles")
                writer.finish()
            finally:
                writer.close()
        self.engine.release([*tiles, *runs])
        return Shards(target)
