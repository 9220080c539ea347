"""A part of a text as ids, with the words before it that its first windows reach."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.counts.counting.sampling import kept_ids
from wordvec.counts.parts.spans import Paths, Span, before, opened, spans, whole_lines
from wordvec.counts.parts.vocabulary import load_vocabulary
from wordvec.errors import CorpusError
from wordvec.native.corpus.text import BREAK
from wordvec.text.corpus import Corpus, Part, encode, text_options
from wordvec.text.options import TextOptions
from wordvec.text.spool import PIECE, empty_ids, in_memory

if TYPE_CHECKING:
    from wordvec.estimator import Callback
    from wordvec.text.spool import Ids

CONTEXT = 1 << 16  # bytes before a part that are read at first, for the words of its first windows


def part_corpus(
    paths: Paths,
    part: Part,
    vocab: str | os.PathLike[str],
    *,
    window: int,
    sample: float = 0.0,
    seed: int = 1,
    gaps: bool = False,
    across_lines: bool = False,
    threads: int = 1,
    memory: int | None = None,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Corpus:
    """A part of the texts as ids, with the words before it that its first windows reach.

    Counting it with the same `window`, `sample` and `seed` gives shards that, added to those of the
    other parts, are the shards of the whole text, byte for byte.

    Parameters
    ----------
    paths : paths
        All texts, in the same order for each part.
    vocab : path
        The vocabulary file, the same for all parts.

    Raises
    ------
    CorpusError
        When the vocabulary was made of parts of other texts, or `sample` is given and nothing says
        how many tokens stand before the part.
    """
    how = text_options(options, more)
    words, note = load_vocabulary(vocab)
    if note is not None:
        note.check(paths, how, part.of if sample else note.of, vocab)
    if sample and (note is None or note.part):
        raise CorpusError(
            f"{os.fspath(vocab)}: does not say how many tokens stand before part {part}, which "
            "subsampling needs: make it with `wordvec vocab --part` and `wordvec vocab merge`"
        )
    here = spans(paths, part, how)
    reading: dict[str, Any] = {
        "vocab": words,
        "gaps": gaps,
        "across_lines": across_lines,
        "may_be_empty": True,
        "options": how,
    }
    corpus = encode(
        opened(here),
        threads=threads,
        memory=memory,
        progress=progress,
        **reading,
    )
    offset = sum(note.known[: part.number - 1]) if sample and note else 0
    corpus = replace(corpus, part=part, offset=offset)
    how_kept: dict[str, Any] = {"window": window, "sample": sample, "seed": seed}
    return add_context(corpus, paths, here, reading, memory=memory, **how_kept)


def add_context(
    corpus: Corpus,
    paths: Paths,
    here: list[Span],
    reading: dict[str, Any],
    *,
    window: int,
    sample: float,
    seed: int,
    memory: int | None = None,
) -> Corpus:
    """A part with the words before it that its first windows reach; `reading` as `encode` takes
    it, `here` are its spans."""
    across_lines = bool(reading["across_lines"])
    if not here or (not across_lines and here[0].at_line):
        return corpus
    size = CONTEXT
    while True:
        text, all_of_it = before(paths, here[0], size, reading["options"])
        ids = _context(text, reading, across_lines) if text else np.empty(0, np.int32)
        if all_of_it or _reaches(replace(corpus, ids=ids), window, sample, seed, across_lines):
            return _with_context(corpus, ids, memory)
        size *= 8


def _context(text: list[Span], reading: dict[str, Any], across_lines: bool) -> Ids:
    """The ids of a text that goes on where it ends: its last line has no end."""
    if across_lines:
        return np.asarray(encode(opened(text), **reading).ids)
    lines, begun = whole_lines(text)
    before, line = (np.asarray(encode(opened(part), **reading).ids) for part in (lines, begun))
    return np.concatenate([before, line[line != BREAK]])


def _reaches(corpus: Corpus, window: int, sample: float, seed: int, across_lines: bool) -> bool:
    """Whether ids before a part hold all that a window before its first word can reach."""
    ids = np.asarray(corpus.ids)
    if sample and len(ids):
        known = int((ids >= 0).sum())
        there = replace(corpus, offset=corpus.offset - known)
        ids = np.concatenate([each[mask] for _, each, mask in kept_ids(there, sample, seed)])
    return len(ids) >= window or (not across_lines and BREAK in ids)


def _with_context(corpus: Corpus, ids: Ids, memory: int | None) -> Corpus:
    """A corpus with ids before it that are no part of it."""
    if not len(ids):
        return corpus
    joined = empty_ids(len(ids) + len(corpus.ids), memory)
    joined[: len(ids)] = ids
    for begin in range(0, len(corpus.ids), PIECE):
        piece = in_memory(corpus.ids, begin, min(begin + PIECE, len(corpus.ids)))
        joined[len(ids) + begin :][: len(piece)] = piece
    known = int((ids >= 0).sum())
    return replace(
        corpus,
        ids=joined,
        known=corpus.known + known,
        context=len(ids),
        offset=corpus.offset - known,
        documents=np.array([0, len(joined)]),
    )
