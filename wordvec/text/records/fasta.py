"""FASTA: sequences of nucleotides or amino acids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from wordvec.errors import CorpusError
from wordvec.native.corpus.text import RECORD_END
from wordvec.text import reader
from wordvec.text.reader import Block, open_text


def blocks(path: str | BinaryIO, k: int, stride: int) -> Iterator[Block]:
    """The sequences of a FASTA file, each a record on one line, in upper case; the label is the
    first word of its header.

    A sequence that is longer than a block comes in pieces, which are cut so that k-mers of every
    `stride` letters go on as if it were whole.

    Raises
    ------
    CorpusError
        For a file that does not begin with a header (>), and a header without a sequence.
    """
    with open_text(path) as (name, file):
        label, sequence = "", bytearray()
        at, any_letters, started = 0, False, False
        for at, line in enumerate(file, 1):
            line = line.strip()
            if line.startswith(b">"):
                if started:
                    if not any_letters:
                        raise CorpusError(f"{name}:{at}: the sequence {label!r} is empty")
                    yield Block(name, at, bytes(sequence) + b"\n" + RECORD_END, (label,))
                words = line[1:].split()
                label = words[0].decode("utf-8", "surrogateescape") if words else f"line {at}"
                sequence, any_letters, started = bytearray(), False, True
            elif line and not line.startswith(b";"):
                if not started:
                    raise CorpusError(
                        f"{name}:{at}: expected a header (> and a name), got {line[:40]!r}"
                    )
                sequence += line.translate(None, b" \t").upper()
                any_letters = True
                if len(sequence) >= reader.BLOCK:
                    # k-mers start at multiples of the stride; the next piece begins at the first
                    # whose letters are not all here.
                    begin = max(len(sequence) - k, 0) // stride * stride + stride
                    yield Block(name, at, bytes(sequence[: begin - stride + k]))
                    del sequence[:begin]
        if not started:
            raise CorpusError(f"{name}: there is no sequence in it")
        if not any_letters:
            raise CorpusError(f"{name}:{at}: the sequence {label!r} is empty")
        yield Block(name, at, bytes(sequence) + b"\n" + RECORD_END, (label,))
