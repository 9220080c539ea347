"""safetensors: a file of vectors and words, or the folder of a static embedding.

The format is a u64 length, a JSON header of so many bytes, and the tensors. The folder of a
sentence-transformers StaticEmbedding has `model.safetensors` (embedding.weight), `tokenizer.json`
and `modules.json`; Model2Vec's folders are alike (embeddings).
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import struct
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.formats.stream import MAX_DIMENSIONS, Part, Stream, Table
from wordvec.system.files import write_atomically
from wordvec.system.folders import Kind, write_folder
from wordvec.vectors.vectors import WordVectors

_KINDS = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "uint8": "U8"}
_UNKNOWN = "[UNK]"
_MAX_HEADER = 100_000_000  # bytes, as the library allows
_DTYPES: dict[str, Any] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
}
_FLOATS = ("F64", "F32", "F16", "BF16")
_LENGTH = struct.Struct("<Q")


class _Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    data: NDArray[Any]


def matches(head: bytes) -> bool:
    """Whether it begins with a length and a JSON object."""
    if len(head) < 10 or head[8:9] != b"{":
        return False
    return 2 <= int.from_bytes(head[:8], "little") <= _MAX_HEADER


def read(stream: Stream) -> WordVectors:
    """The vectors of a file that `write` wrote, with counts, contexts and biases."""
    tensors = _tensors(stream)
    rows = _matrix(stream, tensors, "vectors")
    places, letters = tensors.get("offsets"), tensors.get("words")
    if places is None or letters is None:
        stream.fail(
            f"tensors {_named(tensors)} without words; a folder is read that has tokenizer.json "
            "beside model.safetensors",
            8,
        )
    ends = places.data.reshape(-1).astype(np.int64)
    size = letters.data.size
    if places.dtype != "I64" or letters.dtype != "U8" or places.shape != (len(rows) + 1,):
        stream.fail(f"words of {letters.dtype} and offsets {places.dtype} {places.shape}", 8)
    if ends[0] != 0 or ends[-1] != size or (np.diff(ends) < 0).any():
        stream.fail(f"offsets of words that do not rise from 0 to {size:,}", 8)
    text = letters.data.tobytes()
    edges = ends.tolist()
    words = [text[a:b] for a, b in itertools.pairwise(edges)]
    if len(set(words)) != len(words):
        stream.fail("a word is there twice", 8)
    columns: dict[str, Any] = {}
    for name, shape in (
        ("counts", (len(rows),)),
        ("contexts", rows.shape),
        ("biases", (len(rows),)),
        ("context_biases", (len(rows),)),
    ):
        if name in tensors:
            if tensors[name].shape != shape:
                stream.fail(f"{name} of shape {tensors[name].shape}, {shape} expected", 8)
            columns[name] = _numbers(tensors[name])
    return WordVectors(words, rows, **columns)


def _tensors(stream: Stream) -> dict[str, _Tensor]:
    """The tensors of a file, each of which has the bytes that its shape needs."""
    facts = _header(stream)
    start, found = stream.offset, {}
    for begin, end, dtype, shape, name in facts:
        if begin != stream.offset - start:
            stream.fail(f"tensor {name!r} begins at {begin:,}, where it should not", 8)
        data = np.frombuffer(stream.read(end - begin, f"tensor {name!r}"), _DTYPES[dtype])
        found[name] = _Tensor(dtype, shape, data.reshape(shape))
    if not stream.ended:
        stream.fail("more data behind the tensors")
    return found


def _header(stream: Stream) -> list[tuple[int, int, str, tuple[int, ...], str]]:
    """Where each tensor begins and ends behind the header, rising, its type, shape and name."""
    (length,) = _LENGTH.unpack(stream.read(8, "the length of the header"))
    if length > _MAX_HEADER:
        stream.fail(f"a header of {length:,} bytes", 0)
    try:
        header = json.loads(stream.read(length, "the header"))
    except (ValueError, RecursionError) as error:
        stream.fail(f"a header that is no JSON: {error}", 8)
    if not isinstance(header, dict):
        stream.fail("a header that is no JSON object", 8)
    facts = []
    for name, each in header.items():
        if name != "__metadata__":
            facts.append((*_fact(stream, name, each), name))
    return sorted(facts)


class Tensors:
    """A file whose tensors are read one at a time.

    Raises
    ------
    FormatError
        For a file that is damaged: a header that is none, a tensor that the file has no room for.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with Stream.open(path) as stream:
            facts = _header(stream)
            if stream.size is None:
                stream.fail("is compressed: unpack it, so that single tensors can be read", 0)
            self._start = stream.offset
            for _, end, _, _, name in facts:
                if end > stream.size - self._start:
                    stream.fail(f"tensor {name!r} ends behind the file", 8)
        self._facts = {name: (begin, dtype, shape) for begin, _, dtype, shape, name in facts}

    def __contains__(self, name: str) -> bool:
        return name in self._facts

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor of floats; None where there is no such tensor."""
        _, dtype, shape = self._facts.get(name, (0, "", ()))
        return shape if dtype in _FLOATS else None

    def read(self, name: str, row: int | None = None) -> NDArray[np.float64]:
        """A tensor, or one row of it: its part along the first axis."""
        begin, dtype, shape = self._facts[name]
        kind = _DTYPES[dtype]
        if row is not None:
            shape = shape[1:]
            begin += row * math.prod(shape) * kind.itemsize
        n = math.prod(shape)
        data = np.fromfile(self.path, kind, n, offset=self._start + begin)
        if len(data) < n:
            raise FormatError(f"{self.path}: byte {self._start + begin}: {name!r} is cut off")
        return np.asarray(_numbers(_Tensor(dtype, shape, data.reshape(shape))), np.float64)


def _fact(stream: Stream, name: str, each: Any) -> tuple[int, int, str, tuple[int, ...]]:
    """Where a tensor of the header begins and ends, its type and its shape."""
    try:
        dtype, shape, (begin, end) = each["dtype"], tuple(each["shape"]), each["data_offsets"]
    except (KeyError, TypeError, ValueError):
        stream.fail(f"tensor {name!r} lacks dtype, shape or data_offsets", 8)
    if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)) or len(shape) > 8:
        stream.fail(f"tensor {name!r} with shape {shape} at {begin} to {end}", 8)
    if dtype not in _DTYPES:
        stream.fail(f"tensor {name!r} of {dtype!r}; known are {', '.join(_DTYPES)}", 8)
    size = math.prod(shape) * _DTYPES[dtype].itemsize
    if end - begin != size:
        stream.fail(f"tensor {name!r} has {end - begin:,} bytes, its shape needs {size:,}", 8)
    return begin, end, dtype, shape


def _numbers(tensor: _Tensor) -> NDArray[Any]:
    if tensor.dtype == "BF16":
        return (tensor.data.astype(np.uint32) << 16).view(np.float32)
    return tensor.data.astype(np.float32) if tensor.dtype == "F16" else tensor.data


def _matrix(stream: Stream, tensors: dict[str, _Tensor], name: str) -> NDArray[Any]:
    """The tensor of that name, or the only matrix of numbers (V, d)."""
    found = [each for each in tensors.values() if each.dtype in _FLOATS and len(each.shape) == 2]
    if name in tensors:
        found = [tensors[name]]
    if len(found) != 1 or found[0].dtype not in _FLOATS or len(found[0].shape) != 2:
        stream.fail(f"tensors {_named(tensors)}; one matrix of vectors was expected", 8)
    if not 1 <= found[0].shape[1] <= MAX_DIMENSIONS:
        stream.fail(f"vectors of {found[0].shape[1]:,} dimensions", 8)
    return _numbers(found[0])


def _named(tensors: dict[str, _Tensor]) -> str:
    return ", ".join(list(tensors)[:8]) or "(none)"


def find(folder: str | os.PathLike[str]) -> Path | None:
    """The folder with a static embedding in or below a folder, None without one."""
    base = Path(folder)
    for place in (base, *sorted(base.glob("*_StaticEmbedding"))):
        if all((place / name).is_file() for name in ("model.safetensors", "tokenizer.json")):
            return place
    return None


def read_folder(place: Path, part: Part) -> WordVectors:
    """The vectors of a static embedding: those of its tokenizer's words, by their ids.

    A row of zeros for unknown words is left out.
    """
    with Stream.open(place / "model.safetensors") as stream:
        rows = _matrix(stream, _tensors(stream), "embedding.weight")
    path = place / "tokenizer.json"
    words = _vocabulary(path)
    if len(words) != len(rows):
        raise FormatError(f"{path}: byte 0: {len(words):,} words for {len(rows):,} vectors")
    if _UNKNOWN.encode() in words:
        unknown = words.index(_UNKNOWN.encode())
        if not rows[unknown].any():
            rows = np.delete(rows, unknown, axis=0)
            del words[unknown]
    table = Table(rows.shape[1], part)
    table.add(words, rows)
    return table.vectors()


def _vocabulary(path: Path) -> list[bytes]:
    """The words of a tokenizer by their ids, which are 0, 1, 2, ..."""
    try:
        value = json.loads(path.read_bytes())
        vocab = value["model"]["vocab"]
        ids = (
            {token: i for i, (token, _) in enumerate(vocab)}
            if isinstance(vocab, list)
            else dict(vocab)
        )
        for each in value.get("added_tokens") or ():
            ids.setdefault(each["content"], each["id"])
        by_id = {i: token.encode("utf-8", "surrogatepass") for token, i in ids.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: byte 0: no vocabulary can be read: {error}") from error
    if sorted(by_id, key=str) != sorted(range(len(ids)), key=str):
        raise FormatError(f"{path}: byte 0: the ids of {len(ids):,} words are not 0, 1, 2, ...")
    return [by_id[i] for i in range(len(ids))]


def write(vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Writes `vectors` (V, d), `words` (bytes, one after the other) and `offsets` (V + 1,) of the
    words in them; `counts`, `contexts` (V, d), `biases` and `context_biases` where there are
    any."""
    words = [word.encode("utf-8", "surrogateescape") for word in vectors]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    tensors: dict[str, NDArray[Any]] = {
        "vectors": vectors.vectors,
        "words": np.frombuffer(b"".join(words), np.uint8),
        "offsets": offsets,
    }
    for name in ("counts", "contexts", "biases", "context_biases"):
        if (own := getattr(vectors, name)) is not None:
            tensors[name] = own
    with write_atomically(path, force=force) as file:
        _write(file, tensors, {"format": "wordvec"})


