"""Workers that die, are late, unlike or blind: the bytes of one machine, or an error that says so.

Real processes on loopback: three workers of one cluster for most tests; Dask's own commands,
started as a user starts them, for the rest.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from questions import die_at, die_when_asked_for_data, limit_files

import wordvec
from wordvec.engine import cluster as cluster_module
from wordvec.engine.cluster import Cluster, connected
from wordvec.errors import ClusterError, TrainingError
from wordvec.models import glove
from wordvec.native import cpu
from wordvec.training.batches import reckon
from wordvec.training.blocks import groups

distributed = pytest.importorskip("distributed", reason="needs the extra dask")

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Dask warns of workers that die, which is the point
    pytest.mark.xdist_group("cluster"),
]
OPTIONS = {"vector_size": 10, "epochs": 3, "super_tile": 2}


@contextlib.contextmanager
def local(workers, **options):
    """Worker processes of one thread. Their client is not the default one, as with `--cluster`."""
    with (
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=50,
            **options,
        ) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    dask = pytest.importorskip("dask")
    quick = {
        "distributed.scheduler.work-stealing": False,
        "distributed.deploy.lost-worker-timeout": "10 minutes",  # a slow restart is no loss
    }
    with dask.config.set(quick), local(3) as client:
        yield client


@pytest.fixture(scope="module")
def alone(shards):
    """One machine's model."""
    return wordvec.Swivel(**OPTIONS).fit(shards)


def same(a, b):
    return (
        np.array_equal(a.vectors_.vectors, b.vectors_.vectors)
        and np.array_equal(a.vectors_.contexts, b.vectors_.contexts)
        and a.losses_ == b.losses_
    )


def pids(client):
    return client.run(os.getpid, on_error="ignore")  # of one that has just died


class At:
    """A progress callback that does something at some of its calls."""

    def __init__(self, **actions):
        self.actions = {int(name[1:]): action for name, action in actions.items()}
        self.calls = 0

    def __call__(self, progress):
        self.calls += 1
        if action := self.actions.get(self.calls):
            action()


def killer(client, nth=0):
    def kill():
        found = sorted(pids(client).items())
        os.kill(found[nth % len(found)][1], signal.SIGKILL)

    return kill


@pytest.fixture
def three(client):
    """Waits until all workers are there again after a test that killed some."""
    client.wait_for_workers(3, timeout=40)
    return client


def test_three_workers_give_the_bytes_of_one_machine(three, shards, alone):
    model = wordvec.Swivel(**OPTIONS).fit(shards, client=three)
    assert same(model, alone)
    assert model.traffic_.moved == pytest.approx(model.traffic_.reckoned, rel=0.1)
    assert any("workers sent each other" in note for note in model.notes())


def test_glove_moves_what_was_reckoned_and_gives_the_bytes_of_one_machine(three, shards):
    options = {"vector_size": 30, "epochs": 1, "super_tile": 3, "diagnostic": 0}
    alone = wordvec.GloVe(**options).fit(shards)
    model = wordvec.GloVe(**options).fit(shards, client=three)
    assert same(model, alone)
    assert np.array_equal(model.vectors_.biases, alone.vectors_.biases)
    assert np.array_equal(model.vectors_.context_biases, alone.vectors_.context_biases)
    assert model.traffic_.moved == pytest.approx(model.traffic_.reckoned, rel=0.1)
    plan = model._plan(shards, *(model._parameters(shards.words, side) for side in (0, 1)))
    row = 2 * 4 * 32  # values and sums of 30 dimensions and two biases
    found = reckon(plan.rounds(0), groups(shards.words, shards.k, 3), row, 3, both=True)
    assert model.traffic_.reckoned == pytest.approx(found.moved, rel=0.1)


def test_many_small_tasks_are_refused_with_the_reckoning(three, shards, monkeypatch):
    monkeypatch.setattr(glove, "GRIDS", ((0, 4),))  # as if of many cells
    told = r"GloVe on 3 workers would take .* s per epoch for handing out \d+ tasks \(5 ms each\)"
    with pytest.raises(ClusterError, match=rf"{told}.*or with a larger super_tile"):
        wordvec.GloVe(vector_size=10, epochs=50).fit(shards, client=three)


def test_a_killed_worker_changes_nothing(three, shards, alone):
    at = At(n3=killer(three))
    assert same(wordvec.Swivel(**OPTIONS).fit(shards, client=three, progress=at), alone)
    assert at.calls > 3


