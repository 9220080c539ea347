"""The document of a change as a verdict in sentences, tables and references."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.measure import P_FOUND, Entry, Table, number, p_text
from wordvec.evaluation.report.kinds import Kind, Section
from wordvec.evaluation.report.verdict import listed
from wordvec.references import bibtex as of_papers

_TOLD = 5  # words in a sentence
_FEW = 30  # words of which a correlation with frequency is told
_METHOD = {
    "procrustes": ("hamilton2016diachronic", "schonemann1966"),
    "neighbors": ("hamilton2016cultural",),
}
_DISTANCE = {
    "procrustes": "1 - cosine of a word's two vectors after an orthogonal map of the older space",
    "neighbors": "1 - cosine of a word's cosines with the 25 nearest words of either space",
}


def heading(document: Entry) -> str:
    """What the report is: a change, and between what."""
    names = [each["name"] for each in document["collections"]]
    if len(names) == 2:
        return f"Change of words from {names[0]} to {names[1]}"
    return f"Change of words over {listed(names, 12)}"


def subtitle(document: Entry) -> list[str]:
    """Date, versions, the model, the texts and the seed."""
    origin, options = document["origin"], document["options"]
    versions = {"wordvec": document["wordvec"], **origin["versions"]}
    texts = [
        f"{c['name']}: {c['documents']:,} documents, {c['words']:,} words"
        for c in document["collections"]
    ]
    out = [origin["date"] or "", ", ".join(f"{k} {v}" for k, v in versions.items())]
    out += [*texts, str(options["model"]), f"{options['nulls']} exchanges of documents"]
    return [part for part in [*out, f"seed {options['seed']}"] if part]


def sentences(document: Entry) -> Iterator[str]:
    """The verdict: how many words changed, which most, and what to distrust."""
    for step in document["steps"]:
        if len(document["steps"]) == 1:
            yield from _of_step(step)
        else:
            yield f"{step['old']} to {step['new']}: {' '.join(_of_step(step))}"


def _of_step(step: Entry) -> Iterator[str]:
    words = step["words"]
    changed = [each for each in words if each["q"] < P_FOUND]
    if not words:
        yield f"No word occurs often enough in both. {' '.join(step['notes'])}".strip()
        return
    if changed:
        yield (
            f"{len(changed):,} of {len(words):,} words moved farther than exchanges of documents "
            f"move them (q < {P_FOUND:g}); about {max(1, round(P_FOUND * len(changed))):,} of them "
            "by luck."
        )
        told = [
            f"{each['word']} ({number(each['distance'], 2)}, by chance "
            f"{number(each['by_chance'], 2)})"
            for each in changed[:_TOLD]
        ]
        yield f"Farthest beyond chance: {listed(told, _TOLD)}."
    else:
        yield (
            f"None of {len(words):,} words moved farther than exchanges of documents move it "
            f"(q < {P_FOUND:g})."
        )
    if 2 * len(changed) > len(words):
        yield (
            "More than half of the words changed: the texts differ in topic, kind or spelling, and "
            "not only in what single words mean."
        )
    if len(words) >= _FEW:
        seldom = [math.log(min(each["old_count"], each["new_count"])) for each in words]
        by_d, by_z = (
            _spearman([each[name] for each in words], seldom) for name in ("distance", "z")
        )
        if by_d is not None and by_z is not None:
            yield (
                f"The distance {'falls' if by_d < 0 else 'rises'} with frequency (Spearman's rho "
                f"{by_d:+.2f}); z, by which words are ordered, has {by_z:+.2f}."
            )
    least = min(each["p"] for each in words)
    if least * len(words) >= P_FOUND and not changed:
        yield (
            f"With these exchanges no p is under {p_text(least)}, which is too much for "
            f"{len(words):,} words: take more exchanges (nulls)."
        )
    for note in step["notes"]:
        yield note[0].upper() + note[1:] + "."


def _spearman(x: list[float | None], y: list[float]) -> float | None:
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if a is not None]
    if len(pairs) < _FEW or len({b for _, b in pairs}) < 2:
        return None
    return float(statistics.spearman(*map(list, zip(*pairs, strict=True))))


def sections(document: Entry) -> Iterator[Section]:
    """Everything that the document holds, in the order of the report."""
    yield Section("verdict", "Verdict", items=tuple(sentences(document)))
    if document["shown"]:
        several = len(document["steps"]) > 1
        about = (
            f"Distance: {_DISTANCE[document['options']['method']]}. By chance: its mean when "
            "documents are exchanged between the collections. z: standard deviations above that. "
            "q: p adjusted for all words of a step (false discovery rate)."
        )
        tables = [_over_steps(document)] if several else []
        yield Section("words", "Words", about, (*tables, _words(document, several)))
    yield Section(
        "chance",
        "Distance, chance and frequency",
        "A seldom word lies far from itself even when nothing changed. Beyond chance is what lies "
        "above the line of exchanged documents.",
        tuple(filter(None, [_by_frequency(document)])),
    )
    yield Section("collections", "Collections", tables=(_collections(document),))
    if document["untested"]:
        yield Section("untested", "Not answered", items=tuple(_untested(document)))
    yield Section("all", "All words", tables=(_all(document),), on_page=False)
    code = json.dumps(document["options"])
    yield Section("options", "Options", code=code, folded=True, printed=False)
    yield Section("references", "References", code=bibtex(document), folded=True)
    yield Section("caveats", "To keep in mind", items=tuple(document["caveats"]))


def _found(document: Entry) -> Mapping[tuple[str, str, str], Entry]:
    return {
        (step["old"], step["new"], each["word"]): each
        for step in document["steps"]
        for each in step["words"]
    }


def _over_steps(document: Entry) -> Table:
    """A row a word, a column a step."""
    found = _found(document)
    records = []
    for word in dict.fromkeys(one["word"] for one in document["shown"]):
        record = {"word": word}
        for step in document["steps"]:
            each = found.get((step["old"], step["new"], word))
            record[f"{step['old']} to {step['new']}"] = (
                "-"
                if each is None
                else f"{number(each['distance'], 2)} ({number(each['by_chance'], 2)})"
                + (" *" if each["q"] < P_FOUND else "")
            )
        records.append(record)
    return Table.of(records, f"distance (by chance); * q < {P_FOUND:g}")


def _words(document: Entry, several: bool) -> Table:
    """A row for each shown word of each step, with its neighbours."""
    found = _found(document)
    tokens = {each["name"]: each["words"] for each in document["collections"]}
    records = []
    for one in document["shown"]:
        old, new = one["old"], one["new"]
        each = found[old, new, one["word"]]
        ratio = (each["new_count"] / tokens[new]) / (each["old_count"] / tokens[old])
        records.append(
            {
                "word": one["word"],
                "step": f"{old} to {new}" if several else "",
                "distance": number(each["distance"], 2),
                "by chance": number(each["by_chance"], 2),
                "z": number(each["z"], 1),
                "q": p_text(each["q"]),
                "nearest in old": " ".join(one["nearest_in_old"]),
                "nearest in new": " ".join(one["nearest_in_new"]),
                "p": p_text(each["p"]),
                "old count": f"{each['old_count']:,}",
                "new count": f"{each['new_count']:,}",
                "times as frequent": f"{ratio:.2g}",
            }
        )
    caption = "all columns" if several else ""
    return Table.of(records, caption, main=7 + several, folded=several)


def bands(step: Entry) -> list[dict[str, float]]:
    """Ranges of frequency, each of about as many words: count, words, quantiles of the distance and
    the median of that by chance."""
    words = sorted(step["words"], key=lambda each: min(each["old_count"], each["new_count"]))
    parts = max(1, min(8, len(words) // 25))
    out = []
    for i in range(parts):
        own = words[i * len(words) // parts : (i + 1) * len(words) // parts]
        if not own:
            continue
        d = sorted(each["distance"] for each in own)
        chance = sorted(each["by_chance"] for each in own)
        least = [min(each["old_count"], each["new_count"]) for each in own]
        out.append(
            {
                "from": least[0],
                "to": least[-1],
                "count": least[len(own) // 2],
                "words": len(own),
                "low": d[len(d) // 10],
                "median": d[len(d) // 2],
                "high": d[min(len(d) - 1, 9 * len(d) // 10)],
                "by_chance": chance[len(chance) // 2],
                "changed": sum(each["q"] < P_FOUND for each in own),
            }
        )
    return out


def _by_frequency(document: Entry) -> Table | None:
    several = len(document["steps"]) > 1
    records = [
        {
            "step": f"{step['old']} to {step['new']}" if several else "",
            "occurrences": f"{band['from']:,} to {band['to']:,}",
            "words": f"{band['words']:,}",
            "distance (median)": number(band["median"], 2),
            "by chance (median)": number(band["by_chance"], 2),
            f"q < {P_FOUND:g}": f"{band['changed']:,}",
        }
        for step in document["steps"]
        for band in bands(step)
    ]
    caption = "occurrences: in the collection that has the word less often"
    return Table.of(records, caption, folded=several) if records else None


def _collections(document: Entry) -> Table:
    return Table.of(
        [
            {
                "collection": each["name"],
                "documents": f"{each['documents']:,}",
                "blocks": f"{each['blocks']:,}",
                "words": f"{each['words']:,}",
                "folder": each["path"],
            }
            for each in document["collections"]
        ]
    )


def _untested(document: Entry) -> Iterator[str]:
    if len(document["steps"]) == 1:
        yield from (each["reason"] for each in document["untested"])
        return
    steps: dict[str, list[str]] = {}
    for each in document["untested"]:
        steps.setdefault(each["word"], []).append(f"{each['old']} to {each['new']}")
    for word, of in steps.items():
        yield f"{word}, {listed(of, 12)}: too seldom in one of the two"


def _all(document: Entry) -> Table:
    """Every word of every step, with every digit."""
    records: list[dict[str, str]] = [
        {
            "word": each["word"],
            "old": step["old"],
            "new": step["new"],
            **{
                name: "" if each[name] is None else f"{each[name]:.6g}"
                for name in ("distance", "by_chance", "z", "p", "q")
            },
            "old_count": str(each["old_count"]),
            "new_count": str(each["new_count"]),
        }
        for step in document["steps"]
        for each in step["words"]
    ]
    if not records:
        return Table("", ("word",), ())
    return Table.of(records)


def bibtex(document: Entry) -> str:
    """BibTeX of the model, the distance and the statistics."""
    measured: tuple[str, ...] = _METHOD[document["options"]["method"]]
    shared = ("dubossarsky2017", "benjamini1995")
    return of_papers(*dict.fromkeys([*document["papers"], *measured, *shared]))


CHANGE = Kind(
    heading=heading,
    subtitle=subtitle,
    sections=sections,
    bibtex=bibtex,
    plots="wordvec.evaluation.report.change.figures:plots",
)
