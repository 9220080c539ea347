"""Dumps of wikis (MediaWiki's XML export) -> articles as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import BinaryIO

from wordvec.errors import CorpusError
from wordvec.native.corpus import wiki
from wordvec.text import reader
from wordvec.text.reader import open_text
from wordvec.text.records.tables import Row

MOST = 1 << 28  # bytes of a page; more is no dump
FEW_BYTES = 200  # of plain text, below which an article is a stub that says nothing
ENGLISH = ("file", "image", "category", "media")

_TITLE = re.compile(rb"<title>(.*?)</title>", re.S)
_NAMESPACE = re.compile(rb"<ns>(-?\d+)</ns>")
_TEXT = re.compile(rb"<text\b[^>]*?(?:/>|>(.*?)</text>)", re.S)
_SITE_NAMESPACE = re.compile(rb'<namespace key="(?:-2|6|14)"[^>]*>([^<]*)</namespace>')


def articles(path: str | BinaryIO, dropped: dict[str, int]) -> Iterator[Row]:
    """The articles of a dump, which may be compressed: their text after the title, and the title as
    label.

    Pages of other namespaces, redirects and articles of fewer than 200 bytes of text are left out,
    and so are templates, tables, references, files and categories within articles; `dropped` counts
    them.

    Raises
    ------
    CorpusError
        For a file that is no dump, or one that ends within a page.
    """
    with open_text(path) as (name, file):
        cleaner: wiki.Cleaner | None = None
        pages = 0
        for page, head in _pages(name, file):
            pages += 1
            if cleaner is None:
                cleaner = wiki.Cleaner(_namespaces(head))
            namespace = _NAMESPACE.search(page)
            if namespace is not None and namespace[1] != b"0":
                _add(dropped, "pages outside the articles")
                continue
            if b"<redirect" in page:
                _add(dropped, "redirects")
                continue
            title, text = _TITLE.search(page), _TEXT.search(page)
            if title is None or text is None:
                raise CorpusError(f"{name}: page {pages:,} has no title or no text")
            plain = cleaner.clean(_unescaped(text[1] or b""))
            if len(plain) < FEW_BYTES:
                _add(dropped, f"articles of fewer than {FEW_BYTES} bytes")
                continue
            called = html.unescape(title[1].decode("utf-8", "surrogateescape"))
            yield Row(f"{called}\n" + plain.decode("utf-8", "surrogateescape"), called)
        if not pages:
            raise CorpusError(f"{name}: there is no <page> in it: this is no dump of a wiki")
        if cleaner is not None:
            for kind, n in cleaner.dropped.items():
                _add(dropped, kind, n)


def _add(dropped: dict[str, int], kind: str, n: int = 1) -> None:
    dropped[kind] = dropped.get(kind, 0) + n


def _pages(name: str, file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Each page of a dump, and what stands before the first."""
    rest, head = b"", b""
    first = True
    while chunk := file.read(reader.BLOCK):
        rest += chunk
        begin = 0
        while True:
            start = rest.find(b"<page>", begin)
            stop = rest.find(b"</page>", start) if start >= 0 else -1
            if stop < 0:
                break
            if first:
                head, first = rest[:start], False
            yield rest[start:stop], head
            begin = stop + len(b"</page>")
        rest = rest[begin:]
        if len(rest) > MOST:
            raise CorpusError(f"{name}: a page of more than {MOST >> 20} MB: this is no dump")
    if b"<page>" in rest:
        raise CorpusError(f"{name}: the dump ends within a page: it was cut short")


def _namespaces(head: bytes) -> list[bytes]:
    """Lower-case names of what is no text when it is linked to: files and categories."""
    names = [match[1].decode("utf-8", "replace") for match in _SITE_NAMESPACE.finditer(head)]
    return [name.lower().encode() for name in {*names, *ENGLISH} if name]


def _unescaped(text: bytes) -> bytes:
    """XML's entities as what they stand for."""
    if b"&" not in text:
        return text
    for entity, sign in ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&amp;", b"&")):
        text = text.replace(entity, sign)
    return text
