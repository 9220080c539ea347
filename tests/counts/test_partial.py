"""The working folder of a count: locked, gone on with, and never anybody else's."""

import os
import shutil
import subprocess
import sys

import pytest
from count_kit import corpus_of, tiny_blocks

from wordvec.counts.counting import count as cooccurrence
from wordvec.counts.counting import partial as partial_module
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards
from wordvec.system.folders import Kind

__all__ = ["tiny_blocks"]


def test_a_foreign_folder_of_the_name_of_the_working_folder_is_kept(tmp_path, tiny_blocks):
    corpus = corpus_of(7)
    work = tmp_path / "s.partial"
    work.mkdir()
    (work / "state.json").write_text("{}")
    (work / "run-0-000000.bin").write_bytes(b"nonsense")
    with pytest.raises(FileExistsError, match="not an interrupted count; move it away"):
        count(corpus, tmp_path / "s", memory=500)
    assert (work / "run-0-000000.bin").read_bytes() == b"nonsense"
    (work / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"it holds notes\.txt"):
        count(corpus, tmp_path / "s", memory=500, force=True)


def interrupted(corpus, target, monkeypatch, after=3):
    """Leaves a working folder with `after` - 1 finished blocks."""
    real, calls = cooccurrence.write_run, []

    def failing(path, rows):
        calls.append(path)
        if len(calls) == after:
            raise KeyboardInterrupt
        real(path, rows)

    with monkeypatch.context() as patch:
        patch.setattr(cooccurrence, "write_run", failing)
        with pytest.raises(KeyboardInterrupt):
            count(corpus, target, memory=500)


def test_blocks_of_another_count_are_removed_with_a_word(
    tmp_path, tiny_blocks, monkeypatch, caplog
):
    corpus = corpus_of(7)
    interrupted(corpus, tmp_path / "s", monkeypatch)
    assert len(list((tmp_path / "s.partial").glob("run-*.bin"))) == 2
    count(corpus, tmp_path / "s", Window(window=2), memory=500)
    assert "s.partial: removing an interrupted count: its window differ" in caplog.text
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_blocks_are_removed_after_the_folder_has_its_name(tmp_path, tiny_blocks, monkeypatch):
    corpus = corpus_of(7)
    seen = []

    def naming(folder, target, kind, *, force):
        seen.extend(sorted(p.name for p in folder.parent.iterdir()))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(partial_module, "give_name", naming)
        with pytest.raises(KeyboardInterrupt):
            count(corpus, tmp_path / "s", memory=500)
    assert {"done", "made", "state.json"} < set(seen)
    assert any(name.startswith("run-") for name in seen)
    monkeypatch.setattr(cooccurrence, "write_run", lambda *_: pytest.fail("a block was lost"))
    count(corpus, tmp_path / "s", memory=500)
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_what_is_left_when_a_kill_comes_after_the_name_is_removed_by_the_next_count(
    tmp_path, tiny_blocks, monkeypatch
):
    corpus = corpus_of(7)
    count(corpus, tmp_path / "s", memory=500)
    with monkeypatch.context() as patch:
        # The kill comes when the names are exchanged: the working folder has the old shards.
        patch.setattr(partial_module.Partial, "clear", lambda self: None)
        patch.setattr(Kind, "remove", interrupt)
        with pytest.raises(KeyboardInterrupt):
            count(corpus, tmp_path / "s", memory=500, force=True)
    assert (tmp_path / "s.partial" / "made" / "manifest.json").exists()
    with pytest.raises(FileExistsError, match="exists already"):
        count(corpus, tmp_path / "s", memory=500)
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
    Shards(tmp_path / "s").verify()


def interrupt(*_):
    raise KeyboardInterrupt


def test_two_counts_into_one_folder_never_damage_it(tmp_path):
    """Started together, one writes it and the other says who does, or that it is there."""
    text = tmp_path / "t.txt"
    text.write_text("\n".join(" ".join(f"w{i * j % 97}" for j in range(20)) for i in range(400)))
    command = [
        sys.executable,
        "-m",
        "wordvec",
        "count",
        str(text),
        "-o",
        str(tmp_path / "s"),
        "--quiet",
        "--min-count",
        "1",
        "--threads",
        "1",
    ]
    for _ in range(3):
        both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate()[1] for process in both]
        assert sorted(process.returncode for process in both) == [0, 1]
        refusal = next(text for text in said if text)
        assert "is writing it" in refusal or "exists already" in refusal
        assert len(refusal.splitlines()) == 1
        Shards(tmp_path / "s").verify()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["s", "t.txt"]
        shutil.rmtree(tmp_path / "s")


def test_the_second_writer_is_told_which_process_writes(tmp_path):
    with partial_module.Partial(tmp_path / "s") as partial:
        partial.begin({"window": 1}, 1)
        with pytest.raises(FileExistsError, match=f"process {os.getpid()} is writing it"):
            count(corpus_of(7), tmp_path / "s")
    count(corpus_of(7), tmp_path / "s")