def _write(file: IO[bytes], tensors: dict[str, NDArray[Any]], meta: dict[str, str]) -> None:
    header: dict[str, Any] = {"__metadata__": meta}
    at = 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": _KINDS[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + tensor.nbytes],
        }
        at += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for tensor in tensors.values():
        file.write(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)


def write_static(
    vectors: WordVectors, path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Writes the folder that sentence-transformers opens as a StaticEmbedding.

    Texts are split at white space and punctuation; words that are not there count as zeros ([UNK]
    is a row of zeros unless the vectors have one).

    Raises
    ------
    FormatError
        For words that are not UTF-8.
    FileExistsError
        When the folder exists; `force` replaces it only when it is such a folder.
    """
    words = list(vectors)
    bad = next((word for word in words if _escaped(word)), None)
    if bad is not None:
        raise FormatError(f"{path}: a tokenizer cannot hold the word {bad!r}, which is not UTF-8")
    rows = np.asarray(vectors.vectors, np.float32)
    if _UNKNOWN not in vectors:
        words.append(_UNKNOWN)
        rows = np.vstack([rows, np.zeros((1, rows.shape[1]), np.float32)])
    with write_folder(path, STATIC, force=force) as folder:
        with write_atomically(folder / "model.safetensors") as file:
            _write(file, {"embedding.weight": rows}, {"format": "pt"})
        _write_json(folder / "tokenizer.json", _tokenizer(words))
        module = {"idx": 0, "name": "0", "path": "", "type": _MODULE}
        _write_json(folder / "modules.json", [module])


_MODULE = "sentence_transformers.models.StaticEmbedding"


def _has_module(folder: Path) -> bool:
    """Whether a folder is a StaticEmbedding."""
    try:
        return _MODULE in (folder / "modules.json").read_text("utf-8", "replace")
    except OSError:
        return False


STATIC = Kind(
    "a static embedding",
    re.compile(r"model\.safetensors|tokenizer\.json|modules\.json"),
    _has_module,
)


def holds_static(word: bytes) -> bool:
    """Whether a tokenizer can hold a word: it must be UTF-8."""
    return not _escaped(word.decode("utf-8", "surrogateescape"))


def _escaped(word: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in word)


def _tokenizer(words: list[str]) -> dict[str, Any]:
    """The `tokenizers` description of a word-level tokenizer."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate(words)},
            "unk_token": _UNKNOWN,
        },
    }


def _write_json(path: Path, value: Any) -> None:
    with write_atomically(path) as file:
        file.write(json.dumps(value, ensure_ascii=False).encode())
