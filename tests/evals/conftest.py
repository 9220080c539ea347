"""The campaign is a tool of the checkout: its tests find it also where the package is installed and
the checkout, with a wordvec that is not built, is not on the path."""

import os
import sys
import tempfile
from importlib import util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if util.find_spec("evals.campaign") is None:
    folder = tempfile.mkdtemp()
    os.symlink(ROOT / "evals", Path(folder, "evals"))
    sys.path.append(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), folder]))
    sys.modules.pop("evals", None)
