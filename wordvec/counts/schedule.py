"""Which tiles are trained at the same time: rounds of tiles that share no row and no column.

Stratified SGD (Gemulla, Nijkamp, Haas & Sismanis 2011): the units of a round can run on any number
of threads, in any order, and give the same bytes, because no two touch the same parameters; random
numbers are keyed by the place of a unit, not by the thread that trains it.
"""

from __future__ import annotations

import random


def rounds(k: int, *, symmetric: bool, seed: int) -> list[list[tuple[int, int]]]:
    """All pairs of k row tiles and k column tiles as rounds, in a seeded order.

    Asymmetric: round r has the tiles (i, (i + r) mod k). Symmetric, where a cell updates both of
    its words as row and as column: a unit (i, j), i <= j, stands for the tiles (i, j) and (j, i),
    and no word tile comes twice in a round. That is a round-robin tournament (the circle method);
    a tile without an opponent is paired with itself, which is its diagonal tile.

    Returns
    -------
    list of rounds, each a list of units (row tile, column tile)
    """
    if not symmetric:
        plan = [[(i, (i + r) % k) for i in range(k)] for r in range(k)]
    else:
        bye = k  # stands for no opponent
        players = [*range(k)] + [bye] * (k % 2)
        half = len(players) // 2
        plan = []
        for _ in range(len(players) - 1):
            matches = zip(players[:half], reversed(players[half:]), strict=True)
            plan.append([(a, a if b == bye else b) for a, b in map(sorted, matches)])
            players = [players[0], players[-1], *players[1:-1]]
        if k % 2 == 0:
            plan.append([(i, i) for i in range(k)])
    random.Random(seed).shuffle(plan)
    return plan
