"""What models of a count matrix share: their source, how they start and are saved, their result."""

from __future__ import annotations

import abc
import contextlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias, TypeGuard

import numpy as np

from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.shards import Shards, is_shards
from wordvec.engine.cluster import Cluster, connected
from wordvec.engine.local import Engine
from wordvec.errors import TrainingError
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.native import cpu
from wordvec.system import remote
from wordvec.system.folders import scratch_folder
from wordvec.text.corpus import Corpus, Source, check_pairs, no_pair
from wordvec.training import loop, spread
from wordvec.training.card import card, shards_facts
from wordvec.training.checkpoint import Checkpoint, Folder
from wordvec.training.loop import Plan, Trained
from wordvec.training.options import OutputVectors, WordModel, documented
from wordvec.training.rows import check_init, rows_in_common, with_old_words
from wordvec.training.spread import Traffic
from wordvec.vectors.vectors import WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

Matrix: TypeAlias = "NDArray[np.float32]"
UNK = "<unk>"
RAREST = 100  # words whose mean is the vector of the unknown word
# Options that may differ when a run is resumed from a checkpoint. Those that say how a text is
# counted are compared through the shards.
FREE = (
    "threads",
    "epochs",
    "output_vectors",
    "unk",
    "diagnostic",
    "window",
    "min_count",
    "max_vocab",
)


