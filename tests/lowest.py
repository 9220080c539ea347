"""Tests the lowest versions that pyproject.toml allows: python tests/lowest.py FOLDER.

The package and what it needs to run, each at its lower bound, are installed into an environment in
FOLDER, and the tests of what needs no extra run there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("pytest>=8", "hypothesis>=6.100", "mpmath>=1.3", "regex")
TESTED = ("tests/native", "tests/counts", "tests/vectors", "tests/models", "tests/formats")


def lowest(requirements: list[str]) -> list[str]:
    """The lower bound of each requirement, as an exact version; extras of its own are left out."""
    found = []
    for requirement in requirements:
        match = re.match(r"([\w.-]+)>=([\w.]+)(\s*;.*)?$", requirement)
        if match:
            found.append(f"{match[1]}=={match[2]}{match[3] or ''}")
    return found


def main(folder: Path) -> int:
    """Installs and tests; the exit code of pytest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    exact = lowest(project["dependencies"])
    assert len(exact) == len(project["dependencies"]), "a dependency has no lower bound"
    for extra in ("report", "io", "parquet", "json"):
        exact += lowest(project["optional-dependencies"][extra])
    venv.create(folder, with_pip=True, clear=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", *exact, *TOOLS], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT), *exact], check=True)
    print(*exact, sep="\n")
    command = [python, "-m", "pytest", "-q", "-W", "default", *TESTED]
    # The package that is installed is tested, in child processes too, and not the checkout, which
    # may be built for the same Python.
    env = os.environ | {"PYTHONSAFEPATH": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
