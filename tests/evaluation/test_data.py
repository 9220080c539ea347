"""The lists ship inside the package and are found in a checkout."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wordvec.errors import DatasetError
from wordvec.evaluation import suite
from wordvec.evaluation.core.bias import lists

ROOT = Path(__file__).resolve().parents[2]


def test_a_checkout_or_a_package_finds_its_data():
    package = Path(lists.__file__).parents[3]  # wordvec/
    folder = ROOT / "data" if package.parent == ROOT else package / "data"
    assert lists.data_file("weat.toml") == folder / "weat.toml"
    assert (folder / "weat.toml").read_bytes() == (ROOT / "data" / "weat.toml").read_bytes()
    with pytest.raises(DatasetError, match="reinstall"):
        lists.data_file("weat.xml")


def test_a_build_has_the_data_and_the_templates_inside_the_package(tmp_path):
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    built = tmp_path / "wordvec"
    for file in ("weat.toml", "gender.toml", "english.toml", "sembias.tsv", "README.md"):
        assert (built / "data" / file).read_bytes() == (ROOT / "data" / file).read_bytes()
    templates = {p.name for p in (built / "evaluation" / "report" / "templates").iterdir()}
    assert templates == {"report.html", "report.css", "proof.html"}
    script = "from wordvec.system.files import data_file; print(data_file('weat.toml'))"
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    ).stdout
    assert Path(found.strip()) == built / "data" / "weat.toml"


def test_the_english_suite_finds_every_set_with_its_checksum(shared_data, monkeypatch):
    monkeypatch.setenv("WORDVEC_DATA", str(shared_data))
    found = suite.read_suite("english")
    assert found.absent == ()
    assert len(found.sets) == 22
    assert [t.name for t in found.tests] == [f"weat{i}" for i in range(1, 11)]


def test_the_english_suite_falls_back_on_gensims_sets(monkeypatch):
    pytest.importorskip("gensim")
    monkeypatch.delenv("WORDVEC_DATA", raising=False)
    found = suite.read_suite("english")
    assert [s.source.name for s in found.sets] == ["wordsim353", "simlex999", "google"]
    assert len(found.absent) == 19


@pytest.mark.parametrize(
    ("text", "message"),
    [("[[dataset]]\nname = 'x'\n", "dataset 1 needs a name and files"), ("no", "not a TOML")],
)
def test_a_suite_file_that_does_not_fit_is_refused(tmp_path, text, message):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        suite.read_suite(path)


def test_every_set_of_the_english_suite_is_cited():
    table = tomllib.loads((ROOT / "data" / "english.toml").read_text("utf-8"))
    for entry in table["dataset"]:
        assert re.match(r"\s*@\w+\{[\w-]+,\n  author = .*\n  title = ", entry["reference"]), entry
        assert re.search(r"^  year = \{\d{4}\},$", entry["reference"], re.M)
