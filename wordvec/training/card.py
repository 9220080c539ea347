"""The card: what a file of vectors records of where they came from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from wordvec._version import __version__
from wordvec.estimator import Estimator
from wordvec.text.corpus import Corpus

if TYPE_CHECKING:
    from wordvec.counts.shards import Shards
    from wordvec.training.loop import Trained

SHARDS = ("window", "weighting", "direction", "corpus_tokens", "cells")


def card(
    estimator: Estimator, trained: Trained | None = None, *, name: str = "", **facts: Any
) -> dict[str, Any]:
    """The metadata of vectors that an estimator has made.

    Parameters
    ----------
    estimator
        Its options are recorded, all but the number of threads.
    trained
        What the training loop reported; None for a construction or a transform.
    name
        Name of the model; by default that of the class in lower case.
    facts
        What else is known: the data (`corpus_facts`, `shards_facts`), the manifold. Values can be
        JSON.

    Returns
    -------
    dict
        With model, options, the facts, training (losses; held_out where it was measured) and tool.
        Nothing of the clock: files of the same vectors are the same bytes.
    """
    options = estimator.recorded()
    meta = {
        "model": name or type(estimator).__name__.lower(),
        "options": {name: value for name, value in options.items() if name != "threads"},
        **facts,
    }
    if trained is not None:
        # JSON has no NaN: null stands for an epoch in which nothing was trained.
        losses = [None if math.isnan(loss) else loss for loss in trained.losses]
        meta["training"] = {"losses": losses}
        if trained.held_out:
            meta["training"]["held_out"] = trained.held_out
    return meta | {"tool": f"wordvec {__version__}"}


def corpus_facts(corpus: Corpus) -> dict[str, Any]:
    """What a card records of a text."""
    stats = corpus.stats
    facts: dict[str, Any] = {
        "tokens": stats.tokens,
        "known_tokens": corpus.known,
        "bytes": stats.bytes,
        "lines": stats.lines,
        "types": stats.types,
        "too_long": stats.too_long,
        "not_utf8": stats.not_utf8,
    }
    if words := corpus.options.recorded():
        facts["text"] = words
    return facts


def shards_facts(shards: Shards) -> dict[str, Any]:
    """What a card records of co-occurrence counts."""
    return {name: shards.manifest.get(name) for name in SHARDS} | (
        {"text": shards.manifest["text"]} if "text" in shards.manifest else {}
    )
