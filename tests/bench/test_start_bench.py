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

    def over_bare(times, name):
        return [one - bare for one, bare in zip(times[name], times["bare"], strict=True)]

    figure = "wordvec --version over bare Python"
    bench.note(
        f"{figure}: CPU ms", over_bare(cpu, "wordvec"), most=60, peer=over_bare(cpu, "click")
    )
    bench.note(f"{figure}: wall ms", over_bare(wall, "wordvec"), peer=over_bare(wall, "click"))
    bench.check()
