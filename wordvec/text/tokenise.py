"""Text -> words with a space between: what `wordvec.native.corpus.text.WordTable.encode` numbers.

A tokeniser takes a block of a text and gives the same text as words; line ends, blank lines and
ends of records stay. One serves one thread. Native ones give a view of their own buffer, which
holds until the next call.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import subprocess
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from wordvec.errors import CorpusError, MissingExtra
from wordvec.native.corpus import text as native
from wordvec.native.corpus import unicode
from wordvec.text.lines import ascii_split, read_words
from wordvec.text.options import TextOptions
from wordvec.text.reader import BLOCK, Block, refuse_nul, text_blocks

if TYPE_CHECKING:
    Words: TypeAlias = "bytes | memoryview"

_LINES = re.compile(rb"([\n\r\x1e]+)")


class Tokeniser(Protocol):
    """What makes words of blocks."""

    @property
    def stats(self) -> dict[str, int]:
        """What was counted so far, see `wordvec.native.corpus.unicode.Splitter`."""

    def words(self, block: Block) -> Words:
        """The block's text as words with a space between."""


class NativeTokeniser:
    """Unicode's words, or white space with lower case and numbers changed."""

    def __init__(self, options: TextOptions, *, records: bool, split: bool | None = None) -> None:
        self._splitter = unicode.Splitter(
            words=options.kind == "unicode" if split is None else split,
            lower=options.lower,
            turkic=options.language != "any",
            numbers=options.numbers,
            emoji=options.emoji,
            straight=options.kind == "unicode" and options.apostrophes == "straight",
            records=records,
            min_length=options.min_length,
        )
        self._out = np.empty(0, np.uint8)

    @property
    def stats(self) -> dict[str, int]:
        return self._splitter.stats

    def words(self, block: Block) -> Words:
        need = unicode.room(len(block.text))
        if len(self._out) < need:
            # Blocks are of one size, nearly; a line needs little.
            most = unicode.room(BLOCK + (1 << 16))
            self._out = np.empty(max(need, most if need > most // 4 else 2 * need), np.uint8)
        written, nul_at = self._splitter.split(block.text, self._out)
        refuse_nul(block.name, block.offset, nul_at)
        return self._out[:written].data


class KmerTokeniser:
    """Each run of k bytes of a sequence, every `stride` bytes."""

    def __init__(self, options: TextOptions) -> None:
        self._k, self._stride, self._lower = options.k, options.stride, options.lower
        self.stats: dict[str, int] = {}

    def words(self, block: Block) -> Words:
        refuse_nul(block.name, block.offset, block.text.find(b"\0"))
        text = block.text.lower() if self._lower else block.text
        parts = re.split(rb"([\s\x1e]+)", text)
        return b"".join(
            part if number % 2 else self._of_sequence(part) for number, part in enumerate(parts)
        )

    def _of_sequence(self, sequence: bytes) -> bytes:
        if len(sequence) < self._k:
            return b""
        letters = np.frombuffer(sequence, np.uint8)
        windows = np.lib.stride_tricks.sliding_window_view(letters, self._k)[:: self._stride]
        out = np.full((len(windows), self._k + 1), ord(" "), np.uint8)
        out[:, :-1] = windows
        return out.tobytes()[:-1]


class LineTokeniser:
    """A Python function from a line to its words."""

    def __init__(
        self, function: Callable[[str], Iterable[str]], options: TextOptions, *, records: bool
    ) -> None:
        self._function = function
        # Of the function's words, those without a letter or digit are signs; the rest is as for
        # white space.
        self._after = NativeTokeniser(options, records=records, split=False)
        self._signs = options.kind == "python"
        self._emoji = options.emoji

    @property
    def stats(self) -> dict[str, int]:
        return self._after.stats

    def words(self, block: Block) -> Words:
        parts = _LINES.split(block.text)
        made = [
            part if number % 2 else self._of_line(block, part) for number, part in enumerate(parts)
        ]
        return self._after.words(block._replace(text=b"".join(made)))

    def _of_line(self, block: Block, line: bytes) -> bytes:
        if not line or line.isspace():
            return b""
        try:
            words = self._function(line.decode("utf-8", "surrogateescape"))
            text = " ".join(word for word in words if not self._signs or self._is_word(word))
        except Exception as error:
            shown = line[:60].decode("utf-8", "replace")
            raise CorpusError(
                f"{block.name}: the tokeniser raised {type(error).__name__}: {error}, for the line "
                f"{shown!r}"
            ) from error
        # White space within a word would end it; a line end would end the line.
        return text.encode("utf-8", "surrogateescape").translate(_NO_LINE_ENDS)

    def _is_word(self, word: str) -> bool:
        kept = "LNC" if not self._emoji else "LNCS"
        return any(unicodedata.category(c)[0] in kept and not c.isspace() for c in word)


_NO_LINE_ENDS = bytes.maketrans(b"\n\r\x1e", b"   ")


def factory(options: TextOptions, *, records: bool) -> Callable[[], Tokeniser] | None:
    """What makes a tokeniser for a thread; None when white space alone splits, which numbering does
    itself.

    Raises
    ------
    CorpusError
        For a SentencePiece model or a Python function that cannot be loaded.
    """
    kind, _, argument = options.tokenize.partition(":")
    if kind == "kmers":
        return lambda: KmerTokeniser(options)
    if kind == "python":
        function = _function(argument)
        return lambda: LineTokeniser(function, options, records=records)
    if kind == "sentencepiece":
        pieces = sentencepiece_model(argument)
        return lambda: LineTokeniser(pieces, options, records=records)
    plain = not options.lower and options.numbers == "keep" and options.min_length == 1
    if kind in ("whitespace", "command") and plain:
        return None
    return lambda: NativeTokeniser(options, records=records)


def line_splitter(options: TextOptions) -> Callable[[str], list[str]]:
    """A function from a short text to its words."""
    make = factory(options, records=False)
    if make is None and options.form == "none":
        return ascii_split
    tokeniser = make() if make is not None else None

    def split(text: str) -> list[str]:
        block = Block("the text", 0, text.encode("utf-8", "surrogateescape").replace(b"\0", b" "))
        words = block.text if tokeniser is None else bytes(tokeniser.words(block))
        return ascii_split(normalised_text(words, options.form).decode("utf-8", "surrogateescape"))

    return split


def _function(path: str) -> Callable[[str], Iterable[str]]:
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except ImportError as error:
        raise CorpusError(
            f"tokenize python:{path}: {module} cannot be imported ({error}); is it installed, and "
            "is its folder in PYTHONPATH?"
        ) from error
    except AttributeError as error:
        raise CorpusError(f"tokenize python:{path}: {error}") from error
    if not callable(found):
        raise CorpusError(f"tokenize python:{path}: {name} is no function")
    return found  # type: ignore[no-any-return]


def sentencepiece_model(path: str) -> Callable[[str], Iterable[str]]:
    """A function from a line to the pieces of a SentencePiece model.

    Raises
    ------
    CorpusError
        For a file that is no such model.
    """
    try:
        import sentencepiece
    except ImportError as error:
        raise MissingExtra("sentencepiece", "pieces", "splitting into pieces") from error
    if not os.path.exists(path):
        raise FileNotFoundError(2, "no SentencePiece model", path)
    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=path)
    except (RuntimeError, OSError) as error:
        raise CorpusError(f"{path}: this is no SentencePiece model ({error})") from error

    def pieces(line: str) -> Iterable[str]:
        # The library takes UTF-8 only; other bytes become U+FFFD.
        clean = line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return processor.encode(clean, out_type=str)  # type: ignore[no-any-return]

    return pieces


def through_command(command: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """A text after a program that reads it on standard input and writes it as words, line by line.

    Raises
    ------
    CorpusError
        When the program cannot be run, or fails.
    """
    process = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    failure: list[BaseException] = []

    def feed(stdin: Any) -> None:
        before = b"\n"
        try:
            for block in blocks:
                # Blocks end at a word, and begin with white space.
                if not before.isspace() and not block.text[:1].isspace():
                    stdin.write(b" ")
                stdin.write(block.text)
                before = block.text[-1:] or before
        except BrokenPipeError:
            pass  # its exit status tells
        except BaseException as error:
            failure.append(error)
        finally:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()

    feeder = threading.Thread(target=feed, args=(process.stdin,), daemon=True)
    feeder.start()
    try:
        for block in text_blocks([process.stdout]):  # type: ignore[list-item]
            yield block._replace(name=f"the output of {command!r}")
        feeder.join()
        if failure:
            raise failure[0]
        if process.wait():
            raise CorpusError(
                f"the tokeniser {command!r} ended with status {process.returncode}"
                + (" (no such command)" if process.returncode == 127 else "")
            )
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def normalise(table: native.WordTable, form: str) -> np.ndarray[Any, np.dtype[np.int32]] | None:
    """Gives the words of a table a normalisation (NFC, NFKC): their counts go to the normal
    spelling, which is added where it is new. Returns the new id of each word, None where none
    changed. A word that would get white space in it stays as it is."""
    changed: dict[int, bytes] = {}
    for id in range(len(table)):
        word = table[id]
        if not word.isascii():
            text = word.decode("utf-8", "surrogateescape")
            if not unicodedata.is_normalized(form.upper(), text):  # type: ignore[arg-type]
                normal = unicodedata.normalize(form.upper(), text)  # type: ignore[arg-type]
                made = normal.encode("utf-8", "surrogateescape")
                if len(normal.split()) == 1 and len(made) > 0 and made != word:
                    changed[id] = made
    if not changed:
        return None
    n = len(table)
    map = np.arange(n, dtype=np.int32)
    counts = np.empty(n, np.int64)
    table.counts(counts)
    for id, made in changed.items():
        map[id] = table.add(made, int(counts[id]))
    counts = np.empty(len(table), np.int64)
    table.counts(counts)
    counts[list(changed)] = 0
    table.set_counts(counts)
    return map


def normalised_text(text: bytes, form: str) -> bytes:
    """Words with spaces between, each normalised as `normalise` does."""
    if form == "none" or text.isascii():
        return text
    whole = text.decode("utf-8", "surrogateescape")
    if unicodedata.is_normalized(form.upper(), whole):  # type: ignore[arg-type]
        return text

    def one(match: re.Match[str]) -> str:
        normal = unicodedata.normalize(form.upper(), match[0])  # type: ignore[arg-type]
        return normal if len(normal.split()) == 1 else match[0]

    changed = re.sub("[^ \\n\\x1e\\t\\v\\f\\r]+", one, whole)
    return changed.encode("utf-8", "surrogateescape")


def stop_words(options: TextOptions) -> set[bytes]:
    """The words of the stop list, made lower case and normal as those of the text are."""
    if options.stop is None:
        return set()
    listed = b"\n".join(read_words(options.stop)) + b"\n"
    splitter = NativeTokeniser(options, records=False, split=False)
    made = bytes(splitter.words(Block(os.fspath(options.stop), 0, listed)))
    return set(normalised_text(made, options.form).split())


def total(tokenisers: Iterable[Tokeniser]) -> dict[str, int]:
    """The stats of several tokenisers together."""
    found: Counter[str] = Counter()
    for each in tokenisers:
        found.update({name: n for name, n in each.stats.items() if n > 0})
    return dict(found)
