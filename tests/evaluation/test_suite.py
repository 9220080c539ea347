"""A run over models, sets and tests: what it holds, what it refuses."""

import json

import pytest

from wordvec.errors import DatasetError
from wordvec.evaluation import suite
from wordvec.evaluation.core import datasets
from wordvec.evaluation.measures import bias
from wordvec.evaluation.report import report, tables


@pytest.fixture
def sets():
    pairs = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(20))
    questions = "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(20))
    return [datasets.loads(pairs, name="pairs"), datasets.loads(f": s\n{questions}", name="google")]


@pytest.fixture
def test():
    names = [f"w{i}" for i in range(16)]
    return bias.WeatTest("mine", "my lists", *(tuple(names[i::4]) for i in range(4)))


@pytest.fixture
def document(random_vectors, sets, test):
    return suite.run({"random": (random_vectors, None)}, sets, [test])


def test_a_run_holds_every_score_with_interval_coverage_and_chance(document):
    found = document["results"]
    assert {measure: len(entries) for measure, entries in found.items()} == {
        "similarity": 1,
        "analogy": 1,
        "weat": 1,
    }
    for entries in found.values():
        for entry in entries:
            assert entry["model"] == "random"
            assert entry["interval"]["low"] <= entry["score"] <= entry["interval"]["high"]
            assert entry["chance"] is not None
            assert entry.get("coverage") or entry["lists"]
    assert found["weat"][0]["p_holm"] == found["weat"][0]["p_one_sided"]


def test_the_document_is_json_and_the_same_again(document, random_vectors, sets, test):
    again = suite.run({"random": (random_vectors, None)}, sets, [test])
    assert json.dumps(document, allow_nan=False) == json.dumps(again, allow_nan=False)


def test_markdown_carries_the_numbers_of_the_document(document):
    text = report.markdown(document)
    for entries in document["results"].values():
        for entry in entries:
            assert tables.number(entry["score"]) in text
            assert tables.between(entry["interval"]) in text
    assert all(caveat in text for caveat in document["caveats"])


def test_what_cannot_be_answered_is_listed_with_the_reason(random_vectors, sets):
    foreign = datasets.loads("chat\tchien\t3\nsoleil\tlune\t2\npain\tvin\t1\n", name="french")
    document = suite.run({"random": (random_vectors, None)}, [*sets, foreign])
    assert [r["dataset"] for r in document["refused"]] == ["french"]
    assert "chat" in document["refused"][0]["reason"]
    with pytest.raises(DatasetError, match="french"):
        suite.run({"random": (random_vectors, None)}, [foreign])


def test_nothing_to_evaluate_is_refused(random_vectors, sets):
    with pytest.raises(DatasetError, match="nothing to evaluate"):
        suite.run({"random": (random_vectors, None)})
    with pytest.raises(ValueError, match="needs a model"):
        suite.run({}, sets)


def test_tests_are_chosen_by_name_all_or_file(tmp_path):
    assert [t.name for t in suite.weat_tests(["weat6", "weat1"])] == ["weat6", "weat1"]
    assert len(suite.weat_tests(["all"])) == 10
    path = tmp_path / "own.toml"
    path.write_text('[own]\nX = ["a"]\nY = ["b"]\nA = ["c"]\nB = ["d"]\n')
    assert suite.weat_tests([str(path)])[0].X == ("a",)
    with pytest.raises(ValueError, match="no test 'weat11'"):
        suite.weat_tests(["weat11"])


def test_gensims_sets_are_found_without_importing_it():
    pytest.importorskip("gensim")
    found = suite.gensim_suite()
    assert [s.source.name for s in found.sets] == list(suite.GENSIM_SETS)


def test_files_appear_whole(document, tmp_path):
    report.write_json(document, tmp_path / "r.json")
    report.write_markdown(document, tmp_path / "r.md")
    assert json.loads((tmp_path / "r.json").read_text()) == document
    assert (tmp_path / "r.md").read_text() == report.markdown(document)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.json", "r.md"]


def test_words_that_are_not_utf8_are_written(make_vectors, random_vectors, sets, tmp_path):
    words = [*random_vectors.index_to_key[:-1], "caf\udce9"]
    document = suite.run({"random": (make_vectors(words, random_vectors.vectors), None)}, sets)
    report.write_json(document, tmp_path / "r.json")
