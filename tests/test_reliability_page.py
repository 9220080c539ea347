"""The table of docs/explanation/reliability.md names tests that there are."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "explanation" / "reliability.md"


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`(?:tests/)?([a-z_/]+\.py)(?:::(test_\w+))?`", PAGE.read_text())
    assert len(named) > 30
    for file, test in named:
        assert (TESTS / file).is_file(), file
        assert f"def {test}" in (TESTS / file).read_text(), (file, test)