def test_two_workers_killed_in_turn_change_nothing(three, shards, alone, tmp_path):
    at = At(n2=killer(three, 0), n60=killer(three, 1))
    model = wordvec.Swivel(**OPTIONS)
    model.fit(shards, client=three, progress=at, checkpoint=tmp_path / "c")
    assert same(model, alone)
    assert at.calls > 60


def test_all_workers_killed_at_once_change_nothing(three, shards, alone):
    """For a moment there is none; those that start anew have other addresses."""

    def kill_all():
        for pid in pids(three).values():
            os.kill(pid, signal.SIGKILL)

    at = At(n3=kill_all)
    assert same(wordvec.Swivel(**OPTIONS).fit(shards, client=three, progress=at), alone)
    assert at.calls > 3


def test_a_worker_that_dies_while_it_sends_changes_nothing(three, shards, alone):
    first = sorted(pids(three))[0]
    before = pids(three)[first]
    three.run(die_when_asked_for_data, workers=[first])
    assert same(wordvec.Swivel(**OPTIONS).fit(shards, client=three), alone)
    three.wait_for_workers(3, timeout=40)
    assert before not in pids(three).values()


def test_a_checkpoint_in_a_store_that_all_workers_reach(three, shards, alone, tmp_path):
    """A worker dies, then the run is stopped in its second epoch, and goes on."""
    pytest.importorskip("fsspec", reason="needs the extra remote")
    where, options = f"file://{tmp_path}/run", OPTIONS | {"epochs": 3}
    stop = At(n5=killer(three), **{f"n{shards.k**2 + 9}": interrupt})
    with pytest.raises(KeyboardInterrupt, match=f"saved in {where}: resume"):
        wordvec.Swivel(**options).fit(
            shards, client=three, checkpoint=where, progress=stop, every="1h"
        )
    assert "block-1-" in min(path.name for path in (tmp_path / "run").iterdir())
    model = wordvec.Swivel(**options)
    model.fit(shards, client=three, checkpoint=where, resume=True)
    assert same(model, alone)
    assert not list((tmp_path / "run").glob("block-[012]-*"))


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_a_store_that_workers_do_not_reach_is_named(three, shards, tmp_path):
    """memory:// is another store in each process."""
    pytest.importorskip("fsspec", reason="needs the extra remote")
    unseen = r"worker tcp://\S+ does not see memory://here/block-0-0-0-0.bin \(it is not there\)"
    with pytest.raises(ClusterError, match=rf"{unseen}: keep it in a store that all workers reach"):
        wordvec.Swivel(**OPTIONS).fit(shards, client=three, checkpoint="memory://here")
    with pytest.raises(ClusterError, match=r"cannot be kept beside it: name a folder, or a store,"):
        wordvec.Swivel(**OPTIONS).fit(f"file://{shards.path}", client=three)
    for path in shards.path.iterdir():
        system = pytest.importorskip("fsspec").filesystem("memory")
        system.pipe_file(f"/counts/{path.name}", path.read_bytes())
    with pytest.raises(
        ClusterError, match=r"does not see the counts memory://counts/manifest.json"
    ):
        wordvec.Swivel(**OPTIONS).fit("memory://counts", client=three, checkpoint=tmp_path / "c")


def test_a_look_that_finds_no_worker_is_followed_by_another(three, monkeypatch):
    """All have died a moment ago and are on their way back."""
    cluster = Cluster(three)
    info = three.scheduler_info
    looks = iter([{"workers": {}}, {"workers": {}}])
    monkeypatch.setattr(three, "scheduler_info", lambda **kw: next(looks, None) or info(**kw))
    cluster._looked = -1e9
    assert cluster.workers() == {}
    assert len(cluster.some_workers()) == 3
    assert next(looks, None) is None


def test_a_worker_that_dies_while_it_is_asked_is_left_out(three, monkeypatch):
    monkeypatch.setattr(cluster_module, "_sizes", die_at)
    Cluster(three).check_sizes({min(pids(three)): 5})


def test_a_task_begins_when_the_one_before_has_ended(three):
    engine = Cluster(three)
    began = time.time()
    before = engine.submit(time.sleep, 0.4)
    (after,) = engine.gather([engine.submit(time.time, after=before)])
    assert after >= began + 0.4


