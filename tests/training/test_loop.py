"""The training loop, on plans that only count."""

import json
import math
import time

import numpy as np
import pytest

from wordvec.errors import TrainingError
from wordvec.training import loop
from wordvec.training.checkpoint import OLD_FORMAT, Checkpoint, _checksum
from wordvec.training.loop import Plan, Step

ROUNDS = [["a", "b", "c"], ["d"], ["e", "f"]]


class Recorder:
    """A model whose only parameter is the number of tasks that it has trained."""

    def __init__(self, epochs=2, loss=lambda epoch, task: 2.0, threads=1, **options):
        self.count = np.zeros(1)
        self.trained = []
        self.loss = loss
        self.plan = Plan(
            epochs=epochs,
            rounds=self.rounds,
            train=self.train,
            states=list(range(threads)),
            work=12,
            unit="tiles",
            **options,
        )

    def rounds(self, epoch):
        for tasks in ROUNDS:
            yield [(epoch, task) for task in tasks]
            self.trained.append("|")

    def train(self, state, task):
        epoch, name = task
        self.count += 1
        self.trained.append(f"{epoch}{name}")
        return Step(self.loss(epoch, name), 4, 2, 0.5, 1)

    def run(self, folder=None, identity=None, progress=None, **options):
        keeper = Checkpoint(folder, identity or {}, [self.count], **options)
        return loop.run(self.plan, keeper, progress)


def test_tasks_are_trained_round_by_round_and_epoch_by_epoch():
    recorder = Recorder()
    trained = recorder.run()
    epoch = ["a", "b", "c", "|", "d", "|", "e", "f", "|"]
    expected = [x if x == "|" else f"{e}{x}" for e in (0, 1) for x in epoch]
    assert recorder.trained == expected
    assert trained.losses == [0.5, 0.5]
    assert trained.held_out == trained.convergence == []


def test_a_round_begins_when_all_tasks_of_the_one_before_have_ended():
    recorder = Recorder(threads=3)
    train = recorder.train

    def slowly(state, task):
        time.sleep(0.02 if task[1] in "ad" else 0)
        return train(state, task)

    recorder.plan.train = slowly
    recorder.run()
    rounds = "".join(recorder.trained).split("|")
    assert [sorted(r[1::2]) for r in rounds[:3]] == ROUNDS


def test_progress_counts_the_work_and_ends_at_its_total():
    seen = []
    Recorder(scale=3.0, units=120).run(progress=seen.append)
    assert [p.done for p in seen] == [
        *(20, 40, 60, 80, 100, 120, 120),
        *(140, 160, 180, 200, 220, 240, 240),
    ]
    assert {p.total for p in seen} == {240}
    assert [p.epoch for p in seen] == [1] * 7 + [2] * 7
    assert {p.loss for p in seen} == {1.5}
    assert {p.alpha for p in seen} == {0.5}
    assert seen[-1].kept == 12


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_ends_the_run(bad):
    recorder = Recorder(loss=lambda epoch, task: bad if (epoch, task) == (1, "d") else 1.0)
    with pytest.raises(TrainingError, match=r"became .* in epoch 2 at a rate of 0\.5: lower alpha"):
        recorder.run()
    assert recorder.trained[-1] == "1d"


def test_patience_ends_a_run_whose_held_out_loss_does_not_fall():
    losses = iter([9.0, 5.0, 4.0, 6.0, 4.0, 3.0])  # the first is measured before training
    trained = Recorder(epochs=9, held_out=lambda: next(losses), patience=2).run()
    assert trained.held_out == [5.0, 4.0, 6.0, 4.0]
    assert len(trained.losses) == 4


def test_convergence_is_measured_after_each_epoch():
    values, seen = iter([0.25, 0.75]), []
    trained = Recorder(convergence=lambda: next(values)).run(progress=seen.append)
    assert trained.convergence == [0.25, 0.75]
    assert seen[-1].convergence == 0.75


class Stop(Exception):
    pass


def stop_at(reports):
    left = iter(range(reports))

    def callback(progress):
        if next(left, None) is None:
            raise Stop

    return callback


@pytest.mark.parametrize("reports", range(13))
@pytest.mark.parametrize("every", ["0.000000001s", "1epoch"])  # due before each task, or seldom
def test_a_run_that_dies_anywhere_goes_on_where_it_was_saved(tmp_path, reports, every):
    whole, died, resumed = Recorder(), Recorder(), Recorder()
    expected = whole.run()
    with pytest.raises(Stop):
        died.run(tmp_path / "keep", progress=stop_at(reports), every=every)
    trained = resumed.run(tmp_path / "keep", resume=True)
    assert trained.losses == expected.losses
    assert resumed.count == whole.count == 12
    names = [name for name in resumed.trained if name != "|"]
    again = [name for name in whole.trained if name != "|"][-len(names) :]
    assert names == again
    if every == "1epoch":
        assert len(names) in (6, 12)


def test_an_epoch_that_is_not_divisible_is_saved_at_its_end_only(tmp_path):
    died = Recorder(divisible=False)
    with pytest.raises(Stop):
        died.run(tmp_path / "keep", progress=stop_at(9), every="0.000000001s")
    resumed = Recorder(divisible=False)
    resumed.run(tmp_path / "keep", resume=True)
    assert [name for name in resumed.trained if name != "|"] == ["1a", "1b", "1c", "1d", "1e", "1f"]


def test_a_checkpoint_with_more_epochs_is_refused(tmp_path):
    Recorder(epochs=3).run(tmp_path / "keep")
    with pytest.raises(TrainingError, match=r"keep: has 3 epochs, 2 were asked for"):
        Recorder(epochs=2).run(tmp_path / "keep", resume=True)


@pytest.mark.parametrize(
    ("identity", "left"),
    [({"shards": 7}, ["1e", "1f"]), ({"corpus": "x"}, ["1c", "1d", "1e", "1f"])],
)
def test_a_checkpoint_of_the_old_format_goes_on(tmp_path, identity, left):
    """It counted the rounds of tiles, and the chunks of streams, in `at`."""
    keeper = Checkpoint(tmp_path, identity, [np.zeros(1)])
    state = {"epoch": 1, "at": 2, "loss": 8.0, "pairs": 16, "work": 8, "kept": 10}
    state |= {"losses": [0.5], "held_out": []}
    header = {
        "format": OLD_FORMAT,
        "identity": identity,
        "state": state,
        "arrays": [("<f8", [1])],
        "crc32": _checksum(state, keeper.arrays),
    }
    (tmp_path / "state").write_bytes(json.dumps(header).encode() + b"\n" + bytes(8))
    recorder = Recorder()
    recorder.run(tmp_path, identity, resume=True)
    assert [name for name in recorder.trained if name != "|"] == left
