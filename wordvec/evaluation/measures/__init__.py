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

_ROWS = {
    "similarity": "similarity",
    "analogy": "analogy",
    "categorization": "categorization",
    "outliers": "outliers",
    "qvec": "qvec",
    "relations": "relations",
    "weat": "bias.weat",
    "seat": "bias.seat",
    "single_category": "bias.single_category",
    "rnd": "bias.rnd",
    "rnsb": "bias.rnsb",
    "mac": "bias.mac",
    "ect": "bias.ect",
    "direct_bias": "bias.direct_bias",
    "ripa": "bias.ripa",
    "indirect_bias": "bias.indirect_bias",
    "sembias": "bias.sembias",
    "gipe": "bias.gipe",
    "neighbor_bias": "bias.neighbor_bias",
    "clusters": "bias.clusters",
    "probe": "bias.probe",
}


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
