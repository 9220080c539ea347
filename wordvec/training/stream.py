"""Training over a stream of ids: chunks, epochs, what is held out, early stop, checkpoints."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wordvec.errors import TrainingError
from wordvec.estimator import Callback, Progress, Stopwatch
from wordvec.native import sgns
from wordvec.native.vec import rng_key
from wordvec.parallel import ordered_map
from wordvec.training.checkpoint import Checkpoint, Position

if TYPE_CHECKING:
    from wordvec.text.corpus import Corpus

# Chunks depend on the corpus alone, so that a run with one thread can be repeated anywhere.
MOST_IN_CHUNK, LEAST_IN_CHUNK, CHUNKS = 65536, 1024, 256


@dataclass(frozen=True)
class Plan:
    """Which chunks of a corpus are trained, and which are held out.

    Attributes
    ----------
    total, size : int
        Positions of the corpus, and of a chunk.
    trained : int
        Positions of an epoch.
    train, held_out : list of int
        Where each chunk begins. What is held out is spread evenly over the corpus; windows of its
        neighbours reach into it by a window.
    """

    total: int
    size: int
    trained: int
    train: list[int]
    held_out: list[int]

    @classmethod
    def of(cls, total: int, share: float) -> Plan:
        """The plan for `total` positions of which a share is held out, at least one chunk."""
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
        """The share of an epoch that the first so many chunks are."""
        return min(chunks * self.size, self.trained) / self.trained


@dataclass
class StreamRun:
    """Trains `trainer`'s arrays on a corpus for some epochs.

    Parameters
    ----------
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    patience : int, optional
        Stop when the held-out loss has not fallen for so many epochs.
    """

    trainer: sgns.SkipGramTrainer
    corpus: Corpus
    plan: Plan
    epochs: int
    alpha: float
    min_alpha: float
    seed: int
    threads: int
    patience: int | None
    progress: Callback | None
    watch: Stopwatch = field(default_factory=Stopwatch)

    def __post_init__(self) -> None:
        self.workers = [self.trainer.worker(self.plan.size) for _ in range(self.threads)]

    def run(self, checkpoint: Checkpoint) -> Position:
        """Trains from where the checkpoint stands to the end, and returns where that is."""
        with checkpoint:
            here = checkpoint.load(Position())
            first = dataclasses.replace(here)
            if self.plan.held_out and not here.epoch:
                self._held_out_loss()  # tells at once when there is none
            while here.epoch < self.epochs and not self._stalled(here):
                key = rng_key(self.seed, here.epoch)
                while here.at < len(self.plan.train):
                    for end in self._chunks(here, key, checkpoint):
                        self._report(here, end, first)
                    if here.at < len(self.plan.train):
                        checkpoint.rest(here)
                here.end_epoch()
                if self.plan.held_out:
                    here.held_out.append(self._held_out_loss())
                self._report(here, self.alpha_at(here.epoch), first)
                last = here.epoch == self.epochs or self._stalled(here)
                checkpoint.rest(here, epoch=True, last=last)
        return here

    def alpha_at(self, epochs: float) -> float:
        """The rate after so many epochs."""
        return max(self.alpha * (1 - epochs / self.epochs), self.min_alpha)

    def _chunks(self, here: Position, key: int, checkpoint: Checkpoint) -> Iterator[float]:
        """Trains on until the epoch ends or a checkpoint is due; yields the rate, a chunk each."""
        ids, plan, epoch = self.corpus.ids, self.plan, here.epoch

        def train(worker: sgns.SkipGramWorker, chunk: int) -> tuple[float, float, int, int]:
            begin = plan.train[chunk]
            first, last = (self.alpha_at(epoch + plan.done(c)) for c in (chunk, chunk + 1))
            return last, *worker.train(ids, begin, plan.end(begin), key, first, last)

        left = range(here.at, len(plan.train))
        chunks = itertools.takewhile(lambda _: not checkpoint.due(), left)
        for alpha, loss, pairs, kept in ordered_map(train, chunks, self.workers):
            here.at += 1
            here.loss += loss
            here.pairs += pairs
            here.kept += kept
            if not math.isfinite(here.loss):
                raise TrainingError(
                    f"the loss became {here.loss} in epoch {epoch + 1} at a rate of {alpha:.4g}: "
                    "lower alpha"
                )
            yield alpha

    def _held_out_loss(self) -> float:
        """Mean loss a positive pair of what is held out, with the same windows and noise each
        time. A step at rate 0 gives the loss and moves nothing."""
        ids, key = self.corpus.ids, rng_key(self.seed, 0, 2)

        def measure(worker: sgns.SkipGramWorker, begin: int) -> tuple[float, int, int]:
            return worker.train(ids, begin, self.plan.end(begin), key, 0.0, 0.0)

        loss, pairs = 0.0, 0
        for chunk_loss, chunk_pairs, _ in ordered_map(measure, self.plan.held_out, self.workers):
            loss += chunk_loss
            pairs += chunk_pairs
        if not pairs:
            raise TrainingError("no pair of words is held out: raise held_out")
        return loss / pairs

    def _stalled(self, here: Position) -> bool:
        losses = here.held_out
        if self.patience is None or not losses:
            return False
        return len(losses) - 1 - losses.index(min(losses)) >= self.patience

    def _report(self, here: Position, alpha: float, first: Position) -> None:
        if not self.progress:
            return
        tokens = self.corpus.stats.tokens
        begun = first.epoch + self.plan.done(first.at)
        done = here.epoch + self.plan.done(here.at)
        fresh = here.at == 0 and here.epoch > 0  # an epoch has just ended
        shown = here.losses[-1] if fresh else here.mean
        self.progress(
            Progress(
                "training",
                # Positions count line ends too; in proportion they are words.
                round((done - begun) * tokens),
                round((self.epochs - begun) * tokens),
                "words",
                self.watch.seconds,
                here.epoch + (not fresh),
                self.epochs,
                here.kept - first.kept,
                alpha,
                shown,
                held_out=here.held_out[-1] if here.held_out else math.nan,
            )
        )
