"""The only place with C: one extension a family of kernels. Nothing here imports wordvec."""

import os
import sys
from importlib.machinery import PathFinder

if PathFinder.find_spec(f"{__name__}.cpu", __path__) is None:
    # Also where the package is installed: Python prefers the one in the folder where it starts.
    raise ImportError(
        f"wordvec's kernels are not built for Python {sys.version_info[0]}.{sys.version_info[1]} "
        f"in {os.path.dirname(os.path.dirname(__path__[0]))}: run make build there, or pip install "
        ". and start Python in another folder",
        name=__name__,
    )
