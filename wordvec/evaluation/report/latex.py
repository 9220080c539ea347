"""The tables as LaTeX (booktabs) with the references as BibTeX, and as CSV."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from wordvec.evaluation.core.measure import Entry, Table
from wordvec.evaluation.report.kinds import kind_of, shown
from wordvec.evaluation.report.parts import write_parts
from wordvec.system.files import write_atomically

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_LINE, _SHORT = 78, 12  # characters of footnote size on a line of 345 points; of a short cell


def latex(document: Entry) -> str:
    """Every table that the page prints, to be taken into a paper by \\input.

    It needs the packages array, booktabs and longtable. Each table has a label, tab:KEY; the
    references are those of its kind's `bibtex`.
    """
    kind = kind_of(document)
    lines = [
        f"% {kind.heading(document)}; {'; '.join(kind.subtitle(document))}",
        r"% \usepackage{array,booktabs,longtable}",
    ]
    keys = re.findall(r"@\w+\{([^,]+),", kind.bibtex(document))
    for section in shown(document):
        tables = [t for t in section.tables if not t.folded]
        for number, table in enumerate(tables if not section.folded else [], 1):
            label = section.key + (f"-{number}" if len(tables) > 1 else "")
            lines += ["", *longtable(section.heading, table, label)]
    if keys:
        lines += ["", rf"\nocite{{{','.join(keys)}}}"]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text as LaTeX sets it, minus signs as such."""
    out = "".join(_SPECIAL.get(character, character) for character in text)
    return re.sub(r"(?<![\w.])-(?=[\d.])", r"$-$", out)


def longtable(heading: str, table: Table, label: str) -> Iterator[str]:
    """The lines of one table, with the label tab:LABEL."""
    columns = table.columns[: table.main or None]
    rows = [row[: table.main or None] for row in table.rows]
    about = ". ".join(filter(None, (heading, table.caption)))
    yield r"\begingroup\footnotesize\setlength{\tabcolsep}{3pt}"
    yield rf"\begin{{longtable}}{{{_columns(columns, rows)}}}"
    yield rf"\caption{{{escape(about)}.}}\label{{tab:{label}}}\\"
    heads = " & ".join(map(escape, columns)) + r" \\"
    yield rf"\toprule {heads} \midrule \endfirsthead"
    yield rf"\toprule {heads} \midrule \endhead"
    yield r"\bottomrule \endfoot"
    yield from (" & ".join(map(escape, row)) + r" \\" for row in rows)
    yield r"\end{longtable}\endgroup"


def _columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The kinds of the columns: as wide as their cells where all fit a line, otherwise the long
    ones are paragraphs that share what the short ones leave."""
    cells = [[column, *(row[i] for row in rows)] for i, column in enumerate(columns)]
    longest = [max(map(len, own)) for own in cells]
    numbers = [all(re.match(r"[-+\d.(]", cell) or cell == "-" for cell in own[1:]) for own in cells]
    kinds = ["r" if number else "l" for number in numbers]
    room = _LINE - 2 * len(columns)
    if sum(longest) <= room:
        return "".join(kinds)
    wide = [i for i, n in enumerate(longest) if n > _SHORT]
    least = {i: 1 + max(len(word) for cell in cells[i] for word in cell.split()) for i in wide}
    weights = {i: math.sqrt(longest[i]) for i in wide}
    short = sum(n for i, n in enumerate(longest) if i not in wide)
    left = max(room - short - sum(least.values()), 0)
    # Where even the longest words do not fit beside each other a few stick out of their cells.
    scale = min(1.0, max(0.75, (room - short) / sum(least.values())))
    for i in wide:
        width = (least[i] * scale + left * weights[i] / sum(weights.values())) / _LINE
        kinds[i] = rf">{{\raggedright\arraybackslash}}p{{{width:.3f}\linewidth}}"
    return "".join(kinds)


def write_latex(document: Entry, path: str | os.PathLike[str]) -> None:
    """Writes the tables to `path` and the references beside it, with the suffix .bib."""
    _write(Path(path), latex(document))
    _write(Path(path).with_suffix(".bib"), kind_of(document).bibtex(document) + "\n")


def write_csv(document: Entry, folder: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes every table whole to FOLDER/KEY.csv (UTF-8), several of a section numbered.

    The folder appears whole; one that exists is replaced by `force`, if it is one of these.
    """
    with write_parts(folder, force=force) as parts:
        for section in kind_of(document).sections(document):
            for number, table in enumerate(section.tables, 1):
                out = io.StringIO()
                writer = csv.writer(out, lineterminator="\n")
                writer.writerows([table.columns, *table.rows])
                name = section.key + (f"-{number}" if len(section.tables) > 1 else "")
                parts[f"{name}.csv"] = _bytes(out.getvalue())


def _write(path: Path, text: str) -> None:
    with write_atomically(path, force=True) as file:
        file.write(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")
