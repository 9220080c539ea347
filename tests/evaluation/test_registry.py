"""What every measure of the registry owes: a run, a place in the schema, a rendering, a source."""

import copy
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import wordvec.evaluation.measures as registry
from wordvec import WordVectors
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import GenderLists, WeatTest, gender_lists
from wordvec.evaluation.core.measure import Measure, counts, number, title
from wordvec.evaluation.core.results import Interval
from wordvec.evaluation.measures import MEASURES, OF_BIAS, OF_QUALITY
from wordvec.evaluation.measures.bias.sets import sembias
from wordvec.evaluation.report import document as report
from wordvec.evaluation.report import reference, tables
from wordvec.evaluation.report.schema import schema
from wordvec.evaluation.run import Options, run

jsonschema = pytest.importorskip("jsonschema")

HOUSE = Path(registry.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def vectors(make_vectors):
    """1,500 words in 10 dimensions, among them all lists of gender and w0 to w99."""
    lists = gender_lists()
    words = dict.fromkeys([f"w{i}" for i in range(100)])
    words.update(dict.fromkeys(word for pair in lists.pairs for word in pair))
    words.update(dict.fromkeys([*lists.professions, *dict(lists.female_share)]))
    words.update(dict.fromkeys(w for q in sembias.questions() for pair in q for w in pair))
    words.update(dict.fromkeys(f"v{i}" for i in range(1500 - len(words))))
    rng = np.random.default_rng(3)
    wv = make_vectors(words, rng.standard_normal((len(words), 10)))
    return WordVectors([*wv.index_to_key], wv.vectors, counts=range(len(words), 0, -1))


@pytest.fixture(scope="module")
def found(vectors):
    """A document of one model that holds results of every measure of the registry."""
    rng = np.random.default_rng(1)
    texts = {
        "pairs": "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(40)) + "\nw1\tunseen\t3",
        "questions": ": s\n" + "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(40)),
        "groups": ",category,outliers,words\n0,G,\"['w1', 'w2']\",\"['w3', 'w4', 'w5']\"\n",
        "classes": ",category,word\n" + "\n".join(f"{i},{'ab'[i % 2]},w{i}" for i in range(40)),
        "relations": "word1,word2,relation\n"
        + "\n".join(f"w{i % 20},w{20 + i},{'xy'[i % 2]}" for i in range(60)),
        "traits": "\n".join(f'w{i}\t{{"p": {rng.random():.4f}}}' for i in range(80)),
    }
    sets = [datasets.loads(text, name=name) for name, text in texts.items()]
    lists = (tuple(f"w{i}" for i in range(start, start + 6)) for start in (0, 6, 12, 18))
    options = Options(measures=tuple(MEASURES), resamples=40, samples=1000)
    return run({"m": (vectors, None)}, sets, [WeatTest("mine", "my lists", *lists)], options)


def test_the_registry_lists_every_module_and_nothing_else():
    files = {
        ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        for path in HOUSE.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert files == set(registry._ROWS.values())
    assert [measure.name for measure in MEASURES.values()] == list(MEASURES)
    assert set(OF_BIAS) | set(OF_QUALITY) == set(MEASURES)
    with pytest.raises(KeyError):
        MEASURES["vibes"]


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_run_by_the_suite_and_in_its_range(found, name):
    measure, entries = MEASURES[name], found["results"][name]
    low, high = measure.range
    for e in entries:
        assert e["measure"] == name
        assert low is None or low <= min(e["score"], e["interval"]["low"])
        assert high is None or high >= max(e["score"], e["interval"]["high"])
        assert e["interval"]["low"] <= e["interval"]["high"]
        assert title(e)
        got, asked = counts(e)
        assert 0 < got <= asked


def test_every_result_follows_the_schema(found):
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(json.loads(json.dumps(found, allow_nan=False)), made)
    assert set(found["results"]) == set(made["properties"]["results"]["properties"])
    assert set(found["results"]) == set(MEASURES)


@pytest.mark.parametrize("name", MEASURES)
def test_the_schema_holds_each_field_of_a_result(found, name):
    validator = jsonschema.Draft202012Validator(schema([MEASURES[name]]))
    whole = {**found, "results": {name: found["results"][name]}}
    assert validator.is_valid(whole)
    for field in found["results"][name][0]:
        broken = copy.deepcopy(whole)
        del broken["results"][name][0][field]
        assert not validator.is_valid(broken), field
        broken["results"][name][0][field] = {"other": [None]}
        assert not validator.is_valid(broken), field
    broken = copy.deepcopy(whole)
    broken["results"][name][0]["surplus"] = 1
    assert not validator.is_valid(broken)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_shown_with_its_number(found, name):
    measure = MEASURES[name]
    (section,) = [s for s in tables.sections(found) if s.key == name]
    assert section.heading == measure.title
    assert measure.about in section.text
    assert measure.caution in section.text
    rows = [row for table in section.tables for row in table.rows]
    for e in found["results"][name]:
        assert any(number(e["score"]) in row and title(e) in " ".join(row) for row in rows)
    text = report.markdown(found)
    assert f"## {measure.title}\n" in text


def test_a_result_that_no_measure_shows_is_an_error(found):
    broken = copy.deepcopy(found)
    broken["results"]["vibes"] = broken["results"]["similarity"]
    with pytest.raises(KeyError, match="vibes"):
        report.markdown(broken)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_cited(name):
    entries = re.findall(r"@(\w+)\{([\w:-]+),\n(.*?)\n\}", MEASURES[name].reference, re.S)
    assert entries
    for kind, _, body in entries:
        assert kind in ("article", "inproceedings", "incollection", "book", "misc", "phdthesis")
        for field in ("author", "title", "year"):
            assert re.search(rf"^  {field} = \{{.+", body, re.M), field


@pytest.mark.parametrize("name", MEASURES)
def test_options_of_a_run_reach_the_measures_that_have_them(name):
    options = MEASURES[name].options
    assert "level" in options
    assert "seed" in options or name == "geometry"  # whose interval is in closed form
    assert "vectors" not in options


def test_the_reference_in_the_docs_is_that_of_the_registry():
    assert (DOCS / "reference" / "measures.md").read_text("utf-8") == reference.reference(), (
        "write it again: python -m wordvec.evaluation.report.reference > docs/reference/measures.md"
    )


# --- what a measure must have ---------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    measure: str
    name: str
    title: str
    protocol: str
    lists: dict[str, str]
    score: float
    interval: Interval
    chance: float


@pytest.fixture
def made():
    return dict(
        name="own",
        title="Own",
        score="own score",
        about="What it is.",
        asks=None,
        run=lambda space: None,
        result=Result,
        columns={"score": lambda e: "1"},
        reference="@misc{a,\n  title = {b},\n}",
    )


def test_a_measure_is_made_of_what_it_needs(made):
    assert Measure(**made).name == "own"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "Own Measure", "lower case"),
        ("title", " ", "title is empty"),
        ("about", "", "about is empty"),
        ("reference", "", "reference is empty"),
        ("columns", {}, "neither columns nor detail"),
        ("result", dict, "dataclass"),
        ("result", Interval, "needs measure"),
    ],
)
def test_a_measure_without_a_part_is_refused(made, field, value, message):
    with pytest.raises(ValueError, match=message):
        Measure(**{**made, field: value})


def test_a_row_that_holds_another_measure_is_refused(monkeypatch):
    monkeypatch.setitem(registry._ROWS, "other", "similarity")
    with pytest.raises(ValueError, match="'other' of the registry holds the measure 'similarity'"):
        MEASURES["other"]


def test_a_type_without_a_schema_is_refused():
    @dataclass(frozen=True)
    class Odd(Result):
        callback: type

    with pytest.raises(TypeError, match="no schema"):
        schema([replace(MEASURES["similarity"], result=Odd)])


def test_measures_of_gender_call_their_question_alike(found):
    """What a refusal of theirs names is what their results are called."""
    for name, measure in MEASURES.items():
        if measure.asks is GenderLists:
            for e in found["results"][name]:
                assert title(e).partition(" (")[0] == (measure.question or "gender"), name
