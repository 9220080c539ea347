"""What counts as a co-occurrence: the window, its weights, its directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from wordvec.errors import CorpusError
from wordvec.estimator import (
    check_options,
    option,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_UNIT = 1 << 24  # up to here lcm(1..window) is the unit, beyond weights are rounded to it


@dataclass(frozen=True, kw_only=True)
class Window:
    """What counts as a co-occurrence.

    Parameters
    ----------
    window : int
        Words on each side.
    weighting : {"harmonic", "linear", "flat"}
        A pair at distance d counts 1/d (GloVe), (window - d + 1) / window (the expectation of
        word2vec's shrinking window), or 1.
    direction : {"symmetric", "left", "right"}
        Contexts on both sides, before the word only, or after it only.
    """

    window: int = option(10, "Context words on each side of a word.", at_least=1, at_most=1 << 20)
    weighting: Literal["harmonic", "linear", "flat"] = option(
        "harmonic",
        "A pair at distance d counts 1/d, (window - d + 1) / window, or 1.",
        source="Pennington et al. 2014",
    )
    direction: Literal["symmetric", "left", "right"] = option(
        "symmetric", "Contexts on both sides, before the word only, or after it only."
    )

    def __post_init__(self) -> None:
        check_options(Window, vars(self))

    def weights(self) -> tuple[NDArray[np.uint64], int]:
        """Integer weights by distance (window + 1,), and the unit that stands for 1.0.

        Harmonic weights are exact while lcm(1..window) is at most 2^24 (window 22), and rounded to
        1/2^24 beyond.
        """
        d = np.arange(1, self.window + 1, dtype=np.uint64)
        if self.weighting == "flat":
            unit, weight = 1, np.ones_like(d)
        elif self.weighting == "linear":
            unit, weight = self.window, np.uint64(self.window + 1) - d
        else:
            unit = math.lcm(*range(1, min(self.window, 40) + 1))
            unit = unit if unit <= EXACT_UNIT and self.window <= 40 else EXACT_UNIT
            weight = (np.uint64(2 * unit) + d) // (np.uint64(2) * d)
        return np.concatenate([np.zeros(1, np.uint64), weight]), unit


def check_overflow(window: Window, tokens: int) -> None:
    """Raises CorpusError when counts of so many tokens might not fit 64 bits."""
    if tokens * 2 * int(window.weights()[0].sum()) >= 1 << 63:
        raise CorpusError(
            f"a window of {window.window} over {tokens:,} tokens can overflow 64-bit counts: "
            "use a smaller window or weighting='flat'"
        )
