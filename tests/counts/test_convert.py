"""Merging against counting at once; Stanford's files there and back; triples; whole rows."""

import io
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordvec.counts import convert as shardtools
from wordvec.counts.counting import rows as counted_rows
from wordvec.counts.counting import sampling
from wordvec.counts.counting.count import count
from wordvec.counts.counting.sampling import subsample
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards
from wordvec.errors import CorpusError, ShardError
from wordvec.text.corpus import encode
from wordvec.text.vocab import Vocabulary

FILES = ["tiles.bin", "manifest.json", "vocab.txt", "marginals.f64"]


def lines_of(seed, n=120, types=300):
    rng = random.Random(seed)
    return [
        [f"w{min(int(rng.paretovariate(0.7)), types)}" for _ in range(rng.randrange(1, 20))]
        for _ in range(n)
    ]


def read_all(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return {name: (folder / name).read_bytes() for name in FILES}


def counted(lines, target, *, vocab=None, **window):
    corpus = encode([list(line) for line in lines], min_count=1, vocab=vocab)
    return count(corpus, target, Window(**window))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(1, 119), min_size=1, max_size=3, unique=True),
    direction=st.sampled_from(["symmetric", "left", "right"]),
    room=st.sampled_from([1 << 30, 80 * 1000, 80 * 77]),
    shuffle=st.randoms(use_true_random=False),
)
def test_a_merge_is_the_count_of_all_texts_at_once(
    tmp_path_factory, seed, cuts, direction, room, shuffle
):
    folder = tmp_path_factory.mktemp("merge")
    lines = lines_of(seed)
    vocab = encode([list(line) for line in lines], min_count=1).vocab
    options = {"vocab": vocab, "window": 7, "direction": direction}
    counted(lines, folder / "whole", **options)
    ends = [0, *sorted(cuts), len(lines)]
    parts = [folder / f"part{i}" for i in range(len(ends) - 1)]
    for part, begin, end in zip(parts, ends, ends[1:], strict=False):
        counted(lines[begin:end], part, **options)
    shuffle.shuffle(parts)
    shardtools.merge(parts, folder / "merged", memory=room, threads=1 + seed % 3)
    assert read_all(folder / "merged") == read_all(folder / "whole")
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize(
    ("read", "name"), [({"gaps": True}, "gaps"), ({"across_lines": True}, "across_lines")]
)
def test_counts_whose_windows_ended_elsewhere_are_not_added(tmp_path, read, name):
    lines = [list(line) for line in lines_of(0)]
    vocab = encode(lines, min_count=1).vocab
    count(encode(lines, vocab=vocab), tmp_path / "one", Window(window=7))
    other = count(encode(lines, vocab=vocab, **read), tmp_path / "two", Window(window=7))
    assert other.manifest[name] is True
    with pytest.raises(ShardError, match=f"two: {name} is True, in .*one it is None"):
        shardtools.merge([tmp_path / "one", tmp_path / "two"], tmp_path / "both")


def test_many_runs_are_merged_in_levels(tmp_path, monkeypatch):
    monkeypatch.setattr(shardtools, "FAN_IN", 3)
    monkeypatch.setattr(counted_rows, "CELL_BUFFER", 16)
    whole = counted(lines_of(1), tmp_path / "s", window=4)
    again = shardtools.build(
        shardtools.cells(whole),
        whole.vocab,
        tmp_path / "t",
        kind=whole.kind,
        unit=whole.unit,
        symmetric=True,
        details={name: whole.manifest[name] for name in ("window", "weighting", "direction")},
        memory=80 * 100,
    )
    assert read_all(whole.path) == read_all(again.path)


def test_vocabularies_are_united_by_word(tmp_path):
    a, b = lines_of(2, n=60), lines_of(3, n=60)
    merged = shardtools.merge(
        [counted(a, tmp_path / "a").path, counted(b, tmp_path / "b").path], tmp_path / "c"
    )
    assert read_all(counted(a + b, tmp_path / "whole").path) == read_all(merged.path)


