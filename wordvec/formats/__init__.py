"""Reading and writing the files of other programs; `load` tells them by their content."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from wordvec.errors import FormatError, StoreError
from wordvec.estimator import Option
from wordvec.formats.notes import beyond, dropped
from wordvec.formats.refused import refuse, refuse_commas
from wordvec.formats.stream import Part, Stream, split_member
from wordvec.system import remote
from wordvec.system.files import WV_MAGIC, check_target, scratch_file, words_path
from wordvec.system.folders import check_folder
from wordvec.text.lines import bytes_of, read_words
from wordvec.vectors.vectors import WordVectors

log = logging.getLogger("wordvec")


@dataclass(frozen=True)
class Format:
    """One foreign format: the module that knows it and what that module can do.

    Such a module has `matches(head) -> bool` and `read(stream) -> WordVectors`; for a `folder`
    `find(path) -> Path | None` and `read_folder(path, part)`; and, where it can write, the function
    `writer`, called as `write(vectors, path, force=)`. `holds(word) -> bool` says which words
    (bytes) the format can hold, where it cannot hold all.
    """

    module: str
    suffixes: tuple[str, ...] = ()
    reads: bool = True
    folder: bool = False
    writer: str | None = None
    holds: str | None = None
    keeps_meta: bool = False

    def load(self) -> Any:
        return importlib.import_module(f"wordvec.formats.{self.module}")


# In the order in which contents are compared: those with a magic number first, text last.
FORMATS: dict[str, Format] = {
    "fasttext": Format("tools.fasttext"),
    "finalfusion": Format("tools.finalfusion", (".fifu",)),
    "parquet": Format("arrays.parquet", (".parquet",), writer="write", keeps_meta=True),
    "npy": Format("arrays.npy", (".npy",), writer="write", holds="holds"),
    "hdf5": Format("arrays.hdf5", (".h5", ".hdf5")),
    "magnitude": Format("arrays.magnitude", (".magnitude",)),
    "safetensors": Format("arrays.safetensors", (".safetensors",), writer="write"),
    "floret": Format("tools.floret", (".floret",)),
    "word2vec": Format("plain.word2vec", (".bin",), writer="write_binary", holds="holds_binary"),
    "word2vec-text": Format(
        "plain.word2vec", (".txt", ".vec"), reads=False, writer="write_text", holds="holds_text"
    ),
    "csv": Format("plain.table", (".csv", ".tsv")),
    "glove": Format("plain.glove", (".glove",), writer="write", holds="holds"),
    "static-embedding": Format(
        "arrays.safetensors",
        reads=False,
        folder=True,
        writer="write_static",
        holds="holds_static",
    ),
    "spacy": Format("tools.spacy", reads=False, folder=True),
    "glove-v": Format("tools.glove_v", reads=False, folder=True),
}


def load(
    path: str | os.PathLike[str],
    *,
    limit: Annotated[
        int | None, Option(help="Only the first so many words.", none="all", at_least=0)
    ] = None,
    words: Iterable[str | bytes] | str | os.PathLike[str] | None = None,
    min_count: Annotated[
        int | None,
        Option(
            help="Only words that occur so often; the file must have counts.",
            none="all",
            at_least=1,
        ),
    ] = None,
    verify: bool = False,
    mmap: bool = True,
) -> WordVectors:
    """The vectors of a file: a .wv store, or a foreign file whose content says what it is.

    Foreign files may be compressed (gzip, bzip2, xz, lzma; zip and tar: of several files in an
    archive, `ARCHIVE:MEMBER` names one). A file whose name ends in .wv is a store or an error.

    Parameters
    ----------
    path : path
        A URL (s3://bucket/v.wv) is copied once to this machine, see `wordvec.system.remote`.
    limit : int, optional
        Only the first so many words. What comes after them is not read.
    words : list of words, or path of a list with a word per line, optional
        Of these, only the words given here; those that are not there are passed over.
    min_count : int, optional
        Only words that occur so often; for files that have counts.
    verify : bool
        Check all of a .wv file before it is used; foreign files have no checksums.
    mmap : bool
        False reads a .wv file into memory instead of mapping it; see `WordVectors.open`. A pipe is
        always read whole.

    Raises
    ------
    StoreError, FormatError
        For a file that is damaged or of no known format; the message has the offset.
    ValueError
        For `min_count` and a file without counts.
    OSError
    """
    if limit is not None and (not isinstance(limit, int | np.integer) or limit < 0):
        raise ValueError(f"limit must be a whole number >= 0, got {limit!r}")
    if remote.is_url(path):
        path = remote.local_copy(path)
    wanted = None if words is None else frozenset(_word_set(words))
    part = Part(limit, wanted)
    if not os.path.isdir(path) and _is_pipe(path):
        with open(path, "rb") as pipe, scratch_file() as copy:
            shutil.copyfileobj(pipe, copy, 1 << 20)
            copy.flush()
            vectors = _load(f"/proc/self/fd/{copy.fileno()}", part, verify, mmap=False)
    else:
        vectors = _load(path, part, verify, mmap)
    return _part(vectors, limit, wanted, min_count, path)


def _is_pipe(path: str | os.PathLike[str]) -> bool:
    """Whether a file can be read once only; one that is missing is told by whoever opens it."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


def _load(path: str | os.PathLike[str], part: Part, verify: bool, mmap: bool) -> WordVectors:
    if os.path.isdir(path):
        return _folder(path, part)
    file, member = split_member(path)
    with open(file, "rb") as opened:
        start = opened.read(len(WV_MAGIC))
    if start == WV_MAGIC:
        return WordVectors.open(path, verify=verify, mmap=mmap)
    with Stream.open(file, member) as stream:
        stream.part = part
        head = stream.peek(4096)
        refuse(stream, head)
        # A name that says so is believed, so that a damaged store is not taken for something else.
        if os.fspath(path).endswith(".wv"):
            raise StoreError(_no_store(path, head))
        for each in FORMATS.values():
            if each.reads and each.load().matches(head):
                with np.errstate(all="ignore"):  # a file's numbers may be anything
                    vectors = each.load().read(stream)
                assert isinstance(vectors, WordVectors)
                if stream.beyond:
                    log.warning("%s", beyond(stream.name, stream.beyond))
                return vectors
        refuse_commas(stream, head)
        raise FormatError(f"{stream.name}: byte 0: no known format: {head[:16]!r}")


def _folder(path: str | os.PathLike[str], part: Part) -> WordVectors:
    for each in FORMATS.values():
        place = each.load().find(path) if each.folder else None
        if place is not None:
            with np.errstate(all="ignore"):  # a file's numbers may be anything
                vectors = each.load().read_folder(place, part)
            assert isinstance(vectors, WordVectors)
            return vectors
    raise IsADirectoryError(
        f"{os.fspath(path)}: is a directory with neither spaCy's vectors (`vectors` and `key2row`) "
        "nor a static embedding (`model.safetensors` and `tokenizer.json`) nor GloVe-V's "
        "(`vectors.safetensors` and `vocab.txt`)"
    )


def _word_set(words: Iterable[str | bytes] | str | os.PathLike[str]) -> list[bytes]:
    if isinstance(words, (str, os.PathLike)):
        return read_words(words)
    given = list(words) if isinstance(words, Iterable) else [words]
    bad = [word for word in given if not isinstance(word, str | bytes)]
    if bad:
        raise TypeError(f"words must be a list of words, or the path of one, got {bad[0]!r}")
    return [bytes_of(word) for word in given]


def _part(
    vectors: WordVectors,
    limit: int | None,
    words: frozenset[bytes] | None,
    min_count: int | None,
    path: str | os.PathLike[str],
) -> WordVectors:
    """What is wanted of vectors, where the reader has not left the rest out already."""
    if min_count is not None and vectors.counts is None:
        raise ValueError(f"{os.fspath(path)}: has no counts, which min_count needs")
    if limit is None and words is None and min_count is None:
        return vectors
    ids = np.arange(len(vectors) if limit is None else min(limit, len(vectors)))
    if words is not None:
        own = vectors.get_ids(list(words), strict=False)
        ids = np.intersect1d(ids, own)
    if min_count is not None:
        assert vectors.counts is not None
        ids = ids[vectors.counts[ids] >= min_count]
    return vectors if len(ids) == len(vectors) else vectors.select(ids)


def _no_store(path: str | os.PathLike[str], head: bytes) -> str:
    """Why a file named .wv is none."""
    kind = next(
        (name for name, each in FORMATS.items() if each.reads and each.load().matches(head)), None
    )
    what = f"it looks like {kind}: rename it" if kind else "it is damaged, or of another program"
    return f"{os.fspath(path)}: not a .wv file, though its name says so; {what}"


def save(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    force: bool = False,
) -> None:
    """Writes vectors in the format of that name, or of the path's suffix.

    Raises
    ------
    ValueError
        For a format that is not known or cannot be written.
    FormatError
        For vectors that the format cannot hold.
    """
    _writer(format or _by_suffix(path))(vectors, path, force=force)


def holdable(
    vectors: WordVectors, path: str | os.PathLike[str], *, format: str | None = None
) -> tuple[WordVectors, list[str]]:
    """The vectors without the words that the format cannot hold, and these words."""
    each = FORMATS.get(format or _by_suffix(path))
    if each is None or each.holds is None:
        return vectors, []
    holds = getattr(each.load(), each.holds)
    bad = [i for i, word in enumerate(vectors) if not holds(bytes_of(word))]
    if not bad:
        return vectors, []
    kept = np.delete(np.arange(len(vectors)), bad)
    return vectors.select(kept), [vectors.index_to_key[i] for i in bad]


def losses(
    vectors: WordVectors, path: str | os.PathLike[str], *, format: str | None = None
) -> list[str]:
    """What a file of that format does not keep of the vectors, as sentences."""
    name = format or _by_suffix(path)
    return [] if name == "wv" else dropped(vectors, name, keeps_meta=FORMATS[name].keeps_meta)


def check(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str] | None] = (),
) -> None:
    """Raises what `save` would raise for this path and format, before any work is done; `inputs`
    are never replaced."""
    name = format or _by_suffix(path)
    _writer(name)
    if name == "static-embedding":
        from wordvec.formats.arrays.safetensors import STATIC

        check_folder(path, STATIC, force=force, inputs=inputs)
    else:
        for each in (path, *([words_path(path)] if name == "npy" else [])):
            check_target(each, force=force, inputs=inputs)


def _writer(name: str) -> Callable[..., None]:
    if name == "wv":
        return WordVectors.write
    each = FORMATS.get(name)
    if each is None or each.writer is None:
        known = ", ".join(name for name, each in FORMATS.items() if each.writer)
        raise ValueError(f"no format {name!r} to write; one of: wv, {known}")
    writer: Callable[..., None] = getattr(each.load(), each.writer)
    return writer


def _by_suffix(path: str | os.PathLike[str]) -> str:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix == ".wv":
        return "wv"
    for name, each in FORMATS.items():
        if suffix in each.suffixes and each.writer:
            return name
    raise ValueError(f"{os.fspath(path)}: no format is known by {suffix!r}; give format=NAME")


def card(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a file of vectors holds, as a flat record: sizes, sections and metadata."""
    vectors = load(path)
    record: dict[str, Any] = {"words": len(vectors), "dimensions": vectors.vector_size}
    record.update(vectors.sections())
    record.update({f"meta.{key}": value for key, value in vectors.meta.items()})
    return record
