"""The campaign on a small text: count, train, keep, judge, tabulate."""

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import wordvec
from evals import campaign, results, trainers
from wordvec.errors import DatasetError


@pytest.fixture
def suites(tmp_path):
    """A campaign of a text of 200 words, two seeds, two models that work and one that cannot."""
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(200)]
    text = " ".join(rng.choice(words, 20_000).tolist()).encode()
    (tmp_path / "text.txt").write_bytes(text)
    pairs = "\n".join(f"w{i}\tw{i + 1}\t{i % 9}" for i in range(60))
    (tmp_path / "pairs.tsv").write_text(pairs)
    (tmp_path / "mine.toml").write_text('[[dataset]]\nname = "pairs"\nfiles = ["pairs.tsv"]\n')
    path = tmp_path / "suites.toml"
    path.write_text(
        f'''seeds = [1, 2]
suite = "{tmp_path / "mine.toml"}"
corpus = "small"
vector_size = 8
threads = 1
headline = ["pairs"]
[corpora.small]
file = "text.txt"
sha256 = "{hashlib.sha256(text).hexdigest()}"
[[models]]
name = "ours"
trainer = "wordvec"
options = {{ model = "skipgram", epochs = 1 }}
peer = "counted"
[[models]]
name = "counted"
trainer = "wordvec"
options = {{ model = "swivel", epochs = 1 }}
count = {{ window = 3, min-count = 5 }}
[[models]]
name = "none"
trainer = "wordvec"
options = {{ model = "unheard-of" }}
'''
    )
    return path


def test_a_campaign_trains_judges_and_tabulates(suites, tmp_path, monkeypatch):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    out, said = tmp_path / "out", []
    table = tmp_path / "table.md"
    outcomes = campaign.run(campaign.read(suites), out, table=table, progress=said.append)
    assert [o.model.label for o in outcomes if o.error is None] == [
        "ours-s1",
        "counted-s1",
        "ours-s2",
        "counted-s2",
    ]
    assert all(o.training["cpu_seconds"] > 0 for o in outcomes if o.error is None)
    assert "unheard-of" in outcomes[2].error
    text = table.read_text()
    assert text == (out / "results.md").read_text()
    assert re.search(r"- commit: \S", text)
    assert re.search(r"\| ours \| -?\.?\d+.* ± ", text)
    assert "| ours less counted |" in text
    assert "unheard-of" in text  # why the other could not be trained
    assert str(tmp_path) not in text
    assert {p.name for p in out.iterdir() if p.suffix in (".md", ".html")} == {
        "report.md",
        "report.html",
        "results.md",
    }
    report = json.loads((out / "report.json").read_text())
    assert [m["name"] for m in report["models"]] == ["ours-s1", "counted-s1"]
    assert len(report["comparisons"]) == 1
    assert len(list(out.glob("shards-*.record.json"))) == 1  # counted once for both seeds

    # Run again, it does only what had failed.
    commands, run = [], trainers.run
    monkeypatch.setattr(trainers, "run", lambda c, env=None: commands.append(c) or run(c, env))
    again = campaign.run(campaign.read(suites), out, progress=said.append)
    assert [o.training["finished"] for o in again if o.error is None] == [
        o.training["finished"] for o in outcomes if o.error is None
    ]
    assert ["unheard-of" in command for command in commands] == [True, True]
    # Another setting is another training, and its scores are taken anew.
    suites.write_text(suites.read_text().replace("epochs = 1 }\npeer", "epochs = 2 }\npeer"))
    commands.clear()
    campaign.run(campaign.read(suites, only=["ours"], seeds=[1]), out, progress=said.append)
    assert [command[3] for command in commands] == ["train", "eval", "eval"]


def test_a_campaign_of_which_nothing_works_is_an_error(suites, tmp_path):
    with pytest.raises(DatasetError, match=r"no model could be judged: none-s1: training: .*unhea"):
        campaign.run(campaign.read(suites, only=["none"], seeds=[1]), tmp_path / "out")


