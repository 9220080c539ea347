"""The evidence that taxonomies are repaired by, and how they are broken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from evals.taxonomies import (
    damaged,
    f1,
    heads,
    judge,
    one_way,
    pattern_pairs,
    run,
    wordnet_pairs,
)
from wordvec import WordVectors


def test_names_say_what_is_above_them() -> None:
    terms = ["chemistry", "organic chemistry", "applied organic chemistry", "chimie", "history"]
    assert heads(terms, last=True) == {
        ("organic chemistry", "chemistry"),
        ("applied organic chemistry", "organic chemistry"),
    }
    assert heads(["chimie", "chimie organique"], last=False) == {("chimie organique", "chimie")}


def test_patterns_are_found_in_a_text() -> None:
    terms = ["fruit", "apple", "pear", "red wine", "drink", "dog"]
    text = "many fruits such as apples pears and a dog while red wine is a very old drink of men"
    assert set(pattern_pairs(terms, text)) == {
        ("apple", "fruit"),
        ("pear", "fruit"),
        ("red wine", "drink"),
    }
    assert set(pattern_pairs(terms, "eat apples and other fruit")) == {("apple", "fruit")}


def test_wordnet_gives_the_terms_above_a_sense(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(
        "  1 licence\n"
        "00000001 03 n 01 food 0 001 ~ 00000002 n 0000 | what is eaten\n"
        "00000002 03 n 01 baked_goods 0 002 @ 00000001 n 0000 ~ 00000003 n 0000 | of an oven\n"
        "00000003 03 n 02 bread 0 loaf 0 001 @ 00000002 n 0000 | of flour\n"
    )
    found = wordnet_pairs(["food", "breads", "tool"], tmp_path)
    assert found == {("breads", "food"): 0.5}


def test_of_two_ways_the_one_with_more_evidence_is_kept() -> None:
    evidence = Counter({("a", "b"): 2, ("b", "a"): 1, ("c", "d"): 1, ("d", "c"): 1, ("e", "e"): 9})
    assert set(one_way(evidence).pairs()) == {("a", "b")}


def test_damage_moves_a_share_and_loses_another() -> None:
    gold = {(f"t{i}", f"t{i // 2}") for i in range(1, 100)}
    broken = damaged(gold, ["elsewhere"], 0.2, 1)
    assert len(broken & gold) == 99 - 2 * 19
    assert sum(parent == "elsewhere" for _, parent in broken) == 19
    assert damaged(gold, ["elsewhere"], 0.2, 1) == broken
    assert f1(broken, gold) == pytest.approx(2 * 61 / (80 + 99))


def test_a_loose_term_is_counted_when_it_comes_home() -> None:
    wv = WordVectors(
        ["root", "a", "b", "a1", "b1"],
        [[0.0, 0], [0.5, 0], [-0.5, 0], [0.8, 0], [-0.8, 0]],
        meta={"manifold": "poincare"},
    )
    gold = {("a", "root"), ("b", "root"), ("a1", "a"), ("b1", "b")}
    before, attached, moved, both, moves, _, right = judge(
        gold, ["root", "a", "b", "a1", "b1"], "root", gold - {("b1", "b")}, wv
    )
    assert (before, attached, moved, both) == (6 / 7, 1, 6 / 7, 1)
    assert (moves, right) == (0, 1)


def test_the_trial_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language in ("EN", "FR"):
        folder = tmp_path / f"hierarchy/semeval2016-t13/{language}"
        folder.mkdir(parents=True)
        for domain in ("science", "food"):
            lines = [f"{i}\tkind {i} stuff\tstuff\n" for i in range(8)]
            lines += [f"{i}\tstuff kind {i}\tstuff\n" for i in range(8)]
            (folder / f"gold_{domain}.taxo").write_text("".join(lines) + f"9\tstuff\t{domain}\n")
    assert run(["--data", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 4 * 3
