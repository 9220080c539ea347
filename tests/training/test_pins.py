"""The numbers of all models stay what they are, to the last bit, while code moves around them."""

import json
import tempfile
from pathlib import Path

import pytest
from pinned_models import (
    BY_LAPACK,
    PINS,
    digests_with,
    key,
    libraries,
    models,
)

RECORD = json.loads(PINS.read_text())


@pytest.fixture(scope="module")
def found():
    """A function that gives the digests of all models on an instruction set."""
    made = {}

    def of(isa):
        if isa not in made:
            made[isa] = digests_with(isa)
        return made[isa]

    return of


@pytest.mark.parametrize("name", RECORD["models"])
def test_a_model_has_the_bytes_that_are_pinned(name, isa, found):
    pins = RECORD["models"][name]
    if key(name, isa) not in pins:
        pytest.skip(f"no pin of {name} on {key(name, isa)}")
    if name in BY_LAPACK and libraries() != RECORD["libraries"]:
        pytest.skip(f"{name} is pinned with {', '.join(RECORD['libraries'])}")
    assert found(isa)[name] == pins[key(name, isa)]


def test_every_model_is_pinned():
    with tempfile.TemporaryDirectory() as folder:
        assert {name for name, _ in models(Path(folder))} == set(RECORD["models"])
