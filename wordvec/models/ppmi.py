"""PPMI-SVD over shards: positive pointwise mutual information, factorised."""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from scipy.sparse.linalg import svds

from wordvec.counts.shards import Shards
from wordvec.engine.cluster import connected
from wordvec.engine.local import Engine, Local
from wordvec.engine.shared import shared_folder
from wordvec.errors import TrainingError
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.models.randomized import EPOCHS, decompose
from wordvec.system.folders import scratch_folder
from wordvec.text.corpus import Corpus, Source
from wordvec.training.loop import Trained
from wordvec.training.options import OutputVectors, documented
from wordvec.training.tiles import MatrixModel

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(kw_only=True)
class PPMI(MatrixModel):
    """The d largest singular values and vectors of positive pointwise mutual information [1]_.

    M = max(0, log(p(i, j) / (p(i) p_s(j)))), with p_s(j) proportional to count(j) ** smoothing;
    M is about U S V', words are U S ** power and contexts V S ** (1 - power).

    Parameters
    ----------
    vector_size : int
        Dimensions; fewer than words.
    window, min_count, max_vocab :
        For a source that is text, as in `GloVe`.
    smoothing : float
        Below 1, rare contexts get less weight; .75 as in [1]_.
    power : float
        In [0, 1]; .5 as in [1]_.
    solver : {"lanczos", "randomized"}
        "lanczos" is exact and holds the whole matrix; "randomized" [2]_ multiplies row tiles with a
        few random vectors, in threads or on a cluster, and is near it: its singular values are at
        most as large.
    epochs : int
        Steps of the power iteration of the solver "randomized". Each passes over the counts twice
        and brings the result nearer to the exact one; "lanczos" needs none.
    output_vectors : {"words", "sum", "both"}
    unk : bool
        Whether `<unk>` comes last, the mean of the 100 rarest words.
    threads : int, optional
        For counting a text; by default all processors.
    seed : int
        Seed of the vector that the solver starts with.

    Attributes
    ----------
    vectors_ : WordVectors
        With contexts.
    losses_ : list of float
        One value: the share of the sum of squares of M that is lost.

    References
    ----------
    .. [1] Levy, Goldberg & Dagan 2015, "Improving distributional similarity with lessons learned
       from word embeddings".
    .. [2] Halko, Martinsson & Tropp 2011, "Finding structure with randomness: Probabilistic
       algorithms for constructing approximate matrix decompositions".
    """

    papers: ClassVar[tuple[str, ...]] = ("levy2015",)

    output_vectors: OutputVectors = same_option(MatrixModel, "output_vectors", "words")
    smoothing: float = option(
        0.75, "Contexts are weighed by count to this power.", at_least=0, source="Levy et al. 2015"
    )
    solver: Literal["lanczos", "randomized"] = option(
        "lanczos",
        "Solver of the decomposition; randomized works row tile by row tile, also on a cluster.",
        source="Halko et al. 2011",
    )
    epochs: int = option(
        EPOCHS,
        "Steps of the randomized solver, each of two passes over the counts; lanczos needs none.",
        at_least=0,
        at_most=1000,
        source="Halko et al. 2011",
    )
    power: float = option(
        0.5,
        "Power of the singular values in the word vectors.",
        at_least=0,
        at_most=1,
        source="Levy et al. 2015",
    )

    @documented
    def fit(
        self,
        source: Shards | Corpus | Source,
        y: None = None,
        *,
        progress: Callback | None = None,
        client: Any = None,
    ) -> Self:
        """Factorises shards, or a text that is counted first; returns the estimator.

        Parameters
        ----------
        source : Shards, path of a shard folder, or what `wordvec.text.corpus.encode` takes

        Raises
        ------
        ShardError, CorpusError
            A source that cannot be read.
        TrainingError
            When there are not more words than dimensions.
        """
        self._check()
        if client is not None and self.solver != "randomized":
            raise ValueError("client needs solver='randomized', which works row tile by row tile")
        with self._shards(source, progress) as shards:
            if shards.words <= self.vector_size:
                raise TrainingError(
                    f"{shards.path}: has {shards.words} words, and "
                    f"vector_size={self.vector_size} must be smaller: lower vector_size"
                )
            if self.solver == "randomized":
                U, S, Vt, total = self._randomized(shards, client)
                self._finish(shards, U, S, Vt, total)
                return self
            M = self._information(shards)
            first = np.random.Generator(np.random.Philox(key=self.seed)).random(shards.words)
            U, S, Vt = svds(M, self.vector_size, v0=first)
            self._finish(shards, U, S, Vt, float((M.data**2).sum()))
        return self

    def _finish(self, shards: Shards, U: Any, S: Any, Vt: Any, total: float) -> None:
        """Keeps the vectors, and what share of the sum of squares is lost."""
        self.losses_ = [float(1 - (S**2).sum() / max(total, 1e-300))]
        trained = Trained(self.losses_, [], [])
        words = (U * S**self.power).astype(np.float32)
        contexts = (Vt.T * S ** (1 - self.power)).astype(np.float32)
        self.vectors_ = self._store(shards, trained, words, contexts)

    def _randomized(self, shards: Shards, client: Any) -> tuple[Any, Any, Any, float]:
        """Singular vectors and values, and the sum of squares of the matrix, by an engine."""
        options = shards, self.vector_size, self.smoothing, self.seed, self.epochs
        with contextlib.ExitStack() as stack:
            engine: Engine
            if client is None:
                engine = stack.enter_context(Local(thread_count(self.threads)))
                folder = stack.enter_context(scratch_folder())
            else:
                engine = cluster = stack.enter_context(connected(client))
                crc = zlib.crc32((shards.path / "manifest.json").read_bytes())
                manifest = f"{shards.source.rstrip('/')}/manifest.json"
                cluster.check_sees(manifest, crc, "the counts")
                advice = "copy the counts to a folder that all workers can write to"
                folder = stack.enter_context(shared_folder(shards.source, advice))
            return decompose(engine, options[0], folder, *options[1:])

    def recorded(self) -> dict[str, Any]:
        options = super().recorded()
        if self.solver == "lanczos":  # the same card as before there were these options
            options.pop("solver", None)
            options.pop("epochs", None)
        return options

    def notes(self) -> list[str]:
        if self.solver == "lanczos" and self.epochs != EPOCHS:
            return [f"epochs = {self.epochs} is not used: the solver lanczos is exact"]
        return []

    def _information(self, shards: Shards) -> csr_array:
        rows, cols = shards.marginals
        context = np.maximum(cols, 1e-300) ** self.smoothing
        M = shards.sparse()
        M.data /= np.repeat(np.maximum(rows, 1e-300), np.diff(M.indptr))
        M.data /= (context / context.sum())[M.indices]
        M.data = np.maximum(np.log(M.data), 0)
        M.eliminate_zeros()
        return M
