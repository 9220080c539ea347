"""safetensors, written: a file of vectors and words, or the folder of a StaticEmbedding.

The format is a u64 length, a JSON header of so many bytes, and the tensors. sentence-transformers'
StaticEmbedding is a folder with `model.safetensors` (embedding.weight), a `tokenizer.json` and a
`modules.json`.
"""

from __future__ import annotations

import json
import os
import re
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordvec.errors import FormatError
from wordvec.files import write_atomically
from wordvec.folders import Kind, write_folder
from wordvec.vectors.vectors import WordVectors

_KINDS = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "uint8": "U8"}
_UNKNOWN = "[UNK]"


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
