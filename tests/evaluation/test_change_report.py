"""The report of a change: page, tables, figures and references, for two collections and more."""

import csv
import json
import re

import pytest

from wordvec.errors import UnknownWordError
from wordvec.evaluation.report import document as report
from wordvec.evaluation.report import latex
from wordvec.evaluation.report.change.document import build, chosen, rows
from wordvec.evaluation.report.change.tables import bands, bibtex, heading, sentences
from wordvec.evaluation.report.kinds import KINDS, kind_of
from wordvec.evaluation.report.schema import change_schema

WORDS = [f"word{i}" for i in range(80)]
OPTIONS = {"model": "ppmi", "method": "procrustes", "nulls": 10, "least": 20, "seed": 7}


def made(*steps, words=None, **how):
    origin = report.Origin("2026-11-27", "wordvec change old new", {"numpy": "2.4"})
    asked = chosen(steps, 6) if words is None else words
    return build(steps, asked, {**OPTIONS, **how}, ("levy2015",), origin=origin)


@pytest.fixture(scope="module")
def two(change_step):
    return made(change_step("old", "new", WORDS), words=["word0", "word1", "word40", "seldom"])


@pytest.fixture(scope="module")
def series(change_step):
    return made(
        change_step("a", "b", WORDS),
        change_step("b", "c", WORDS[::-1]),
        change_step("c", "d", WORDS[20:], WORDS[:20]),
    )


def test_the_head_says_what_when_and_how(two, series):
    assert heading(two) == "Change of words from old to new"
    assert heading(series) == "Change of words over a, b, c and d"
    text = report.markdown(two)
    for said in (
        "2026-11-27",
        "`wordvec change old new`",
        "numpy 2.4",
        "old: 100 documents, 1,000 words",
        "10 exchanges of documents",
        "seed 7",
        "ppmi",
    ):
        assert said in text


def test_the_verdict_counts_what_lies_beyond_chance(two):
    said = list(sentences(two))
    assert said[0].startswith("20 of 80 words moved farther than exchanges of documents move them")
    assert "about 1 of them by luck" in said[0]
    assert "word0 (0.32, by chance 0.20)" in said[1]
    assert "with frequency (Spearman's rho" in said[2]


def test_the_verdict_says_when_nothing_or_nearly_everything_changed(change_step):
    calm = made(change_step("old", "new", WORDS[:3]))
    assert "None of 3 words moved farther" in next(sentences(calm))
    assert "no p is under 0.2000" in " ".join(sentences(calm))
    loud = made(change_step("old", "new", WORDS))
    for each in loud["steps"][0]["words"]:
        each["q"] = 0.01
    assert "More than half of the words changed" in " ".join(sentences(loud))


def test_notes_and_refusals_are_told(two, change_step):
    uneven = made(change_step("old", "new", WORDS, uneven=2.5))
    assert "2.5 times as many words" in " ".join(sentences(uneven))
    assert "'seldom' occurs 2 times in the older" in report.markdown(two)
    with pytest.raises(UnknownWordError, match="nowhere"):
        made(change_step("old", "new", WORDS), words=["nowhere"])


def test_the_words_that_are_shown_lie_farthest_beyond_chance_in_any_step(series):
    shown = list(dict.fromkeys(one["word"] for one in series["shown"]))
    assert shown == ["word0", "word79", "word20", "word1", "word78", "word21"]
    untested = {(each["word"], each["old"]) for each in series["untested"]}
    assert untested == {("word0", "c"), ("word1", "c")}
    records = [r["step"] for r in rows(series) if r["word"] in ("word0", "word79")]
    assert records == ["a to b", "b to c", "a to b", "b to c", "c to d"]


def test_the_document_follows_its_schema(two, series):
    jsonschema = pytest.importorskip("jsonschema")
    schema = change_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for document in (two, series):
        jsonschema.validate(json.loads(json.dumps(document, allow_nan=False)), schema)


def test_every_word_is_in_the_csv_and_the_shown_ones_in_latex(two, tmp_path, change_step):
    latex.write_csv(two, tmp_path / "csv")
    with (tmp_path / "csv" / "all.csv").open() as file:
        records = list(csv.DictReader(file))
    assert [r["word"] for r in records] == WORDS
    assert float(records[0]["distance"]) == pytest.approx(two["steps"][0]["words"][0]["distance"])
    latex.write_latex(two, tmp_path / "t.tex")
    text = (tmp_path / "t.tex").read_text()
    assert r"\label{tab:words}" in text
    assert "word40" in text
    assert "word79" not in text
    cited = re.search(r"\\nocite\{(.*)\}", text)[1].split(",")
    entries = re.findall(r"@\w+\{(.*),", (tmp_path / "t.bib").read_text())
    assert set(cited) == set(entries)
    expected = {"levy2015", "hamilton2016diachronic", "dubossarsky2017", "benjamini1995"}
    assert expected <= set(entries)
    assert "hamilton2016cultural" in bibtex(made(change_step("a", "b", WORDS), method="neighbors"))


def test_bands_of_frequency_hold_every_word_once(two):
    found = bands(two["steps"][0])
    assert sum(band["words"] for band in found) == len(WORDS)
    assert sum(band["changed"] for band in found) == 20
    assert [band["from"] for band in found] == sorted(band["from"] for band in found)


def test_the_page_carries_the_shown_numbers_and_figures(two, series, tmp_path):
    html = pytest.importorskip("wordvec.evaluation.report.html")
    drawing = pytest.importorskip("wordvec.evaluation.report.drawing")
    for document, figures in ((two, 2), (series, 2)):
        page = html.page(document)
        assert page == html.page(document)
        for record in rows(document):
            assert f"{record['distance']:.2f}" in page
            assert record["nearest in new"] in page
        found = re.findall(r"<figure.*?</figure>", page, re.S)
        assert len(found) == figures
        assert all("<text" in figure for figure in found)
        assert "word79</td>" not in page or document is series
        links = re.findall(r"""(?:href|src)\s*=\s*["']([^"']+)""", page)
        assert all(link.startswith(("#", "data:,")) for link in links)
    written = drawing.save(two, tmp_path / "figures")
    assert {path.name for path in written} == {
        f"{name}.{kind}" for name in ("words", "chance") for kind in ("svg", "pdf")
    }


def test_every_kind_of_report_is_found_by_its_schema(two):
    for name in KINDS:
        kind = kind_of({"schema": f"{name}/1"})
        assert callable(kind.heading)
    with pytest.raises(KeyError):
        kind_of({"schema": "something/1"})
    assert kind_of(two).heading(two) == heading(two)
