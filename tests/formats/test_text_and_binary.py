"""word2vec text and binary and GloVe text: round trips, real files, hostile files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec import WordVectors, formats, load
from wordvec.errors import FormatError, StoreError

# gensim leaves files without a header open, which is noticed whenever memory is next collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FORMATS = {"word2vec": ".bin", "word2vec-text": ".txt", "glove": ".glove"}
# Not the floats whose four bytes are printable ASCII: a tiny binary file of them may be text, word
# by word, and nothing can tell.
FLOATS = st.floats(width=32, allow_nan=False).filter(
    lambda x: not np.float32(x).tobytes().decode("latin-1").isprintable()
)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_round_trips_are_exact(tmp_path_factory, name, data):
    size = data.draw(st.integers(1, 6))
    word = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8)
    words = data.draw(st.lists(word, unique=True, min_size=1, max_size=12))
    if name == "glove":
        # The format has no header: a first word that is a number with others behind it is clear
        # only from the line's length.
        words[0] = "a" + words[0]
        words = list(dict.fromkeys(words))
    rows = data.draw(
        st.lists(
            st.lists(FLOATS, min_size=size, max_size=size), min_size=len(words), max_size=len(words)
        )
    )
    path = tmp_path_factory.mktemp("f") / f"v{FORMATS[name]}"
    formats.save(WordVectors(words, np.array(rows, np.float32)), path)
    wv = load(path)
    assert list(wv) == words
    np.testing.assert_array_equal(wv.vectors, np.array(rows, np.float32))


@pytest.mark.parametrize("name", FORMATS)
def test_gensim_reads_what_we_write(tmp_path, name):
    keyed = pytest.importorskip("gensim.models").KeyedVectors
    X = np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32)
    words = [f"wörd{i}" for i in range(50)]
    path = tmp_path / f"v{FORMATS[name]}"
    formats.save(WordVectors(words, X), path, format=name)
    theirs = keyed.load_word2vec_format(path, binary=name == "word2vec", no_header=name == "glove")
    assert theirs.index_to_key == words
    np.testing.assert_array_equal(theirs.vectors, X)


def test_binary_without_newlines_is_read(tmp_path):
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    words = [b"a", b"b", b"c"]
    body = b"".join(w + b" " + row.tobytes() for w, row in zip(words, X, strict=True))
    (tmp_path / "v").write_bytes(b"3 2\n" + body)
    np.testing.assert_array_equal(load(tmp_path / "v").vectors, X)
    assert list(load(tmp_path / "v")) == ["a", "b", "c"]


def test_tokens_with_spaces_and_broken_utf8_are_kept(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 2\n. . . 1 2\ncaf\xe9 3 4\nat name@domain.com 5 6\n")
    wv = load(tmp_path / "v.txt")
    assert list(wv) == [". . .", "caf\udce9", "at name@domain.com"]
    formats.save(wv, tmp_path / "w.txt")
    assert (tmp_path / "w.txt").read_bytes() == (tmp_path / "v.txt").read_bytes()
    (tmp_path / "v.glove").write_bytes(b"the 1 2\n. . . 1 2\n")
    assert list(load(tmp_path / "v.glove")) == ["the", ". . ."]


def test_windows_line_ends_and_tabs_are_read(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"2 2\r\na\t1\t2\r\nb  3 4 \r\n")
    wv = load(tmp_path / "v.txt")
    assert list(wv) == ["a", "b"]
    np.testing.assert_array_equal(wv.vectors, [[1, 2], [3, 4]])


def test_a_repeated_word_keeps_its_first_vector(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 1\na 1\nb 2\na 3\n")
    wv = load(tmp_path / "v.txt")
    assert (list(wv), wv.vectors.ravel().tolist()) == (["a", "b"], [1, 2])
    assert wv.meta == {"repeated_words": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1152921504606846976 300\nthe 1 2", "byte 0.*promises"),
        (b"99999999999999999999 1\nthe 1 2", "byte 0.*promises"),
        (b"2 0\n", "byte 0: 0 dimensions"),
        (b"2 99999999\n", "byte 0: 99999999 dimensions"),
        (b"2 2\na 1 2\nb 3", "byte 0.*promises|byte 10: 1 numbers"),
        (b"2 2\na 1 2\nb 3 x", "byte 10: not a number"),
        (b"2 2\na 1 2\n          ", "byte 20: the file ends after 1 of 2"),
        (b"1 2\n" + b"a" * 70000 + b" 1 2", "word of 70,000 bytes|does not end"),
        (b"2 2\n\xff\xff " + b"\x90" * 8 + b"ab", "byte"),
        (b"1 1\na \0\0\0\0more", "more data"),
        (b"hello\nworld\n", "byte 0: no known format"),
        (b"", "byte 0: an empty file"),
        (b"\x80\x04\x95abc", "pickle.*from_gensim"),
        (b"a 1 2\nb 1\n", "byte 0: 2 numbers after a word, 1 expected"),
        (b"a 1 2\nc 3 4\nb 1\n", "byte 12: 1 numbers after a word, 2 expected"),
    ],
)
def test_hostile_and_damaged_files_are_named_with_the_offset(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "v")


MISREAD = {
    "a number too many": (b"3 2\nc .1 .2 .3\nd .1 .2 .3\n", "byte 4: 3 numbers.*2 expected"),
    "a number too few": (b"2 3\nc .1 .2\nd .1 .2\n", "byte 4: 2 numbers after a word, 3 expected"),
    "header of three": (b"2 4 1\nc 1 2 3 4\nd 1 2 3 4\n", "byte 0: 2 numbers.*4 expected"),
    "header of one": (b"2\nc .1 .2\nd .1 .2\n", "byte 0: 0 numbers.*2 expected"),
    "one line longer": (b"c .1 .2\nd .1 .2 .3\ne .1 .2\n", "byte 8: 3 numbers.*2 expected"),
    "one line longer, whole": (b"c 1 2\nd 1 2 3\ne 1 2\n", "byte 6: 3 numbers.*2 expected"),
    "two numbers too many": (b"c .1 .2\nd 1 2 .2 .3\ne .1 .2\n", "byte 8: 4 numbers"),
    "line ends in CR": (b"2 2\rc .1 .2\rd .1 .2\r", "byte 3: the lines end in CR alone"),
    "CR without a header": (b"c .1 .2\rd .1 .2\r", "byte 7: the lines end in CR alone"),
    "one line end in CR": (b"c .1 .2\nd .1 .2\re .3 .4\n", "byte 8: a CR inside the word"),
    "not a number": (b"2 2\na 0.1 n/a\nb 0.3 0.4\n", "byte 4: not a number: b'n/a'"),
    "not a number, in all": (b"2 2\na 0.1 -\nb 0.3 -\n", "byte 4: not a number: b'-'"),
    "decimal comma": (b"2 2\ncat 0,1 0,2\ndog 0,3 0,4\n", "byte 4: not a number: b'0,2'"),
    "digits with _": (b"2 2\na 1_5 2\nb 1 2\n", "byte 4: not a number: b'1_5'"),
    "blank line after the header": (b"2 2\n\na 1 2\nb 1 2\n", "byte 4: an empty line"),
    "blank line": (b"a .1 .2\n \nb .1 .2\n", "byte 8: an empty line"),
    "UTF-16": ("a .1 .2\nb .1 .2\n".encode("utf-16"), "byte 0: UTF-16"),
    "UTF-16 with a header": ("2 2\na .1 .2\nb .1 .2\n".encode("utf-16"), "byte 0: UTF-16"),
    "blank in a word, newlines": (
        b"3 1\na \0\0\0\1\nb c \0\0\0\2\nd \0\0\0\3\n",
        "byte 17: no newline.* of b'b'",
    ),
    "blank in a word, no newlines": (
        b"3 1\na \0\0\0\1b c \0\0\0\2d \0\0\0\3",
        "byte 16: a word that holds a newline or a NUL",
    ),
}


@pytest.mark.parametrize(("content", "message"), MISREAD.values(), ids=MISREAD)
def test_nothing_is_misread_in_silence(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "v")


READ = {
    "BOM and header": (b"\xef\xbb\xbf2 2\ncat .5 1\nd .5 2\n", ["cat", "d"]),
    "BOM": (b"\xef\xbb\xbfcat .5 1\nd .5 2\n", ["cat", "d"]),
    "first word with a number": (b"in 2010 .5 1\nd .5 2\ne .5 3\n", ["in 2010", "d", "e"]),
    "a number in two lines": (b"in 2010 .5 1.\nd .5 2\n", ["in 2010", "d"]),
    "infinity is a word": (b"d .5 1\nto infinity .5 2\n", ["d", "to infinity"]),
    "empty first word": (b"2 2\n .5 1\nd .5 2\n", ["", "d"]),
    "empty first word, no header": (b" .5 1\nd .5 2\n", ["", "d"]),
    "blank lines at the end": (b"2 2\na .5 1\nd .5 2\n\n \n", ["a", "d"]),
    "blank lines at the end, no header": (b"a .5 1\nd .5 2\n\r\n\n", ["a", "d"]),
    "CRLF": (b"a .5 1\r\nd .5 2\r\n", ["a", "d"]),
    "control character in a word": (b"2 2\na\x01 .5 1\nd .5 2\n", ["a\x01", "d"]),
    "words that are numbers": (b"2 2\n2010 .5 1\n7 .5 2\n", ["2010", "7"]),
    "no line end": (b"2 2\na .5 1\nd .5 2", ["a", "d"]),
}


@pytest.mark.parametrize(("content", "words"), READ.values(), ids=READ)
def test_lawful_oddities_of_text_are_read(tmp_path, content, words):
    (tmp_path / "v").write_bytes(content)
    wv = load(tmp_path / "v")
    assert list(wv) == words
    np.testing.assert_array_equal(wv.vectors, [[0.5, i + 1] for i in range(len(words))])


def test_words_that_end_in_a_number_are_counted(tmp_path):
    (tmp_path / "v").write_bytes(b"in 2010 .5 1\nd .5 2\nin 2011 .5 3\ne .5 4\nf .5 5\n")
    assert load(tmp_path / "v").meta == {"words_ending_in_a_number": 2}


@pytest.mark.parametrize("end", [b"\n", b""], ids=["newlines", "no newlines"])
@pytest.mark.parametrize("last", [True, False])
def test_phrases_in_binary_files_are_read(tmp_path, end, last):
    words = [b"New_York", b"in", b"for_example", b"</s>"]
    X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
    body = b"".join(w + b" " + row.tobytes() + end for w, row in zip(words, X, strict=True))
    (tmp_path / "v").write_bytes(b"4 3\n" + (body if last or not end else body[:-1]))
    wv = load(tmp_path / "v")
    assert list(wv) == [word.decode() for word in words]
    np.testing.assert_array_equal(wv.vectors, X)


def test_a_truncated_binary_file_is_named(tmp_path):
    wv = WordVectors(list("abc"), np.arange(6, dtype=np.float32).reshape(3, 2))
    formats.save(wv, tmp_path / "v.bin")
    data = (tmp_path / "v.bin").read_bytes()
    for end in range(5, len(data) - 1):
        (tmp_path / "t.bin").write_bytes(data[:end])
        with pytest.raises(FormatError, match="byte"):
            load(tmp_path / "t.bin")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("word2vec", "a b"),
        ("word2vec-text", "a\nb"),
        ("glove", ""),
        ("word2vec", " "),
        ("glove", "a\r"),
    ],
)
def test_what_a_format_cannot_hold_is_said(tmp_path, name, word):
    wv = WordVectors([word], np.ones((1, 2), np.float32))
    with pytest.raises(FormatError, match="cannot hold the word"):
        formats.save(wv, tmp_path / "v", format=name)
    assert list(tmp_path.iterdir()) == []


def test_formats_are_named_when_the_suffix_is_unknown(tmp_path):
    wv = WordVectors(["a"], np.ones((1, 2), np.float32))
    with pytest.raises(ValueError, match=r"'\.xyz'"):
        formats.save(wv, tmp_path / "v.xyz")
    with pytest.raises(ValueError, match="one of: wv, parquet, npy, safetensors, word2vec"):
        formats.save(wv, tmp_path / "v", format="nonsense")


@pytest.mark.parametrize("end", ["", ".gz", ".bz2", ".lzma", ".zip", ".tar.gz"])
def test_containers_hold_the_same_vectors(shared_data, end):
    folder = shared_data / "vectors" / "containers"
    wv = load(folder / f"fake_embeddings.5d.txt{end}")
    plain = load(folder / "fake_embeddings.5d.txt")
    assert list(wv) == list(plain)
    np.testing.assert_array_equal(wv.vectors, plain.vectors)


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04", b"]\0\0"])
def test_a_damaged_container_is_a_format_error(tmp_path, magic):
    (tmp_path / "v").write_bytes(magic + b"\x08\0nonsense" * 50)
    with pytest.raises(FormatError, match=r"cannot be unpacked|no known format"):
        load(tmp_path / "v")


@pytest.mark.parametrize(
    ("name", "binary", "header"),
    [
        ("en.wiki.bpe.vs1000.d25.w2v.bin", True, True),
        ("gensim/euclidean_vectors.bin", True, True),
        ("gensim/poincare_vectors.bin", True, True),
        ("gensim/lee_fasttext.vec", False, True),
        ("gensim/toy-model.vec", False, True),
        ("gensim/crime-and-punishment.vec", False, True),
        ("gensim/test_glove.txt", False, False),
        ("glove.6B.100d.sample.txt.gz", False, False),
        ("retrofitting-sample_vec.txt", False, False),
    ],
)
def test_real_files_are_read_as_gensim_reads_them(shared_data, name, binary, header):
    keyed = pytest.importorskip("gensim.models").KeyedVectors
    path = shared_data / "vectors" / name
    theirs = keyed.load_word2vec_format(path, binary=binary, no_header=not header)
    wv = load(path)
    assert list(wv) == theirs.index_to_key
    np.testing.assert_allclose(wv.vectors, theirs.vectors, rtol=1e-7)


def test_a_header_that_counts_too_few_loses_nothing(shared_data):
    assert len(load(shared_data / "vectors" / "glove50_4k.txt")) == 4197


def test_a_header_that_counts_too_many_is_a_truncated_file(shared_data):
    with pytest.raises(FormatError, match="ends after 1 of 3"):
        load(shared_data / "vectors" / "gensim" / "pretrained.vec")


def test_words_that_are_not_utf8_are_read(shared_data):
    wv = load(shared_data / "vectors" / "finalfusion" / "utf8-incomplete.bin")
    assert len(wv) == 3
    assert any("\udc80" <= c <= "\udcff" for word in wv for c in word)


def test_what_is_called_wv_and_is_none_is_named_for_what_it_is(tmp_path):
    (tmp_path / "m.wv").write_bytes(b"\x80\x04\x95abc")
    with pytest.raises(FormatError, match=r"pickle.*from_gensim"):
        load(tmp_path / "m.wv")
    (tmp_path / "t.wv").write_bytes(b"2 2\na 1 2\nb 3 4\n")
    with pytest.raises(StoreError, match="looks like word2vec: rename it"):
        load(tmp_path / "t.wv")
    (tmp_path / "d.wv").write_bytes(b"\x88WVEC")
    with pytest.raises(StoreError, match="damaged, or of another program"):
        load(tmp_path / "d.wv")
