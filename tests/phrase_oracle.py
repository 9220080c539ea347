"""Phrases by the book: dictionaries of word tuples, one word after another. Shares nothing with
wordvec, whose kernels are tested against it."""

from collections import Counter
from math import log


def default_score(pair, first, second, total, min_count):
    return (pair - min_count) / first / second * total


def npmi(pair, first, second, total, min_count):
    joint = pair / total
    return log(joint / (first / total * (second / total))) / -log(joint)


def find(lines, *, min_count, threshold, score=default_score, connectors=()):
    """{words: (count, score)} of the phrases of one pass."""
    words = Counter(word for line in lines for word in line)
    pairs = Counter()
    for line in lines:
        start, between = None, ()
        for word in line:
            if word in connectors:
                between += (word,)
                continue
            if start is not None:
                pairs[start, *between, word] += 1
            start, between = word, ()
    found = {}
    for phrase, n in pairs.items():
        if n < min_count:
            continue
        value = score(n, words[phrase[0]], words[phrase[-1]], words.total(), min_count)
        if value > threshold:
            found[phrase] = (n, value)
    return found


def units(line, phrases, connectors=()):
    """A line as tuples of words, those of a phrase together."""
    out, held = [], ()  # held: a word that may begin a phrase, and connectors after it
    for word in line:
        if word in connectors:
            if held:
                held += (word,)
            else:
                out.append((word,))
        elif held and (*held, word) in phrases:
            out.append((*held, word))
            held = ()
        else:
            out += [(w,) for w in held]
            held = (word,)
    return out + [(w,) for w in held]


def join(lines, phrases, connectors=(), delimiter="_"):
    return [[delimiter.join(unit) for unit in units(line, phrases, connectors)] for line in lines]


def passes(lines, n, *, delimiter="_", thresholds, connectors=(), **options):
    """(phrases by pass, the joined lines); ends early like the original."""
    found = []
    for threshold in thresholds[:n]:
        some = find(lines, threshold=threshold, connectors=connectors, **options)
        if not some:
            break
        found.append(some)
        lines = join(lines, some, connectors, delimiter)
    return found, lines
