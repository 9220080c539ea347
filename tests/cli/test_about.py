"""What is at hand: evaluation sets, the state of the installation, citations, completion."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wordvec
from wordvec.cli import COMMANDS, about
from wordvec.models import MODELS
from wordvec.references import PAPERS


def test_the_sets_are_listed_with_licence_and_checksum(run, monkeypatch, tmp_path):
    monkeypatch.setenv("WORDVEC_DATA", str(tmp_path))
    code, out, err = run("data", "list", "--format", "json")
    rows = json.loads(out)
    assert code == 0
    assert len(rows) == len({row["set"] for row in rows}) > 20
    assert all(row["licence"] and row["source"] and len(row["sha256"]) == 64 for row in rows)
    assert "sets were not found" in err


def test_the_path_of_a_set_or_how_to_get_it(run, monkeypatch, tmp_path):
    monkeypatch.setenv("WORDVEC_DATA", str(tmp_path))
    code, _, err = run("data", "path", "men")
    assert code == 1
    assert "mfaruqui/eval-word-vectors" in err
    assert "similarity/EN-MEN-TR-3k.txt" in err
    there = tmp_path / "similarity" / "EN-MEN-TR-3k.txt"
    there.parent.mkdir()
    there.write_text("a\tb\t1\n")
    assert run("data", "path", "men")[:2] == (0, f"{there}\n")
    assert "did you mean 'men'" in run("data", "path", "mem")[2]


def test_doctor_says_what_is_here_and_how_to_get_the_rest(run, monkeypatch):
    monkeypatch.setattr(about, "_version", lambda name: "")
    code, out, _ = run("doctor", "--format", "json")
    rows = {row["what"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["wordvec"]["found"] == wordvec.__version__
    assert os.environ.get("WORDVEC_ISA", "") in rows["instruction set"]["found"]
    assert rows["extra parquet"]["remedy"] == "pip install 'wordvec[parquet]' brings pyarrow"


def test_the_relations_that_ship_are_where_the_path_says(run):
    code, out, _ = run("data", "path", "mammals")
    assert code == 0
    content = Path(out.strip()).read_bytes()
    assert hashlib.sha256(content).hexdigest() == about.MAMMALS
    assert content.count(b"\n") == 6540


def test_extras_that_this_python_cannot_have_are_not_asked_for(monkeypatch):
    asked = [
        "zstandard>=0.22; python_version < '3.14' and extra == \"io\"",
        'pyarrow>=15; extra == "parquet"',
        "old; python_version < '3.9' and extra == \"parquet\"",
    ]
    monkeypatch.setattr(about.metadata, "requires", lambda name: asked)
    newer = sys.version_info >= (3, 14)
    assert about._extras() == {"parquet": ["pyarrow"]} | ({} if newer else {"io": ["zstandard"]})


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_each_model_cites_its_papers(run, model):
    code, out, _ = run("--cite", model.name)
    assert code == 0
    assert model.load().papers
    assert all(PAPERS[key] in out for key in model.load().papers)
    assert wordvec.__version__ in out


def test_every_entry_is_bibtex_of_its_key():
    for key, entry in PAPERS.items():
        assert entry.split("{")[1].startswith(f"{key},")
        assert entry.count("{") == entry.count("}")


def test_an_unknown_model_has_no_citation(run):
    code, _, err = run("--cite", "glob")
    assert (code, "did you mean 'glove'" in err) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(run, shell):
    code, out, _ = run("completion", shell)
    assert (code, "_WORDVEC_COMPLETE" in out) == (0, True)


def test_the_shell_completes_the_options_of_a_model():
    words = {"COMP_WORDS": "wordvec train --model glove --x", "COMP_CWORD": "4"}
    done = subprocess.run(
        [sys.executable, "-m", "wordvec"],
        env=os.environ | words | {"_WORDVEC_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--x-max" in done.stdout, done.stderr


@pytest.fixture
def shell_env(run, tmp_path):
    """Runs a script in a shell that starts with no files of its user, and knows `wordvec`."""
    program = tmp_path / "bin" / "wordvec"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wordvec "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    own = {name: str(tmp_path) for name in ("HOME", "ZDOTDIR", "XDG_CONFIG_HOME")}

    def ask(shell, question, *flags):
        script = tmp_path / "script"
        script.write_text(run("completion", shell)[1] + question)
        done = subprocess.run(
            [shell, *flags, script],
            env=os.environ | own | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return ask


def test_bash_completes_a_command(shell_env):
    ask = (
        'COMP_WORDS=(wordvec tr) COMP_CWORD=1; _wordvec_completion wordvec; echo "${COMPREPLY[@]}"'
    )
    assert shell_env("bash", ask) == ["train transform translate"]


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_fish_shows_the_whole_help_of_a_command(shell_env):
    answers = dict(line.split("\t") for line in shell_env("fish", "complete -C 'wordvec tr'\n"))
    assert set(answers) == {"train", "transform", "translate"}
    assert answers["transform"].startswith("Centre, whiten, cut or normalise")


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_completes_also_where_compinit_has_not_run(shell_env):
    ask = """
    print -r -- $_comps[wordvec]
    words=(wordvec tr) CURRENT=2
    _describe() { print -rl -- $completions_with_descriptions }
    _wordvec_completion
    """
    registered, *answers = shell_env("zsh", ask, "-f")
    assert registered == "_wordvec_completion"
    assert [each.split(":")[0] for each in answers] == ["train", "transform", "translate"]


def test_each_command_and_model_has_a_manual_page(run, tmp_path):
    code, _, err = run("man", tmp_path)
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.1")}
    assert (code, f"{len(pages)} pages" in err) == (0, True)
    commands = {name.replace(" ", "-") for name in COMMANDS}
    assert {f"wordvec-{name}" for name in (*commands, "oov-fit", "shards-merge")} <= set(pages)
    assert {f"wordvec-train-{model}" for model in MODELS} <= set(pages)
    assert "\\-\\-x\\-max" in pages["wordvec-train-glove"]
    assert "\\-\\-x\\-max" not in pages["wordvec-train-swivel"]
    known = (".TH", ".SH", ".TP", ".PP", ".nf", ".fi")
    for line in "".join(pages.values()).splitlines():
        assert line.startswith(known) or not line.startswith((".", "'")), line


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_manual_pages_are_set_without_a_warning(run, tmp_path):
    run("man", tmp_path)
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", tmp_path / "wordvec-completion.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "fish:  wordvec completion fish > ~/.config" in done.stdout
