"""The kinds of reports. Each says how its document becomes a heading, sections of tables, figures
and references; HTML, Markdown, LaTeX, CSV and files of figures are made of these alike."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wordvec.evaluation.core.measure import Entry, Table

if TYPE_CHECKING:
    from wordvec.evaluation.report.drawing import Plot

# Name of the schema -> where its Kind stands.
KINDS = {
    "wordvec-evaluation": "wordvec.evaluation.report.tables:EVALUATION",
    "wordvec-change": "wordvec.evaluation.report.change.tables:CHANGE",
}


@dataclass(frozen=True)
class Section:
    """A heading with an explanation, tables and a list.

    Attributes
    ----------
    folded : bool
        Shown when somebody asks.
    printed : bool
        Whether paper has it.
    on_page : bool
        Whether it is on the page at all; its tables are written as CSV in either case.
    code : str
        Text to be copied as it is.
    """

    key: str
    heading: str
    text: str = ""
    tables: tuple[Table, ...] = ()
    items: tuple[str, ...] = field(default=())
    folded: bool = False
    printed: bool = True
    on_page: bool = True
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of report.

    Attributes
    ----------
    heading : callable
        document -> what the report is, in a line.
    subtitle : callable
        document -> date, versions, texts, seeds: what stands below the heading.
    sections : callable
        document -> everything that it holds, in the order of the report.
    bibtex : callable
        document -> the references of what was used.
    plots : str
        "module:function" of document -> its figures. It is imported when figures are asked for,
        because it needs the report extra.
    """

    heading: Callable[[Entry], str]
    subtitle: Callable[[Entry], list[str]]
    sections: Callable[[Entry], Iterator[Section]]
    bibtex: Callable[[Entry], str]
    plots: str

    def figures(self, document: Entry) -> Iterator[Plot]:
        """The figures of a document."""
        drawn: Iterator[Plot] = _named(self.plots)(document)
        return drawn


def shown(document: Entry) -> Iterator[Section]:
    """The sections of a document that have something to show on a page."""
    for section in kind_of(document).sections(document):
        filled = section.text or section.tables or section.items or section.code
        if section.on_page and filled:
            yield section


def kind_of(document: Entry) -> Kind:
    """The kind of a document, by its schema."""
    name = str(document["schema"]).partition("/")[0]
    kind: Kind = _named(KINDS[name])
    return kind


def _named(where: str) -> Any:
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)
