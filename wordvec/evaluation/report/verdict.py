"""What a reader should know first, in sentences made from the numbers of the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from wordvec.evaluation.core.measure import (
    P_FOUND,
    Entry,
    another_language,
    beyond_chance,
    counts,
    number,
    p_text,
    scant,
    title,
)
from wordvec.evaluation.measures import MEASURES, OF_BIAS

_CORPUS = ("corpus", "input", "source", "text")  # what a file calls its text
_PAIRS = 6  # of models that are compared in sentences; more are in the table alone


_SMALL = 20_000  # words of a vocabulary that lacks much of a set in its own language


def heading(document: Entry) -> str:
    """What the report is: bias, an evaluation, or a comparison of several."""
    names = [m["name"] for m in document["models"]]
    if all(measure in OF_BIAS for measure in document["results"]):
        return f"Bias of {listed(names)}"
    return f"{'Comparison' if len(names) > 1 else 'Evaluation'} of {listed(names)}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names as in a sentence."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def subtitle(document: Entry) -> list[str]:
    """Date, command, versions, and what the models say of their training."""
    origin = document["origin"]
    versions = {"wordvec": document["wordvec"], **origin["versions"]}
    out = [origin["date"] or "", ", ".join(f"{k} {v}" for k, v in versions.items())]
    corpora = _same(_fact(m["meta"], _CORPUS) for m in document["models"])
    seeds = _same(_fact(m["meta"], ("seed",)) for m in document["models"])
    tokens = _same(_fact(m["meta"], ("corpus_tokens",)) for m in document["models"])
    if corpora:
        out.append(f"corpus {corpora}")
    elif tokens:  # counts do not know what their text was called
        out.append(f"corpus of {tokens} words")
    out.append(f"seed of training {seeds}" if seeds else "")
    out.append(f"seed of intervals {document['options']['seed']}")
    out.append(f"intervals of {100 * document['options']['level']:.4g} %")
    return [part for part in out if part]


def _same(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(v) for v in values if v not in (None, "")))


def _fact(meta: Entry, names: Sequence[str]) -> Any:
    """The first of these that a model's file says, at any depth that is a table."""
    for name in names:
        if isinstance(meta.get(name), str | int):
            return meta[name]
    for value in meta.values():
        if isinstance(value, dict) and (found := _fact(value, names)) not in (None, ""):
            return found
    return None


def sentences(document: Entry) -> list[str]:
    """The verdict: what is better, by how much and how sure; which associations stand; what to
    distrust."""
    out = [*_compared(document)]
    for model in document["models"]:
        said = " ".join(_of_model(document, model))
        out += [f"{model['name']}: {said}"] if said else []
    return [*out, *_over_seeds(document), *_lacking(document)]


def _compared(document: Entry) -> Iterator[str]:
    pairs: dict[tuple[str, str], list[Entry]] = {}
    for c in document["comparisons"]:
        pairs.setdefault((c["first"], c["second"]), []).append(c)
    first = document["models"][0]["name"]
    if len(pairs) > _PAIRS:
        pairs = {names: found for names, found in pairs.items() if first in names}
    for (one, other), found in pairs.items():
        better = [c for c in found if c["p_holm"] < P_FOUND and c["difference"] > 0]
        worse = [c for c in found if c["p_holm"] < P_FOUND and c["difference"] < 0]
        middle = median(c["difference"] for c in found)
        text = (
            f"{one} scores higher than {other} on {len(better)} of {len(found)} questions that "
            f"both answer, lower on {len(worse)} (Holm-adjusted p < {P_FOUND:g}); the other "
            f"{len(found) - len(better) - len(worse)} do not tell them apart. The median "
            f"difference is {middle:+.3f}."
        )
        extreme = max(found, key=lambda c: abs(c["difference"]))
        if extreme["p_holm"] < P_FOUND:
            text += (
                f" The largest is on {extreme['dataset']}: {extreme['difference']:+.3f} "
                f"({extreme['interval']['low']:+.3f} to {extreme['interval']['high']:+.3f})."
            )
        yield text


