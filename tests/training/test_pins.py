"""The numbers of all models stay what they are, to the last bit, while code moves around them."""

import json
import tempfile
from pathlib import Path

import pytest
from pinned_models import (
    BY_LAPACK,
    ESTIMATED,
    PINS,
    digests_with,
    libraries,
    models,
    processor,
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
    if isa not in RECORD["models"][name]:
        pytest.skip(f"no pin of {name} on {isa}")
    if isa in ESTIMATED.get(name, ()) and processor() != RECORD["processor"]:
        pytest.skip(f"{isa}'s reciprocal root is pinned on {RECORD['processor']}")
    if name in BY_LAPACK and libraries() != RECORD["libraries"]:
        pytest.skip(f"{name} is pinned with {', '.join(RECORD['libraries'])}")
    assert found(isa)[name] == RECORD["models"][name][isa]


def test_every_model_is_pinned():
    with tempfile.TemporaryDirectory() as folder:
        assert {name for name, _ in models(Path(folder))} == set(RECORD["models"])
