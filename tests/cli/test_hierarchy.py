"""Commands for hierarchies: what they print, write and refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec
from wordvec.cli import main
from wordvec.hierarchy.relations import read_relations
from wordvec.models import MODELS

Run = Callable[..., tuple[int, str, str]]
LIST = "dog\tmammal\ncat\tmammal\nmammal\tanimal\nbird\tanimal\nsparrow\tbird\ndog\tmammal\n"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*args: Any) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in args])
        out = capfd.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return call


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    (tmp_path / "zoo.tsv").write_text(LIST)
    return tmp_path / "zoo.tsv"


@pytest.fixture
def trained(zoo: Path, tmp_path: Path, run: Run) -> Path:
    out = tmp_path / "zoo.wv"
    code, _, err = run(
        *("train", zoo, "--model", "poincare", "--closure", "--vector-size", 2, "-o", out),
        *("--epochs", 100, "--threads", 1, "--negative", 5),
    )
    assert code == 0, err
    assert "1 duplicate pairs merged" in err
    return out


def test_a_hierarchy_is_trained_looked_up_and_judged(trained: Path, zoo: Path, run: Run) -> None:
    wv = wordvec.load(trained)
    assert wv.meta["manifold"] == "poincare"
    assert wv.vectors.shape == (6, 2)
    code, out, _ = run("taxonomy", "parents", trained, "dog", "-k", 2, "--format", "json")
    assert code == 0
    assert {row["parent"] for row in json.loads(out)} == {"mammal", "animal"}
    code, out, _ = run("taxonomy", "children", trained, "animal", "--format", "json")
    assert {row["child"] for row in json.loads(out)} >= {"mammal", "bird"}
    code, out, _ = run("taxonomy", "ancestors", trained, "sparrow", "-k", 2, "--format", "json")
    assert [row["ancestor"] for row in json.loads(out)] == ["bird", "animal"]
    code, out, _ = run("taxonomy", "judge", trained, zoo, "--closure", "--format", "json")
    assert json.loads(out)[0]["map"] > 0.9
    code, out, _ = run("taxonomy", "judge", trained, zoo, "--known", zoo, "--format", "json")
    assert json.loads(out)[0]["task"] == "link prediction"
    code, out, _ = run("neighbors", trained, "dog", "-k", 1, "--format", "json")
    assert json.loads(out)[0]["similarity"] < 0  # minus the distance


@pytest.mark.parametrize("model", ["lorentz", "euclidean", "translation", "sarkar"])
def test_the_other_models_train(model: str, zoo: Path, tmp_path: Path, run: Run) -> None:
    code, _, err = run("train", zoo, "--model", model, "--vector-size", 3, "-o", tmp_path / "m.wv")
    assert code == 0, err
    assert wordvec.load(tmp_path / "m.wv").vectors.shape == (6, 3)


def test_a_tree_that_needs_more_bits_is_refused_with_the_remedy(
    zoo: Path, tmp_path: Path, run: Run
) -> None:
    sarkar = ("train", zoo, "--model", "sarkar", "-o", tmp_path / "m.wv", "--tau", 30)
    code, _, err = run(*sarkar)
    assert code == 1
    assert "pass --precision 87 (which needs mpmath), or --tau" in err
    code, _, err = run(*sarkar, "--precision", 87)
    assert code == 0
    assert "tau 30, 87 bits of 87" in err
    assert f"wrote     {tmp_path / 'm.wv'}: 6 x 2" in err
    code, out, _ = run("taxonomy", "judge", tmp_path / "m.wv", zoo, "--exact", "--format", "json")
    exact = json.loads(out)[0]
    assert (exact["map"], exact["bits"]) == (1, 87)
    code, _, err = run("taxonomy", "judge", tmp_path / "m.wv", zoo, "--exact", "--closure")
    assert code == 2
    (tmp_path / "other.tsv").write_text("a\tb\nc\tb\nd\tc\n")
    code, _, err = run("taxonomy", "judge", tmp_path / "m.wv", tmp_path / "other.tsv", "--exact")
    assert (code, "not the tree that these vectors were made of" in err) == (2, True)


def test_a_construction_is_judged_by_its_edges(zoo: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "m.wv"
    assert run("train", zoo, "--model", "sarkar", "-o", out)[0] == 0
    code, text, _ = run("taxonomy", "judge", out, zoo, "--undirected", "--format", "json")
    row = json.loads(text)[0]
    assert (code, row["task"], row["map"], row["nodes"]) == (0, "edges", 1, 6)
    assert row["distortion"] < 0.1
    assert row["worst"] < 1.3


def test_options_of_other_models_are_refused(zoo: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "m.wv"
    code, _, err = run("train", zoo, "--model", "poincare", "--window", 5, "-o", out)
    assert (code, "--window is an option of skipgram" in err) == (2, True)
    code, _, err = run("train", zoo, "--model", "skipgram", "--closure", "-o", out)
    assert (code, "not of skipgram" in err) == (2, True)
    code, _, err = run("train", zoo, zoo, "--model", "lorentz", "-o", out)
    assert (code, "takes one list" in err) == (2, True)


def test_points_at_the_edge_are_reported(zoo: Path, tmp_path: Path, run: Run) -> None:
    options = ("--alpha", 1e5, "--burn-in", 0, "--epochs", 3, "--eps", 1e-4)
    code, _, err = run("train", zoo, "--model", "lorentz", *options, "-o", tmp_path / "m.wv")
    assert code == 0
    assert "held at the edge of the manifold: lower alpha (100000)" in err


def test_direct_relations_are_told_from_those_that_follow(
    zoo: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "all.tsv").write_text(LIST + "dog\tanimal\nsparrow\tanimal\n")
    code, out, _ = run("relations", "direct", tmp_path / "all.tsv")
    assert code == 0
    assert set(out.splitlines()) == set(LIST.splitlines())


def test_a_run_goes_on_from_its_checkpoint(
    zoo: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wordvec.hierarchy import train as hierarchy

    train = ("train", zoo, "--model", "lorentz", "--epochs", 5, "--threads", 1)
    state = ("--checkpoint", tmp_path / "keep", "--every", "1epoch", "--resume")
    order, trained = hierarchy.hyper.order, []

    def stop(key: int, out: Any) -> None:
        trained.append(key)
        if len(trained) == 9:  # of fifteen epochs, with burn-in
            raise KeyboardInterrupt
        order(key, out)

    monkeypatch.setattr(hierarchy.hyper, "order", stop)
    assert run(*train, *state, "-o", tmp_path / "a.wv")[0] == 130
    assert (tmp_path / "keep").is_dir()
    assert not (tmp_path / "a.wv").exists()
    code, _, err = run(*train, *state, "--alpha", 0.2, "-o", tmp_path / "a.wv")
    assert (code, "alpha was 0.3 and is 0.2" in err) == (1, True)
    assert run(*train, *state, "-o", tmp_path / "a.wv")[0] == 0
    assert len(trained) == 9 + 7  # the ninth again and the rest
    assert run(*train, "-o", tmp_path / "b.wv")[0] == 0
    one, two = (wordvec.load(tmp_path / name).vectors for name in ("a.wv", "b.wv"))
    assert one.tobytes() == two.tobytes()


def test_wordnet_closure_shards_and_check(zoo: Path, tmp_path: Path, run: Run) -> None:
    code, out, _ = run("relations", "closure", zoo)
    assert code == 0
    assert "sparrow\tanimal\n" in out
    assert run("relations", "shards", zoo, "-o", tmp_path / "shards")[0] == 0
    code, out, _ = run("relations", "check", tmp_path / "shards", "--format", "json")
    assert json.loads(out)[0]["pairs"] == 5
    (tmp_path / "bad.tsv").write_text("a\tb\nb\ta\nc\tc\n")
    code, out, err = run("relations", "check", tmp_path / "bad.tsv", "--format", "json")
    row = json.loads(out)[0]
    assert (row["cycles"], row["self_pairs"], row["isolated"], row["depth"]) == (1, 1, 1, None)
    assert "cycle:" in err
    folder = tmp_path / "dict"
    folder.mkdir()
    (folder / "index.noun").write_text("entity n 1 1 ~ 1 1 1\ndog n 1 1 @ 1 1 2\n")
    (folder / "data.noun").write_text(
        "1 03 n 01 entity 0 000 | all\n2 03 n 01 dog 0 001 @ 1 n 0000 | some\n"
    )
    code, _, err = run("relations", "wordnet", folder, "-o", tmp_path / "wn.tsv")
    assert "2 synsets, 1 pairs, 0 cycles" in err
    assert len(read_relations(tmp_path / "wn.tsv")) == 1
    assert run("relations", "wordnet", folder, "-o", tmp_path / "wn.tsv")[0] == 1


def test_a_line_with_one_field_is_one_line_of_error(tmp_path: Path, run: Run) -> None:
    (tmp_path / "bad.tsv").write_text("lonely\n")
    code, _, err = run(
        "train", tmp_path / "bad.tsv", "--model", "poincare", "-o", tmp_path / "x.wv"
    )
    assert code == 1
    assert "bad.tsv, line 1: 1 field(s)" in err
    assert err.count("\n") == 1


def test_drawing_model_export_and_new_terms(
    trained: Path, zoo: Path, tmp_path: Path, run: Run
) -> None:
    svg = tmp_path / "zoo.svg"
    assert run("taxonomy", "plot", trained, "--edges", zoo, "--center", "dog", "-o", svg)[0] == 0
    assert svg.read_text().startswith("<svg")
    assert run("taxonomy", "model", trained, "lorentz", "-o", tmp_path / "l.wv")[0] == 0
    sheet = wordvec.load(tmp_path / "l.wv")
    assert sheet.vectors.dtype == np.float64
    assert run("taxonomy", "export", tmp_path / "l.wv", "-o", tmp_path / "l.tsv")[0] == 0
    assert (tmp_path / "l.tsv").read_text().startswith("name\tx0\tx1\tx2\n")
    out = tmp_path / "more.wv"
    add = ("taxonomy", "add", trained, "fox", "--parent", "mammal", "--parent", "animal")
    assert run(*add, "-o", out)[0] == 0
    assert "fox" in wordvec.load(out)
    assert run(*add, "-o", out)[0] == 1  # it exists


def test_refine_proposes_and_writes(trained: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "short.tsv").write_text("cat\tmammal\nmammal\tanimal\nbird\tanimal\n")
    (tmp_path / "terms").write_text("sparrow\n\ncat\n")
    code, out, _ = run(
        *("taxonomy", "refine", tmp_path / "short.tsv", trained, "--format", "json"),
        *("--terms", tmp_path / "terms", "-o", tmp_path / "new.tsv"),
    )
    assert code == 0
    rows = json.loads(out)
    assert [(row["action"], row["term"]) for row in rows] == [("attach", "sparrow")]
    assert ("sparrow", rows[0]["new_parent"]) in set(read_relations(tmp_path / "new.tsv").pairs())


def test_entailment_sets_are_scored(trained: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "set").write_text("word1 word2 score\ndog animal 9\nanimal dog 1\nfox dog 3\n")
    code, out, _ = run(
        "taxonomy",
        "entailment",
        trained,
        tmp_path / "set",
        "--kind",
        "hyperlex",
        "--format",
        "json",
    )
    row = json.loads(out)[0]
    assert (code, row["metric"], row["known"]) == (0, "spearman", 2)
    assert row["value"] == pytest.approx(1)


def test_a_drawing_is_svg_and_says_when_it_means_little(
    trained: Path, zoo: Path, tmp_path: Path, run: Run
) -> None:
    code, _, err = run("taxonomy", "plot", trained, "-o", tmp_path / "m.png")
    assert code == 2
    assert "name it .svg" in err
    assert not (tmp_path / "m.png").exists()
    rng = np.random.default_rng(1)
    names = [f"t{i}" for i in range(300)]
    lost = wordvec.WordVectors(
        names, rng.uniform(-0.6, 0.6, (300, 2)), meta={"manifold": "poincare"}
    )
    lost.save(tmp_path / "lost.wv")
    edges = tmp_path / "edges.tsv"
    edges.write_text("".join(f"t{i}\tt{i // 2}\n" for i in range(1, 300)))
    svg = tmp_path / "lost.svg"
    code, _, err = run("taxonomy", "plot", tmp_path / "lost.wv", "--edges", edges, "-o", svg)
    assert code == 0
    assert "two dimensions cannot show this hierarchy well" in err
    code, _, err = run("taxonomy", "plot", trained, "--edges", zoo, "-o", tmp_path / "z.svg")
    assert (code, err) == (0, "")


def test_a_word_without_its_sense_is_told_the_senses(tmp_path: Path, run: Run) -> None:
    names = ["animal.n.01", "dog.n.01", "dog.n.03", "cat.n.01"]
    points = [[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [-0.5, 0.0]]
    wordvec.WordVectors(names, points, meta={"manifold": "poincare"}).save(tmp_path / "n.wv")
    code, _, err = run("taxonomy", "parents", tmp_path / "n.wv", "dog")
    assert code == 2
    assert "did you mean dog.n.01, dog.n.03?" in err


def test_the_rates_of_a_hierarchy_can_be_set(zoo: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "m.wv"
    rates = ("--min-alpha", 0.05, "--burn-in-factor", 0.25)
    code, _, err = run("train", zoo, "--model", "poincare", *rates, "--epochs", 2, "-o", out)
    assert code == 0, err
    options = wordvec.load(out).meta["options"]
    assert (options["min_alpha"], options["burn_in_factor"]) == (0.05, 0.25)


@pytest.mark.parametrize("name", MODELS)
def test_the_help_of_every_model_shows_its_options(name: str, run: Run) -> None:
    code, out, err = run("train", "--model", name, "--help")
    assert code == 0, err
    for option in MODELS[name].load().options().values():
        if option.command_line:
            assert f"--{option.name.replace('_', '-')}" in out
