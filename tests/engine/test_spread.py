"""A data flow of super-tiles in this process: the bytes of the loop, and its parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordvec
from wordvec.counts.schedule import rounds
from wordvec.engine.local import Local
from wordvec.training import spread
from wordvec.training.blocks import Group, groups, read_block, sparse_matrix, write_block
from wordvec.training.tiles import Start

MODELS = [wordvec.Swivel, wordvec.CountSkipGram, wordvec.LexVec, wordvec.GloVe]


@settings(deadline=None)
@given(words=st.integers(1, 90), k=st.integers(1, 12), size=st.integers(1, 13))
def test_groups_are_all_rows_once(words, k, size):
    k = min(k, words)
    matrix = np.arange(words * 3, dtype=np.float32).reshape(words, 3)
    copy = sparse_matrix(words, 3)
    seen = []
    for group in groups(words, k, size):
        block = group.take(matrix)
        ranks = [r for r in range(words) if group.first <= r % k < group.last]
        assert np.array_equal(block, matrix[ranks])
        assert group.rows == len(ranks)
        group.put(copy, block)
        seen += ranks
    assert sorted(seen) == list(range(words))
    assert np.array_equal(copy, matrix)


@settings(deadline=None)
@given(k=st.integers(1, 13), size=st.integers(1, 9), both=st.booleans(), done=st.integers(0, 200))
def test_batches_keep_the_order_of_the_plan(k, size, both, done):
    plan = rounds(k, symmetric=both, seed=3, group=size)
    flat = [unit for units in plan for unit in units]
    seen = []
    for batch in spread.batches(plan, size, both=both, done=done):
        taken = [key for keys, _ in batch.tiles for key in keys]
        assert len(taken) == len(set(taken))
        numbered = [task for _, inner in batch.tiles for units in inner for task in units]
        for _, inner in batch.tiles:
            for units in inner:
                assert len({i for _, (i, _) in units}) == len(units)
        assert batch.tasks == len(numbered)
        seen += sorted(numbered)
    assert [number for number, _ in seen] == list(range(done + 1, len(flat) + 1))
    assert [unit for _, unit in seen] == flat[done:]


def same(a, b):
    parts = ("vectors", "contexts", "biases", "context_biases")
    return a.losses_ == b.losses_ and all(
        np.array_equal(getattr(a.vectors_, part), getattr(b.vectors_, part))
        for part in parts
        if getattr(a.vectors_, part) is not None
    )


def spread_here(model, shards, **start):
    with Local(3) as engine:
        model._fit(shards, Start(engine=engine, **start), None)
    return model


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("kind", MODELS)
def test_the_bytes_are_those_of_the_loop(shards, kind, size):
    options = {"vector_size": 10, "epochs": 2, "super_tile": size}
    if kind is wordvec.GloVe:
        options["diagnostic"] = 0
    alone = kind(**options, threads=2).fit(shards)
    assert same(spread_here(kind(**options), shards), alone)


def test_a_checkpoint_is_gone_on_with_by_either(shards, tmp_path):
    options = {"vector_size": 10, "super_tile": 2}
    alone = wordvec.Swivel(**options, epochs=3).fit(shards)
    one, two = tmp_path / "one", tmp_path / "two"
    spread_here(wordvec.Swivel(**options, epochs=1), shards, checkpoint=one)
    assert sorted(path.name for path in one.glob("block-*.bin"))
    other = wordvec.Swivel(**options, epochs=3).fit(shards, checkpoint=one, resume=True)
    assert same(other, alone)
    assert not list(one.glob("block-*.bin"))
    wordvec.Swivel(**options, epochs=1).fit(shards, checkpoint=two)
    model = wordvec.Swivel(**options, epochs=3)
    assert same(spread_here(model, shards, checkpoint=two, resume=True), alone)


def test_a_damaged_block_is_named(shards, tmp_path):
    options = {"vector_size": 10, "super_tile": 2}
    spread_here(wordvec.Swivel(**options, epochs=1), shards, checkpoint=tmp_path / "c")
    block = min((tmp_path / "c").glob("block-*.bin"))
    saved = block.read_bytes()
    model = wordvec.Swivel(**options, epochs=2)
    for damage in (saved[:-4], saved + b"x", bytes([saved[0] ^ 1]) + saved[1:], None):
        block.unlink() if damage is None else block.write_bytes(damage)
        with pytest.raises(wordvec.WordvecError, match=block.name):
            model.fit(shards, checkpoint=tmp_path / "c", resume=True)


def test_arrays_that_cannot_be_written_to_are_left_alone(shards):
    model = wordvec.Swivel(vector_size=10, super_tile=3)
    words, contexts = (model._parameters(shards.words, side) for side in (0, 1))
    recipe = model._recipe(
        shards, spread.zlib.crc32((shards.path / "manifest.json").read_bytes()), Local()
    )
    keys = (spread.Key(0, 0), spread.Key(1, 1))
    parts = groups(shards.words, shards.k, 3)
    blocks = parts[0].take(words), parts[1].take(contexts)
    before = [block.copy() for block in blocks]
    for block in blocks:
        block.flags.writeable = False
    made = spread.train_super_tile(recipe, "", 1, keys, [[(0, 3)], [(1, 4)]], *blocks)
    assert all(np.array_equal(a, b) for a, b in zip(blocks, before, strict=True))
    model._plan(shards, words, contexts).train(
        (plan := model._plan(shards, words, contexts)).states[0], (0, 3)
    )
    plan.train(plan.states[0], (1, 4))
    assert np.array_equal(made[0], parts[0].take(words))
    assert np.array_equal(made[1], parts[1].take(contexts))


def test_a_block_file_is_whole_or_not_there(tmp_path):
    group = Group(10, 3, 1, 3)
    block = np.arange(14, dtype=np.float32).reshape(7, 2)
    saved = write_block(str(tmp_path), "block-0-0-0-1.bin", 0, group, block[:6])
    assert np.array_equal(read_block(str(tmp_path), saved), block[:6])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_super_tiles_are_another_order_of_the_same_training(shards, seed):
    """The loss of three seeds with and without super-tiles: as near as two seeds are."""
    options = {"vector_size": 20, "epochs": 5, "seed": seed}
    plain = wordvec.Swivel(**options).fit(shards).losses_[-1]
    grouped = wordvec.Swivel(**options, super_tile=3).fit(shards).losses_[-1]
    assert grouped == pytest.approx(plain, rel=0.03)
    assert grouped != plain
