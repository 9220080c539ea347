"""How a text is read and split into words: one set of options for all that reads texts."""

from __future__ import annotations

import dataclasses
import difflib
import os
from dataclasses import dataclass
from typing import Any, Literal

from wordvec.estimator import check_options, option

TOKENIZERS = (
    "whitespace",
    "unicode",
    "kmers",
    "sentencepiece:FILE",
    "command:PROGRAM",
    "python:MODULE:FUNCTION",
)
OF_FILES = ("text", "text_column", "document_column", "where")


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How a text is read and split into words.

    Parameters
    ----------
    tokenize : str
        What makes words of a text. "whitespace": what stands between ASCII white space, for texts
        that are split into words already. "unicode": the words of Unicode's segmentation [1]_;
        signs are left out, apostrophes within words stay. "kmers": each run of `k` letters of a
        sequence. "sentencepiece:FILE": the pieces of a SentencePiece model. "command:PROGRAM": a
        program that reads lines and writes as many, with spaces between the words.
        "python:MODULE:FUNCTION": a function that takes a line and returns its words; words without
        a letter or digit are left out.
    lower : bool
        Make words lower case, as `str.lower` does.
    language : {"any", "tr", "az"}
        With `lower`: Turkish and Azerbaijani have a dotless i (I becomes ı, İ becomes i).
    normalize : {"auto", "none", "nfc", "nfkc"}
        Unicode normalisation of the words. "auto" is nfc, and none for "whitespace".
    numbers : {"keep", "zero", "drop"}
        What happens to words that have digits and no letter: "zero" makes each the word 0.
    apostrophes : {"straight", "keep"}
        For "unicode": "straight" writes the typographic apostrophe within a word as ', so that
        don’t and don't are one word. "keep" leaves it as it is typed.
    emoji : bool
        For "unicode": keep emoji, each sequence of them that is one picture, as words.
    min_length : int
        Leave out words of fewer characters.
    stop : path, optional
        A file of words to leave out, one per line.
    k, stride : int
        For "kmers": letters of a word, and letters from one word's start to the next's.
    text : str
        What kind of file the texts are in. "auto" goes by the file's name when there is a
        `text_column`; otherwise the text is plain. "lines": each line is a document. "wikipedia"
        is a dump (XML) of a wiki; "fasta" has sequences.
    text_column : str, optional
        The column that has the text, for CSV, TSV, JSON Lines and Parquet. Each row is a document.
    document_column : str, optional
        The column with the documents' names; rows that follow each other with the same name are one
        document.
    where : str, optional
        Which rows to read: comparisons of columns with values, as in ``year >= 1990 and lang ==
        "de"``. Numbers are compared as numbers.

    References
    ----------
    .. [1] Unicode Standard Annex 29, "Unicode text segmentation", section 4.
    """

    tokenize: str = option("whitespace", f"What makes words: {', '.join(TOKENIZERS)}.")
    lower: bool = option(False, "Make words lower case (full Unicode lower case).")
    language: Literal["any", "tr", "az"] = option(
        "any", "With lower: Turkish and Azerbaijani have a dotless i."
    )
    normalize: Literal["auto", "none", "nfc", "nfkc"] = option(
        "auto", "Unicode normalisation of words; auto is nfc, none for whitespace."
    )
    numbers: Literal["keep", "zero", "drop"] = option(
        "keep", "Words of digits are kept, become 0, or are left out."
    )
    apostrophes: Literal["straight", "keep"] = option(
        "straight", "For unicode: don’t becomes don't, or stays as it is typed."
    )
    emoji: bool = option(False, "Keep emoji as words (for unicode).")
    min_length: int = option(1, "Leave out words of fewer characters.", at_least=1)
    stop: str | os.PathLike[str] | None = option(
        None, "File of words to leave out, one per line.", unit="path", none="none"
    )
    k: int = option(6, "Letters of a word, for kmers.", at_least=1, at_most=255)
    stride: int = option(
        1, "Letters from one word's start to the next's, for kmers.", at_least=1, at_most=255
    )
    text: Literal[
        "auto", "plain", "lines", "csv", "tsv", "jsonl", "parquet", "wikipedia", "fasta"
    ] = option("auto", "Kind of file; auto goes by the name where a text column is given.")
    text_column: str | None = option(
        None, "Column that has the text (CSV, TSV, JSON Lines, Parquet).", none="none"
    )
    document_column: str | None = option(
        None, "Column with the documents' names; equal ones in a row are one document.", none="none"
    )
    where: str | None = option(
        None, "Rows to read, as in 'year >= 1990 and year < 2000'.", none="all", unit="condition"
    )

    def __post_init__(self) -> None:
        check_options(TextOptions, vars(self))
        if self.stop is not None:  # as a card holds it
            object.__setattr__(self, "stop", os.fspath(self.stop))
        kind, _, argument = self.tokenize.partition(":")
        known = [each.partition(":") for each in TOKENIZERS]
        wants = next((bool(colon) for name, colon, _ in known if name == kind), None)
        if wants is None or wants != bool(argument):
            close = difflib.get_close_matches(kind, [name for name, _, _ in known], n=1)
            hint = f"; did you mean {close[0]}?" if close and wants is None else ""
            raise ValueError(
                f"tokenize must be one of {', '.join(TOKENIZERS)}, got {self.tokenize!r}{hint}"
            )
        if kind == "python" and ":" not in argument:
            raise ValueError(f"tokenize must be python:MODULE:FUNCTION, got {self.tokenize!r}")
        if self.language != "any" and not self.lower:
            raise ValueError(f"language={self.language!r} changes the lower case: add lower=True")
        if self.emoji and kind in ("whitespace", "kmers"):
            raise ValueError(f"emoji needs tokenize='unicode'; {kind} keeps emoji always")
        if self.apostrophes != "straight" and kind != "unicode":
            raise ValueError("apostrophes needs tokenize='unicode': others leave words as they are")
        for name in ("document_column", "where"):
            if getattr(self, name) is not None and self.text_column is None:
                raise ValueError(f"{name} is for tables: give text_column, too")

    @property
    def kind(self) -> str:
        """The tokeniser without its argument."""
        return self.tokenize.partition(":")[0]

    @property
    def form(self) -> str:
        """The normalisation: "nfc", "nfkc" or "none"."""
        if self.normalize == "auto":
            return "none" if self.kind in ("whitespace", "kmers") else "nfc"
        return self.normalize

    def recorded(self) -> dict[str, Any]:
        """What makes words, where it differs from the defaults: for cards and manifests. Two texts
        with the same words were split alike; which files and rows they are is not in it."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in OF_FILES and getattr(self, field.name) != field.default
        }

    @classmethod
    def of(cls, recorded: dict[str, Any]) -> TextOptions:
        """The options that `recorded` gave; names that this version does not know are passed by.

        Parameters
        ----------
        recorded : dict
            Options by name, such as the metadata of vectors hold.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in recorded.items() if name in known})
