"""What tests of counting share: small corpora, and budgets that cut them into many blocks."""

import io
import random

import pytest

from wordvec.counts import count as cooccurrence
from wordvec.text.corpus import encode


def corpus_of(seed, words=3000, types=400, **options):
    rng = random.Random(seed)
    text = " ".join(
        f"w{min(int(rng.paretovariate(0.7)), types)}" + ("\n" if rng.random() < 0.05 else "")
        for _ in range(words)
    )
    return encode(io.BytesIO(text.encode()), min_count=1, **options)


def pieces_of(corpus, window, k, memory, threads):
    return -(-len(corpus.ids) // memory)


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Budgets in tokens, so that a small corpus has many blocks and merges in several levels."""

    monkeypatch.setattr(cooccurrence, "_block_memory", lambda corpus, memory, threads: memory)
    monkeypatch.setattr(cooccurrence, "_block_count", pieces_of)
    monkeypatch.setattr(cooccurrence, "FAN_IN", 3)
    monkeypatch.setattr(cooccurrence, "CELL_BUFFER", 16)
