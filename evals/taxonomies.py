"""Does `wordvec taxonomy refine` make a taxonomy better? The SemEval-2016 files (task 13), broken.

The taxonomy that is repaired is either what the names of the terms say by themselves (organic
chemistry is a chemistry: the string baseline of the task, far from complete), or the gold standard
of which a share of the relations was given a random parent and as large a share was lost.

The vectors come from other evidence than the taxonomy itself, as in Aly et al. (2019): names that
contain each other, WordNet's hypernyms, and Hearst's patterns (1992) in a text. Of the evidence
only direct relations are kept.

    python -m evals taxonomies --data FOLDER [--wordnet /usr/share/wordnet] [--corpus TEXT]
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from wordvec.hierarchy.models import Poincare
from wordvec.hierarchy.relations import Relations, from_pairs, read_relations
from wordvec.hierarchy.taxonomy import Proposal, apply, refine
from wordvec.text.reader import open_text
from wordvec.vectors.vectors import WordVectors

Pair = tuple[str, str]
Pairs = set[Pair]

DOMAINS = (("EN", "science"), ("EN", "food"), ("FR", "science"), ("FR", "food"))
SHARES = (0.1, 0.3)
SEEDS = (1, 2, 3)
# Pattern -> where the more general term stands.
PATTERNS = {
    "such as": "before",
    "including": "before",
    "especially": "before",
    "and other": "after",
    "or other": "after",
    "is a": "after",
    "is an": "after",
    "is the": "after",
    "are a": "after",
    "is a type of": "after",
    "is a kind of": "after",
    "is a form of": "after",
    "is a branch of": "after",
    "is a field of": "after",
}
LONGEST = 3  # words of a term that patterns look for
REACH = 6  # words that may stand between "is a" and the general term
LISTED = 5  # terms of an enumeration


def run(argv: Sequence[str]) -> int:
    """Prints a row for each domain and way of breaking it."""
    parser = argparse.ArgumentParser(prog="python -m evals taxonomies", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds hierarchy/semeval2016-t13")
    parser.add_argument("--wordnet", type=Path, help="WordNet's dict folder: English evidence")
    parser.add_argument("--corpus", help="an English text to look for patterns in")
    options = parser.parse_args(argv)
    text = read_words(options.corpus) if options.corpus else ""
    head = (
        "language domain  broken      F1  attach   moves    both  moved  old wrong  attached right"
    )
    print(head, flush=True)
    for language, domain in DOMAINS:
        path = options.data / f"hierarchy/semeval2016-t13/{language}/gold_{domain}.taxo"
        gold = set(read_relations(path, columns=(1, 2)).pairs())
        terms = sorted({term for pair in gold for term in pair})
        named = heads(terms, last=language == "EN")
        evidence = Counter(named)
        if language == "EN":
            if options.wordnet:
                evidence.update(wordnet_pairs(terms, options.wordnet))
            evidence.update(pattern_pairs(terms, text))
        relations = one_way(evidence).direct()
        vectors = [train(relations, seed) for seed in SEEDS]
        broken = {"names": [named] * len(SEEDS)}
        for share in SHARES:
            broken[f"{share:.0%}"] = [damaged(gold, terms, share, seed) for seed in SEEDS]
        for name, taxonomies in broken.items():
            rows = [
                judge(gold, terms, domain, taxonomy, wv)
                for taxonomy, wv in zip(taxonomies, vectors, strict=True)
            ]
            means = [statistics.fmean(column) for column in zip(*rows, strict=True)]
            print(
                f"{language:8} {domain:7} {name:6}"
                + "".join(f"{value:8.3f}" for value in means[:4])
                + f"{means[4]:7.1f}{means[5]:11.2f}{means[6]:16.2f}",
                flush=True,
            )
    return 0


def judge(
    gold: Pairs, terms: Sequence[str], root: str, taxonomy: Pairs, vectors: WordVectors
) -> tuple[float, ...]:
    """F1 before, after attachments, after moves, after both; how many moves; how many of the moved
    relations were wrong, and of the attachments right."""
    below = {child for child, _ in taxonomy}
    loose = [term for term in terms if term not in below and term != root]
    relations = from_pairs(sorted(taxonomy))
    proposals = refine(relations, vectors, terms=loose)
    moves = [p for p in proposals if p.action == "move"]
    attachments = [p for p in proposals if p.action == "attach"]
    scores = [f1(taxonomy, gold)] + [
        f1(set(apply(relations, made).pairs()), gold) for made in (attachments, moves, proposals)
    ]
    return (
        *scores,
        len(moves),
        share_of(moves, lambda p: (p.term, p.old_parent) not in gold),
        share_of(attachments, lambda p: (p.term, p.new_parent) in gold),
    )


def share_of(proposals: Sequence[Proposal], holds: Callable[[Proposal], bool]) -> float:
    """The share of proposals for which something holds; 0 without any."""
    return sum(map(holds, proposals)) / max(1, len(proposals))


def f1(found: Pairs, gold: Pairs) -> float:
    """The harmonic mean of precision and recall of relations."""
    return 2 * len(found & gold) / max(1, len(found) + len(gold))


def train(relations: Relations, seed: int) -> WordVectors:
    """A start at random: noisy evidence has cycles, and no tree to start from."""
    model = Poincare(negative=20, epochs=1000, burn_in=20, start="random", seed=seed, threads=1)
    return model.fit(relations).vectors_


def damaged(gold: Pairs, terms: Sequence[str], share: float, seed: int) -> Pairs:
    """The gold standard, a share of it with random parents and another share lost."""
    rng = np.random.default_rng(seed)
    pairs = sorted(gold)
    order, k = rng.permutation(len(pairs)), int(share * len(pairs))
    moved = [(pairs[i][0], terms[int(rng.integers(len(terms)))]) for i in order[:k]]
    kept = [pairs[i] for i in order[2 * k :]]
    return {pair for pair in (*moved, *kept) if pair[0] != pair[1]}


def heads(terms: Sequence[str], *, last: bool) -> Pairs:
    """(term, the longest other term that it ends with), or begins with where heads come first."""
    known, found = set(terms), set()
    for term in terms:
        words = term.split()
        for k in range(1, len(words)):
            head = " ".join(words[k:] if last else words[:-k])
            if head in known:
                found.add((term, head))
                break
    return found


def one_way(evidence: Counter[Pair]) -> Relations:
    """Of the two directions of a pair the one with more evidence; neither, where both have."""
    kept = [(a, b) for (a, b), n in evidence.items() if a != b and n > evidence[b, a]]
    return from_pairs(sorted(kept), source="evidence")


def wordnet_pairs(terms: Sequence[str], folder: Path) -> dict[Pair, float]:
    """Terms of which one has a sense above a sense of the other; a step more counts less."""
    words: dict[str, list[str]] = {}
    up: dict[str, list[str]] = {}
    senses: dict[str, list[str]] = defaultdict(list)
    with open(folder / "data.noun", encoding="utf-8") as file:
        for line in file:
            if line.startswith("  "):
                continue
            fields = line.split("|", 1)[0].split()
            count = int(fields[3], 16)
            names = [name.lower().replace("_", " ") for name in fields[4 : 4 + 2 * count : 2]]
            words[fields[0]] = names
            links = fields[4 + 2 * count :]
            up[fields[0]] = [
                links[2 + 4 * i] for i in range(int(links[0])) if links[1 + 4 * i] in ("@", "@i")
            ]
            for name in names:
                senses[name].append(fields[0])
    forms = {form: term for term in terms for form in numbers(term)}
    found: dict[Pair, float] = {}
    for term in terms:
        for form in numbers(term):
            level, steps, seen = set(senses.get(form, ())), 0, set[str]()
            while level:
                seen |= level
                level = {above for synset in level for above in up[synset]} - seen
                steps += 1
                for general in {forms[w] for s in level for w in words[s] if w in forms}:
                    found[term, general] = max(found.get((term, general), 0), 1 / steps)
    return found


def numbers(term: str) -> set[str]:
    """A term, and what it would be in the other number."""
    return {term, term[:-1]} if term.endswith("s") else {term, term + "s"}


def read_words(path: str) -> str:
    """A text in one line."""
    with open_text(path) as (_, stream):
        return " ".join(stream.read().decode("utf-8", "replace").split())


def pattern_pairs(terms: Sequence[str], text: str) -> dict[Pair, float]:
    """(term, general term) of Hearst's patterns; one occurrence is enough."""
    forms: dict[str, str] = {}
    for term in terms:
        plain = " ".join(re.sub("[^a-z ]", " ", term).split())
        forms |= {form: term for form in numbers(plain) if len(form) > 2}
    found: dict[Pair, float] = {}
    for pattern, side in PATTERNS.items():
        for match in re.finditer(f" {pattern} ", text):
            before = text[max(0, match.start() - 60) : match.start()].split()
            after = text[match.end() : match.end() + 100].split()
            first = next(longest(before, forms, at_end=True), None)
            if first is None:
                continue
            if side == "before":
                found |= dict.fromkeys(((term, first) for term in listed(after, forms)), 1.0)
            else:
                reach = range(REACH if pattern.startswith(("is", "are")) else 1)
                general = next((g for i in reach for g in longest(after[i:], forms)), None)
                if general is not None:
                    found[first, general] = 1.0
    return found


def longest(words: Sequence[str], forms: dict[str, str], *, at_end: bool = False) -> Iterator[str]:
    """The terms that words begin (or end) with, longest first."""
    for k in range(min(LONGEST, len(words)), 0, -1):
        form = " ".join(words[-k:] if at_end else words[:k])
        if form in forms:
            yield forms[form]


def listed(words: Sequence[str], forms: dict[str, str]) -> Iterator[str]:
    """The terms of an enumeration."""
    at = 0
    for _ in range(LISTED):
        for k in range(LONGEST, 0, -1):
            form = " ".join(words[at : at + k])
            if form in forms:
                yield forms[form]
                at += k + (words[at + k : at + k + 1] in (["and"], ["or"]))
                break
        else:
            return
