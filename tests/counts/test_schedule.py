"""Every tile once, and no two units of a round with a tile in common."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.counts.schedule import rounds

GROUPS = st.sampled_from([1, 1, 2, 3, 8, 50])


@given(st.integers(1, 40), st.integers(0, 2**64 - 1), GROUPS)
def test_a_symmetric_schedule_has_each_pair_once(k, seed, group):
    plan = rounds(k, symmetric=True, seed=seed, group=group)
    assert sorted(unit for units in plan for unit in units) == [
        (i, j) for i in range(k) for j in range(i, k)
    ]
    for units in plan:
        tiles = [tile for i, j in units for tile in {i, j}]
        assert len(tiles) == len(set(tiles))


@given(st.integers(1, 40), st.integers(0, 2**64 - 1), GROUPS)
def test_an_asymmetric_schedule_has_each_tile_once(k, seed, group):
    plan = rounds(k, symmetric=False, seed=seed, group=group)
    assert sorted(unit for units in plan for unit in units) == [
        (i, j) for i in range(k) for j in range(k)
    ]
    for units in plan:
        assert len({i for i, _ in units}) == len({j for _, j in units}) == len(units)


def test_the_order_depends_on_the_seed_alone():
    assert rounds(9, symmetric=True, seed=3) == rounds(9, symmetric=True, seed=3)
    assert rounds(9, symmetric=True, seed=3) != rounds(9, symmetric=True, seed=4)


@given(st.integers(1, 40), st.integers(0, 2**64 - 1), GROUPS, st.booleans())
def test_the_units_of_a_super_tile_come_together(k, seed, group, symmetric):
    """Between two units of a super-tile no other one comes that has a group of it."""
    plan = rounds(k, symmetric=symmetric, seed=seed, group=group)
    current, ended = {}, set()
    for unit in (unit for units in plan for unit in units):
        pair = tuple(t // group for t in unit)
        for side, t in enumerate(pair):
            key = t if symmetric else (side, t)
            before = current.get(key)
            if before not in (None, pair):
                ended.add(before)
            current[key] = pair
        assert pair not in ended


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_schedule_of_single_tiles_is_the_one_that_pins_were_made_with(symmetric):
    """An independent copy of the plain tournament, in its seeded order."""
    k, seed = 7, 11
    if symmetric:
        ring, plan = [*range(k), None], []
        for _ in range(k):
            pairs = [(ring[i], ring[-1 - i]) for i in range((k + 1) // 2)]
            plan.append([tuple(sorted(t for t in (a, b) if t is not None)) for a, b in pairs])
            ring = [ring[0], ring[-1], *ring[1:-1]]
        plan = [[u if len(u) == 2 else (u[0], u[0]) for u in units] for units in plan]
    else:
        plan = [[(i, (i + r) % k) for i in range(k)] for r in range(k)]
    random.Random(seed).shuffle(plan)
    assert rounds(k, symmetric=symmetric, seed=seed) == plan
