"""Tables of phrases: files, and joining texts and token lists with them."""

import gzip
import io
import re
from unittest import mock

import numpy as np
import phrase_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordvec
from wordvec.errors import CorpusError
from wordvec.text import reader, spool
from wordvec.text.phrases.lines import Phrase
from wordvec.text.phrases.model import PhraseTable

HEAD = b"# wordvec phrases 1, delimiter _\npass\twords\tcount\tscore\n"


def table_of(*passes, delimiter="_"):
    """A table of phrases given as strings."""
    return PhraseTable(
        [[Phrase(tuple(p.encode().split()), 7, 1.5) for p in some] for some in passes],
        delimiter=delimiter,
    )


TABLES = [
    table_of(["a b"]),
    table_of(["a b", "b a", "a a"], ["a_b a", "a_a a_a"], ["a_a_a_a b"], delimiter="_"),
    table_of(["a of b", "b of of a", "a b"], ["a_of_b a"]),
    table_of(["a \u00fc", "b a"], ["b-*-a a-*-\u00fc"], delimiter="-*-"),
    table_of(),
]
PIECES = [
    b"a",
    b"b",
    b"of",
    b"a_b",
    "\u00fc".encode(),
    b"\xff",
    b"x" * 1001,
    b" ",
    b" ",
    b"  ",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\t",
    b"\v\f",
]
SPACE = rb"[ \t\n\v\f\r]+"


def joined_by_the_oracle(text, table):
    """The text with the white space within phrases replaced, and nothing else."""
    delimiter = table.delimiter.encode()
    tokens = [(m.start(), m.end()) for m in re.finditer(rb"[^ \t\n\v\f\r]+", text)]
    lines, end = [], 0
    for start, stop in tokens:
        if not lines or re.search(rb"[\n\r]", text[end:start]):
            lines.append([])
        lines[-1].append((text[start:stop], start, stop))
        end = stop
    out, at = [], 0
    for line in lines:
        units = [[token] for token in line]
        for some in table.passes:
            phrases = {p.words for p in some}
            inside = {w for p in phrases for w in p[1:-1]}
            words = [delimiter.join(t[0] for t in unit) for unit in units]
            parts = [len(u) for u in oracle.units(words, phrases, inside)]
            rest = iter(units)
            units = [[t for _ in range(n) for t in next(rest)] for n in parts]
        for unit in units:
            out += [text[at : unit[0][1]], delimiter.join(t[0] for t in unit)]
            at = unit[-1][2]
    return b"".join(out) + text[at:]


@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=60),
    table=st.sampled_from(TABLES),
    block=st.sampled_from([1, 2, 5, 16, 1 << 20]),
    threads=st.integers(1, 3),
    mark=st.booleans(),
)
def test_a_text_keeps_every_byte_but_the_white_space_within_phrases(
    tmp_path_factory, pieces, table, block, threads, mark
):
    block = max(block, 16) if mark else block
    # A token of more than 64 blocks is refused.
    text = b"".join(piece for piece in pieces if len(piece) < 1000 or block > 1000)
    if not text.split():
        return
    out = tmp_path_factory.getbasetemp() / "joined.txt"
    given = (b"\xef\xbb\xbf" if mark else b"") + text
    with mock.patch.object(reader, "BLOCK", block):
        stats = table.join_text([io.BytesIO(given)], out, force=True, threads=threads)
    expected = joined_by_the_oracle(text, table)
    if not text.endswith((b"\n", b"\r")):
        expected += b"\n"
    assert out.read_bytes() == given[: 3 * mark] + expected
    assert stats.tokens == len(text.split()) + mark


def test_text_ids_and_lists_are_joined_alike(tmp_path):
    table = TABLES[2]
    lines = [["a", "of", "b", "a", "c"], ["b", "of", "of", "a"], ["of", "a"], ["a", "b", "\udcff"]]
    expected = [["a_of_b_a", "c"], ["b_of_of_a"], ["of", "a"], ["a_b", "\udcff"]]
    assert list(table.join_lists(lines)) == expected
    assert (
        list(
            table.join_lists([[w.encode(errors="surrogateescape") for w in line] for line in lines])
        )
        == expected
    )
    path, out = tmp_path / "text", tmp_path / "joined.txt.gz"
    text = "\n".join(" ".join(line) for line in lines)
    path.write_bytes(text.encode(errors="surrogateescape"))
    table.join_text([str(path)], out, threads=2)
    unpacked = gzip.decompress(out.read_bytes()).decode(errors="surrogateescape")
    assert [line.split() for line in unpacked.splitlines()] == expected
    one = wordvec.encode(out, min_count=1)
    two = table.encode(path, min_count=1, threads=2)
    assert two.vocab.words == one.vocab.words
    assert np.array_equal(two.ids, one.ids)
    assert not (two.ids < -1).any()
    joined = table.encode(path, min_count=1, across_lines=True)
    assert (joined.ids >= 0).all()
    assert joined.known == one.known


