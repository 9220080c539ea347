"""Builds the source distribution and the wheel, checks what is in them, and tries each.

Each is installed into an empty environment and used from an empty folder, so that nothing of the
checkout can help it. Run as `python tests/packages.py FOLDER`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 3 << 20  # bytes of the wheel
SMOKE = """
import sys, wordvec
assert "numpy" not in sys.modules
lines = [["a", "b", "c", "d"][i % 3 :] for i in range(400)]
wv = wordvec.SkipGram(vector_size=8, min_count=1, epochs=2, threads=1).fit(lines).vectors_
wv.save("v.wv")
assert wordvec.load("v.wv").most_similar("a", topn=1)
assert wordvec.load("v.wv").meta["tool"] == f"wordvec {wordvec.__version__}"
from wordvec.evaluation.suite import weat_tests
assert len(weat_tests(["all"])) == 10
print(wordvec.__version__, wordvec.__file__)
"""


def build(folder: Path) -> tuple[Path, Path]:
    """The source distribution and the wheel that is built from it."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_sdist(sdist: Path) -> None:
    """All that is needed to build, test and document is there, and nothing that was built."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    unwanted = (".ci/", ".github/", ".gitignore")
    missing = [name for name in tracked if name not in names and not name.startswith(unwanted)]
    assert not missing, f"not in {sdist.name}: {missing[:10]}"
    assert not [name for name in names if name.endswith((".so", ".pyc"))]


def check_wheel(wheel: Path) -> None:
    """The package, its data and its stubs are there; sources in C and tests are not."""
    assert wheel.stat().st_size < MOST, f"{wheel.name}: {wheel.stat().st_size:,} bytes"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.endswith((".c", ".h", ".pyx", ".pxd"))]
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    assert "## In Python" in text
    assert not re.search(r"\]\((?!https?://)", text), "a link that is dead on an index page"
    assert {name.split("/")[0].split("-")[0] for name in names} == {"wordvec"}
    for needed in (
        "data/weat.toml",
        "data/relations/mammals.tsv",
        "__init__.pyi",
        "py.typed",
        "evaluation/report/templates/",
    ):
        assert any(name.startswith(f"wordvec/{needed}") for name in names), needed


def try_out(package: Path) -> None:
    """Installs a package into an empty environment and trains, saves and loads with it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "env", with_pip=True)
        python = str(place / "env" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", str(package)], check=True)
        # PYTHONPATH would find the checkout.
        clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        program = str(place / "env" / "bin" / "wordvec")
        for command in ([python, "-c", SMOKE], [program, "info", "v.wv"], [program, "doctor"]):
            subprocess.run(command, cwd=place, env=clean, check=True)


if __name__ == "__main__":
    made = build(Path(sys.argv[1]))
    check_sdist(made[0])
    check_wheel(made[1])
    for each in made:
        print(f"{each.name}: {each.stat().st_size:,} bytes")
        try_out(each)
