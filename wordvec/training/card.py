"""The card: what a store says of where its vectors came from."""

from __future__ import annotations

from typing import Any

from wordvec._version import __version__
from wordvec.estimator import Estimator
from wordvec.text.corpus import Corpus


def model_card(
    estimator: Estimator, model: str, corpus: Corpus, losses: list[float], seconds: float
) -> dict[str, Any]:
    """What a store says of where its vectors came from."""
    options = estimator.get_params()
    return {
        "model": model,
        "options": {name: value for name, value in options.items() if name != "threads"},
        "corpus": {
            "tokens": corpus.stats.tokens,
            "known_tokens": corpus.known,
            "bytes": corpus.stats.bytes,
            "lines": corpus.stats.lines,
            "types": corpus.stats.types,
            "too_long": corpus.stats.too_long,
            "not_utf8": corpus.stats.not_utf8,
        },
        "training": {"losses": losses, "seconds": round(seconds, 3)},
        "tool": f"wordvec {__version__}",
    }
