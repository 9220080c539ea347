"""Files as people bring them, after reports about other tools: read right, or refused by name."""

import gzip
import json
import pickle
import zipfile

import numpy as np
import pytest
from vector_files import WORDS, X

from wordvec import load
from wordvec.errors import FormatError
from wordvec.formats.notes import about

ROWS = [" ".join(f"{x:g}" for x in row) for row in X]
LINES = "".join(f"{word} {row}\n" for word, row in zip(WORDS, ROWS, strict=True))
LINES_BY_NUMBER = list(enumerate(LINES.splitlines(), 9))


def binary(dtype):
    rows = np.random.default_rng(0).standard_normal((40, 8)).astype(dtype)
    return b"40 8\n" + b"".join(b"w%d %b\n" % (i, x.tobytes()) for i, x in enumerate(rows))


REFUSED = {
    "TensorFlow's projector": ("\n".join(ROWS).replace(" ", "\t"), "byte 0: lines of numbers"),
    "numpy.savetxt": ("\n".join(ROWS) + "\n", "byte 0: lines of numbers without words"),
    "savetxt with commas": ("\n".join(ROWS).replace(" ", ","), "a table of numbers without a col"),
    "a frame without words": (
        "dim0,dim1,dim2\n" + "\n".join(ROWS).replace(" ", ","),
        "a table of numbers without a col",
    ),
    "sparse PPMI": ("2 9\ncat 1:0.5 3:0.25\ndog 2:0.5 9:0.1\n", "byte 4"),
    "a web page": ("\n<!DOCTYPE html>\n<html>404</html>", "byte 0: a web page"),
    "a pointer of Git LFS": ("version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
    "JSON": (json.dumps({"cat": [1, 2]}), "byte 0: JSON, which is not read"),
    "JSON Lines": ('{"word": "cat", "vector": [1, 2]}\n', "byte 0: JSON, which is not read"),
    "packed twice": (gzip.compress(gzip.compress(b"1 2\na 1 2\n")), "byte 0: packed twice"),
    "big-endian": (binary(">f4"), "numbers of the other byte order"),
    "float64 in word2vec's binary": (binary("<f8"), "byte"),
    "float16 in word2vec's binary": (binary("<f2"), "byte"),
    "hexadecimal numbers": ("1 2\ncat 0x1p-1 0x1p1\n", "byte 4: not a number: b'0x1p"),
    "two files in a row": (f"4 3\n{LINES}4 3\n{LINES}", "1 numbers after a word, 3 expected"),
    "a header at the end": (LINES + "4 3\n", "1 numbers after a word, 3 expected"),
    "a last line that is cut": (f"4 3\n{LINES}"[:-9], "after a word, 3 expected"),
    "brackets": ("cat [0.5, 1.5]\ndog [0.25, 2.5]\n", "byte 0"),
    "comment lines": ("# by me\n# 2019\n" + LINES, "byte 0"),
    "a model of n-grams": ("\\data\\\nngram 1=2\n\n\\1-grams:\n-1.2 a -0.3\n", "byte 0"),
    "a text": ("In the year 1990\nthere were 12 of them\n", "byte"),
    "no dimension": ("2 0\ncat\ndog\n", "byte 0: 0 dimensions"),
    "a table with an empty cell": ("word,a,b\ncat,,1\ndog,2,3\n", "byte 9: an empty cell"),
    "a table with a short row": ("word,a,b\ncat,1\n", "byte 9: 2 cells, the header has 3"),
    "a table with a long row": ("word,a,b\ncat,1,2,3\n", "byte 9: 4 cells, the header has 3"),
    "a table with words last": ("a,b,word\n.5,1,cat\n", "byte 0: the words are in column 3"),
    "a table with thousands": ('word,a\ncat,"1,000"\n', "byte 7: not a number: '1,000'"),
    "a table with decimal commas": (
        'word,a\ncat,"0,5"\n',
        "byte 7: not a number: '0,5', which has a comma; write numbers with a point",
    ),
    "decimal commas": ("cat 0,12 0,3\ndog 0,5 0,25\n", "byte 0: numbers with decimal commas (0,3)"),
    "decimal commas behind a header": (
        "2 2\ncat 0,12 0,3\n",
        "byte 4: not a number: b'0,3', which has a comma",
    ),
    "a table without rows": ("word,a,b\n", "byte 0: a table with a header and no row"),
    "a table with lines that end in CR": ("word,a\rcat,.5\rdog,.2\r", "lines end in CR alone"),
    "a binary file with fewer words": (
        b"3 1\na " + X[:1, 0].tobytes() + b"\nb " + X[:1, 1].tobytes() + b"\n",
        "byte 18: the file ends after 2 of 3 words",
    ),
    "nothing": ("", "byte 0: an empty file"),
    "blank lines": ("\n \n", "byte 0: an empty file"),
    "a column of counts behind the word": (
        "4 3\n" + "".join(f"{line.replace(' ', f' {i} ', 1)}\n" for i, line in LINES_BY_NUMBER),
        "byte 4: a whole number behind each word (9, ...), which is none of the 3",
    ),
    "the same without a header": (
        "".join(f"{word} {i} .5 -.25 1.5\n" for i, word in enumerate(WORDS, 9)),
        "byte 0: the first number behind each word is whole (9, ...)",
    ),
    "row numbers before the word": (
        "".join(f"{i}\t{line}\n" for i, line in LINES_BY_NUMBER),
        "byte 0: the lines are numbered (9, ...)",
    ),
    "words of two parts without a header": (
        "".join(f"doc {i} .5 .25 1.5\n" for i in range(4)),
        "byte 0: the first number behind each word is whole (0, ...)",
    ),
    "two lines in one": (LINES.replace("\ndog", " dog"), "byte 0: 6 numbers on a line, 3 expected"),
    "a minus of typographers": (
        ("4 3\n" + LINES).replace("-", "\u2212"),
        "byte 4: not a number: b'\\xe2\\x88\\x921.25'",
    ),
    "table with one column per word": (
        ",cat,dog,sky\n0,.5,1.5,2.5\n1,.25,.5,.75\n2,.1,.2,.3\n",
        "byte 13: the first column has row numbers, and no other has words",
    ),
    "a table with counts at the end": ("word,a,count\ncat,.5,3\n", "byte 0: a column 'count'"),
    "a table with ranks": ("word,rank,count,a\ncat,1,9,.5\n", "byte 0: a column 'rank'"),
    "Excel's line about the separator": ("sep=;\nword;a\ncat;1,5\n", "delete this line"),
    "UTF-16 without a mark": (("4 3\n" + LINES).encode("utf-16-le"), "byte 0: UTF-16 text"),
    "a pickle of protocol 0": (pickle.dumps({"cat": [1]}, 0), "byte 0: a pickle"),
    "a pickle of protocol 1": (pickle.dumps([1], 1), "byte 0: a pickle"),
    "a pickled array of protocol 0": (pickle.dumps(X, 0), "byte 0: a pickle"),
    "Python's notation": ("{'cat': [0.1, 0.2]}\n", "byte 0: JSON, which is not read"),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "byte 0: an archive without a file"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "unpack it first"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "unpack it first"),
    "Feather": (b"ARROW1\0\0" + bytes(40), "byte 0: an Arrow (Feather) file"),
    "R's .rds": (gzip.compress(b"X\n\0\0\0\2" + bytes(40)), "byte 0: data of R"),
    "R's .RData": (gzip.compress(b"RDX3\nX\n\0\0\0\3" + bytes(40)), "byte 0: data of R"),
    "MATLAB": (b"MATLAB 5.0 MAT-file" + bytes(200), "byte 0: a file of MATLAB"),
    "letters taken for numbers": (
        b"3 2\nnew york " + X[0, :2].tobytes() + b"b " + X[1, :2].tobytes() + b"c " + bytes(8),
        "byte 4: 2.9e+26 in the vector of b'new': has it, or one before it, a blank in it",
    ),
    "a binary file that Windows wrote as text": (binary("<f4").replace(b"\n", b"\r\n"), "byte"),
    "a header that promises too much": (b"9999999999 300\ncat " + bytes(1200), "promises 9,999"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_file_of_vectors_is_refused_by_name(tmp_path, kind):
    content, message = REFUSED[kind]
    (tmp_path / "v").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FormatError) as error:
        load(tmp_path / "v")
    assert message in str(error.value)


QUOTED = "".join(f'"{word}" {row}\n' for word, row in zip(WORDS, ROWS, strict=True))
READ = {
    "R's write.table": '"V1" "V2" "V3"\n' + QUOTED,
    "R's write.table with tabs": ('"V1" "V2" "V3"\n' + QUOTED).replace(" ", "\t"),
    "R's write.csv": ('"" "V1" "V2" "V3"\n' + QUOTED).replace(" ", ","),
    "R's write.table without names of columns": QUOTED,
    "the same with tabs": QUOTED.replace(" ", "\t"),
    "bars": ("word a b c\n" + LINES).replace(" ", "|"),
    "colons": ("word a b c\n" + LINES).replace(" ", ":"),
    "carets": ("word a b c\n" + LINES).replace(" ", "^"),
    "fastText's blank at the ends": "4 3 \n" + LINES.replace("\n", " \n"),
    "two blanks": "4 3\n" + LINES.replace(" ", "  "),
    "tabs": ("4 3\n" + LINES).replace(" ", "\t"),
    "CR LF": ("4 3\n" + LINES).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("kind", READ)
def test_other_spellings_of_the_same_vectors_are_read(tmp_path, kind):
    (tmp_path / "v").write_text(READ[kind], newline="")
    wv = load(tmp_path / "v")
    assert list(wv) == WORDS
    np.testing.assert_array_equal(wv.vectors, X)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("4 3\n</s> .1 .2 .3\n00,0 km² .1 .2 .3\nR$ 0,00 .4 .5 .6\n% .4 .5 .6\n", "00,0 km²"),
        (". . . 0.1 0.2 0.3\nat name@domain.com 0.1 0.2 0.4\n", ". . ."),
        ("3 2\n\u00a0 0.5 1.5\ncat 0.25 1\n\u3000 1 2.5\n", "\u00a0"),
        ("2 2\nNew York|GPE 0.5 1.5\nduck|NOUN 1 2.5\n", "New York|GPE"),
        ("2 2\n1990 0.5 1.5\n3.14 1 2.5\n", "3.14"),
        ("3 2\nin 1990 .5 1.5\nin 1991 1 2.5\nin 1992 2 2.5\n", "in 1991"),
        ("a 0 1.5 2.5\nb 0 .5 .75\nc 0 .5 .25\nd 1 .25 .5\n", "b"),  # a sparse first dimension
        ("0 1.5 2.5\n17 0.5 1.5\n4 0.5 3.5\n", "17"),  # ids of nodes, as node2vec writes them
        ("4\t\x0b 1.25 3\ndog 0.125 2\n", "4\t\x0b"),
        ("2 2\n__label__a 0.5 1.5\n__label__b 1 2.5\n", "__label__a"),
    ],
)
def test_odd_words_are_words(tmp_path, content, words):
    (tmp_path / "v").write_text(content, encoding="utf-8")
    assert words in load(tmp_path / "v")


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"2 2\ncaf\xe9 .5 1.5\nna\xefve 1 2.5\n", "2 words are not valid UTF-8"),
        (b"the 1000\nof 900\nand 800\n", "a vocabulary with counts?"),
        (b"</s> 0\nthe 123\nof 5\n", "a vocabulary with counts?"),
        (b"cat dog 7.5\nsun sky 3.25\n", "are these pairs with scores?"),
        (b"2 2\ncat .5 1\n\xef\xbb\xbfdog 1 2\n", "1 word begins with a byte order mark"),
        (b"3 2\ncat .5 1\ncat 1 2\ndog 1 2\n", "1 word came again"),
        (b"2 2\ncat nan 1\ndog 0 0\n", "1 word has a vector that is zero (dog)"),
    ],
)
def test_what_is_lawful_but_odd_is_said(tmp_path, content, note):
    (tmp_path / "v").write_bytes(content)
    with np.errstate(invalid="ignore"):
        assert any(note in said for said in about(load(tmp_path / "v")))


def test_numbers_beyond_float32_are_said(tmp_path, caplog):
    (tmp_path / "v").write_text("cat 1e39 1\ndog inf 0\nfox -1e99 1e38\n")
    assert np.isinf(load(tmp_path / "v").vectors).sum() == 3
    assert "2 numbers are beyond float32 (3.4e38) and became infinite" in caplog.text


def test_archives_of_other_tools_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02}")
        file.writestr("archive/data/0", X.tobytes())
    with pytest.raises(FormatError, match="a file of PyTorch: a pickle"):
        load(tmp_path / "m.pt")
    np.savez(tmp_path / "m.npz", vectors=X, words=np.array(WORDS))
    with pytest.raises(FormatError, match="a NumPy archive"):
        load(tmp_path / "m.npz")
