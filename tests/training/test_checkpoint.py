"""Runs that are saved, stopped, killed and resumed: what every model owes its user."""

import inspect
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

import wordvec
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import Terminated, TrainingError
from wordvec.hierarchy.models import Poincare
from wordvec.models import MODELS
from wordvec.models.cbow import CBOW
from wordvec.models.count_skipgram import CountSkipGram
from wordvec.models.glove import GloVe
from wordvec.models.skipgram import FastText, SkipGram
from wordvec.models.swivel import Swivel
from wordvec.text.corpus import encode
from wordvec.training import checkpoint
from wordvec.training.checkpoint import Checkpoint, Every

STREAM = {"vector_size": 12, "threads": 1, "epochs": 4, "min_count": 1}
TILES = {"vector_size": 12, "threads": 1, "epochs": 4, "min_count": 1}
HIERARCHY = {"epochs": 4, "burn_in": 2, "threads": 1, "alpha": 0.1}
# Every model of the registry whose `fit` can be saved, and what it trains on.
KINDS = {
    model.load(): model.trains_on
    for model in MODELS.values()
    if "checkpoint" in inspect.signature(model.load().fit).parameters
}
OPTIONS = {"text": STREAM, "counts": TILES, "relations": HIERARCHY}
QUICK = {kind: OPTIONS[on] for kind, on in KINDS.items()} | {FastText: {**STREAM, "bucket": 500}}
PIECES = [kind for kind, on in KINDS.items() if on != "relations"]  # can be saved within an epoch
ALL = list(QUICK)


@pytest.fixture(scope="module")
def sources(many_words):
    tree = [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 40)]
    return {model: many_words if model in PIECES else tree for model in ALL}


def same(a, b):
    """Whether two results are equal to the byte."""
    for name in ("vectors", "contexts", "biases", "context_biases"):
        x, y = getattr(a.vectors_, name), getattr(b.vectors_, name)
        assert (x is None) == (y is None)
        if x is not None and not np.array_equal(x, y):
            return False
    return a.losses_ == b.losses_


class Stop(Exception):
    pass


def at_step(number, act):
    """A callback that acts at the so-manyth report of training."""
    seen = 0

    def callback(progress):
        nonlocal seen
        seen += progress.stage == "training"
        if seen == number and progress.stage == "training":
            act()

    return callback


def stop():
    raise Stop


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("model", ALL)
def test_a_run_that_died_goes_on_to_the_same_bytes(model, sources, tmp_path):
    options, source, keep = QUICK[model], sources[model], tmp_path / "keep"
    whole = model(**options).fit(source)
    reports = []
    model(**options).fit(source, progress=reports.append)
    training = [p for p in reports if p.stage == "training"]
    in_third = next(i for i, p in enumerate(training) if p.epoch == 3) + 2
    with pytest.raises(Stop):
        model(**options).fit(
            source, checkpoint=keep, every="1epoch", progress=at_step(in_third, stop)
        )
    seen = []
    resumed = model(**options)
    resumed.fit(source, checkpoint=keep, resume=True, progress=seen.append)
    training = [p for p in seen if p.stage == "training"]
    assert training[0].epoch >= 3
    assert training[-1].done == training[-1].total
    assert same(whole, resumed)
    assert same(whole, model(**options).fit(source, checkpoint=keep, resume=True))
    assert [p.name for p in keep.iterdir()] == ["state"]


@pytest.mark.parametrize("model", PIECES)
def test_an_epoch_can_be_saved_in_its_midst(model, sources, tmp_path, monkeypatch):
    options, source, keep = QUICK[model], sources[model], tmp_path / "keep"
    whole = model(**options).fit(source)
    monkeypatch.setattr(time, "monotonic", iter(range(10**9)).__next__)
    saved, save = [], Checkpoint.save

    def note(keeper, state):
        saved.append(state.tasks)
        save(keeper, state)

    monkeypatch.setattr(Checkpoint, "save", note)
    with pytest.raises(Stop):
        model(**options).fit(source, checkpoint=keep, every="2s", progress=at_step(40, stop))
    assert any(saved)
    resumed = model(**options).fit(source, checkpoint=keep, every="3s", resume=True)
    assert same(whole, resumed)


