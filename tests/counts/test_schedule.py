"""Every tile once, and no two units of a round with a tile in common."""

from hypothesis import given
from hypothesis import strategies as st

from wordvec.counts.schedule import rounds


@given(st.integers(1, 40), st.integers(0, 2**64 - 1))
def test_a_symmetric_schedule_has_each_pair_once(k, seed):
    plan = rounds(k, symmetric=True, seed=seed)
    assert sorted(unit for units in plan for unit in units) == [
        (i, j) for i in range(k) for j in range(i, k)
    ]
    for units in plan:
        tiles = [tile for i, j in units for tile in {i, j}]
        assert len(tiles) == len(set(tiles))


@given(st.integers(1, 40), st.integers(0, 2**64 - 1))
def test_an_asymmetric_schedule_has_each_tile_once(k, seed):
    plan = rounds(k, symmetric=False, seed=seed)
    assert sorted(unit for units in plan for unit in units) == [
        (i, j) for i in range(k) for j in range(k)
    ]
    for units in plan:
        assert len({i for i, _ in units}) == len({j for _, j in units}) == len(units)


def test_the_order_depends_on_the_seed_alone():
    assert rounds(9, symmetric=True, seed=3) == rounds(9, symmetric=True, seed=3)
    assert rounds(9, symmetric=True, seed=3) != rounds(9, symmetric=True, seed=4)
