"""Training over a stream of ids: the chunks of an epoch, and what is held out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from wordvec.errors import TrainingError
from wordvec.native.models import sgns
from wordvec.native.vectors.vec import rng_key
from wordvec.system.parallel import ordered_map
from wordvec.text.frequency import keep_probability
from wordvec.training.loop import Plan, Step
from wordvec.training.rate import falling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.text.corpus import Corpus
    from wordvec.training.own_rows import OwnRows

# Chunks depend on the corpus alone, so that a run with one thread can be repeated anywhere.
MOST_IN_CHUNK, LEAST_IN_CHUNK, CHUNKS = 65536, 1024, 256


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
    noise: NDArray[np.uint32],
    *,
    epochs: int,
    alpha: float,
    min_alpha: float,
    seed: int,
    threads: int,
    patience: int | None,
    own: OwnRows | None = None,
) -> Plan[sgns.SkipGramWorker, Chunk]:
    """Trains the arrays of a trainer on a corpus; several threads share them without locks.

    Parameters
    ----------
    noise : ndarray, shape (n, 2)
        The alias table of noise words.
    own : OwnRows, optional
        The rows that the trainer's workers have copies of.
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    patience : int, optional
        See `Plan`.
    """
    ids = corpus.ids
    dim = trainer.dim
    workers = [
        trainer.worker(chunks.size, own.memory(dim) if own else None, index)
        for index in range(threads)
    ]

    def settle() -> None:
        for worker in workers:
            worker.settle()

    def rate(epochs_done: float) -> float:
        return falling(alpha, min_alpha, epochs_done / epochs)

    def rounds(epoch: int) -> list[list[Chunk]]:
        return [[(epoch, chunk) for chunk in range(len(chunks.train))]]

    def train(worker: sgns.SkipGramWorker, task: Chunk) -> Step:
        epoch, chunk = task
        begin = chunks.train[chunk]
        end = chunks.end(begin)
        first, last = (rate(epoch + chunks.done(c)) for c in (chunk, chunk + 1))
        loss, pairs, kept = worker.train(ids, begin, end, noise, rng_key(seed, epoch), first, last)
        return Step(loss, pairs, end - begin, last, kept)

    def held_out_loss() -> float:
        """With the same windows and noise each time. A step at rate 0 gives the loss and moves
        nothing."""
        key = rng_key(seed, 0, 2)

        def measure(worker: sgns.SkipGramWorker, begin: int) -> tuple[float, int, int]:
            return worker.train(ids, begin, chunks.end(begin), noise, key, 0.0, 0.0)

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
        states=workers,
        work=chunks.trained,
        unit="words",
        units=corpus.stats.tokens,  # positions count line ends too; in proportion they are words
        held_out=held_out_loss if chunks.held_out else None,
        patience=patience,
        settle=settle if own else None,
    )


def keep_thresholds(counts: NDArray[np.int64], total: int, sample: float) -> NDArray[np.uint32]:
    """A token of word i stays when 32 random bits are <= threshold[i] (see `keep_probability`)."""
    probability = keep_probability(counts, total, sample)
    return np.minimum(probability * 2.0**32, 0xFFFFFFFF).astype(np.uint32)
