"""wordvec shards as a user meets it."""

import json

import pytest

from wordvec.cli import main


def run(capsys, *args):
    """(exit code, standard output, standard error) of a command."""
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.fixture
def folders(capsys, tmp_path):
    """Two texts, and their shards with one vocabulary."""
    for name, line in (("a", "one two three four\n"), ("b", "four three one one\n")):
        (tmp_path / f"{name}.txt").write_text(line * 50)
    texts = [tmp_path / "a.txt", tmp_path / "b.txt"]
    run(capsys, "vocab", *texts, "-o", tmp_path / "v")
    for name in "ab":
        run(
            capsys,
            "count",
            tmp_path / f"{name}.txt",
            "-o",
            tmp_path / name,
            "--vocab",
            tmp_path / "v",
        )
    run(capsys, "count", *texts, "-o", tmp_path / "both", "--vocab", tmp_path / "v")
    return tmp_path


def test_info_and_verify(capsys, folders):
    code, out, _ = run(capsys, "shards", "info", folders / "a", "--format", "json")
    assert code == 0
    record = json.loads(out)[0]
    assert (record["words"], record["window"], record["symmetric"]) == (4, 10, True)
    code, out, _ = run(capsys, "shards", "info", folders / "a")
    assert code == 0
    assert "harmonic" in out
    assert run(capsys, "shards", "verify", folders / "a")[0] == 0
    tiles = folders / "a" / "tiles.bin"
    data = bytearray(tiles.read_bytes())
    data[-1] ^= 1
    tiles.write_bytes(data)
    code, _, err = run(capsys, "shards", "verify", folders / "a")
    assert code == 1
    assert "damaged" in err
    assert len(err.splitlines()) == 1


def test_merge(capsys, folders):
    code, _, err = run(capsys, "shards", "merge", folders / "a", folders / "b", "-o", folders / "c")
    assert code == 0
    assert "4 words" in err
    for name in ("tiles.bin", "manifest.json"):
        assert (folders / "c" / name).read_bytes() == (folders / "both" / name).read_bytes()
    code, _, err = run(capsys, "shards", "merge", folders / "a", folders / "b", "-o", folders / "c")
    assert code == 1
    assert "--force" in err


def test_glove_files(capsys, folders):
    files = folders / "vocab.txt", folders / "cooccur.bin"
    assert run(capsys, "shards", "export-glove", folders / "a", *files)[0] == 0
    code, _, _ = run(capsys, "shards", "import-glove", *files, "-o", folders / "d", "--window", 10)
    assert code == 0
    for name in ("tiles.bin", "manifest.json"):
        assert (folders / "a" / name).read_bytes() == (folders / "d" / name).read_bytes()


def test_what_is_no_shard_folder_is_named(capsys, tmp_path):
    for command in ("info", "verify"):
        code, _, err = run(capsys, "shards", command, tmp_path / "none")
        assert code == 1
        assert "no such folder" in err
    code, _, err = run(capsys, "shards", "inof")
    assert code == 2
    assert "did you mean 'info'" in err


def test_blocks_are_counted_from_one_reading_and_add_up(capsys, planted, tmp_path):
    parts, whole, summed = (tmp_path / name for name in ("parts", "whole", "summed"))
    code, _, err = run(
        capsys, "count", planted, "-o", parts, "--blocks", 8, "--by", "line", "--window", 3
    )
    assert code == 0
    assert "8 blocks of 4,000 documents (by line)" in err
    run(capsys, "count", planted, "-o", whole, "--window", 3)
    run(capsys, "shards", "merge", *sorted(parts.glob("block-*")), "-o", summed)
    code, _, _ = run(capsys, "shards", "merge", parts, "-o", tmp_path / "at-once")
    assert code == 0
    assert (tmp_path / "at-once" / "tiles.bin").read_bytes() == (summed / "tiles.bin").read_bytes()
    code, _, err = run(capsys, "train", parts, "--model", "glove", "-o", tmp_path / "g.wv")
    assert code == 1
    assert "wordvec shards merge" in err
    for name in ("tiles.bin", "manifest.json", "vocab.txt", "marginals.f64"):
        assert (summed / name).read_bytes() == (whole / name).read_bytes()


def test_lines_that_are_joined_cannot_be_dealt(capsys, planted, tmp_path):
    code, _, err = run(
        capsys,
        "count",
        planted,
        "-o",
        tmp_path / "p",
        "--blocks",
        8,
        "--by",
        "line",
        "--across-lines",
    )
    assert code == 2
    assert "--across-lines" in err


def test_counts_without_a_cell_are_noted(capsys, tmp_path):
    (tmp_path / "text").write_text("one\ntwo\none\n")
    code, _, said = run(capsys, "count", tmp_path / "text", "-o", tmp_path / "c", "--min-count", 1)
    assert code == 0
    assert f"note      {tmp_path / 'c'}: no two words of the vocabulary stand on one line" in said
