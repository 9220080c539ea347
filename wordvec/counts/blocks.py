"""Counts in blocks of documents: shards of one vocabulary that add up to those of the whole text.

The documents of a corpus are dealt to G blocks and each block is counted into shards of its own,
from one reading of the text. A sum of blocks with multiplicities is then the count of any resample
of the documents: bootstraps, periods and shuffled controls never read the text again.

The folder holds block-0000, block-0001 ... (shard folders), counts.i64 (how often each word stands
in each block) and blocks.json. It is written beside its place and renamed when complete.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import numpy as np

from wordvec.counts.counting.count import Memory, count
from wordvec.counts.counting.partial import Partial, check_shard_folder, forget_finished
from wordvec.counts.counting.sampling import kept_ids, subsample
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import BLOCKS, Shards, read_manifest
from wordvec.counts.sums import HOW_COUNTED, sum_shards
from wordvec.counts.writer import write_file
from wordvec.errors import CorpusError, ShardError
from wordvec.estimator import Callback, Option, Progress, Seed, Stopwatch, checked
from wordvec.native.corpus.text import BREAK
from wordvec.text.corpus import Corpus
from wordvec.text.spool import PIECE, empty_ids, in_memory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from wordvec.text.vocab import Vocabulary

VERSION = 1
MANIFEST = "blocks.json"
MAX_BLOCKS = 4096


@dataclass(frozen=True)
class Block:
    """One block: its folder's name, how many documents it has, and how many known tokens."""

    folder: str
    documents: int
    tokens: int


def line_starts(corpus: Corpus) -> NDArray[np.int64]:
    """Where each line of a corpus that keeps its lines starts (n,): places in `ids`."""
    starts = [np.zeros(1, np.int64)]
    for begin in range(0, len(corpus.ids), PIECE):
        ids = in_memory(corpus.ids, begin, min(begin + PIECE, len(corpus.ids)))
        starts.append(np.flatnonzero(ids == BREAK) + begin + 1)
    found = np.concatenate(starts)
    return found[found < len(corpus.ids)]


By = Literal["document", "line", "column"]


