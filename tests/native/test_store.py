"""The native word list: packing, index, order, and that damage is met with one error."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.errors import StoreError
from wordvec.native.vectors import store as native
from wordvec.vectors.file import WordList

WORDS = st.lists(st.text(max_size=20), unique=True, max_size=60)


def rebuilt(words, *, trusted=False, **changes):
    """The word list `words` with some of its buffers replaced, as if read from a file."""
    parts = {
        "offsets": words.offsets,
        "data": words.data,
        "slots": words.slots,
        "longest": words.longest,
        "order": words.order,
        "wide": words.wide,
        **changes,
    }
    return native.Words(**parts, trusted=trusted, damaged=StoreError)


@given(WORDS.filter(lambda words: all(w.isprintable() for w in words)), st.booleans())
def test_each_word_is_found_under_its_id_and_others_are_not(words, wide):
    table = WordList.pack(words, wide=wide).native
    assert [table.find(word) for word in words] == list(range(len(words)))
    assert table.words(0, len(words)) == words
    assert table.find("".join(words) + "x") == -1
    table.verify()


@given(WORDS)
def test_the_order_is_that_of_the_bytes(words):
    words = [w.encode("utf-8", "surrogatepass") for w in words]
    table = WordList.pack(words).native
    ids = [table.at(i) for i in range(len(words))]
    assert [words[i] for i in ids] == sorted(words)
    for key in [*words, b"", b"m", b"\xff"]:
        assert table.lower_bound(key) == sum(w < key for w in words)


def test_words_that_share_eight_bytes_are_ordered_by_the_rest():
    words = [b"abcdefgh" + tail for tail in (b"\0", b"", b"zz", b"\0\0", b"a", b"zy")]
    table = WordList.pack(words).native
    assert [words[table.at(i)] for i in range(len(words))] == sorted(words)


def test_a_batch_finds_what_single_look_ups_find():
    words = [f"w{i}" for i in range(1000)]
    table = WordList.pack(words).native
    keys = ["w999", b"w5", "nothing", "w0", "\udcff", "\ud800", *words]
    ids = np.empty(len(keys), np.int64)
    table.find_many(keys, ids)
    assert ids.tolist() == [999, 5, -1, 0, -1, -1, *range(1000)]


def test_bytes_that_are_not_utf8_come_back_as_they_were():
    table = WordList.pack([b"caf\xe9", "café"]).native
    assert table.word(0) == "caf\udce9"
    assert table.find("caf\udce9") == table.find(b"caf\xe9") == 0
    assert table.find("café") == 1


def test_a_word_twice_is_refused_by_name():
    with pytest.raises(ValueError, match="'b' is there twice"):
        WordList.pack(["a", "b", "c", "b"])


def test_a_key_that_is_no_text_is_a_type_error():
    table = WordList.pack(["a"]).native
    with pytest.raises(TypeError, match="int"):
        table.find(3)
    with pytest.raises(TypeError, match="NoneType"):
        WordList.pack(["a", None])


def test_the_hash_of_the_format_is_that_of_its_document():
    mask = (1 << 64) - 1

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        return z ^ (z >> 31)

    def plain(key):
        h = 0x2545F4914F6CDD1D ^ (len(key) * 0x9E3779B97F4A7C15 & mask)
        for i in range(0, len(key), 8):
            h = (h ^ int.from_bytes(key[i : i + 8], "little")) * 0x9FB21C651E98DF25 & mask
            h ^= h >> 32
        return mix(h)

    for key in [b"", b"a", b"king", b"12345678", b"123456789", "größe".encode(), bytes(range(40))]:
        assert native.hash_key(key) == plain(key)


@pytest.mark.parametrize("buffer", ["offsets", "data", "slots", "order"])
def test_each_changed_byte_gives_the_same_answer_or_the_error(buffer):
    words = WordList.pack(["king", "queen", "a", "man", "woman", "of"])
    names = words.native.words(0, 6)
    original = getattr(words, buffer)
    for at in range(original.nbytes):
        for flip in (0x01, 0x80, 0xFF):
            changed = original.view(np.uint8).copy()
            changed[at] ^= flip
            table = rebuilt(words, **{buffer: changed.view(original.dtype)})
            for i, name in enumerate(names):
                with contextlib.suppress(StoreError):
                    assert table.word(i) == name, (buffer, at, flip)
                with contextlib.suppress(StoreError):
                    assert table.find(name) == i, (buffer, at, flip)
            try:
                table.verify()
            except StoreError:
                continue
            assert [table.word(i) for i in range(6)] == names


def test_a_huge_probe_and_an_index_without_gaps_end():
    words = WordList.pack(["a", "b", "c"])
    full = np.frombuffer(b"\1\0\0\0\1\0\0\0" * 8, np.uint8)
    table = rebuilt(words, slots=full, longest=2**63)
    assert table.find("zebra") == -1


def test_an_index_of_an_odd_size_is_refused():
    words = WordList.pack(["a", "b", "c"])
    with pytest.raises(StoreError, match="power of two"):
        rebuilt(words, slots=words.slots[:24])
    with pytest.raises(StoreError, match="order"):
        rebuilt(words, order=words.order[:4])


@given(st.binary(max_size=200), st.binary(max_size=64), st.integers(0, 2**64 - 1))
def test_random_buffers_never_do_more_than_raise(noise, keys, longest):
    offsets = np.frombuffer(noise[: len(noise) // 8 * 8], np.uint64)
    if len(offsets) == 0:
        return
    slots = np.frombuffer((noise * 4)[: 8 << (len(noise) % 4)].ljust(8, b"\1"), np.uint8)
    slots = slots[: 8 << (len(slots) // 8).bit_length() - 1]
    order = np.frombuffer((noise * 2)[: 4 * (len(offsets) - 1)], np.uint8)
    table = native.Words(
        offsets, np.frombuffer(keys, np.uint8), slots, longest, order, False, False, StoreError
    )
    for use in (
        lambda: table.find(keys),
        lambda: table.lower_bound(keys),
        lambda: table.words(0, len(table)),
        lambda: [table.at(i) for i in range(len(table))],
        lambda: table.candidates(longest),
        table.verify,
    ):
        with contextlib.suppress(StoreError):
            use()
