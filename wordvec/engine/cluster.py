"""The engine of a cluster: the workers of Dask, an extra, found by the address of their scheduler.

No data are scattered and no actors are used, because both are lost with their worker: a task gets
what it needs from files and from other tasks, which Dask runs again when a worker dies.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from wordvec._version import __version__
from wordvec.errors import ClusterError, MissingExtra
from wordvec.native import cpu
from wordvec.system import remote
from wordvec.system.parallel import threads as all_threads

ANSWER = 10.0  # seconds in which a scheduler has to answer
WORKERS = 30.0  # seconds in which the first worker has to be there
STALL = 60.0  # seconds without a result after which workers are looked at
LOOK = 1.0  # seconds between two looks at which workers there are
# Dask's settings for a cluster on this machine. Nothing is stolen, since tasks say where they ought
# to run. While they wait, processes of Dask sample what runs 100 times per second and look at the
# clock 50 times per second: this makes them do less.
QUIET = {
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "500ms",
    # Without the low threshold of malloc that Dask sets: buffers that come and go are faulted in
    # anew each time with it, 14 % of the processor time of counting.
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1,
        "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1,
    },
}
CHUNK = 64  # handles whose results are asked for at once


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra("dask.distributed", "dask", "working on a cluster") from error
    return distributed


@contextlib.contextmanager
def connected(cluster: Any) -> Iterator[Cluster]:
    """The engine of a cluster.

    Parameters
    ----------
    cluster : str or distributed.Client
        "tcp://host:8786"; the path of the file that `dask scheduler --scheduler-file` writes;
        "local:4" for four worker processes of this machine, which end with the block; or a client
        that is open already, and stays so.

    Raises
    ------
    ClusterError
        When no scheduler answers, when it has no worker, or the workers are of another version or
        processor.
    """
    distributed = _dask()
    if isinstance(cluster, distributed.Client):
        yield Cluster(cluster)
        return
    spec = os.fspath(cluster)
    with contextlib.ExitStack() as stack:
        if spec.startswith("local:"):
            made = stack.enter_context(_local(distributed, spec))
            client = stack.enter_context(distributed.Client(made))
        else:
            client = stack.enter_context(_client(distributed, spec))
        yield Cluster(client)


@contextlib.contextmanager
def _local(distributed: Any, spec: str) -> Iterator[Any]:
    """Worker processes of this machine, which nobody else can reach."""
    import dask

    number = spec.partition(":")[2]
    if not number.isdecimal() or not 1 <= int(number) <= 1024:
        raise ValueError(f"cluster must be such as local:4 or tcp://host:8786, got {spec!r}")
    n = int(number)
    with (
        dask.config.set(QUIET),
        distributed.LocalCluster(
            n_workers=n,
            threads_per_worker=max(all_threads() // n, 1),
            processes=True,
            host="127.0.0.1",
            # No dashboard, and what the scheduler serves instead on a port that is free.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=50,
        ) as made,
    ):
        yield made


def _client(distributed: Any, spec: str) -> Any:
    """A client of a scheduler that runs somewhere."""
    where: dict[str, Any] = {"address": spec}
    if "://" not in spec:
        if not Path(spec).is_file():
            raise ClusterError(
                f"{spec}: is neither an address such as tcp://host:8786, nor local:N, nor the file "
                "of a scheduler"
            )
        where = {"scheduler_file": spec}
    try:
        return distributed.Client(timeout=ANSWER, set_as_default=False, **where)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"{spec}: no scheduler answers there ({ANSWER:.0f} s were waited for it): start one "
            "with `dask scheduler`, and workers with `dask worker tcp://HOST:8786`"
        ) from error


class Cluster:
    """The engine of the workers of a Dask client.

    Attributes
    ----------
    isa : str
        The instruction set that all tasks use: that of this process.
    processors : int
        Processors that a worker may use, of the worker that has least.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self._distributed = _dask()
        self._numbers = itertools.count()
        self._names: dict[str, str] = {}
        self._workers: dict[str, int] = {}
        self._looked = -LOOK
        self.isa = cpu.isa()
        self.check()
        self.client.register_plugin(_forgetful(self._distributed))

    def check(self) -> None:
        """Raises ClusterError, with the addresses of workers that are of another version of
        wordvec or cannot use the instruction set; or when there is no worker."""
        self._wait_for_one()
        processors = []
        for worker, said in self._ask(_about()):
            if isinstance(said, Exception):
                raise ClusterError(f"worker {worker}: {said}") from said
            version, isas, cores, why = said
            if version != __version__:
                has = f"wordvec {version}" if version else f"no wordvec ({why})"
                raise ClusterError(
                    f"worker {worker} has {has}, this is {__version__}: install the same version "
                    "on all machines and start the worker again"
                )
            if self.isa not in isas:
                raise ClusterError(
                    f"worker {worker} cannot use {self.isa}, which this process uses; it has "
                    f"{', '.join(isas)}. All must use one for equal bytes: set "
                    f"WORDVEC_ISA={isas[-1]} here"
                )
            processors.append(cores)
        self.processors = min(processors, default=1)

    def _wait_for_one(self) -> None:
        """Returns when there is a worker."""
        try:
            self.client.wait_for_workers(1, timeout=WORKERS)
        except (TimeoutError, OSError) as error:
            raise ClusterError(
                f"{self.client.scheduler.address}: the scheduler has no worker ({WORKERS:.0f} s "
                "were waited for one): start some with `dask worker`"
            ) from error

    def _ask(self, function: Callable[..., Any], *args: Any) -> list[tuple[str, Any]]:
        """What each worker answers, or the exception that it raised; without those that die."""
        gone = self._distributed.comm.CommClosedError
        answers = self.client.run(function, *args, on_error="return").items()
        return [(name, said) for name, said in sorted(answers) if not isinstance(said, gone)]

    def check_sees(self, path: str | os.PathLike[str], crc32: int, what: str) -> None:
        """Raises ClusterError for workers that do not see a file as it is here."""
        where = path if remote.is_url(path) else os.path.abspath(path)
        for worker, found in self._ask(_crc, where):
            if isinstance(found, Exception):
                why = getattr(found, "strerror", None) or str(found) or type(found).__name__
            elif found == crc32:
                continue
            else:
                why = "it has another content there"
            raise ClusterError(
                f"worker {worker} does not see {what} {where} ({why}): {_keep(path)}"
            )

    def check_sizes(self, sizes: dict[str, int]) -> None:
        """Raises ClusterError for workers that do not see files of these sizes."""
        for worker, found in self._ask(_sizes, list(sizes)):
            if isinstance(found, Exception):
                raise ClusterError(f"worker {worker}: {found}") from found
            for (path, size), there in zip(sizes.items(), found, strict=True):
                if size != there:
                    why = (
                        "it is not there" if there < 0 else f"{there:,} bytes there, {size:,} here"
                    )
                    raise ClusterError(
                        f"worker {worker} does not see {path} ({why}): {_keep(path)}"
                    )

    def memory(self) -> int:
        """Bytes that a thread of a worker may use, of the worker that has least; 0 where none of
        them has a limit."""
        found = self.client.scheduler_info(n_workers=-1)["workers"].values()
        limits = [(w.get("memory_limit") or 0) // int(w["nthreads"]) for w in found]
        return min((each for each in limits if each), default=0)

    def workers(self) -> dict[str, int]:
        """The addresses of the workers that are there, and how many threads each has; looked up
        once a second."""
        if time.monotonic() - self._looked >= LOOK:
            found = self.client.scheduler_info(n_workers=-1)["workers"]
            self._workers = {name: int(w["nthreads"]) for name, w in sorted(found.items())}
            self._looked = time.monotonic()
        return self._workers

    def some_workers(self) -> dict[str, int]:
        """`workers`, at least one: all may have died a moment ago and be on their way back."""
        while not (found := self.workers()):
            self._wait_for_one()
            self._looked = -LOOK
        return found

    @property
    def on_one_machine(self) -> bool:
        """Whether all workers have one address, so that nothing goes through a network."""
        return len({name.rpartition(":")[0] for name in self.workers()}) <= 1

    @property
    def at_once(self) -> int:
        """How many tasks ought to run at once, where the workers have more threads than their
        machine has processors: those that take turns would drive each other's data out of the
        caches. 0 where all threads are to run."""
        few = self.on_one_machine and sum(self.workers().values()) > self.processors
        return self.processors if few else 0

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        near: int | None = None,
        label: str = "",
        after: Any = None,
    ) -> Any:
        """As `Engine.submit`; `after` is a handle that has to be there before the task starts."""
        if after is not None:
            after = self.submit(_nothing, after)  # stays where that is, and nothing is sent
            function, args, label = _call, (after, function, *args), label or function.__name__
        hint: dict[str, Any] = {}
        if near is not None and (workers := list(self.workers())):
            # A wish and no order: with `workers` alone a task waits for one that has died.
            hint = {"workers": [workers[near % len(workers)]], "allow_other_workers": True}
        name = f"{label or function.__name__} [{next(self._numbers)}:{os.urandom(4).hex()}]"
        return self.client.submit(function, *args, key=name, pure=False, **hint)

    def gather(self, handles: Iterable[Any]) -> Iterator[Any]:
        waiting = iter(handles)
        while some := list(itertools.islice(waiting, CHUNK)):
            try:
                self._wait(some)
                yield from self.client.gather(some)
            except ClusterError:
                raise
            except Exception as error:
                raise self._told(error) from error

    def _wait(self, some: list[Any]) -> None:
        """Waits for results; raises ClusterError where no worker has the memory to go on."""
        paused = 0
        while paused < 2:
            try:
                with self.client.as_current():  # which may not be the default one
                    self._distributed.wait(some, timeout=STALL)
                return
            except TimeoutError:
                workers = self.client.scheduler_info(n_workers=-1)["workers"]
                paused = paused + 1 if workers and all(map(_stalled, workers.values())) else 0
        raise ClusterError(
            f"worker {min(workers)}: is paused, as all workers are, because its memory is full and "
            "nothing can be written to its disk any more: use workers with more memory or disk, or "
            "a smaller super_tile"
        )

    def _told(self, error: Exception) -> Exception:
        """An error of Dask in our words; one of a task as it is."""
        name = type(error).__name__
        if name == "KilledWorker":
            task = str(getattr(error, "task", "a task")).partition(" [")[0]
            return ClusterError(
                f"{task}: each worker that ran it died, most likely for want of memory: use "
                "workers with more memory, or a smaller super_tile"
            )
        gone = name.endswith("CancelledError") or name in ("CommClosedError", "TimeoutError")
        if gone or self.client.status not in ("running", "connecting"):
            where = self.client.scheduler.address if self.client.scheduler else "the cluster"
            return ClusterError(
                f"{where}: the connection to the scheduler was lost: start it again and go on from "
                "the checkpoint (resume=True), if the run has one"
            )
        return error

    def release(self, handles: Iterable[Any]) -> None:
        for handle in handles:
            handle.release()

    def cancel(self, handles: Iterable[Any]) -> None:
        """Gives up tasks that have not started."""
        with contextlib.suppress(Exception):
            self.client.cancel(list(handles))

    def moved(self) -> int:
        """Bytes that the workers have sent so far; those of a worker that died are forgotten."""
        sent = self.client.run(_sent, on_error="ignore")
        return sum(int(each) for each in sent.values())


