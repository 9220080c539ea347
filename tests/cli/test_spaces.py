"""wordvec transform and wordvec debias."""

import json

import numpy as np
import pytest

from wordvec import WordVectors
from wordvec.debias import HardDebias
from wordvec.transform import AllButTheTop, Pipeline, Unit

PAIRS = [(f"f{i}", f"m{i}") for i in range(6)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """v.wv with a planted concept, concept.toml, and a similarity set."""
    folder = tmp_path_factory.mktemp("spaces")
    rng = np.random.default_rng(1)
    d, size = 16, 1500
    g = np.eye(d)[0]
    rows = [rng.standard_normal(d) for _ in range(6) for _ in (0, 1)]
    for i in range(6):
        rows[2 * i + 1] = rows[2 * i] - 4 * g
    X = np.vstack([rows, rng.standard_normal((size, d)) + 1.5 * rng.standard_normal((size, 1)) * g])
    words = [w for pair in PAIRS for w in pair] + [f"n{i}" for i in range(size)]
    counts = np.arange(len(words), 0, -1) ** 2
    WordVectors(words, X.astype(np.float32), counts=counts).save(folder / "v.wv")
    WordVectors(words, X.astype(np.float32)).save(folder / "bare.wv")
    (folder / "vocab.txt").write_text(
        "".join(f"{w} {c}\n" for w, c in zip(words, counts, strict=True))
    )
    pairs = ", ".join(f'["{a}", "{b}"]' for a, b in PAIRS)
    exempt = " ".join(w for pair in PAIRS for w in pair)
    probe = " ".join(f"n{i}" for i in range(40))
    (folder / "concept.toml").write_text(
        f'pairs = [{pairs}]\nexempt = "{exempt}"\nprobe = "{probe}"\n'
        'classes = ["left", "right"]\nequalize = [["n50", "n51"]]\n'
    )
    lines = [f"n{i}\tn{i + 1}\t{rng.random():.3f}" for i in range(0, 60, 2)]
    (folder / "sim.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_transform_writes_what_the_library_makes(run, folder, tmp_path):
    out = tmp_path / "w.wv"
    code, _, err = run(
        "transform", folder / "v.wv", "-o", out, "--center", "tokens", "--remove", "2", "--unit"
    )
    assert code == 0, err
    wv = WordVectors.open(folder / "v.wv")
    wanted = Pipeline([AllButTheTop(n=2, weights="tokens"), Unit()]).fit_transform(wv)
    np.testing.assert_array_equal(WordVectors.open(out).vectors, wanted.vectors)
    code, shown, _ = run("info", out)
    assert code == 0
    assert "all-but-the-top" in shown
    assert "unit" in shown
    assert run("transform", folder / "v.wv", "-o", out, "--unit")[0] != 0
    assert (
        run("transform", folder / "v.wv", "-o", out, "--unit", "--force", "--dtype", "int8")[0] == 0
    )
    assert WordVectors.open(out).sections()["vectors"].startswith("int8")


def test_whitening_pca_and_counts_of_a_file(run, folder, tmp_path):
    one, other = tmp_path / "a.wv", tmp_path / "b.wv"
    assert run("transform", folder / "v.wv", "-o", one, "--whiten", "tokens")[0] == 0
    code, _, err = run("transform", folder / "bare.wv", "-o", other, "--whiten", "tokens")
    assert code == 2
    assert f"--whiten tokens: {folder / 'bare.wv'} has no counts" in err
    assert "--counts" in err
    counts = ("--counts", folder / "vocab.txt")
    assert run("transform", folder / "bare.wv", "-o", other, "--whiten", "tokens", *counts)[0] == 0
    a, b = WordVectors.open(one), WordVectors.open(other)
    np.testing.assert_array_equal(a.vectors, b.vectors)
    assert run("transform", folder / "v.wv", "-o", one, "--pca", "5", "--force")[0] == 0
    assert WordVectors.open(one).vector_size == 5


def test_compare_judges_each_transform_beside_the_vectors(run, folder, tmp_path):
    page = tmp_path / "r.html"
    code, out, err = run(
        "transform",
        folder / "v.wv",
        "--compare",
        "all",
        "--dataset",
        folder / "sim.txt",
        "--resamples",
        "50",
        "--format",
        "json",
        "--html",
        page,
    )
    assert code == 0, err
    rows = json.loads(out)
    assert len(rows) == 11
    assert rows[0]["model"] == "as they are"
    assert rows[0]["change"] is None
    for row in rows[1:]:
        assert row["change low"] <= row["change"] <= row["change high"]
        assert row["change"] == pytest.approx(row["score"] - rows[0]["score"])
    assert page.read_text().startswith("<!doctype html>")


def test_transform_says_what_it_needs(run, folder, tmp_path):
    code, _, err = run("transform", folder / "v.wv", "-o", tmp_path / "w.wv")
    assert code == 2
    assert "name a transform" in err
    code, _, err = run("transform", folder / "v.wv", "--unit")
    assert code == 2
    assert "with -o" in err
    for option, most in (("--pca", "[1, 16]"), ("--remove", "[0, 15]")):
        code, _, err = run("transform", folder / "v.wv", "-o", tmp_path / "w.wv", option, "50")
        assert code == 2
        assert f"{option} 50: n must be in {most}, got 50" in err


def test_debias_writes_and_proves(run, folder, tmp_path):
    out, page, data = tmp_path / "fair.wv", tmp_path / "r.html", tmp_path / "r.json"
    code, shown, err = run(
        "debias",
        folder / "v.wv",
        "-o",
        out,
        "--concept",
        folder / "concept.toml",
        "--dataset",
        folder / "sim.txt",
        "--resamples",
        "50",
        "--html",
        page,
        "--json",
        data,
    )
    assert code == 0, err
    assert "linear probe" in shown
    assert "No method here makes vectors free of bias." in shown
    assert "unbiased" not in shown + page.read_text()
    made = json.loads(data.read_text())
    probe = next(row for row in made["rows"] if row["measure"] == "linear probe")
    assert probe["cells"]["before"]["score"] > 0.9
    assert probe["cells"]["leace"]["score"] < 0.65
    wv, fair = WordVectors.open(folder / "v.wv"), WordVectors.open(out)
    assert fair["f0"].tobytes() == wv["f0"].tobytes()
    code, shown, _ = run("info", out)
    assert "linear association with concept (leace)" in shown
    code, _, err = run("debias", out, "-o", tmp_path / "x.wv", "--concept", folder / "concept.toml")
    assert code == 2
    assert "was taken out of these vectors before, by leace; --force" in err


def test_every_method_beside_the_others(run, folder):
    code, out, err = run(
        "debias",
        folder / "v.wv",
        "--concept",
        folder / "concept.toml",
        "--method",
        "all",
        "--dataset",
        folder / "sim.txt",
        "--resamples",
        "20",
        "--steps",
        "5",
        "--format",
        "json",
    )
    assert code == 0, err
    rows = json.loads(out)
    names = {"before", "leace", "hard", "inlp", "hsr", "soft", "double-hard", "ran"}
    assert names <= set(rows[0])
    assert {"linear probe", "non-linear probe", "clusters", "direct bias", "GIPE", "sim"} <= {
        row["measure"] for row in rows
    }


def test_debias_says_what_it_needs(run, folder, tmp_path):
    concept = ("--concept", folder / "concept.toml")
    code, _, err = run("debias", folder / "v.wv", *concept, "--method", "all", "-o", tmp_path / "x")
    assert code == 2
    assert "writes nothing" in err
    code, _, err = run(
        "debias", folder / "v.wv", *concept, "--rounds", "3", "--no-proof", "-o", tmp_path / "x"
    )
    assert code == 2
    assert "--rounds: leace has no such option" in err
    code, _, err = run("debias", folder / "v.wv", "--concept", "age", "-o", tmp_path / "x")
    assert code == 1
    assert "gender, race, religion ship" in err
    code, _, err = run("debias", folder / "v.wv", "--concept", "gender", "-o", tmp_path / "x")
    assert code == 1
    assert "0 of 10" in err
    assert not list(tmp_path.iterdir())


def test_words_of_a_file_are_kept_and_equalising_can_be_left(run, folder, tmp_path):
    keep = tmp_path / "keep.txt"
    keep.write_text("n3 n4\nn5")
    out = tmp_path / "o.wv"
    code, _, err = run(
        "debias",
        folder / "v.wv",
        "-o",
        out,
        "--concept",
        folder / "concept.toml",
        "--no-proof",
        "--method",
        "hard",
        "--keep",
        keep,
        "--no-equalize",
    )
    assert code == 0, err
    wv, made = WordVectors.open(folder / "v.wv"), WordVectors.open(out)
    for word in ("n3", "n4", "n5", "m1"):
        assert made[word].tobytes() == wv[word].tobytes()
    t = HardDebias(concept=folder / "concept.toml", equalize=()).fit(wv)
    np.testing.assert_array_equal(made["n50"], t.transform(wv)["n50"])


# --- geometry, hubs, informativeness, keywords ----------------------------------------------------


def test_geometry_shows_types_and_tokens_side_by_side(run, folder):
    code, out, err = run("geometry", folder / "v.wv", folder / "bare.wv", "--format", "json")
    assert code == 0
    rows = {row["measure"]: row for row in json.loads(out)}
    for kind in ("types", "tokens"):
        for name in (
            "norm",
            "centre",
            "symmetry1",
            "symmetry2",
            "isoscore",
            "effective dimensions",
        ):
            assert f"{name}, {kind}" in rows
    assert rows["isoscore, tokens"]["bare"] is None
    assert rows["isoscore, types"]["bare"] == rows["isoscore, types"]["v"]
    assert "bare: no counts" in err
    assert rows["hubs: maximum"]["v"] > 10
    code, out, _ = run(
        "geometry", folder / "bare.wv", "--counts", folder / "vocab.txt", "--no-hubs", "--json"
    )
    assert code == 0
    assert "hubs" not in out
    assert {row["measure"] for row in json.loads(out)} >= {"isoscore, types", "isoscore, tokens"}


def test_hubs_and_antihubs(run, folder):
    code, out, err = run("hubs", folder / "v.wv", "-k", "5", "--top", "3", "--format", "json")
    assert code == 0
    rows = json.loads(out)
    assert [row["kind"] for row in rows] == ["hub"] * 3 + ["antihub"] * 3
    assert rows[0]["appearances"] >= rows[2]["appearances"] > rows[3]["appearances"]
    assert "of all 1,512 words" in err
    code, _, err = run("hubs", folder / "v.wv", "-k", "5", "--sample", "100")
    assert "of 100 sampled" in err
    assert run("hubs", folder / "v.wv", "-k", "5000")[0] == 2


def test_informativeness_and_keywords(run, tmp_path):
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in rng.integers(0, 60, 6000)]
    for i in range(0, 600, 6):
        words[i : i + 2] = ["reactor", "core"]
    text = tmp_path / "t.txt"
    text.write_text(" ".join(words))
    shards, table = tmp_path / "s", tmp_path / "kl.tsv"
    flat = ("--weighting", "flat", "--window", "2", "--quiet")
    assert run("count", text, "-o", shards, *flat)[0] == 0
    code, _, err = run("informativeness", shards, "-o", table)
    assert code == 0, err
    assert "by chance: closed form" in err
    lines = table.read_text().splitlines()
    assert lines[0].split("\t") == ["word", "count", "kl", "by chance", "excess"]
    assert len(lines) == 63
    code, out, _ = run("informativeness", shards, "--top", "2", "--format", "json")
    assert {row["word"] for row in json.loads(out)} == {"reactor", "core"}
    model = tmp_path / "m.wv"
    options = ("--model", "glove", "--vector-size", "8", "--epochs", "2", "--quiet")
    assert run("train", shards, "-o", model, *options)[0] == 0
    code, out, _ = run("informativeness", shards, model, "--format", "json")
    assert code == 0
    assert {"norm of contexts", "excess norm"} <= set(json.loads(out)[0])
    for more in ((), ("--shards", shards), ("--measure", "norm", "--vectors", model)):
        code, out, err = run("keywords", text, "-k", "2", "--format", "json", *more)
        assert code == 0, err
        assert len(json.loads(out)) == 2
        if "norm" not in more:
            assert {row["word"] for row in json.loads(out)} == {"reactor", "core"}
    assert run("keywords", text, "--measure", "norm")[0] == 2
    assert run("keywords", text, "--measure", "chi2", "--shards", shards)[0] == 2


def test_train_transforms_before_it_writes(run, tmp_path):
    rng = np.random.default_rng(1)
    text = tmp_path / "t.txt"
    text.write_text(" ".join(f"w{i}" for i in rng.integers(0, 80, 4000)))
    options = ("--vector-size", "6", "--epochs", "2", "--model", "glove", "--quiet")
    plain, moved = tmp_path / "a.wv", tmp_path / "b.wv"
    assert run("train", text, "-o", plain, *options)[0] == 0
    steps = ("--transform", "all-but-the-top:n=1,weights=tokens", "--transform", "unit")
    code, _, err = run("train", text, "-o", moved, *options, *steps)
    assert code == 0, err
    wv = WordVectors.open(plain)
    wanted = Unit().transform(AllButTheTop(n=1, weights="tokens").fit_transform(wv))
    found = WordVectors.open(moved)
    np.testing.assert_array_equal(found.vectors, wanted.vectors)
    assert [card["transform"] for card in found.meta["transforms"]] == ["all-but-the-top", "unit"]
    for bad, message in (
        ("spin", "no transform 'spin'"),
        ("unit:x=1", "unit has no option 'x'"),
        ("pca:n=a", "n must be a whole number"),
        ("pca:n=0", "n must be >= 1"),
        ("leace", "needs more than numbers"),
    ):
        code, _, err = run("train", text, "-o", tmp_path / "c.wv", *options, "--transform", bad)
        assert code == 2
        assert message in err
    assert not (tmp_path / "c.wv").exists()


def test_bias_is_judged_on_the_most_biased_words_of_other_vectors(run, tmp_path):
    from wordvec.evaluation.core.bias.lists import gender_lists

    lists = gender_lists()
    rng = np.random.default_rng(2)
    words = list(dict.fromkeys(w for pair in lists.pairs for w in pair))
    words += [f"v{i}" for i in range(600)]
    X = rng.standard_normal((len(words), 12))
    for female, male in lists.pairs:
        X[words.index(female)] = X[words.index(male)] + np.r_[6.0, np.zeros(11)]
    X[20:, 0] *= 3
    before, after = tmp_path / "before.wv", tmp_path / "after.wv"
    WordVectors(words, X.astype(np.float32)).save(before)
    HardDebias(concept="gender", equalize=(), exempt=()).fit(WordVectors.open(before)).save(
        WordVectors.open(before), after
    )
    options = ("--measure", "probe", "--format", "json", "--quiet")
    code, out, err = run("bias", before, after, *options, "--most-biased-of", before)
    assert code == 0, err
    scores = {(r["model"], r["dataset"]): r["score"] for r in json.loads(out)}
    linear = next(name for _, name in scores if "non-linear" not in name)
    assert scores["before", linear] > 0.95
    assert scores["after", linear] < 0.9
    # Chosen by the vectors that are judged, the sides differ by construction.
    code, out, err = run("bias", after, *options)
    own = {r["dataset"]: r["score"] for r in json.loads(out)}
    assert own[linear] > 0.95
