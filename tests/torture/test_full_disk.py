"""A disk that is full or read-only: one line with the path, the old file, and nothing half-made."""

import os
import subprocess
import sys

import numpy as np
import pytest

import wordvec
from wordvec import formats


@pytest.fixture
def disk(tmp_path):
    """A folder on a file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "wordvec-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def command(*args, module=True, **env):
    done = subprocess.run(
        [sys.executable, *(["-m", "wordvec"] if module else []), *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | env,
        timeout=120,
    )
    return done.returncode, done.stderr


@pytest.fixture
def big(tmp_path):
    rows = np.random.default_rng(0).standard_normal((9000, 60)).astype(np.float32)
    wordvec.WordVectors([f"w{i}" for i in range(9000)], rows).save(tmp_path / "big.wv")
    return tmp_path / "big.wv"


@pytest.mark.parametrize("name", ["v.wv", "v.txt", "v.bin", "v.npy", "v.parquet"])
def test_a_full_disk_keeps_the_old_file(name, disk, big):
    formats.save(wordvec.WordVectors(["a"], np.ones((1, 2), np.float32)), disk / name)
    before = {each: (disk / each).read_bytes() for each in os.listdir(disk)}
    code, err = command("convert", big, disk / name, "--force")
    assert code == 1
    assert str(disk) in err
    assert "No space left" in err
    assert len(err.splitlines()) == 1
    assert {each: (disk / each).read_bytes() for each in os.listdir(disk)} == before


def test_a_full_disk_ends_a_count_in_one_line_and_the_same_command_goes_on(disk, tmp_path):
    rng = np.random.default_rng(1)
    text = tmp_path / "t.txt"
    rows = rng.integers(0, 2000, (4000, 12))
    text.write_text("\n".join(" ".join(f"w{w}" for w in row) for row in rows))
    arguments = ["count", text, "-o", disk / "s", "--quiet"]
    code, err = command(*arguments)
    assert (code, len(err.splitlines())) == (1, 1)
    assert "No space left on device: make room" in err
    assert os.listdir(disk) == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    assert command(*arguments) == (0, "")
    assert os.listdir(disk) == ["s"]


def test_a_read_only_disk_is_told_before_any_work(disk, planted, big):
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for arguments in (
        ["train", planted, "-o", disk / "v.wv"],
        ["count", planted, "-o", disk / "s"],
        ["convert", big, disk / "v.txt"],
        ["train", planted, "-o", "/dev/null", "--checkpoint", disk / "keep"],
    ):
        code, err = command(*arguments)
        assert (code, err) == (1, f"wordvec: error: {disk}: Read-only file system\n")


def test_a_full_disk_under_vectors_of_documents_is_named(disk, big, tmp_path):
    (tmp_path / "t.txt").write_text("w1 w2 w3\n" * 9000)
    arguments = ["documents", big, tmp_path / "t.txt", "--text", "lines", "--weights", "mean"]
    code, err = command(*arguments, "-o", disk / "d.npy", "--quiet")
    assert (code, err) == (1, f"wordvec: error: {disk}/d.npy: No space left on device\n")
    assert os.listdir(disk) == []


def test_a_full_folder_for_temporary_files_is_named(disk, big):
    done = subprocess.run(
        f'"{sys.executable}" -m wordvec neighbors <(cat "{big}") w1',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(disk)},
    )
    assert done.returncode == 1
    assert f"{disk} (temporary files; TMPDIR names another folder): No space left" in done.stderr


@pytest.mark.parametrize("read_only", [False, True])
def test_counts_of_a_training_that_find_no_room_name_the_temporary_folder(
    read_only, disk, tmp_path
):
    text = tmp_path / "t.txt"
    rows = np.random.default_rng(1).integers(0, 2000, (4000, 12))
    text.write_text("\n".join(" ".join(f"w{w}" for w in row) for row in rows))
    arguments = ["train", text, "-o", tmp_path / "v.wv", "--model", "glove", "--quiet"]
    if not read_only:
        code, err = command(*arguments, TMPDIR=str(disk))
    else:  # not by the variable: Python passes over such a folder
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        code, err = command(
            "-c",
            "import sys, tempfile; from wordvec.cli import main; tempfile.tempdir = sys.argv[1]; "
            "main(sys.argv[2:])",
            disk,
            *arguments,
            module=False,
        )
    assert code == 1
    assert err.startswith(f"wordvec: error: {disk} (temporary files; TMPDIR names another folder)")
    assert len(err.splitlines()) == 1
    assert os.listdir(disk) == []
    assert not (tmp_path / "v.wv").exists()
