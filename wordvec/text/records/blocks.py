"""What a text is made of -> blocks for the tokenisers: files as they are, rows, articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from wordvec.errors import CorpusError
from wordvec.native.corpus.text import RECORD_END
from wordvec.text import reader
from wordvec.text.options import TextOptions
from wordvec.text.reader import Block, text_blocks
from wordvec.text.records import fasta, tables, wikipedia
from wordvec.text.tokenise import through_command


@dataclass
class RecordStats:
    """What was read of a source that is made of records.

    Attributes
    ----------
    rows, left_out, empty : int
        Rows of tables, those that `where` left out, and those without a text.
    dropped : dict of str to int
        What else was not read, by kind.
    """

    rows: int = 0
    left_out: int = 0
    empty: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


class Texts:
    """Documents in memory as a source of text: each string is a document.

    Parameters
    ----------
    texts : iterable of str
    labels : iterable of str, optional
        The documents' names.

    Examples
    --------
    >>> import wordvec
    >>> wordvec.encode(Texts(["A text.", "Another text!"]), tokenize="unicode", min_count=2).vocab
    <Vocabulary of 1 words, 2 of 4 tokens>
    """

    def __init__(self, texts: Iterable[str], labels: Iterable[str] | None = None) -> None:
        self._texts, self._labels = texts, labels

    def rows(self) -> Iterator[tables.Row]:
        """The texts in order, each with its label if there are labels.

        Raises
        ------
        CorpusError
            For a text that is not a string.
        ValueError
            When there are more texts than labels, or more labels than texts.
        """
        if self._labels is None:
            for number, text in enumerate(self._texts, 1):
                yield tables.Row(tables.as_text("texts", number, "text", text), None)
        else:
            for text, label in zip(self._texts, self._labels, strict=True):
                yield tables.Row(text, str(label))


def blocks_of(
    source: list[str | BinaryIO] | Texts,
    options: TextOptions,
    stats: RecordStats,
    *,
    keep_empty: bool = False,
) -> tuple[Iterable[Block], bool]:
    """The text as blocks, and whether RECORD_END rather than a blank line ends a document in it.
    With `keep_empty` rows without a text are empty documents.

    Raises
    ------
    CorpusError
        As its blocks are read: for what is not the kind of file that it is said to be.
    """
    if isinstance(source, Texts):
        return _through(options, _blocks("texts", source.rows(), stats, keep_empty)), True
    kinds = {tables.kind_of(path, options) for path in source}
    if len(kinds) > 1:
        raise CorpusError(
            f"the texts are of several kinds ({', '.join(sorted(kinds))}): read them one by one"
        )
    kind = next(iter(kinds), "plain")
    if kind == "plain":
        return _through(options, text_blocks(source)), False

    def read() -> Iterator[Block]:
        for path in source:
            name = path if isinstance(path, str) else str(getattr(path, "name", "the file"))
            found: Iterator[tables.Row | None]
            if kind == "wikipedia":
                found = wikipedia.articles(path, stats.dropped)
            elif kind == "fasta":
                yield from fasta.blocks(path, options.k, options.stride)
                continue
            else:
                found = tables.rows(path, kind, options)
            yield from _blocks(name, found, stats, keep_empty)

    return _through(options, read()), True


def _through(options: TextOptions, blocks: Iterable[Block]) -> Iterable[Block]:
    kind, _, argument = options.tokenize.partition(":")
    return through_command(argument, blocks) if kind == "command" else blocks


def _blocks(
    name: str, rows: Iterable[tables.Row | None], stats: RecordStats, keep_empty: bool
) -> Iterator[Block]:
    """Rows as blocks of records; those that follow each other with one label are one document."""
    parts: list[bytes] = []
    labels: list[str] = []
    size = 0
    open_label: str | None = None
    is_open = False

    def end() -> None:
        nonlocal size, is_open
        parts.append(RECORD_END)
        size += 1
        is_open = False
        if open_label is not None:
            labels.append(open_label)

    for row in rows:
        stats.rows += 1
        if row is None:
            stats.left_out += 1
            continue
        if not row.text or row.text.isspace():
            stats.empty += 1
            if not keep_empty:
                continue
        if is_open and (row.label is None or row.label != open_label):
            end()
            if size >= reader.BLOCK:
                yield Block(name, stats.rows, b"".join(parts), tuple(labels))
                parts, labels, size = [], [], 0
        open_label, is_open = row.label, True
        text = row.text.encode("utf-8", "surrogateescape").strip(reader.SPACES)
        if b"\0" in text:
            raise CorpusError(f"{name}, row {stats.rows}: the text has a NUL: this is binary")
        text = text.replace(RECORD_END, b" ") + b"\n" if text else b""
        parts.append(text)
        size += len(text)
    if is_open:
        end()
    if parts:
        yield Block(name, stats.rows, b"".join(parts), tuple(labels))
