"""Texts as training sees them: words with a space between, written to a file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wordvec.errors import CorpusError
from wordvec.estimator import Callback
from wordvec.native.corpus import text as native
from wordvec.system.files import write_atomically
from wordvec.system.parallel import ordered_map
from wordvec.text.corpus import CorpusStats, Source, describe, files_of, reading, text_options
from wordvec.text.options import TextOptions
from wordvec.text.reader import Block
from wordvec.text.records.blocks import Texts, blocks_of
from wordvec.text.tokenise import NativeTokeniser, factory, normalised_text, stop_words, total

if TYPE_CHECKING:
    from wordvec.text.tokenise import Tokeniser

HEAD = 1 << 20  # bytes of the text that are kept to look at


def tokenised_blocks(
    source: Source, how: TextOptions, stats: CorpusStats, threads: int = 1
) -> Iterator[bytes]:
    """The words of a text with spaces between, in pieces that make one text: a line end stays, a
    blank line ends a document."""
    given = source if isinstance(source, Texts) else files_of(source)
    if given is None:
        raise TypeError("token lists are split already; give a path, an open file or Texts")
    blocks, records = blocks_of(given, how, stats.records)
    make = factory(how, records=records) or (
        lambda: NativeTokeniser(how, records=records, split=False)
    )
    stopped = stop_words(how)
    states: list[Tokeniser] = [make() for _ in range(threads)]

    def words(tokeniser: Tokeniser, block: Block) -> tuple[int, int, int, bytes]:
        text = normalised_text(bytes(tokeniser.words(block)), how.form)
        if stopped:
            lines = text.split(b"\n")
            text = b"\n".join(
                b" ".join(w for w in line.split(b" ") if w not in stopped) for line in lines
            )
        text = text.replace(native.RECORD_END, b"\n")
        broken = (
            0 if native.utf8_valid(text) else sum(not native.utf8_valid(w) for w in text.split())
        )
        return len(block.text), len(text.split()), broken, text

    started = time.perf_counter()
    ends = b"\n\n"  # the last bytes so far: no blank line before the first word
    for size, words_there, broken, text in ordered_map(words, blocks, states):
        stats.bytes += size
        stats.not_utf8 += broken
        stats.seconds = time.perf_counter() - started
        text = text.lstrip(b"\n") if ends.endswith(b"\n\n") else text
        if not text:
            continue
        if not ends.endswith(b"\n") and not text.startswith(b"\n"):
            text = b" " + text
        stats.tokens += words_there
        ends = (ends + text[-2:])[-2:]
        stats.head = stats.head or text[:HEAD].decode("utf-8", "surrogateescape")
        yield text
    stats.split = total(states)


def tokenize_text(
    source: Source,
    output: str | os.PathLike[str],
    *,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> CorpusStats:
    """Writes a text as training would see it: a space between words, a blank line after a document.

    Parameters
    ----------
    source : path, paths, binary file or Texts
        As in `wordvec.encode`.
    output : path
        A text file; training on it, without further options, is training on the source.
    options, more
        As in `wordvec.encode`.

    Returns
    -------
    CorpusStats
        Of what was read.

    Raises
    ------
    CorpusError, OSError
        As in `wordvec.encode`.
    FileExistsError
        When the output exists and `force` is not given.
    """
    how = text_options(options, more)
    stats = CorpusStats()
    any_word = False
    with write_atomically(output, force=force) as file:
        for text in tokenised_blocks(source, how, stats, threads):
            any_word = any_word or not text.isspace()
            file.write(text)
            if progress:
                progress(reading(stats))
        if not any_word:
            raise CorpusError(f"{describe(source)}: there is no word in it")
    return stats
