"""Kernels of phrases: followers against Counter in any room, joining in any pieces."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.corpus import phrase
from wordvec.native.corpus.text import BREAK, DOC, GAP, WordTable

IDS = st.lists(st.integers(-2, 5), max_size=60).map(lambda ids: np.array(ids, np.int32))


def counted(ids, words, ranges, room, min_count=1, connectors=None):
    """{(word, follower...): count} of ranges of words."""
    pairs = phrase.Pairs(ids, words, connectors)
    worker = phrase.Worker(pairs, room)
    found = {}
    for first, last in ranges:
        n = len(ids) // min_count
        word, follower = np.empty(n, np.int32), np.empty(n, np.uint64)
        count = np.empty(n, np.int64)
        n = worker.count(first, last, min_count, word, follower, count)
        for a, b, c in zip(
            word[:n].tolist(), follower[:n].tolist(), count[:n].tolist(), strict=True
        ):
            behind = (b,)
            if b & phrase.AT:
                at = (b & ~phrase.AT) + 1
                end = at
                while connectors[ids[end]]:
                    end += 1
                assert ids[at - 1] == a
                behind = tuple(ids[at : end + 1].tolist())
            assert (a, *behind) not in found
            found[a, *behind] = c
    return found


def pairs_of(ids, connectors):
    found, start, between = Counter(), None, ()
    for id in ids.tolist():
        if id < 0:
            start = None
        elif connectors[id]:
            between += (id,)
        else:
            if start is not None:
                found[start, *between, id] += 1
            start, between = id, ()
        if id < 0:
            between = ()
    return found


@given(ids=IDS, room=st.integers(1, 70), min_count=st.integers(1, 3), mask=st.integers(0, 7))
def test_followers_are_counted_in_any_room(ids, room, min_count, mask):
    connectors = np.array([0, 0, 0, mask & 1, mask >> 1 & 1, mask >> 2], np.uint8)
    occurs = Counter(ids.tolist())
    # Ranges of as many words as there is room for.
    ranges, begin = [], 0
    while begin < 6:
        end = begin + 1
        while end < 6 and sum(occurs[i] for i in range(begin, end + 1)) <= room:
            end += 1
        ranges.append((begin, end))
        begin = end
    expected = {p: n for p, n in pairs_of(ids, connectors).items() if n >= min_count}
    assert counted(ids, 6, ranges, room, min_count, connectors) == expected


def test_a_word_with_many_followers_grows_its_table():
    rng = np.random.default_rng(1)
    behind = rng.integers(1, 5000, 40_000)
    ids = np.stack([np.zeros_like(behind), behind], 1).ravel().astype(np.int32)
    expected = Counter((0, int(b)) for b in behind)
    for room in (1, 1000, 1 << 20):
        assert counted(ids, 5000, [(0, 1)], room) == expected


def test_many_followers_behind_connectors_are_told_apart():
    rng = np.random.default_rng(2)
    between, behind = rng.integers(1, 3, 5000), rng.integers(3, 600, 5000)
    ids = np.stack([np.zeros_like(behind), between, behind], 1).ravel().astype(np.int32)
    connectors = np.zeros(600, np.uint8)
    connectors[1:3] = 1
    expected = Counter((0, c, b) for c, b in zip(between.tolist(), behind.tolist(), strict=True))
    assert counted(ids, 600, [(0, 1)], 1 << 13, connectors=connectors) == expected


def test_occurrences_and_gaps_are_counted():
    ids = np.array([0, 2, BREAK, 2, GAP, GAP], np.int32)
    counts = np.zeros(3, np.int64)
    assert phrase.occurrences(ids, counts) == 2
    assert counts.tolist() == [1, 0, 2]
    pairs = phrase.Pairs(ids, 3)
    pairs.counts(counts)
    assert (pairs.gaps, counts.tolist()) == (2, [1, 0, 2])


@pytest.mark.parametrize("bad", [3, -3])
def test_ids_out_of_range_are_refused(bad):
    ids = np.array([0, bad], np.int32)
    with pytest.raises(ValueError, match="out of range"):
        phrase.Pairs(ids, 3)
    with pytest.raises(ValueError, match="out of range"):
        phrase.occurrences(ids, np.zeros(3, np.int64))


def test_what_does_not_fit_is_refused():
    pairs = phrase.Pairs(np.zeros(9, np.int32), 2)
    worker = phrase.Worker(pairs, 4)
    arrays = np.empty(9, np.int32), np.empty(9, np.uint64), np.empty(9, np.int64)
    with pytest.raises(ValueError, match="9 followers, room for 4"):
        worker.count(0, 2, 1, *arrays)
    with pytest.raises(ValueError, match="must hold 9"):
        worker.count(0, 1, 1, *(a[:8] for a in arrays))
    for first, last, least in ((0, 3, 1), (1, 1, 1), (-1, 1, 1), (0, 1, 0)):
        with pytest.raises(ValueError, match="words"):
            worker.count(first, last, least, *arrays)
    ids = np.zeros(1, np.int32)
    for call in (
        lambda: phrase.Worker(pairs, 0),
        lambda: phrase.Pairs(ids, 0),
        lambda: phrase.Pairs(ids, 2, np.zeros(1, np.uint8)),
    ):
        with pytest.raises(ValueError, match="must"):
            call()


def set_of(*phrases, words=20):
    made = phrase.PhraseSet(words)
    for *parts, id in phrases:
        made.add(np.array(parts, np.int32), id)
    return made


@given(ids=IDS, size=st.integers(1, 9))
def test_pieces_join_like_the_whole(ids, size):
    # 3 and 4 are connectors.
    some = set_of((0, 1, 10), (1, 0, 11), (2, 3, 1, 12), (0, 3, 4, 3, 2, 13), (1, 4, 1, 14))
    whole = np.empty(len(ids), np.int32)
    starts = np.arange(len(ids), dtype=np.int32)
    n, read = some.join(ids, True, whole, starts)
    assert read == len(ids)
    assert all(whole[i] >= 10 or whole[i] == ids[starts[i]] for i in range(n))
    joined, rest = [], ids[:0]
    for begin in range(0, len(ids), size):
        piece = np.concatenate([rest, ids[begin : begin + size]])
        out = np.empty(len(piece), np.int32)
        m, read = some.join(piece, begin + size >= len(ids), out)
        joined += out[:m].tolist()
        rest = piece[read:]
        assert len(rest) <= 4  # the longest phrase but its last word
    assert joined == whole[:n].tolist()


def test_many_phrases_are_found():
    ids = np.arange(3000, dtype=np.int32)
    some = set_of(*((i, i + 1, i) for i in range(0, 3000, 2)), words=3000)
    out = np.empty(3000, np.int32)
    assert some.join(ids, True, out) == (1500, 3000)
    assert np.array_equal(out[:1500], ids[::2])


def test_phrases_out_of_range_or_twice_are_refused():
    some = set_of((0, 1, 2))
    for parts, id in (([0, 1], 3), ([0, 20], 3), ([-1, 0], 3), ([1, 0], 20), ([1, 0], -1)):
        with pytest.raises(ValueError, match="out of range, or a phrase comes twice"):
            some.add(np.array(parts, np.int32), id)
    with pytest.raises(ValueError, match="two words"):
        some.add(np.array([0], np.int32), 1)
    out = np.empty(2, np.int32)
    for ids in ([20, 0], [0, 20]):
        with pytest.raises(ValueError, match="out of range"):
            some.join(np.array(ids, np.int32), True, out)
    with pytest.raises(ValueError, match="must hold 3"):
        some.join(np.zeros(3, np.int32), True, out)


def test_writing_checks_its_offsets():
    begins, ends = np.array([0, 2], np.int32), np.array([1, 3], np.int32)
    units, out = np.zeros(1, np.int32), np.empty(9, np.uint8)
    n = phrase.write(b"a b ", 0, 4, begins, ends, units, b"--", out)
    assert out[:n].tobytes() == b"a--b "
    assert phrase.write(b"a b ", 0, 4, begins, ends, np.arange(2, dtype=np.int32), b"_", out) == 4
    for change in (
        {"stop": 5},
        {"stop": 2},
        {"begins": begins[::-1].copy()},
        {"ends": ends[:1]},
        {"units": np.array([0, 0], np.int32)},
        {"units": np.array([2], np.int32)},
        {"delimiter": b""},
        {"out": out[:4]},
    ):
        given = {
            "text": b"a b ",
            "start": 0,
            "stop": 4,
            "begins": begins,
            "ends": ends,
            "units": units,
            "delimiter": b"--",
            "out": out,
        } | change
        with pytest.raises(ValueError, match=r"offsets|bytes|agree|room|rise|outside"):
            phrase.write(*given.values())


@given(st.binary(max_size=80).map(lambda b: b.replace(b"\0", b" ")))
def test_located_tokens_are_those_of_encoding(data):
    table = WordTable()
    ids, begins, ends, again = (np.empty(len(data) + 1, np.int32) for _ in range(4))
    n, tokens, *_ = table.encode(data, again, 5)
    found, seen, nul_at = table.locate(data, ids, begins, ends, 5)
    # Where a document ends (a blank line) is marked by encoding alone: joining copies the text.
    expected = again[:n][again[:n] != DOC]
    assert (found, seen, nul_at) == (len(expected), tokens, -1)
    assert np.array_equal(ids[:found], expected)
    words = [
        data[b:e]
        for b, e, id in zip(begins[:found], ends[:found], ids[:found], strict=True)
        if id != BREAK
    ]
    assert words == data.split()
    assert WordTable().locate(data, ids, begins, ends, 5)[0] == found
    assert (ids[:found] < 0).all()


def test_locating_stops_at_nul_and_asks_for_room():
    ids = np.empty(9, np.int32)
    assert WordTable().locate(b"ab \0c", ids, ids.copy(), ids.copy(), 9)[2] == 3
    with pytest.raises(ValueError, match="must hold 6"):
        WordTable().locate(b"abcde", ids, ids[:5], ids, 9)


def test_counts_are_replaced():
    table = WordTable()
    table.add(b"a", 3)
    table.set_counts(np.array([5], np.int64))
    out = np.empty(1, np.int64)
    table.counts(out)
    assert out.tolist() == [5]
    with pytest.raises(ValueError, match="must have 1"):
        table.set_counts(np.zeros(2, np.int64))
