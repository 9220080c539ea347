"""The .wv file: sections of one file, written whole or not at all, mapped and checked.

docs/reference/store-format.md is the format. Opening reads the header and the section table and
nothing else of a large file, so it takes the same time at any size. What opening has not checked is
checked where it is used; `verify` checks everything.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import StoreError
from wordvec.native.vectors import store as native
from wordvec.system.files import WV_MAGIC, write_atomically

Bytes: TypeAlias = NDArray[np.uint8]
Array: TypeAlias = NDArray[Any]

MAJOR, MINOR = 1, 0

# Section types.
STRINGS, INDEX, SORTED, CASEFOLD, META = 1, 2, 3, 4, 5
VECTORS, NORMS, COUNTS, BIAS = 16, 17, 18, 19
CONTEXT, CONTEXT_BIAS, COARSE, SKETCH, VARIANCE = 20, 21, 22, 23, 24
NGRAM, INDUCTION, TYPO, ANN = 32, 33, 34, 35
NAMES = {
    STRINGS: "strings",
    INDEX: "index",
    SORTED: "sorted",
    CASEFOLD: "casefold",
    META: "meta",
    VECTORS: "vectors",
    NORMS: "norms",
    COUNTS: "counts",
    BIAS: "bias",
    CONTEXT: "context",
    CONTEXT_BIAS: "context-bias",
    COARSE: "coarse",
    SKETCH: "sketch",
    VARIANCE: "variance",
    NGRAM: "ngram",
    INDUCTION: "induction",
    TYPO: "typo",
    ANN: "ann",
}
NEEDED = frozenset({STRINGS, INDEX, SORTED, VECTORS})
MATRICES = frozenset({VECTORS, CONTEXT, COARSE, SKETCH, VARIANCE, NGRAM, INDUCTION})

# Element types; I8 and BITS have a float32 a row behind the codes, PQ a codebook.
U8, F32, F64, F16, BF16, I8, PQ, U32, U64, I64, BITS = range(11)
_SIZES = {U8: 1, F32: 4, F64: 8, F16: 2, BF16: 2, U32: 4, U64: 8, I64: 8}
_NUMPY = {
    U8: "u1",
    F32: "<f4",
    F64: "<f8",
    F16: "<f2",
    BF16: "<u2",
    U32: "<u4",
    U64: "<u8",
    I64: "<i8",
}
DTYPE_NAMES = {F32: "f32", F64: "f64", F16: "f16", BF16: "bf16", I8: "int8", PQ: "pq"}
ENCODINGS = tuple(DTYPE_NAMES)  # what vectors may be written in
PQ_CENTROIDS = 256
BITS_BLOCK = 64  # rows

IGNORABLE = 1  # section flag: a reader that does not know the type may pass over it

_HEADER = struct.Struct("<8sHHIQQII20xI")
_ENTRY = struct.Struct("<IIQQQQIIQII")
_MUST_UNDERSTAND = 0xFFFF  # header flags; none is defined yet, the upper half may be ignored
_ALIGN, _PAGE = 64, 4096
_MAX_SECTIONS = 1024
_MAX_META = 1 << 20
_EAGER = 1 << 18  # bytes of words, index and metadata that opening verifies: well under 1 ms


def align(n: int, to: int = _ALIGN) -> int:
    """The next multiple of `to`."""
    return -(-n // to) * to


def matrix_bytes(dtype: int, rows: int, cols: int, parts: int) -> int:
    """Length of a section of that shape; -1 where the combination does not exist."""
    if dtype == I8:
        return align(rows * cols) + 4 * rows
    if dtype == BITS:
        return align(rows, BITS_BLOCK) // BITS_BLOCK * 32 * (align(cols, 4) // 4) + 4 * rows
    if dtype == PQ:
        if not 0 < parts <= cols or cols % parts:
            return -1
        return align(rows * parts) + PQ_CENTROIDS * 4 * cols
    return rows * cols * _SIZES[dtype] if dtype in _SIZES else -1


@dataclass(frozen=True, eq=False)
class Section:
    """One section: what the table says of it, and its bytes as one or several buffers.

    `aux` is the longest probe of an index, the number of parts of a PQ matrix; `params` is for the
    section's own use (see docs/reference/store-format.md).
    """

    type: int
    rows: int
    cols: int
    dtype: int
    data: Sequence[Bytes]
    aux: int = 0
    params: int = 0
    flags: int = 0
    checksum: int | None = None
    where: int = 0

    @property
    def length(self) -> int:
        return sum(part.nbytes for part in self.data)

    @property
    def name(self) -> str:
        return NAMES.get(self.type, f"type {self.type}")

    def array(self) -> Array:
        """The section as one array (rows, cols) of its element type, without a copy."""
        return self.data[0].view(_NUMPY[self.dtype]).reshape(self.rows, self.cols)

    def crc(self) -> int:
        value = 0
        for part in self.data:
            value = zlib.crc32(part.data, value)
        return value


def section(
    type: int, values: Array, *, dtype: int | None = None, aux: int = 0, params: int = 0
) -> Section:
    """A section of a numpy array of one or two dimensions."""
    values = np.ascontiguousarray(values)
    kind = values.dtype.newbyteorder("<").str.lstrip("|<")
    if dtype is None:
        dtype = next(code for code, name in _NUMPY.items() if name.lstrip("<") == kind)
    rows, cols = values.shape if values.ndim == 2 else (len(values), 1)
    data = [values.reshape(-1).view(np.uint8)]
    flags = 0 if type in NEEDED else IGNORABLE
    return Section(type, rows, cols, dtype, data, aux=aux, params=params, flags=flags)


def meta_section(meta: Mapping[str, Any]) -> Section:
    """The metadata as JSON; ValueError when it cannot be, or is above 1 MiB."""
    try:
        text = json.dumps(dict(meta), ensure_ascii=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"meta must be a dict that JSON can hold: {error}") from error
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _MAX_META:
        raise ValueError(f"meta has {len(data):,} bytes as JSON; at most {_MAX_META:,} fit")
    return section(META, np.frombuffer(data, np.uint8))


class Store:
    """An opened .wv file: its sections, mapped into memory and shared with other readers.

    Parameters
    ----------
    path : path, or None
    verify : bool
        Check every checksum and every word now instead of structure where it is used.
    data : bytearray, optional
        The bytes of such a file, without a path.

    Raises
    ------
    StoreError
        For a file that is not a store, damaged, truncated or of a newer major version.
    OSError
        For a file that cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        *,
        verify: bool = False,
        mapped: bool = True,
        data: bytearray | None = None,
    ) -> None:
        self.path = None if path is None else os.fspath(path)
        self._name = "the vectors in memory" if path is None else os.fspath(path)
        if path is not None and not mapped:
            with open(path, "rb") as file:
                data = bytearray(file.read())
            if len(data) < _HEADER.size or not data.startswith(WV_MAGIC):
                raise StoreError(f"{self._name}: truncated, or not a .wv file")
            self.path = None  # what is in memory does not depend on the file any more
        self._buffer = np.frombuffer(self._open() if data is None else data, np.uint8)
        table = self._read_table()
        self.sections = {each.type: each for each in table if each.type in NAMES}
        # Kept as they are when the vectors are saved again.
        self.unknown = [each for each in table if each.type not in NAMES]
        for needed in NEEDED:
            if needed not in self.sections:
                raise self.damaged(f"the section {NAMES[needed]!r} is missing")
        structure = [self.sections[t] for t in (STRINGS, INDEX, SORTED, META) if t in self.sections]
        self._checked = sum(each.length for each in structure) <= _EAGER
        if self._checked:
            for each in structure:
                self._check(each)
        self.words = WordList.from_sections(self)
        if verify:
            self.verify()

    @property
    def header(self) -> bytes:
        """The header, which has the checksums of the table and so of all sections."""
        return bytes(self._buffer[: _HEADER.size])

    def damaged(self, what: str) -> StoreError:
        """The error for something that this file should not hold."""
        return StoreError(f"{self._name}: {what}; fetch or write the file again")

    def _open(self) -> mmap.mmap:
        assert self.path is not None
        if sys.byteorder != "little":
            raise StoreError(f"{self._name}: stores are read on little-endian machines only")
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _HEADER.size:
                start = file.read(len(WV_MAGIC))
                if start != WV_MAGIC[: len(start)] or not start:
                    raise StoreError(f"{self._name}: not a .wv file; `wordvec.load` reads others")
                raise self.damaged(f"truncated: {size} bytes, fewer than a header has")
            try:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:
                raise StoreError(f"{self._name}: cannot be mapped: {error}") from error

    def _read_table(self) -> list[Section]:
        header = self.header
        if len(header) < _HEADER.size:
            raise self.damaged(f"truncated: {len(header)} bytes, fewer than a header has")
        magic, major, minor, flags, length, start, count, table_crc, crc = _HEADER.unpack(header)
        if magic != WV_MAGIC:
            raise StoreError(f"{self._name}: not a .wv file; `wordvec.load` reads others")
        if major != MAJOR:
            raise StoreError(
                f"{self._name}: format {major}.{minor}; this program reads {MAJOR}.x: "
                "update wordvec"
            )
        if zlib.crc32(header[:-4]) != crc:
            raise self.damaged("the header's checksum is wrong")
        if flags & _MUST_UNDERSTAND:
            raise StoreError(
                f"{self._name}: uses a feature that this program does not know (flags {flags:#x}): "
                "update wordvec"
            )
        if length != len(self._buffer):
            raise self.damaged(f"{len(self._buffer)} bytes instead of {length}")
        if count > _MAX_SECTIONS or start % _ALIGN or start < _HEADER.size:
            raise self.damaged(f"a section table of {count} entries at byte {start}")
        end = start + count * _ENTRY.size
        if end > length:
            raise self.damaged(f"the section table ends at byte {end} of {length}")
        table = bytes(self._buffer[start:end])
        if zlib.crc32(table) != table_crc:
            raise self.damaged("the section table's checksum is wrong")
        return self._check_table([*_ENTRY.iter_unpack(table)], start, end)

    def _check_table(
        self, entries: Sequence[tuple[int, ...]], start: int, end: int
    ) -> list[Section]:
        spans = [(0, _HEADER.size, "the header"), (start, end, "the section table")]
        found: list[Section] = []
        for type_, flags, offset, length, rows, cols, dtype, aux, params, crc, zero in entries:
            name = NAMES.get(type_)
            if name is None and not flags & IGNORABLE:
                raise StoreError(
                    f"{self._name}: has a section of type {type_} that this program does not know: "
                    "update wordvec"
                )
            name = name or f"type {type_}"
            if offset % _ALIGN or offset + length > len(self._buffer) or zero:
                raise self.damaged(f"section {name!r}: {length} bytes at byte {offset}")
            shaped = type_ in NAMES and type_ != STRINGS
            if shaped and length != matrix_bytes(dtype, rows, cols, aux):
                raise self.damaged(
                    f"section {name!r}: {length} bytes for {rows} x {cols} of type {dtype}"
                )
            if type_ in NAMES and any(each.type == type_ for each in found):
                raise self.damaged(f"section {name!r} is there twice")
            if length:
                spans.append((offset, offset + length, name))
            data = self._buffer[offset : offset + length]
            found.append(Section(type_, rows, cols, dtype, [data], aux, params, flags, crc, offset))
        spans.sort()
        for (_, stop, one), (begin, _, other) in itertools.pairwise(spans):
            if begin < stop:
                raise self.damaged(f"{one} and {other} overlap at byte {begin}")
        return found

    def _check(self, each: Section) -> None:
        if each.crc() != each.checksum:
            raise self.damaged(f"section {each.name!r} (byte {each.where}): the checksum is wrong")

    def meta(self) -> dict[str, Any]:
        """The metadata; StoreError when it is not a JSON object."""
        each = self.sections.get(META)
        if each is None:
            return {}
        if each.length > _MAX_META:
            raise self.damaged(f"the metadata has {each.length} bytes, more than {_MAX_META}")
        if not self._checked:
            self._check(each)
        try:
            value = json.loads(each.data[0].tobytes().decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"the metadata is not JSON ({type(error).__name__})") from error
        if not isinstance(value, dict):
            raise self.damaged("the metadata is not a JSON object")
        return value

    def rows(self, type: int, rows: int, cols: int | None, *dtypes: int) -> Section | None:
        """The section of that type, None without one; StoreError when its shape is another."""
        each = self.sections.get(type)
        if each is None:
            return None
        if each.rows != rows or cols not in (None, each.cols) or each.dtype not in dtypes:
            raise self.damaged(
                f"section {each.name!r} is {each.rows} x {each.cols} of type {each.dtype}, "
                f"not {rows} rows" + ("" if cols is None else f" x {cols}")
            )
        return each

    def verify(self) -> None:
        """Checks every checksum and that words, index and order agree; StoreError if not."""
        for each in (*self.sections.values(), *self.unknown):
            self._check(each)
        self.words.native.verify()
        self.meta()
        self.words.native.trust()


