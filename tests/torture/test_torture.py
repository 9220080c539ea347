"""A short run of what `make torture` and `make fuzz` do for long."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def test_kills_lose_nothing_and_leave_nothing():
    command = [sys.executable, str(TESTS / "torture" / "kill.py"), "--kills", "40", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert "40 kills: nothing lost, nothing left behind" in done.stdout


@pytest.mark.parametrize("name", ["fuzz_store.py", "fuzz_readers.py"])
def test_fuzzers_run_alone_and_find_nothing(name):
    """Also with -P, when Python does not look for modules beside the script."""
    command = [sys.executable, "-P", str(TESTS / name), "--seconds", "3", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_one_thread_and_four_give_the_same_bytes():
    command = [sys.executable, str(TESTS / "torture" / "races.py")]
    subprocess.run(command, timeout=300, check=True)