def use(isa: str) -> None:
    """Makes a worker use the instruction set that all have agreed on."""
    if cpu.isa() != isa:
        cpu.use(isa)


def _nothing(_: Any) -> None:
    pass


def _call(_: None, function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def _about() -> Callable[[], tuple[str, tuple[str, ...], int, str]]:
    """A function that travels as its code, because a worker may have no wordvec to take it from."""

    def about() -> tuple[str, tuple[str, ...], int, str]:
        try:
            from wordvec._version import __version__ as version
            from wordvec.native import cpu
            from wordvec.system.parallel import default_threads
        except ImportError as error:
            return "", (), 0, str(error)
        return version, tuple(cpu.available()), default_threads(), ""

    about.__module__ = "__main__"
    return about


def _keep(path: str | os.PathLike[str]) -> str:
    if remote.is_url(path):
        return "keep it in a store that all workers reach"
    return "keep it on a file system that all workers have under the same path"


def _forgetful(distributed: Any) -> Any:
    """A plugin of the scheduler, for the moment when all workers are gone, or short of memory. Dask
    then keeps a task for the worker that was wished for, even where others are allowed, and one
    that starts anew has another address: here such a task loses its wish. The class travels as its
    code, because the machine of the scheduler may have no wordvec."""

    class Forgetful(distributed.SchedulerPlugin):  # type: ignore[misc]
        name = "wordvec: wishes for workers that are gone"
        idempotent = True

        async def start(self, scheduler: Any) -> None:
            self.tasks = scheduler.tasks

        def transition(self, key: Any, start: str, finish: str, *args: Any, **more: Any) -> None:
            if finish == "no-worker" and self.tasks[key].loose_restrictions:
                self.tasks[key].worker_restrictions = None

    return Forgetful()


def _stalled(worker: dict[str, Any]) -> bool:
    counts = worker["metrics"].get("task_counts", {})
    return worker["status"] == "paused" and not counts.get("executing")


def _crc(path: str) -> int:
    with remote.open_file(path) as file:
        crc = 0
        while data := file.read(1 << 20):
            crc = zlib.crc32(data, crc)
    return crc


def _sizes(paths: list[str]) -> list[int]:
    sizes = []
    for path in paths:
        try:
            sizes.append(remote.size(path))
        except FileNotFoundError:
            sizes.append(-1)
    return sizes


def _sent(dask_worker: Any) -> int:
    return int(dask_worker.transfer_outgoing_bytes_total)
