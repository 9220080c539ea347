"""Counting by an engine: any number of parts, the bytes of one count."""

import gzip
import random
from pathlib import Path

import pytest

from wordvec.counts.counting import spread
from wordvec.counts.counting.count import count
from wordvec.counts.counting.spread import count_on
from wordvec.counts.counting.window import Window
from wordvec.engine.local import Local
from wordvec.errors import CorpusError
from wordvec.text.corpus import encode
from wordvec.text.options import TextOptions


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture
def texts(tmp_path):
    rng = random.Random(2)
    paths = []
    for name in ("a.txt", "b.txt", "c.gz"):
        text = "".join(
            " ".join(f"w{int(rng.paretovariate(0.7)) % 900}" for _ in range(rng.randrange(12)))
            + "\n"
            for _ in range(300)
        ).encode()
        paths.append(tmp_path / name)
        paths[-1].write_bytes(gzip.compress(text) if name == "c.gz" else text)
    return paths


@pytest.mark.parametrize(
    ("parts", "window", "how"),
    [
        (1, Window(window=3), {}),
        (7, Window(window=5, direction="left"), {"min_count": 2}),
        (70, Window(window=4), {"sample": 0.02, "seed": 8, "max_vocab": 500}),
        (5, Window(window=6, weighting="flat"), {"gaps": True, "across_lines": True}),
        (4, Window(window=6), {"across_lines": True, "sample": 0.05, "options": {"lower": True}}),
    ],
)
def test_any_number_of_parts_gives_the_bytes_of_one(tmp_path, texts, parts, window, how):
    how = {"min_count": 1, **how}
    options = TextOptions(**how.pop("options", {}))
    some = {name: how.pop(name) for name in ("sample", "seed") if name in how}
    names = [str(text) for text in texts]
    whole = count(encode(names, options=options, **how), tmp_path / "whole", window, **some)
    with Local(2) as engine:
        count_on(
            engine, texts, tmp_path / "spread", window, parts=parts, options=options, **how, **some
        )
    assert contents(tmp_path / "spread") == contents(whole.path)


def test_many_runs_are_merged_in_several_steps(tmp_path, texts, monkeypatch):
    monkeypatch.setattr(spread, "FAN_IN", 3)
    monkeypatch.setattr(spread, "TREE", 2)
    whole = count(encode([str(t) for t in texts], min_count=1), tmp_path / "whole")
    with Local(2) as engine:
        count_on(engine, texts, tmp_path / "spread", Window(), parts=31, min_count=1)
    assert contents(tmp_path / "spread") == contents(whole.path)


def test_a_text_without_words_and_a_damaged_one(tmp_path):
    (tmp_path / "empty").write_text("\n\n")
    (tmp_path / "binary").write_bytes(b"one\0two" * 100)
    with Local(1) as engine:
        with pytest.raises(CorpusError, match="there is no token in it"):
            count_on(engine, [tmp_path / "empty"], tmp_path / "s", Window())
        with pytest.raises(CorpusError, match=r"part 1 of 1 of the text, on this machine: .*NUL"):
            count_on(engine, [tmp_path / "binary"], tmp_path / "s", Window())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["binary", "empty"]


def test_paths_are_for_a_cluster_and_ids_for_this_machine(tmp_path):
    with pytest.raises(TypeError, match="must be a Corpus"):
        count(tmp_path / "text", tmp_path / "s")
    corpus = encode([["a", "b"]], min_count=1)
    with pytest.raises(TypeError, match="paths of the texts"):
        count(corpus, tmp_path / "s", client="local:2")
    with pytest.raises(TypeError, match="no argument 'min_count'"):
        count(corpus, tmp_path / "s", min_count=3)
