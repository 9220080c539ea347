"""Takes a checkout that is not built off the path: the package that is installed is tested then.

`python -m pytest` puts the folder that it starts in first, where a wordvec without kernels lies.
The tests' conftest imports this module before wordvec. Child processes do not look in their folder.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if not PathFinder.find_spec("cpu", [str(ROOT / "wordvec" / "native")]):
    elsewhere = [each for each in sys.path if Path(each).resolve() != ROOT]
    if PathFinder.find_spec("wordvec", elsewhere):
        sys.path[:] = elsewhere
        os.environ["PYTHONSAFEPATH"] = "1"
