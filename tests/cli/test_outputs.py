"""The one table of commands that write: whole, and none of them replaces what it reads."""

import os
import shutil
import stat
import threading
import zipfile

import click
import pytest
from writers import SCENARIOS, commands, inputs, parsed

import wordvec
from wordvec import formats
from wordvec.cli.models.train import having
from wordvec.cli.outputs import Kept, Output
from wordvec.models import MODELS

PRINTING = [name for name, each in SCENARIOS.items() if each.command[0] != "train"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The inputs of all scenarios."""
    before = os.getcwd()
    made = tmp_path_factory.mktemp("writers")
    inputs(made)
    yield made
    os.chdir(before)


def outputs():
    """(command, parameter) of all that commands write."""
    for name, command in commands():
        context = click.Context(command, info_name=name)
        for param in command.get_params(context):
            if isinstance(param.type, Output):
                yield name, param.name


def test_what_every_command_writes_is_in_a_scenario(folder, monkeypatch):
    monkeypatch.chdir(folder)
    covered = set()
    for scenario in SCENARIOS.values():
        context = parsed(scenario.command)
        name = context.command_path.removeprefix("wordvec ")
        covered |= {(name, each) for each in scenario.outputs}
    assert set(outputs()) - covered == set()
    assert len(covered) > 40


def test_every_model_is_in_a_scenario_with_a_checkpoint_where_it_has_one():
    trained = {}
    for scenario in SCENARIOS.values():
        if "--model" in scenario.command:
            model = scenario.command[scenario.command.index("--model") + 1]
            trained.setdefault(model, []).append("--checkpoint" in scenario.command)
    assert set(trained) == set(MODELS)
    for model in having("checkpoint"):
        assert any(trained[model]), model


def test_every_option_that_says_it_writes_has_the_type_of_outputs():
    """By its help: a new one that is a plain path would be checked by nobody."""
    plain = []
    for name, command in commands():
        for param in command.get_params(click.Context(command, info_name=name)):
            if not isinstance(param, click.Option):
                continue
            says = (param.help or "").lower()
            paths = isinstance(param.type, click.Path) or param.opts[0] in ("-o", "--output")
            if paths and ("write" in says or "to make" in says or "keep the counts" in says):
                plain += [(name, param.name)] * (not isinstance(param.type, Output | Kept))
    assert plain == []


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_output_is_an_input(name, folder, tmp_path, run, monkeypatch):
    """Each output is given the name of each input in turn, also through a link and as a folder
    that holds it."""
    shutil.copytree(folder, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    scenario = SCENARIOS[name]
    read = {part for part in scenario.command if os.path.lexists(part)}
    assert read
    before = everything(tmp_path)
    for value in scenario.outputs.values():
        at = scenario.command.index(value)
        for other in read:
            command = [*scenario.command]
            command[at] = other
            code, _, err = run(*command, "--force")
            assert code in (1, 2), (command, err)
            assert "Traceback" not in err
            assert everything(tmp_path) == before, command


@pytest.mark.parametrize("name", PRINTING)
def test_what_cannot_be_printed_is_still_written(name, folder, tmp_path, run, monkeypatch):
    """A pager that has ended, or a full disk behind standard output, costs no result."""
    shutil.copytree(folder, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    echo = click.echo

    def full(*args, err=False, **more):
        if not err:
            raise OSError(28, "No space left on device")
        echo(*args, err=err, **more)

    monkeypatch.setattr(click, "echo", full)
    scenario = SCENARIOS[name]
    run(*scenario.command)
    assert [each for each in scenario.outputs.values() if not os.path.exists(each)] == []


def test_two_outputs_of_one_name_are_refused(folder, tmp_path, run, monkeypatch):
    monkeypatch.chdir(folder)
    same = tmp_path / "x"
    for command in (
        ["align", "small.wv", "second.wv", "--identical", "-o", same, "--target-output", same],
        ["documents", "small.wv", "text", "-o", same, "--labels", same],
        ["shards", "export-glove", "counts", same, same],
        ["eval", "small.wv", "--dataset", "set.txt", "--json", same, "--markdown", same],
    ):
        code, _, err = run(*command)
        assert code == 2
        assert "name the same file" in err
        assert not same.exists()


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("vocab text --config conf.toml", "conf.toml"),
        ("count text --stop words", "words"),
        ("pieces text --stop words", "words"),
        ("documents small.wv text --stop words", "words"),
        ("oov induction small.wv text --stop words", "words"),
        ("phrases text --connector-words @words", "words"),
        ("tokenize text --tokenize sentencepiece:p.model", "p.model"),
        ("train text --init small.wv", "small.wv"),
        ("train text --model glove --prior small.wv", "small.wv"),
        ("transform small.wv --unit --counts words", "words"),
        ("debias small.wv --concept concept.toml", "concept.toml"),
        ("debias small.wv --concept gender --keep words", "words"),
        ("relations wordnet dict", "dict/data.noun"),
        ("transform array.npy --unit", "array.words.txt"),
        ("vocab merge part1 part2", "part1.parts"),
        ("oov fit packed.zip:packed.txt", "packed.zip"),
    ],
)
def test_what_is_read_beside_the_input_is_no_output(
    command, read, folder, tmp_path, run, monkeypatch
):
    shutil.copytree(folder, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    (tmp_path / "w" / "conf.toml").write_text("[vocab]\nmin-count = 2\n")
    (tmp_path / "w" / "p.model").write_text("a model")
    formats.save(wordvec.load("small.wv"), "array.npy")
    formats.save(wordvec.load("small.wv"), "packed.txt")
    with zipfile.ZipFile("packed.zip", "w") as archive:
        archive.write("packed.txt")
    before = everything(tmp_path)
    code, _, err = run(*command.split(), "-o", read, "--force")
    assert code == 1
    assert "is an input of this command" in err or "is in the input dict" in err
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "command",
    [
        "train array.words.txt -o array.npy",
        "convert small.wv array.npy --words array.words.txt",
        "convert small.wv array.other --to npy --words array.words.txt",
    ],
)
def test_what_is_written_beside_an_output_is_no_input(command, folder, tmp_path, run, monkeypatch):
    shutil.copytree(folder, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    (tmp_path / "w" / "array.words.txt").write_text("w1\nw2\n" * 9)
    before = everything(tmp_path)
    code, _, err = run(*command.split(), "--force")
    assert code == 1
    assert "array.words.txt: is an input of this command" in err
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_store_with_the_suffix_of_another_format_is_refused_before_the_work(
    name, folder, tmp_path, run, monkeypatch
):
    monkeypatch.chdir(folder)
    scenario = SCENARIOS[name]
    stores = [each for each in scenario.outputs.values() if each.endswith(".wv")]
    if not stores or scenario.command[0] in ("train", "convert"):  # these go by the suffix
        return
    monkeypatch.setattr(wordvec, "load", None)
    for each in stores:
        path = tmp_path / "v.txt"
        command = [str(path) if part == each else part for part in scenario.command]
        code, _, err = run(*command, "--force")
        assert code == 2
        assert f"{path}: a .wv file is written here" in err


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("eval small.wv --dataset similarity=set.txt --json", "set.txt"),
        ("eval small.wv --suite suite.toml --markdown", "set.txt"),
        ("eval small.wv --suite suite.toml --html", "suite.toml"),
        ("eval glove.wv --dataset set.txt --uncertainty counts --csv", "counts"),
        ("eval small.wv --target second.wv --dataset pairs --json", "pairs"),
        ("bias small.wv --test weat.toml --latex", "weat.toml"),
        ("transform small.wv --unit --compare chosen --dataset set.txt --json", "set.txt"),
    ],
)
def test_no_report_replaces_what_it_is_about(command, read, folder, tmp_path, run, monkeypatch):
    shutil.copytree(folder, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    (tmp_path / "w" / "suite.toml").write_text('[[dataset]]\nname = "s"\nfiles = ["set.txt"]\n')
    before = everything(tmp_path)
    code, _, err = run(*command.split(), read, "--force")
    assert code == 1, err
    assert "an input of this command" in err or "is never replaced" in err
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["transform", "debias", "vocab of a part", "vocab merge", "align", "documents"]
)
def test_a_pipe_gets_the_bytes_and_is_not_read(name, folder, tmp_path, run, monkeypatch):
    """Nothing is read again, and nothing lies beside it."""
    monkeypatch.chdir(folder)
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    command = [*SCENARIOS[name].command]
    command = [part for part in command if part not in {"--json", "--html", "--labels"}]
    command = [part for part in command if not part.endswith((".json", ".html", ".tsv"))]
    command[command.index("-o") + 1] = str(pipe)
    if "--target-output" in command:
        command[command.index("--target-output") + 1] = str(tmp_path / "other.wv")
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    code, _, err = run(*command, "--force")
    reader.join(20)
    assert code == 0, err
    assert len(got[0]) > 100
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert set(os.listdir(tmp_path)) <= {"pipe", "other.wv"}