def test_a_step_that_broke_off_is_done_again(tmp_path):
    result = tmp_path / "result"
    command = ["sh", "-c", f"echo done >> {result}"]
    campaign.step(result, {"a": 1}, command)
    campaign.step(result, {"a": 1}, command)
    assert result.read_text() == "done\n"
    (tmp_path / "result.record.json").unlink()  # as when it was killed before its end
    campaign.step(result, {"a": 1}, command)
    assert result.read_text() == "done\ndone\n"
    failed = campaign.step(result, {"a": 2}, ["sh", "-c", "echo why >&2; exit 1"])
    assert failed["error"] == "why"
    assert not (tmp_path / "result.record.json").exists()


def test_a_campaign_that_is_terminated_ends_its_training(tmp_path):
    told = tmp_path / "pid"
    training = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = (
        "import sys; from evals import __main__, trainers; __main__.stop_children(); "
        f"trainers.run([sys.executable, '-c', {training!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        while not (told.is_file() and told.read_text()):
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_changed_corpus_is_refused(suites, tmp_path):
    (tmp_path / "text.txt").write_text("other words")
    with pytest.raises(DatasetError, match="checksum"):
        campaign.run(campaign.read(suites), tmp_path / "out", progress=lambda _: None)


def test_what_is_not_there_is_named(suites, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"no model elmo; suites\.toml has ours, counted, none"):
        campaign.read(suites, only=["elmo"])
    monkeypatch.delenv("WORDVEC_DATA", raising=False)
    (tmp_path / "text.txt").unlink()
    with pytest.raises(DatasetError, match=r"text\.txt: not in"):
        campaign.read(suites)


def test_the_campaign_that_ships_has_ours_and_peers_three_seeds_each(shared_data):
    from wordvec.models import MODELS

    chosen = campaign.read(data=str(shared_data))
    names = {model.name for model in chosen.models}
    assert {f"wordvec-{m.name}" for m in MODELS.values() if m.trains_on != "relations"} <= names
    assert {"gensim-skipgram", "gensim-cbow", "gensim-fasttext"} <= names
    assert len(chosen.models) == 3 * len(names)
    assert {model.trainer for model in chosen.models} <= set(trainers.TRAINERS)
    assert {model.peer for model in chosen.models if model.peer} <= names


@pytest.mark.parametrize("size", [1, 7, 1 << 22])
def test_lines_keep_every_word_and_none_is_too_long(size):
    text = b"one two three four five\n\nsix\n" + b" ".join(b"w%d" % i for i in range(17))

    class Slow(io.BytesIO):
        def read(self, _=-1):
            return super().read(size)

    found = list(campaign.lines(Slow(text), 5))
    assert b"".join(found).split() == text.split()
    assert found[:2] == [b"one two three four five\n", b"six\n"]
    assert [len(line.split()) for line in found] == [5, 1, 5, 5, 5, 2]


@pytest.mark.parametrize("trainer", ["gensim-word2vec", "gensim-fasttext"])
def test_gensim_trains_from_lines(tmp_path, trainer):
    pytest.importorskip("gensim")
    words = np.random.default_rng(2).choice(["a", "b", "c", "d"], 5000).tolist()
    (tmp_path / "text.txt").write_text(" ".join(words) + "\n")
    common = {"vector_size": 6, "seed": 3, "threads": 1}
    options = {"epochs": 1, "min_count": 1}
    if trainer == "gensim-fasttext":
        options["bucket"] = 100
    command = trainers.TRAINERS[trainer](tmp_path / "text.txt", tmp_path / "v.bin", common, options)
    assert trainers.run(command).error is None
    assert sorted(wordvec.load(tmp_path / "v.bin").index_to_key) == ["a", "b", "c", "d"]


def test_welch_interval_of_a_difference():
    # Student's sleep data: R's t.test(extra ~ group) gives -3.3655 to 0.2055 for -1.58.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    assert results.difference(first, second) == "-1.580 (-3.365 to +0.205)"
    assert results.difference([0.5], second[:1]) == "-1.400"
    assert results.difference([], second) == "-"
    assert results.difference([1.0, 1.0], [0.5, 0.5]) == "+0.500 (+0.500 to +0.500)"
