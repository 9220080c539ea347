"""Lexicons: which words are linked, as neighbours in a graph or as pairs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wordvec.errors import DatasetError
from wordvec.vectors.vectors import WordVectors

MOST = 1 << 30  # bytes of a file


@dataclass(frozen=True)
class Lexicon:
    """Links between words, each (head, other).

    Attributes
    ----------
    links : tuple of (str, str)
    name : str
        Where they come from.
    skipped : str
        What of a file was left out, in words; "" for nothing.
    """

    links: tuple[tuple[str, str], ...]
    name: str = "links"
    skipped: str = ""

    def __len__(self) -> int:
        return len(self.links)

    def without(self, words: Iterable[str]) -> Lexicon:
        """The links of which neither word is one of these, to judge on words never trained on."""
        left_out = set(words)
        kept = tuple(link for link in self.links if not left_out & {*link})
        return Lexicon(kept, f"{self.name}, without {len(left_out):,} words", self.skipped)

    def ids(
        self, vectors: WordVectors, *, fold: bool = False, both_ways: bool = False
    ) -> NDArray[np.int64]:
        """(n, 2) ids of the links that the vectors know, each once, none of a word to itself.

        Parameters
        ----------
        fold : bool
            Also look for a word in lower case.
        both_ways : bool
            Add the reverse of each link.

        Raises
        ------
        DatasetError
            When there is none.
        """
        ends = [vectors.get_ids([link[i] for link in self.links], strict=False) for i in (0, 1)]
        if fold:
            for i, ids in enumerate(ends):
                lower = vectors.get_ids([link[i].lower() for link in self.links], strict=False)
                ids[ids < 0] = lower[ids < 0]
        pairs = np.stack(ends, axis=1)
        pairs = pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
        if both_ways:
            pairs = np.concatenate([pairs, pairs[:, ::-1]])
        if not len(pairs):
            raise DatasetError(f"{self.name}: the vectors know the words of no link")
        return np.unique(pairs, axis=0)


Links: TypeAlias = "Lexicon | str | os.PathLike[str] | Iterable[Sequence[str]]"


def read_lexicon(path: str | os.PathLike[str], *, prefix: str = "") -> Lexicon:
    """A lexicon file: `head other other ...` in a line, separated by blanks or tabs.

    Lines of one word, which say nothing, are left out and counted in `skipped`.

    Parameters
    ----------
    path : path
    prefix : str
        Taken from the beginning of each word that has it, such as "en_".

    Raises
    ------
    DatasetError
        For a file without any link.
    OSError
    """
    place = Path(path)
    if place.stat().st_size > MOST:
        raise DatasetError(f"{path}: over {MOST >> 20} MB: not a lexicon")
    links, alone = [], []
    text = place.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        words = [word.removeprefix(prefix) for word in line.replace("\t", " ").split(" ") if word]
        if not words:
            continue
        if len(words) == 1:
            alone.append((number, words[0]))
        links += [(words[0], other) for other in words[1:]]
    skipped = ""
    if alone:
        lines = "1 line" if len(alone) == 1 else f"{len(alone):,} lines"
        number, word = alone[0]
        skipped = f"{path}: {lines} of one word left out, first line {number}: {word!r}"
    if not links:
        raise DatasetError(skipped or f"{path}: no link")
    return Lexicon(tuple(links), os.fspath(path), skipped)


def as_lexicon(links: Links) -> Lexicon:
    """A lexicon from one, a file, or (head, other, other, ...) tuples."""
    if isinstance(links, Lexicon):
        return links
    if isinstance(links, str | os.PathLike):
        return read_lexicon(links)
    made = []
    for link in links:
        if isinstance(link, str) or len(link) < 2:
            raise ValueError(f"links must be (head, other, ...), got {link!r}")
        made += [(link[0], other) for other in link[1:]]
    return Lexicon(tuple(made))


def graph(pairs: NDArray[np.int64], words: int) -> sparse.csr_array:
    """(V, V) matrix of links, each 1."""
    ones = np.ones(len(pairs))
    return sparse.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(words, words))


def cards(lexicon: Lexicon, pairs: NDArray[np.int64]) -> dict[str, object]:
    """What a card says of a lexicon."""
    return {"lexicon": lexicon.name, "links": len(lexicon), "links_used": len(pairs)}
