"""The reports that a command writes: JSON, Markdown, one HTML page, LaTeX, CSV and figures."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec.cli.outputs import Output

if TYPE_CHECKING:
    from wordvec.evaluation.report.document import Origin

F = TypeVar("F", bound=Callable[..., Any])
_FILE = Output(path_type=Path)
_FOLDER = Output(path_type=Path)
_OPTIONS = [
    click.option("--json", type=_FILE, help="Write the whole report here."),
    click.option("--markdown", type=_FILE, help="Write the report as Markdown here."),
    click.option("--html", type=_FILE, help="Write the report as one HTML page here."),
    click.option(
        "--latex",
        type=_FILE,
        help="Write the tables as LaTeX (booktabs) here, and the references beside it as .bib.",
    ),
    click.option("--csv", type=_FOLDER, help="Write every table as CSV into this new folder."),
    click.option(
        "--figures",
        type=_FOLDER,
        help="Write every figure as SVG and PDF into this new folder.",
    ),
    click.option(
        "--force",
        is_flag=True,
        help="Replace reports that exist, but no folder with other files.",
    ),
]


def report_options(function: F) -> F:
    """The options that name reports; `Reports.parted` takes them."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def schema_option(name: str) -> Callable[[F], F]:
    """Adds --schema, which prints what a function of `report.schema` gives."""

    def show(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        if value:
            from wordvec.evaluation.report import schema

            click.echo(json.dumps(getattr(schema, name)(), indent=1))
            ctx.exit()

    return click.option(
        "--schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the JSON schema of the report.",
    )


@dataclass(frozen=True, kw_only=True)
class Reports:
    """Where the reports go."""

    json: Path | None
    markdown: Path | None
    html: Path | None
    latex: Path | None
    csv: Path | None
    figures: Path | None
    force: bool

    @classmethod
    def parted(cls, options: Mapping[str, Any]) -> tuple[Reports, dict[str, Any]]:
        """(the reports, the other options), of all that a command was given."""
        own = [each.name for each in fields(cls)]
        others = {name: value for name, value in options.items() if name not in own}
        return cls(**{name: options[name] for name in own}), others

    def __bool__(self) -> bool:
        return any((self.json, self.markdown, self.html, self.latex, self.csv, self.figures))

    def check(self, inputs: Sequence[str | Path | None]) -> None:
        """Refuses what cannot be written or drawn, before anything is computed."""
        from wordvec.evaluation.report.parts import PARTS
        from wordvec.system.files import check_target, resolve
        from wordvec.system.folders import check_folder

        latex = self.latex
        files = [self.json, self.markdown, self.html, latex, latex and latex.with_suffix(".bib")]
        targets = [check_target(path, force=self.force, inputs=inputs) for path in files if path]
        folders = [path for path in (self.csv, self.figures) if path]
        targets += [check_folder(path, PARTS, force=self.force, inputs=inputs) for path in folders]
        if len({resolve(path) for path in targets}) < len(targets):
            raise click.UsageError("two reports have the same name")
        # What a missing extra would refuse is imported.
        if self.html:
            importlib.import_module("wordvec.evaluation.report.html")
        if self.figures:
            importlib.import_module("wordvec.evaluation.report.drawing")

    @contextlib.contextmanager
    def written(self, document: Mapping[str, Any]) -> Iterator[None]:
        """Writes the reports when the block ends, also by an error.

        Hours of work may be behind a document: what cannot be printed or written keeps no other
        part back.
        """
        from wordvec.evaluation.report import document as report
        from wordvec.evaluation.report.latex import write_csv, write_latex

        with contextlib.ExitStack() as each:
            if self.json:
                each.callback(report.write_json, document, self.json)
            if self.markdown:
                each.callback(report.write_markdown, document, self.markdown)
            if self.html:
                each.callback(report.write_html, document, self.html)
            if self.latex:
                each.callback(write_latex, document, self.latex)
            if self.csv:
                each.callback(write_csv, document, self.csv, force=self.force)
            if self.figures:
                from wordvec.evaluation.report import drawing

                each.callback(drawing.save, document, self.figures, force=self.force)
            each.callback(sys.stdout.flush)
            yield


def origin() -> Origin:
    """When and how a report is made."""
    import platform
    import shlex
    from datetime import date

    import numpy

    from wordvec.evaluation.report.document import Origin

    command = shlex.join(["wordvec", *sys.argv[1:]])
    versions = {"numpy": numpy.__version__, "Python": platform.python_version()}
    return Origin(date.today().isoformat(), command, versions)
