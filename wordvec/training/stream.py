"""Training over a stream of ids: the chunks of an epoch, and what is held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from wordvec.errors import TrainingError
from wordvec.native import sgns
from wordvec.native.vec import rng_key
from wordvec.parallel import ordered_map
from wordvec.training.loop import Plan, Step

if TYPE_CHECKING:
    from wordvec.text.corpus import Corpus

# Chunks depend on the corpus alone, so that a run with one thread can be repeated anywhere.
MOST_IN_CHUNK, LEAST_IN_CHUNK, CHUNKS = 65536, 1024, 256


@dataclass(frozen=True)
class Chunks:
    """The chunks of a corpus that are trained, and those that are held out.

    Attributes
    ----------
    total, size : int
        Positions of the corpus, and of a chunk.
    trained : int
        Positions that an epoch trains.
    train, held_out : list of int
        Where each chunk begins. What is held out is spread evenly over the corpus; the windows of
        neighbouring chunks reach into it.
    """

    total: int
    size: int
    trained: int
    train: list[int]
    held_out: list[int]

    @classmethod
    def of(cls, total: int, share: float) -> Chunks:
        """The chunks of `total` positions; a share of them, at least one chunk, is held out."""
        size = min(max(total // CHUNKS, LEAST_IN_CHUNK), MOST_IN_CHUNK)
        begins = list(range(0, total, size))
        if not share:
            return cls(total, size, total, begins, [])
        if len(begins) < 2:
            raise TrainingError(
                f"{total:,} words are too few to hold some out: leave out held_out, or give more"
            )
        n = min(max(round(share * len(begins)), 1), len(begins) - 1)
        held = {begins[(2 * i + 1) * len(begins) // (2 * n)] for i in range(n)}
        train = [begin for begin in begins if begin not in held]
        trained = sum(min(begin + size, total) - begin for begin in train)
        return cls(total, size, trained, train, sorted(held))

    def end(self, begin: int) -> int:
        """Where the chunk ends that begins there."""
        return min(begin + self.size, self.total)

    def done(self, chunks: int) -> float:
        """The share of an epoch that its first `chunks` chunks are."""
        return min(chunks * self.size, self.trained) / self.trained


Chunk: TypeAlias = tuple[int, int]  # epoch, number of the chunk


def stream_plan(
    trainer: sgns.SkipGramTrainer,
    corpus: Corpus,
    chunks: Chunks,
    *,
    epochs: int,
    alpha: float,
    min_alpha: float,
    seed: int,
    threads: int,
    patience: int | None,
) -> Plan[sgns.SkipGramWorker, Chunk]:
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

    def train(worker: sgns.SkipGramWorker, task: Chunk) -> Step:
        epoch, chunk = task
        begin = chunks.train[chunk]
        end = chunks.end(begin)
        first, last = (rate(epoch + chunks.done(c)) for c in (chunk, chunk + 1))
        loss, pairs, kept = worker.train(ids, begin, end, rng_key(seed, epoch), first, last)
        return Step(loss, pairs, end - begin, last, kept)

    def held_out_loss() -> float:
        """With the same windows and noise each time. A step at rate 0 gives the loss and moves
        nothing."""
        key = rng_key(seed, 0, 2)

        def measure(worker: sgns.SkipGramWorker, begin: int) -> tuple[float, int, int]:
            return worker.train(ids, begin, chunks.end(begin), key, 0.0, 0.0)

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
    )
