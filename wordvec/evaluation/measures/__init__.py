"""The registry of measures: a row is a measure's name and the module that holds it.

A module defines `MEASURE`, a `core.measure.Measure`. Names can be listed without importing
anything; a measure is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordvec.evaluation.core.measure import Measure

# The modules of this package that define one measure; a measure has the name of its module.
_MODULES = (
    "similarity",
    "analogy",
    "categorization",
    "outliers",
    "qvec",
    "relations",
    "geometry",
    "hubs",
    "bias.sets.weat",
    "bias.sets.seat",
    "bias.sets.single_category",
    "bias.sets.rnd",
    "bias.sets.rnsb",
    "bias.sets.mac",
    "bias.sets.ect",
    "bias.direction.direct_bias",
    "bias.direction.ripa",
    "bias.direction.indirect_bias",
    "bias.sets.sembias",
    "bias.direction.gipe",
    "bias.direction.neighbor_bias",
    "bias.direction.clusters",
    "bias.direction.probe",
)
_ROWS = {module.rpartition(".")[2]: module for module in _MODULES}


class _Measures(Mapping[str, "Measure"]):
    """Name -> measure, in the order of the report."""

    def __getitem__(self, name: str) -> Measure:
        if name not in _ROWS:
            raise KeyError(name)
        return _load(name)

    def __contains__(self, name: object) -> bool:
        return name in _ROWS

    def __iter__(self) -> Iterator[str]:
        return iter(_ROWS)

    def __len__(self) -> int:
        return len(_ROWS)


@cache
def _load(name: str) -> Measure:
    measure: Measure = import_module(f"{__name__}.{_ROWS[name]}").MEASURE
    if measure.name != name:
        raise ValueError(f"the row {name!r} of the registry holds the measure {measure.name!r}")
    return measure


MEASURES: Mapping[str, Measure] = _Measures()
OF_BIAS = tuple(name for name, module in _ROWS.items() if module.startswith("bias."))
OF_QUALITY = tuple(name for name in _ROWS if name not in OF_BIAS)