def test_shards_that_were_counted_otherwise_are_refused(tmp_path):
    a = counted(lines_of(4), tmp_path / "a", window=4)
    for name, options in {
        "window": {"window": 10},
        "weighting": {"window": 4, "weighting": "flat"},
        "direction": {"window": 4, "direction": "left"},
    }.items():
        b = counted(lines_of(4), tmp_path / name, **options)
        with pytest.raises(ShardError, match="counted the same way"):
            shardtools.merge([a.path, b.path], tmp_path / "c")
    with pytest.raises(ValueError, match="at least two"):
        shardtools.merge([a.path], tmp_path / "c")
    with pytest.raises(FileExistsError, match="is an input"):
        shardtools.merge([a.path, a.path], tmp_path / "a", force=True)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("direction", ["symmetric", "left"])
@pytest.mark.parametrize("weighting", ["harmonic", "flat"])
def test_stanfords_files_there_and_back(tmp_path, direction, weighting):
    how = {"window": 15, "weighting": weighting, "direction": direction}
    shards = counted(lines_of(5), tmp_path / "s", **how)
    files = tmp_path / "vocab.txt", tmp_path / "cooccur.bin"
    assert shardtools.export_glove(shards, *files) == shards.full_cells
    records = np.fromfile(files[1], np.dtype(shardtools.RECORD))
    X = np.zeros((len(shards.vocab),) * 2)
    X[records["row"] - 1, records["col"] - 1] = records["x"]
    np.testing.assert_allclose(X, shards.sparse().toarray(), rtol=1e-7)
    np.random.default_rng(1).shuffle(records)
    # What Stanford's sums of floats are off by.
    records["x"] *= 1 + np.random.default_rng(2).uniform(-1e-12, 1e-12, len(records))
    records.tofile(files[1])
    back = shardtools.import_glove(
        *files,
        tmp_path / "t",
        flat=weighting == "flat",
        direction=direction,
        memory=80 * 500,
    )
    assert read_all(shards.path) == read_all(back.path)


def test_a_record_by_hand(tmp_path):
    """The layout of Stanford's CREC: int32, int32, float64, little-endian, ranks from 1."""
    (tmp_path / "v").write_bytes(b"the 7\nof 5\n")
    halves = ["0100000002000000000000000000e03f", "0200000001000000000000000000e03f"]
    (tmp_path / "r").write_bytes(bytes.fromhex("".join(halves)))
    shards = shardtools.import_glove(tmp_path / "v", tmp_path / "r", tmp_path / "s")
    np.testing.assert_array_equal(shards.sparse().toarray(), [[0, 0.5], [0.5, 0]])
    assert shards.vocab.words == [b"the", b"of"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, 2, 1.0)], "not symmetric"),
        ([(1, 3, 1.0), (3, 1, 1.0)], "outside"),
        ([(0, 1, 1.0)], "outside"),
        ([(1, 1, float("nan"))], "not positive"),
        ([(1, 1, -1.0)], "not positive"),
        ([(1, 1, 1e300)], "not positive"),
        ([(1, 1, 1e-9)], "not positive"),
    ],
)
def test_foreign_records_that_cannot_be_are_refused(tmp_path, rows, message):
    (tmp_path / "v").write_bytes(b"the 7\nof 5\n")
    np.array(rows, np.dtype(shardtools.RECORD)).tofile(tmp_path / "r")
    with pytest.raises(ShardError, match=message):
        shardtools.import_glove(tmp_path / "v", tmp_path / "r", tmp_path / "s")
    with open(tmp_path / "r", "ab") as file:
        file.write(b"x")
    with pytest.raises(ShardError, match="no whole number"):
        shardtools.import_glove(tmp_path / "v", tmp_path / "r", tmp_path / "s")
    assert not list(tmp_path.glob("s*"))


def test_an_empty_file_is_an_empty_matrix(tmp_path):
    (tmp_path / "v").write_bytes(b"the 7\n")
    (tmp_path / "r").write_bytes(b"")
    shards = shardtools.import_glove(tmp_path / "v", tmp_path / "r", tmp_path / "s")
    shards.verify()
    assert shards.cells == 0


def test_triples_become_relations(tmp_path):
    words = ["animal", "dog", "cat", "thing"]
    rows, cols = np.array([1, 2, 0, 1, 1]), np.array([0, 0, 3, 3, 0])
    shards = shardtools.from_triples(words, rows, cols, None, tmp_path / "s")
    shards.verify()
    assert (shards.kind, shards.symmetric, shards.unit) == ("relations", False, 1)
    expected = np.zeros((4, 4))
    np.add.at(expected, (rows, cols), 1)
    np.testing.assert_array_equal(shards.sparse().toarray(), expected)
    assert list(shards.vocab) == words
    weights = np.array([0.5, 1, 2, 0.25, 1 / 3])
    weighted = shardtools.from_triples(words, rows, cols, weights, tmp_path / "t").sparse()
    assert weighted[1, 0] == pytest.approx(0.5 + 1 / 3, abs=1e-7)


