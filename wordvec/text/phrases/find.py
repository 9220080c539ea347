"""Finding phrases: words that follow each other more often than chance would have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from wordvec.estimator import (
    Callback,
    Estimator,
    Progress,
    Stopwatch,
    Threads,
    check,
    option,
    thread_count,
)
from wordvec.native.corpus import phrase as native
from wordvec.system.parallel import ordered_map
from wordvec.text.corpus import Corpus, Source, Tokens, encode
from wordvec.text.phrases.joiner import check_whole
from wordvec.text.phrases.lines import Phrase, check_delimiter
from wordvec.text.phrases.model import PhraseTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.text.spool import Ids

MOST_PASSES = 16


@dataclass(kw_only=True)
class Phrases(Estimator):
    """Joins words that make a phrase, as word2phrase does [1]_.

    Two words a b that follow each other count(ab) times have the score

        (count(ab) - min_count) / (count(a) count(b)) * tokens

    of [1]_, equation 6, scaled as in word2phrase.c, or the normalised pointwise mutual information

        ln(p(ab) / (p(a) p(b))) / -ln p(ab),    p(x) = count(x) / tokens,

    of [2]_. Pairs with a score above the threshold are joined, greedily from the left, never across
    the end of a line. Every pair is counted, none is pruned: where memory is short, the ids are
    scanned more often.

    Parameters
    ----------
    min_count : int
        Pairs that occur less often are no phrases; also subtracted from a pair's count in the
        default score, word2phrase's delta. 5 in word2phrase.c.
    threshold : float, or a sequence, one per pass
        100 in word2phrase.c; >= 0, in [-1, 1] for npmi. [1]_ lets it fall from pass to pass.
    scoring : {"default", "npmi"}
    passes : int
        The second pass finds phrases among what the first has joined: of up to four words, and so
        on. The passes end early when one finds none.
    connector_words : sequence of str
        Words such as "of" and "the" that may stand inside a phrase but do not begin or end it. Any
        number may stand between two words; "a of b" and "a b" are different pairs, and the
        counts of connectors do not enter the score.
    delimiter : str
        Joins the words of a phrase. A phrase that is spelled like a word of the text is that word.
    memory : int
        Bytes for counting pairs, beside the corpus itself (4 bytes per token, and as much again
        from the second pass on). A word with more followers than that holds needs memory for each
        of its different followers.
    threads : int, optional
        By default all processors. The result does not depend on it.

    Attributes
    ----------
    phrases_ : PhraseTable
        By pass, with counts and scores, by falling score.

    References
    ----------
    .. [1] Mikolov, Sutskever, Chen, Corrado & Dean 2013, "Distributed representations of words and
       phrases and their compositionality".
    .. [2] Bouma 2009, "Normalized (pointwise) mutual information in collocation extraction".

    Examples
    --------
    >>> lines = [["new", "york", "is", "big"], ["it", "is", "in", "new", "york"]] * 10
    >>> lines += [["big", "is", "it"], ["in", "it"]] * 10
    >>> phrases = Phrases(min_count=2, threshold=3, threads=1).fit(lines)
    >>> [(phrases.phrases_.spelling(p), p.count, p.score) for p in phrases.phrases_]
    [('new_york', 20, 6.3)]
    >>> list(phrases.transform_lists([["in", "new", "york"]]))
    [['in', 'new_york']]
    """

    min_count: int = option(
        5, "Pairs that occur less often are no phrases.", at_least=1, source="word2phrase.c"
    )
    threshold: float | Sequence[float] = option(
        100.0,
        "Join pairs with a higher score; give it once for all passes, or once per pass.",
        source="word2phrase.c",
    )
    scoring: Literal["default", "npmi"] = option(
        "default",
        "Score of word2phrase, or normalised pointwise mutual information.",
        source="Mikolov et al. 2013",
    )
    passes: int = option(
        1, "The second pass joins phrases, to up to four words.", at_least=1, at_most=MOST_PASSES
    )
    connector_words: tuple[str, ...] = option(
        (), "Words that may stand inside a phrase.", command_line=False
    )
    delimiter: str = option("_", "Joins the words of a phrase.")
    memory: int = option(1 << 30, "Memory for counting pairs.", unit="bytes", at_least=1)
    threads: Threads = None

    phrases_: PhraseTable = field(init=False, repr=False, compare=False)

    def fit(self, source: Source | Corpus, *, progress: Callback | None = None) -> Self:
        """Finds phrases, sets `phrases_` and returns the estimator.

        Parameters
        ----------
        source : path, paths, binary file, iterable of token lists, or Corpus
            A Corpus must have a place for each token (`wordvec.encode` with min_count=1 or
            gaps=True).
        progress : callable, optional
            Gets a `Progress` several times a second.

        Raises
        ------
        CorpusError
            A source without words, see `wordvec.encode`; a Corpus without a place for each token.
        """
        self._find(source, progress)
        return self

    def transform(
        self,
        source: Source | Corpus,
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        gaps: bool = False,
        progress: Callback | None = None,
    ) -> Corpus:
        """A text with its phrases joined, as ids that models can be fitted on.

        Parameters
        ----------
        source : path, paths, file, token lists or Corpus
            The text.
        min_count, max_vocab, gaps
            Of the result's vocabulary, as in `wordvec.encode`.
        progress : callable, optional
            As in `fit`.

        Raises
        ------
        CorpusError
            As in `fit`; or when no word occurs `min_count` times.
        """
        return self.phrases_.join(
            self._read(source, progress),
            min_count=min_count,
            max_vocab=max_vocab,
            gaps=gaps,
        )

    def fit_transform(
        self,
        source: Source | Corpus,
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        gaps: bool = False,
        progress: Callback | None = None,
    ) -> Corpus:
        """`fit`, then `transform`, reading the source once.

        Parameters
        ----------
        source : path, paths, file, token lists or Corpus
            The text.
        min_count, max_vocab, gaps
            As in `transform`.
        progress : callable, optional
            As in `fit`.
        """
        corpus, found = self._find(source, progress)
        last = PhraseTable([found] if found else [], delimiter=self.delimiter)
        return last.join(corpus, min_count=min_count, max_vocab=max_vocab, gaps=gaps)

    def transform_lists(self, lists: Iterable[Tokens]) -> Iterator[list[str]]:
        """Token lists with their phrases joined, in order.

        Parameters
        ----------
        lists : iterable of lists of str
            The tokens of each text.
        """
        return self.phrases_.join_lists(lists)

    def check(self) -> None:
        """Raises ValueError for options that `fit` would refuse."""
        self._thresholds()

    def _thresholds(self) -> list[float]:
        """Checks the options; returns one threshold per pass."""
        self._check()
        check_delimiter(self.delimiter)
        given = self.threshold
        thresholds = list(given) if isinstance(given, Sequence) else [given] * self.passes
        if len(thresholds) != self.passes:
            raise ValueError(
                f"threshold must be one, or one per pass ({self.passes}), got {len(thresholds)}"
            )
        for threshold in thresholds:
            if self.scoring == "npmi":
                check("threshold for npmi", threshold, -1, 1)
            else:
                check("threshold", threshold, 0)
        return thresholds

    def _read(self, source: Source | Corpus, progress: Callback | None) -> Corpus:
        if isinstance(source, Corpus):
            return source
        return encode(
            source,
            min_count=1,
            gaps=True,
            threads=thread_count(self.threads),
            progress=progress,
        )

    def _find(
        self, source: Source | Corpus, progress: Callback | None
    ) -> tuple[Corpus, list[Phrase]]:
        """Sets `phrases_`. Returns the corpus with all phrases joined but the last pass's, and
        these."""
        thresholds = self._thresholds()
        corpus = self._read(source, progress)
        passes: list[list[Phrase]] = []
        found: list[Phrase] = []
        for number, threshold in enumerate(thresholds, 1):
            if found:
                table = PhraseTable([found], delimiter=self.delimiter)
                corpus = table.join(corpus, min_count=1, gaps=True)
            found = self._pass(corpus, number, threshold, progress)
            if not found:
                break
            passes.append(found)
        self.phrases_ = PhraseTable(passes, delimiter=self.delimiter)
        return corpus, found

    def _pass(
        self, corpus: Corpus, number: int, threshold: float, progress: Callback | None
    ) -> list[Phrase]:
        """The phrases of a corpus, by falling score."""
        words, threads, watch = len(corpus.vocab), thread_count(self.threads), Stopwatch()
        connectors = self._connectors(corpus)
        pairs = native.Pairs(corpus.ids, words, connectors)
        check_whole(corpus, pairs.gaps)
        counts = np.empty(words, np.int64)
        pairs.counts(counts)
        tokens = int(counts.sum()) + pairs.gaps
        edges = np.concatenate([[0], np.cumsum(counts)])  # of followers, by word
        limit = max(self.memory // threads // _bytes_each(self.min_count), 1)
        ranges = list(_ranges(counts, edges, self.min_count, limit, threads))

        def count(worker: native.Worker, of: tuple[int, int]) -> tuple[int, list[Phrase]]:
            first, last = of
            most = int(edges[last] - edges[first]) // self.min_count
            word, follower = np.empty(most, np.int32), np.empty(most, np.uint64)
            pair = np.empty(most, np.int64)
            n = worker.count(first, last, self.min_count, word, follower, pair)
            word, follower, pair = word[:n], follower[:n], pair[:n]
            second = _last_words(corpus.ids, follower, connectors)
            scores = self._score(pair, counts[word], counts[second], tokens)
            kept = np.flatnonzero(scores > threshold)
            spelled = _spell(corpus, word[kept], follower[kept], connectors)
            numbers = zip(spelled, pair[kept].tolist(), scores[kept].tolist(), strict=True)
            return last, [Phrase(*row) for row in numbers]

        limit = min(limit, max((int(edges[b] - edges[a]) for a, b in ranges), default=1))
        workers = [native.Worker(pairs, limit) for _ in range(min(threads, len(ranges)) or 1)]
        found: list[Phrase] = []
        for last, phrases in ordered_map(count, ranges, workers):
            found += phrases
            if progress:
                done, total = int(edges[last]), int(edges[ranges[-1][1]])
                progress(Progress(f"pass {number}", done, total, "words", watch.seconds))
        return sorted(found, key=lambda phrase: (-phrase.score, phrase.words))

    def _connectors(self, corpus: Corpus) -> NDArray[np.uint8] | None:
        """1 for the words of the corpus that are connectors; None when none is."""
        words = (word.encode("utf-8", "surrogateescape") for word in self.connector_words)
        ids = [id for word in words if (id := corpus.vocab.table.find(word)) >= 0]
        if not ids:
            return None
        connectors = np.zeros(len(corpus.vocab), np.uint8)
        connectors[ids] = 1
        return connectors

    def _score(
        self,
        pair: NDArray[np.int64],
        first: NDArray[np.int64],
        second: NDArray[np.int64],
        tokens: int,
    ) -> NDArray[np.float64]:
        """Scores of pairs that occur so often, whose words occur so often."""
        if self.scoring == "default":
            return (pair - self.min_count) / first / second * tokens
        joint = pair / tokens
        return np.log(joint / (first / tokens) / (second / tokens)) / -np.log(joint)


def _bytes_each(min_count: int) -> int:
    """Bytes that counting needs per follower: the follower, its share of the table of a word, and
    its share of the result, which has at most one pair per min_count followers."""
    return 16 + 20 // min_count


def _ranges(
    counts: NDArray[np.int64], edges: NDArray[np.int64], min_count: int, limit: int, threads: int
) -> Iterator[tuple[int, int]]:
    """Ranges of words that occur at most `limit` times together, or of one that occurs more often.
    Each costs a scan of the ids, so there are no more than memory and threads ask for."""
    frequent = np.flatnonzero(counts >= min_count)
    if not len(frequent):
        return
    end = int(frequent[-1]) + 1
    share = min(limit, int(edges[end]) // threads + int(counts.max()))
    begin = 0
    while begin < end:
        stop = int(np.searchsorted(edges, edges[begin] + share, side="right")) - 1
        stop = min(max(stop, begin + 1), end)
        yield begin, stop
        begin = stop


def _last_words(
    ids: Ids, follower: NDArray[np.uint64], connectors: NDArray[np.uint8] | None
) -> Ids:
    """The id of the word at the end of each follower."""
    if connectors is None:
        return follower.astype(np.int32)
    apart = np.flatnonzero(follower & np.uint64(native.AT))
    last = (follower & np.uint64(0x7FFFFFFF)).astype(np.int32)
    places = (follower[apart] & ~np.uint64(native.AT)).astype(np.int64)
    while len(apart):
        places += 1
        words = ids[places]
        last[apart] = words
        inside = connectors[words] == 1
        apart, places = apart[inside], places[inside]
    return last


def _spell(
    corpus: Corpus,
    word: Ids,
    follower: NDArray[np.uint64],
    connectors: NDArray[np.uint8] | None,
) -> Iterator[tuple[bytes, ...]]:
    """The words of pairs."""
    words, ids = corpus.vocab.words, corpus.ids
    for first, behind in zip(word.tolist(), follower.tolist(), strict=True):
        spelled = [words[first]]
        if behind & native.AT:
            assert connectors is not None
            place = (behind & ~native.AT) + 1
            while connectors[ids[place]]:
                spelled.append(words[ids[place]])
                place += 1
            behind = int(ids[place])
        yield (*spelled, words[behind])
