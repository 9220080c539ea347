"""Bilingual dictionaries: pairs of words that translate each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import DatasetError
from wordvec.vectors.vectors import WordVectors

MOST = 1 << 28  # bytes of a dictionary's file
TRAINING, TEST = 5000, 1500  # distinct source words of MUSE's two parts


@dataclass(frozen=True)
class Dictionary:
    """Pairs (source word, target word), in the order of their source.

    Attributes
    ----------
    pairs : tuple of (str, str)
    name : str
        Where they come from.
    """

    pairs: tuple[tuple[str, str], ...]
    name: str = "pairs"

    def __len__(self) -> int:
        return len(self.pairs)

    def split(self, training: int = TRAINING, test: int = TEST) -> tuple[Dictionary, Dictionary]:
        """The pairs of the first `training` distinct source words, and those of the next `test`.

        MUSE's parts 0-5000 and 5000-6500 were made so from its full dictionaries.
        """
        place = {
            word: i for i, word in enumerate(dict.fromkeys(source for source, _ in self.pairs))
        }
        first = [pair for pair in self.pairs if place[pair[0]] < training]
        second = [pair for pair in self.pairs if training <= place[pair[0]] < training + test]
        return (
            Dictionary(tuple(first), f"{self.name}, words 1 to {training:,}"),
            Dictionary(
                tuple(second), f"{self.name}, words {training + 1:,} to {training + test:,}"
            ),
        )

    def ids(self, source: WordVectors, target: WordVectors) -> NDArray[np.int64]:
        """(n, 2) ids of the pairs that both vocabularies have.

        Raises
        ------
        DatasetError
            When there is none, or more pairs are there the other way round.
        """
        found = _ids(self.pairs, source, target)
        back = _ids([(b, a) for a, b in self.pairs], source, target)
        if len(back) > len(found):
            raise DatasetError(
                f"{self.name}: {len(found):,} of {len(self.pairs):,} pairs are there as source and "
                f"target, {len(back):,} the other way round: the dictionary is of the other "
                "direction; exchange its columns or the vectors"
            )
        if not len(found):
            raise DatasetError(
                f"{self.name}: no pair whose words both vocabularies have; the first is "
                f"{self.pairs[0] if self.pairs else None}"
            )
        return found

    def gold(self) -> dict[str, list[str]]:
        """The translations of each source word."""
        found: dict[str, list[str]] = {}
        for source, target in self.pairs:
            found.setdefault(source, []).append(target)
        return found


def _ids(
    pairs: Sequence[tuple[str, str]], source: WordVectors, target: WordVectors
) -> NDArray[np.int64]:
    a = source.get_ids([pair[0] for pair in pairs], strict=False)
    b = target.get_ids([pair[1] for pair in pairs], strict=False)
    both = (a >= 0) & (b >= 0)
    return np.stack([a[both], b[both]], axis=1)


def identical_words(
    source: WordVectors, target: WordVectors, *, numerals: bool = False
) -> Dictionary:
    """The words that both vocabularies have, as their own translations.

    Parameters
    ----------
    numerals : bool
        Only words of digits (Artetxe et al. 2017).
    """
    words = [word for word in source if word in target]
    if numerals:
        words = [word for word in words if word.isascii() and word.isdigit()]
    return Dictionary(tuple((word, word) for word in words), "identical words")


def read_dictionary(path: str | os.PathLike[str]) -> Dictionary:
    """A dictionary file: `source target` in a line (blank or tab), or `target @ source`.

    Which of the two is decided on all lines. With a tab the words may contain blanks.

    Raises
    ------
    DatasetError
        For a line that has not two words; the message has its number.
    OSError
    """
    place = Path(path)
    if place.stat().st_size > MOST:
        raise DatasetError(f"{path}: over {MOST >> 20} MB: not a dictionary")
    text = place.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = [(i, line.strip("\r")) for i, line in enumerate(text.split("\n"), 1)]
    lines = [(i, line) for i, line in lines if line.strip()]
    if not lines:
        raise DatasetError(f"{path}: no pair of words")
    at = all(line.split(" @ ")[1:] and line.count(" @ ") == 1 for _, line in lines)
    pairs = []
    for number, line in lines:
        if at:
            target, _, source = line.partition(" @ ")
            fields = [source.strip(), target.strip()]
        elif "\t" in line:
            fields = [field.strip() for field in line.split("\t")]
        else:
            fields = line.split(" ")
            fields = [field for field in fields if field]
        if len(fields) != 2 or not all(fields):
            raise DatasetError(
                f"{path}: line {number}: two words expected, source and target, got "
                f"{len(fields)}: {line[:60]!r}; separate words that contain blanks by a tab"
            )
        pairs.append((fields[0], fields[1]))
    return Dictionary(tuple(pairs), os.fspath(path))


def as_dictionary(
    pairs: Dictionary | str | os.PathLike[str] | Iterable[Sequence[str]],
) -> Dictionary:
    """A dictionary from one, a file, or pairs of words."""
    if isinstance(pairs, Dictionary):
        return pairs
    if isinstance(pairs, str | os.PathLike):
        return read_dictionary(pairs)
    made = []
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2:
            raise ValueError(f"pairs must be (source word, target word), got {pair!r}")
        made.append((pair[0], pair[1]))
    return Dictionary(tuple(made))
