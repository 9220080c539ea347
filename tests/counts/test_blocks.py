"""Blocks of documents: their sums are the shards of texts, byte for byte; damage is named."""

import io
import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordvec.counts import blocks as blocks_module
from wordvec.counts import sums
from wordvec.counts.blocks import Blocks, count_blocks
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.errors import CorpusError, ShardError
from wordvec.text.corpus import encode

FILES = ["tiles.bin", "manifest.json", "vocab.txt", "marginals.f64"]
WINDOW = Window(window=4)


def lines_of(seed, lines=60, types=300):
    rng = random.Random(seed)
    return [
        " ".join(f"w{min(int(rng.paretovariate(0.6)), types)}" for _ in range(rng.randrange(1, 30)))
        for _ in range(lines)
    ]


def corpus_of(lines, vocab=None, **options):
    return encode(io.BytesIO("\n".join(lines).encode()), min_count=1, vocab=vocab, **options)


def contents(shards):
    return {name: (shards.path / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A corpus of 60 lines, and its 7 blocks."""
    corpus = corpus_of(lines_of(1))
    folder = tmp_path_factory.mktemp("made")
    return corpus, count_blocks(corpus, folder / "parts", 7, WINDOW, by="line", seed=3)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_sum_of_blocks_is_the_count_of_the_whole_byte_for_byte(made, tmp_path, threads):
    corpus, blocks = made
    whole = count(corpus, tmp_path / "whole", WINDOW)
    assert contents(blocks.sum(tmp_path / "sum", threads=threads)) == contents(whole)


def test_a_sum_that_is_made_in_small_pieces_is_the_same(made, tmp_path, monkeypatch):
    corpus, blocks = made
    monkeypatch.setattr(sums, "PIECES", 100)
    whole = count(corpus, tmp_path / "whole", WINDOW)
    assert contents(blocks.sum(tmp_path / "sum")) == contents(whole)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.integers(0, 2), min_size=4, max_size=4).filter(any))
def test_multiplicities_repeat_documents_byte_for_byte(tmp_path, times):
    lines = lines_of(2, lines=4, types=100)
    corpus = corpus_of(lines)
    for name in ("parts", "sum", "text"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    blocks = count_blocks(corpus, tmp_path / "parts", 4, WINDOW, by="line")
    # One document a block: which one, its tokens say, for no two lines are alike.
    owner = [
        next(
            g
            for g in range(4)
            if np.array_equal(
                blocks.counts[g],
                np.bincount(
                    [i for i in corpus_of([line], corpus.vocab).ids if i >= 0],
                    minlength=len(corpus.vocab),
                ),
            )
        )
        for line in lines
    ]
    repeated = [line for line, g in zip(lines, owner, strict=True) for _ in range(times[g])]
    text = count(corpus_of(repeated, corpus.vocab), tmp_path / "text", WINDOW)
    assert contents(blocks.sum(tmp_path / "sum", times)) == contents(text)


def test_documents_of_several_lines_stay_together(tmp_path):
    lines = lines_of(4)
    text = [line for i, line in enumerate(lines) for line in ([line, ""] if i % 5 == 4 else [line])]
    corpus = corpus_of(text)
    blocks = count_blocks(corpus, tmp_path / "parts", 6, WINDOW)
    assert [block.documents for block in blocks.table] == [2] * 6
    sizes = {len(" ".join(lines[i : i + 5]).split()) for i in range(0, 60, 5)}
    pairs = {a + b for a in sizes for b in sizes}
    assert all(block.tokens in pairs for block in blocks.table)
    whole = count(corpus, tmp_path / "whole", WINDOW)
    assert contents(blocks.sum(tmp_path / "sum")) == contents(whole)


def test_documents_of_one_label_stay_together(tmp_path):
    lines = lines_of(6)
    corpus = corpus_of([text for line in lines for text in (line, "")])
    speakers = [f"speaker {i % 7 % 4}" for i in range(60)]
    corpus = replace(corpus, labels=tuple(speakers))
    blocks = count_blocks(corpus, tmp_path / "parts", 4, WINDOW, by="column")
    assert [block.documents for block in blocks.table] == [1] * 4
    sizes = [
        sum(len(line.split()) for line, s in zip(lines, speakers, strict=True) if s == each)
        for each in set(speakers)
    ]
    assert sorted(block.tokens for block in blocks.table) == sorted(sizes)
    with pytest.raises(CorpusError, match="no labels"):
        count_blocks(corpus_of(lines), tmp_path / "p", 4, by="column")


def test_no_window_reaches_from_one_document_into_the_next(tmp_path):
    corpus = corpus_of(["a b", "", "c d", "", "e f"], across_lines=True)
    blocks = count_blocks(corpus, tmp_path / "parts", 2, WINDOW)
    assert blocks.sum(tmp_path / "sum").cells == 3


def test_subsampling_comes_before_the_dealing(tmp_path):
    corpus = corpus_of(lines_of(5))
    blocks = count_blocks(corpus, tmp_path / "parts", 5, WINDOW, by="line", sample=0.01, seed=9)
    whole = count(corpus, tmp_path / "whole", WINDOW, sample=0.01, seed=9)
    summed, expected = blocks.sum(tmp_path / "sum"), whole
    assert contents(summed)["tiles.bin"] == contents(expected)["tiles.bin"]
    assert blocks.counts.sum() < corpus.known


def test_counts_spread_and_design_effect_are_those_of_the_blocks(made):
    corpus, blocks = made
    assert np.array_equal(blocks.counts.sum(axis=0), corpus.vocab.counts)
    word = 5
    column = blocks.counts[:, word]
    assert blocks.spread(word) == np.count_nonzero(column)
    assert blocks.design_effect(word) == pytest.approx(column.var(ddof=1) / column.mean())


def test_resamples_take_as_many_blocks_as_there_are_and_depend_on_the_seed(made):
    _, blocks = made
    times = blocks.resamples(50, 1)
    assert times.shape == (50, 7)
    assert set(times.sum(axis=1)) == {7}
    assert np.array_equal(times, blocks.resamples(50, 1))
    assert not np.array_equal(times, blocks.resamples(50, 2))


def test_a_killed_count_goes_on_with_the_blocks_that_are_missing(made, tmp_path, monkeypatch):
    corpus, blocks = made
    counted = []

    def counting(part, target, *arguments, **options):
        if len(counted) == 4:
            raise KeyboardInterrupt
        counted.append(target.name)
        return count(part, target, *arguments, **options)

    monkeypatch.setattr(blocks_module, "count", counting)
    with pytest.raises(KeyboardInterrupt):
        count_blocks(corpus, tmp_path / "parts", 7, WINDOW, by="line", seed=3)
    counted[:] = []
    again = count_blocks(corpus, tmp_path / "parts", 7, WINDOW, by="line", seed=3)
    assert len(counted) == 3
    for one, other in zip(again.shards, blocks.shards, strict=True):
        assert contents(one) == contents(other)


def test_fewer_documents_than_blocks_are_refused(tmp_path):
    with pytest.raises(CorpusError, match="3 documents cannot make 4 blocks"):
        count_blocks(corpus_of(["a b", "c d", "e f"]), tmp_path / "parts", 4, by="line")


def test_another_kind_of_document_is_refused(tmp_path):
    with pytest.raises(ValueError, match="by must be one of document, line, column"):
        count_blocks(corpus_of(["a b", "c d"]), tmp_path / "p", 2, by="page")


@pytest.mark.parametrize(
    "times", [[0] * 7, [1, -1, 1, 1, 1, 1, 1], [1.5] * 7, [1] * 6, [1 << 60] * 7]
)
def test_multiplicities_that_are_none_are_refused(made, tmp_path, times):
    with pytest.raises(ValueError, match="multiplicities"):
        made[1].sum(tmp_path / "sum", times)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made[1].path, tmp_path / "copy")


def test_the_same_documents_twice_are_refused(copy):
    shutil.rmtree(copy / "block-0002")
    shutil.copytree(copy / "block-0001", copy / "block-0002")
    with pytest.raises(ShardError, match=r"block-0002.*block-0001.*twice"):
        Blocks(copy)


def test_a_block_of_another_vocabulary_is_refused(copy, tmp_path):
    shutil.rmtree(copy / "block-0002")
    count(corpus_of(lines_of(8)), copy / "block-0002", WINDOW)
    with pytest.raises(ShardError, match=r"block-0002.*one vocabulary"):
        Blocks(copy)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": "x"}, "not the manifest"),
        ({"version": 2}, "install a newer"),
        ({"blocks": []}, "0 blocks"),
        ({"blocks": [{"folder": "../x", "documents": 1, "tokens": 1}] * 2}, "folder"),
        ({"blocks": [{"folder": "block-0000", "documents": -1, "tokens": 1}] * 2}, "numbers"),
        ({"blocks": 7}, "damaged"),
        ({"blocks": [{"folder": "block-9999", "documents": 1, "tokens": 1}] * 2}, "no such folder"),
    ],
)
def test_a_damaged_manifest_is_named(copy, change, match):
    manifest = json.loads((copy / "blocks.json").read_text())
    (copy / "blocks.json").write_text(json.dumps(manifest | change))
    with pytest.raises(ShardError, match=match):
        Blocks(copy)


def test_a_folder_without_a_manifest_and_damaged_counts_are_named(copy):
    data = bytearray((copy / "counts.i64").read_bytes())
    data[3] ^= 1
    (copy / "counts.i64").write_bytes(data)
    with pytest.raises(ShardError, match=r"counts.i64: checksum"):
        _ = Blocks(copy).counts
    (copy / "counts.i64").write_bytes(data[:-1])
    with pytest.raises(ShardError, match=r"counts.i64: .* bytes"):
        _ = Blocks(copy).counts
    (copy / "blocks.json").unlink()
    with pytest.raises(ShardError, match="count_blocks makes one"):
        Blocks(copy)


def test_a_block_whose_manifest_lacks_what_is_not_needed_is_summed_all_the_same(copy, tmp_path):
    path = copy / "block-0001" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["sum"]
    path.write_text(json.dumps(manifest))
    assert Blocks(copy).sum(tmp_path / "sum").cells > 0
