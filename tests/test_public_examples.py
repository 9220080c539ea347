"""Every public name has an example in the reference, and it runs."""

import doctest
import re
from pathlib import Path

import pytest

import wordvec

PAGE = (Path(__file__).parents[1] / "docs" / "_ext" / "examples.md").read_text("utf-8")
HEAD, *SECTIONS = re.split(r"^## ", PAGE, flags=re.M)
EXAMPLES = {name: text for name, _, text in (each.partition("\n") for each in SECTIONS)}


def test_every_public_name_has_an_example_and_every_example_a_name():
    assert set(EXAMPLES) == set(wordvec.__all__) - {"__version__"}
    assert list(EXAMPLES) == sorted(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_it_shows(name, tmp_path, monkeypatch):
    if "gensim" in name:
        pytest.importorskip("gensim")
    monkeypatch.chdir(tmp_path)
    head = re.search(r"```python\n(.*?)```", HEAD, re.S).group(1)
    parser, told = doctest.DocTestParser(), []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    names = {}
    for part in (head, EXAMPLES[name]):
        test = parser.get_doctest(part, names, name, None, 0)
        test.globs = names
        runner.run(test, out=told.append, clear_globs=False)
    failed = [text for text in told if "NameError" not in text]
    assert runner.failures == 0, "".join(failed)
