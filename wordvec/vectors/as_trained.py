"""Texts split into words as the text was that vectors were trained on.

The card of vectors is data from elsewhere: what it names (a program, a Python function, a file) is
never run or opened because it stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wordvec.text.lines import ascii_split
from wordvec.text.options import TextOptions
from wordvec.text.tokenise import line_splitter

BUILT_IN = ("whitespace", "unicode", "kmers")


def recorded_options(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says of how words were made, without names of files; {} where it says nothing."""
    for facts in (meta.get("corpus"), meta.get("shards")):
        if isinstance(facts, dict) and isinstance(facts.get("text"), dict):
            found: dict[str, Any] = {k: v for k, v in facts["text"].items() if k != "stop"}
            try:
                TextOptions.of(found)
            except (TypeError, ValueError):
                return {}
            return found
    return {}


def options_for(meta: Mapping[str, Any], given: Mapping[str, Any]) -> TextOptions:
    """The options that a card records, changed by those that are given.

    Raises
    ------
    ValueError
        When the words were made by something that only the user may run, and it is not given.
    """
    options = TextOptions.of({**recorded_options(meta), **given})
    if "tokenize" not in given and options.kind not in BUILT_IN:
        raise ValueError(
            f"the words were made by {options.tokenize}, and code that a file names is never run "
            f"without being asked for: give tokenize={options.tokenize!r}"
        )
    return options


def splitter_for(meta: Mapping[str, Any]) -> Callable[[str], list[str]]:
    """A function from a short text to its words as the card says; at white space where it does not
    say, or names what only the user may run."""
    options = TextOptions.of(recorded_options(meta))
    return line_splitter(options) if options.kind in BUILT_IN else ascii_split