@pytest.mark.parametrize("model", ALL)
def test_an_interrupt_saves_and_the_run_goes_on_to_the_same_bytes(model, sources, tmp_path):
    options, source, keep = QUICK[model], sources[model], tmp_path / "keep"
    before = signal.getsignal(signal.SIGINT)
    whole = model(**options).fit(source)
    with pytest.raises(KeyboardInterrupt, match=r"saved in .*keep"):
        model(**options).fit(source, checkpoint=keep, every="1h", progress=at_step(3, interrupt))
    assert signal.getsignal(signal.SIGINT) is before
    assert same(whole, model(**options).fit(source, checkpoint=keep, resume=True))


def test_a_second_interrupt_is_raised_at_once(sources, tmp_path):
    def twice():
        interrupt()
        interrupt()
        pytest.fail("the second interrupt was kept back")

    with pytest.raises(KeyboardInterrupt) as caught:
        SkipGram(**STREAM).fit(
            sources[SkipGram], checkpoint=tmp_path / "keep", progress=at_step(3, twice)
        )
    assert not str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("model", [SkipGram, GloVe, Poincare])
def test_signals_to_end_save_too(number, model, sources, tmp_path):
    options, source, keep = QUICK[model], sources[model], tmp_path / "keep"
    before = signal.getsignal(number)
    whole = model(**options).fit(source)
    with pytest.raises(Terminated, match=r"saved in .*keep") as ended:
        model(**options).fit(
            source,
            checkpoint=keep,
            every="1h",
            progress=at_step(3, lambda: os.kill(os.getpid(), number)),
        )
    assert ended.value.code == 128 + number
    assert signal.getsignal(number) is before
    assert same(whole, model(**options).fit(source, checkpoint=keep, resume=True))


