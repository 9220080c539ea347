"""Skip-gram, CBOW and their subword variants, with negative sampling, over a stream of text."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from wordvec.counts.shards import is_shards
from wordvec.errors import TrainingError
from wordvec.estimator import Callback, option, same_option, thread_count
from wordvec.native.models import sgns
from wordvec.native.vectors.vec import rng_key, row_stride
from wordvec.system.memory import give_back, resident_memory
from wordvec.text.corpus import Corpus, Source, check_pairs, no_pair
from wordvec.text.frequency import FrequencyOptions, keep_probability, noise_weights
from wordvec.text.lines import bytes_of
from wordvec.text.vocab import Vocabulary
from wordvec.training import loop
from wordvec.training.card import card, corpus_facts
from wordvec.training.checkpoint import Checkpoint, Folder
from wordvec.training.ngram_rows import NgramRows
from wordvec.training.options import WordModel, documented
from wordvec.training.own_rows import OwnRows, rows_of_copies, tokens_between
from wordvec.training.rate import require_falling
from wordvec.training.rows import (
    check_init,
    padded_matrix,
    rows_in_common,
    uniform_rows,
    with_old_words,
)
from wordvec.training.stream import Chunks, keep_thresholds, stream_plan
from wordvec.vectors.vectors import WordVectors

WORD2VEC = "word2vec.c"

WORD_BYTES = 200  # of a word beside its rows: its spelling twice, noise, thresholds, counts
OVERHEAD = 8 << 20  # bytes of threads, chunks and the allocator

# N-gram rows that a text needs. WordSim-353, MEN, SimLex-999 on 1.2 million words of text8 (15,440
# words): 20,000 rows .455, .451, .171; 100,000 .497, .461, .175; 2,000,000 .494, .467, .164.
ROWS_PER_WORD = 16  # as many as n-grams fitted to vectors have
FEWEST_ROWS = 100_000


@dataclass(kw_only=True)
class SkipGram(WordModel):
    """Skip-gram with negative sampling [1]_, with or without subwords [2]_.

    Parameters
    ----------
    vector_size : int
        Dimensions.
    window : int
        Context words on each side.
    shrink : bool
        Draw the window of each centre word from 1..window, as word2vec does, or always use all of
        it.
    min_count : int
        Words that occur less often are left out.
    max_vocab : int, optional
        Keep at most this many words.
    negative : int
        Noise words per pair, drawn in proportion to count ** ns_exponent.
    ns_exponent : float
        0.75 in [1]_.
    sample : float
        Frequent words are kept with probability (sqrt(x) + 1) / x, x = count / (sample * total), as
        in word2vec.c; 0 keeps all.
    alpha, min_alpha : float
        The rate falls linearly from one to the other over all epochs.
    epochs : int
    negatives : {"shared", "independent"}
        Whether the pairs of a centre word share one set of noise words, which is several times
        faster and no worse (Ji et al. 2016, "Parallelizing word2vec in shared and distributed
        memory"), or each pair has its own, as word2vec defines it. They are taken from a pool of
        512 words that are drawn from the noise distribution; for every five taken one is drawn
        anew.
    subword : bool
        A word's input is the mean of its own row and those of its character n-grams; vectors of
        words never seen come from their n-grams. See `FastText` for fastText's defaults.
    minn, maxn, bucket : int
        Lengths of n-grams, and rows that they are hashed to (FNV-1a, as fastText does).
    threads : int, optional
        By default all processors. With more than one the result differs between runs, because
        rows are updated without locks (Hogwild).
    deterministic : bool
        The same bytes with any number of threads: all of them read the text, and one trains. That
        costs no CPU time, and the wall time that more threads would have saved.
    held_out : float
        Share of the text that is not trained on. Its mean loss per positive pair is measured after
        each epoch, see `held_out_losses_`.
    patience : int, optional
        Stop when the held-out loss has not fallen for this many epochs.
    memory : int, optional
        Bytes that the process may hold, all that it holds already included. If training would need
        more, it raises before its matrices are allocated.
    seed : int

    Attributes
    ----------
    vectors_ : WordVectors
        Input vectors, with the output vectors as contexts.
    losses_ : list of float
        Mean loss per positive pair with its noise, one value per epoch, summed while training.
    held_out_losses_ : list of float
        The same of the text that is held out, after each epoch; empty without `held_out`.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado & Dean 2013, "Distributed representations of words and
       phrases and their compositionality". Defaults are those of word2vec.c and gensim.
    .. [2] Bojanowski, Grave, Joulin & Mikolov 2017, "Enriching word vectors with subword
       information".
    """

    papers: ClassVar[tuple[str, ...]] = ("mikolov2013distributed",)

    shrink: bool = option(
        True, "Draw the window of each word from 1..window; otherwise always take all of it."
    )
    negative: int = option(
        5, "Noise words for each pair of words.", at_least=1, at_most=1024, source=WORD2VEC
    )
    ns_exponent: float = option(
        0.75,
        "Noise words are drawn by count to this power.",
        at_least=-10,
        at_most=10,
        source="Mikolov et al. 2013",
    )
    sample: float = same_option(FrequencyOptions, "sample", 1e-3, source=WORD2VEC)
    alpha: float = option(0.025, "Learning rate at the start.", above=0, source=WORD2VEC)
    min_alpha: float = option(
        1e-4, "Learning rate at the end; it falls linearly.", at_least=0, source=WORD2VEC
    )
    epochs: int = option(5, "Passes over the text.", at_least=1, source=WORD2VEC)
    negatives: Literal["shared", "independent"] = option(
        "shared", "One set of noise words for all pairs of a word, or one for each pair (slower)."
    )
    subword: bool = option(False, "Inputs are words with their character n-grams.")
    minn: int = option(3, "Shortest n-gram, in characters.", at_least=1, at_most=64)
    maxn: int = option(6, "Longest n-gram, in characters.", at_least=1, at_most=64)
    bucket: int = option(
        2_000_000,
        "Rows that n-grams are hashed to.",
        at_least=1,
        at_most=1 << 30,
        source="fastText",
    )
    deterministic: bool = option(
        False, "The same bytes at any number of threads: one of them trains (slower)."
    )
    held_out: float = option(
        0.0,
        "Share of the text that is not trained but judged after each epoch.",
        at_least=0,
        at_most=0.5,
    )
    patience: int | None = option(
        None,
        "Stop when the held-out loss has not fallen for this many epochs.",
        none="never",
        at_least=1,
    )
    memory: int | None = option(
        None,
        "Refuse to start when training needs more memory than this.",
        none="no limit",
        at_least=1,
        unit="bytes",
    )

    vectors_: WordVectors = field(init=False, repr=False, compare=False)
    losses_: list[float] = field(init=False, repr=False, compare=False)
    held_out_losses_: list[float] = field(init=False, repr=False, compare=False)

    @documented
    def fit(
        self,
        source: Source | Corpus,
        y: None = None,
        *,
        vocab: Vocabulary | None = None,
        init: WordVectors | None = None,
        keep: bool = False,
        frozen: bool | Collection[str] = False,
        progress: Callback | None = None,
        checkpoint: Folder | None = None,
        every: str = "1epoch",
        resume: bool = False,
    ) -> Self:
        """Reads the source once, trains, sets `vectors_` and returns the estimator.

        Parameters
        ----------
        source : path, paths, binary file, iterable of token lists, or Corpus
            See `wordvec.text.corpus.encode`.
        vocab : Vocabulary, optional
            Words to train, with the counts that subsampling and noise use. By default those of the
            source, by `min_count` and `max_vocab`.

        Raises
        ------
        CorpusError
            A source without words, or without two words on a line, also after subsampling.
        TrainingError
            When the loss is no longer a number, more than `memory` would be needed, or the
            checkpoint is of other options or data, which are named.
        ValueError
            When `init` has none of the words, or other dimensions.
        """
        self._check()
        if frozen is not False and init is None:
            raise ValueError(
                "frozen needs init, the vectors that the frozen words keep: give it too"
            )
        if keep and init is None:
            raise ValueError("keep needs init, the vectors whose words are kept: give it too")
        check_init(init)
        corpus = self._read(source, vocab, progress)
        check_pairs(corpus)
        dim, words = self.vector_size, len(corpus.vocab)
        self._refuse_too_large(corpus)
        threads = self._thread_count()
        subwords = self._ngram_rows(corpus.vocab) if self.subword else None
        own = self._own_rows(corpus, subwords, threads)
        rows = words + (self.bucket if subwords else 0)
        input, output = (padded_matrix(n, dim) for n in (rows, words))
        # As wide as fastText and gensim 4 have it; word2vec.c's half is a little worse (Google
        # analogies 28.8 against 29.0 %, with independent noise 28.0 against 28.4 %).
        uniform_rows(input, dim, 1 / dim, self.seed)
        kept = None
        if init is not None:
            kept = self._start_from(init, frozen, corpus.vocab, input, output, subwords)
        keeper = Checkpoint(
            checkpoint,
            self._identity(corpus, init, frozen) if checkpoint is not None else {},
            [input, output],
            every=every,
            resume=resume,
        )
        chunks = Chunks.of(len(corpus.ids), self.held_out, corpus.documents)
        plan = stream_plan(
            self._trainer(corpus, input, output, subwords, kept, own),
            corpus,
            chunks,
            self._noise(corpus.vocab),
            epochs=self.epochs,
            alpha=self.alpha,
            min_alpha=self.min_alpha,
            seed=self.seed,
            threads=threads,
            patience=self.patience,
            own=own,
        )
        trained = loop.run(plan, keeper, progress)
        if trained.losses and all(map(math.isnan, trained.losses)):
            raise no_pair(corpus.stats.source, self.sample)
        self.losses_, self.held_out_losses_ = trained.losses, trained.held_out
        matrices = [input, output]
        del plan, keeper, input, output  # each goes as soon as the result has its copy
        self.vectors_ = self._result(corpus, matrices, subwords, trained)
        if keep and init is not None:
            self.vectors_ = with_old_words(self.vectors_, init)
        return self

    def score(self, source: Source | Corpus, y: None = None) -> float:
        """Minus the mean loss per positive pair of a text that was not trained: higher is better.

        With the words and counts of the model, the same windows and noise each time. It compares
        options that leave the loss itself alone (vector_size, alpha, epochs, min_count of one
        text); for others, such as negative or window, judge vectors by an evaluation set:
        `wordvec.evaluation.scoring.scorer`.

        Parameters
        ----------
        source
            As in `fit`.
        y
            Not used.

        Raises
        ------
        TrainingError
            No pair of words of the text is known.
        """
        words = self.vectors_
        counts = words.counts if words.counts is not None else np.ones(len(words), np.int64)
        vocab = Vocabulary([bytes_of(w) for w in words], np.asarray(counts), int(counts.sum()))
        corpus = self._read(source, vocab, None)
        input, output = (padded_matrix(len(words), self.vector_size) for _ in range(2))
        input[:, : self.vector_size] = words.vectors
        output[:, : self.vector_size] = words.contexts
        chunks = Chunks.of(len(corpus.ids), 0.0)
        noise = self._noise(vocab)
        worker = self._trainer(corpus, input, output, None, None).worker(chunks.size)
        loss, pairs = 0.0, 0
        for begin in chunks.train:  # at rate 0 a step gives the loss and moves nothing
            key = rng_key(self.seed, 0, 2)
            of, found, _ = worker.train(corpus.ids, begin, chunks.end(begin), noise, key, 0.0, 0.0)
            loss, pairs = loss + of, pairs + found
        if not pairs:
            raise TrainingError("no pair of words of this text is known to the model")
        return -loss / pairs

    def notes(self) -> list[str]:
        """What a user should know of the last `fit`: epochs in which nothing was trained."""
        empty = sum(map(math.isnan, self.losses_))
        if not empty:
            return []
        return [
            f"subsampling left no pair to train on in {empty} of {len(self.losses_)} epochs: set "
            "sample=0 for a small text"
        ]

    def _check(self) -> None:
        super()._check()
        require_falling(self.alpha, self.min_alpha)
        if self.patience is not None and not self.held_out:
            raise ValueError("patience needs held_out, the share of the text that it watches")
        if self.maxn < self.minn:
            raise ValueError(f"maxn must be >= minn ({self.minn}), got {self.maxn}")

    def size_note(self, corpus: Corpus) -> str:
        """What to do when most of the file would be n-grams that the text does not fill; or "".

        Parameters
        ----------
        corpus : Corpus
            The text as ids, of `wordvec.encode`.
        """
        enough = max(ROWS_PER_WORD * len(corpus.vocab), FEWEST_ROWS)
        if not self.subword or self.bucket <= 2 * enough:
            return ""
        size = 4 * self.bucket * self.vector_size >> 20
        return (
            f"{self.bucket:,} rows of n-grams will take {size:,} MB of the file, for "
            f"{len(corpus.vocab):,} words; bucket={enough} makes it smaller"
        )

    def predict_memory(self, corpus: Corpus) -> int:
        """About how many bytes the process will hold at most while it trains on a corpus and makes
        the result, what it holds already included.

        Parameters
        ----------
        corpus : Corpus
            The text as ids, of `wordvec.encode`.
        """
        kept = self._kept(corpus).sum()  # first: it loads code, a megabyte of what is held then
        fixed, word = self._memory(corpus)
        words, threads = len(corpus.vocab), self._thread_count()
        need = fixed + word * words
        if not tokens_between(kept, threads):
            return need
        # Threads' copies are gone when the result takes a copy of each row.
        inputs = words + (self.bucket if self.subword else 0)
        more = rows_of_copies(inputs, words, threads) - inputs
        return need + max(0, more) * 4 * row_stride(self.vector_size)

    def _memory(self, corpus: Corpus) -> tuple[int, int]:
        """Bytes that are needed whatever the vocabulary, and bytes for each word of it."""
        give_back()
        row, words = 4 * row_stride(self.vector_size), len(corpus.vocab)
        mapped = corpus.ids.nbytes if hasattr(corpus.ids, "_mmap") else 0
        word = 3 * row + WORD_BYTES
        fixed = resident_memory() + mapped + OVERHEAD
        if self.subword:
            fixed += 2 * row * self.bucket
            length = sum(map(len, corpus.vocab.words)) // words + 3
            word += 9 * length * (self.maxn - self.minn + 1)  # n-grams' rows, twice, and flags
        return fixed, word

    def _refuse_too_large(self, corpus: Corpus) -> None:
        if self.memory is None:
            return
        fixed, word = self._memory(corpus)
        need = fixed + word * len(corpus.vocab)
        if need <= self.memory:
            return
        fits = (self.memory - fixed) // word
        if fits > 0:
            lower = "vector_size, bucket" if self.subword else "vector_size"
            remedy = f"lower {lower} or set max_vocab (about {fits:,} words fit)"
        else:
            lower = "lower bucket or allow more" if self.subword else "allow more"
            remedy = f"{lower} (no vocabulary is small enough)"
        raise TrainingError(
            f"training needs about {-(-need >> 20):,} MB, memory is {self.memory >> 20:,} MB: "
            f"{remedy}"
        )

    def _read(
        self, source: Source | Corpus, vocab: Vocabulary | None, progress: Callback | None
    ) -> Corpus:
        if is_shards(source):
            raise ValueError(
                f"{source}: {type(self).__name__} trains on texts, and these are counts: train "
                "CountSkipGram on them (count-skipgram)"
            )
        return self._encoded(source, progress, vocab)

    def _ngram_rows(self, vocab: Vocabulary) -> NgramRows:
        return NgramRows(vocab, minn=self.minn, maxn=self.maxn, bucket=self.bucket)

    def _objective(self) -> dict[str, int]:
        """Options of the kernel that are no fields of the model, or not by these names."""
        shared = self.negatives == "shared"
        return {"shared": shared, "cbow": False, "mean": True, "divide": False}

    def _noise(self, vocab: Vocabulary) -> NDArray[np.uint32]:
        """The alias table that noise is drawn with; unseen words are no noise."""
        return sgns.alias_table(noise_weights(vocab.counts, self.ns_exponent))

    def _kept(self, corpus: Corpus) -> NDArray[np.float64]:
        """Tokens of each word that an epoch keeps, on average."""
        counts = corpus.vocab.counts
        return counts * keep_probability(counts, corpus.known, self.sample)

    def _thread_count(self) -> int:
        return 1 if self.deterministic else thread_count(self.threads)

    def _own_rows(self, corpus: Corpus, subwords: NgramRows | None, threads: int) -> OwnRows | None:
        """Rows of each thread's own, where there are several threads and the memory for it."""
        if self.memory is not None and self.predict_memory(corpus) > self.memory:
            return None
        return OwnRows.of(
            self._kept(corpus),
            noise_weights(corpus.vocab.counts, self.ns_exponent),
            subwords,
            threads,
            contexts=self.window + 1 if self.shrink else 2 * self.window,
            negative=self.negative,
            cbow=bool(self._objective()["cbow"]),
        )

    def _trainer(
        self,
        corpus: Corpus,
        input: NDArray[np.float32],
        output: NDArray[np.float32],
        subwords: NgramRows | None,
        frozen: NDArray[np.uint8] | None,
        own: OwnRows | None = None,
    ) -> sgns.SkipGramTrainer:
        options = self._objective()
        options |= {name: getattr(self, name) for name in sgns.OPTIONS - options.keys()}
        return sgns.SkipGramTrainer(
            input,
            output,
            keep_thresholds(corpus.vocab.counts, corpus.known, self.sample),
            options,
            dim=self.vector_size,
            sub_starts=subwords.starts if subwords else None,
            sub_rows=own.sub_rows if own and subwords else subwords.rows if subwords else None,
            frozen=frozen,
            own=own,
        )

    def _start_from(
        self,
        init: WordVectors,
        frozen: bool | Collection[str],
        vocab: Vocabulary,
        input: NDArray[np.float32],
        output: NDArray[np.float32],
        subwords: NgramRows | None,
    ) -> NDArray[np.uint8] | None:
        """Fills rows from older vectors. Returns flags of the rows that never move, or None."""
        dim = self.vector_size
        ids, rows = rows_in_common(init, vocab, dim)
        vectors = np.asarray(init.vectors[rows], np.float32)
        if subwords:
            subwords.start_from(init, ids, vectors, input[:, :dim])
        else:
            input[ids, :dim] = vectors
        if init.contexts is not None:
            output[ids, :dim] = init.contexts[rows]
        if frozen is False:
            return None
        if subwords:
            raise ValueError(
                "frozen cannot be combined with subwords: words share the vectors of n-grams"
            )
        if frozen is not True:
            wanted = set(frozen)
            known = {init.index_to_key[row]: i for i, row in zip(ids, rows, strict=True)}
            if missing := sorted(wanted - known.keys()):
                raise ValueError(f"frozen has words that init or the text lacks: {missing[:5]}")
            ids = np.array([known[word] for word in wanted], np.int64)
        kept = np.zeros(len(vocab), np.uint8)
        kept[ids] = sgns.FROZEN_IN | (sgns.FROZEN_OUT if init.contexts is not None else 0)
        return kept

    def _identity(
        self, corpus: Corpus, init: WordVectors | None, frozen: bool | Collection[str]
    ) -> dict[str, Any]:
        """What a checkpoint must agree with."""
        free = ("threads", "memory", "min_count", "max_vocab")  # the last two show in the words
        options = {name: v for name, v in self.get_params().items() if name not in free}
        crc = zlib.crc32(corpus.ids.data)
        for word in corpus.vocab.words:
            crc = zlib.crc32(word, crc)
        source = f"{corpus.known:,} tokens of {len(corpus.vocab):,} words, {crc:08x}"
        older = None if init is None else f"{zlib.crc32(init.vectors.tobytes()):08x}"
        kept = frozen if isinstance(frozen, bool) else sorted(frozen)
        named = {"model": type(self).__name__, "corpus": source, "init": older, "frozen": kept}
        return options | named

    def _result(
        self,
        corpus: Corpus,
        matrices: list[NDArray[np.float32]],
        subwords: NgramRows | None,
        trained: loop.Trained,
    ) -> WordVectors:
        """The vectors from the matrices (input, output), which are used up."""
        dim, words = self.vector_size, len(corpus.vocab)
        output, input = matrices.pop(), matrices.pop()
        vectors = subwords.word_vectors(input, dim) if subwords else input[:words, :dim].copy()
        ngrams = subwords.table(input[words:, :dim]) if subwords else None
        del input
        contexts = np.ascontiguousarray(output[:, :dim])
        del output
        result = WordVectors(
            list(corpus.vocab),
            vectors,
            counts=corpus.vocab.counts,
            contexts=contexts,
            meta=card(self, trained, corpus=corpus_facts(corpus)),
        )
        result.subwords = ngrams
        return result


@dataclass(kw_only=True)
class FastText(SkipGram):
    """Subword skip-gram with fastText's defaults: rate 0.05, sample 1e-4, n-grams of 3 to 6."""

    papers: ClassVar[tuple[str, ...]] = ("bojanowski2017",)

    alpha: float = same_option(SkipGram, "alpha", 0.05, source="fastText")
    sample: float = same_option(SkipGram, "sample", 1e-4, source="fastText")
    subword: bool = same_option(SkipGram, "subword", True)
