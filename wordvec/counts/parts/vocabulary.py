"""Vocabularies of parts, and what they add up to."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wordvec.counts.parts.note import (
    Note,
    check_note,
    crc_of,
    forget_note,
    options_record,
    texts_of,
)
from wordvec.counts.parts.spans import Paths, opened, spans
from wordvec.errors import CorpusError
from wordvec.native.corpus.text import WordTable
from wordvec.system.files import check_target, is_stream, note_path
from wordvec.text.corpus import CorpusStats, Part, count_vocabulary, text_options
from wordvec.text.options import TextOptions
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from wordvec.estimator import Callback


def vocabulary_part(
    paths: Paths,
    output: str | os.PathLike[str],
    part: Part,
    *,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    stats: CorpusStats | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> Vocabulary:
    """Counts all words of a part of the texts into a vocabulary file, with a note beside it.

    Rare words are kept: a word that is rare in each part may be frequent in the whole. A part
    without a word makes an empty file. Parameters as in `wordvec.text.corpus.count_vocabulary`.
    """
    how = text_options(options, more)
    check_note(output)
    if not is_stream(output):
        check_target(note_path(output), force=True, inputs=paths)
    vocab = count_vocabulary(
        opened(spans(paths, part, how)),
        min_count=1,
        threads=threads,
        progress=progress,
        stats=stats,
        options=how,
        may_be_empty=True,
    )
    vocab.save(output, force=force)
    if not is_stream(output):
        Note(
            part.of, texts_of(paths), options_record(how), crc_of(output), vocab.total, part.number
        ).save(output)
    return vocab


def merge_vocabularies(
    sources: Paths,
    output: str | os.PathLike[str],
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    force: bool = False,
) -> Vocabulary:
    """Adds vocabulary files to that of all their texts, as one machine counts it.

    Parameters
    ----------
    sources : paths
        In any order. Those of parts (`vocabulary_part`) must be all parts of the same texts.
    min_count, max_vocab : int
        Which words are kept, by their counts in the whole.

    Raises
    ------
    CorpusError
        For parts that are missing, come twice, or are of different texts; a damaged file.
    """
    check_note(output)
    notes = [Note.load(source) for source in sources]
    if any(notes) and not is_stream(output):
        check_target(note_path(output), force=True, inputs=sources)
    _check_whole(sources, notes)
    table, total = WordTable(), 0
    for source, note in zip(sources, notes, strict=True):
        found = _counts(source)
        for word, count in found:
            table.add(word, count)
        total += sum(count for _, count in found) if note is None else note.total
    vocab = replace(
        Vocabulary.from_table(table, min_count=min_count, max_vocab=max_vocab), total=total
    )
    vocab.save(output, force=force)
    order = sorted(
        ((note.part, source) for source, note in zip(sources, notes, strict=True) if note),
        key=lambda pair: pair[0],
    )
    if is_stream(output):
        return vocab
    if order:
        first = next(note for note in notes if note)
        known = [
            sum(count for word, count in _counts(source) if vocab.table.find(word) >= 0)
            for _, source in order
        ]
        Note(first.of, first.texts, first.text, crc_of(output), total, 0, known).save(output)
    else:
        forget_note(output)
    return vocab


def _check_whole(sources: Paths, notes: list[Note | None]) -> None:
    """Raises CorpusError unless the files are all parts of the same texts, or no parts at all."""
    seen: dict[int, Any] = {}
    first: Note | None = None
    for source, note in zip(sources, notes, strict=True):
        if note is None:
            if any(notes):
                raise CorpusError(
                    f"{source}: is not the vocabulary of a part (there is no "
                    f"{note_path(source).name} beside it), but others are: merge the files of all "
                    "parts, and nothing else"
                )
            continue
        first = first or note
        if not note.part:
            raise CorpusError(f"{source}: is of a whole text already, not of a part")
        if (note.of, note.texts, note.text) != (first.of, first.texts, first.text):
            raise CorpusError(
                f"{source}: is of other texts, options or number of parts than {sources[0]}"
            )
        if note.part in seen:
            raise CorpusError(
                f"{source}: is part {note.part}, as is {seen[note.part]}: give each part once"
            )
        seen[note.part] = source
    if first is not None and len(seen) < first.of:
        missing = [str(n) for n in range(1, first.of + 1) if n not in seen]
        some = ", ".join(missing[:8]) + (" ..." if len(missing) > 8 else "")
        raise CorpusError(f"of {first.of} parts these are missing: {some}; give all")


def _counts(path: str | os.PathLike[str]) -> list[tuple[bytes, int]]:
    """Words and counts of a vocabulary file, which may be empty for a part without a word."""
    if not os.path.getsize(path):
        return []
    vocab = Vocabulary.load(path, sort=False)
    return list(zip(vocab.words, vocab.counts.tolist(), strict=True))


def load_vocabulary(path: str | os.PathLike[str]) -> tuple[Vocabulary, Note | None]:
    """A vocabulary file, and the note beside it, from which the tokens of the text are known."""
    note = Note.load(path)
    vocab = Vocabulary.load(path)
    if note is not None and not note.part:
        vocab = replace(vocab, total=note.total)
    return vocab, note
