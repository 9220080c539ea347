"""The only place with C: one extension a family of kernels. Nothing here imports wordvec."""

import sys
from importlib.machinery import PathFinder

if PathFinder.find_spec(f"{__name__}.cpu", __path__) is None:
    raise ImportError(
        f"wordvec's kernels are not built for Python {sys.version_info[0]}.{sys.version_info[1]}: "
        "run make build in the checkout, or pip install .",
        name=__name__,
    )
