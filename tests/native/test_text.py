"""The tokeniser and the word table against str.split and Counter."""

from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.native.corpus import text

BYTES = st.binary(max_size=200).map(lambda b: b.replace(b"\0", b" "))
MANY = st.lists(
    st.sampled_from([b"a", b"bb", b"the", b"\xff\xfe", b"x" * 9, b"y" * 17]), max_size=60
)


def encode(data, table=None, max_token=1000):
    table = table or text.WordTable()
    ids = np.empty(len(data) + 1, np.int32)
    n, *stats = table.encode(data, ids, max_token)
    return table, ids[:n], stats


@given(BYTES)
def test_tokens_are_those_of_ascii_white_space(data):
    table, ids, stats = encode(data)
    expected = data.split()  # bytes.split splits at the same six bytes
    assert [table[i] for i in ids[ids >= 0].tolist()] == expected
    assert stats[0] == len(expected)


@given(BYTES)
def test_a_break_ends_each_line_once(data):
    _, ids, _ = encode(data)
    assert not np.any((ids[1:] == text.BREAK) & (ids[:-1] == text.BREAK))
    lines = [line for line in data.replace(b"\r", b"\n").split(b"\n") if line.split()]
    ids = ids[ids != text.DOC]
    words_between = [len(part) for part in " ".join(map(str, ids)).split("-1") if part.split()]
    assert len(words_between) == len(lines)


@given(st.lists(st.sampled_from([b"a", b"b", b" ", b"\n", b"\r", b"\r\n"])).map(b"".join))
def test_a_blank_line_ends_a_document_once(data):
    data = b"x" + data + b"\nx"
    _, ids, _ = encode(data)
    blank = [not line.split() for line in data.decode().splitlines()]
    assert np.count_nonzero(ids == text.DOC) == sum(is_blank for is_blank, _ in groupby(blank))
    assert np.all(ids[np.flatnonzero(ids == text.DOC) - 1] == text.BREAK)


def test_records_end_where_they_say_so():
    table = text.WordTable()
    data = b"a\n\nb\n\x1e\x1ec\x1e"
    ids = np.empty(len(data) + 1, np.int32)
    n, *stats = table.encode(data, ids, 1000, True)
    assert ids[:n].tolist() == [0, -1, 1, -1, text.DOC, text.DOC, 2, text.DOC]
    assert stats == [3, 2, 0, -1]


def one_byte_after_another(data, max_token, records):
    """What the tokeniser should find: words and marks, and its statistics."""
    out, token, tokens, lines, too_long, line_ends = [], b"", 0, 0, 0, 0
    for at, byte in enumerate([*data, ord(" ")]):
        is_mark = records and byte == 0x1E
        if byte not in b" \t\n\v\f\r\0" and not is_mark:
            token += bytes([byte])
            continue
        if token:
            tokens += 1
            too_long += len(token) > max_token
            out.append(token if len(token) <= max_token else text.GAP)
            token, line_ends = b"", 0
        if byte == 0:
            return out, [tokens, lines, too_long, at]
        if is_mark:
            out.append(text.DOC)
        elif byte in b"\r\n" and not (byte == 10 and line_ends and data[at - 1] == 13):
            line_ends += 1
            lines += line_ends == 1
            if line_ends == 1 or (line_ends == 2 and not records):
                out.append(text.BREAK if line_ends == 1 else text.DOC)
    return out, [tokens, lines, too_long, -1]


PIECES = [b"a", b"bb ", b"x" * 17, b"y" * 70, b"\xc3\xa9", b"cat sat on the mat "]
PIECES += [b"\x01", b"\x1e", b"\x1f", b"\x7f", b" ", b" " * 40, b"\t", b"\v"]
PIECES += [b"\n", b"\r", b"\r\n", b"\n\n"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join),
    st.booleans(),
    st.sampled_from([1, 16, 17, 69, 1000]),
    st.booleans(),
)
def test_all_is_as_if_one_byte_after_another_was_read(data, ends_early, max_token, records):
    data += b"\0 and more\n\n" * ends_early
    table = text.WordTable()
    ids = np.empty(len(data) + 1, np.int32)
    n, *stats = table.encode(data, ids, max_token, records)
    found = [table[i] if i >= 0 else i for i in ids[:n].tolist()]
    assert (found, stats) == one_byte_after_another(data, max_token, records)


