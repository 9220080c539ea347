"""How sure trained vectors are, from the counts that they were trained on."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from wordvec.counts.blocks import Blocks
from wordvec.counts.shards import Shards
from wordvec.errors import Unanswerable
from wordvec.estimator import Option, check, checked, thread_count
from wordvec.formats import load
from wordvec.inference.delta import Questions
from wordvec.inference.documents import DocumentDraws, TrainingNoise
from wordvec.inference.estimates import (
    LEVEL,
    Estimate,
    Known,
    Neighbor,
    from_draws,
    holm,
    quantile,
    widened,
)
from wordvec.inference.least_squares import Covariance, Solution
from wordvec.inference.published import PublishedSolutions
from wordvec.inference.rows import UNK, BlockCounts, GloVeRows, WholeCounts, rows_of
from wordvec.inference.solver import CountSolutions, How
from wordvec.inference.stored import StoredSolutions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.inference.delta import F64, Smooth
    from wordvec.vectors.vectors import WordVectors

    Function = Callable[[F64], NDArray[np.floating]]
    Word = str | bytes

HELD = 256 << 20  # bytes of covariances that are kept for later questions
CONVERGED = 0.95  # cosine of a trained vector with its solution; below, a warning
FIRST_DRAWS = 1000  # of which the share with a neighbour in the first place is told
CANDIDATES = 3  # times the neighbours asked for: whose similarity is computed anew


class Uncertainty(Questions):
    """Variances of vectors, and of what is computed from them.

    Nothing is computed when it is made. A word's covariance takes one pass over its row of counts
    when it is first asked for, and is kept.

    Parameters
    ----------
    vectors : WordVectors
        Of `GloVe` or `PPMI`, with what training left: contexts, and GloVe's biases.
    shards : Shards, Blocks or path, optional
        The counts that the vectors were trained on. Blocks (`wordvec count --blocks`) are needed
        for source="documents". Without counts, the variances that are kept with the vectors
        (`wordvec.inference.stored.with_variances`). The path of a folder that GloVe-V published
        has covariances of its own; options of how they are found do not matter then.
    covariance : {"sandwich", "model"}
        The model's is GloVe-V's [1]_: it supposes that a log count of weight f has the variance
        s^2 / f. The sandwich takes each count's own residual instead, and holds when that is not
        so; on 17 million words it is up to 60 % wider for frequent words.
    centre : {"polished", "trained"}
        Around which vector: the exact solution given the contexts, which the theory is about, or
        the trained one, which some epochs of training have not brought there.
    biases : {"fixed", "profiled"}
        Whether the word's own bias is taken as known, or estimated with its vector. Profiled is
        what source="documents" needs: in a resample a word is more frequent or less.
    source : {"reconstruction", "documents"}
        Uncertainty of what: of vectors that reconstruct the counts, given the text; or of another
        sample of documents (a bootstrap of the blocks, contexts fixed).
    retrained : sequence of WordVectors or paths, optional
        With source="documents": the same model trained on the same counts with other seeds, 2 or
        more. How a figure varies between them is added to its error, so that the interval is close
        to that of training anew on each resample. `draws` do not have it.
    level : float
        Of intervals.
    draws, seed : int
        Resamples of documents, and the seed of all random numbers.
    x_max, weight_exponent : float, optional
        As in training; by default as the vectors say.
    threads : int, optional
        By default all processors; the result does not depend on it.

    Raises
    ------
    Unanswerable
        When the vectors lack contexts or biases, are of a model without least squares, or were not
        trained on these counts.

    References
    ----------
    .. [1] Vallebueno, Handan-Nader, Manning & Ho 2024, "Statistical uncertainty in word
       embeddings: GloVe-V".
    """

    @checked
    def __init__(
        self,
        vectors: WordVectors,
        shards: Shards | Blocks | str | os.PathLike[str] | None = None,
        *,
        covariance: Annotated[
            Covariance, Option(help="From each count's own residual, or as GloVe-V has it.")
        ] = "sandwich",
        centre: Annotated[
            Literal["polished", "trained"],
            Option(help="Around the exact solution given the contexts, or the trained vector."),
        ] = "polished",
        biases: Annotated[
            Literal["fixed", "profiled"] | None,
            Option(
                help="Take the word's bias as known, or estimate it too.",
                none="fixed; profiled for documents",
            ),
        ] = None,
        source: Annotated[
            Literal["reconstruction", "documents"],
            Option(
                help="Uncertainty of the vectors given the text, or of another sample of its "
                "documents (SHARDS made by count --blocks)."
            ),
        ] = "reconstruction",
        retrained: Sequence[WordVectors | str | os.PathLike[str]] = (),
        level: float = LEVEL,
        draws: Annotated[
            int, Option(help="Resamples of documents.", at_least=2, at_most=1 << 20)
        ] = 200,
        seed: Annotated[
            int, Option(help="Seed of all draws.", at_least=0, at_most=(1 << 63) - 1)
        ] = 1,
        x_max: Annotated[
            float | None,
            Option(help="Count of full weight in training.", none="as the vectors say", above=0),
        ] = None,
        weight_exponent: float | None = None,
        threads: int | None = None,
    ) -> None:
        biases = biases or ("profiled" if source == "documents" else "fixed")
        quantile(level)
        self.vectors, self.kind, self.level, self.seed = vectors, source, level, seed
        self._how = How(
            covariance, centre == "polished", biases == "profiled", thread_count(threads)
        )
        self._held: OrderedDict[int, Solution | Unanswerable] = OrderedDict()
        self._documents: DocumentDraws | None = None
        self._noise: TrainingNoise | None = None
        if retrained and source != "documents":
            raise ValueError("retrained needs source='documents'")
        self.counts: Shards | Blocks | None = None
        self._solver: CountSolutions | DocumentDraws | StoredSolutions | PublishedSolutions
        published = isinstance(shards, str | os.PathLike) and PublishedSolutions.is_folder(shards)
        if shards is None or published:
            if source == "documents":
                raise Unanswerable("source='documents' needs counts in blocks of documents")
            self._solver = (
                StoredSolutions(vectors)
                if shards is None
                else PublishedSolutions(vectors, os.fspath(shards))  # type: ignore[arg-type]
            )
            self._words = len(vectors)
            return
        if not isinstance(shards, Shards | Blocks):
            shards = Blocks(shards) if Blocks.is_folder(shards) else Shards(shards)
        if source == "documents" and not isinstance(shards, Blocks):
            raise Unanswerable(
                f"{shards.path}: counts of the whole text say nothing of its documents: count them "
                "in blocks (wordvec count --blocks 64)"
            )
        self.counts = shards
        self.rows = rows_of(vectors, shards, x_max=x_max, weight_exponent=weight_exponent)
        source_of = BlockCounts(shards) if isinstance(shards, Blocks) else WholeCounts(shards)
        self._words = source_of.words
        if source == "documents":
            assert isinstance(source_of, BlockCounts)
            self._documents = DocumentDraws(
                source_of,
                self.rows,
                draws=draws,
                seed=seed,
                profiled=self._how.profiled,
                threads=self._how.threads,
            )
            self._solver = self._documents
            if retrained:
                opened = [load(v) if isinstance(v, str | os.PathLike) else v for v in retrained]
                self._noise = TrainingNoise(vectors, opened)
        else:
            self._solver = CountSolutions(vectors.index_to_key, source_of, self.rows, self._how)

    def __repr__(self) -> str:
        how = "documents" if self._documents else self._how.covariance
        return f"<Uncertainty of {self.vectors!r}: {self.kind}, {how}>"

    # One word.

    def covariance(self, word: Word) -> F64:
        """The covariance (d, d) of a word's vector.

        Parameters
        ----------
        word : str or bytes
            A word of the vectors.

        Raises
        ------
        UnknownWordError
            A KeyError.
        Unanswerable
            With the numbers: too few contexts for the dimensions, contexts that do not span the
            space, or a word that stands in too few blocks of documents.
        """
        return self._solution(word).covariance

    def factor(self, word: Word) -> tuple[F64, float]:
        """L (d, d), lower triangular, with L L' the covariance; and sigma, the standard deviation
        of a log count of full weight about what the vectors say.

        Parameters
        ----------
        word : str or bytes
            A word that has a covariance.

        Raises
        ------
        Unanswerable
            When it has none.
        """
        solution = self._solution(word)
        try:
            factor = np.linalg.cholesky(solution.covariance)
            return factor.astype(np.float64, copy=False), solution.sigma
        except np.linalg.LinAlgError as error:
            raise Unanswerable(
                f"{_text(word)!r}: its covariance is not positive definite: nothing varies in some "
                "direction"
            ) from error

    def polished(self, word: Word) -> F64:
        """The exact least-squares vector (d,) given the contexts.

        Parameters
        ----------
        word : str or bytes
            A word that has a covariance.

        Raises
        ------
        Unanswerable
            When it has none.
        """
        return self._solution(word).polished

    def centre(self, word: Word) -> F64:
        """The vector (d,) that estimates are about: polished, or as trained.

        Parameters
        ----------
        word : str or bytes
            A word that has a covariance.

        Raises
        ------
        Unanswerable
            When it has none.
        """
        return self.centre_of(self._solution(word))

    def contexts(self, word: Word) -> int:
        """With how many words it stands: cells of its row; 0 where variances are published that do
        not say.

        Parameters
        ----------
        word : str or bytes
            A word of the vectors.
        """
        return self._solver.contexts(self._rank(word))

    def known(self, word: Word) -> Known:
        """What is known of a word's vector; a word without a variance says why.

        Parameters
        ----------
        word : str or bytes
            A word of the vectors.

        Raises
        ------
        UnknownWordError
            A KeyError.
        """
        text, rank = _text(word), self.vectors.get_index(word)
        blocks = design = None
        if isinstance(self.counts, Blocks) and rank < self._words:
            blocks, design = self.counts.spread(rank), self.counts.design_effect(rank)
        silent = isinstance(self._solver, PublishedSolutions)  # on all but the covariance
        try:
            solution = self._solution(word)
        except Unanswerable as error:
            cells = self.contexts(word) if rank < self._words else 0
            none = (None, None, None)
            return Known(text, None if silent else cells, *none, blocks, design, str(error))
        w = self.centre_of(solution)
        size, convergence = float(w @ w), solution.convergence
        relative = float(np.trace(solution.covariance)) / size if size else float("inf")
        notes = []
        if convergence < CONVERGED:
            notes.append("not converged: train more epochs")
        if relative > 0.1:
            notes.append("large error: use draws")
        return Known(
            text,
            None if silent else solution.contexts,
            None if silent else solution.sigma,
            relative,
            None if silent else convergence,
            blocks,
            design,
            "; ".join(notes),
        )

    # Several words.

    def smooth(self, function: Smooth, words: Sequence[Word]) -> Estimate:
        """A smooth function of vectors: by the delta method, or over resampled documents.

        Parameters
        ----------
        function : callable
            Of vectors (n, d), to its value and its gradient (n, d); see `wordvec.inference.delta`.
        words : sequence of words
            One may come more than once; its gradients are added, since it varies once.
        """
        solutions = self._solutions(words)
        vectors = np.stack([self.centre_of(each) for each in solutions])
        value, gradient = function(vectors)
        if self._documents is not None:
            draws = self._documents.draws([self._rank(word) for word in words])
            whole = np.isfinite(draws).all(axis=(1, 2))  # resamples that have all of the words
            values = np.array([function(each)[0] for each in draws[whole]])
            found = from_draws(value, values, self.level, self.kind)
            return self._with_noise(found, lambda each: function(each)[0], words)
        total: dict[int, F64] = {}
        for word, g in zip(words, gradient, strict=True):
            rank = self._rank(word)
            total[rank] = total.get(rank, 0) + g
        by_rank = {self._rank(w): each for w, each in zip(words, solutions, strict=True)}
        variance = sum(float(g @ by_rank[rank].covariance @ g) for rank, g in total.items())
        sd = float(np.sqrt(max(variance, 0.0)))
        half = quantile(self.level) * sd
        return Estimate(value, sd, value - half, value + half, self.level, "delta", self.kind)

    def fixed(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words that have no covariance.

        Parameters
        ----------
        words : sequence of str
            Words of the vectors.
        """
        found = self._attempts(words)
        return tuple(w for w, s in zip(words, found, strict=True) if isinstance(s, Unanswerable))

    def _attempts(self, words: Sequence[Word]) -> list[Solution | Unanswerable]:
        """Solutions, or why there is none; also of words without a row of counts."""
        ranks = [self.vectors.get_index(word) for word in words]
        there = [w for w, rank in zip(words, ranks, strict=True) if rank < self._words]
        found = iter(self._try_solutions(there))
        none = Unanswerable(f"{UNK!r} has no counts")
        return [next(found) if rank < self._words else none for rank in ranks]

    def draws(
        self,
        words: Sequence[Word],
        draws: int,
        seed: int = 1,
        *,
        unknown: Literal["refuse", "fixed"] = "refuse",
    ) -> F64:
        """Vectors (draws, n, d) drawn from their distribution; a word's draws do not depend on
        which others are asked for. For documents, the resamples that there are.

        Parameters
        ----------
        words : sequence of str
            The n words.
        draws : int
            Number of draws; resampled documents are as many as there are.
        seed : int
            Seed of the drawing.
        unknown : {"refuse", "fixed"}
            What to do with words that have no covariance: Unanswerable, or their vectors as
            trained, in all draws.
        """
        if unknown not in ("refuse", "fixed"):
            raise ValueError(f"unknown must be refuse or fixed, got {unknown!r}")
        if unknown == "fixed" and (fixed := set(self.fixed([_text(word) for word in words]))):
            sure = [word for word in words if _text(word) not in fixed]
            count = draws if self._documents is None else len(self._documents.times)
            others = iter(np.moveaxis(self.draws(sure, draws, seed), 1, 0) if sure else ())
            own = np.empty((count, len(words), self.vectors.vector_size))
            for i, word in enumerate(words):
                own[:, i] = self.vectors[word] if _text(word) in fixed else next(others)
            return own
        if self._documents is not None:
            self._solutions(words)
            return self._documents.draws([self._rank(word) for word in words])
        check("draws", draws, 1)
        ranks = [self._rank(word) for word in words]
        out: F64 | None = None
        drawn: dict[int, F64] = {}
        for i, (word, rank) in enumerate(zip(words, ranks, strict=True)):
            solution = self._solution(word)
            if out is None:
                out = np.empty((draws, len(words), len(solution.polished)))
            if ranks.count(rank) == 1 or rank not in drawn:
                rng = np.random.Generator(np.random.Philox(key=[seed, rank]))
                L = self._root(solution, word)
                one = self.centre_of(solution) + rng.standard_normal((draws, len(L))) @ L.T
                if ranks.count(rank) > 1:
                    drawn[rank] = one
            else:
                one = drawn[rank]
            out[:, i] = one
        if out is None:
            raise ValueError("no words")
        return out

    def _root(self, solution: Solution, word: Word) -> F64:
        """L with L L' the covariance; an approximation of low rank has no Cholesky factor."""
        if not isinstance(self._solver, PublishedSolutions):
            return self.factor(word)[0]
        values, vectors = np.linalg.eigh(solution.covariance)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))

    def propagate(
        self,
        function: Function,
        words: Sequence[Word],
        draws: int = 1000,
        seed: int = 1,
        *,
        unknown: Literal["refuse", "fixed"] = "refuse",
    ) -> Estimate:
        """Any function of vectors, by drawing them (composition [1]_).

        Parameters
        ----------
        function : callable
            Of vectors (draws, words, d), to one number for each draw (draws,).
        draws : int
            How many; resampled documents are as many as there are.
        unknown : {"refuse", "fixed"}
            Words without a covariance: Unanswerable, or taken as they are.
        words : sequence of str
            The words whose vectors the function takes, in this order.
        seed : int
            Seed of the drawing.

        Returns
        -------
        Estimate
            Its value is that of the vectors themselves. Noise shrinks cosines, so draws lie below
            it: the interval is their spread, moved to the value.

        References
        ----------
        .. [1] Tanner 1996, "Tools for statistical inference".
        """
        drawn = self.draws(words, draws, seed, unknown=unknown)
        centre = np.stack(
            [
                self.centre_of(each) if isinstance(each, Solution) else self.vectors[word]
                for word, each in zip(words, self._attempts(words), strict=True)
            ]
        )
        values = np.asarray(function(np.concatenate([centre[None], drawn])), np.float64)
        if values.shape != (len(drawn) + 1,):
            raise ValueError(
                "function must return one number for each draw, an array of shape "
                f"({len(drawn) + 1},), got {values.shape}"
            )
        value, values = float(values[0]), values[1:]
        found = from_draws(value, values, self.level, self.kind)
        return self._with_noise(found, lambda each: float(function(each[None])[0]), words)

    def _with_noise(
        self, estimate: Estimate, function: Callable[[F64], float], words: Sequence[Word]
    ) -> Estimate:
        """An estimate with the noise of training, where models of other seeds were given."""
        if self._noise is None:
            return estimate
        return widened(estimate, self._noise.sd(function, words))

    def most_similar(self, word: Word, topn: int = 10) -> list[Neighbor]:
        """The nearest words, with what is sure of their order.

        The candidates are the nearest by the vectors as trained, three times as many as asked for;
        those without a covariance are left out. They are ranked by the vectors that estimates are
        about, so the order may differ from that of `WordVectors.most_similar`.

        Parameters
        ----------
        word : str or bytes
            A word that has a covariance.
        topn : int
            Largest number of neighbours.

        Raises
        ------
        Unanswerable
            When the word has no covariance.
        """
        check("topn", topn, 1)
        self._solution(word)
        near = self.vectors.most_similar(_text(word), topn=CANDIDATES * topn + 10)
        names = [name for name, _ in near if self.vectors.get_index(name) < self._words]
        found = self._try_solutions(names)
        names = [n for n, s in zip(names, found, strict=True) if isinstance(s, Solution)]
        estimates = {name: self.similarity(word, name) for name in names}
        names.sort(key=lambda name: -estimates[name].value)
        drawn = self.draws([word, *names], FIRST_DRAWS, self.seed)
        U = drawn / np.linalg.norm(drawn, axis=2, keepdims=True)
        first = np.bincount(
            np.einsum("bd,bnd->bn", U[:, 0], U[:, 1:]).argmax(axis=1), minlength=len(names)
        ) / len(drawn)
        shown, rest = names[:topn], names[topn:]
        p = [float("nan")] * len(shown)
        if rest:
            p = holm([self.compare((word, name), (word, rest[0])).p for name in shown])
        out = []
        for name, share, each in zip(shown, first, p, strict=False):
            e, tied = estimates[name], bool(each > 1 - self.level)
            out.append(Neighbor(name, e.value, e.sd, e.low, e.high, float(share), each, tied))
        return out

    # How it is found.

    def _rank(self, word: Word) -> int:
        rank = self.vectors.get_index(word)
        if rank >= self._words:
            raise Unanswerable(
                f"{UNK!r} is the mean of rare words: it has no counts, and so no variance"
            )
        return rank

    def _solution(self, word: Word) -> Solution:
        return self._solutions([word])[0]

    def _solutions(self, words: Sequence[Word]) -> list[Solution]:
        found = self._try_solutions(words)
        for each in found:
            if isinstance(each, Unanswerable):
                raise each
        return [each for each in found if isinstance(each, Solution)]

    def _try_solutions(self, words: Sequence[Word]) -> list[Solution | Unanswerable]:
        ranks = [self._rank(word) for word in words]
        missing = sorted({rank for rank in ranks if rank not in self._held})
        for rank, solution in zip(missing, self._solver.solve(missing), strict=True):
            if isinstance(solution, Solution):
                # Of a batch's covariances it would keep them all.
                solution = replace(solution, covariance=solution.covariance.copy())
            self._held[rank] = solution
        out = []
        for rank in ranks:
            self._held.move_to_end(rank)
            out.append(self._held[rank])
        each = 8 * max((s.covariance.size for s in out if isinstance(s, Solution)), default=1)
        while len(self._held) > max(HELD // each, len(set(ranks))):
            self._held.popitem(last=False)
        return out

    def all_solutions(self) -> Iterator[tuple[int, Solution | Unanswerable]]:
        """The rank and the solution of each word, in an order that the counts decide; nothing is
        kept."""
        if not isinstance(self._solver, CountSolutions):
            raise Unanswerable("all_solutions needs source='reconstruction' and the counts")
        yield from self._solver.all()

    def centre_of(self, solution: Solution) -> F64:
        """The vector of a solution that estimates are about.

        Parameters
        ----------
        solution : Solution
            One of `all_solutions`.
        """
        return solution.polished if self._how.polished else solution.trained

    def options(self) -> dict[str, object]:
        """What the variances are of, for a record."""
        if isinstance(self._solver, PublishedSolutions):
            return {"kind": self.kind, "covariance": "model", "centre": "trained"}
        if isinstance(self._solver, StoredSolutions):
            return dict(self.vectors.meta.get("uncertainty", {}))
        weights = {}
        if isinstance(self.rows, GloVeRows):
            weights = {"x_max": self.rows.x_max, "weight_exponent": self.rows.exponent}
        return {
            "kind": self.kind,
            "covariance": self._how.covariance,
            "centre": "polished" if self._how.polished else "trained",
            "biases": "profiled" if self._how.profiled else "fixed",
            **({"retrained": len(self._noise.models) - 1} if self._noise else {}),
            **weights,
        }


def _text(word: Word) -> str:
    return word if isinstance(word, str) else word.decode("utf-8", "surrogateescape")
