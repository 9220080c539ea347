"""Counting by an engine: any number of parts, the bytes of one count."""

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.counts.counting import spread
from wordvec.counts.counting.count import count
from wordvec.counts.counting.spread import count_on
from wordvec.counts.counting.window import Window
from wordvec.counts.parts import spans
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


@pytest.mark.parametrize("threads", [1, 3, 200])
@pytest.mark.parametrize(
    "how", [{}, {"across_lines": True}, {"sample": 0.02, "seed": 8}, {"gaps": True}]
)
def test_any_number_of_blocks_gives_the_bytes_of_one(tmp_path, texts, monkeypatch, threads, how):
    """Blocks of 1,500 ids, each counted by one thread, by three, or by one for each row tile."""
    monkeypatch.setattr(spread, "block_tokens", lambda *_: 1500)
    monkeypatch.setattr(spread._Job, "_threads", lambda _: threads)
    how = {"min_count": 2, **how}
    some = {name: how.pop(name) for name in ("sample", "seed") if name in how}
    whole = count(encode([str(t) for t in texts], **how), tmp_path / "whole", **some)
    with Local(2) as engine:
        count_on(engine, texts, tmp_path / "spread", Window(), parts=9, **how, **some)
    assert contents(tmp_path / "spread") == contents(whole.path)


@pytest.mark.parametrize("line", ["one line", "lines"])
def test_a_text_of_one_line_is_cut_within_it(tmp_path, monkeypatch, line):
    """A part that begins within a line has the words before it."""
    monkeypatch.setattr(spans, "LONGEST_LINE", 64)
    rng = random.Random(4)
    words = [f"w{int(rng.paretovariate(0.7)) % 90}" for _ in range(4000)]
    text = tmp_path / "t.txt"
    ends = " \n" if line == "lines" else "  "
    text.write_text("".join(w + (ends[1] if rng.random() < 0.004 else " ") for w in words))
    whole = count(encode(text, min_count=9), tmp_path / "whole", Window(window=7))
    with Local(2) as engine:
        count_on(engine, [text], tmp_path / "spread", Window(window=7), parts=8, min_count=9)
    assert contents(tmp_path / "spread") == contents(whole.path)


@given(
    sizes=st.lists(st.integers(0, 50), min_size=1, max_size=30),
    least=st.integers(1, 9),
    most=st.integers(1, 90),
)
def test_blocks_are_all_parts_once(sizes, least, most):
    made = spread._blocks(sizes, least, most)
    assert [n for block in made for n in block] == list(range(len(sizes)))
    for block in made:
        assert sum(sizes[n] for n in block) <= most + 2 * max(sizes)


def test_many_runs_are_merged_in_several_steps(tmp_path, texts, monkeypatch):
    monkeypatch.setattr(spread, "FAN_IN", 3)
    monkeypatch.setattr(spread, "block_tokens", lambda *_: 200)
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
