"""The report as one HTML page: the document's tables, and figures drawn from its numbers.

matplotlib draws the figures as SVG without a display; colours are named by CSS variables after
drawing, so that one figure serves light, dark and paper.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from wordvec.errors import MissingExtra
from wordvec.evaluation.core.measure import Table, between, counts, number, title
from wordvec.evaluation.report.tables import sections

try:
    import jinja2
    import matplotlib
except ImportError as error:
    raise MissingExtra("jinja2 and matplotlib", "report", "an HTML report") from error

Entry = Mapping[str, Any]

# Colours that matplotlib draws with, and the CSS variables that take their place.
_INK, _SOFT, _PAPER = "#010203", "#040506", "#070809"
# What is set flush right: a number, an interval, both, or nothing.
_NUMERIC = re.compile(
    r"[-+\d.,e]+( to [-+\d.,e]+)?|[-+\d.,e]+ \([-+\d.,e]+ to [-+\d.,e]+\)|-|[\d,]+ of [\d,]+"
)
_LONG = 40  # rows of a table that is folded until somebody asks
_COLUMNS = 8  # of a heat map, still to be read on paper
_MODELS = ("#0a0001", "#0a0002", "#0a0003", "#0a0004", "#0a0005", "#0a0006")
_CSS = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _PAPER: "var(--paper)",
    **{colour: f"var(--series-{i})" for i, colour in enumerate(_MODELS, 1)},
}
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it is read aloud, selected and searched
    "svg.hashsalt": "wordvec",  # the same document gives the same bytes
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _SOFT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "text.color": _INK,
    "xtick.color": _SOFT,
    "xtick.labelcolor": _INK,
    "ytick.color": _SOFT,
    "ytick.labelcolor": _INK,
    "ytick.left": False,
    "grid.color": _SOFT,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.5,
    "legend.frameon": False,
}


def page(document: Entry) -> str:
    """The whole page; it refers to no other file and to no network."""
    folder = resources.files("wordvec.evaluation.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string((folder / "report.html").read_text("utf-8"))
    return template.render(
        document=document,
        verdict=verdict(document),
        overview=overview(document),
        sections=list(sections(document)),
        figures=figures(document),
        long=_LONG,
        style=(folder / "report.css").read_text("utf-8"),
        numeric=_numeric,
    )


def _numeric(cell: str) -> bool:
    """Whether a cell is to be set flush right."""
    return bool(_NUMERIC.fullmatch(cell))


# --- the verdict ----------------------------------------------------------------------------------


def verdict(document: Entry) -> list[dict[str, Any]]:
    """One card a model: its headline scores, and sentences on what a reader should know first."""
    return [
        {
            "model": model["name"],
            "about": f"{model['words']:,} words, {model['vector_size']} dimensions",
            "scores": _headlines(document, model["name"]),
            "sentences": list(_sentences(document, model)),
        }
        for model in document["models"]
    ]


def overview(document: Entry) -> Table | None:
    """Headline scores of three models and more side by side, on one screen."""
    rows: list[dict[str, str]] = []
    for model in document["models"]:
        name = model["name"]
        heads = [h for h in _headlines(document, name) if h["what"] != _WHAT["weat"]]
        row = {"model": name, **{h["label"]: f"{h['score']} ({h['interval']})" for h in heads}}
        if tests := _of(document, "weat", name):
            row["associations"] = f"{len(_found(tests))} of {len(tests)}"
        rows.append(row)
    columns = dict.fromkeys(column for row in rows for column in row)
    if len(rows) < 3 or len(columns) < 2:
        return None
    return Table.of([{column: row.get(column, "-") for column in columns} for row in rows])


def _of(document: Entry, measure: str, model: str) -> list[Entry]:
    return [e for e in document["results"].get(measure, []) if e["model"] == model]


def _headlines(document: Entry, model: str) -> list[dict[str, str]]:
    """The first scores of each kind, at most six."""
    out = []
    for measure, most in (("similarity", 2), ("analogy", 1), ("categorization", 1), ("weat", 2)):
        entries = _of(document, measure, model)
        if measure == "weat":
            entries = sorted(entries, key=lambda e: -abs(e["score"]))
        chosen: list[Entry] = []
        for e in entries:  # not three versions of one set
            if len(chosen) < most and not any(title(e).startswith(title(c)) for c in chosen):
                chosen.append(e)
        for e in chosen:
            answered, asked = counts(e)
            out.append(
                {
                    "label": title(e),
                    "what": _WHAT[measure],
                    "score": number(e["score"]),
                    "interval": between(e["interval"]),
                    "coverage": f"{answered / asked:.0%} answered" if asked else "",
                }
            )
    return out


_WHAT = {
    "similarity": "Spearman's rho",
    "analogy": "questions right",
    "categorization": "purity",
    "weat": "WEAT effect size d",
}


def _sentences(document: Entry, model: Entry) -> Any:
    name = model["name"]
    items = [e for e in _of(document, "similarity", name) + _of(document, "analogy", name)]
    if items:
        beyond = sum(e["interval"]["low"] > _chance_high(e) for e in items)
        yield f"{beyond} of {len(items)} similarity and analogy scores lie beyond chance."
        low = [title(e) for e in items if e["coverage"]["answered"] < e["coverage"]["asked"] / 2]
        if low:
            yield f"Less than half was answered of {', '.join(low)}: these scores say little."
    tests = _of(document, "weat", name)
    if tests:
        found = _found(tests)
        yield (
            f"{len(found)} of {len(tests)} association tests show an association that random "
            f"exchanges of the targets do not (Holm-adjusted p < .05)"
            + (f": {', '.join(found)}." if found else ".")
        )
        unsure = [e["name"] for e in tests if e["name"] in found and e["interval"]["low"] <= 0]
        if unsure:
            yield (
                f"With other words the effect could vanish in {', '.join(unsure)}: the interval "
                "over words reaches 0."
            )
    refused = sum(r["model"] == name for r in document["refused"])
    if refused:
        yield f"{refused} questions could not be put to these vectors; see Not answered."
    if model["unusable"]:
        yield f"{len(model['unusable'])} words have no usable vector (zero or not finite)."


def _found(tests: Sequence[Entry]) -> list[str]:
    """The association tests that exchanges of the targets do not explain."""
    return [e["name"] for e in tests if e["p_holm"] is not None and e["p_holm"] < 0.05]


def _chance_high(e: Entry) -> float:
    chance = e["chance"]
    return float(chance["high"] if isinstance(chance, Mapping) else chance)


# --- the figures ----------------------------------------------------------------------------------


def figures(document: Entry) -> dict[str, list[dict[str, Any]]]:
    """SVG figures by section key, each with a caption that says what is drawn. Those of a group are
    small and stand together; with many models a group is what one test shows, under its name."""
    results = document["results"]
    names = [model["name"] for model in document["models"]]
    drawn: dict[str, list[dict[str, Any]]] = {}

    def add(key: str, caption: str, draw: Callable[..., Any], *args: Any, group: str = "") -> None:
        plot = {"svg": _svg(draw, *args, caption), "caption": caption, "group": group}
        drawn.setdefault(key, []).append(plot)

    if results.get("similarity"):
        add(
            "similarity",
            "Spearman's rho with its interval; the grey band is where scores fall by chance.",
            _forest, results["similarity"], names,
        )  # fmt: skip
    for about, entries in _heat_maps(results.get("analogy", [])):
        if len(entries[0]["categories"]) > 1 or len(entries) > 1:
            add(
                "analogy",
                f"{about}: accuracy by category, of those with an answer; a cross where a model "
                "answered nothing.",
                _heat_map, entries,
            )  # fmt: skip
    if results.get("weat"):
        add(
            "weat",
            "Effect size d with the interval over words (line), the range when a word is left out "
            "(thick) and where d falls by chance (grey). Exact p-values are one-sided.",
            _forest, results["weat"], names,
        )  # fmt: skip
        for e in results["weat"]:
            add(
                "weat",
                f"{e['model']}, {e['name']}: association of each target word with "
                f"{_label(e, 'A')} (right) over {_label(e, 'B')} (left). "
                f"d = {number(e['score'])}, {between(e['interval'])}; "
                f"p = {number(e['p_one_sided'], 4)}, {e['p_method']}.",
                _dots, e, group=f"{e['name']}: {e['title']}" if len(names) > 2 else "each test",
            )  # fmt: skip
    if document["comparisons"]:
        add(
            "comparisons",
            f"{names[0]} less {names[1] if len(names) == 2 else 'each other model'}: difference on "
            "common items with its paired bootstrap interval.",
            _differences, document["comparisons"], names,
        )  # fmt: skip
    return drawn


def _label(e: Entry, side: str) -> str:
    return str(e["lists"][side]["label"]).replace("_", " ")


def _heat_maps(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """What stands in one heat map: a dataset, or with many models a solver on a dataset."""
    for dataset in dict.fromkeys(e["dataset"]["name"] for e in entries):
        own = [e for e in entries if e["dataset"]["name"] == dataset]
        if len(own) <= _COLUMNS:
            yield dataset, own
            continue
        for solver in dict.fromkeys(e["solver"] for e in own):
            yield f"{dataset}, {solver}", [e for e in own if e["solver"] == solver]


def _svg(draw: Callable[..., Any], *args: Any) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    *args_, caption = args
    with matplotlib.rc_context(_STYLE):
        figure = draw(*args_)
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in _CSS.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    # Let the page set fonts and width; ids are made unique, since the page holds several figures.
    svg = re.sub(r"font: [\d.]+px [^;\"]*", lambda m: m[0].split(" 'sans", 1)[0], svg)
    prefix = f"f{zlib.crc32(svg.encode()):x}-"
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
    svg = re.sub(r"(<svg [^>]*?) width=\"[^\"]*\"", r"\1", svg, count=1)
    svg = re.sub(r"(<svg [^>]*?) height=\"[^\"]*\"", r"\1", svg, count=1)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption, quote=True)}" ', 1)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def _marks(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour a model; where they run out, the next shape."""
    return {
        name: {"color": _MODELS[i % len(_MODELS)], "marker": "osD^v"[i // len(_MODELS) % 5]}
        for i, name in enumerate(names)
    }


def _legend(axes: Any, marks: Mapping[str, Mapping[str, Any]]) -> None:
    from matplotlib.lines import Line2D

    if len(marks) > 1:
        handles = [Line2D([], [], linestyle="none", label=n, **mark) for n, mark in marks.items()]
        axes.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(3, len(handles))
        )


def _rows(labels: Sequence[str], names: Sequence[str]) -> tuple[Any, Any, Callable[..., float]]:
    """A figure with a row a label, in it a line a name: (figure, axes, (label, name) -> height)."""
    step = 1 / (len(names) + 1)
    figure, axes = _figure(7.2, 0.7 + len(labels) * max(0.28, 0.18 * (len(names) + 0.6)))
    rows = {label: i for i, label in enumerate(labels)}
    lines = {name: (i + 1) * step - 0.5 for i, name in enumerate(names)}
    axes.axvline(0, color=_SOFT, lw=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure, axes, lambda label, name: rows[label] + lines[name]


def _line(axes: Any, y: float, interval: Entry, value: float, mark: Mapping[str, Any]) -> None:
    """An estimate with its interval."""
    axes.plot([interval["low"], interval["high"]], [y, y], color=mark["color"], lw=1.4)
    axes.plot([value], [y], linestyle="none", ms=5, **mark)


def _forest(entries: Sequence[Entry], names: Sequence[str]) -> Any:
    """Scores with intervals, a row a dataset or test, a colour a model."""
    labels = list(dict.fromkeys(title(e) for e in entries))
    marks = _marks([n for n in names if any(e["model"] == n for e in entries)])
    figure, axes, place = _rows(labels, list(marks))
    for e in entries:
        y, band, mark = place(title(e), e["model"]), e["chance"], marks[e["model"]]
        axes.barh(
            y, band["high"] - band["low"], left=band["low"], height=1 / (len(marks) + 1),
            color=_SOFT, alpha=0.22, linewidth=0,
        )  # fmt: skip
        if "leave_one_out" in e:
            left = e["leave_one_out"]
            axes.plot([left["low"], left["high"]], [y, y], color=mark["color"], lw=4, alpha=0.45)
        _line(axes, y, e["interval"], e["score"], mark)
        if len(marks) == 1:
            text = number(e["score"], 2)
            if "p_one_sided" in e:
                text += f"   p {number(e['p_one_sided'], 4)}"
            axes.annotate(
                text, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=9
            )
    _legend(axes, marks)
    return figure


def _heat_map(entries: Sequence[Entry]) -> Any:
    """Accuracy of each category (rows) by model or solver (columns), written into the cells."""
    categories = list(
        dict.fromkeys(c["name"] for e in entries for c in e["categories"] if c["answered"])
    )
    models, solvers = ({e[key] for e in entries} for key in ("model", "solver"))
    parts = [[e["model"]] * (len(models) > 1) + [e["solver"]] * (len(solvers) > 1) for e in entries]
    columns = [
        "\n".join(map(_broken, part)) or e["solver"] for part, e in zip(parts, entries, strict=True)
    ]
    figure, axes = _figure(2.2 + 1.15 * len(columns), 0.6 + 0.3 * (len(categories) + 2))
    rows = [*categories, "macro", "micro"]
    for x, e in enumerate(entries):
        by_name = {c["name"]: c for c in e["categories"]}
        for y, name in enumerate(rows):
            if name == "macro" and name not in by_name:
                value, answered = e["macro"], 1
            elif name == "micro" and name not in by_name:
                value, answered = e["score"], 1
            else:
                c = by_name.get(name, {"score": None, "answered": 0})
                value, answered = c["score"], c["answered"]
            if value is None or not answered:
                axes.text(x, y, "×", ha="center", va="center", color=_SOFT)
                continue
            # Opacity over the page's own colour reads alike in light and dark.
            axes.add_patch(_cell(x, y, 0.06 + 0.7 * value))
            axes.text(x, y, f"{value:.2f}".lstrip("0") or "0", ha="center", va="center")
    axes.axhline(len(categories) - 0.5, color=_SOFT, lw=0.8)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)
    return figure


def _broken(name: str, most: int = 13) -> str:
    """A name on lines that are not much longer than `most`, broken behind - _ and dots."""
    lines = [""]
    for part in re.findall(r"[^-_.]*[-_.]?", name):
        if lines[-1] and len(lines[-1]) + len(part) > most:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _cell(x: float, y: float, opacity: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(
        (x - 0.48, y - 0.46), 0.96, 0.92, facecolor=_MODELS[0], alpha=min(opacity, 0.8), linewidth=0
    )


def _dots(e: Entry) -> Any:
    """Association of each target word, a row a word, X above Y."""
    words = [w for w in e["words"] if w["score"] is not None]
    ordered = sorted(words, key=lambda w: (w["list"], -w["score"]))
    figure, axes = _figure(6.4, 0.8 + 0.19 * len(ordered))
    colours = {"X": _MODELS[0], "Y": _MODELS[1]}
    for y, w in enumerate(ordered):
        axes.plot([0, w["score"]], [y, y], color=colours[w["list"]], lw=1, alpha=0.6)
        axes.plot([w["score"]], [y], "o", color=colours[w["list"]], ms=4)
    for side in "XY":
        own = [w["score"] for w in words if w["list"] == side]
        axes.axvline(sum(own) / len(own), color=colours[side], lw=0.9, ls=(0, (4, 3)))
    axes.axvline(0, color=_SOFT, lw=0.8)
    axes.set_yticks(range(len(ordered)), [w["word"] for w in ordered], fontsize=8.5)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlabel("mean cosine to A less mean cosine to B")
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    _legend(axes, {_label(e, side): {"color": colours[side], "marker": "o"} for side in "XY"})
    return figure


def _differences(comparisons: Sequence[Entry], names: Sequence[str]) -> Any:
    """Differences of the first model from all others, a row a dataset, a colour an other."""
    own = [c for c in comparisons if c["first"] == names[0]]
    marks = _marks(names)
    del marks[names[0]]
    figure, axes, place = _rows(list(dict.fromkeys(c["dataset"] for c in own)), list(marks))
    for c in own:
        mark = marks[c["second"]]
        _line(axes, place(c["dataset"], c["second"]), c["interval"], c["difference"], mark)
    _legend(axes, marks)
    return figure
