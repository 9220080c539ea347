"""wordvec uncertainty, and --uncertainty of other commands, as a user meets them."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def made(many_words, tmp_path_factory):
    """A folder with shards, blocks of lines, and GloVe vectors of 8 dimensions."""
    from wordvec.counts.blocks import count_blocks
    from wordvec.counts.counting.count import count
    from wordvec.counts.counting.window import Window
    from wordvec.models.glove import GloVe
    from wordvec.text.corpus import encode

    folder = tmp_path_factory.mktemp("made")
    corpus = encode(many_words, min_count=5)
    shards = count(corpus, folder / "shards", Window(window=4))
    count_blocks(corpus, folder / "blocks", 8, Window(window=4), by="line")
    glove = GloVe(vector_size=8, x_max=10, epochs=8, threads=1).fit(shards)
    glove.vectors_.save(folder / "g.wv")
    return folder


def rows(run, *args):
    code, out, err = run(*args, "--format", "json")
    assert code == 0, err
    return json.loads(out), err


def test_a_table_of_words_says_what_is_known_of_each(run, made):
    found, err = rows(run, "uncertainty", made / "g.wv", made / "shards", "w1", "w130")
    assert [row["word"] for row in found] == ["w1", "w130"]
    assert all(0 < row["convergence"] <= 1 for row in found)
    assert "reconstruction" in err
    assert "x_max 10" in err
    found, _ = rows(run, "uncertainty", made / "g.wv", made / "blocks", "w1")
    assert found[0]["blocks"] == 8


def test_a_similarity_has_an_interval_of_a_kind_that_is_named(run, made):
    for shards, source in (("shards", "reconstruction"), ("blocks", "documents")):
        found, err = rows(
            run,
            "similarity",
            made / "g.wv",
            "w1",
            "w2",
            "--uncertainty",
            made / shards,
            "--source",
            source,
        )
        (row,) = found
        assert row["low"] < row["similarity"] < row["high"]
        assert row["of"] == source
        assert source in err


def test_the_noise_of_training_can_be_added(run, made, tmp_path):
    for seed in (2, 3):
        options = ("--vector-size", 8, "--x-max", 10, "--epochs", 8, "--seed", seed)
        target = tmp_path / f"g{seed}.wv"
        assert run("train", made / "shards", "--model", "glove", *options, "-o", target)[0] == 0
    asked = ("similarity", made / "g.wv", "w1", "w2", "--uncertainty", made / "blocks")
    asked += ("--source", "documents")
    others = [each for seed in (2, 3) for each in ("--retrained", tmp_path / f"g{seed}.wv")]
    (alone,), _ = rows(run, *asked)
    (both,), err = rows(run, *asked, *others)
    assert both["sd"] > alone["sd"]
    assert both["similarity"] == alone["similarity"]
    assert "and 2 models of other seeds" in err


def test_the_covariance_of_the_paper_can_be_asked_for(run, made):
    sds = [
        rows(
            run,
            "similarity",
            made / "g.wv",
            "w1",
            "w2",
            "--uncertainty",
            made / "shards",
            "--covariance",
            covariance,
        )[0][0]["sd"]
        for covariance in ("model", "sandwich")
    ]
    assert sds[0] != sds[1]


def test_neighbours_have_intervals_and_ties(run, made):
    found, _ = rows(
        run, "neighbors", made / "g.wv", "w1", "w2", "-k", 3, "--uncertainty", made / "shards"
    )
    assert [row["word"] for row in found] == ["w1"] * 3 + ["w2"] * 3
    assert all(row["low"] < row["similarity"] < row["high"] for row in found)
    assert {row["tied"] for row in found} <= {"yes", ""}


def test_what_cannot_be_answered_costs_one_line(run, made):
    for args, match in (
        (("uncertainty", made / "g.wv", made / "shards", "zzz"), "no word 'zzz'"),
        (("uncertainty", made / "g.wv", made / "nowhere", "w1"), "no such folder"),
        (
            (
                "similarity",
                made / "g.wv",
                "w1",
                "w2",
                "--uncertainty",
                made / "shards",
                "--source",
                "documents",
            ),
            "--blocks",
        ),
    ):
        code, out, err = run(*args)
        assert code == 1
        assert out == ""
        assert match in err
        assert err.count("\n") == 1
    assert run("uncertainty", made / "g.wv", made / "shards")[0] == 2
    code, out, err = run("uncertainty", made / "g.wv", made / "shards", "zzz", "w1")
    assert (code, out.count("w1")) == (1, 1)
    assert "no word 'zzz'" in err
    of = ("--uncertainty", made / "shards")
    code, out, err = run("neighbors", made / "g.wv", "zzz", "w1", "-k", 2, *of)
    assert (code, out.count("reconstruction")) == (1, 2)
    assert run("neighbors", made / "g.wv", "w1", "--unseen", *of)[0] == 2


def test_stability_trains_on_resampled_documents(run, made, many_words):
    options = ("--runs", 4, "--vector-size", 6, "--epochs", 2, "--word", "w1", "-k", 3)
    found, err = rows(run, "stability", made / "blocks", *options)
    (row,) = found
    assert row["word"] == "w1"
    assert row["blocks"] == 8
    assert 0 <= row["jaccard"] <= 1
    assert "4 runs of glove over documents" in err
    by_text, _ = rows(
        run,
        "stability",
        many_words,
        "--model",
        "ppmi",
        "--by",
        "line",
        "--blocks",
        8,
        "--runs",
        3,
        "--vector-size",
        6,
        "--window",
        3,
    )
    assert len(by_text) == 20
    code, _, err = run("stability", made / "blocks", "--model", "skipgram")
    assert code == 2
    assert "skipgram" in err


def test_variances_of_all_words_go_into_a_file(run, made, tmp_path):
    target = tmp_path / "u.wv"
    code, _, err = run(
        "uncertainty", made / "g.wv", made / "shards", "--all", "-o", target, "--rank", 3
    )
    assert code == 0
    assert "words have a variance; rank 3 keeps" in err
    found, err = rows(run, "similarity", target, "w1", "w2", "--uncertainty", "stored")
    assert found[0]["sd"] > 0
    assert "x_max 10" in err
    assert run("uncertainty", made / "g.wv", made / "shards", "--all")[0] == 2
    assert run("uncertainty", made / "g.wv", made / "shards", "w1", "-o", target)[0] == 2


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A similarity set of words of `many_words`."""
    folder = tmp_path_factory.mktemp("sets")
    lines = (f"w{i}\tw{i + j}\t{10 - j}" for i in range(1, 6) for j in range(1, 8))
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    (folder / "test.toml").write_text(
        '[one]\nX = ["w1", "w11", "w21"]\nY = ["w2", "w12", "w22"]\n'
        'A = ["w31", "w41"]\nB = ["w32", "w42"]\n'
    )
    return folder


