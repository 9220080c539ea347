"""The training loop: epochs, order, progress, divergence, held-out loss, checkpoints, interrupts.

A model says what is to be trained with a `Plan`; `run` does the rest. A plan divides an epoch into
rounds, and a round into tasks. The tasks of a round may be trained at the same time; a round begins
when the one before it has ended.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from wordvec.errors import TrainingError
from wordvec.estimator import Callback, Progress, Stopwatch
from wordvec.system.parallel import ordered_map
from wordvec.training.checkpoint import Checkpoint, Position

State = TypeVar("State")
Task = TypeVar("Task")


class Step(NamedTuple):
    """What one task has done.

    Attributes
    ----------
    loss : float
        The sum of the losses of its positive pairs (or cells). A loss that is not finite ends the
        run.
    pairs : int
        How many losses `loss` is the sum of.
    work : int
        Its share of the work of an epoch, in the unit of `Plan.work`.
    alpha : float
        The learning rate that it ended with.
    kept : int
        Words that passed subsampling.
    """

    loss: float
    pairs: int
    work: int
    alpha: float
    kept: int = 0


@dataclass(kw_only=True)
class Plan(Generic[State, Task]):
    """What a model gives the loop to train.

    Parameters
    ----------
    epochs : int
        Passes over the data.
    rounds : callable
        The rounds of an epoch (from 0), each a sequence of tasks. Code between two rounds runs
        when every task of the first has ended.
    train : callable
        Trains one task with the state of one thread.
    states : sequence
        One state per thread.
    work : int
        The work of an epoch, to which the `work` of its steps adds up.
    unit : str
        The unit in which progress is reported.
    units : int, optional
        How many units an epoch has. By default the unit is that of `work`.
    scale : float
        Factor of the mean loss.
    lower : str
        The parameter to lower when the loss is no longer a number.
    divisible : bool
        Whether an epoch can be saved before its end, after any of its tasks.
    held_out : callable, optional
        Mean loss of the data that is held out; called after each epoch.
    patience : int, optional
        Stop when the held-out loss has not fallen for this many epochs.
    convergence : callable, optional
        See `Progress.convergence`; called after each epoch.
    settle : callable, optional
        Brings what threads have of their own into the model; called when they have come to rest.
    """

    epochs: int
    rounds: Callable[[int], Iterable[Sequence[Task]]]
    train: Callable[[State, Task], Step]
    states: Sequence[State]
    work: int
    unit: str
    units: int | None = None
    scale: float = 1.0
    lower: str = "alpha"
    divisible: bool = True
    held_out: Callable[[], float] | None = None
    patience: int | None = None
    convergence: Callable[[], float] | None = None
    settle: Callable[[], None] | None = None


@dataclass(frozen=True)
class Trained:
    """What a run reports when it has ended.

    Attributes
    ----------
    losses, held_out, convergence : list of float
        One value per epoch; `convergence` of this run alone, the others of the runs before it too.
    """

    losses: list[float]
    held_out: list[float]
    convergence: list[float]


def run(plan: Plan[State, Task], checkpoint: Checkpoint, progress: Callback | None) -> Trained:
    """Trains from where the checkpoint stands to the end of the last epoch.

    Raises
    ------
    TrainingError
        When the loss is no longer a number, or the checkpoint is of other options or data, or has
        more epochs.
    KeyboardInterrupt
        After saving, see `Checkpoint`.
    """
    with checkpoint, ThreadPoolExecutor(len(plan.states), "wordvec") as pool:
        return Run(plan, checkpoint, progress, pool).train()


class Run:
    """One run: its plan, and where it stands."""

    def __init__(
        self,
        plan: Plan[Any, Any],
        checkpoint: Checkpoint,
        progress: Callback | None,
        pool: ThreadPoolExecutor | None,
    ) -> None:
        self.plan, self.checkpoint, self.progress, self.pool = plan, checkpoint, progress, pool
        self.here = checkpoint.load(Position())
        if self.here.rounds:
            done = itertools.islice(plan.rounds(self.here.epoch), self.here.rounds)
            self.here.tasks, self.here.rounds = sum(len(tasks) for tasks in done), 0
        if (self.here.epoch, self.here.tasks) > (plan.epochs, 0):
            raise TrainingError(
                f"{checkpoint.place}: has {self.here.epoch} epochs"
                f"{' and more' if self.here.tasks else ''}, {plan.epochs} were asked for"
            )
        self.first = dataclasses.replace(self.here)
        self.alpha = 0.0
        self.convergence: list[float] = []
        self.watch = Stopwatch()

    def train(self) -> Trained:
        plan, here = self.plan, self.here
        if plan.held_out and not here.epoch:
            plan.held_out()  # raises now, and not after an epoch, when nothing is held out
        while here.epoch < plan.epochs and not self.stalled():
            self.train_epoch()
            here.end_epoch(plan.scale)
            if plan.held_out:
                here.held_out.append(plan.held_out())
            if plan.convergence:
                self.convergence.append(plan.convergence())
            self.report(here.epoch, here.losses[-1])
            last = here.epoch == plan.epochs or self.stalled()
            self.checkpoint.rest(here, epoch=True, last=last)
            self.epoch_ended()
        return Trained(here.losses, here.held_out, self.convergence)

    def epoch_ended(self) -> None:
        """Called after each epoch, when it was saved if it was to be."""

    def train_epoch(self) -> None:
        """The tasks that are left of an epoch. Threads come to rest between rounds, and within one
        when the run is to be saved."""
        plan, here = self.plan, self.here
        done = here.tasks
        for tasks in plan.rounds(here.epoch):
            left = tasks[done:]
            done = max(0, done - len(tasks))
            while left:
                at = here.tasks
                for step in ordered_map(plan.train, self.until_due(left), plan.states, self.pool):
                    self.add(step)
                left = left[here.tasks - at :]
                if plan.settle:
                    plan.settle()
                if plan.divisible:
                    self.checkpoint.rest(here)

    def until_due(self, tasks: Sequence[Any]) -> Iterable[Any]:
        """The first task, and more until the run should be saved."""
        if not self.plan.divisible:
            return tasks
        more = itertools.takewhile(lambda _: not self.checkpoint.due(), tasks[1:])
        return itertools.chain(tasks[:1], more)

    def add(self, step: Step) -> None:
        """Takes note of a task that has ended, and reports it."""
        here = self.here
        here.add(step.loss, step.pairs, step.work, step.kept)
        self.alpha = step.alpha
        if not math.isfinite(here.loss):
            raise TrainingError(
                f"the loss became {here.loss} in epoch {here.epoch + 1} at a rate of "
                f"{step.alpha:.4g}: lower {self.plan.lower}"
            )
        self.report(here.epoch + 1, here.mean * self.plan.scale)

    def stalled(self) -> bool:
        """Whether the held-out loss has not fallen for `patience` epochs."""
        losses = self.here.held_out
        if self.plan.patience is None or not losses:
            return False
        return len(losses) - 1 - losses.index(min(losses)) >= self.plan.patience

    def report(self, epoch: int, loss: float) -> None:
        if not self.progress:
            return
        plan, here = self.plan, self.here
        units = plan.work if plan.units is None else plan.units
        begun = self.first.epoch * plan.work + self.first.work
        done = here.epoch * plan.work + here.work - begun
        self.progress(
            Progress(
                "training",
                done * units // max(plan.work, 1),
                (plan.epochs * plan.work - begun) * units // max(plan.work, 1),
                plan.unit,
                self.watch.seconds,
                epoch,
                plan.epochs,
                here.kept - self.first.kept,
                self.alpha,
                loss,
                here.held_out[-1] if here.held_out else math.nan,
                self.convergence[-1] if self.convergence else math.nan,
            )
        )
