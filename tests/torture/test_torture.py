"""A short run of what `make torture` and `make fuzz` do for long."""

import subprocess
import sys
from pathlib import Path

import pytest
from writers import SCENARIOS

TESTS = Path(__file__).resolve().parents[1]


QUICK = ["train", "count", "convert", "oov fit", "vocab merge", "vocab of a part", "combine"]
SAVED = [name for name in SCENARIOS if name.startswith("checkpointed")]


@pytest.mark.parametrize(("names", "each"), [(QUICK, 5), (SAVED, 2)], ids=["quick", "saved"])
def test_kills_lose_nothing_and_leave_nothing(names, each):
    total = each * len(names)
    script = str(TESTS / "torture" / "kill.py")
    command = [sys.executable, script, "--kills", str(total), "--seed", "1"]
    for name in names:
        command += ["--only", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{total} kills: nothing lost, nothing left behind" in done.stdout


@pytest.mark.parametrize("name", ["fuzz_store.py", "fuzz_readers.py"])
def test_fuzzers_run_alone_and_find_nothing(name):
    """Also with -P, when Python does not look for modules beside the script."""
    command = [sys.executable, "-P", str(TESTS / name), "--seconds", "3", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_one_thread_and_four_give_the_same_bytes():
    command = [sys.executable, str(TESTS / "torture" / "races.py")]
    subprocess.run(command, timeout=300, check=True)
