"""The examples that users read run: those of docstrings, and the code of the README."""

import doctest
import gzip
import importlib
import random
import re
import shlex
import shutil
from pathlib import Path

import pytest

import wordvec
from wordvec.cli import main

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "wordvec").rglob("*.py")
    if re.search(r"^\s*>>> (?!.*\+SKIP)", path.read_text(), re.M)
)
WEAT6 = (
    "John Paul Mike Kevin Steve Greg Jeff Bill Amy Joan Lisa Sarah Diana Kate Ann Donna",
    "executive management professional corporation salary office business career",
    "home parents children family cousins marriage wedding relatives",
)
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_show(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of."""
    rng = random.Random(1)
    words = ["king", "queen", "man", "woman", "prince", "the", "of", "new", "york"]
    words += [word for part in WEAT6 for word in part.split()] + [f"w{i}" for i in range(100)]
    lines = (" ".join(rng.choices(words, k=12)) for _ in range(500))
    text = "\n".join(lines).encode() + b"\n"
    (tmp_path / "corpus.txt.gz").write_bytes(gzip.compress(text))
    (tmp_path / "big.txt").write_bytes(text)
    (tmp_path / "animals.tsv").write_text("dog\tmammal\ncat\tmammal\nmammal\tanimal\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def test_the_code_of_the_readme_runs(folder):
    names = {}
    assert blocks("python")
    for block in blocks("python"):
        exec(block, names)
    assert "king" in names["wv"]
    assert len(names["wv"].most_similar("king", topn=3)) == 3
    assert (folder / "shards").is_dir()


def test_the_code_of_the_readme_runs_again(folder):
    for _ in range(2):
        for block in blocks("python"):
            exec(block, {})


def test_the_commands_of_the_readme_run(folder, capsys):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line[:8] == "wordvec "]
    assert len(commands) > 5
    vocab = wordvec.encode(folder / "corpus.txt.gz").vocab
    corpus = wordvec.encode(folder / "big.txt", vocab=vocab)
    wordvec.count(corpus, folder / "more", wordvec.Window(window=15))
    for command in commands:
        if "-o" in command:  # several lines are other ways to the same file
            target = folder / command[command.index("-o") + 1]
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        with pytest.raises(SystemExit) as exit:
            main(command)
        assert exit.value.code == 0, f"{command}: {capsys.readouterr().err}"
