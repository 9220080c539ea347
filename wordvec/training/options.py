"""Options that trainers share: of the estimator, and of a run of `fit`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from wordvec.estimator import (
    Callback,
    Estimator,
    Seed,
    Threads,
    option,
    same_option,
    thread_count,
)
from wordvec.text.corpus import Corpus, Source, encode
from wordvec.text.frequency import FrequencyOptions
from wordvec.text.vocab import Vocabulary

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(kw_only=True)
class TrainedModel(Estimator):
    """What every model that is trained has."""

    vector_size: int = option(100, "Dimensions of a vector.", at_least=1, at_most=1 << 20)
    threads: Threads = None
    seed: Seed = 1


@dataclass(kw_only=True)
class WordModel(TrainedModel):
    """What every model has that learns from the words of a text, or from counts of them."""

    window: int = option(
        5, "Context words on each side of a word.", at_least=1, at_most=1 << 20, counting=True
    )
    min_count: int = same_option(FrequencyOptions, "min_count", 5, counting=True)
    max_vocab: int | None = same_option(FrequencyOptions, "max_vocab", None, counting=True)

    def _encoded(
        self,
        source: Corpus | Source,
        progress: Callback | None,
        vocab: Vocabulary | None = None,
    ) -> Corpus:
        """A source as ids of the words that the options keep; a corpus as it is."""
        if isinstance(source, Corpus):
            return source
        return encode(
            source,
            vocab=vocab,
            min_count=self.min_count,
            max_vocab=self.max_vocab,
            threads=thread_count(self.threads),
            memory=getattr(self, "memory", None),
            progress=progress,
        )


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Arguments of `fit` that say how a run starts, is saved and goes on. Not every model has all.

    Parameters
    ----------
    init : WordVectors, optional
        Words that these vectors have start from there, with contexts, biases and n-grams where
        they have these; new words start as usual. AdaGrad's sums start anew.
    keep : bool
        Keep the words of `init` that the new text lacks, with their old vectors, behind the new
        ones.
    frozen : bool or words
        Words of `init`, all or some, whose rows never move: the vector, and the context where
        `init` has one.
    checkpoint : path, optional
        A folder where the run is saved, of this machine or of a store (`s3://bucket/run`): as
        often as `every` says, at an interrupt (Ctrl-C, which is raised after saving), and at its
        end.
    every : str
        How often the run is saved: `1epoch`, `5epochs`, `10min`, `30s`, `2h`.
    resume : bool
        Go on from the checkpoint, if there is one, to the same bytes as a run that never stopped;
        with one thread, for models whose bytes depend on threads. More `epochs` lengthen a finished
        run of a model whose rate does not depend on them.
    client : distributed.Client or str, optional
        Train on the workers of a cluster, to the bytes of one machine: a client of Dask, the
        address of a scheduler, the path of its file, or "local:4" for processes of this machine.
        The counts, and `checkpoint`, must lie where all workers see them.
    """

    init: str | None = option(
        None, "Start from these vectors where they have the word.", none="random", unit="path"
    )
    keep: bool = option(
        False, "Also keep the words that only the vectors to start from have, unchanged."
    )
    frozen: bool = option(False, "Words that have a vector to start from never move.")
    checkpoint: str | None = option(
        None,
        "Folder to save the run in, also of a store (s3://...); it can be resumed from there.",
        none="none",
        unit="folder",
    )
    every: str = option("1epoch", "How often the run is saved: 1epoch, 10min, 30s, 2h.")
    resume: bool = option(False, "Go on from the checkpoint, if there is one.")
    client: str | None = option(
        None,
        "Work on a cluster of Dask: tcp://host:8786, the file of its scheduler, or local:4 for "
        "processes of this machine.",
        none="this machine",
        unit="address",
        command_line=False,
    )


_SHARED = """
y : None
    Not used; scikit-learn's pipelines and searches pass it.
progress : callable, optional
    Gets a `Progress` after each task, several times a second.
"""


def documented(fit: F) -> F:
    """Adds to the docstring of a `fit` what `RunOptions` says of the arguments that both have."""
    if fit.__doc__ is None or RunOptions.__doc__ is None:  # python -OO
        return fit
    known = _SHARED + inspect.cleandoc(RunOptions.__doc__) + "\n"
    names = inspect.signature(fit).parameters
    entries = re.findall(r"^(\w+)( : .*\n(?:    .*\n)+)", known, flags=re.MULTILINE)
    added = "".join(name + text for name, text in entries if name in names)
    before, raises, after = inspect.cleandoc(fit.__doc__).partition("\n\nRaises\n")
    fit.__doc__ = f"{before}\n{added.rstrip()}{raises}{after}\n"
    return fit


OutputVectors = Literal["sum", "words", "both"]
