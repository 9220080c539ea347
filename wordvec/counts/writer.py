"""Writing shards: the files of a folder, a row tile after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from wordvec.counts.shards import VERSION
from wordvec.counts.tiles import (
    ALIGNED,
    Built,
    Entry,
    Rows,
    build_tiles,
    tile_count,
)
from wordvec.system.files import PathLike, naming, sync_folder
from wordvec.text.vocab import Vocabulary

COPY = 1 << 18  # bytes that are copied at once, in the processor's cache


def write_tiles(file: BinaryIO, built: Built) -> list[Entry]:
    """Writes the tiles of a row tile to the end of a file; where each lies."""
    entries = []
    for buffer, entry in zip(built.buffers, built.entries, strict=True):
        file.write(bytes(-file.tell() % ALIGNED))
        entries.append(dataclasses.replace(entry, offset=file.tell()))
        file.write(buffer)
    return entries


class ShardWriter:
    """Writes the files of a shard folder, a row tile after the other.

    Parameters
    ----------
    folder : path
        An empty folder; whoever made it gives it its name after `finish`.
    unit : int
        What a value of 1.0 counts in integers.
    symmetric : bool
        Whether only cells with column >= row are stored, each for both.
    details : dict
        What else the manifest says of the matrix (window, weighting, ...).
    """

    def __init__(
        self,
        folder: Path,
        vocab: Vocabulary,
        *,
        kind: str,
        unit: int,
        symmetric: bool,
        details: dict[str, Any],
    ) -> None:
        self.folder, self.vocab, self.kind = folder, vocab, kind
        self.unit, self.symmetric, self.details = unit, symmetric, details
        self.k = tile_count(len(vocab))
        self._entries: list[Entry] = []
        self._file: BinaryIO = open(folder / "tiles.bin", "wb")  # noqa: SIM115
        self._sums = np.zeros((2, len(vocab)), np.uint64)

    def build(self, row_tile: int, rows: Rows) -> Built:
        """The k tiles of a row tile, as bytes: what threads can do."""
        return build_tiles(
            len(self.vocab), row_tile, rows, unit=self.unit, symmetric=self.symmetric
        )

    def append(self, built: Built) -> None:
        """Writes the tiles of a row tile; row tiles come in order."""
        assert len(self._entries) == built.row_tile * self.k
        with naming(self.folder):
            self._entries += write_tiles(self._file, built)
        self._sums += built.sums

    def append_file(self, path: PathLike, entries: Sequence[Entry]) -> None:
        """Writes the tiles of the next row tile, which lie in a file as `write_tiles` wrote them,
        with their sums after them."""
        with naming(self.folder):
            self._file.write(bytes(-self._file.tell() % ALIGNED))
        begin = self._file.tell()
        with naming(path), open(path, "rb", buffering=0) as file:
            left = os.fstat(file.fileno()).st_size - self._sums.nbytes
            while left > 0:
                left -= self._file.write(file.read(min(left, COPY)))
            for sums in self._sums:
                sums += np.fromfile(file, np.uint64, len(sums))
        self._entries += (dataclasses.replace(e, offset=begin + e.offset) for e in entries)

    def close(self) -> None:
        """Gives up what is not finished; what cannot be written any more does not matter."""
        with contextlib.suppress(OSError):
            self._file.close()

    def finish(self) -> None:
        """Writes the rest and synchronises everything."""
        assert len(self._entries) == self.k**2
        with naming(self.folder), self._file as file:
            file.flush()
            size = file.tell()
            os.fsync(file.fileno())
        self.vocab.save(self.folder / "vocab.txt", force=True)
        rows, cols = self._sums
        if self.symmetric:
            rows = cols = rows + cols
        marginals = np.concatenate([rows, cols]).astype("<f8") / self.unit
        write_file(self.folder / "marginals.f64", marginals.tobytes())
        words = (self.folder / "vocab.txt").read_bytes()
        manifest = {
            "format": "wordvec shards",
            "version": VERSION,
            "kind": self.kind,
            "words": len(self.vocab),
            "tiles": self.k,
            "unit": self.unit,
            "symmetric": self.symmetric,
            **self.details,
            "corpus_tokens": self.vocab.total,
            "cells": sum(e.nnz for e in self._entries),
            "sum": float(rows.sum()) / self.unit,
            "tiles_bytes": size,
            "vocab_crc32": zlib.crc32(words),
            "marginals_crc32": zlib.crc32(marginals.tobytes()),
            "entries": [[e.offset, e.nnz, e.fixes, e.sum, e.crc32] for e in self._entries],
        }
        write_file(self.folder / "manifest.json", json.dumps(manifest, indent=1).encode())
        sync_folder(self.folder)


def write_file(path: Path, data: bytes) -> None:
    """Writes and synchronises a file of a folder that gets its name when it is complete."""
    with naming(path), open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