def test_a_given_vocabulary_is_kept(tmp_path):
    vocab = wordvec.Vocabulary.from_words(["a_b", "b"], [3, 2])
    corpus = TABLES[0].encode([["a", "b", "b", "x"]], vocab=vocab, gaps=True)
    assert corpus.ids.tolist() == [0, 1, -2, -1]
    assert corpus.vocab is vocab
    with pytest.raises(CorpusError, match="vocabulary"):
        TABLES[0].encode([["x", "y"]], vocab=vocab)
    with pytest.raises(CorpusError, match="min_count=9"):
        TABLES[0].encode([["a", "b"]], min_count=9)


def test_a_phrase_spelled_like_a_word_becomes_that_word():
    corpus = TABLES[0].encode([["a", "b"], ["a_b"], ["a_b", "b"]], min_count=1)
    assert corpus.vocab.words == [b"a_b", b"b"]
    assert corpus.vocab.counts.tolist() == [3, 1]


def test_a_spilled_corpus_is_joined_alike(monkeypatch):
    lines = [["a", "b", "c"]] * 50
    kept = TABLES[0].encode(lines, min_count=1)
    monkeypatch.setattr(spool, "SPILL", 64)
    spilled = TABLES[0].encode(lines, min_count=1)
    assert isinstance(spilled.ids, np.memmap)
    assert np.array_equal(spilled.ids, kept.ids)


def test_several_files_are_joined_as_one_text(tmp_path):
    (tmp_path / "1").write_bytes(b"x a")
    (tmp_path / "2").write_bytes(b"b a b\n")
    TABLES[0].join_text([str(tmp_path / "1"), str(tmp_path / "2")], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"x a\nb a_b\n"


def test_table_files_come_back(tmp_path):
    for number, table in enumerate(TABLES):
        table.save(tmp_path / str(number))
        again = PhraseTable.load(tmp_path / str(number))
        assert again.passes == table.passes
        assert again.delimiter == table.delimiter
    odd = PhraseTable([[Phrase((b"\xff", b"#"), 1, 0.1 + 0.2)]], delimiter="\u00b7")
    odd.save(tmp_path / "odd")
    assert PhraseTable.load(tmp_path / "odd").passes == odd.passes
    with pytest.raises(FileExistsError, match="force=True"):
        odd.save(tmp_path / "odd")
    odd.save(tmp_path / "odd", force=True)
    assert (tmp_path / "0").read_bytes() == HEAD + b"1\ta b\t7\t1.5\n"


def test_a_word_with_white_space_cannot_go_into_a_file(tmp_path):
    table = PhraseTable([[Phrase((b"new york", b"city"), 5, 200.0)]])
    with pytest.raises(CorpusError, match="new york"):
        table.save(tmp_path / "t")
    assert not list(tmp_path.iterdir())
    assert list(table.join_lists([["new york", "city"]])) == [["new york_city"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r":1: not a table of phrases: expected '# wordvec phrases 1"),
        (b"\x1f\x8b\0\0\xff" * 40, ":1: not a table"),
        (b"\0" * (1 << 21), ":1: not a table"),
        (b"# wordvec phrases 2, delimiter _\n", ":1: .*version 2"),
        (b"# wordvec phrases 1, delimiter \0\n" + HEAD, ":1: delimiter must be"),
        (b"# wordvec phrases 1, delimiter _\n", ":2: .*cut short"),
        (b"# wordvec phrases 1, delimiter _\na\tb\n", ":2: expected the columns"),
        (HEAD + b"1\ta b\t7\n", ":3: expected pass, words, count and score"),
        (HEAD + b"1\ta b\t7\t1.5\t2\n", ":3: expected pass"),
        (HEAD + b"1\ta b\t7\t1.5\n\n", ":4: expected pass"),
        (HEAD + b"1\ta b\t7\t1.5", ":3: .*cut short"),
        (HEAD + b"1\t" + b"a " * (1 << 20) + b"\t7\t1\n", ":3: the line is longer"),
        (HEAD + b"x\ta b\t7\t1\n", ":3: pass must be a whole number"),
        (HEAD + b"0\ta b\t7\t1\n", ":3: pass must be"),
        (HEAD + b"2\ta b\t7\t1\n", ":3: pass 2 follows pass 0"),
        (HEAD + b"1\ta b\t7\t1\n2\tc d\t7\t1\n1\te f\t7\t1\n", ":5: pass 1 follows pass 2"),
        (HEAD + b"1\ta\t7\t1\n", ":3: a phrase has two words"),
        (HEAD + b"1\ta  b\t7\t1\n", ":3: words must have one space"),
        (HEAD + b"1\ta b \t7\t1\n", ":3: words must have one space"),
        (HEAD + b"1\ta\vb c\t7\t1\n", ":3: words must have one space"),
        (HEAD + b"1\ta \0\t7\t1\n", ":3: words must"),
        (HEAD + b"1\t\t7\t1\n", ":3: "),
        (HEAD + b"1\ta b\t-7\t1\n", ":3: count must be a whole number"),
        (HEAD + b"1\ta b\t" + b"9" * 5000 + b"\t1\n", ":3: count must be"),
        (HEAD + b"1\ta b\t7\tnan\n", ":3: score must be a finite number"),
        (HEAD + b"1\ta b\t7\thigh\n", ":3: score must be"),
        (HEAD + b"1\ta b\t7\t1e999\n", ":3: score must be"),
        (HEAD + b"1\ta b\t7\t1\n1\ta b\t8\t1\n", ":4: .*comes twice"),
        (HEAD + b"1\ta of b\t7\t1\n1\tof c\t8\t1\n", ":4: .*'of' stands inside"),
        (HEAD + b"1\tc of\t7\t1\n1\ta of b\t8\t1\n", ":4: .*'of' stands inside"),
    ],
)
def test_bad_tables_name_file_and_line(tmp_path, content, message):
    (tmp_path / "t.tsv").write_bytes(content)
    with pytest.raises(CorpusError, match=f"t.tsv(?:{message})"):
        PhraseTable.load(tmp_path / "t.tsv")