def test_triples_that_cannot_be_are_refused(tmp_path):
    one = np.array([0])
    for rows, weights, message in (
        (np.array([2]), None, "outside"),
        (np.array([-1]), None, "outside"),
        (one, np.array([0.0]), "not positive"),
        (one, np.array([np.inf]), "not positive"),
        (np.array([0, 1]), None, "2 rows, 1 columns"),
    ):
        with pytest.raises(ValueError, match=message):
            shardtools.from_triples(["a", "b"], rows, one, weights, tmp_path / "s")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("direction", ["symmetric", "right"])
def test_rows_are_whole(tmp_path, direction):
    shards = counted(lines_of(6, types=150), tmp_path / "s", window=3, direction=direction)
    X = shards.sparse().toarray()
    wanted = [0, 5, len(X) - 1, 5, shards.k, 1]
    for word, (cols, values) in zip(wanted, shards.rows(wanted), strict=True):
        np.testing.assert_array_equal(cols, np.flatnonzero(X[word]))
        np.testing.assert_array_equal(values, X[word][cols])
    np.testing.assert_array_equal(shards.row(2)[0], np.flatnonzero(X[2]))
    for bad in (-1, len(X)):
        with pytest.raises(IndexError, match="row"):
            shards.row(bad)


def test_subsampling_keeps_words_at_word2vecs_rate(tmp_path):
    text = "the " * 30000 + "of " * 10000 + "rare " * 20
    corpus = encode(io.BytesIO(text.encode()), min_count=1)
    kept = subsample(corpus, 0.01, 1)
    n = corpus.known
    for word, times in ((0, 30000), (1, 10000), (2, 20)):
        share = times / n
        p = min(1, (0.01 / share) ** 0.5 + 0.01 / share)
        found = int((kept.ids == word).sum())
        assert abs(found - times * p) <= 5 * (times * p * (1 - p)) ** 0.5  # 5 standard deviations
    assert kept.known == int((kept.ids >= 0).sum())
    assert (kept.ids == -1).sum() == (corpus.ids == -1).sum()
    assert np.array_equal(kept.ids, subsample(corpus, 0.01, 1).ids)
    assert not np.array_equal(kept.ids, subsample(corpus, 0.01, 2).ids)
    with pytest.raises(CorpusError, match="larger"):
        subsample(encode([["a"]], min_count=1), 1e-300, 1)
    with pytest.raises(ValueError, match="sample"):
        subsample(corpus, -1, 1)


def test_subsampled_blocks_do_not_matter(tmp_path, monkeypatch):
    corpus = encode(lines_of(7), min_count=1)
    one = subsample(corpus, 1e-2, 3).ids
    monkeypatch.setattr(sampling, "SAMPLE_BLOCK", 7)
    assert np.array_equal(one, subsample(corpus, 1e-2, 3).ids)


def test_a_subsampled_count_is_the_count_of_what_stays(tmp_path):
    corpus = encode(lines_of(8), min_count=1)
    sampled = count(corpus, tmp_path / "s", Window(window=5), sample=1e-2, seed=4)
    by_hand = count(subsample(corpus, 1e-2, 4), tmp_path / "t", Window(window=5))
    assert (sampled.path / "tiles.bin").read_bytes() == (by_hand.path / "tiles.bin").read_bytes()
    assert (sampled.manifest["sample"], sampled.manifest["sample_seed"]) == (1e-2, 4)
    threads = count(corpus, tmp_path / "u", Window(window=5), sample=1e-2, seed=4, threads=3)
    assert read_all(sampled.path) == read_all(threads.path)
    whole = count(corpus, tmp_path / "v", Window(window=5))
    assert sampled.manifest["sum"] < whole.manifest["sum"]


def test_exact_counts_come_out_of_floats_and_corrections(tmp_path):
    shards = shardtools.from_triples(
        ["a", "b"],
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([2.0**40 + 1, 3]),
        tmp_path / "s",
        unit=1,
    )
    assert Shards(tmp_path / "s").tile(0, 0).units(1).tolist() == [2**40 + 1, 3]
    assert isinstance(shards.vocab, Vocabulary)
