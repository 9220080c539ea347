"""What every estimator is: options that validate and document themselves, progress, threads."""

from __future__ import annotations

import dataclasses
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from wordvec.parallel import default_threads


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


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    # Linux's getrusage counts what the parent held before exec; the kernel's own mark does not.
    try:
        with open("/proc/self/status", "rb") as status:
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start