def test_remap_takes_the_documents_out():
    ids = np.array([0, -1, -3, 1, -1, -3, -3, 2, -1], np.int32)
    starts = np.empty(3, np.int64)
    n, known, documents = text.remap(ids, np.array([0, -2, 1], np.int32), False, ids, starts)
    assert (n, known, documents) == (4, 2, 3)
    assert ids[:n].tolist() == [0, -1, 1, -1]
    assert starts.tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="starts must hold more than 0"):
        text.remap(np.array([-3], np.int32), ids[:0], False, ids, starts[:0])


def ordered(table, min_count):
    counts, order = np.empty(len(table), np.int64), np.empty(len(table), np.int32)
    table.counts(counts)
    return order[: table.order(counts, min_count, order)]


@given(MANY, st.integers(1, 4))
def test_order_is_by_falling_count_and_ties_by_bytes(words, min_count):
    table, _, _ = encode(b" ".join(words))
    order = ordered(table, min_count)
    expected = sorted(
        ((n, w) for w, n in Counter(words).items() if n >= min_count), key=lambda p: (-p[0], p[1])
    )
    assert [table[i] for i in order.tolist()] == [w for _, w in expected]


@pytest.mark.parametrize("control", [b"", b"\x01", b"\x1f", b"\x80"])
def test_words_of_any_length_that_differ_in_one_byte_are_apart(control):
    lengths = [*range(1, 41), 63, 64, 65, 254, 255, 256, 257, 1000]
    words = []
    for length in lengths:
        word = (b"abcdefgh" * 125)[: length - len(control)] + control
        places = {0, length // 2, max(length - 2, 0), 7, 8, 15, 16} & set(range(length))
        words += {word, *(word[:at] + b"~" + word[at + 1 :] for at in places)}
    words = list(dict.fromkeys(words))
    table, ids, stats = encode(b" ".join(words))
    assert ids.tolist() == list(range(len(words)))
    assert stats == [len(words), 0, 0, -1]
    assert [table[i] for i in range(len(table))] == words
    assert [table.find(word) for word in words] == list(range(len(words)))
    # The same words at other places of a text, one byte on and from the end.
    _, again, _ = encode(b"\t" + b"\n".join(reversed(words)), table)
    assert again[again >= 0].tolist() == list(range(len(words)))[::-1]
    assert len(table) == len(words)


def test_words_with_nul_bytes_are_apart():
    table = text.WordTable()
    words = [b"", b"\0", b"\0\0", b"a", b"a\0", b"a" * 8, b"a" * 8 + b"\0", b"a" * 16 + b"\0"]
    assert [table.add(word) for word in words] == list(range(len(words)))
    assert [table.find(word) for word in words] == list(range(len(words)))


def test_ties_go_by_all_bytes_of_a_word():
    table = text.WordTable()
    stem = b"\xffbcdefgh" * 2
    words = [stem + b"b" * 300, stem + b"\0", stem, stem + b"b", stem[:8], b"a\0", b"a", b""]
    for word in words:
        table.add(word)
    order = ordered(table, 1)
    assert table.words(order) == [table[i] for i in order.tolist()] == sorted(words)
    for wrong in (-1, len(words)):
        with pytest.raises(IndexError):
            table.words(np.array([0, wrong], np.int32))


def test_counts_stay_with_their_words_while_a_table_grows():
    words = [b"w%d" % i * (1 + i % 5) for i in range(20_000)]
    table = text.WordTable()
    for i, word in enumerate(words):
        table.add(word, i)
    counts = np.empty(len(words), np.int64)
    table.counts(counts)
    assert np.array_equal(counts, np.arange(len(words)))
    table.set_counts(counts[::-1].copy())
    table.add(words[7], 2**40)
    table.counts(counts)
    expected = np.arange(len(words))[::-1].copy()
    expected[7] += 2**40
    assert np.array_equal(counts, expected)


def test_a_large_table_finds_every_word():
    words = [b"w%d" % i for i in range(50_000)]
    table, ids, _ = encode(b" ".join(words))
    assert len(table) == 50_000
    assert np.array_equal(ids, np.arange(50_000))
    assert [table.find(w) for w in words[::777]] == list(range(0, 50_000, 777))
    assert table.find(b"w50000") == -1
    assert table.find(b"") == -1


def test_merging_adds_counts_and_maps_ids():
    one, _, _ = encode(b"a b a")
    two, _, _ = encode(b"c b")
    map = np.empty(2, np.int32)
    one.merge(two, map)
    counts = np.empty(3, np.int64)
    one.counts(counts)
    assert [one[i] for i in range(3)] == [b"a", b"b", b"c"]
    assert counts.tolist() == [2, 2, 1]
    assert map.tolist() == [2, 1]


def test_large_tables_merge_as_their_words_would_be_added_one_by_one():
    words = [b"%d" % (i * i) * (1 + i % 4) for i in range(3000)]
    one, _, _ = encode(b" ".join(words[:2000] * 2))
    two, _, _ = encode(b" ".join(words[1000:]))
    map = np.empty(len(two), np.int32)
    one.merge(two, map)
    assert [one[i] for i in range(len(one))] == words
    assert map.tolist() == list(range(1000, 3000))
    counts = np.empty(len(one), np.int64)
    one.counts(counts)
    assert counts.tolist() == [2] * 1000 + [3] * 1000 + [1] * 1000
    one.merge(text.WordTable(), map[:0])
    assert len(one) == len(words)


def test_a_token_that_is_too_long_is_a_gap():
    table, ids, stats = encode(b"a " + b"x" * 11 + b" b", max_token=10)
    assert ids.tolist() == [0, text.GAP, 1]
    assert stats[2] == 1
    assert len(table) == 2


def test_nul_stops_with_its_offset():
    _, _, stats = encode(b"ab \0cd")
    assert stats[3] == 3


@pytest.mark.parametrize("keep_gaps", [False, True])
def test_remap_drops_or_keeps_gaps_and_collapses_breaks(keep_gaps):
    ids = np.array([0, 1, -1, 1, -1, 2, -2], np.int32)
    map = np.array([5, -2, 6], np.int32)
    out = np.empty_like(ids)
    n, known, documents = text.remap(ids, map, keep_gaps, out, np.empty(0, np.int64))
    assert (known, documents) == (2, 0)
    assert out[:n].tolist() == ([5, -2, -1, -2, -1, 6, -2] if keep_gaps else [5, -1, 6])


def test_remap_refuses_ids_that_the_map_lacks():
    three = np.zeros(3, np.int32)
    with pytest.raises(ValueError, match="not in the map of 3"):
        text.remap(np.array([3], np.int32), three, False, three, np.empty(0, np.int64))


@given(st.binary(max_size=12))
def test_utf8_validity_is_that_of_python(word):
    try:
        word.decode("utf-8")
        expected = True
    except UnicodeDecodeError:
        expected = False
    assert text.utf8_valid(word) == expected


@given(
    st.lists(
        st.tuples(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), st.integers(0, 9))
    )
)
def test_lines_of_words_are_added_as_one_after_another(given):
    one, other = text.WordTable(), text.WordTable()
    for word, count in given:
        one.add(word, count)
    lines = b"".join(word + b"\n" for word, _ in given)
    other.add_lines(lines, np.array([count for _, count in given], np.int64))
    assert len(other) == len(one)
    assert other.lines() == one.lines() == b"".join(one[i] + b"\n" for i in range(len(one)))
    a, b = np.empty(len(one), np.int64), np.empty(len(one), np.int64)
    one.counts(a)
    other.counts(b)
    assert np.array_equal(a, b)


@pytest.mark.parametrize("lines", [b"a\nb", b"a\nb\nc\n", b"a\n", b""])
def test_lines_that_are_not_as_many_as_counts_are_refused(lines):
    with pytest.raises(ValueError, match="2 counts need as many words"):
        text.WordTable().add_lines(lines, np.ones(2, np.int64))
