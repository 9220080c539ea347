"""The JSON schemas of documents, made from the types of what stands in them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable
from typing import Any, Union

from wordvec.evaluation.core.comparison import Comparison
from wordvec.evaluation.core.measure import Measure
from wordvec.evaluation.core.of_vectors import OfVectors
from wordvec.evaluation.core.statistics.seeds import OverSeeds
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.report.change import document as change
from wordvec.evaluation.report.document import SCHEMA, Card, Gate, Origin, Refusal

_PLAIN = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    Any: {},
}


def schema(measures: Iterable[Measure] | None = None) -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of documents that hold results of `measures`; of all that
    the registry has by default.

    A result is an object with the fields of its dataclass, of their types, and nothing else; the
    model's name stands beside them.
    """
    made = _Made()
    results = {
        m.name: {"type": "array", "items": made.of_object(m.result, model=str), "minItems": 1}
        for m in (MEASURES.values() if measures is None else measures)
    }
    properties = {
        "schema": {"const": SCHEMA},
        "wordvec": {"type": "string"},
        "origin": made.of(Origin),
        "options": {"type": "object"},
        "models": made.of(tuple[Card, ...]),
        "results": {"type": "object", "properties": results, "additionalProperties": False},
        "comparisons": made.of(tuple[Comparison, ...]),
        "of_vectors": made.of(tuple[OfVectors, ...]),
        "seeds": made.of(tuple[OverSeeds, ...]),
        "refused": made.of(tuple[Refusal, ...]),
        "gates": made.of(tuple[Gate, ...]),
        "caveats": made.of(tuple[str, ...]),
    }
    return made.document(
        "An evaluation report of wordvec",
        "The document behind the Markdown and HTML reports. Every score has its interval, its "
        "coverage (of a set, or of word lists) and what chance would give.",
        properties,
    )


def change_schema() -> dict[str, Any]:
    """The schema of documents of `wordvec change`."""
    made = _Made()
    properties = {
        "schema": {"const": change.SCHEMA},
        "wordvec": {"type": "string"},
        "origin": made.of(Origin),
        "options": {"type": "object"},
        "papers": made.of(tuple[str, ...]),
        "collections": made.of(tuple[change.Compared, ...]),
        "steps": made.of(tuple[change.Step, ...]),
        "shown": made.of(tuple[change.Shown, ...]),
        "untested": made.of(tuple[change.Untested, ...]),
        "caveats": made.of(tuple[str, ...]),
    }
    return made.document(
        "A report of wordvec on change",
        "The document behind the reports of `wordvec change`: every word of every step with its "
        "distance, what chance gives, p and q.",
        properties,
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


class _Made:
    """Schemas of types; those of dataclasses are written once, under $defs."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def document(self, title: str, about: str, properties: dict[str, Any]) -> dict[str, Any]:
        """The schema of a whole document, with the definitions that its properties asked for."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": about,
            **_object(properties),
            "$defs": dict(sorted(self.definitions.items())),
        }

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type as `to_json` writes its values."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            if kind.__name__ not in self.definitions:
                self.definitions[kind.__name__] = {}  # it may hold itself
                self.definitions[kind.__name__] = self.of_object(kind)
            return {"$ref": f"#/$defs/{kind.__name__}"}
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is tuple and arguments[1:] == (Ellipsis,):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is tuple:
            return {
                "type": "array",
                "prefixItems": [self.of(one) for one in arguments],
                "minItems": len(arguments),
                "maxItems": len(arguments),
            }
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        raise TypeError(f"no schema for {kind}: mark the field {{'json': False}} or add its type")

    def of_object(self, kind: type, **more: Any) -> dict[str, Any]:
        """The schema of a dataclass with further fields in front."""
        hints = typing.get_type_hints(kind)
        fields = [f for f in dataclasses.fields(kind) if f.metadata.get("json", True)]
        own = {f.name: self._field(f, hints[f.name]) for f in fields}
        return _object({**{name: self.of(one) for name, one in more.items()}, **own})

    def _field(self, field: dataclasses.Field[Any], kind: Any) -> dict[str, Any]:
        made = self.of(kind)
        if field.metadata.get("nan"):  # a number that may not exist is null in JSON
            made = {"anyOf": [made, {"type": "null"}]}
        return {**made, **field.metadata.get("schema", {})}
