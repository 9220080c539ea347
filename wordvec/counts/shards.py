"""Shards: a sparse matrix over the vocabulary as k x k tiles in a folder.

A word's tile is rank mod k, so that every tile has its share of frequent words. A tile is CSR with
16-bit columns and float32 values, plus corrections that keep the integer counts behind the floats
exact. A symmetric matrix stores its upper triangle (column rank >= row rank).

The folder holds manifest.json, vocab.txt, marginals.f64 (row sums, then column sums) and tiles.bin;
docs/reference/shard-format.md is the specification. It is written beside its place and renamed when
complete.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec.counts.tiles import (
    Entry,
    Tile,
    split_tile,
    tile_bytes,
    tile_words,
)
from wordvec.errors import CorpusError, ShardError
from wordvec.native.corpus import cooc
from wordvec.system import remote
from wordvec.system.files import write_atomically
from wordvec.system.folders import Kind
from wordvec.text.vocab import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

VERSION = 1
FEW = 8  # rows that are looked for in a tile one by one: a comparison of each cell takes .2 ns
MAX_MANIFEST = 64 << 20  # bytes; a folder that claims more is not ours
_CHOICES = {
    "weighting": ("harmonic", "linear", "flat"),
    "direction": ("symmetric", "left", "right"),
}


def _has_manifest(folder: Path) -> bool:
    """Whether a folder's manifest says that it holds shards."""
    try:
        with open(folder / "manifest.json", "rb") as file:
            manifest = json.loads(file.read(MAX_MANIFEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == "wordvec shards"


def read_manifest(path: Path, kind: str, version: int) -> dict[str, Any]:
    """The manifest of a folder of counts; `kind` is "shards" or "blocks".

    Raises
    ------
    ShardError
        When it is too large, damaged, of something else, or of another version.
    """
    if path.stat().st_size > MAX_MANIFEST:
        raise ShardError(f"{path}: too large for a manifest")
    try:
        manifest = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ShardError(f"{path}: damaged: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != f"wordvec {kind}":
        raise ShardError(f"{path}: not the manifest of a folder of {kind}")
    if manifest.get("version") != version:
        raise ShardError(
            f"{path}: {kind} of format {manifest.get('version')!r}, this wordvec reads {version}: "
            "install a newer wordvec or count again"
        )
    return manifest


def _fetched(url: str) -> Path:
    """A folder with copies of the small files of shards in a store."""
    names = ("manifest.json", "vocab.txt", "marginals.f64")
    copies = [remote.local_copy(f"{url.rstrip('/')}/{name}") for name in names]
    folder = remote.cache_folder() / f"copy-{zlib.crc32(str(copies).encode()):08x}-shards"
    folder.mkdir(exist_ok=True)
    for copy in copies:
        if not (folder / copy.name).exists():
            with write_atomically(folder / copy.name, force=True) as file:
                file.write(copy.read_bytes())
    return folder


def is_shards(source: object) -> bool:
    """Whether a source of a model is shards, or the path of a folder of them."""
    if remote.is_url(source):
        return remote.exists(f"{source.rstrip('/')}/manifest.json")
    if isinstance(source, str | os.PathLike):
        return _has_manifest(Path(source))
    return isinstance(source, Shards)


SHARDS = Kind(
    "a folder of shards",
    re.compile(r"manifest\.json|vocab\.txt|marginals\.f64|tiles\.bin"),
    _has_manifest,
)
BLOCKS = Kind(
    "a folder of blocks",
    re.compile(r"blocks\.json|counts\.i64"),
    lambda folder: (folder / "blocks.json").is_file(),
    parts=(re.compile(r"block-\d{4}"), SHARDS),
)


class Shards:
    """An open shard folder.

    Opening reads the manifest and maps the tiles; nothing is trusted: offsets and sizes are checked
    against the files when it opens, a tile and the marginals when they are first used, all
    by `verify`.

    Attributes
    ----------
    path : Path
        Of shards in a store (s3://bucket/shards), the copies of all files but the tiles, of which
        each is read when it is used.
    source : str
        Where they are: an absolute path, or a URL.
    vocab : Vocabulary
    k : int
        Tiles per side.
    symmetric : bool
        Whether a stored cell stands for its mirror image too.
    unit : int
        What a value of 1.0 counts in integers.
    cells : int
        Stored cells.
    manifest : dict
        All that the folder says of itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.source = path if remote.is_url(path) else os.path.abspath(path)
        self.path = _fetched(path) if remote.is_url(path) else Path(path)
        manifest = self._read_manifest()
        try:
            self.manifest: dict[str, Any] = manifest
            self.k = _natural(manifest, "tiles", 1, 1 << 16)
            self.words = _natural(manifest, "words", 1, (1 << 31) - 1)
            self.unit = _natural(manifest, "unit", 1, 1 << 62)
            self.symmetric = manifest["symmetric"]
            if type(self.symmetric) is not bool:
                raise ValueError(f"symmetric is {self.symmetric!r}")
            _natural({"corpus_tokens": 0, **manifest}, "corpus_tokens", 0, (1 << 63) - 1)
            if "window" in manifest:
                _natural(manifest, "window", 1, 1 << 20)
            for key, known in _CHOICES.items():
                if manifest.get(key, known[0]) not in known:
                    raise ValueError(f"{key} is {manifest[key]!r}")
            self.kind = str(manifest["kind"])
            self._entries = [Entry(*entry) for entry in manifest["entries"]]
            if not all(
                all(type(v) is int and v >= 0 for v in (e.offset, e.nnz, e.fixes, e.crc32))
                and type(e.sum) in (int, float)
                for e in self._entries
            ):
                raise ValueError("an entry of the tile table is not a row of numbers")
        except (KeyError, TypeError, ValueError) as error:
            raise ShardError(f"{self.path}/manifest.json: damaged: {error}") from error
        if len(self._entries) != self.k**2 or -(-self.words // self.k) > 65536:
            raise ShardError(f"{self.path}/manifest.json: damaged: the tile table does not fit")
        self._map = self._map_tiles()
        for i, entry in enumerate(self._entries):
            rows = tile_words(self.words, self.k, i // self.k)
            end = entry.offset + tile_bytes(rows, entry.nnz, entry.fixes)
            if entry.offset % 4 or end > len(self._map):
                raise ShardError(
                    f"{self.path}/tiles.bin: tile {divmod(i, self.k)} should end at {end:,}, the "
                    f"file has {len(self._map):,} bytes: it is cut short or the manifest is damaged"
                )
        self._checked = bytearray(self.k**2)

    def __reduce__(self) -> tuple[Any, ...]:
        """Shards travel between processes as their path and are opened again."""
        return type(self), (self.source,)

    def _read_manifest(self) -> dict[str, Any]:
        path = self.path / "manifest.json"
        if not self.path.is_dir():
            raise ShardError(
                f"{self.path}: not a shard folder"
                if self.path.exists()
                else f"{self.path}: there is no such folder"
            )
        if (self.path / "blocks.json").is_file():
            raise ShardError(
                f"{self.path}: counts in blocks of documents, not one folder of shards: add the "
                "blocks first (Blocks.sum, or `wordvec shards merge`)"
            )
        if not path.exists():
            raise ShardError(
                f"{self.path}: not a shard folder (no manifest.json); an interrupted count goes on "
                "when the same command is given again"
            )
        return read_manifest(path, "shards", VERSION)

    def _map_tiles(self) -> memoryview | remote.Ranges:
        if remote.is_url(self.source):
            return remote.Ranges(f"{self.source.rstrip('/')}/tiles.bin")
        try:
            with open(self.path / "tiles.bin", "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not size:
                    return memoryview(b"")
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError as error:
            raise ShardError(f"{self.path}: tiles.bin is missing") from error

    def __repr__(self) -> str:
        return (
            f"<Shards {self.path}: {self.words:,} words, {self.cells:,} cells in "
            f"{self.k} x {self.k} tiles>"
        )

    @cached_property
    def vocab(self) -> Vocabulary:
        """The words, by rank."""
        try:
            vocab = Vocabulary.load(self.path / "vocab.txt", sort=False)
        except (CorpusError, FileNotFoundError) as error:
            raise ShardError(f"{self.path}: vocab.txt is damaged or missing: {error}") from error
        words = (self.path / "vocab.txt").read_bytes()
        if zlib.crc32(words) != self.manifest.get("vocab_crc32"):
            raise ShardError(
                f"{self.path}/vocab.txt: checksum does not match: damaged; count again"
            )
        if len(vocab) != self.words:
            raise ShardError(
                f"{self.path}: vocab.txt has {len(vocab):,} words, the manifest {self.words:,}"
            )
        return vocab

    @property
    def cells(self) -> int:
        """Stored cells."""
        return sum(entry.nnz for entry in self._entries)

    @cached_property
    def full_cells(self) -> int:
        """Cells of the whole matrix, both triangles."""
        if not self.symmetric:
            return self.cells
        diagonal = 0
        for t in range(self.k):
            tile = self.tile(t, t)
            diagonal += int((tile.rows == tile.cols).sum())
        return 2 * self.cells - diagonal

    @cached_property
    def marginals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Row sums and column sums of the whole matrix, (V,) each."""
        try:
            data = (self.path / "marginals.f64").read_bytes()
        except FileNotFoundError as error:
            raise ShardError(f"{self.path}: marginals.f64 is missing") from error
        if len(data) != 16 * self.words:
            raise ShardError(f"{self.path}/marginals.f64: {len(data)} bytes, not {16 * self.words}")
        both = np.frombuffer(data, "<f8").reshape(2, self.words)
        bad = np.flatnonzero(~(np.isfinite(both) & (both >= 0)))
        if len(bad):
            side, word = divmod(int(bad[0]), self.words)
            raise ShardError(
                f"{self.path}/marginals.f64: the sum of {('row', 'column')[side]} {word} is "
                f"{both[side, word]}; count again"
            )
        if zlib.crc32(data) != self.manifest.get("marginals_crc32"):
            raise ShardError(
                f"{self.path}/marginals.f64: checksum does not match: damaged; count again"
            )
        return both[0], both[1]

    def entry(self, i: int, j: int) -> Entry:
        """The table's row of tile (i, j).

        Parameters
        ----------
        i, j : int
            Row and column of the tile, in [0, k).
        """
        return self._entries[i * self.k + j]

    def tile(self, i: int, j: int) -> Tile:
        """Tile (i, j), mapped.

        Parameters
        ----------
        i, j : int
            Row and column of the tile, in [0, k).

        Raises
        ------
        ShardError
            When it is damaged: its structure and its checksum are verified when it is used first.
        """
        at = i * self.k + j
        tile = split_tile(*self._span(at))
        if not self._checked[at]:
            where = f"{self.path}/tiles.bin: tile {(i, j)}"
            rows, cols = (tile_words(self.words, self.k, t) for t in (i, j))
            if not cooc.tile_check(tile, rows, cols):
                raise ShardError(f"{where} is damaged; count again")
            # Once, when it is used first: a flipped bit of a value looks like any other value.
            if zlib.crc32(self._span(at)[0]) != self._entries[at].crc32:
                raise ShardError(f"{where}: checksum does not match: damaged; count again")
            self._checked[at] = 1
        return tile

    def _span(self, at: int) -> tuple[memoryview, int, int, int]:
        entry = self._entries[at]
        rows = tile_words(self.words, self.k, at // self.k)
        end = entry.offset + tile_bytes(rows, entry.nnz, entry.fixes)
        return self._map[entry.offset : end], rows, entry.nnz, entry.fixes

    def verify(self) -> None:
        """Checks every byte: checksums, structure, sums.

        Raises
        ------
        ShardError
            Naming the first thing that does not hold.
        """
        for name in ("vocab", "marginals"):
            file = self.path / {"vocab": "vocab.txt", "marginals": "marginals.f64"}[name]
            if not file.exists():
                raise ShardError(f"{file}: missing")
            if zlib.crc32(file.read_bytes()) != self.manifest.get(f"{name}_crc32"):
                raise ShardError(f"{file}: checksum does not match: the file is damaged")
        assert self.vocab is not None
        if len(self._map) != self.manifest.get("tiles_bytes"):
            raise ShardError(f"{self.path}/tiles.bin: has {len(self._map):,} bytes, not as written")
        for at, entry in enumerate(self._entries):
            where = f"{self.path}/tiles.bin: tile {divmod(at, self.k)}"
            if zlib.crc32(self._span(at)[0]) != entry.crc32:
                raise ShardError(f"{where}: checksum does not match: the file is damaged")
            tile = self.tile(*divmod(at, self.k))
            if float(tile.values.sum(dtype=np.float64)) != entry.sum:
                raise ShardError(f"{where}: the sum does not match the manifest")

    def __iter__(self) -> Iterator[tuple[int, int, Tile]]:
        """All tiles with their places, row tile by row tile."""
        for i in range(self.k):
            for j in range(self.k):
                yield i, j, self.tile(i, j)

    def row(self, word: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Columns (n,), rising, and values (n,) of a row of the whole matrix.

        Parameters
        ----------
        word : int
            Rank of the word, in [0, V).

        Raises
        ------
        IndexError
            For a rank that is not in [0, V).
        """
        return self.rows([word])[0]

    def rows(self, words: Sequence[int]) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Whole rows, as `row` gives them; one pass over the tiles that hold them.

        Parameters
        ----------
        words : sequence of int
            Ranks of words, in [0, V).

        Raises
        ------
        IndexError
            For a rank that is not in [0, V).
        """
        parts: list[list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = [[] for _ in words]
        wanted: dict[int, list[int]] = {}
        for at, word in enumerate(words):
            if not 0 <= word < self.words:
                raise IndexError(f"row {word} of {self.words}")
            wanted.setdefault(word % self.k, []).append(at)
        for tile_at, places in wanted.items():
            own = [words[at] // self.k for at in places]
            for other in range(self.k):
                tile = self.tile(tile_at, other)
                for at, r in zip(places, own, strict=True):
                    span = slice(int(tile.row_ptr[r]), int(tile.row_ptr[r + 1]))
                    cols = tile.cols[span].astype(np.int64) * self.k + other
                    parts[at].append((cols, tile.values[span].astype(np.float64)))
                if self.symmetric:
                    self._mirrored(other, tile_at, places, words, parts)
        rows = []
        for part in parts:
            cols, values = (np.concatenate(arrays) for arrays in zip(*part, strict=True))
            order = np.argsort(cols, kind="stable")  # sorted runs: one pass each
            rows.append((cols[order], values[order]))
        return rows

    def _mirrored(
        self,
        i: int,
        j: int,
        places: list[int],
        words: Sequence[int],
        parts: list[list[tuple[NDArray[np.int64], NDArray[np.float64]]]],
    ) -> None:
        """Adds to rows words[places] what a symmetric matrix keeps in their columns, in (i, j)."""
        tile = self.tile(i, j)
        wanted = np.array([words[at] // self.k for at in places])
        if len(places) > FEW:
            is_wanted = np.zeros(tile_words(self.words, self.k, j), bool)
            is_wanted[wanted] = True
            among = np.flatnonzero(is_wanted[tile.cols])
            cols = tile.cols[among]
        for at, col in zip(places, wanted.tolist(), strict=True):
            if len(places) > FEW:
                found = among[cols == col]
            else:
                found = np.flatnonzero(tile.cols == np.uint16(col))
            ranks = (np.searchsorted(tile.row_ptr, found, side="right") - 1) * self.k + i
            off = ranks != words[at]  # not the diagonal again
            parts[at].append(
                (ranks[off].astype(np.int64), tile.values[found[off]].astype(np.float64))
            )

    def sparse(self) -> csr_array:
        """The whole matrix, both triangles, as float64 scipy.sparse CSR (V, V)."""
        # Here, and not above: it takes .14 s to load, and whoever opens counts would wait for it.
        from scipy.sparse import coo_array

        rows, cols, values = [], [], []
        for i, j, tile in self:
            r, c = tile.rows * self.k + i, tile.cols.astype(np.int64) * self.k + j
            rows.append(r)
            cols.append(c)
            values.append(tile.values.astype(np.float64))
            if self.symmetric:
                off = r != c
                rows.append(c[off])
                cols.append(r[off])
                values.append(values[-1][off])
        parts = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
        return coo_array(parts, shape=(self.words, self.words)).tocsr()


def _natural(manifest: dict[str, Any], key: str, low: int, high: int) -> int:
    value = manifest[key]
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{key} is {value!r}")
    return value