@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 80))
def test_a_damaged_table_is_read_or_refused(tmp_path_factory, noise, start, length):
    whole = HEAD + b"1\ta of b\t7\t1.5\n2\ta_of_b c\t7\t1.5\n"
    path = tmp_path_factory.getbasetemp() / "damaged.tsv"
    path.write_bytes(whole[:start] + noise + whole[start + length :])
    try:
        table = PhraseTable.load(path)
    except CorpusError as error:
        message = str(error)
    else:
        list(table.join_lists([["a", "of", "b", "c"]]))
        return
    assert re.search(r"damaged.tsv:\d+: ", message)


@pytest.mark.parametrize("delimiter", ["", " ", "a b", "\n", "\0", "_\t"])
def test_a_delimiter_without_which_a_phrase_is_not_one_word(delimiter):
    with pytest.raises(ValueError, match="delimiter must be text without white space"):
        table_of(["a b"], delimiter=delimiter)


def test_phrases_that_cannot_be_together_are_refused():
    for passes in (["a b", "a b"], ["a of b", "of c"], ["a"]):
        with pytest.raises(ValueError, match=r"twice|inside|two words"):
            table_of(passes)


def test_the_best_phrases_come_first():
    some = [Phrase((b"a", b"b"), 3, 1.0), Phrase((b"b", b"c"), 3, 5.0)]
    table = PhraseTable([some, [Phrase((b"a_b", b"\xff"), 2, 2.0)]])
    assert [row["phrase"] for row in table.top(2)] == ["b_c", "a_b_\udcff"]
    assert table.top(9)[2] == {"phrase": "a_b", "count": 3, "score": 1.0, "pass": 1}
    assert len(table) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no token"),
        (b" \n", "no token"),
        (b"a b \0", "NUL byte at offset 4"),
        (b"PK\x03\x04rest", "zip archive"),
        (gzip.compress(b"a b " * 100, mtime=0)[:-9], "damaged or cut short"),
    ],
)
def test_bad_texts_leave_no_output(tmp_path, content, message):
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        TABLES[0].join_text([str(tmp_path / "bad")], tmp_path / "out.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["bad"]


def test_a_string_among_token_lists_is_an_error():
    with pytest.raises(TypeError, match="split it"):
        list(TABLES[0].join_lists(["a b"]))
