"""Outputs that cannot mislead: names, intervals, small numbers, few items, how words were found.

What must hold, and the tests that fail when it does not (this file's, or with their folder):

1. Sets of one stem keep apart: test_sets_of_one_stem_are_told_apart_whatever_their_order,
   test_splits_of_one_set_keep_their_suffixes
2. No interval leaves its measure's range: test_intervals_keep_within_the_range_of_their_measure,
   test_a_moved_interval_covers_as_often_as_it_says,
   test_an_interval_over_seeds_keeps_within_the_range
3. What is near 1 by construction says so:
   test_what_is_near_one_by_construction_says_so_and_is_not_in_all
4. "Beyond chance" has one meaning: test_beyond_chance_is_told_by_the_band_of_the_table
5. A small p is never 0: test_small_numbers_are_not_zero_anywhere
6. A set of few items is refused; a kind that was guessed is named:
   test_three_pairs_are_no_correlation,
   test_the_kind_that_was_guessed_is_said_and_pairs_alone_are_refused
7. The least p of a test, seeds against words: test_a_test_whose_partitions_cannot_reach_p_says_so,
   evaluation/test_verdict.py: test_seeds_and_words_that_disagree_are_explained
8. Words in other case are counted: test_words_answered_in_lower_case_are_counted
9. A thing has one name: test_names_in_refusals_are_those_of_results,
   test_a_result_has_one_name_in_every_output, test_names_of_the_published_table_are_those_of_today
10. No division by nearly nothing: test_indirect_bias_leaves_out_pairs_that_are_nearly_orthogonal
11. Another language is marked:
    test_a_set_of_another_language_is_marked_and_compared_with_nothing
12. Prose is no list of relations: hierarchy/test_relations.py:
    test_fields_beyond_a_weight_are_refused
13. A training loss that rises: training/test_stream.py:
    test_the_training_loss_rises_at_the_end_where_passages_repeat_and_only_there
14. Unknown words and terms: cli/test_lookup.py: test_an_unknown_word_is_one_line_with_the_nearest,
    cli/test_hierarchy.py: test_a_word_without_its_sense_is_told_the_senses,
    cli/test_oov.py: test_fit_then_ask
15. The suffix decides the format: cli/test_train.py: test_the_suffix_decides_the_format,
    test_save_refuses_the_name_of_another_format,
    cli/test_hierarchy.py: test_a_drawing_is_svg_and_says_when_it_means_little
16. What is absent costs a line: cli/test_judge.py: test_a_suite_gives_sets_and_says_what_is_absent,
    test_a_folder_with_strange_files_is_read_with_a_note_for_each,
    test_the_document_keeps_what_the_terminal_shortens
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from wordvec.cli.base import emit
from wordvec.errors import DatasetError
from wordvec.evaluation import suite
from wordvec.evaluation.core import datasets, statistics
from wordvec.evaluation.core.bias.lists import WeatTest
from wordvec.evaluation.core.measure import answered, beyond_chance, list_sizes, p_text, scant
from wordvec.evaluation.core.names import distinct
from wordvec.evaluation.core.results import Unanswerable, to_json
from wordvec.evaluation.core.space import Space
from wordvec.evaluation.core.statistics import seeds
from wordvec.evaluation.measures import MEASURES
from wordvec.evaluation.measures.bias.direction import indirect_bias
from wordvec.evaluation.measures.bias.sets import weat
from wordvec.evaluation.report import document as report
from wordvec.evaluation.run import Options, run


def pairs(n, first="w", start=0):
    return "\n".join(f"{first}{i}\t{first}{i + 2}\t{i % 7}" for i in range(start, start + n))


def test_sets_of_one_stem_are_told_apart_whatever_their_order(random_vectors, tmp_path):
    for name in ("mysim.tsv", "mysim.csv", "a/pairs.txt", "b/pairs.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(pairs(20))
    files = [tmp_path / n for n in ("mysim.tsv", "mysim.csv", "a/pairs.txt", "b/pairs.txt")]
    for order in (files, files[::-1]):
        document = run({"m": (random_vectors, None)}, list(map(datasets.load, order)))
        names = {e["dataset"]["name"] for e in document["results"]["similarity"]}
        assert names == {"mysim.tsv", "mysim.csv", "a/pairs.txt", "b/pairs.txt"}
    with pytest.raises(DatasetError, match="given twice"):
        run({"m": (random_vectors, None)}, [datasets.load(files[0])] * 2)


def test_splits_of_one_set_keep_their_suffixes(shared_data):
    folder = shared_data / "similarity"
    names = ["MEN_dataset_lemma_form.dev", "MEN_dataset_lemma_form.test"]
    found = distinct(["MEN_dataset_lemma_form"] * 2, [str(folder / n) for n in names])
    assert found == names


@pytest.mark.parametrize("ends", [(-1.0, 1.0), (0.0, 1.0), (0.0, None), (None, None)])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97, 1.0])
def test_intervals_keep_within_the_range_of_their_measure(ends, share):
    low, high = ends
    estimate = (low or 0.0) + share * ((high if high is not None else 1.0) - (low or 0.0))
    rng = np.random.default_rng(1)
    replicates = estimate + rng.standard_normal(500) * 0.3 + 0.1
    if low is not None or high is not None:
        replicates = np.clip(replicates, low, high)
    found = statistics.bounded_interval(replicates, estimate, ends, 0.95, "bootstrap")
    t = statistics.around(estimate, 0.4, ends, 0.95, "t")
    for interval in (found, t):
        assert low is None or interval.low >= low
        assert high is None or interval.high <= high
        assert interval.low <= estimate <= interval.high


def test_a_moved_interval_covers_as_often_as_it_says():
    # A correlation of .8 of 25 pairs, resampled with a bias of .05 on purpose.
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        x = rng.standard_normal(25)
        y = 0.8 * x + 0.6 * rng.standard_normal(25)
        r = statistics.pearson(x, y)
        replicates = statistics.bootstrap_correlations(
            x, y, rank=False, resamples=300, seed=int(rng.integers(1 << 30))
        )[:, 0]
        biased = np.clip(replicates - 0.05, -1, 1)
        found = statistics.bounded_interval(biased, r, (-1.0, 1.0), 0.95, "bootstrap")
        covered += found.low <= 0.8 <= found.high
    assert 0.87 <= covered / 300 <= 1.0  # .95 less what 25 pairs cost a bootstrap, and its noise


def test_an_interval_over_seeds_keeps_within_the_range():
    entries = [
        {"model": f"m-s{i}", "measure": "analogy", "score": s, "name": "a"}
        for i, s in enumerate((0.01, 0.05))
    ]
    groups = {e["model"]: "m" for e in entries}
    (free,) = seeds.over_seeds(entries, groups, ["a", "a"])
    assert free.interval.low < 0
    (found,) = seeds.over_seeds(entries, groups, ["a", "a"], ranges={"analogy": (0.0, 1.0)})
    assert 0 <= found.interval.low < found.mean < found.interval.high <= 1


def test_what_is_near_one_by_construction_says_so_and_is_not_in_all():
    for name in ("clusters", "probe"):
        assert not MEASURES[name].in_all
        assert "by construction" in MEASURES[name].caution
        assert name not in suite.read_suite("english").measures


def test_beyond_chance_is_told_by_the_band_of_the_table():
    e = {"score": 0.2, "chance": {"low": -0.19, "high": 0.19}}
    assert beyond_chance(e)
    assert not beyond_chance({**e, "score": 0.18})


def test_small_numbers_are_not_zero_anywhere(capsys):
    assert p_text(7.9e-12) == "7.9e-12"
    assert p_text(0.00004) == "4.0e-05"
    assert p_text(0.0123) == "0.0123"
    emit([{"p": 7.9e-12, "score": 0.5, "none": 0.0}], "table")
    out = capsys.readouterr().out
    assert "7.9e-12" in out
    assert "0.5000" in out


def test_three_pairs_are_no_correlation(random_vectors):
    few = datasets.loads(pairs(9), name="few")
    with pytest.raises(Unanswerable, match=r"only 9 of 9 pairs.*fewer than 10"):
        MEASURES["similarity"].run(random_vectors, few)
    assert MEASURES["similarity"].run(random_vectors, datasets.loads(pairs(10))).score


def test_the_kind_that_was_guessed_is_said_and_pairs_alone_are_refused():
    found = datasets.loads(pairs(12))
    assert found.source.notes[0] == "read as similarity, told from its content"
    assert datasets.loads(pairs(12), "similarity").source.notes == ()
    with pytest.raises(DatasetError, match=r"two columns without a header.*kind analogy"):
        datasets.loads("hot,cold\nbig,small\n", name="x.csv")
    chosen = datasets.loads("hot,cold\nbig,small\n", "analogy")
    assert chosen.source.items == 2


def test_a_test_whose_partitions_cannot_reach_p_says_so(random_vectors):
    tiny = WeatTest("tiny", "", ("w1", "w2"), ("w3", "w4"), ("w5",), ("w6",))
    found = weat.weat(random_vectors, tiny)
    assert (found.partitions, found.least_p) == (6, 1 / 6)
    assert "p cannot be under 0.167" in weat.COLUMNS["method"](to_json(found))
    large = WeatTest("l", "", *(tuple(f"w{i}" for i in range(s, s + 6)) for s in (0, 6, 12, 18)))
    assert "cannot" not in weat.COLUMNS["method"](to_json(weat.weat(random_vectors, large)))


def test_words_answered_in_lower_case_are_counted(random_vectors):
    test = WeatTest("t", "", ("W1", "w2", "W3"), ("w4", "w5", "w6"), ("w7",), ("w8",))
    found = weat.weat(random_vectors, test)
    assert found.lists["X"].lower == ("W1", "W3")
    assert "X 3/3 (2 in other case)" in list_sizes(to_json(found))
    upper = datasets.loads(pairs(12, "W"), name="upper")
    result = MEASURES["similarity"].run(random_vectors, upper)
    assert len(result.coverage.lower) == 14
    assert "14 words in other case" in answered(to_json(result))
    lower = MEASURES["similarity"].run(Space.of(random_vectors, case="lower"), upper)
    assert lower.coverage.lower == ()


def test_names_in_refusals_are_those_of_results(make_vectors, random_vectors):
    """Every question, answered by one model and refused by the other, has one name in both."""
    questions = ": s\n" + "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(20))
    sets = [datasets.loads(pairs(20), name="pairs"), datasets.loads(questions, name="google")]
    test = WeatTest("mine", "", *(tuple(f"w{i}" for i in range(s, s + 5)) for s in (0, 5, 10, 15)))
    other = make_vectors([f"x{i}" for i in range(60)], random_vectors.vectors)
    measures = ("similarity", "analogy", "weat", "seat", "rnd", "rnsb", "mac", "ect")
    options = Options(measures=measures, resamples=20)
    document = run({"m": (random_vectors, None), "n": (other, None)}, sets, [test], options)
    said = {(r["measure"], r["dataset"]) for r in document["refused"] if r["model"] == "n"}
    found = {(row["measure"], row["dataset"]) for row in report.rows(document)}
    assert said == found
    assert {name for name, _ in found} == set(measures)


def test_indirect_bias_leaves_out_pairs_that_are_nearly_orthogonal(make_vectors):
    rng = np.random.default_rng(4)
    matrix = rng.standard_normal((60, 300)) * 0.2
    matrix[:30, 0] += 2
    matrix[30:, 0] -= 2
    matrix[:3] = np.eye(3, 300, k=5) + np.eye(1, 300) * 1e-3  # far along, alike in nothing
    matrix[:3, 0] += 2
    ends = np.zeros((2, 300))
    ends[:, 0] = 1, -1
    words = [f"w{i}" for i in range(60)] + ["f", "m"]
    vectors = make_vectors(words, np.vstack([matrix, ends]))
    found = indirect_bias.indirect_bias(vectors, words[:60], [("f", "m")])
    assert "of 90 pairs with a cosine under 0.05" in found.protocol
    assert all(np.isfinite(v) for _, v in found.words)
    nothing = make_vectors(words, np.vstack([np.eye(60, 300, k=1), ends]))
    with pytest.raises(Unanswerable, match="only 0 have a cosine"):
        indirect_bias.indirect_bias(nothing, words[:60], [("f", "m")])


def test_a_set_of_another_language_is_marked_and_compared_with_nothing(random_vectors):
    known, foreign = pairs(12), pairs(188, "mot")
    text = known + "\n" + foreign
    models = {"a": (random_vectors, None), "b": (random_vectors, None)}
    document = run(models, [datasets.loads(text, name="french"), datasets.loads(pairs(20))])
    entry = next(e for e in document["results"]["similarity"] if e["dataset"]["name"] == "french")
    assert scant(entry)
    assert answered(entry) == "12 of 200 (another language?)"
    assert {c["dataset"] for c in document["comparisons"]} == {"text"}
    reasons = [r["reason"] for r in document["refused"] if r["dataset"] == "french"]
    assert len(reasons) == 2
    assert all("fewer than 10%" in reason for reason in reasons)


def test_a_folder_with_strange_files_is_read_with_a_note_for_each(tmp_path):
    (tmp_path / "sim.tsv").write_text(pairs(12))
    (tmp_path / "notes.txt").write_text("These are my notes.\nNothing else.\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    found = suite.read_suite(tmp_path)
    assert [s.source.name for s in found.sets] == ["sim"]
    assert len(found.notes) == 2
    assert any("notes.txt" in note for note in found.notes)
    assert any("picture.png" in note for note in found.notes)
    (tmp_path / "sim.tsv").unlink()
    with pytest.raises(DatasetError, match="no evaluation set in this folder"):
        suite.read_suite(tmp_path)


def test_the_document_keeps_what_the_terminal_shortens(random_vectors):
    words = tuple(f"longword{i}" for i in range(60))
    test = WeatTest("far", "", words[:15], words[15:30], words[30:45], words[45:])
    sets = [datasets.loads(pairs(12), name="near")]
    document = run({"m": (random_vectors, None)}, sets, [test])
    (refused,) = document["refused"]
    assert "longword0" in refused["reason"]
    assert json.loads(json.dumps(document)) == document


def test_every_line_of_the_table_above_names_tests_that_exist():
    tests = Path(__file__).parents[1]
    lines = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", __doc__, re.M | re.S)
    assert [int(number) for number, _ in lines] == list(range(1, 17))
    for _, text in lines:
        file = Path(__file__)
        for word in re.findall(r"[\w/]+\.py(?=:)|test_\w+(?!\w*\.py)", text):
            if word.endswith(".py"):
                file = tests / word
            else:
                here = (file.read_text("utf-8"), Path(__file__).read_text("utf-8"))
                assert any(f"def {word}(" in code for code in here), word


def test_a_result_has_one_name_in_every_output(random_vectors, tmp_path):
    from wordvec.evaluation.report import latex

    html = pytest.importorskip("wordvec.evaluation.report.html")
    sets = [datasets.loads(pairs(20), name="near")]
    questions = ": one\n" + "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(30))
    sets.append(datasets.loads(questions, name="asked"))
    words = tuple(f"w{i}" for i in range(24))
    test = WeatTest("mine", "", words[:6], words[6:12], words[12:18], words[18:])
    options = Options(solvers=("3CosAdd", "LRCos"), resamples=20)
    document = run({"m": (random_vectors, None)}, sets, [test], options)
    names = {row["dataset"] for row in report.rows(document)}
    assert {"near", "asked (3CosAdd)", "asked (LRCos)", "mine"} <= names
    page, text = html.page(document), report.markdown(document)
    tex = latex.latex(document)
    latex.write_csv(document, tmp_path / "csv")
    table = "".join(path.read_text() for path in (tmp_path / "csv").iterdir())
    for name in names:
        for output in (page, text, tex, table):
            assert name in output


def test_names_of_the_published_table_are_those_of_today():
    from wordvec.evaluation.core.bias.lists import weat_tests

    root = Path(__file__).parents[2]
    lines = (root / "docs/measurements/results.md").read_text("utf-8").split("## All scores")[1]
    rows = [line.split("|")[1].strip() for line in lines.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 30
    known = {name for name, _ in suite.read_suite("english").absent}
    known |= {each.source.name for each in suite.read_suite("english").sets}
    known |= set(weat_tests()) | {"gender"}
    for row in rows:
        name, _, measure = row.partition(", ")
        assert name.partition(" (")[0] in known, row
        assert not measure or measure in MEASURES, row
