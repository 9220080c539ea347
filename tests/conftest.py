"""What tests share: where data lies that does not ship, and the instruction sets to try."""

import os
import signal
from pathlib import Path

import installed  # noqa: F401  first: it decides which wordvec is tested
import pytest
from corpora import many_words, planted
from hypothesis import settings

from wordvec.native import cpu

__all__ = ["isa", "many_words", "planted", "shared_data"]

settings.register_profile("wordvec", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("wordvec")

# A suite that runs in the background has these ignored, and so would the commands that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=cpu.available())
def isa(request: pytest.FixtureRequest) -> str:
    """Each instruction set that this machine has, in turn."""
    return str(request.param)


@pytest.fixture(params=[name for name in cpu.available() if name != "scalar"])
def vector_isa(request: pytest.FixtureRequest) -> str:
    """Each instruction set but the scalar one, which is what the others are compared with."""
    return str(request.param)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public data sets that do not ship: $WORDVEC_DATA, or shared/data beside the
    checkout. Tests that need it are skipped without it."""
    for path in (os.environ.get("WORDVEC_DATA"), ROOT.parent / "shared" / "data"):
        if path and Path(path).is_dir():
            return Path(path)
    pytest.skip("needs the public data sets: set WORDVEC_DATA to their folder")
