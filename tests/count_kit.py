"""What tests of counting share: small corpora, and budgets that cut them into many blocks."""

import io
import random

import pytest

from wordvec.counts.counting import count as cooccurrence
from wordvec.counts.counting import rows
from wordvec.counts.counting.budget import Plan
from wordvec.text.corpus import encode


def corpus_of(seed, words=3000, types=400, **options):
    rng = random.Random(seed)
    text = " ".join(
        f"w{min(int(rng.paretovariate(0.7)), types)}" + ("\n" if rng.random() < 0.05 else "")
        for _ in range(words)
    )
    return encode(io.BytesIO(text.encode()), min_count=1, **options)


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Budgets in tokens, so that a small corpus has many blocks and merges in several levels."""

    def plan(corpus, window, k, memory, threads):
        return Plan(threads, len(corpus.ids) / memory)

    monkeypatch.setattr(cooccurrence, "plan_blocks", plan)
    monkeypatch.setattr(rows, "plan_merge", lambda _cells, _words, _room, t: (t, 200))
    monkeypatch.setattr(cooccurrence, "FAN_IN", 3)
    monkeypatch.setattr(rows, "CELL_BUFFER", 16)
