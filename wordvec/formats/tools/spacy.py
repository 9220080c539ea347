"""spaCy's vectors, read: the `vectors` folder, or the model or package that holds one.

`vectors` is a NumPy array, `key2row` a MessagePack map from the hash of a word to its row, and
`strings.json` the words. Several words may share a row (pruned vectors). sense2vec's folders are
the same, with frequencies. In floret's mode the array has n-grams, and no words are kept.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.formats.arrays.npy import read_array
from wordvec.formats.stream import MAX_GROWTH, SMALL, Part, Stream, Table
from wordvec.formats.tools.floret import vectors_of
from wordvec.text.lines import bytes_of
from wordvec.vectors.vectors import WordVectors

MAX_SEED = (1 << 32) - 1
_FILES = ("vectors", "key2row")
_M, _MASK = 0xC6A4A7935BD1E995, (1 << 64) - 1
_WIDTHS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}  # MessagePack's unsigned integers


def find(folder: str | os.PathLike[str]) -> Path | None:
    """The folder with spaCy's vectors in or below a folder, None without one."""
    base = Path(folder)
    for place in (base, base / "vocab", *sorted(base.glob("*/vocab"))):
        if all((place / name).is_file() for name in _FILES):
            return place
    return None


def read_folder(place: Path, part: Part) -> WordVectors:
    """The vectors of the folder that `find` found, with the frequencies that sense2vec keeps.

    In floret's mode there are no words: every vector comes from n-grams.

    Raises
    ------
    FormatError
        For a file that is damaged or lacking, with its offset.
    """
    options = _json(place / "vectors.cfg", {})
    assert isinstance(options, dict)
    with Stream.open(place / "vectors") as stream:
        rows = read_array(stream)
    mode = options.get("mode", "default")
    if mode == "floret":
        return _floret(place, options, rows)
    if mode != "default":
        raise FormatError(
            f"{place / 'vectors.cfg'}: byte 0: vectors of mode {mode!r}; 'default' and 'floret' "
            "are read"
        )
    strings = _json(_strings(place), [])
    if not isinstance(strings, list) or not all(isinstance(each, str) for each in strings):
        raise FormatError(f"{_strings(place)}: byte 0: a list of strings was expected")
    with Stream.open(place / "key2row") as stream:
        row_of = _map(stream)
    bad = next((row for row in row_of.values() if row >= len(rows)), None)
    if bad is not None:
        raise FormatError(f"{place / 'key2row'}: byte 0: row {bad} of {len(rows)}")
    words = {}
    for text in strings:
        word = text.encode("utf-8", "surrogatepass")
        key = murmur64(word)
        if key in row_of:
            words[key] = word
    found = [(words[key], row) for key, row in row_of.items() if key in words]
    _check_growth(place, 4 * len(found) * rows.shape[1])
    table = Table(rows.shape[1], part)
    table.add(
        [word for word, _ in found],
        rows[np.array([row for _, row in found], np.int64)].astype(np.float32),
    )
    wv = table.vectors()
    if len(found) < len(row_of):
        wv.meta["words_without_a_string"] = len(row_of) - len(found)
    frequencies = place / "freqs.json"
    if frequencies.is_file():
        wv.counts = _counts(frequencies, wv)
    return wv


def _check_growth(place: Path, needed: int) -> None:
    """FormatError where many words share few rows: each gets a row of its own."""
    size = sum(path.stat().st_size for path in place.iterdir() if path.is_file())
    if needed > max(SMALL, MAX_GROWTH * size):
        raise FormatError(
            f"{place / 'key2row'}: byte 0: the vectors of its words would take {needed:,} bytes, "
            f"more than {MAX_GROWTH} times the {size:,} of the folder"
        )


def _floret(place: Path, options: dict[str, Any], rows: NDArray[Any]) -> WordVectors:
    """The n-grams of floret's mode."""
    lawful = {"minn": (1, 255), "maxn": (1, 255), "hash_count": (1, 4), "hash_seed": (0, MAX_SEED)}
    numbers: list[int] = []
    for name, (least, most) in lawful.items():
        number = options.get(name)
        if type(number) is not int or not least <= number <= most:
            raise FormatError(f"{place / 'vectors.cfg'}: byte 0: {name} is {number!r}")
        numbers.append(number)
    if (options.get("bow"), options.get("eow")) != ("<", ">"):
        raise FormatError(f"{place / 'vectors.cfg'}: byte 0: marks other than < and >")
    if numbers[0] > numbers[1] or not len(rows):
        raise FormatError(
            f"{place / 'vectors.cfg'}: byte 0: {len(rows)} rows for n-grams of {numbers[0]} to "
            f"{numbers[1]} characters"
        )
    return vectors_of(rows, *numbers)


def _counts(path: Path, wv: WordVectors) -> NDArray[np.int64]:
    """The frequencies that sense2vec keeps: a list of (hash of a word, frequency)."""
    pairs = _json(path, [])
    assert isinstance(pairs, list)
    known = {}
    for pair in pairs:
        whole = isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)
        if not whole or not 0 <= pair[1] < 1 << 63:
            raise FormatError(
                f"{path}: byte 0: {str(pair)[:40]} where a hash and a count should be"
            )
        known[pair[0]] = pair[1]
    words = (bytes_of(word) for word in wv)
    return np.array([known.get(murmur64(word), 0) for word in words], np.int64)


def _strings(place: Path) -> Path:
    beside = place / "strings.json"
    return beside if beside.is_file() else place.parent / "strings.json"


def _json(path: Path, default: object) -> object:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        if isinstance(default, dict):
            return default
        raise FormatError(f"{path}: is not there; it has the words of the vectors") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: byte 0: not JSON: {error}") from error
    if not isinstance(value, type(default)):
        raise FormatError(f"{path}: byte 0: a {type(default).__name__} was expected")
    return value


def _map(stream: Stream) -> dict[int, int]:
    """A MessagePack map from whole numbers to whole numbers."""
    first = stream.read(1, "a map")[0]
    if first & 0xF0 == 0x80:
        count = first & 0x0F
    elif first in (0xDE, 0xDF):
        form = ">H" if first == 0xDE else ">I"
        (count,) = struct.unpack(form, stream.read(struct.calcsize(form), "a map"))
    else:
        stream.fail("no MessagePack map", 0)
    found: dict[int, int] = {}
    for _ in range(count):
        key = _whole(stream)
        found[key] = _whole(stream)
    if not stream.ended:
        stream.fail("more data behind the map")
    return found


def _whole(stream: Stream) -> int:
    first = stream.read(1, "a number")[0]
    if first < 0x80:
        return first
    if first not in _WIDTHS:
        stream.fail(f"byte {first:#x} where a whole number was expected")
    return int.from_bytes(stream.read(_WIDTHS[first], "a number"), "big")


def murmur64(data: bytes, seed: int = 1) -> int:
    """MurmurHash64A, which spaCy numbers strings by."""
    h = (seed ^ len(data) * _M) & _MASK
    full = len(data) & ~7
    for (k,) in struct.iter_unpack("<Q", data[:full]):
        k = k * _M & _MASK
        k = (k ^ k >> 47) * _M & _MASK
        h = (h ^ k) * _M & _MASK
    if full < len(data):
        h = (h ^ int.from_bytes(data[full:], "little")) * _M & _MASK
    h = (h ^ h >> 47) * _M & _MASK
    return h ^ h >> 47
