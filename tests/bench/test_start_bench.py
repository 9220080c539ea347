"""How long the command takes to start: over bare Python, beside click, which it stands on."""

import os
import subprocess
import sys
import time

RUNS = 21
COMMANDS = {
    "bare": [sys.executable, "-c", "pass"],
    "click": [sys.executable, "-c", "import click"],
    "wordvec": [sys.executable, "-m", "wordvec", "--version"],
}


def test_start(bench):
    # Bytecode is kept, as it is where a package is installed.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(command):
        began = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        return 1e3 * (used.ru_utime + used.ru_stime), 1e3 * (time.perf_counter() - began)

    for command in COMMANDS.values():
        run(command)
    cpu = {name: [] for name in COMMANDS}
    wall = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            used, took = run(command)
            cpu[name].append(used)
            wall[name].append(took)

    def least(name):
        """What the machine does when left alone, as for other short times (test_store_bench.py)."""
        return min(cpu[name]) - min(cpu["bare"])

    def all_of(times, name):
        return [one - bare for one, bare in zip(times[name], times["bare"], strict=True)]

    figure = "wordvec --version over bare Python"
    bench.note(f"{figure}, least CPU ms", least("wordvec"), most=60, peer=least("click"))
    for kind, times in (("CPU", cpu), ("wall", wall)):
        bench.note(f"{figure}, {kind} ms", all_of(times, "wordvec"), peer=all_of(times, "click"))
    bench.check()
