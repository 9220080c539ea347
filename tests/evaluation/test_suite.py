"""What is asked, and a run over models, sets and tests: what it holds, what it refuses."""

import json

import numpy as np
import pytest
import scipy.stats

from wordvec.errors import DatasetError
from wordvec.evaluation import suite
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.measure import between, number
from wordvec.evaluation.report import document as report
from wordvec.evaluation.run import Options, run

PAIRS = [(f"w{i}", f"w{i + 2}", i % 7) for i in range(20)]


@pytest.fixture
def sets():
    pairs = "\n".join("\t".join(map(str, row)) for row in PAIRS)
    questions = "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(20))
    return [datasets.loads(pairs, name="pairs"), datasets.loads(f": s\n{questions}", name="google")]


@pytest.fixture
def test():
    names = [f"w{i}" for i in range(16)]
    return WeatTest("mine", "my lists", *(tuple(names[i::4]) for i in range(4)))


@pytest.fixture
def document(random_vectors, sets, test):
    return run({"random": (random_vectors, None)}, sets, [test])


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


def test_scores_of_a_run_are_those_of_another_implementation(document, random_vectors):
    E = random_vectors.vectors.astype(float)
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    at = random_vectors.key_to_index
    cosines = [E[at[a]] @ E[at[b]] for a, b, _ in PAIRS]
    rho = scipy.stats.spearmanr(cosines, [score for *_, score in PAIRS]).statistic
    assert document["results"]["similarity"][0]["score"] == pytest.approx(rho, abs=1e-6)
    right = 0
    for i in range(20):
        target = E[i + 1] - E[i] + E[i + 2]
        scores = E @ target
        scores[[i, i + 1, i + 2]] = -np.inf
        right += int(scores.argmax()) == i + 3
    assert document["results"]["analogy"][0]["score"] == right / 20


def test_options_reach_what_is_computed(random_vectors, sets, test):
    few = run({"m": (random_vectors, None)}, sets, [test], Options(resamples=11, level=0.5, seed=7))
    entry = few["results"]["similarity"][0]
    assert "11 resamples" in entry["interval"]["method"]
    assert entry["interval"]["level"] == 0.5
    assert few["options"]["seed"] == 7
    cut = run({"m": (random_vectors, None)}, sets, (), Options(restrict_vocab=15))
    assert cut["results"]["analogy"][0]["candidates"] == 15
    both = run({"m": (random_vectors, None)}, sets, (), Options(solvers=("3CosAdd", "3CosMul")))
    assert [e["solver"] for e in both["results"]["analogy"]] == ["3CosAdd", "3CosMul"]
    with pytest.raises(ValueError, match=r"measure must be one of .*weat.*got 'vibes'"):
        Options(measures=("vibes",))


def test_the_document_is_json_and_the_same_again(document, random_vectors, sets, test):
    again = run({"random": (random_vectors, None)}, sets, [test])
    assert json.dumps(document, allow_nan=False) == json.dumps(again, allow_nan=False)


def test_markdown_carries_the_numbers_of_the_document(document):
    text = report.markdown(document)
    for entries in document["results"].values():
        for entry in entries:
            assert number(entry["score"]) in text
            assert between(entry["interval"]) in text
    assert all(caveat in text for caveat in document["caveats"])


def test_what_cannot_be_answered_is_listed_with_the_reason(random_vectors, sets):
    foreign = datasets.loads("chat\tchien\t3\nsoleil\tlune\t2\npain\tvin\t1\n", name="french")
    document = run({"random": (random_vectors, None)}, [*sets, foreign])
    (refused,) = document["refused"]
    assert (refused["model"], refused["measure"], refused["dataset"]) == (
        "random",
        "similarity",
        "french",
    )
    assert "chat" in refused["reason"]
    assert "french" in report.markdown(document)
    with pytest.raises(DatasetError, match="french"):
        run({"random": (random_vectors, None)}, [foreign])


def test_a_set_that_no_chosen_measure_asks_is_refused(random_vectors, sets):
    with pytest.raises(DatasetError, match="google: no chosen measure asks a AnalogySet"):
        run({"m": (random_vectors, None)}, sets, (), Options(measures=("similarity",)))


def test_nothing_to_evaluate_is_refused(random_vectors, sets):
    with pytest.raises(DatasetError, match="nothing to evaluate"):
        run({"random": (random_vectors, None)})
    with pytest.raises(ValueError, match="needs a model"):
        run({}, sets)


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
    kinds = [type(s).__name__ for s in found.sets]
    assert kinds == ["SimilaritySet", "SimilaritySet", "AnalogySet"]
    assert [len(found.sets[i].pairs) for i in (0, 1)] == [353, 999]


def test_files_appear_whole(document, tmp_path):
    report.write_json(document, tmp_path / "r.json")
    report.write_markdown(document, tmp_path / "r.md")
    assert json.loads((tmp_path / "r.json").read_text()) == document
    assert (tmp_path / "r.md").read_text() == report.markdown(document)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.json", "r.md"]


def test_words_that_are_not_utf8_are_written_and_read_back(
    make_vectors, random_vectors, test, tmp_path
):
    words = [*random_vectors.index_to_key[:-1], "caf\udce9"]
    known = [(a, b) for a, b, _ in PAIRS]
    odd = datasets.SimilaritySet(
        datasets.loads("w1\tw2\t3\n", name="odd").source,
        (("caf\udce9", "w1"), ("w2", "nope\udce9"), *known),
        np.arange(22.0),
    )
    document = run({"random": (make_vectors(words, random_vectors.vectors), None)}, [odd])
    (entry,) = document["results"]["similarity"]
    assert entry["coverage"]["answered"] == 21
    assert entry["coverage"]["missing"] == ["nope\udce9"]
    report.write_json(document, tmp_path / "r.json")
    report.write_markdown(document, tmp_path / "r.md")
    again = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert again["results"]["similarity"][0]["coverage"]["missing"] == ["nope\udce9"]
    assert "nope\\udce9" in (tmp_path / "r.md").read_text("utf-8")