def documents_of(corpus: Corpus, by: By) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where documents start in `ids` (n,), and to which unit each belongs (n,): what is drawn
    together.

    Parameters
    ----------
    by : {"document", "line", "column"}
        Each document of the corpus (a file, a record, what blank lines part) is a unit; each line;
        or all documents of one label (the column of a table: a speaker, a year).

    Raises
    ------
    CorpusError
        For "column" when the documents have no labels.
    """
    if by not in get_args(By):
        raise ValueError(f"by must be one of {', '.join(get_args(By))}, got {by!r}")
    if by == "line":
        starts = line_starts(corpus)
        return starts, np.arange(len(starts))
    sizes = np.diff(corpus.documents)
    starts = corpus.documents[:-1][sizes > 0]
    if by == "document":
        return starts, np.arange(len(starts))
    if corpus.labels is None:
        raise CorpusError(
            "the documents have no labels: by='column' needs a table with a column that names the "
            "unit of each row"
        )
    _, units = np.unique(np.array(corpus.labels)[sizes > 0], return_inverse=True)
    return starts, units.astype(np.int64)


@checked
def count_blocks(
    corpus: Corpus,
    target: str | os.PathLike[str],
    blocks: Annotated[
        int,
        Option(
            help="Blocks to which the documents are dealt; each is counted apart.",
            at_least=2,
            at_most=MAX_BLOCKS,
        ),
    ],
    window: Window | None = None,
    *,
    by: Annotated[
        By,
        Option(
            help="What is dealt as one: a document (a file, or what blank lines part), a line, or "
            "all documents with one value of the column of labels."
        ),
    ] = "document",
    seed: Seed = 1,
    sample: float = 0.0,
    memory: Memory = 4 << 30,
    threads: int = 1,
    force: bool = False,
    progress: Callback | None = None,
) -> Blocks:
    """Counts a corpus in blocks of documents and opens the folder.

    The documents are put in random order and dealt to the blocks in turn, so that blocks are
    alike and a bootstrap of blocks stands for one of documents.

    Parameters
    ----------
    corpus : Corpus
        A text with its documents, as `wordvec.encode` reads it.
    target : path
        The folder to make. A count that was killed goes on with the blocks that are missing when
        it is started again.
    blocks : int
        How many, from 2 to 4096; at most one for each document.
    window : Window, optional
        What counts as a co-occurrence; by default 10 words on each side, weighted by 1/distance.
    by : {"document", "line", "column"}
        What is drawn together, see `documents_of`.
    seed : int
        Seed of the order of documents, and of subsampling.
    sample, memory, threads, progress
        As in `wordvec.count`.
    force : bool
        Replace the target if it is a folder of such blocks; nothing else is replaced.

    Raises
    ------
    CorpusError
        When there are fewer documents than blocks.
    FileExistsError
        When the folder exists and `force` is not given.
    """
    window = window or Window()
    starts, units = documents_of(corpus, by)
    total = int(units.max(initial=-1)) + 1
    if total < blocks:
        raise CorpusError(
            f"{total:,} documents cannot make {blocks} blocks: ask for fewer blocks, or make "
            "documents smaller (a line, for example)"
        )
    target = check_shard_folder(target, BLOCKS, force=force)
    details = {"by": by, "seed": seed, "documents": total, **asdict(window)}
    details |= corpus.recorded()
    if sample:
        starts, units, corpus = _subsampled(corpus, starts, units, sample, seed, memory)
        details["sample"] = sample
    rng = np.random.Generator(np.random.Philox(key=seed))
    dealt = np.empty(total, np.int64)
    dealt[rng.permutation(total)] = np.arange(total) % blocks
    owner = dealt[units]
    ids, ends = _dealt(corpus, starts, owner, blocks, memory)

    state = details | {
        "number of blocks": blocks,
        "text": [len(ids), zlib.crc32(ids.data)],
        "vocabulary": [len(corpus.vocab), zlib.crc32(b"\n".join(corpus.vocab.words))],
    }
    counts = np.zeros((blocks, len(corpus.vocab)), "<i8")
    table = []
    watch = Stopwatch()
    with Partial(target, BLOCKS) as partial:
        partial.begin(state, blocks)
        for g, (begin, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            own = ids[begin:end]
            counts[g] = np.bincount(own[own >= 0], minlength=len(corpus.vocab))
            name = f"block-{g:04}"
            forget_finished(partial.made / name)
            if not (partial.made / name).exists():
                part = replace(corpus, ids=own, known=int(counts[g].sum()))
                count(part, partial.made / name, window, memory=memory, threads=threads)
            table.append(Block(name, int((dealt == g).sum()), int(counts[g].sum())))
            if progress:
                progress(Progress("counting", g + 1, blocks, "blocks", watch.seconds))
        write_file(partial.made / "counts.i64", counts.tobytes())
        manifest = {
            "format": "wordvec blocks",
            "version": VERSION,
            **details,
            "words": len(corpus.vocab),
            "counts_crc32": zlib.crc32(counts.tobytes()),
            "blocks": [asdict(block) for block in table],
        }
        write_file(partial.made / MANIFEST, json.dumps(manifest, indent=1).encode())
        partial.finish(force=force)
    return Blocks(target)


def _subsampled(
    corpus: Corpus,
    starts: NDArray[np.int64],
    units: NDArray[np.int64],
    sample: float,
    seed: int,
    memory: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Corpus]:
    """The corpus without what subsampling drops; where its documents start then, and their units.
    A document of which nothing is left is gone."""
    before, kept = [np.zeros(0, np.int64)], 0
    for begin, _, mask in kept_ids(corpus, sample, seed):
        inside = starts[(starts >= begin) & (starts < begin + len(mask))] - begin
        ahead: NDArray[np.int64] = np.cumsum(mask) - mask
        before.append(np.add(ahead[inside], kept))
        kept += int(mask.sum())
    places = np.concatenate(before)
    there = np.diff(places, append=kept) > 0
    return places[there], units[there], subsample(corpus, sample, seed, memory=memory)


def _dealt(
    corpus: Corpus, starts: NDArray[np.int64], owner: NDArray[np.int64], blocks: int, memory: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The ids with the documents of a block together, each followed by a break, and where each
    block begins and ends in them (blocks + 1,)."""
    ids = corpus.ids
    ends = np.append(starts[1:], len(ids))
    # No window reaches from one document into the next.
    open_ended = np.asarray(ids[ends - 1]) != BREAK
    size = ends - starts + open_ended
    order = np.argsort(owner, kind="stable")
    place = np.empty(len(starts), np.int64)
    place[order] = np.cumsum(size[order]) - size[order]
    total = int(size.sum())
    out = empty_ids(total, memory)
    out[place[open_ended] + size[open_ended] - 1] = BREAK
    shift = place - starts
    for begin in range(0, len(ids), PIECE):
        end = min(begin + PIECE, len(ids))
        at = np.arange(begin, end)
        at += shift[np.searchsorted(starts, at, side="right") - 1]
        out[at] = in_memory(ids, begin, end)
    edges = np.zeros(blocks + 1, np.int64)
    np.cumsum(np.bincount(owner, weights=size, minlength=blocks).astype(np.int64), out=edges[1:])
    return out, edges


