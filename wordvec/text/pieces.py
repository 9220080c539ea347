"""Pieces of words: models of the sentencepiece library."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from wordvec.errors import CorpusError, MissingExtra
from wordvec.estimator import Callback, Option, checked
from wordvec.system.files import check_target, write_atomically
from wordvec.text.corpus import CorpusStats, Source, reading, text_options
from wordvec.text.options import TextOptions
from wordvec.text.write import tokenised_blocks

LONGEST_LINE = 4192  # bytes of a line; the library passes longer ones by
MOST_LINES = 2_000_000  # that the library samples


@checked
def train_pieces(
    source: Source,
    output: str | os.PathLike[str],
    *,
    size: Annotated[int, Option(help="Pieces of the model.", at_least=1)] = 8000,
    kind: Annotated[
        Literal["unigram", "bpe"],
        Option(help="How pieces are found: the unigram language model, or byte-pair encoding."),
    ] = "unigram",
    coverage: Annotated[
        float,
        Option(
            help="Share of the characters that have a piece; 1 for small alphabets.",
            at_least=0.9,
            at_most=1,
        ),
    ] = 0.9995,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
    options: TextOptions | None = None,
    **more: Any,
) -> int:
    """Finds the pieces that the words of a text are made of and writes them as a model.

    Parameters
    ----------
    source, options, more
        As in `wordvec.encode`. The text is read as whitespace splitting reads it, unless
        `tokenize` says otherwise; pieces do not cross white space.
    output : path
        The model's file, for ``tokenize="sentencepiece:FILE"``.
    size : int
        Pieces of the model.
    kind : {"unigram", "bpe"}
        Unigram language model [1]_ or byte-pair encoding [2]_.
    coverage : float
        Share of the text's characters that get a piece.

    Returns
    -------
    int
        How many pieces the model has.

    Raises
    ------
    MissingExtra
        Without the sentencepiece library.
    CorpusError
        A text that is too small for this many pieces.

    References
    ----------
    .. [1] Kudo 2018, "Subword regularization".
    .. [2] Sennrich, Haddow & Birch 2016, "Neural machine translation of rare words with subword
       units".
    """
    try:
        import sentencepiece
    except ImportError as error:
        raise MissingExtra("sentencepiece", "pieces", "finding pieces") from error
    how = text_options(options, more)
    check_target(output, force=force)
    stats = CorpusStats()

    def sentences() -> Iterator[str]:
        rest = b""
        for text in tokenised_blocks(source, replace(how, min_length=1), stats, threads):
            lines = (rest + text).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield from _short(line)
            if progress:
                progress(reading(stats))
        yield from _short(rest)

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(),
            model_writer=model,
            vocab_size=size,
            model_type=kind,
            character_coverage=coverage,
            input_sentence_size=MOST_LINES,
            shuffle_input_sentence=True,
            max_sentence_length=2 * LONGEST_LINE,
            num_threads=threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rpartition("] ")[2].strip()
        raise CorpusError(f"{size} pieces cannot be found in this text: {reason}") from None
    with write_atomically(output, force=force) as file:
        file.write(model.getvalue())
    found = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return int(found.get_piece_size())


def _short(line: bytes) -> Iterator[str]:
    """A line in parts that the library takes, cut at spaces."""
    while len(line) > LONGEST_LINE:
        cut = line.rfind(b" ", 0, LONGEST_LINE)
        cut = cut if cut > 0 else LONGEST_LINE
        with contextlib.suppress(UnicodeDecodeError):
            yield line[:cut].decode()
        line = line[cut:].lstrip()
    if line:
        yield line.decode("utf-8", "replace")