def test_a_killed_worker_costs_two_tasks_per_thread(three, shards, tmp_path):
    """What is run again is what was under way, and what it held since the last cut. Killed when an
    epoch was saved, a worker holds files' contents alone, and each task of the plan is run once but
    for two per thread."""
    options = OPTIONS | {"super_tile": 2, "epochs": 2}
    labels = []

    def ran():
        found = three.run_on_scheduler(_completed)
        labels.append(found)

    at = At(**{f"n{shards.k**2 + 1}": killer(three)})
    three.run_on_scheduler(_watch)
    wordvec.Swivel(**options).fit(shards, client=three, progress=at, checkpoint=tmp_path / "c")
    ran()
    groups = -(-shards.k // 2)
    planned = 2 * groups**2
    assert planned <= labels[0] <= planned + 2 * 3


def _watch(dask_scheduler):
    """Counts the super-tiles that are trained."""
    from distributed.diagnostics.plugin import SchedulerPlugin

    class Watch(SchedulerPlugin):
        trained = 0

        def transition(self, key, start, finish, *args, **kwargs):
            if finish == "memory" and start == "processing" and str(key).startswith("epoch"):
                self.trained += 1

    if "watch" in dask_scheduler.plugins:
        dask_scheduler.remove_plugin("watch")
    dask_scheduler.add_plugin(Watch(), name="watch")


def _completed(dask_scheduler):
    return dask_scheduler.plugins["watch"].trained


def test_a_task_that_raises_is_named(three, shards, tmp_path):
    bad = tmp_path / "bad"
    shutil.copytree(shards.path, bad)
    entry = shards.entry(1, 3)
    with open(bad / "tiles.bin", "r+b") as file:
        file.seek(entry.offset + 4 * 100)
        file.write(b"\xff" * 8)
    with pytest.raises(
        TrainingError, match=r"epoch 1, super-tile \(\d, \d\), on worker tcp://.*tile \(1, 3\)"
    ):
        wordvec.Swivel(**OPTIONS).fit(bad, client=three)


def test_a_worker_that_comes_late_is_used(three, shards, alone):
    def executed(dask_worker):
        return dask_worker.state.executed_count

    late = {}

    def add():
        late["worker"] = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                three.scheduler.address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--name",
                "late",
            ],
            stderr=subprocess.DEVNULL,
        )
        three.wait_for_workers(4, timeout=40)

    try:
        options = OPTIONS | {"super_tile": 1, "epochs": 8}  # enough tasks for one that is late
        model = wordvec.Swivel(**options)
        model.fit(shards, client=three, progress=At(n1=add))
        info = three.scheduler_info(n_workers=-1)["workers"]
        address = next(name for name, about in info.items() if about["name"] == "late")
        assert three.run(executed, workers=[address])[address] > 0
        assert same(model, wordvec.Swivel(**options).fit(shards))
    finally:
        late["worker"].kill()
        late["worker"].wait()


def test_a_full_disk_on_one_worker_is_named(three, shards, tmp_path):
    one = sorted(pids(three))[1]
    three.run(limit_files, 1000, workers=[one])
    try:
        with pytest.raises(TrainingError, match=rf"block-.*\.bin, on worker {one}: .*too large"):
            wordvec.Swivel(**OPTIONS).fit(shards, client=three, checkpoint=tmp_path / "c")
    finally:
        three.run(limit_files, resource.RLIM_INFINITY, workers=[one])


def test_workers_of_another_version_are_named(three, monkeypatch):
    monkeypatch.setattr(cluster_module, "__version__", "99.0")
    with pytest.raises(ClusterError, match=r"worker tcp://\S+ has wordvec \S+, this is 99.0"):
        Cluster(three)


def test_a_worker_without_the_instruction_set_is_named(three, monkeypatch):
    missing = next(name for name in ("neon", "avx512") if name not in cpu.available())
    monkeypatch.setattr(cpu, "isa", lambda: missing)
    with pytest.raises(ClusterError, match=rf"worker tcp://\S+ cannot use {missing}.*WORDVEC_ISA="):
        Cluster(three)


def test_counts_that_a_worker_does_not_see_are_named(three, tmp_path):
    engine = Cluster(three)
    with pytest.raises(ClusterError, match=r"does not see the counts .*No such file"):
        engine.check_sees(tmp_path / "none", 1, "the counts")
    (tmp_path / "other").write_text("x")
    with pytest.raises(ClusterError, match="it has another content there"):
        engine.check_sees(tmp_path / "other", 1, "the counts")


