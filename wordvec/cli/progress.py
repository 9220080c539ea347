"""How a run is shown while it goes on: on standard error, never on standard output."""

from __future__ import annotations

import functools
import json
import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wordvec.estimator import Progress

PLAIN_EVERY = 10.0  # seconds between plain lines
LIVE_EVERY = 0.1


class Display:
    """Shows progress as a live line on a terminal, a plain line every ten seconds elsewhere, JSON
    lines, or not at all.

    Parameters
    ----------
    mode : {"auto", "plain", "json", "quiet"}
        auto is live on a terminal and plain elsewhere.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._live = mode == "auto" and sys.stderr.isatty()
        self._stage = ""
        self._epoch = 0
        self._shown = 0.0
        self._last: Progress | None = None
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        if self.mode == "quiet":
            return
        # On a terminal the last line of an epoch stays, elsewhere only that of a stage.
        if self._last and (
            progress.stage != self._stage or (self._live and progress.epoch != self._epoch)
        ):
            self._finish()
        now = time.monotonic()
        if progress.stage != self._stage:
            # The first plain line comes after the first interval: short stages say only their end.
            self._shown = 0.0 if self._live else now
        self._stage, self._epoch, self._last = progress.stage, progress.epoch, progress
        every = LIVE_EVERY if self._live else 1.0 if self.mode == "json" else PLAIN_EVERY
        if now - self._shown >= every:
            self._shown = now
            self._show(progress, last=False)

    def close(self) -> None:
        """Shows where the last stage ended."""
        if self._last:
            self._finish()
        self._stage, self._last = "", None

    def abandon(self) -> None:
        """Leaves a live line as it is: an error message comes next."""
        if self._width:
            click.echo(err=True)

    def say(self, message: str) -> None:
        """A line beside the progress."""
        if self.mode == "json":
            click.echo(json.dumps({"message": message}), err=True)
        elif self.mode != "quiet":
            click.echo(message, err=True)

    def _finish(self) -> None:
        assert self._last
        self._show(self._last, last=True)
        self._last = None

    def _show(self, progress: Progress, *, last: bool) -> None:
        if self.mode == "json":
            click.echo(json.dumps(record(progress)), err=True)
            return
        line = describe(progress, last=last)
        if not self._live:
            click.echo(line, err=True)
            return
        padding = " " * max(self._width - len(line), 0)
        self._width = 0 if last else len(line)
        click.echo(f"\r{line}{padding}", err=True, nl=last)


def record(progress: Progress) -> dict[str, Any]:
    """Progress as a JSON object; what is not known is null."""
    fields = {
        "stage": progress.stage,
        "epoch": progress.epoch,
        "epochs": progress.epochs,
        "done": progress.done,
        "total": progress.total or None,
        "unit": progress.unit,
        "kept": progress.kept,
        "seconds": progress.seconds,
        "rate": progress.rate,
        "left": progress.left,
        "alpha": progress.alpha,
        "loss": progress.loss,
        "held_out": progress.held_out,
        "convergence": progress.convergence,
        "memory": progress.memory,
    }
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in fields.items()
    }


def describe(progress: Progress, *, last: bool) -> str:
    """Progress as a line."""
    parts = [f"{progress.stage:<8}"]
    if progress.epochs:
        parts.append(f"epoch {progress.epoch}/{progress.epochs}")
    if progress.total:
        parts.append(f"{100 * progress.done / progress.total:5.1f} %")
    else:
        parts.append(f"{quantity(progress.done)} {progress.unit}")
    parts.append(_speed(progress))
    if progress.kept and progress.unit == "words":
        parts.append(f"{quantity(progress.kept / progress.seconds)} kept/s")
    if math.isfinite(progress.loss):
        parts.append(f"loss {progress.loss:.4f}")
    if math.isfinite(progress.held_out):
        parts.append(f"held-out {progress.held_out:.4f}")
    if math.isfinite(progress.convergence):
        parts.append(f"convergence {progress.convergence:.4f}")
    if progress.alpha:
        parts.append(f"rate {progress.alpha:.4f}")
    parts.append(f"{progress.memory >> 20:,} MB")
    if last:
        parts.append(
            f"{clock(progress.seconds)} so far" if progress.epochs else clock(progress.seconds)
        )
    elif math.isfinite(progress.left):
        parts.append(f"{clock(progress.left)} left")
    return "  ".join(parts)


def _speed(progress: Progress) -> str:
    """Units per second; of slow work the seconds per unit."""
    if 0 < progress.rate < 1:
        return f"{1 / progress.rate:.1f} s per {progress.unit.removesuffix('s')}"
    return f"{quantity(progress.rate)} {progress.unit}/s"


def quantity(value: float) -> str:
    """A number for people: 950, 12.3 k, 4.56 M."""
    for limit, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.0f}"


def clock(seconds: float) -> str:
    """Seconds as 9.8 s, 1:05 or 2:03:09."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def display_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --progress and --quiet, as the argument `display`."""

    @click.option("--quiet", is_flag=True, help="Say nothing but errors.")
    @click.option(
        "--progress",
        type=click.Choice(["auto", "plain", "json"]),
        default="auto",
        help="auto: live on a terminal, elsewhere a line every 10 s; json: one object per line.",
    )
    @functools.wraps(function)
    def command(*args: Any, quiet: bool, progress: str, **kwargs: Any) -> Any:
        display = Display("quiet" if quiet else progress)
        try:
            result = function(*args, display=display, **kwargs)
        except BaseException:
            display.abandon()
            raise
        display.close()
        return result

    return command
