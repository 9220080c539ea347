"""Options that trainers share: of the estimator, and of a run of `fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wordvec.estimator import Estimator, option


@dataclass(kw_only=True)
class TrainedModel(Estimator):
    """What every model that is trained has."""

    vector_size: int = option(100, "Dimensions of a vector.", at_least=1, at_most=1 << 20)
    threads: int | None = option(
        None, "Threads to train with.", none="all processors", at_least=1, at_most=4096
    )
    seed: int = option(
        1, "Seed of all random numbers of the training.", at_least=0, at_most=(1 << 64) - 1
    )


@dataclass(kw_only=True)
class WordModel(TrainedModel):
    """What every model has that learns from the words of a text, or from counts of them."""

    window: int = option(
        5, "Context words on each side of a word.", at_least=1, at_most=1 << 20, counting=True
    )
    min_count: int = option(
        5, "Leave out words that occur less often than this.", at_least=1, counting=True
    )
    max_vocab: int | None = option(
        None, "Keep at most this many words, the most frequent.", none="all", at_least=1,
        counting=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Arguments of `fit` that say how a run starts, is saved and goes on. Not every model has all.

    Parameters
    ----------
    init : WordVectors, optional
        Words that these vectors have start from there.
    frozen : bool or words
        Words of `init`, all or some, whose rows never move.
    checkpoint : path, optional
        A folder where the run is saved: `every` so often, at an interrupt, and at its end.
    every : str
        `1epoch`, `5epochs`, `10min`, `30s`, `2h`.
    resume : bool
        Go on from the checkpoint, if there is one.
    """

    init: str | None = option(
        None, "Start from these vectors where they have the word.", none="random", unit="path"
    )
    frozen: bool = option(False, "Words that have a vector to start from never move.")
    checkpoint: str | None = option(
        None, "Folder to save the run in; it can be resumed from there.", none="none",
        unit="folder",
    )  # fmt: skip
    every: str = option("1epoch", "How often the run is saved: 1epoch, 10min, 30s, 2h.")
    resume: bool = option(False, "Go on from the checkpoint, if there is one.")


OutputVectors = Literal["sum", "words", "both"]