def test_no_scheduler_is_told_after_a_stated_time(monkeypatch):
    monkeypatch.setattr(cluster_module, "ANSWER", 1.0)
    began = time.monotonic()
    with (
        pytest.raises(ClusterError, match=r"no scheduler answers there \(1 s were waited"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass
    assert time.monotonic() - began < 20
    with pytest.raises(ClusterError, match="nor the file of a scheduler"), connected("nowhere"):
        pass
    with pytest.raises(ValueError, match="local:4"), connected("local:many"):
        pass


def test_three_workers_count_to_the_bytes_of_one_machine(three, tmp_path):
    rng = np.random.Generator(np.random.Philox(key=1))
    text = tmp_path / "t.txt"
    words = [f"w{n}" for n in np.minimum(rng.zipf(1.3, 60_000), 3000).tolist()]
    text.write_text("\n".join(" ".join(words[at : at + 15]) for at in range(0, len(words), 15)))
    how = {"sample": 0.01, "seed": 3}
    whole = wordvec.count(wordvec.encode(text), tmp_path / "whole", **how)
    at = At(n2=killer(three))
    wordvec.count(text, tmp_path / "spread", client=three, progress=at, parts=9, **how)
    for path in whole.path.iterdir():
        assert (tmp_path / "spread" / path.name).read_bytes() == path.read_bytes()
    assert at.calls > 2
    with pytest.raises(ClusterError, match="does not see"):
        Cluster(three).check_sizes({str(text): 5})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["spread", "t.txt", "whole"]


def test_three_workers_factorise_to_the_bytes_of_one_machine(three, shards):
    options = {"vector_size": 10, "solver": "randomized"}
    one = wordvec.PPMI(**options).fit(shards)
    assert same(wordvec.PPMI(**options).fit(shards, client=three), one)


def test_a_text_is_counted_first(three):
    with pytest.raises(ValueError, match="count the text first"):
        wordvec.Swivel(**OPTIONS).fit([["a", "b"]], client=three)


def test_memory_pressure_changes_nothing(shards, alone):
    """Every result goes to disk at once, because the target of memory is passed from the start."""
    dask = pytest.importorskip("dask")
    small = {
        "distributed.worker.memory.target": 1e-6,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
    }
    with dask.config.set(small), local(2, memory_limit="1GB") as client:
        assert same(wordvec.Swivel(**OPTIONS).fit(shards, client=client), alone)


def test_workers_without_memory_are_named(shards, monkeypatch):
    """All of the memory is taken from the start, so that Dask lets the worker do nothing."""
    monkeypatch.setattr(cluster_module, "STALL", 0.5)
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.worker.memory.pause": 1e-6}),
        local(1, memory_limit="1GB") as client,
        pytest.raises(ClusterError, match=r"worker tcp://\S+: is paused, .* memory is full"),
    ):
        wordvec.Swivel(**OPTIONS).fit(shards, client=client)


class Site:
    """A scheduler and two workers, started by Dask's own commands: one worker has three threads,
    the other one thread and the plain kernels."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            self.file,
        )
        for _ in range(600):
            if self.file.exists() and self.file.stat().st_size:
                break
            time.sleep(0.1)
        self.workers = [
            self._worker("3"),
            self._worker("1", WORDVEC_ISA="scalar"),
        ]
        with distributed.Client(scheduler_file=str(self.file)) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def _worker(self, threads, **environment):
        return self._start(
            "worker",
            "--scheduler-file",
            self.file,
            "--nthreads",
            threads,
            "--no-dashboard",
            "--no-nanny",
            "--host",
            "127.0.0.1",
            **environment,
        )

    def _start(self, kind, *args, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *map(str, args)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment,
        )

    def end(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    try:
        yield made
    finally:
        made.end()


def test_commands_of_dask_and_a_scheduler_that_dies(site, shards, alone, tmp_path, capfd):
    """Unlike threads and kernels give the same bytes; then the scheduler is killed, and the run
    goes on from its checkpoint."""
    from wordvec.cli import main

    output = tmp_path / "v.wv"
    args = [
        "train",
        shards.path,
        "--model",
        "swivel",
        "-o",
        output,
        "--vector-size",
        10,
        "--epochs",
        3,
        "--super-tile",
        2,
        "--cluster",
        site.file,
    ]
    with pytest.raises(SystemExit) as ended:
        main([str(arg) for arg in args])
    assert ended.value.code == 0, capfd.readouterr().err
    assert "2 workers sent each other" in capfd.readouterr().err
    assert np.array_equal(wordvec.load(output).vectors, alone.vectors_.vectors)

    def kill():
        os.kill(site.scheduler.pid, signal.SIGKILL)

    calls = shards.k**2  # an epoch has ended and was saved
    with pytest.raises(ClusterError, match=r"connection to the scheduler was lost.*resume"):
        wordvec.Swivel(**OPTIONS).fit(
            shards,
            client=str(site.file),
            checkpoint=tmp_path / "c",
            progress=At(**{f"n{calls + 5}": kill}),
        )
    assert Path(tmp_path / "c" / "state").exists()
    model = wordvec.Swivel(**OPTIONS)
    model.fit(shards, client="local:2", checkpoint=tmp_path / "c", resume=True)
    assert same(model, alone)