def _is_folder(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source is a folder, of this machine or of counts in a store."""
    if remote.is_url(source):
        return is_shards(source)
    return isinstance(source, str | os.PathLike) and Path(source).is_dir()


def _with_cells(shards: Shards) -> Shards:
    if not shards.cells:
        where = shards.source if remote.is_url(shards.source) else str(shards.path)
        sample = shards.manifest.get("sample")
        raise no_pair(where, sample if isinstance(sample, float) else 0.0)
    assert len(shards.marginals) == 2  # read now: damage is found before any work
    return shards


@dataclass(kw_only=True)
class MatrixModel(WordModel):
    """Base of models that train on shards, or on a text that is counted first."""

    _name: ClassVar[str] = ""  # of the model in a card; by default that of the class
    _once: ClassVar[dict[str, str]] = {}  # older names of the class, for reading checkpoints

    window: int = same_option(WordModel, "window", 10)
    output_vectors: OutputVectors = option(
        "sum",
        "Vectors are w + c, w alone, or w beside c in twice the dimensions.",
        aliases=("output",),
    )
    unk: bool = option(False, "Add the word <unk>, the mean of the 100 rarest words.")

    vectors_: WordVectors = field(init=False, repr=False, compare=False)
    losses_: list[float] = field(init=False, repr=False, compare=False)

    @contextlib.contextmanager
    def _shards(
        self, source: Shards | Corpus | Source, progress: Callback | None
    ) -> Iterator[Shards]:
        """Shards of what `fit` was given."""
        if isinstance(source, Shards):
            yield _with_cells(source)
        elif (remote.is_url(source) and is_shards(source)) or (
            isinstance(source, str | os.PathLike) and Path(source).is_dir()
        ):
            yield _with_cells(Shards(source))
        else:
            with scratch_folder() as folder:
                yield self._count(source, folder / "shards", progress)

    def _count(self, source: Corpus | Source, folder: Path, progress: Callback | None) -> Shards:
        window, sample = self._counting()
        corpus = self._encoded(source, progress)
        check_pairs(corpus)  # here, because the files are known and nothing is left out yet
        threads = thread_count(self.threads)
        shards = count(corpus, folder, window, sample=sample, threads=threads, progress=progress)
        if not shards.cells:
            raise no_pair(corpus.stats.source, sample)
        return shards

    def _counting(self) -> tuple[Window, float]:
        """How a text is counted: its window, and the subsampling before it."""
        return Window(window=self.window), 0.0

    def _store(
        self,
        shards: Shards,
        trained: Trained,
        words: Matrix,
        contexts: Matrix,
        **biases: Matrix,
    ) -> WordVectors:
        """The result, with contexts, biases and where it came from."""
        if self.output_vectors == "both":
            arrays = {"vectors": np.concatenate([words, contexts], axis=1), **biases}
        else:
            vectors = words + contexts if self.output_vectors == "sum" else words
            arrays = {"vectors": vectors, "contexts": contexts, **biases}
        keys, counts = list(shards.vocab), shards.vocab.counts
        if self.unk:
            if UNK in keys:
                raise TrainingError(f"the vocabulary has the word {UNK} already: leave out unk")
            known = int(counts.sum())
            other = int(shards.manifest.get("corpus_tokens", known)) - known
            keys, counts = [*keys, UNK], np.append(counts, max(other, 0))
            arrays = {
                name: np.concatenate([array, array[-RAREST:].mean(axis=0, keepdims=True)])
                for name, array in arrays.items()
            }
        return WordVectors(
            keys,
            np.ascontiguousarray(arrays.pop("vectors")),
            counts=counts,
            **{name: np.ascontiguousarray(array) for name, array in arrays.items()},
            meta=card(self, trained, name=self._name, shards=shards_facts(shards)),
        )


class Warm(NamedTuple):
    """Parameters of words that were trained before: ids (n,), words and contexts (n, d), both
    biases (2, n) or None."""

    ids: NDArray[np.int64]
    words: Matrix
    contexts: Matrix
    biases: Matrix | None


@dataclass(frozen=True)
class Start:
    """Where a run starts from: nothing, older vectors, or a checkpoint."""

    init: WordVectors | None = None
    checkpoint: Folder | None = None
    every: str = "1epoch"
    resume: bool = False
    engine: Engine | None = None

    def warm(self, shards: Shards, dim: int) -> Warm | None:
        """What `init` has of the shards' words; new words start as they always do.

        Vectors with contexts give both (w = vector - context where the vector is their sum), and
        so do those of output_vectors "both"; vectors alone are halved, so that w + c is the vector.
        """
        old = self.init
        if old is None:
            return None
        options = old.meta.get("options", {})
        output = options.get("output_vectors", options.get("output"))
        joined = output == "both" and old.contexts is None
        ids, rows = rows_in_common(old, shards.vocab, 2 * dim if joined else dim)
        vectors = np.asarray(old.vectors, np.float32)[rows]
        if joined:
            vectors, contexts = vectors[:, :dim], vectors[:, dim:]
        elif old.contexts is None:
            half: Matrix = vectors / np.float32(2)
            return Warm(ids, half, half, None)
        else:
            contexts = np.asarray(old.contexts, np.float32)[rows]
            if output == "sum":
                vectors = vectors - contexts
        both = None
        if old.biases is not None and old.context_biases is not None:
            both = np.stack([old.biases[rows], old.context_biases[rows]]).astype(np.float32)
        return Warm(ids, vectors, contexts, both)


@dataclass(kw_only=True)
class TileModel(MatrixModel, abc.ABC):
    """Base of matrix models that train tile by tile, for some epochs."""

    epochs: int = option(10, "Passes over the counts.", at_least=1)
    super_tile: int = option(
        1,
        "Tiles on each side of a super-tile, trained together; for a cluster try 8. Changes the "
        "order and so the bytes, on any number of machines alike.",
        at_least=1,
        at_most=1 << 16,
    )

    traffic_: Traffic | None = field(default=None, init=False, repr=False, compare=False)
    _both: ClassVar[bool] = False  # whether a tile trains both matrices of both of its groups

    _free: ClassVar[tuple[str, ...]] = FREE

    @documented
    def fit(
        self,
        source: Shards | Corpus | Source,
        y: None = None,
        *,
        progress: Callback | None = None,
        init: WordVectors | None = None,
        keep: bool = False,
        checkpoint: Folder | None = None,
        every: str = "1epoch",
        resume: bool = False,
        client: Any = None,
    ) -> Self:
        """Trains on shards, or on a text that is counted first; returns the estimator.

        Parameters
        ----------
        source : Shards, path of a shard folder, or what `wordvec.text.corpus.encode` takes

        Raises
        ------
        ShardError, CorpusError
            A source that cannot be read.
        TrainingError
            When the loss is no longer a number, or a checkpoint is of other options or data.
        ClusterError
            When the cluster cannot be used: no scheduler, unlike workers, counts they do not see.
        """
        self._check()
        if keep and init is None:
            raise ValueError("keep needs init, the vectors whose words are kept: give it too")
        check_init(init)
        with contextlib.ExitStack() as stack:
            engine = None
            if client is not None:
                if not (isinstance(source, Shards) or is_shards(source)):
                    raise ValueError(
                        "client trains on counts that all workers see: count the text first and "
                        "give the folder of shards"
                    )
                engine = stack.enter_context(connected(client))
            shards = stack.enter_context(self._shards(source, progress))
            self._fit(shards, Start(init, checkpoint, every, resume, engine), progress)
        if keep and init is not None:
            self.vectors_ = with_old_words(self.vectors_, init)
        return self

    @abc.abstractmethod
    def _fit(self, shards: Shards, start: Start, progress: Callback | None) -> None:
        """Trains from `start` on and sets what `fit` promises."""

    def _run(
        self,
        shards: Shards,
        arrays: list[Matrix],
        plan: Plan[Any, Any],
        start: Start,
        progress: Callback | None,
    ) -> Trained:
        """Trains what a checkpoint leaves, and keeps the losses."""
        identity = {name: v for name, v in self.recorded().items() if name not in self._free}
        manifest = (shards.path / "manifest.json").read_bytes()
        identity |= {"model": type(self).__name__, "shards": zlib.crc32(manifest)}
        keeper = Checkpoint(
            start.checkpoint,
            identity,
            arrays,
            every=start.every,
            resume=start.resume,
            renamed=self.renamed() | self._once,
        )
        self.traffic_ = None
        if start.engine is None:
            trained = loop.run(plan, keeper, progress)
        else:
            trained, self.traffic_ = spread.run(
                plan,
                keeper,
                progress,
                start.engine,
                self._recipe(shards, zlib.crc32(manifest), start.engine),
                shards,
                arrays,
                self._seconds(shards),
                both=self._both and shards.symmetric,
            )
        self.losses_ = trained.losses
        return trained

    @abc.abstractmethod
    def _plan(self, shards: Shards, words: Matrix, contexts: Matrix) -> Plan[Any, Any]:
        """What is to be trained: the same on every worker, which has but some of the rows."""

    @abc.abstractmethod
    def _seconds(self, shards: Shards) -> float:
        """For how long one thread trains an epoch, about: what a cluster is measured by."""

    def _recipe(self, shards: Shards, manifest: int, engine: Engine) -> spread.Recipe:
        """What a worker makes the plan from."""
        kind, own = type(self), {"threads"}
        params = {name: value for name, value in self.get_params().items() if name not in own}
        isa = engine.isa if isinstance(engine, Cluster) else cpu.isa()
        name = f"{kind.__module__}:{kind.__qualname__}"
        size = min(self.super_tile, shards.k)
        return spread.Recipe(name, params, shards.source, manifest, size, isa)

    def recorded(self) -> dict[str, Any]:
        options = super().recorded()
        if self.super_tile == 1:  # the same card and checkpoint as before there was this option
            options.pop("super_tile", None)
        return options

    def notes(self) -> list[str]:
        if self.traffic_ is None:
            return super().notes()
        moved, reckoned = (
            f"{n / 1e6:,.1f} MB" for n in (self.traffic_.moved, self.traffic_.reckoned)
        )
        workers = self.traffic_.workers
        who = (
            "one worker took part and sent"
            if workers == 1
            else f"{workers} workers sent each other"
        )
        return [*super().notes(), f"{who} {moved} (the plan has {reckoned})"]
