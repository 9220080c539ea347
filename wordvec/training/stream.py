"""Training over a stream of ids: the chunks of an epoch, and what is held out."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from wordvec.errors import TrainingError
from wordvec.native.models import sgns
from wordvec.native.vectors.vec import rng_key
from wordvec.system.parallel import ordered_map
from wordvec.text.frequency import keep_probability, noise_weights
from wordvec.training.loop import Plan, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.text.corpus import Corpus

# Chunks depend on the corpus alone, so that a run with one thread can be repeated anywhere.
MOST_IN_CHUNK, LEAST_IN_CHUNK, CHUNKS = 65536, 1024, 256
# Noise in halves: the least words, the chunks that a thread keeps one for, and the most words and
# the least number of its blocks.
LEAST_IN_HALVES, CHUNKS_OF_PART, BLOCK, BLOCKS_OF_PART = 2000, 16, 64, 8


@dataclass(frozen=True)
class Chunks:
    """The chunks of a corpus that are trained, and those that are held out.

    Attributes
    ----------
    total, size : int
        Positions of the corpus, and of the longest chunk.
    trained : int
        Positions that an epoch trains.
    train, held_out : list of int
        Where each chunk begins. What is held out is spread evenly over the corpus; where documents
        are not too long it is whole documents. Otherwise the windows of neighbouring chunks reach
        into it.
    ends : dict of int to int
        Where the chunk ends that begins there.
    before : list of int
        Positions of the chunks in `train` that come before each, and of all.
    """

    total: int
    size: int
    trained: int
    train: list[int]
    held_out: list[int]
    ends: dict[int, int]
    before: list[int]

    @classmethod
    def of(cls, total: int, share: float, documents: NDArray[np.int64] | None = None) -> Chunks:
        """The chunks of `total` positions; a share of them, at least one chunk, is held out.

        Parameters
        ----------
        documents : ndarray, shape (D + 1,), optional
            Offsets of the documents; see `wordvec.text.corpus.Corpus`.
        """
        size = min(max(total // CHUNKS, LEAST_IN_CHUNK), MOST_IN_CHUNK)
        begins = list(range(0, total, size))
        if share and documents is not None:
            begins = _at_documents(begins, total, size, documents)
        ends = dict(zip(begins, [*begins[1:], total], strict=True))
        held: set[int] = set()
        if share and len(begins) < 2:
            raise TrainingError(
                f"{total:,} words are too few to hold some out: leave out held_out, or "
                "give more text"
            )
        if share:
            n = min(max(round(share * len(begins)), 1), len(begins) - 1)
            held = {begins[(2 * i + 1) * len(begins) // (2 * n)] for i in range(n)}
        train = [begin for begin in begins if begin not in held]
        before = list(itertools.accumulate((ends[b] - b for b in train), initial=0))
        longest = max((ends[b] - b for b in begins), default=size)
        return cls(total, max(size, longest), before[-1], train, sorted(held), ends, before)

    def end(self, begin: int) -> int:
        """Where the chunk ends that begins there."""
        return self.ends[begin]

    def done(self, chunks: int) -> float:
        """The share of an epoch that its first `chunks` chunks are."""
        return self.before[min(chunks, len(self.train))] / self.trained


def _at_documents(
    begins: list[int], total: int, size: int, documents: NDArray[np.int64]
) -> list[int]:
    """Chunks that begin where the nearest document does; as they are when one got too long."""
    starts = np.unique(documents[documents < total])
    if len(starts) < 2:
        return begins
    after = np.minimum(np.searchsorted(starts, begins), len(starts) - 1)
    nearest = np.where(
        np.abs(starts[after] - begins) < np.abs(starts[np.maximum(after - 1, 0)] - begins),
        starts[after],
        starts[np.maximum(after - 1, 0)],
    )
    moved = np.unique(np.append(nearest, 0)).tolist()
    longest = max(end - begin for begin, end in itertools.pairwise([*moved, total]))
    return moved if longest <= 3 * size else begins


Chunk: TypeAlias = tuple[int, int]  # epoch, number of the chunk


def stream_plan(
    trainer: sgns.SkipGramTrainer,
    corpus: Corpus,
    chunks: Chunks,
    noise: StreamNoise,
    *,
    epochs: int,
    alpha: float,
    min_alpha: float,
    seed: int,
    threads: int,
    patience: int | None,
) -> Plan[tuple[int, sgns.SkipGramWorker], Chunk]:
    """Trains the arrays of a trainer on a corpus; several threads share them without locks.

    Parameters
    ----------
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    patience : int, optional
        See `Plan`.
    """
    ids = corpus.ids
    workers = [trainer.worker(chunks.size) for _ in range(threads)]

    def rate(epochs_done: float) -> float:
        return max(alpha * (1 - epochs_done / epochs), min_alpha)

    def rounds(epoch: int) -> list[list[Chunk]]:
        return [[(epoch, chunk) for chunk in range(len(chunks.train))]]

    def train(state: tuple[int, sgns.SkipGramWorker], task: Chunk) -> Step:
        thread, worker = state
        epoch, chunk = task
        begin = chunks.train[chunk]
        end = chunks.end(begin)
        first, last = (rate(epoch + chunks.done(c)) for c in (chunk, chunk + 1))
        loss, pairs, kept = worker.train(
            ids, begin, end, noise.part(thread, chunk), rng_key(seed, epoch), first, last
        )
        return Step(loss, pairs, end - begin, last, kept)

    def held_out_loss() -> float:
        """With the same windows and noise each time. A step at rate 0 gives the loss and moves
        nothing."""
        key = rng_key(seed, 0, 2)

        def measure(worker: sgns.SkipGramWorker, begin: int) -> tuple[float, int, int]:
            return worker.train(ids, begin, chunks.end(begin), noise.whole, key, 0.0, 0.0)

        loss, pairs = 0.0, 0
        for chunk_loss, chunk_pairs, _ in ordered_map(measure, chunks.held_out, workers):
            loss += chunk_loss
            pairs += chunk_pairs
        if not pairs:
            raise TrainingError("no pair of words is held out: raise held_out")
        return loss / pairs

    return Plan(
        epochs=epochs,
        rounds=rounds,
        train=train,
        states=list(enumerate(workers)),
        work=chunks.trained,
        unit="words",
        units=corpus.stats.tokens,  # positions count line ends too; in proportion they are words
        held_out=held_out_loss if chunks.held_out else None,
        patience=patience,
    )


def keep_thresholds(counts: NDArray[np.int64], total: int, sample: float) -> NDArray[np.uint32]:
    """A token of word i stays when 32 random bits are <= threshold[i] (see `keep_probability`)."""
    probability = keep_probability(counts, total, sample)
    return np.minimum(probability * 2.0**32, 0xFFFFFFFF).astype(np.uint32)


@dataclass(frozen=True)
class StreamNoise:
    """Alias tables of the noise distribution, count ** exponent; unseen words are no noise.

    A row that another core wrote last is slow to reach, and so is its neighbour in memory, which
    processors fetch too. So threads may draw their noise from halves of the words, made of blocks
    of neighbours, and take the other half after some chunks. The halves have equal masses: at any
    moment every word is noise for half of the threads, with twice its probability.

    Attributes
    ----------
    whole : ndarray, shape (V, 3)
        All words.
    parts : list of ndarray, shape (n, 3)
        What threads draw from: the whole, or its two halves.
    """

    whole: NDArray[np.uint32]
    parts: list[NDArray[np.uint32]]

    @classmethod
    def of(cls, counts: NDArray[np.int64], exponent: float, *, halves: bool) -> StreamNoise:
        """For words with these counts; in halves where the words are enough for that."""
        weights = noise_weights(counts, exponent)
        whole = sgns.alias_table(weights)
        if not halves or len(weights) < LEAST_IN_HALVES or 2 * weights.max() > weights.sum():
            return cls(whole, [whole])
        parts = _divided(weights, 2)
        return cls(whole, [sgns.alias_table(weights[names], names) for names in parts])

    def part(self, thread: int, chunk: int) -> NDArray[np.uint32]:
        """What a thread draws from in a chunk."""
        return self.parts[(thread + chunk // CHUNKS_OF_PART) % len(self.parts)]


def _divided(weights: NDArray[np.float64], parts: int) -> list[NDArray[np.int32]]:
    """The words in parts of equal mass, each made of blocks of neighbours.

    Blocks go from the heaviest to the lightest to the part that has least (Graham 1969). The last
    words, which are rare in a vocabulary by frequency, are blocks of their own and make the masses
    even.
    """
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    most = mass[-1] / (parts * BLOCKS_OF_PART)
    begins = [0]
    alone = len(weights) - parts * BLOCK
    while begins[-1] < alone:
        begin = begins[-1]
        end = int(np.searchsorted(mass, mass[begin] + most, "right")) - 1
        begins.append(min(max(end, begin + 1), begin + BLOCK, alone))
    begins += range(alone + 1, len(weights) + 1)
    blocks = np.diff(mass[begins])
    part = np.empty(len(blocks), np.int64)
    lightest = [(0.0, p) for p in range(parts)]
    for block in np.argsort(-blocks, kind="stable"):
        held, p = lightest[0]
        part[block] = p
        heapq.heapreplace(lightest, (held + blocks[block], p))
    of_word = np.repeat(part, np.diff(begins))
    return [np.flatnonzero(of_word == p).astype(np.int32) for p in range(parts)]