def test_scores_have_the_interval_of_the_vectors_beside_that_of_the_items(
    run, made, pairs, tmp_path
):
    report = tmp_path / "report.json"
    for args in (
        ("eval", made / "g.wv", "--dataset", f"similarity={pairs / 'pairs.txt'}"),
        ("bias", made / "g.wv", "--test", pairs / "test.toml"),
    ):
        for counts, source in (("shards", "reconstruction"), ("blocks", "documents")):
            page = tmp_path / "page.html"
            found, err = rows(
                run,
                *args,
                "--uncertainty",
                made / counts,
                "--source",
                source,
                "--draws",
                40,
                "--json",
                report,
                "--html",
                page,
                "--force",
                "--quiet",
            )
            (row,) = found
            assert row["low"] <= row["high"]
            assert row[f"{source} low"] <= row["estimate"] <= row[f"{source} high"]
            assert source in err
            (of,) = json.loads(report.read_text())["of_vectors"]
            assert of["kind"] == source
            assert of["score"] == row["score"]
            assert f"interval of {source}" in page.read_text()


def test_without_uncertainty_nothing_of_it_is_shown(run, made, pairs):
    found, _ = rows(run, "bias", made / "g.wv", "--test", pairs / "test.toml", "--quiet")
    assert "estimate" not in found[0]


def test_change_compares_two_collections(run, many_words, tmp_path):
    lines = many_words.read_text().splitlines()
    for name, own in (("old", lines[::2]), ("new", lines[1::2])):
        (tmp_path / f"{name}.txt").write_text("\n".join(own) + "\n")
    assert run("vocab", many_words, "--min-count", 20, "-o", tmp_path / "v.txt")[0] == 0
    for name in ("old", "new"):
        counted = ("--vocab", tmp_path / "v.txt", "--blocks", 8, "--by", "line", "--window", 4)
        code, _, err = run("count", tmp_path / f"{name}.txt", *counted, "-o", tmp_path / name)
        assert code == 0, err
    both = (tmp_path / "old", tmp_path / "new")
    options = ("--model", "ppmi", "--vector-size", 6, "--nulls", 10, "--top", 3)
    written = ("-o", tmp_path / "all.tsv", "--latex", tmp_path / "c.tex")
    found, err = rows(run, "change", *both, *options, *written)
    assert len(found) == 3
    assert found[0]["z"] >= found[1]["z"] >= found[2]["z"]
    assert all(0 < row["p"] <= row["q"] <= 1 for row in found)
    assert all(len(row["nearest in new"].split()) == 5 for row in found)
    assert "words have q < 0.05; by chance: 10 exchanges of documents" in err
    table = (tmp_path / "all.tsv").read_text().splitlines()
    assert table[0].split("\t")[:4] == ["word", "distance", "by chance", "z"]
    assert len(table) > 20
    assert r"\begin{longtable}" in (tmp_path / "c.tex").read_text()
    assert "hamilton2016diachronic" in (tmp_path / "c.bib").read_text()
    code, _, err = run("change", *both, *options, "--word", "zzz")
    assert (code, "zzz" in err) == (1, True)
    assert run("change", *both, *options, *written)[0] == 1  # the files exist
    code, _, err = run("change", *both, "--window", "3")
    assert (code, "--window is fixed in the counts: give it to `wordvec count`" in err) == (2, True)
    # A third collection makes it a series, and each report is written by the same mechanism.
    reports = ("--json", tmp_path / "c.json", "--markdown", tmp_path / "c.md")
    shutil.copytree(both[0], tmp_path / "last")
    three = (*both, tmp_path / "last")
    found, err = rows(run, "change", *three, *options, "--method", "neighbors", *reports)
    assert [row["step"] for row in found[:2]] == ["old to new", "new to last"]
    assert err.count("words have q < 0.05") == 2
    assert json.loads((tmp_path / "c.json").read_text())["options"]["method"] == "neighbors"
    code, _, err = run("change", *both, both[0])
    assert (code, "old: is given twice" in err, "training" in err) == (1, True, False)
    code, _, err = run("change", both[0])
    assert (code, "OLD and NEW" in err) == (2, True)
