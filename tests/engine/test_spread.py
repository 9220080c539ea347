"""A data flow of super-tiles in this process: the bytes of the loop, and its parts."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordvec
from wordvec.counts.schedule import rounds
from wordvec.engine.local import Local
from wordvec.models import glove
from wordvec.training import spread
from wordvec.training.batches import Homes, Key, Reckoning, reckon, refuse_waiting
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


def keys_of(*pairs):
    return [tuple(Key(a, g) for a in (0, 1) for g in sorted({*pair})) for pair in pairs]


def test_bytes_that_move_are_those_reckoned_by_hand():
    """Two workers, four groups of a row with 10 bytes. Groups 0 and 2 are at home on the first."""
    homes = Homes(groups(4, 4, 1), 10)
    assert homes.place(keys_of((0, 2), (1, 3)), 2) == [0, 1]
    assert homes.moved == 0
    assert homes.place(keys_of((0, 1), (2, 3)), 2) == [0, 1]  # 1 and 2 change places
    assert homes.moved == 2 * 2 * 10
    assert homes.place(keys_of((0, 0), (1, 1)), 2) == [0, 1]  # each worker has its share
    assert homes.moved == 3 * 2 * 10
    assert homes.place([(Key(0, 3), Key(1, 2))], 2) == [1]
    assert homes.moved == 3 * 2 * 10
    assert homes.copied == (8 + 8 + 4 + 2) * 10


def test_a_worker_that_comes_has_its_share_of_blocks():
    """Homes among three workers are numbers below three: the fourth would stay without work."""
    homes = Homes(groups(8, 8, 1), 10)
    tiles = [(Key(0, g), Key(1, g)) for g in range(8)]
    assert set(homes.place(tiles, 3)) == {0, 1, 2}
    assert homes.place(tiles, 4) == [0, 1, 2, 3, 0, 1, 2, 3]
    assert set(homes.place(tiles, 3)) == {0, 1, 2}


@settings(deadline=None)
@given(n=st.integers(1, 12), workers=st.integers(1, 9), both=st.booleans())
def test_no_worker_gets_more_than_its_share(n, workers, both):
    homes = Homes(groups(n, n, 1), 1)
    for batch in spread.batches(rounds(n, symmetric=both, seed=n), 1, both=both):
        places = homes.place([keys for keys, _ in batch.tiles], workers)
        assert all(0 <= place < workers for place in places)
        assert max(map(places.count, places)) <= -(-len(places) // workers)


@pytest.mark.parametrize("grid", [1, 4])
@pytest.mark.parametrize("size", [1, 2])
def test_tasks_are_those_counted_by_hand(shards, size, grid, monkeypatch):
    """GloVe goes grid^2 times over the half of all pairs of groups, Swivel once over all."""
    monkeypatch.setattr(glove, "GRIDS", ((0, grid),))
    n = -(-shards.k // size)
    half = n * (n + 1) // 2
    for kind, passes, pairs in ((wordvec.GloVe, grid**2, half), (wordvec.Swivel, 1, n * n)):
        model = kind(vector_size=4, super_tile=size)
        arrays = [model._parameters(shards.words, side) for side in (0, 1)]
        plan = model._plan(shards, *arrays)
        parts = groups(shards.words, shards.k, size)
        found = reckon(plan.rounds(0), parts, 100, 2, both=model._both)
        # Where a pass begins with the pairs that the one before it ended with, they are one task.
        assert passes * (pairs - n // 2 - 1) <= found.tasks <= passes * pairs
        assert 0 < found.moved < found.tasks * 4 * 100 * parts[0].rows


def test_a_cluster_that_would_wait_is_refused_with_the_reckoning():
    one, two = {"tcp://10.0.0.1:1": 8}, {"tcp://10.0.0.1:1": 8, "tcp://10.0.0.2:1": 8}
    small, large = Reckoning(10, 0), Reckoning(1000, 22 * 10**9)
    assert not refuse_waiting(small, 1e-3, 10, two, "M")  # for less than ten seconds
    assert not refuse_waiting(Reckoning(1000, 0), 800, 10, one, "M")
    network = "would take 10.0 s per epoch for moving 22,000 MB of rows .* and 2.0 s for training"
    copying = "would take 0.0 ms per epoch for moving 0 MB .*, 6.0 s for copying 6,000 MB and 2.0 s"
    assert re.search(copying, refuse_waiting(Reckoning(9, 0, 6 * 10**9), 32, 10, two, "M"))
    assert re.search(network, refuse_waiting(large, 32, 10, two, "M"))
    assert not refuse_waiting(large, 320, 10, two, "M")
    same_machine = {"tcp://10.0.0.1:1": 8, "tcp://10.0.0.1:2": 8}
    assert "one machine 2.0 s" in refuse_waiting(Reckoning(10**5, 0), 32, 10, same_machine, "M")
    tasks = refuse_waiting(Reckoning(10**5, 0), 16, 10, two, "M")
    assert re.search(r"handing out 100,000 tasks .*, and one machine 2\.0 s for training", tasks)


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


def test_a_checkpoint_in_a_store_is_gone_on_with_by_either(shards, store):
    options = {"vector_size": 10, "super_tile": 2}
    alone = wordvec.Swivel(**options, epochs=3).fit(shards)
    one, two = "memory://runs/one", "memory://runs/two/"
    spread_here(wordvec.Swivel(**options, epochs=1), shards, checkpoint=one)
    blocks = store.glob("/runs/one/block-1-0-*.bin")
    assert len(blocks) == 2 * -(-shards.k // 2)
    assert sorted(store.ls("/runs/one", detail=False)) == sorted([*blocks, "/runs/one/state"])
    with pytest.raises(wordvec.WordvecError, match="memory://runs/one: has a checkpoint already"):
        spread_here(wordvec.Swivel(**options, epochs=3), shards, checkpoint=one)
    with pytest.raises(wordvec.WordvecError, match=r"^memory://runs/one/state: .* eta was"):
        spread_here(wordvec.Swivel(**options, eta=0.5), shards, checkpoint=one, resume=True)
    other = wordvec.Swivel(**options, epochs=3).fit(shards, checkpoint=one, resume=True)
    assert same(other, alone)
    assert store.ls("/runs/one", detail=False) == ["/runs/one/state"]
    wordvec.Swivel(**options, epochs=1).fit(shards, checkpoint=two)
    model = wordvec.Swivel(**options, epochs=3)
    assert same(spread_here(model, shards, checkpoint=two, resume=True), alone)
    again = wordvec.Swivel(**options, epochs=2)
    with pytest.raises(wordvec.WordvecError, match=r"^memory://runs/two: has 3 epochs, 2 were"):
        spread_here(again, shards, checkpoint=two, resume=True)


class Killed(BaseException):
    """The process is killed: nothing that it does afterwards has an effect."""


def test_killed_at_any_access_to_the_store_nothing_saved_is_lost(shards, store, monkeypatch):
    """A run that dies at its n-th write, rename or removal, for every n, goes on to the same bytes
    from its last whole checkpoint: the one before, or the one that was just written."""
    options = {"vector_size": 4, "super_tile": 4, "epochs": 2}
    alone = wordvec.Swivel(**options).fit(shards)
    left = [0]  # accesses until the end
    saved = [0]  # epochs, as the state had them after each access

    def epochs_saved():
        return json.loads(store.store["/run/state"].getvalue())["state"]["epoch"]

    def dying(name):
        plain = getattr(type(store), name)

        def access(self, *args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                if name in ("pipe_file", "put_file"):  # some of the bytes were written already
                    where = args[0] if name == "pipe_file" else args[1]
                    store.store[where] = type(store.store["/part"])(store, where, b"some")
                raise Killed
            plain(self, *args, **kwargs)
            if "/run/state" in store.store:
                saved.append(epochs_saved())

        monkeypatch.setattr(type(store), name, access)

    store.pipe_file("/part", b"")
    for name in ("pipe_file", "put_file", "mv", "rm_file"):
        dying(name)
    for n in range(1000):
        left[0], died = n, False
        saved[:] = [0]
        try:
            spread_here(wordvec.Swivel(**options), shards, checkpoint="memory://run")
        except Killed:
            died = True
        left[0] = 10**9
        if saved[-1]:
            assert epochs_saved() >= saved[-1]
        if not died:
            break
        model = wordvec.Swivel(**options)
        assert same(spread_here(model, shards, checkpoint="memory://run", resume=True), alone)
        names = {name.rpartition("/")[2] for name in store.ls("/run", detail=False)}
        assert names == {"state", *(f"block-2-0-{a}-{g}.bin" for a in (0, 1) for g in (0, 4))}
        store.rm("/run", recursive=True)
    assert n > 30


def test_damaged_and_missing_objects_of_a_store_are_named(shards, store):
    options = {"vector_size": 10, "super_tile": 2}
    spread_here(wordvec.Swivel(**options, epochs=1), shards, checkpoint="memory://run")
    block = min(store.glob("/run/block-*.bin"))
    for name in (block, "/run/state"):
        saved = store.cat_file(name)
        for damage in (saved[:-4], saved + b"x", bytes([saved[0] ^ 1]) + saved[1:], b"", None):
            if damage is None and name == "/run/state":
                continue  # without it there is no checkpoint
            store.rm_file(name) if damage is None else store.pipe_file(name, damage)
            model = wordvec.Swivel(**options, epochs=2)
            with pytest.raises(wordvec.WordvecError, match=rf"memory:/{name}: [^\n]*$"):
                spread_here(model, shards, checkpoint="memory://run", resume=True)
            with pytest.raises(wordvec.WordvecError, match=rf"memory:/{name}: [^\n]*$"):
                model.fit(shards, checkpoint="memory://run", resume=True)
        store.pipe_file(name, saved)


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