def _of_model(document: Entry, model: Entry) -> Iterator[str]:
    name = model["name"]
    items = [e for e in _entries(document, name) if "dataset" in e and not scant(e)]
    if items:
        above = [e for e in items if beyond_chance(e)]
        text = (
            f"{len(above)} of {len(items)} scores on evaluation sets lie above what chance "
            "gives (the upper end of the band in their tables)"
        )
        within = [title(e) for e in items if not beyond_chance(e)]
        yield text + (f"; not above it: {listed(within)}." if within else ".")
    tests = [e for e in _entries(document, name) if e["measure"] == "weat"]
    if tests:
        stand = [e for e in tests if found(e)]
        text = (
            f"{len(stand)} of {len(tests)} association test{'s' * (len(tests) > 1)} "
            f"stand{'s' * (len(tests) == 1)} after Holm's correction "
            f"(p < {P_FOUND:g})"
        )
        shown = [f"{e['name']} (d {number(e['score'], 2)}, p {p_text(e['p_holm'])})" for e in stand]
        yield text + (f": {listed(shown, 10)}." if shown else ".")
        unsure = [e["name"] for e in stand if e["interval"]["low"] <= 0]
        if unsure:
            yield (
                f"The interval over words reaches 0 in {listed(unsure)}: with other words "
                "of the kind the effect could vanish."
            )
        never = [f"{e['name']} ({number(e['least_p'])})" for e in tests if e["least_p"] >= P_FOUND]
        if never:
            yield (
                f"Too few words are known for a p under {P_FOUND:g} whatever the vectors; "
                f"the least possible p is that in brackets: {listed(never)}."
            )
    if model["unusable"]:
        yield f"{len(model['unusable'])} words have no usable vector (zero or not finite)."


def found(e: Entry) -> bool:
    """Whether an association test stands: exchanges of the targets do not explain it."""
    return e["p_holm"] is not None and e["p_holm"] < P_FOUND


def _over_seeds(document: Entry) -> Iterator[str]:
    """Where the interval over seeds and the p of the tests seem to contradict each other."""
    p = {(e["model"], e["name"]): e["p_holm"] for e in document["results"].get("weat", ())}
    torn = [
        s["dataset"]
        for s in document["seeds"]
        if s["measure"] == "weat"
        and (s["interval"]["low"] > 0 or s["interval"]["high"] < 0)
        and any((p.get((m, s["dataset"])) or 0) >= P_FOUND for m in s["models"])
    ]
    if torn:
        yield (
            f"{listed(list(dict.fromkeys(torn)))}: d differs from 0 over seeds of training and not "
            "over re-partitions of the words. The first says that another training finds the same "
            "d; the second that these words are too few, or too mixed, to call it an association."
        )


def _lacking(document: Entry) -> Iterator[str]:
    everything = [e for group in document["results"].values() for e in group]
    models = len(document["models"])
    few = _with_models((e for e in everything if scant(e) and not another_language(e)), models)
    if few:
        yield (
            f"Under a tenth was answered of {listed(few)}: these scores are grey and compared with "
            "nothing."
        )
    foreign = _with_models((e for e in everything if another_language(e)), models)
    if foreign:
        small = all(m["words"] < _SMALL for m in document["models"])
        why = "another language, or too few words" if small else "another language"
        yield (
            f"Under a tenth was answered of {listed(foreign)}: {why}? These scores are grey and "
            "compared with nothing."
        )
    low = _with_models(
        (e for e in everything if not scant(e) and counts(e)[0] < counts(e)[1] / 2), models
    )
    if low:
        yield f"Less than half was answered of {listed(low)}: these scores say little."
    cautions = dict.fromkeys(
        f"{MEASURES[name].title}: {MEASURES[name].caution}"
        for name in document["results"]
        if MEASURES[name].caution
    )
    yield from cautions
    failed = [g for g in document["gates"] if not g["passed"]]
    for g in failed:
        score = number(g["score"])
        yield f"{g['model']}: {g['gate']} is {score}, under the gate of {g['least']:g}."
    refused = [r for r in document["refused"] if r["model"] != "-"]
    if refused:
        questions = "1 question" if len(refused) == 1 else f"{len(refused)} questions"
        yield f"{questions} could not be answered; see Not answered."


def _with_models(entries: Iterable[Entry], models: int) -> list[str]:
    """Titles of entries, each with the models that it is of unless it is of all."""
    of: dict[str, list[str]] = {}
    for e in entries:
        own = of.setdefault(title(e), [])
        if e["model"] not in own:
            own.append(e["model"])
    return [name if len(own) == models else f"{name} ({listed(own)})" for name, own in of.items()]


def _entries(document: Entry, model: str) -> list[Entry]:
    return [e for group in document["results"].values() for e in group if e["model"] == model]
