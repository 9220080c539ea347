"""The learning rate of a training."""

from __future__ import annotations


def falling(alpha: float, min_alpha: float, done: float) -> float:
    """The rate after a share `done` of the training: a line from `alpha` to `min_alpha`."""
    return alpha + (min_alpha - alpha) * done


def require_falling(alpha: float, min_alpha: float) -> None:
    """Raises ValueError for a rate that would rise."""
    if min_alpha > alpha:
        raise ValueError(f"min_alpha must be <= alpha ({alpha}), got {min_alpha}")
