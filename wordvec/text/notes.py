"""What is odd about a text that was read, and which option would change it."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable

from wordvec.text.corpus import Corpus, CorpusStats
from wordvec.text.options import TextOptions
from wordvec.text.records.tables import SUFFIXES, suffix_of

LOOK = 5000  # most frequent words that are looked at for their script
# Scripts that put no spaces between words, by the names of their characters, and what splits them.
UNSPACED = {
    "HIRAGANA": ("Japanese", "fugashi", "MODULE:FUNCTION"),
    "CJK": ("Chinese", "jieba", "jieba:lcut"),
    "THAI": ("Thai", "pythainlp", "pythainlp:word_tokenize"),
    "LAO": ("Lao", "laonlp", "MODULE:FUNCTION"),
    "KHMER": ("Khmer", "khmernltk", "MODULE:FUNCTION"),
    "MYANMAR": ("Burmese", "pyidaungsu", "MODULE:FUNCTION"),
}


def _argument(name: str, value: str | None = None) -> str:
    return name if value is None else f"{name}={value!r}"


APOSTROPHES = "'\u2018\u2019\uff07"


def _is_sign(character: str) -> bool:
    """Whether it is punctuation or a symbol (Unicode's categories P and S)."""
    return unicodedata.category(character)[0] in "PS"


def inner_signs(words: Iterable[str]) -> dict[str, tuple[int, str]]:
    """How many words have a sign, by where and what it is, each with the first such word.

    "edge": at the beginning or end. Else, inside: "number" (the word has no letter, as 10,000),
    "apostrophe" (world's), "hyphen" (well-known), "connector" (formula_1), "other" (u.s). A word is
    counted once.
    """
    found: dict[str, tuple[int, str]] = dict.fromkeys(
        ("edge", "number", "apostrophe", "hyphen", "connector", "other"), (0, "")
    )
    for word in words:
        if word.isalnum():
            continue
        signs = [c for c in word if _is_sign(c)]
        if not signs:
            continue
        kinds = {unicodedata.category(c) for c in signs}
        if _is_sign(word[0]) or _is_sign(word[-1]):
            kind = "edge"
        elif not any(c.isalpha() for c in word):
            kind = "number"
        elif all(c in APOSTROPHES for c in signs):
            kind = "apostrophe"
        elif kinds == {"Pd"}:
            kind = "hyphen"
        else:
            kind = "connector" if kinds == {"Pc"} else "other"
        count, example = found[kind]
        found[kind] = count + 1, example or word
    return found


def signs_note(words: Iterable[str]) -> str:
    """A line about the signs that words have: shares of the distinct words."""
    vocabulary = list(words)
    found = inner_signs(vocabulary)
    each = 100 / max(len(vocabulary), 1)
    edge, _ = found.pop("edge")
    parts = [
        f"{each * count:.2f} % {_OF_SIGNS[kind]} ({example})"
        for kind, (count, example) in found.items()
        if count
    ]
    inside = each * sum(count for count, _ in found.values())
    said = f"{each * edge:.2f} % of {len(vocabulary):,} distinct words begin or end in a sign"
    return f"{said}; {inside:.2f} % have one inside" + (f": {', '.join(parts)}" if parts else "")


_OF_SIGNS = {
    "number": "numbers",
    "apostrophe": "apostrophes",
    "hyphen": "hyphens",
    "connector": "underscores",
    "other": "others",
}


def signed_share(words: Iterable[str]) -> tuple[float, str]:
    """The share of words that begin or end in a sign though they have a letter or digit, and those
    that are signs only; and the first such word that is also there without it."""
    all_words = list(words)
    known = set(all_words)
    found, example = 0, ""
    for word in all_words:
        if word.isalnum():
            continue
        if _is_sign(word[0]) or _is_sign(word[-1]):
            found += 1
            if not example and word[:-1].isalnum() and word[:-1] in known:
                example = word
    return found / max(len(all_words), 1), example


def notes(
    stats: CorpusStats,
    words: Iterable[str],
    options: TextOptions,
    *,
    inputs: Iterable[str] = (),
    argument: Callable[..., str] = _argument,
    signs: bool = False,
) -> list[str]:
    """Lines for a user, one fact each.

    Parameters
    ----------
    stats, words, options
        Of the text: what was counted, the vocabulary by falling count, how it was split.
    inputs : iterable of str
        The files' names.
    argument : callable
        Spells an option: ("tokenize", "unicode") is tokenize='unicode' in Python.
    signs : bool
        Say how many words have signs, however few, unless the words were split at white space.
    """
    said = []
    vocabulary = list(words)
    if stats.too_long:
        tokens = "1 token" if stats.too_long == 1 else f"{stats.too_long:,} tokens"
        said.append(f"{tokens} of over 1,000 bytes left out")
    if stats.not_utf8:
        words_are = "1 word is" if stats.not_utf8 == 1 else f"{stats.not_utf8:,} words are"
        said.append(
            f"{words_are} not valid UTF-8, and kept as bytes (another encoding? iconv -f LATIN1 -t "
            "UTF-8)"
        )
    said += _of_records(stats)
    for name in inputs:
        kind = SUFFIXES.get(suffix_of(name))
        if kind and options.text_column is None and options.text == "auto":
            said.append(
                f"{name} is read as plain text, columns and all; if it is a table, name its column "
                f"of text: {argument('text_column', 'NAME')}"
            )
            break
    if options.kind == "whitespace":
        share, example = signed_share(vocabulary)
        if share >= 0.01:
            shown = f", as {example!r} beside {example[:-1]!r}" if example else ""
            said.append(
                f"{100 * share:.0f} % of the words begin or end in punctuation{shown}: "
                f"{argument('tokenize', 'unicode')} makes words of them"
            )
    elif signs and vocabulary:
        said.append(signs_note(vocabulary))
    said += _of_scripts(vocabulary, options, argument)
    turkic, letters = stats.split.get("turkic", 0), stats.split.get("letters", 0)
    if options.lower and options.language == "any" and turkic > max(0.2 * letters, 20):
        said.append(
            f"this looks like Turkish or Azerbaijani, whose I becomes ı: "
            f"{argument('language', 'tr')}"
        )
    return said


def _of_records(stats: CorpusStats) -> list[str]:
    records, said = stats.records, []
    if records.rows:
        parts = [f"{records.rows:,} rows or articles were read"]
        if records.left_out:
            parts.append(f"{records.left_out:,} left out by the condition")
        if records.empty:
            parts.append(f"{records.empty:,} had no text")
        said.append(", ".join(parts))
    if records.dropped:
        said.append(
            "left out: " + ", ".join(f"{n:,} {kind}" for kind, n in records.dropped.items() if n)
        )
    return said


def _of_scripts(
    vocabulary: list[str], options: TextOptions, argument: Callable[..., str]
) -> list[str]:
    if options.kind not in ("whitespace", "unicode"):
        return []
    looked = vocabulary[:LOOK]
    counts = dict.fromkeys(UNSPACED, 0)
    for word in looked:
        last = next((c for c in reversed(word) if c.isalnum()), "")
        script = unicodedata.name(last, "").split("-")[0].split(" ")[0] if last else ""
        if script in counts:
            counts[script] += 1
    unspaced = sum(counts.values())
    if not unspaced or unspaced < 0.05 * len(looked):
        return []
    script = max(counts, key=lambda name: counts[name])
    if counts["HIRAGANA"] > 0.02 * unspaced:  # Japanese has Han characters, too
        script = "HIRAGANA"
    language, library, function = UNSPACED[script]
    became = "single characters" if options.kind == "unicode" else "whole phrases"
    return [
        f"{100 * unspaced / len(looked):.0f} % of the frequent words are {language}, which has no "
        f"spaces: they are {became}; split them with a segmenter such as {library}: "
        f"{argument('tokenize', f'python:{function}')}"
    ]


def corpus_notes(corpus: Corpus, **more: object) -> list[str]:
    """`notes` of a corpus."""
    words = itertools.islice(corpus.vocab, 200_000)
    return notes(corpus.stats, words, corpus.options, **more)  # type: ignore[arg-type]
