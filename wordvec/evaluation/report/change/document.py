"""The document of a comparison of collections of texts: words, how far they moved, and chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordvec._version import __version__
from wordvec.errors import Unanswerable, UnknownWordError
from wordvec.evaluation.core.names import distinct
from wordvec.evaluation.core.results import to_json
from wordvec.evaluation.report.document import Origin

if TYPE_CHECKING:
    from wordvec.inference.change import Changes

SCHEMA = "wordvec-change/1"

CAVEATS = (
    "A distance alone says little: two trainings on the same texts already put a rare word into "
    "two places. Compare it with what exchanged documents give.",
    "What changed may be the world, the topics, the spelling or the kind of text, and not the "
    "meaning of a word. Look at the neighbours, and read the texts.",
    "q bounds the share of the words called changed that are not, in the mean: of those with "
    "q < .05 about one in twenty.",
    "Documents are exchanged in blocks. When few documents make a collection, chance is known only "
    "roughly.",
)


@dataclass(frozen=True)
class Compared:
    """A collection of texts: its name in the report, its folder, and its size."""

    name: str
    path: str
    blocks: int
    documents: int
    words: int


@dataclass(frozen=True)
class Word:
    """A word of a step, see `wordvec.inference.change.WordChange`."""

    word: str
    distance: float = field(metadata={"schema": {"minimum": 0, "maximum": 2}})
    by_chance: float
    z: float = field(metadata={"nan": True})
    p: float
    q: float
    old_count: int
    new_count: int


@dataclass(frozen=True)
class Step:
    """From one collection to the next: the words, the largest z first, and notes."""

    old: str
    new: str
    notes: tuple[str, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Shown:
    """The nearest words of a word in both collections of a step."""

    word: str
    old: str
    new: str
    nearest_in_old: tuple[str, ...]
    nearest_in_new: tuple[str, ...]


@dataclass(frozen=True)
class Untested:
    """A word that was asked for and cannot be answered, in which step and why."""

    word: str
    old: str
    new: str
    reason: str


def chosen(steps: Sequence[Changes], top: int) -> list[str]:
    """The words that moved farthest beyond chance in any step, the farthest first."""
    z: dict[str, float] = {}
    for step in steps:
        for each in step.words[:top]:
            z[each.word] = max(z.get(each.word, each.z), each.z)
    return sorted(z, key=lambda word: -z[word])[:top]


def named(paths: Sequence[str]) -> list[str]:
    """What the collections are called: their folders, with as much of the path as tells them apart.

    Raises
    ------
    DatasetError
        For one folder given twice.
    """
    return distinct([Path(path).resolve().name for path in paths], paths)


def build(
    steps: Sequence[Changes],
    words: Iterable[str],
    options: Mapping[str, Any],
    papers: Sequence[str] = (),
    *,
    topn: int = 5,
    origin: Origin | None = None,
) -> dict[str, Any]:
    """The document: everything that the report shows, ready for JSON.

    Parameters
    ----------
    steps : sequence of Changes
        Of `change_series`, or one of `change`.
    words : iterable of str
        The words that are shown with their neighbours.
    options : dict
        How the steps were made: model, method, nulls, least, seed, and the options of the model.
    papers : sequence of str
        Of the model, keys of `wordvec.references`.
    topn : int
        Neighbours of each word.

    Raises
    ------
    UnknownWordError
        For a word that is not in the vocabulary.
    """
    between = [steps[0].between[0], *(step.between[1] for step in steps)]
    names = named([each.path for each in between])
    shown: list[Shown] = []
    untested: list[Untested] = []
    for word in words:
        for step, old, new in zip(steps, names, names[1:], strict=False):
            try:
                then, now = step.neighbors(word, topn)
                shown.append(Shown(word, old, new, tuple(then), tuple(now)))
            except UnknownWordError:
                raise
            except Unanswerable as error:
                untested.append(Untested(word, old, new, str(error)))
    return {
        "schema": SCHEMA,
        "wordvec": __version__,
        "origin": to_json(origin or Origin()),
        "options": to_json(dict(options)),
        "papers": list(papers),
        "collections": to_json(
            [
                Compared(name, each.path, each.blocks, each.documents, each.words)
                for name, each in zip(names, between, strict=True)
            ]
        ),
        "steps": to_json(
            [
                Step(old, new, tuple(step.notes()), tuple(Word(**vars(w)) for w in step.words))
                for step, old, new in zip(steps, names, names[1:], strict=False)
            ]
        ),
        "shown": to_json(shown),
        "untested": to_json(untested),
        "caveats": list(CAVEATS),
    }


def rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A record for each shown word of each step, for tables: those of one word together."""
    several = len(document["steps"]) > 1
    found = {
        (step["old"], step["new"], each["word"]): each
        for step in document["steps"]
        for each in step["words"]
    }
    return [
        {
            "word": one["word"],
            **({"step": f"{one['old']} to {one['new']}"} if several else {}),
            **numbers(found[one["old"], one["new"], one["word"]]),
            "nearest in old": " ".join(one["nearest_in_old"]),
            "nearest in new": " ".join(one["nearest_in_new"]),
        }
        for one in document["shown"]
    ]


def numbers(each: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a word under the headings of tables."""
    return {
        "distance": each["distance"],
        "by chance": each["by_chance"],
        "z": each["z"],
        "p": each["p"],
        "q": each["q"],
        "old count": each["old_count"],
        "new count": each["new_count"],
    }
