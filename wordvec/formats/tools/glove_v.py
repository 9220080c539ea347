"""Folders that GloVe-V publishes: `vocab.txt` and `vectors.safetensors`, beside variances.

Of them this reads the vectors; the variances are for `wordvec.Uncertainty`. Lines of `vocab.txt`
have a word and how often it stands in the corpus; the matrix is `center_vectors` (V, d).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from wordvec.errors import FormatError
from wordvec.formats.arrays.safetensors import Tensors
from wordvec.formats.stream import MAX_DIMENSIONS, Part
from wordvec.vectors.vectors import WordVectors

VOCABULARY, VECTORS, MATRIX = "vocab.txt", "vectors.safetensors", "center_vectors"


def find(folder: str | os.PathLike[str]) -> Path | None:
    """The folder, None when it is not one of GloVe-V."""
    place = Path(folder)
    return place if all((place / name).is_file() for name in (VOCABULARY, VECTORS)) else None


def read_words(place: Path) -> tuple[list[bytes], list[int] | None]:
    """The words by their index, and their counts where each line has one.

    Raises
    ------
    FormatError
        For a line without a word, or a word that comes twice.
    """
    path = place / VOCABULARY
    words: list[bytes] = []
    counts: list[int] = []
    seen: set[bytes] = set()
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        word, _, count = line.rstrip().partition(b" ")
        if not word or word in seen:
            what = "comes twice" if word else "is no word"
            raise FormatError(f"{path}: line {number}: {word!r} {what}")
        seen.add(word)
        words.append(word)
        if count.isdigit() and len(count) < 19:
            counts.append(int(count))
    return words, counts if len(counts) == len(words) else None


def read_folder(place: Path, part: Part) -> WordVectors:
    """The vectors of such a folder, with the counts of their words."""
    words, counts = read_words(place)
    file = Tensors(place / VECTORS)
    shape = file.shape(MATRIX)
    if shape is None or len(shape) != 2 or not 1 <= shape[1] <= MAX_DIMENSIONS:
        raise FormatError(f"{file.path}: byte 8: has no matrix {MATRIX!r} of vectors")
    if shape[0] != len(words):
        raise FormatError(
            f"{file.path}: byte 8: {shape[0]:,} vectors for {len(words):,} words of {VOCABULARY}"
        )
    return WordVectors(
        words,
        file.read(MATRIX).astype(np.float32),
        counts=None if counts is None else np.array(counts, np.int64),
        meta={"model": "glove", "options": {"output_vectors": "words"}},
    )
