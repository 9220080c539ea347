"""The table of a debiasing: readers, association and damage, before and after."""

import json

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.debias import LEACE, HardDebias
from wordvec.errors import DatasetError
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.results import to_json
from wordvec.evaluation.proof import DAMAGE, MEASURED, READERS, prove
from wordvec.evaluation.report import proof_page
from wordvec.evaluation.report.document import Origin
from wordvec.spaces.debiasing.concepts import Concept


def planted(classes, size=1500, d=16, *, curved=False):
    """Words that lean to classes along planted directions; `curved`: and by a number's size."""
    rng = np.random.default_rng(4)
    names = "abc"[:classes]
    D = np.eye(d)[:classes] - np.eye(d)[:classes].mean(axis=0)
    words, rows = [], []
    for i in range(6):
        base = rng.standard_normal(d)
        for c in range(classes):
            words.append(f"{names[c]}{i}")
            rows.append(base + 3 * D[c])
    lean = rng.standard_normal((size, classes))
    X = rng.standard_normal((size, d)) + 2 * lean @ D
    if curved:  # the side changes how far a word lies along another axis, on both sides of 0
        side = (lean @ D)[:, 0] > 0
        X[:, -1] = np.where(side, 4.0, 0.2) * np.sign(rng.standard_normal(size))
    words += [f"n{i}" for i in range(size)]
    about = Concept(
        name="planted",
        classes=tuple(names),
        sets=tuple(tuple(f"{c}{i}" for c in names) for i in range(6)),
        exempt=tuple(words[: 6 * classes]),
        probe=tuple(f"n{i}" for i in range(40)),
    )
    return WordVectors(words, np.vstack([rows, X]).astype(np.float32)), about


def test_linear_readers_are_at_chance_after_leace_and_others_are_said():
    wv, about = planted(2, curved=True)
    pairs = "\n".join(f"n{i}\tn{i + 1}\t{i % 7}" for i in range(0, 80, 2))
    sets = [datasets.loads(pairs, name="pairs")]
    after = {"leace": LEACE(concept=about).fit_transform(wv)}
    found = prove(wv, after, about, sets=sets, words=50, resamples=50)
    linear, curved = found.row("linear probe"), found.row("non-linear probe")
    assert linear.cells["before"].score > 0.9
    assert abs(linear.cells["leace"].score - 0.5) < 0.15
    assert curved.cells["leace"].score > 0.8
    assert linear.cells["leace"].low < 0.5
    assert "still in these vectors for readers that are not linear" in found.text[1]
    assert {row.part for row in found.rows} == {READERS, MEASURED, DAMAGE}
    assert found.row("pairs").differences["leace"].low <= 0.2
    assert found.row("rank").cells["leace"].score == 15
    assert found.row("cosine").cells["leace"].score < 1
    assert found.words == 2 * 50
    json.dumps(to_json(found))


def test_the_words_that_judge_are_not_those_that_teach():
    """Of noise every reader learns its words by heart, and finds nothing in others."""
    wv, about = planted(2)
    rng = np.random.default_rng(7)
    noise = WordVectors([*wv], rng.standard_normal((len(wv), 400)).astype(np.float32))
    found = prove(wv, {"noise": noise}, about, words=100, resamples=20)
    for reader in ("linear probe", "non-linear probe"):
        assert abs(found.row(reader).cells["noise"].score - 0.5) < 3 * (0.25 / 100) ** 0.5
        assert found.row(reader).cells["before"].score > 0.9
    assert found.words == 100  # a vocabulary this small has no more that lean


def test_the_same_seed_gives_the_same_table():
    wv, about = planted(2)
    after = {"leace": LEACE(concept=about).fit_transform(wv)}
    one, again, other = (
        prove(wv, after, about, words=40, resamples=20, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other


def test_three_classes_have_readers_but_no_direction():
    wv, about = planted(3)
    after = {
        "leace": LEACE(concept=about).fit_transform(wv),
        "hard": HardDebias(concept=about, components=2).fit_transform(wv),
    }
    found = prove(wv, after, about, words=40, resamples=20)
    linear = found.row("linear probe")
    assert float(linear.ideal) == pytest.approx(1 / 3, abs=0.01)
    assert linear.cells["before"].score > 0.8
    assert linear.cells["leace"].score < 0.6
    assert found.row("rank").cells["hard"].score == 14
    with pytest.raises(KeyError):
        found.row("direct bias")
    origin = Origin("2026-11-27", "wordvec debias v.wv", {"numpy": "2.4"})
    page = proof_page.page(found, source="v.wv", origin=origin)
    assert "2026-11-27" in page
    assert "<code>wordvec debias v.wv</code>" in page
    assert "<svg" in page
    # On a narrow screen the heads of columns are hidden, and each cell names its own.
    for name in ("without it", "before", "leace", "hard"):
        assert page.count(f'data-label="{name}"') == len(found.rows)
    assert "unbiased" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    rows = proof_page.records(found)
    assert list(rows[0]) == ["measure", "ideal", "before", "leace", "hard"]


def test_other_words_are_refused():
    wv, about = planted(2)
    other = WordVectors([f"x{i}" for i in range(len(wv))], wv.vectors)
    with pytest.raises(DatasetError, match="other words"):
        prove(wv, {"other": other}, about)