@dataclass(frozen=True, eq=False)
class WordList:
    """Words by id and by spelling, in the layout of the file whether mapped or in memory."""

    offsets: NDArray[np.uint64]
    data: Bytes
    slots: Bytes
    order: Bytes
    longest: int
    wide: bool
    native: native.Words = field(repr=False)
    damaged: Callable[[str], Exception] = field(repr=False, default=ValueError)

    def __len__(self) -> int:
        return len(self.native)

    @classmethod
    def pack(cls, words: Iterable[str | bytes], *, wide: bool = False) -> WordList:
        """The words in order of id, with their index and order.

        Raises
        ------
        ValueError
            For a word that is there twice, or one with a surrogate that stands for no byte.
        """
        items = words if isinstance(words, list) else list(words)
        wide = wide or len(items) >= 2**32 - 1
        offsets = np.empty(len(items) + 1, np.uint64)
        try:
            native.measure(items, offsets)
        except UnicodeEncodeError as error:
            raise ValueError(f"a word cannot be encoded: {error.object!r}") from error
        data = np.empty(int(offsets[-1]), np.uint8)
        native.fill(items, offsets, data)
        none = np.empty(0, np.uint8)
        table = native.Words(offsets, data, none, 0, none, wide, True, ValueError)
        slots = np.zeros(n_slots(len(items)) * (16 if wide else 8), np.uint8)
        longest = table.index(slots, np.empty(len(items), np.uint64))
        order = np.empty(len(items) * (8 if wide else 4), np.uint8)
        table.sort(order)
        return cls(offsets, data, slots, order, longest, wide, table)

    @classmethod
    def from_sections(cls, store: Store) -> WordList:
        """The words of an opened file; its sections' shapes are checked, its contents are not."""
        strings, index, order = (store.sections[t] for t in (STRINGS, INDEX, SORTED))
        count = strings.rows
        head = 8 * (count + 1)
        wide = index.cols == 16
        if strings.length < head or strings.dtype != U8:
            raise store.damaged(f"{strings.length} bytes do not hold {count} words")
        if index.cols not in (8, 16) or index.dtype != U8 or index.rows <= count:
            raise store.damaged(f"the index has {index.rows} x {index.cols} bytes")
        store.rows(SORTED, count, 1, U64 if wide else U32)
        vectors = store.rows(VECTORS, count, None, *ENCODINGS)
        if vectors is not None and vectors.cols == 0:
            raise store.damaged("the vectors have no dimensions")
        offsets = strings.data[0][:head].view("<u8")
        data = strings.data[0][head:]
        slots, by_bytes = index.data[0], order.data[0]
        if offsets[0] != 0 or int(offsets[-1]) != len(data):
            raise store.damaged("the word list does not end where its section ends")
        table = native.Words(
            offsets, data, slots, index.aux, by_bytes, wide, store._checked, store.damaged
        )
        return cls(offsets, data, slots, by_bytes, index.aux, wide, table, store.damaged)

    def sections(self) -> list[Section]:
        """The three sections that hold the words."""
        count, width = len(self), 16 if self.wide else 8
        return [
            Section(STRINGS, count, 0, U8, [self.offsets.view(np.uint8), self.data]),
            Section(INDEX, len(self.slots) // width, width, U8, [self.slots], self.longest),
            Section(SORTED, count, 1, U64 if self.wide else U32, [self.order]),
        ]


def n_slots(words: int) -> int:
    """Slots of an index: the least power of two with a load of at most one half."""
    return 1 << max(1, 2 * words - 1).bit_length()


def write(
    path: str | os.PathLike[str], sections: Iterable[Section], *, force: bool = False
) -> None:
    """Writes a store whole or not at all.

    Raises
    ------
    FileExistsError
        When the file exists and `force` is false.
    """
    with write_atomically(path, force=force) as file:
        for part in _layout(list(sections)):
            file.write(part)


def dump(sections: Iterable[Section]) -> bytearray:
    """The bytes that a file of these sections has."""
    data = bytearray()
    for part in _layout(list(sections)):
        data += part
    return data


def _layout(sections: Sequence[Section]) -> Iterator[bytes | memoryview]:
    """The bytes of a file, one part after the other."""
    table_end = _HEADER.size + len(sections) * _ENTRY.size
    entries, places, at = [], [], table_end
    for each in sections:
        at = align(at, _PAGE if each.type in MATRICES else _ALIGN)
        entries.append(
            _ENTRY.pack(
                each.type,
                each.flags,
                at,
                each.length,
                each.rows,
                each.cols,
                each.dtype,
                each.aux,
                each.params,
                each.crc(),
                0,
            )
        )
        places.append(at)
        at += each.length
    table = b"".join(entries)
    # The last section always ends the file, also when it is empty.
    header = _HEADER.pack(
        WV_MAGIC, MAJOR, MINOR, 0, at, _HEADER.size, len(sections), zlib.crc32(table), 0
    )[:-4]
    yield header + struct.pack("<I", zlib.crc32(header)) + table
    at = table_end
    for each, place in zip(sections, places, strict=True):
        yield bytes(place - at)
        for part in each.data:
            yield part.data
        at = place + each.length
