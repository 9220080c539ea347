"""Every file of vectors records the model, its options and the version that made it."""

import json

import numpy as np
import pytest

import wordvec
from wordvec.models import MODELS

TREE = [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 40)]
TEXT = [["a", "b", "c", "d"], ["d", "c", "b", "a"]] * 20
DISTANCES = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
STREAM = {"vector_size": 4, "epochs": 2, "min_count": 1, "threads": 1}
COUNTS = {"vector_size": 3, "min_count": 1, "threads": 1}
HIERARCHY = {"vector_size": 3, "epochs": 2, "burn_in": 1, "threads": 1}
OPTIONS = {"text": STREAM, "counts": COUNTS, "relations": HIERARCHY}
SOURCES = {"text": TEXT, "counts": TEXT, "relations": TREE}
MORE = {
    "fasttext": STREAM | {"bucket": 50, "sample": 0},
    "lexvec": COUNTS | {"sample": 0},
    "sarkar": {"tau": 0.7},
}
MADE = [
    (name, model.load(), MORE.get(name, OPTIONS[model.trains_on]), SOURCES[model.trains_on])
    for name, model in MODELS.items()
] + [("hmds", wordvec.HyperbolicMDS, {}, DISTANCES)]


@pytest.mark.parametrize(("name", "model", "options", "source"), MADE)
def test_a_card_has_model_options_data_and_version(name, model, options, source):
    estimator = model(**options).fit(source)
    meta = json.loads(json.dumps(estimator.vectors_.meta))
    assert meta["model"] == name
    assert meta["tool"] == f"wordvec {wordvec.__version__}"
    assert "threads" not in meta["options"]
    again = model(**meta["options"], **({"threads": 1} if "threads" in options else {}))
    assert again == estimator
    if hasattr(estimator, "losses_"):
        assert meta["training"]["losses"] == estimator.losses_
    facts = {"corpus", "shards", "relations", "construction"} & set(meta)
    assert len(facts) == 1


def test_a_card_says_what_was_read(planted):
    meta = wordvec.SkipGram(**STREAM, held_out=0.1).fit(planted).vectors_.meta
    assert meta["corpus"]["tokens"] == meta["corpus"]["known_tokens"] == 40_000
    assert meta["corpus"]["types"] == 40
    assert len(meta["training"]["held_out"]) == 2


def test_a_card_says_how_shards_were_counted():
    meta = wordvec.GloVe(**COUNTS, window=3).fit(TEXT).vectors_.meta
    expected = {"window": 3, "weighting": "harmonic", "direction": "symmetric"}
    assert expected.items() <= meta["shards"].items()
    assert meta["shards"]["corpus_tokens"] == 160