def test_a_signal_that_is_ignored_stays_ignored(planted, tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        SkipGram(**STREAM).fit(
            planted,
            checkpoint=tmp_path / "keep",
            progress=at_step(3, lambda: os.kill(os.getpid(), signal.SIGHUP)),
        )
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_two_runs_never_save_in_one_folder(planted, tmp_path):
    keep = tmp_path / "keep"

    def second():
        with pytest.raises(TrainingError, match=r"keep: .*process.* is saving a run in it"):
            SkipGram(**STREAM).fit(planted, checkpoint=keep, resume=True)

    SkipGram(**STREAM).fit(planted, checkpoint=keep, progress=at_step(3, second))
    assert [p.name for p in keep.iterdir()] == ["state"]


def test_a_folder_in_which_nothing_was_saved_is_not_left(planted, tmp_path):
    with pytest.raises(Stop):
        SkipGram(**STREAM).fit(planted, checkpoint=tmp_path / "keep", progress=at_step(1, stop))
    assert not (tmp_path / "keep").exists()


@pytest.mark.parametrize("model", ALL)
def test_files_of_the_same_run_are_the_same_bytes(model, sources, tmp_path):
    """Stopped and resumed or not, at another time, and for tiles with more threads."""
    options, source, keep = QUICK[model], sources[model], tmp_path / "keep"
    model(**options).fit(source).vectors_.save(tmp_path / "one.wv")
    with pytest.raises(KeyboardInterrupt):
        model(**options).fit(source, checkpoint=keep, progress=at_step(3, interrupt))
    threads = {"threads": 3} if model in (GloVe, CountSkipGram, Swivel) else {}
    resumed = model(**options | threads).fit(source, checkpoint=keep, resume=True)
    resumed.vectors_.save(tmp_path / "other.wv")
    assert (tmp_path / "one.wv").read_bytes() == (tmp_path / "other.wv").read_bytes()


@pytest.mark.parametrize("model", [SkipGram, GloVe, CountSkipGram])
def test_several_threads_come_to_rest_before_they_are_saved(model, sources, tmp_path):
    options, keep = QUICK[model] | {"threads": 3}, tmp_path / "keep"
    with pytest.raises(KeyboardInterrupt):
        model(**options).fit(sources[model], checkpoint=keep, progress=at_step(9, interrupt))
    resumed = model(**options).fit(sources[model], checkpoint=keep, resume=True)
    assert len(resumed.losses_) == 4
    if model is not SkipGram:
        assert same(resumed, model(**options).fit(sources[model]))


def test_a_run_in_another_thread_is_saved_too(sources, tmp_path):
    keep = tmp_path / "keep"
    work = threading.Thread(
        target=SkipGram(**STREAM).fit, args=(sources[SkipGram],), kwargs={"checkpoint": keep}
    )
    work.start()
    work.join()
    assert (keep / "state").is_file()


@pytest.mark.parametrize(
    ("model", "epochs", "place"),
    [("skipgram", 12, ""), ("glove", 4, ""), ("swivel", 12, "file://")],
)
def test_killed_at_any_moment_the_same_command_ends_in_the_same_bytes(
    model, epochs, place, many_words, tmp_path
):
    """In a folder of this machine, and in a store."""
    if place:
        pytest.importorskip("fsspec", reason="needs the extra remote")

    def command(name, *more):
        return [
            sys.executable,
            "-m",
            "wordvec",
            "train",
            str(many_words),
            "-o",
            str(tmp_path / name),
            "--model",
            model,
            "--threads",
            "1",
            "--epochs",
            str(epochs),
            "--vector-size",
            "64",
            "--quiet",
            "--checkpoint",
            place + str(tmp_path / f"{name}.keep"),
            "--every",
            "1epoch",
            *more,
        ]

    started = time.monotonic()
    subprocess.run(command("whole.wv"), check=True)
    took = time.monotonic() - started
    for delay in (0.5, 0.7, 0.8, 0.9):
        process = subprocess.Popen(command("killed.wv", "--resume"))
        try:
            process.wait(delay * took)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    subprocess.run(command("killed.wv", "--resume", "--force"), check=True)

    whole, killed = (wordvec.load(tmp_path / name) for name in ("whole.wv", "killed.wv"))
    assert whole.vectors.tobytes() == killed.vectors.tobytes()
    assert whole.meta["training"]["losses"] == killed.meta["training"]["losses"]


def test_what_changed_since_a_checkpoint_is_named(planted, many_words, tmp_path):
    keep = tmp_path / "keep"
    SkipGram(**STREAM).fit(planted, checkpoint=keep)
    other = {"alpha": 0.3, "seed": 2, "epochs": 5}
    message = r"alpha was 0\.025 and is 0\.3; epochs was 4 and is 5; seed was 1 and is 2"
    with pytest.raises(TrainingError, match=message):
        SkipGram(**STREAM | other).fit(planted, checkpoint=keep, resume=True)
    with pytest.raises(TrainingError, match="corpus was '40,000 tokens of 40 words"):
        SkipGram(**STREAM).fit(many_words, checkpoint=keep, resume=True)
    old = SkipGram(**STREAM).fit(planted).vectors_
    with pytest.raises(TrainingError, match="init was None"):
        SkipGram(**STREAM).fit(planted, init=old, checkpoint=keep, resume=True)
    with pytest.raises(TrainingError, match="model was 'SkipGram' and is 'CBOW'"):
        CBOW(**STREAM | {"alpha": 0.025}).fit(planted, checkpoint=keep, resume=True)
    SkipGram(**STREAM | {"threads": 2}).fit(planted, checkpoint=keep, resume=True)


@pytest.mark.parametrize("model", [GloVe, Swivel])
def test_what_changed_since_a_checkpoint_of_shards_is_named(model, planted, tmp_path):
    keep = tmp_path / "keep"
    shards, other = (
        count(encode(planted), tmp_path / f"s{window}", Window(window=window)) for window in (4, 3)
    )

    def resume(kind, source, **options):
        kind(**TILES | options).fit(source, checkpoint=keep, resume=True)

    model(**TILES).fit(shards, checkpoint=keep)
    with pytest.raises(TrainingError, match=r"eta was 0\.\d+ and is 0\.3; seed was 1 and is 2"):
        resume(model, shards, eta=0.3, seed=2)
    with pytest.raises(TrainingError, match="shards was"):
        resume(model, other)
    with pytest.raises(TrainingError, match="has 4 epochs, 2 were asked for"):
        resume(model, shards, epochs=2)
    with pytest.raises(TrainingError, match="model was"):
        resume(Swivel if model is GloVe else GloVe, shards)
    longer = model(**TILES | {"epochs": 6}).fit(shards, checkpoint=keep, resume=True)
    assert same(longer, model(**TILES | {"epochs": 6}).fit(shards))


def test_the_epochs_of_a_rate_that_falls_are_those_of_its_checkpoint(planted, tmp_path):
    keep = tmp_path / "keep"
    CountSkipGram(**TILES).fit(planted, checkpoint=keep)
    with pytest.raises(TrainingError, match=r"alpha was 0\.025 and is 0\.3; epochs was 4 and is 5"):
        CountSkipGram(**TILES | {"alpha": 0.3, "epochs": 5}).fit(
            planted, checkpoint=keep, resume=True
        )
    CountSkipGram(**TILES | {"output_vectors": "sum"}).fit(planted, checkpoint=keep, resume=True)


def test_a_checkpoint_that_has_the_older_names_goes_on(planted, tmp_path):
    keep, options = tmp_path / "keep", TILES | {"output_vectors": "words"}
    CountSkipGram(**options).fit(planted, checkpoint=keep)
    header, arrays = (keep / "state").read_bytes().split(b"\n", 1)
    older = json.loads(header)
    assert older["identity"]["model"] == "CountSkipGram"
    older["identity"]["model"] = "SGNS"
    (keep / "state").write_bytes(json.dumps(older).encode() + b"\n" + arrays)
    CountSkipGram(**options).fit(planted, checkpoint=keep, resume=True)
    with pytest.raises(TrainingError, match="model was 'SGNS' and is 'GloVe'"):
        GloVe(**TILES).fit(planted, checkpoint=keep, resume=True)


def test_a_checkpoint_is_not_overwritten_unasked(planted, tmp_path):
    keep = tmp_path / "keep"
    SkipGram(**STREAM).fit(planted, checkpoint=keep)
    with pytest.raises(TrainingError, match="has a checkpoint already: resume it, remove it"):
        SkipGram(**STREAM).fit(planted, checkpoint=keep)
    with pytest.raises(TrainingError, match="is a file; name a folder"):
        SkipGram(**STREAM).fit(planted, checkpoint=planted)
    with pytest.raises(FileNotFoundError):
        SkipGram(**STREAM).fit(planted, checkpoint=tmp_path / "no" / "folder")
    with pytest.raises(ValueError, match="resume needs the checkpoint"):
        SkipGram(**STREAM).fit(planted, resume=True)


@dataclass
class Where:
    number: int = 0
    values: list = None


def test_a_damaged_checkpoint_is_refused(tmp_path):
    arrays = [np.arange(6, dtype=np.float32), np.arange(4.0).reshape(2, 2)]
    keeper = Checkpoint(tmp_path, {"a": 1}, arrays, resume=True)
    keeper.save(Where(3, [0.1]))
    good = keeper.path.read_bytes()
    arrays[0][:] = 0
    assert keeper.load(Where()) == Where(3, [0.1])
    assert arrays[0].tolist() == [0, 1, 2, 3, 4, 5]
    keeper.path.write_bytes(b"x" * 99)
    with pytest.raises(TrainingError, match="not a checkpoint"):
        keeper.load(Where())
    for bad in (b"", b"\n", b"[]\n", b"{}\n", good[:-5], good[:40], good + b"x"):
        keeper.path.write_bytes(bad)
        with pytest.raises(TrainingError, match="state: "):
            keeper.load(Where())
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1
        keeper.path.write_bytes(changed)
        with pytest.raises(TrainingError, match="state: "):
            keeper.load(Where())


def test_a_full_disk_keeps_the_older_checkpoint(tmp_path, monkeypatch):
    arrays = [np.arange(6, dtype=np.float32)]
    keeper = Checkpoint(tmp_path, {}, arrays, resume=True)
    keeper.save(Where(1))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keeper.save(Where(2))
    assert keeper.load(Where()).number == 1
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    ("text", "epochs", "seconds"),
    [("1epoch", 1, 0), ("5epochs", 5, 0), ("10min", 0, 600), ("1.5 h", 0, 5400), ("30s", 0, 30)],
)
def test_how_often_a_run_is_saved(text, epochs, seconds):
    assert Every.parse(text) == Every(epochs, seconds)


@pytest.mark.parametrize("text", ["", "0s", "0epoch", "1.5epochs", "epoch", "10", "-1s", "1day"])
def test_another_way_to_say_how_often_is_refused(text, planted):
    with pytest.raises(ValueError, match="every must be such as 1epoch, 10min"):
        SkipGram(**STREAM).fit(planted, every=text)


def test_nothing_is_saved_without_a_folder():
    keeper, before = Checkpoint(None, {}, []), signal.getsignal(signal.SIGINT)
    with keeper:
        assert signal.getsignal(signal.SIGINT) == before
        assert keeper.load(Where(7)) == Where(7)
        keeper.rest(Where(), epoch=True, last=True)
    assert checkpoint.FILE == "state"
