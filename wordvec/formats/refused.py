"""What people bring that is no file of vectors, or one that is never read: refused by its name."""

from __future__ import annotations

import codecs
import re

from wordvec.formats.stream import Stream

# How a file begins, and what is said of it. None of these is the beginning of text vectors that
# are read: their first line has other fields.
_KNOWN: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"\x80[\x02-\x05]"),
        "a pickle (gensim's .save?), which can run code and is never read; open it with gensim "
        "and use wordvec.from_gensim(model.wv).save('vectors.wv')",
    ),
    (
        re.compile(re.escape(codecs.BOM_UTF16_LE) + b"|" + re.escape(codecs.BOM_UTF16_BE)),
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
        re.compile(rb'\s*[{\[]\s*(?:["\[{}]|$)'),
        "JSON, which is not read; write a CSV with a word and its numbers in each row",
    ),
    (
        re.compile(rb"\x1f\x8b|BZh[0-9]1AY&SY|\xfd7zXZ\x00|PK\x03\x04"),
        "packed twice; unpack it once",
    ),
)


def refuse(stream: Stream, head: bytes) -> None:
    """Raises FormatError for what is known and never read."""
    for begins, what in _KNOWN:
        if begins.match(head):
            stream.fail(what, 0)
