"""Every other reader: of a file that is damaged anywhere it makes something lawful, or one error.

The readers stand in readers.py, which the fuzzer goes through for longer; those of vectors are in
formats/test_damage.py, where the error must have an offset.
"""

import contextlib
import shutil

import pytest
from formats.test_damage import damages
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import COUNTS, LISTS, TEXTS, VECTORS
from vector_files import SAMPLES, WITHOUT_WORDS

from wordvec.errors import WordvecError

OTHERS = {name: each for name, each in VECTORS.items() if name not in {*SAMPLES, *WITHOUT_WORDS}}
TARGETS = {**OTHERS, **COUNTS, **TEXTS, **LISTS}
NEEDS = {"pieces": "sentencepiece"}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Makes a good file of a reader once."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("good")
            TARGETS[name].make(folder / "state")
            TARGETS[name].read(folder / "state")
            made[name] = folder
        return made[name]

    return make


@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_is_lawful_or_one_error(good, tmp_path_factory, name, data):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    bad = tmp_path_factory.mktemp("bad") / "copy"
    shutil.copytree(good(name), bad)
    files = sorted(path for path in bad.rglob("*") if path.is_file() and path.stat().st_size)
    victim = data.draw(st.sampled_from(files))
    victim.write_bytes(damages(victim.read_bytes(), data.draw))
    with contextlib.suppress(WordvecError, OSError, *TARGETS[name].errors):
        TARGETS[name].read(bad / "state")
