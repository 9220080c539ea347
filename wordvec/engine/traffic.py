"""How much a tournament of tile groups moves between workers."""

from __future__ import annotations


def copies_moved(groups: int, workers: int, *, symmetric: bool) -> float:
    """How many whole sides of a model all workers together receive in a pass over all pairs of
    groups, when each group of rows stays with its worker.

    Asymmetric: a group of columns meets all groups of rows, one after the other in a random order
    of rounds, and moves whenever the next one lives on another worker. Symmetric: each pair of
    groups meets once, and the one that is not at home travels there and back to its next partner.
    """
    if workers < 2 or groups < 2:
        return 0.0
    n = min(workers, groups)
    # The chance that the next of the other groups - 1 lives on the same worker.
    same = (groups / n - 1) / (groups - 1)
    return float(groups * (1 - same)) if not symmetric else float((groups - 1) * (1 - same))