class Blocks:
    """An open folder of blocks.

    Parameters
    ----------
    path : path
        A folder that `count_blocks` made.

    Attributes
    ----------
    path : Path
    table : tuple of Block
    by : str
        What a document is: "document", "line" or "column".
    manifest : dict

    Raises
    ------
    ShardError
        When the folder is not one of blocks, is damaged, holds blocks that were not counted the
        same way, or the same documents twice.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.manifest = self._read_manifest()
        try:
            self.by = str(self.manifest["by"])
            self.table = tuple(Block(**entry) for entry in self.manifest["blocks"])
            for block in self.table:
                if Path(block.folder).name != block.folder or block.folder in ("", ".", ".."):
                    raise ValueError(f"{block.folder!r} is not the name of a folder in it")
                if any(type(n) is not int or n < 0 for n in (block.documents, block.tokens)):
                    raise ValueError("a block's documents and tokens are not numbers")
        except (KeyError, TypeError, ValueError) as error:
            raise ShardError(f"{self.path / MANIFEST}: damaged: {error}") from error
        if not 2 <= len(self.table) <= MAX_BLOCKS:
            raise ShardError(f"{self.path / MANIFEST}: damaged: {len(self.table)} blocks")
        self.shards = tuple(Shards(self.path / block.folder) for block in self.table)
        self._check_alike()

    @staticmethod
    def is_folder(path: str | os.PathLike[str]) -> bool:
        """Whether a path is a folder of blocks rather than one of shards.

        Parameters
        ----------
        path : path
            The folder; nothing but its manifest is read.
        """
        return (Path(path) / MANIFEST).is_file()

    def _read_manifest(self) -> dict[str, Any]:
        path = self.path / MANIFEST
        try:
            return read_manifest(path, "blocks", VERSION)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ShardError(
                f"{self.path}: not a folder of blocks (no {MANIFEST}); count_blocks makes one"
            ) from error

    def _check_alike(self) -> None:
        first = self.shards[0]
        seen: dict[tuple[Any, ...], str] = {}
        for shards in self.shards:
            for name in ("kind", "unit", "symmetric", "words", "vocab_crc32", *HOW_COUNTED):
                a, b = shards.manifest.get(name), first.manifest.get(name)
                if a != b:
                    raise ShardError(
                        f"{shards.path}: {name} is {a!r}, in {first.path} it is {b!r}: blocks "
                        "are counts of one vocabulary, made the same way"
                    )
            content = tuple(tuple(entry)[1:] for entry in shards.manifest["entries"])
            if shards.cells and content in seen:
                raise ShardError(
                    f"{shards.path}: has the counts of {seen[content]}: the same documents twice; "
                    "take one of them out and count again"
                )
            seen[content] = str(shards.path)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return (
            f"<Blocks {self.path}: {len(self)} blocks of {self.documents:,} documents, "
            f"{len(self.vocab):,} words>"
        )

    @property
    def vocab(self) -> Vocabulary:
        """The words, by rank, with their counts in the whole text."""
        return self.shards[0].vocab

    @property
    def documents(self) -> int:
        """Documents of all blocks."""
        return sum(block.documents for block in self.table)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How often each word stands in each block (blocks, V)."""
        path, shape = self.path / "counts.i64", (len(self), self.shards[0].words)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise ShardError(f"{path}: missing") from error
        if len(data) != 8 * shape[0] * shape[1]:
            raise ShardError(f"{path}: {len(data):,} bytes, not {8 * shape[0] * shape[1]:,}")
        if zlib.crc32(data) != self.manifest.get("counts_crc32"):
            raise ShardError(f"{path}: checksum does not match: the file is damaged")
        return np.frombuffer(data, "<i8").reshape(shape)

    def spread(self, word: int) -> int:
        """In how many blocks a word stands, by rank.

        Parameters
        ----------
        word : int
            Rank of the word, in [0, V).
        """
        return int(np.count_nonzero(self.counts[:, word]))

    def design_effect(self, word: int) -> float:
        """Variance of a word's counts over blocks, divided by their mean: 1 for a word that falls
        at random, larger for one that comes in bursts; NaN for a word without a token.

        Parameters
        ----------
        word : int
            Rank of the word, in [0, V).
        """
        counts = self.counts[:, word]
        return float(counts.var(ddof=1) / counts.mean()) if counts.any() else float("nan")

    def resamples(self, draws: int, seed: int) -> NDArray[np.int64]:
        """Multiplicities (draws, blocks) of bootstraps: as many blocks, drawn with replacement.

        Parameters
        ----------
        draws : int
            Number of bootstraps.
        seed : int
            Seed of the drawing.
        """
        rng = np.random.Generator(np.random.Philox(key=seed))
        n = len(self)
        return rng.multinomial(n, np.full(n, 1 / n), size=draws)

    def sum(
        self,
        target: str | os.PathLike[str],
        multiplicities: ArrayLike | None = None,
        *,
        threads: int = 1,
        force: bool = False,
    ) -> Shards:
        """Shards of the weighted sum of the blocks, each taken `times` times.

        Parameters
        ----------
        target : path
            The folder to make.
        multiplicities : array_like of int, shape (blocks,), optional
            How often each block is taken; by default once, which gives the shards of the whole
            text, byte for byte. Others give those of a text in which documents are repeated or
            left out.
        threads : int
            The result does not depend on it.
        force : bool
            Replace a folder of shards that exists.

        Raises
        ------
        ValueError
            For multiplicities that are negative, all zero, or too large for 64-bit counts.
        """
        return sum_shards(
            self.shards, target, self._times(multiplicities), threads=threads, force=force
        )

    def _times(self, multiplicities: ArrayLike | None) -> NDArray[np.int64]:
        if multiplicities is None:
            return np.ones(len(self), np.int64)
        times = np.asarray(multiplicities)
        if times.shape != (len(self),) or times.dtype.kind not in "iu":
            raise ValueError(f"multiplicities must be {len(self)} whole numbers")
        if times.min() < 0 or not times.any():
            raise ValueError("multiplicities must be >= 0, and one of them above 0")
        largest = max(float(shards.marginals[0].sum()) for shards in self.shards)
        if largest * self.shards[0].unit * float(times.sum()) >= 2.0**63:
            raise ValueError("multiplicities are too large: the counts overflow 64 bits")
        return times.astype(np.int64)
