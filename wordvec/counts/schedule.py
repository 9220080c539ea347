"""Which tiles are trained at the same time: rounds of tiles that share no row and no column.

Stratified SGD (Gemulla, Nijkamp, Haas & Sismanis 2011): the units of a round can run on any number
of threads, in any order, and give the same bytes, because no two touch the same parameters; random
numbers are keyed by the place of a unit, not by the thread that trains it.
"""

from __future__ import annotations

import random


def rounds(k: int, *, symmetric: bool, seed: int, group: int = 1) -> list[list[tuple[int, int]]]:
    """All pairs of k row tiles and k column tiles as rounds, in a seeded order.

    Asymmetric: round r has the tiles (i, (i + r) mod k). Symmetric, where a cell updates both of
    its words as row and as column: a unit (i, j), i <= j, stands for the tiles (i, j) and (j, i),
    and no word tile comes twice in a round. That is a round-robin tournament (the circle method);
    a tile without an opponent is paired with itself, which is its diagonal tile.

    Parameters
    ----------
    group : int
        Tiles on each side of a super-tile: the tournament is one of groups of tiles, and a pair of
        groups, the super-tile, holds one of the tiles in them. All units of a super-tile come
        together, so whoever trains it needs only its rows and columns. 1 is the plain order.

    Returns
    -------
    list of rounds, each a list of units (row tile, column tile)
    """
    groups = -(-k // group)
    outer = _tournament(groups, symmetric)
    random.Random(seed).shuffle(outer)
    if group == 1:
        return outer
    plan: list[list[tuple[int, int]]] = []
    for pairs in outer:
        inner = [_inner(k, group, i, j, symmetric, seed) for i, j in pairs]
        for at in range(max(map(len, inner))):
            plan.append([unit for units in inner if at < len(units) for unit in units[at]])
    return plan


def _tournament(k: int, symmetric: bool) -> list[list[tuple[int, int]]]:
    if not symmetric:
        return [[(i, (i + r) % k) for i in range(k)] for r in range(k)]
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
    return plan


def _inner(
    k: int, group: int, i: int, j: int, symmetric: bool, seed: int
) -> list[list[tuple[int, int]]]:
    """The rounds of super-tile (i, j), whose last group may have fewer tiles than the others."""
    rows, cols = (range(t * group, min((t + 1) * group, k)) for t in (i, j))
    n = max(len(rows), len(cols))
    plan = _tournament(n, symmetric and i == j)
    random.Random(f"{seed}:{i}:{j}").shuffle(plan)
    units = ([(rows[a], cols[b]) for a, b in u if a < len(rows) and b < len(cols)] for u in plan)
    return [each for each in units if each]
