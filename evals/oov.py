"""How good are vectors of words never seen? Words are held out, predicted, and compared.

Vectors are trained on a text; one in twenty of the words that occur 5 to 100 times is held out of
what is fitted to the others. Each method predicts the held-out words, and its predictions are
compared with the vectors that training had given them: cosines with other words (Spearman over
pairs), and the rank of the true vector among the known ones. Then definitional nonces and chimeras,
from contexts alone.

    python -m evals oov --corpus TEXT [--vectors FILE] [--rare FOLDER] [--fasttext [gensim]]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

import wordvec
from wordvec import WordVectors
from wordvec.text.reader import open_text
from wordvec.vectors.oov.fit import SubwordOptions, fit_induction, fit_subwords

Rows = NDArray[np.float64]

LINE = 1000  # tokens: the text may be one line; contexts do not reach across
LEAST, MOST, SHARE = 5, 100, 20
PAIRS = 20  # known words that each held-out word is paired with
CONTEXTS = 20  # occurrences of a held-out word that are used at most


def run(argv: Sequence[str]) -> int:
    """Runs the evaluation and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m evals oov", description=__doc__)
    parser.add_argument("--corpus", required=True, help="a text, plain or compressed")
    parser.add_argument("--vectors", help="vectors trained on it; without, skip-gram is trained")
    parser.add_argument("--rare", type=Path, help="folder with nonce definitions and chimeras")
    parser.add_argument(
        "--fasttext",
        choices=["wordvec", "gensim"],
        nargs="?",
        const="wordvec",
        action="append",
        default=[],
        help="train FastText without the words, too: ours, or gensim's",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args(argv)
    lines = read(options.corpus)
    if options.vectors:
        everything = wordvec.load(options.vectors)
    else:
        _say("training skip-gram on all words")
        everything = wordvec.SkipGram(seed=options.seed).fit(lines).vectors_
    rows = evaluate(everything, lines, options.rare, options.seed, options.fasttext)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def read(path: str) -> list[list[str]]:
    """The tokens of a text, in lists of at most LINE."""
    with open_text(path) as (_, file):
        words = [sys.intern(w) for w in file.read().decode("utf-8", "surrogateescape").split()]
    return [words[i : i + LINE] for i in range(0, len(words), LINE)]


def evaluate(
    everything: WordVectors,
    lines: list[list[str]],
    rare: Path | None,
    seed: int,
    trainers: Sequence[str],
) -> list[dict[str, Any]]:
    """The rows of the table."""
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        for word in line:
            counts[word] += 1
    held, known = split(everything, counts, seed)
    _say(f"{len(known):,} words known, {len(held):,} held out")
    fitted, seconds = _timed(lambda: fit_subwords(known, SubwordOptions(seed=seed)))
    _say(f"subwords fitted in {seconds:.1f} s")
    fitted, seconds = _timed(lambda: fit_induction(fitted, lines))
    _say(f"induction fitted in {seconds:.1f} s")
    contexts = occurrences(lines, set(held))
    methods = predictions(fitted, held, contexts, seed)
    judge = Judge(everything, known, held, seed)
    rows = [{"method": name, **judge(predicted)} for name, predicted in methods.items()]
    for name in trainers:
        predicted, seconds = _timed(partial(fasttext, name, lines, known, held, seed))
        _say(f"FastText ({name}) trained without them in {seconds:.1f} s")
        rows.append({"method": f"FastText ({name}), rotated onto the vectors", **judge(predicted)})
    if rare is not None:
        rows += nonces(fitted, everything, rare) + chimeras(fitted, rare)
    return rows


def split(
    everything: WordVectors, counts: dict[str, int], seed: int
) -> tuple[list[str], WordVectors]:
    """Held-out words, and the vectors of the others."""
    rare = sorted(w for w in everything if LEAST <= counts.get(w, 0) <= MOST)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(rare), len(rare) // SHARE, replace=False)
    held = [rare[i] for i in sorted(chosen.tolist())]
    kept = [w for w in everything if w not in set(held)]
    return held, WordVectors(kept, everything[kept], counts=[counts.get(w, 0) for w in kept])


def occurrences(lines: list[list[str]], words: set[str]) -> dict[str, list[list[str]]]:
    """Up to CONTEXTS pieces of text around each word."""
    found: dict[str, list[list[str]]] = defaultdict(list)
    for line in lines:
        for i, word in enumerate(line):
            if word in words and len(found[word]) < CONTEXTS:
                found[word].append(line[max(0, i - 5) : i + 6])
    return found


def predictions(
    fitted: WordVectors, held: list[str], contexts: dict[str, list[list[str]]], seed: int
) -> dict[str, Rows]:
    """Method -> vectors (n, d) of the held-out words."""
    d = fitted.vector_size
    rng = np.random.default_rng(seed)
    mean = fitted.get_normed_vectors().mean(0)

    def induced(count: int, form: bool) -> Rows:
        rows = np.empty((len(held), d))
        for i, word in enumerate(held):
            some = contexts[word][:count]
            try:
                rows[i] = fitted.induce(word, some, form=form)
            except ValueError:  # no known word in them
                rows[i] = fitted.vector(word, typo=False).vector if form else mean
        return rows

    return {
        "mean vector": np.tile(mean, (len(held), 1)).astype(np.float64),
        "random vector": rng.standard_normal((len(held), d)),
        "subword (fitted)": fitted.lookup(held)[0].astype(np.float64),
        "context, 1 occurrence": induced(1, form=False),
        "context + form, 1 occurrence": induced(1, form=True),
        "context, 20 occurrences": induced(CONTEXTS, form=False),
        "context + form, 20 occurrences": induced(CONTEXTS, form=True),
    }


class Judge:
    """Compares predictions (n, d) of the held-out words with their true vectors."""

    def __init__(
        self, everything: WordVectors, known: WordVectors, held: list[str], seed: int
    ) -> None:
        self._true = _unit(everything[held].astype(np.float64))
        self._known = _unit(known.vectors.astype(np.float64))
        rng = np.random.default_rng(seed)
        self._others = rng.integers(0, len(known), (len(held), PAIRS))

    def __call__(self, predicted: Rows) -> dict[str, Any]:
        rows = _unit(predicted)
        own = (rows * self._true).sum(1)
        pairs = zip(rows, own, strict=True)
        ranks = np.array([1 + int((self._known @ row > cosine).sum()) for row, cosine in pairs])
        others = self._known[self._others]
        guess = np.einsum("nd,nkd->nk", rows, others).reshape(-1)
        right = np.einsum("nd,nkd->nk", self._true, others).reshape(-1)
        return {
            "spearman": float(stats.spearmanr(guess, right).statistic),
            "cosine": float(own.mean()),
            "median_rank": int(np.median(ranks)),
            "mrr": float((1 / ranks).mean()),
            "in_first_10": float((ranks <= 10).mean()),
        }


def fasttext(
    trainer: str, lines: list[list[str]], known: WordVectors, held: list[str], seed: int
) -> Rows:
    """FastText trained on the text without the held-out words, its n-gram vectors of them rotated
    onto ours by the words that both have (orthogonal Procrustes): spaces of two runs differ."""
    gone = set(held)
    without = [[word for word in line if word not in gone] for line in lines]
    theirs = TRAINERS[trainer](without, known.vector_size, seed)
    shared = [word for word in known if word in theirs]
    here, there = known[shared].astype(np.float64), theirs[shared].astype(np.float64)
    left, _, right = np.linalg.svd(_unit(there).T @ _unit(here))
    unseen = _unit(theirs.lookup(held)[0].astype(np.float64))
    turned: NDArray[np.float64] = unseen @ (left @ right)
    return turned


def train_wordvec(lines: list[list[str]], size: int, seed: int) -> WordVectors:
    """Our own, with the options that `wordvec train --model fasttext` has by default."""
    return wordvec.FastText(vector_size=size, seed=seed).fit(lines).vectors_


def train_gensim(lines: list[list[str]], size: int, seed: int) -> WordVectors:
    """gensim's, with the same options."""
    from gensim.models import FastText

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(" ".join(line) + "\n" for line in lines)
        file.flush()
        model = FastText(
            corpus_file=file.name,
            vector_size=size,
            sg=1,
            window=5,
            negative=5,
            min_count=5,
            epochs=5,
            workers=1,
            seed=seed,
        )
    return wordvec.from_gensim(model)


TRAINERS = {"wordvec": train_wordvec, "gensim": train_gensim}


def nonces(fitted: WordVectors, everything: WordVectors, folder: Path) -> list[dict[str, Any]]:
    """Rank of the true word for a definition of it (Herbelot & Baroni 2017), from context alone:
    the words are known ones, so their n-grams were seen."""
    pairs = [
        line.split("\t")[:2]
        for line in (folder / "nonce.definitions.299.test").read_text("utf-8").splitlines()
    ]
    units = _unit(everything.vectors.astype(np.float64))
    ranks = defaultdict(list)
    for word, definition in pairs:
        if word not in everything:
            continue
        for name, row in _from_text(fitted, word, definition).items():
            near = units @ _unit(row[None])[0]
            ranks[name].append(1 + int((near > near[everything.get_index(word)]).sum()))
    return [
        {
            "method": f"nonce definitions ({len(each)}): {name}",
            "spearman": None,
            "cosine": None,
            "median_rank": int(np.median(each)),
            "mrr": float(np.mean(1 / np.array(each))),
            "in_first_10": float(np.mean(np.array(each) <= 10)),
        }
        for name, each in ranks.items()
    ]


def chimeras(fitted: WordVectors, folder: Path) -> list[dict[str, Any]]:
    """Mean Spearman of cosines with human similarity to probes (Lazaridou et al. 2017)."""
    rows = []
    for size in (2, 4):
        path = folder / f"chimeras.dataset.l{size}.tokenised.test.txt"
        scores = defaultdict(list)
        for line in path.read_text("utf-8").splitlines():
            _, passage, probes, humans = line.split("\t")
            given = zip(probes.split(","), map(float, humans.split(",")), strict=True)
            known = [(p, h) for p, h in given if p in fitted]
            if len(known) < 3:
                continue
            others = _unit(fitted[[p for p, _ in known]].astype(np.float64))
            for name, row in _from_text(fitted, "___", passage.replace("@@", " ")).items():
                found = stats.spearmanr(others @ _unit(row[None])[0], [h for _, h in known])
                scores[name].append(np.nan_to_num(found.statistic))
        rows += [
            {
                "method": f"chimeras l{size} ({len(each)}): {name}",
                "spearman": float(np.mean(each)),
                "cosine": None,
                "median_rank": None,
                "mrr": None,
                "in_first_10": None,
            }
            for name, each in scores.items()
        ]
    return rows


def _from_text(fitted: WordVectors, word: str, text: str) -> dict[str, Rows]:
    """Vectors of a word from one text: the plain mean of its words, and a la carte."""
    tokens = [t for t in text.split() if t not in ("___", word)]
    known = [t for t in tokens if t in fitted]
    return {
        "mean of the words": fitted[known].mean(0).astype(np.float64),
        "a la carte": fitted.induce("", [tokens], form=False).astype(np.float64),
    }


def _unit(rows: Rows) -> Rows:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _print(rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    print("| " + " | ".join(name.replace("_", " ") for name in names) + " |")
    print("|---|" + "---:|" * (len(names) - 1))
    for row in rows:
        print("| " + " | ".join(_cell(row[name]) for name in names) + " |")


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
