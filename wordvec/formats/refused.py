"""What people bring that is no file of vectors, or one that is never read: refused by its name."""

from __future__ import annotations

import codecs
import re

from wordvec.formats.plain.numbers import has_commas
from wordvec.formats.stream import Stream

# How a file begins, and what is said of it. None of these is the beginning of text vectors that
# are read: their first line has other fields.
_KNOWN: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\s*\Z"), "an empty file; did the download fail?"),
    (
        # Protocols 2 to 5; 1; and 0, which is text.
        re.compile(rb"\x80[\x02-\x05]|[]}]q\x00|\((?:dp|lp)[0-9]+\n|c[\w.]+\n[\w.]+\n[^ \t]*\n"),
        "a pickle (gensim's .save?), which can run code and is never read; open it with gensim "
        "and use wordvec.from_gensim(model.wv).save('vectors.wv')",
    ),
    (
        re.compile(
            re.escape(codecs.BOM_UTF16_LE)
            + b"|"
            + re.escape(codecs.BOM_UTF16_BE)
            + rb"|(?:[\t\n\r -~]\x00){8}|(?:\x00[\t\n\r -~]){8}"
        ),
        "UTF-16 text; change it to UTF-8, for example with iconv",
    ),
    (
        re.compile(rb"\s*<(?:!doctype|html|\?xml|head)", re.IGNORECASE),
        "a web page (HTML or XML), not vectors; did the download fail?",
    ),
    (
        re.compile(rb"version https://git-lfs\.github\.com/"),
        "a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`",
    ),
    (
        re.compile(rb'\s*[{\[]\s*(?:["\'\[{}]|$)'),
        "JSON, which is not read; write a CSV with a word and its numbers in each row",
    ),
    (
        re.compile(rb"\x1f\x8b|BZh[0-9]1AY&SY|\xfd7zXZ\x00|PK\x03\x04"),
        "packed twice; unpack it once",
    ),
    (re.compile(rb"PK\x05\x06"), "an archive without a file"),
    (
        re.compile(
            rb"\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x1f\x9d|LZIP\x01"
        ),
        "packed in a way that is not read (zstd, lz4, 7z, rar, compress or lzip); unpack it first",
    ),
    (
        re.compile(rb"ARROW1\x00\x00|FEA1"),
        "an Arrow (Feather) file; write it as Parquet with pyarrow.parquet.write_table",
    ),
    (
        re.compile(rb"(?:RD[ABX][23]\n)?[XAB]\n\x00\x00\x00[\x02\x03]|RD[ABX][23]\n"),
        "data of R (.rds, .RData); write it with write.csv",
    ),
    (re.compile(rb"MATLAB 5\.0 MAT-file"), "a file of MATLAB; write its array with numpy.save"),
    (re.compile(rb"GGUF"), "a language model (GGUF), not a file of vectors"),
    (
        re.compile(rb"sep=.\r?\n"),
        "a table that begins with Excel's line about the separator; delete this line",
    ),
)


def refuse(stream: Stream, head: bytes) -> None:
    """Raises FormatError for what is known and never read."""
    for begins, what in _KNOWN:
        if begins.match(head):
            stream.fail(what, 0)


def refuse_commas(stream: Stream, head: bytes) -> None:
    """Raises FormatError for lines of a word and numbers with decimal commas."""
    number = has_commas(head.split(b"\n"))
    if number is not None:
        stream.fail(
            f"numbers with decimal commas ({number[:40].decode()}); write them with a point", 0
        )
