"""What the models share: the manners of an estimator, progress, matrices that kernels train."""

from __future__ import annotations

import dataclasses
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from wordvec.parallel import default_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec.corpus import Corpus, CorpusStats
    from wordvec.vectors import WordVectors


class Estimator:
    """Base of the models: a dataclass of options with scikit-learn's manners.

    `fit` takes data and returns the estimator, which then has `vectors_`; `get_params` and
    `set_params` make it usable in `sklearn.base.clone` and in searches.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name. `deep` is there for scikit-learn; no option is an estimator."""
        options = dataclasses.fields(self)  # type: ignore[arg-type]
        return {field.name: getattr(self, field.name) for field in options if field.init}

    def set_params(self, **params: Any) -> Self:
        """Sets options by name and returns the estimator.

        Raises
        ------
        ValueError
            For a name that is no option.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no option {name!r}; it has {', '.join(known)}"
                )
            setattr(self, name, value)
        return self


def check(name: str, value: float, low: float, high: float | None = None) -> None:
    """Raises ValueError when an option lies outside [low, high]."""
    if not value >= low or (high is not None and value > high):
        span = f">= {low}" if high is None else f"in [{low}, {high}]"
        raise ValueError(f"{name} must be {span}, got {value}")


def thread_count(threads: int | None) -> int:
    """The number of threads an option means: None is every processor that may be used."""
    if threads is None:
        return default_threads()
    check("threads", threads, 1, 4096)
    return threads


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    stage : str
        "reading", "counting" or "training".
    done, total : int
        Work done and to do in the unit of the stage; total is 0 where it is not known.
    unit : str
        "words" (raw tokens of the corpus), "tiles" or "cells".
    seconds : float
        Wall time since the stage began.
    epoch, epochs : int
        The epoch under way, from 1, and how many there will be; 0 outside training.
    kept : int
        Words that passed subsampling so far.
    alpha : float
        The learning rate now.
    loss : float
        Mean loss a positive pair (or cell) of the epoch so far; NaN where there is none yet.
    held_out : float
        Mean loss a positive pair of the text that is held out, after the last epoch; NaN where
        none is.
    convergence : float
        Mean cosine between a sample's vectors and what they would be at best, given the contexts,
        after the last epoch; NaN where it is not measured.
    """

    stage: str
    done: int
    total: int
    unit: str
    seconds: float
    epoch: int = 0
    epochs: int = 0
    kept: int = 0
    alpha: float = 0.0
    loss: float = float("nan")
    held_out: float = float("nan")
    convergence: float = float("nan")

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float:
        """Seconds to go at this rate; NaN where the total is not known."""
        return (self.total - self.done) / self.rate if self.total and self.done else float("nan")

    @property
    def memory(self) -> int:
        """The most bytes that the process has held so far."""
        return peak_memory()


Callback: TypeAlias = Callable[[Progress], None]


def reading(stats: CorpusStats) -> Progress:
    """Progress of reading a text, whose length in words is not known before its end."""
    return Progress("reading", stats.tokens, 0, "words", stats.seconds)


def counting(callback: Callback) -> Callable[[int, int], None]:
    """A callback for `wordvec.cooccurrence.count` that reports as the others do."""
    watch = Stopwatch()
    return lambda done, total: callback(Progress("counting", done, total, "tiles", watch.seconds))


def model_card(
    estimator: Estimator, model: str, corpus: Corpus, losses: list[float], seconds: float
) -> dict[str, Any]:
    """What a store says of where its vectors came from."""
    from wordvec import __version__

    options = estimator.get_params()
    return {
        "model": model,
        "options": {name: value for name, value in options.items() if name != "threads"},
        "corpus": {
            "tokens": corpus.stats.tokens,
            "known_tokens": corpus.known,
            "bytes": corpus.stats.bytes,
            "lines": corpus.stats.lines,
            "types": corpus.stats.types,
            "too_long": corpus.stats.too_long,
            "not_utf8": corpus.stats.not_utf8,
        },
        "training": {"losses": losses, "seconds": round(seconds, 3)},
        "tool": f"wordvec {__version__}",
    }


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    # Linux's getrusage counts what the parent held before exec; the kernel's own mark does not.
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def rows_in_common(
    old: WordVectors, words: Iterable[str], dim: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words that older vectors have too: their ids here, and their rows there.

    Raises
    ------
    ValueError
        When there are none, or the older vectors have other dimensions.
    """
    import numpy as np

    if old.vector_size != dim:
        raise ValueError(f"init has {old.vector_size} dimensions, vector_size is {dim}")
    place = old.key_to_index
    found = [(i, place[word]) for i, word in enumerate(words) if word in place]
    if not found:
        raise ValueError("init has none of the words")
    ids, rows = np.array(found, np.int64).T
    return ids, rows


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start


def padded_matrix(rows: int, dim: int) -> NDArray[np.float32]:
    """Zeros (rows, stride): rows start on cache lines, stride is `dim` up to a multiple of 16.

    Allocated at once and in full, so that memory that is not there is missed now; numpy asks for
    huge pages, which spare the random rows their page walks.
    """
    import numpy as np

    stride = -(-dim // 16) * 16
    flat = np.empty(rows * stride + 16, np.float32)
    start = (-flat.ctypes.data % 64) // 4
    matrix = flat[start : start + rows * stride].reshape(rows, stride)
    matrix.fill(0)
    return matrix


def uniform_rows(matrix: NDArray[np.float32], dim: int, half_width: float, seed: int) -> None:
    """Fills the first `dim` columns with draws from U(-half_width, half_width)."""
    import numpy as np

    rng = np.random.Generator(np.random.Philox(key=seed))
    for start in range(0, len(matrix), 65536):
        part = matrix[start : start + 65536, :dim]
        part[:] = (2 * rng.random(part.shape, np.float32) - 1) * np.float32(half_width)
