"""Reading a corpus: what comes in, what is refused, what does not depend on threads."""

import bz2
import gzip
import importlib
import io
import itertools
import lzma
import random
import sys
import types
from collections import Counter
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wordvec
from wordvec.errors import CorpusError, MissingExtra
from wordvec.native.corpus.text import BREAK, GAP
from wordvec.text import numbering, reader, spool
from wordvec.text import vocab as vocabularies
from wordvec.text.corpus import count_vocabulary, encode
from wordvec.text.phrases.lines import Phrase
from wordvec.text.phrases.model import PhraseTable
from wordvec.text.vocab import Vocabulary


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 64 bytes, so that a short text has many."""
    monkeypatch.setattr(reader, "BLOCK", 64)


def text_of(seed, words=4000):
    rng = random.Random(seed)
    vocab = [f"w{i}" for i in range(200)]
    return "".join(
        rng.choices(vocab, [1 / (i + 1) for i in range(200)])[0] + rng.choice("    \n")
        for _ in range(words)
    ).encode()


def words_of(result):
    return [
        [result.vocab.words[i] for i in line.tolist()]
        for line in np.split(result.ids, np.flatnonzero(result.ids == BREAK))
        for line in [line[line >= 0]]
        if len(line)
    ]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_ids_spell_the_text_at_any_number_of_threads(small_blocks, threads):
    text = text_of(1)
    result = encode(io.BytesIO(text), min_count=1, threads=threads)
    assert words_of(result) == [line.split() for line in text.split(b"\n") if line.split()]
    assert result.stats.tokens == len(text.split())
    assert result.stats.lines == sum(bool(line.split()) for line in text.split(b"\n"))
    counts = Counter(text.split())
    assert result.vocab.words == sorted(counts, key=lambda w: (-counts[w], w))
    assert result.vocab.counts.tolist() == [counts[w] for w in result.vocab.words]


def test_min_count_and_max_vocab_cut_the_rare_words():
    text = b"a a a b b c"
    assert encode(io.BytesIO(text), min_count=2).vocab.words == [b"a", b"b"]
    assert encode(io.BytesIO(text), min_count=1, max_vocab=1).vocab.words == [b"a"]
    assert encode(io.BytesIO(text), min_count=2).vocab.total == 6


def test_unknown_words_close_up_or_leave_a_gap():
    text = b"a x a\nx\na"
    ids = encode(io.BytesIO(text), min_count=3).ids
    assert ids.tolist() == [0, 0, BREAK, 0, BREAK]
    ids = encode(io.BytesIO(text), min_count=3, gaps=True).ids
    assert ids.tolist() == [0, GAP, 0, BREAK, GAP, BREAK, 0, BREAK]
    assert encode(io.BytesIO(text), min_count=3, across_lines=True).ids.tolist() == [0, 0, 0]


def test_a_given_vocabulary_is_used():
    vocab = Vocabulary.from_words(["b", "a"], [5, 3])
    result = encode(io.BytesIO(b"a b c a"), vocab=vocab)
    assert result.ids.tolist() == [1, 0, 1, BREAK]
    assert result.vocab is vocab
    with pytest.raises(CorpusError, match="none of its tokens"):
        encode(io.BytesIO(b"x y"), vocab=vocab)


@pytest.mark.parametrize(
    "pack",
    [lambda b: b, gzip.compress, bz2.compress, lzma.compress],
    ids=["plain", "gz", "bz2", "xz"],
)
def test_compression_is_told_by_content(tmp_path, pack):
    path = tmp_path / "text.dat"
    path.write_bytes(pack(b"one two two\n"))
    assert encode(path, min_count=1).vocab.words == [b"two", b"one"]


@pytest.fixture(params=["zstandard", "compression.zstd"])
def zstd(request, monkeypatch):
    """The two libraries that can read it; the newer one by its backport before Python 3.14."""
    if request.param == "zstandard":
        monkeypatch.setitem(sys.modules, "compression.zstd", None)
        return pytest.importorskip("zstandard")
    if sys.version_info < (3, 14):
        backport = pytest.importorskip("backports.zstd")
        monkeypatch.setitem(sys.modules, "compression", types.ModuleType("compression"))
        monkeypatch.setitem(sys.modules, "compression.zstd", backport)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    return importlib.import_module("compression.zstd")


def test_zstandard_is_read(zstd, tmp_path):
    path = tmp_path / "text"
    path.write_bytes(zstd.compress(b"one two ") + zstd.compress(b"two\n"))
    assert encode(path, min_count=1).vocab.words == [b"two", b"one"]


def test_damaged_zstandard_is_named(zstd, tmp_path):
    path = tmp_path / "text"
    whole = zstd.compress(b"one two two\n" * 1000)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorpusError, match="zstandard"):
        encode(path, min_count=1)
    path.write_bytes(whole[:6] + b"\xff" * 20)
    with pytest.raises(CorpusError, match="zstandard file is damaged"):
        encode(path, min_count=1)


def test_without_a_library_for_zstandard_the_extra_is_named(monkeypatch, tmp_path):
    for name in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "text").write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)
    with pytest.raises(MissingExtra, match=r"wordvec\[io\]"):
        encode(tmp_path / "text", min_count=1)


def test_several_files_do_not_share_a_line(tmp_path):
    (tmp_path / "1").write_bytes(b"a b")
    (tmp_path / "2").write_bytes(b"b c ")
    (tmp_path / "3").write_bytes(b"a")
    result = encode([tmp_path / "1", str(tmp_path / "2"), tmp_path / "3"], min_count=1)
    assert words_of(result) == [[b"a", b"b"], [b"b", b"c"], [b"a"]]


def documents_of(result):
    ids, ends = result.ids, result.documents
    return [
        [result.vocab.words[i] for i in ids[a:b].tolist() if i >= 0]
        for a, b in itertools.pairwise(ends.tolist())
    ]


@pytest.mark.parametrize("block", [1, 3, 16, 1 << 20])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("across_lines", [False, True])
def test_a_blank_line_and_a_file_end_a_document(monkeypatch, block, ends, across_lines):
    monkeypatch.setattr(reader, "BLOCK", block)
    first = b"\n\n a b\nc\n\n \n\na\n  \nx\n".replace(b"\n", ends)
    result = encode(
        [io.BytesIO(first), io.BytesIO(b""), io.BytesIO(b"b"), io.BytesIO(b"c\nb")],
        vocab=Vocabulary.from_words(["a", "b", "c"], [1, 1, 1]),
        across_lines=across_lines,
    )
    assert documents_of(result) == [[b"a", b"b", b"c"], [b"a"], [], [b"b"], [b"c", b"b"]]
    assert result.documents[0] == 0
    assert result.documents[-1] == len(result.ids)
    assert np.count_nonzero(result.ids == BREAK) == (0 if across_lines else 6)


def test_joining_phrases_keeps_the_documents(small_blocks):
    text = text_of(4).replace(b"w3 ", b"w3\n\n")
    plain = encode(io.BytesIO(text), min_count=1)
    table = PhraseTable([[Phrase((b"w1", b"w0"), 1, 1.0), Phrase((b"w0", b"w2"), 1, 1.0)]])
    joined = table.join(plain, min_count=1)
    assert len(plain.documents) > 50
    assert [b" ".join(d).replace(b"_", b" ").split() for d in documents_of(joined)] == documents_of(
        plain
    )
    assert any(b"_" in word for word in joined.vocab.words)


def test_token_lists_are_taken_as_they_are():
    lists = [["new york", "is"], [], ["is", b"big"]]
    result = encode(lists, min_count=1)
    assert words_of(result) == [[b"new york", b"is"], [b"is", b"big"]]
    assert result.stats.lines == 2


def test_long_token_lists_exceed_a_batch(monkeypatch):
    monkeypatch.setattr(numbering, "TOKEN_BATCH", 4)
    lists = [[f"w{i % 7}" for i in range(n)] for n in (1, 3, 9, 2, 4)]
    result = encode(lists, min_count=1)
    assert words_of(result) == [[w.encode() for w in line] for line in lists]


def test_a_spent_iterator_is_an_error():
    lists = iter([["a", "b"]])
    encode(lists, min_count=1)
    with pytest.raises(CorpusError, match="already consumed"):
        encode(lists, min_count=1)


def test_a_string_among_token_lists_is_an_error():
    with pytest.raises(TypeError, match="split it"):
        encode(iter(["a sentence"]), min_count=1)
    with pytest.raises(TypeError, match="int"):
        encode([["a", 3]], min_count=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no token"),
        (b" \n \n", "no token"),
        (b"a b \0 c", "offset 4.*UTF-16"),
        ("zwei Wörter".encode("utf-16"), "UTF-16"),
        (gzip.compress(gzip.compress(b"a b", mtime=0), mtime=0), "gzip data inside"),
        (gzip.compress(b"a b " * 100, mtime=0)[:-9], "damaged or cut short"),
        (bz2.compress(b"a b " * 100)[:-9], "damaged or cut short"),
        (lzma.compress(b"a b " * 100)[:-9], "damaged or cut short"),
        (bz2.compress(b"a b " * 100)[:-20] + b"x" * 20, "damaged"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"a b c", "min_count=5.*most frequent occurs 1"),
    ],
)
def test_bad_text_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        encode(path)


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="folder"):
        encode(tmp_path)
    with pytest.raises(FileNotFoundError):
        encode(tmp_path / "none")


def test_crlf_cr_and_byte_order_mark():
    result = encode(io.BytesIO(b"\xef\xbb\xbfa b\r\nb\rc"), min_count=1)
    assert words_of(result) == [[b"a", b"b"], [b"b"], [b"c"]]


def test_words_that_are_not_utf8_are_kept_and_counted():
    result = encode(io.BytesIO(b"ok \xff\xfe \xff\xfe"), min_count=1)
    assert result.vocab.words == [b"\xff\xfe", b"ok"]
    assert result.stats.not_utf8 == 1
    assert list(result.vocab) == ["\udcff\udcfe", "ok"]


def test_tokens_of_a_megabyte_are_counted_and_left_out(small_blocks):
    result = encode(io.BytesIO(b"a " + b"x" * (1 << 11) + b" b"), min_count=1)
    assert result.vocab.words == [b"a", b"b"]
    assert result.stats.too_long == 1


def test_a_file_of_vectors_is_named_when_it_is_given_as_a_text(tmp_path):
    wordvec.WordVectors(["a", "b"], np.ones((2, 3), np.float32)).save(tmp_path / "v.wv")
    with pytest.raises(CorpusError, match=r"v\.wv: this is a \.wv file of vectors, not text$"):
        encode(tmp_path / "v.wv")


def test_a_text_without_spaces_is_refused(small_blocks):
    with pytest.raises(CorpusError, match="not text with spaces"):
        encode(io.BytesIO(b"x" * (70 * 64)))


def test_ids_spill_to_a_file_without_a_difference(small_blocks, monkeypatch):
    text = text_of(2)
    kept = encode(io.BytesIO(text), min_count=2)
    monkeypatch.setattr(spool, "SPILL", 1000)
    spilled = encode(io.BytesIO(text), min_count=2)
    assert isinstance(spilled.ids, np.memmap)
    assert np.array_equal(kept.ids, spilled.ids)


def test_counting_alone_gives_the_same_vocabulary():
    text = text_of(3)
    vocab = count_vocabulary(io.BytesIO(text), min_count=3, threads=2)
    assert vocab.words == encode(io.BytesIO(text), min_count=3).vocab.words


def test_vocabulary_files_come_back(tmp_path):
    vocab = encode(io.BytesIO(b"b b a \xff"), min_count=1).vocab
    vocab.save(tmp_path / "v.txt")
    assert (tmp_path / "v.txt").read_bytes() == b"b 2\na 1\n\xff 1\n"
    again = Vocabulary.load(tmp_path / "v.txt")
    assert again.words == vocab.words
    assert np.array_equal(again.counts, vocab.counts)
    with pytest.raises(FileExistsError, match="force=True"):
        vocab.save(tmp_path / "v.txt")
    vocab.save(tmp_path / "v.txt", force=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1\nb\n", ":2: expected"),
        (b"a 1\na 2\n", ":2: .*twice"),
        (b"a -1\n", ":1:"),
        (b"", "empty"),
    ],
)
def test_bad_vocabulary_files_name_the_line(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        Vocabulary.load(tmp_path / "v")


LINE = st.tuples(st.text("ab7", min_size=1, max_size=2), st.integers(0, 10**19)).map(
    lambda row: f"{row[0]} {row[1]}\n".encode()
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE | st.sampled_from([b" ", b"\n", b"\t", b"\r", b"7", b"x \n", b"\xa0"])))
def test_all_lines_of_a_vocabulary_at_once_are_what_each_is(tmp_path, pieces):
    """The quick way through a plain file, against the one that looks at each line."""
    path = tmp_path / "v"
    path.write_bytes(b"".join(pieces))
    found = []
    for plain in (vocabularies._plain, lambda data: None):
        with mock.patch.object(vocabularies, "_plain", plain):
            try:
                vocab = Vocabulary.load(path, sort=False)
                found.append((vocab.words, vocab.counts.tolist()))
            except (CorpusError, ValueError) as error:
                found.append(str(error))
    assert found[0] == found[1]


def test_a_word_with_a_line_end_cannot_go_into_a_vocabulary_file(tmp_path):
    vocab = encode([["a\nb"]], min_count=1).vocab
    with pytest.raises(CorpusError, match="line end"):
        vocab.save(tmp_path / "v")
    assert not list(tmp_path.iterdir())
