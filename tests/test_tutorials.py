"""The tutorials run as they stand, each in an empty folder, as a reader would copy them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
PAGES = sorted(path for path in TUTORIALS.glob("*.md") if path.stem != "index")
CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```$", re.M | re.S)


def script(page: Path) -> str:
    """The code cells of a page as one program; a drawing at a cell's end is written to a file."""
    return "\n".join(CELL.findall(page.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_runs_as_it_stands(page, tmp_path):
    pytest.importorskip("gensim")
    code = script(page)
    if "IPython" in code:
        pytest.importorskip("IPython")
    assert code.count("print(") >= 3
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_tutorial_is_in_the_table_of_contents():
    listed = re.search(r"\{toctree\}\n(.*?)```", (TUTORIALS / "index.md").read_text(), re.S)
    assert {page.stem for page in PAGES} <= set(listed.group(1).split())
