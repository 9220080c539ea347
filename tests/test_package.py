"""What importing the package costs, and that its public names are there."""

import importlib
import inspect
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

import numpy as np
import pytest

import wordvec
from wordvec.estimator import Estimator
from wordvec.models import MODELS


def test_importing_wordvec_loads_neither_numpy_nor_scipy():
    code = (
        "import sys, wordvec; print([m for m in ('numpy', 'scipy', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def loaded_by(*line):
    """The exit code of a command in a Python of its own, and the modules that it loaded."""
    code = (
        "import sys; from click.testing import CliRunner; had = set(sys.modules); "
        "from wordvec.cli import SECTIONS; from wordvec.cli.program import Program; "
        f"done = CliRunner().invoke(Program(SECTIONS), {line!r}); "
        "print(done.exit_code, *(set(sys.modules) - had))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    exit_code, *modules = done.stdout.split()
    return int(exit_code), set(modules)


def test_the_help_loads_neither_numpy_nor_scipy():
    exit_code, modules = loaded_by("--help")
    assert exit_code == 0
    assert not modules & {"numpy", "scipy"}


def test_the_version_loads_little_more_than_click():
    exit_code, modules = loaded_by("--version")
    assert exit_code == 0
    own = ["", "._version", ".cli", ".cli.process", ".cli.program", ".errors", ".models"]
    assert {m for m in modules if m.startswith("wordvec")} == {f"wordvec{name}" for name in own}


@pytest.mark.parametrize("command", ["neighbors", "similarity", "info", "count", "uncertainty"])
def test_short_commands_load_no_scipy(command, tmp_path):
    """Half of what a short command took was loading it."""
    path = tmp_path / "v.wv"
    wordvec.WordVectors(["king", "queen"], np.eye(2, dtype=np.float32)).save(path)
    args = {"neighbors": [path, "king"], "similarity": [path, "king", "queen"], "info": [path]}
    exit_code, modules = loaded_by(command, *map(str, args.get(command, ["--help"])))
    assert exit_code == 0
    assert "scipy" not in modules


def test_every_public_name_can_be_had():
    for name in wordvec.__all__:
        assert getattr(wordvec, name) is not None
    assert set(wordvec.__all__) <= set(dir(wordvec))


def test_nothing_else_is_shown_or_leaks():
    shown = {name for name in dir(wordvec) if not name.startswith("__")}
    assert shown == set(wordvec.__all__) - {"__version__"}


def test_every_model_is_a_public_name_and_in_one_list():
    kinds = [model.load() for model in MODELS.values()]
    assert all(getattr(wordvec, kind.__name__) is kind for kind in kinds)
    assert len({*kinds}) == len(MODELS)
    assert all(issubclass(kind, Estimator) for kind in kinds)
    assert all(model.summary and model.name == name for name, model in MODELS.items())


def test_type_checkers_see_what_the_package_has():
    stub = pathlib.Path(wordvec.__file__).with_suffix(".pyi").read_text()
    names = re.findall(r"import (\w+) as", stub)
    assert sorted(names) == sorted(set(wordvec.__all__) - {"__version__"})


@pytest.mark.parametrize(
    "name",
    [
        "wordvec.debias",
        "wordvec.evaluation.bias",
        "wordvec.evaluation.datasets",
        "wordvec.relations",
        "wordvec.transform",
        "wordvec.unseen",
    ],
)
def test_public_modules_have_the_names_that_they_list(name):
    module = importlib.import_module(name)
    assert all(getattr(module, each).__doc__ for each in module.__all__ if not each.isupper())


def test_a_checkout_that_was_not_built_says_so(tmp_path):
    root = pathlib.Path(wordvec.__file__).parent
    shutil.copytree(root, tmp_path / "wordvec", ignore=shutil.ignore_patterns("*.so", "*.c"))
    code = "import wordvec; wordvec.SkipGram"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "not built for Python" in done.stderr
    assert f"in {tmp_path}: run make build there" in done.stderr
    assert "in another folder" in done.stderr


ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs the checkout")
def test_versions_are_the_same_wherever_they_are_named():
    text = {name: (ROOT / name).read_text("utf-8") for name in ("Makefile", "README.md")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    oldest = project["project"]["requires-python"].removeprefix(">=")
    kinds = project["project"]["classifiers"]
    pythons = [k.rpartition(" ")[2] for k in kinds if re.search(r"Python :: 3\.\d+$", k)]
    assert pythons[0] == oldest
    assert f"Python {oldest} or later" in text["README.md"]
    assert f"sys.version_info >= ({oldest.replace('.', ', ')})" in text["Makefile"]
    wheels = project["tool"]["cibuildwheel"]["build"].split()
    expected = [f"cp{each.replace('.', '')}-*" for each in pythons]
    assert [each for each in wheels if "t-" not in each] == expected
    for name, start in (("CITATION.cff", "\nversion: "), ("CHANGELOG.md", "\n## ")):
        found = (ROOT / name).read_text("utf-8").split(start)[1]
        assert re.match(r"[\d.]+", found)[0] == wordvec.__version__, name


@pytest.mark.parametrize("name", ["GloVe", "Poincare", "Procrustes", "Phrases"])
def test_a_class_shows_its_options_as_its_signature(name):
    kind = getattr(wordvec, name)
    shown = inspect.signature(kind).parameters
    assert {*shown} == set(kind().get_params())
    assert all(shown[key].default == value for key, value in kind().get_params().items())


def test_pages_that_the_code_points_to_are_there():
    places = [*ROOT.glob("wordvec/**/*.py*"), *ROOT.glob("csrc/*.[ch]"), *ROOT.glob("evals/*.py")]
    sources = [path for path in places if path.suffix in {".py", ".pyx", ".pyi", ".c", ".h"}]
    assert len(sources) > 200
    named = {
        (page, str(path.relative_to(ROOT)))
        for path in sources
        for page in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text("utf-8"))
    }
    assert named
    assert [each for each in sorted(named) if not (ROOT / each[0]).is_file()] == []
