"""`wordvec oov` and the options of `wordvec convert`."""

import json

import numpy as np
import pytest

from wordvec import WordVectors, load


@pytest.fixture
def path(tmp_path):
    words = [stem + end for stem in ("walk", "talk", "jump") for end in ("", "ed", "ing", "s")]
    X = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
    WordVectors(words, X).save(tmp_path / "v.wv")
    return tmp_path / "v.wv"


def test_fit_then_ask(run, path, tmp_path):
    code, out, err = run("oov", "fit", path, "-o", tmp_path / "o.wv", "--epochs", 2)
    assert (code, out) == (0, "")
    assert "epoch 2/2" in err
    code, out, _ = run("oov", "vector", tmp_path / "o.wv", "walker", "walk", "--format", "json")
    rows = json.loads(out)
    assert code == 0
    assert [r["how"] for r in rows] == ["subword", "exact"]
    assert len(rows[0]["neighbors"]) == 5
    assert all(-1 <= score <= 1.001 for _, score in rows[0]["neighbors"])
    code, _, err = run("oov", "fit", path, "-o", tmp_path / "o.wv")
    assert (code, "exists already" in err) == (1, True)


def test_induction_from_a_compressed_text_and_from_shards(run, path, tmp_path):
    import gzip

    text = "walk talked\njumps walking talk\n" * 50 + "walked jumped talking\n" * 50
    (tmp_path / "t.txt.gz").write_bytes(gzip.compress(text.encode()))
    common = ["-o", tmp_path / "i.wv", "--min-count", 2, "--force", "-q"]
    assert run("oov", "induction", path, tmp_path / "t.txt.gz", *common)[0] == 0
    assert load(tmp_path / "i.wv").induction is not None
    (tmp_path / "t.txt").write_text(text)
    count = run("count", tmp_path / "t.txt", "-o", tmp_path / "s", "--min-count", 1, "--window", 3)
    assert count[0] == 0
    assert run("oov", "induction", path, tmp_path / "s", *common)[0] == 0
    assert load(tmp_path / "i.wv").induction.window == 3
    code, out, _ = run("oov", "vector", tmp_path / "i.wv", "zzz", "-c", "talk ___ walk")
    assert code == 0
    assert "context" in out


@pytest.mark.parametrize("dtype", ["f16", "bf16", "int8", "pq"])
def test_convert_to_an_encoding(run, path, tmp_path, dtype):
    code, _, err = run("convert", path, tmp_path / "c.wv", "--dtype", dtype, "--coarse", "--fold")
    assert (code, err) == (0, "")
    code, out, _ = run("info", tmp_path / "c.wv", "--format", "json")
    card = json.loads(out)[0]
    assert card["vectors"].startswith(dtype)
    assert {"coarse", "casefold"} <= set(card)
    assert load(tmp_path / "c.wv").find_folded("WALKED") == "walked"


def test_lines_longer_than_a_block_lose_no_token(tmp_path, monkeypatch):
    from wordvec.cli import oov

    monkeypatch.setattr(oov, "_BLOCK", 10)
    (tmp_path / "t").write_text("ab cdefghijklmnopqrst uv\nw x\n\nlast one")
    tokens = [t for line in oov._lines((str(tmp_path / "t"),)) for t in line]
    assert tokens == ["ab", "cdefghijklmnopqrst", "uv", "w", "x", "last", "one"]
