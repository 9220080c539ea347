"""Every reader of files that wordvec has, for the fuzzer: what makes a good file, what reads it."""

from __future__ import annotations

import contextlib
import functools
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from vector_files import SAMPLES, WITHOUT_WORDS, with_ngrams

import wordvec
from wordvec import formats
from wordvec.cli import main as command_line
from wordvec.counts.blocks import Blocks, count_blocks
from wordvec.counts.convert import export_glove, import_glove
from wordvec.counts.parts.vocabulary import (
    load_vocabulary,
    merge_vocabularies,
    vocabulary_part,
)
from wordvec.counts.shards import Shards
from wordvec.evaluation import suite as suites
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import read_weat
from wordvec.hierarchy.relations import from_pairs, read_relations, read_shards, write_shards
from wordvec.hierarchy.wordnet import read_wordnet
from wordvec.inference.stored import with_variances
from wordvec.spaces.alignment.dictionaries import read_dictionary
from wordvec.spaces.alignment.mapping import Procrustes
from wordvec.spaces.alignment.translate import Translator, keep_hubness
from wordvec.spaces.debiasing.concepts import concept
from wordvec.spaces.lexicons.lexicon import read_lexicon
from wordvec.text.corpus import Part
from wordvec.text.lines import read_words
from wordvec.text.phrases.model import PhraseTable
from wordvec.text.pieces import train_pieces
from wordvec.text.vocab import Vocabulary
from wordvec.training.blocks import Group, write_block
from wordvec.training.checkpoint import Checkpoint, Position
from wordvec.vectors.as_trained import options_for

TEXT = "".join(f"a{i % 7} b{i % 5} c{i % 3}\n" for i in range(200))
PAGE = "<page><title>T{0}</title><ns>0</ns><revision><text>{1}</text></revision></page>\n"
ARTICLE = "a '''b''' [[c|d]] {{e|{{f}}}} &amp; &lt;ref&gt;g&lt;/ref&gt;\n"
ARTICLE += "== h ==\n* i\n" + "j k. " * 60


@dataclass(frozen=True)
class Target:
    """A reader: what makes a good file (or folder) at a path, and what reads all of one."""

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...] = ()


MADE = SAMPLES | {name: functools.partial(with_ngrams, name=name) for name in WITHOUT_WORDS}


def sample(name: str) -> Target:
    """A file or folder of a foreign format; its path is a folder that holds it alone."""
    places: dict[str, Path] = {}

    def make(path: Path) -> None:
        path.mkdir()
        places["it"] = MADE[name](path).relative_to(path)

    def read(path: Path) -> None:
        with np.errstate(all="ignore"):
            found = formats.load(path / places["it"])
        assert len(list(found)) == len(found.vectors)

    return Target(make, read)


def text(content: str, read: Callable[[Path], Any], *errors: type[Exception]) -> Target:
    """A file of text."""
    return Target(lambda path: path.write_text(content), read, errors)


def texts(content: str, **options: Any) -> Target:
    """A text that is read with some options."""

    def read(path: Path) -> None:
        wordvec.encode(path, min_count=1, **options)

    return text(content, read)


def _encoded() -> Any:
    return wordvec.encode(io.BytesIO(TEXT.encode()), min_count=1)


def read_all(path: Path) -> None:
    """All of a folder of shards."""
    shards = Shards(path)
    assert shards.sparse().nnz >= 0
    assert len(shards.marginals) == 2
    assert len(shards.vocab) == shards.words
    shards.verify()


def _train(path: Path) -> None:
    """Counts that nobody has verified."""
    wordvec.Swivel(vector_size=3, epochs=1, threads=1).fit(path)


def _checkpoint(path: Path) -> Checkpoint:
    arrays = [np.zeros((6, 4), np.float32), np.zeros(9)]
    return Checkpoint(path.parent, {"model": "x", "seed": 1}, arrays, resume=True)


def _make_blocks(path: Path) -> None:
    """A checkpoint of a run on a cluster, whose arrays are in files of their own."""
    saved = _checkpoint(path)
    saved.arrays = saved.arrays[:1]
    groups = [Group(6, 2, 0, 1), Group(6, 2, 1, 2)]
    saved.blocks = lambda: [
        write_block(str(path.parent), f"block-0-{i}-0-0.bin", 0, group, group.take(saved.arrays[0]))
        for i, group in enumerate(groups)
    ]
    saved.save(Position(2, 3, 0.5, 7, 9, 11, [0.5], []))


def _read_blocks(path: Path) -> None:
    saved = _checkpoint(path)
    saved.arrays = saved.arrays[:1]
    saved.load(Position())


def _glove(path: Path, **options: Any) -> Any:
    shards = wordvec.count(_encoded(), path, wordvec.Window(window=2), force=True)
    made = wordvec.GloVe(vector_size=4, epochs=2, threads=1, **options).fit(shards)
    return made.vectors_, shards


def _variances(path: Path) -> None:
    vectors, shards = _glove(path)
    made = with_variances(wordvec.Uncertainty(vectors, shards), rank=2)
    _remove(path)
    made.save(path)


def _ask_variances(path: Path) -> None:
    with np.errstate(all="ignore"):
        unc = wordvec.Uncertainty(wordvec.load(path), None)
        for word in ("a1", "b2"):
            with contextlib.suppress(wordvec.errors.WordvecError):
                unc.most_similar(word, topn=2)


def _remove(folder: Path) -> None:
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()


def _vectors(path: Path, seed: int = 1, **more: Any) -> Any:
    rows = np.random.default_rng(seed).standard_normal((9, 3)).astype(np.float32)
    wv = wordvec.WordVectors([f"a{i}" for i in range(9)], rows, **more)
    wv.save(path)
    return wv


def _mapped(path: Path) -> None:
    """What the card of an alignment holds, which a .wv file keeps as JSON."""
    one, other = _vectors(path), _vectors(path.with_name("other.wv"), 2)
    mapped = Procrustes().fit(one, other, pairs=[(f"a{i}", f"a{i}") for i in range(9)])
    made = mapped.transform(one)
    keep_hubness(made, other)
    path.unlink()
    path.with_name("other.wv").unlink()
    path.write_text(json.dumps(made.meta))


def _ask_mapped(path: Path) -> None:
    meta = json.loads(path.read_text())
    if not isinstance(meta, dict):
        return
    rows = np.ones((9, 3), np.float32)
    words = [f"a{i}" for i in range(9)]
    mapped = wordvec.WordVectors(words, rows, meta=meta)
    with np.errstate(all="ignore"):
        Translator(mapped, wordvec.WordVectors(words, rows), "csls").translate(["a1"], 2)
    options_for(meta, {})


def _prior(path: Path) -> None:
    shards = wordvec.count(_encoded(), path.parents[1] / "prior-shards", wordvec.Window(window=2))
    rows = np.ones((len(shards.vocab), 4), np.float32)
    wordvec.WordVectors(list(shards.vocab), rows).save(path)


def _train_to_prior(path: Path) -> None:
    model = wordvec.GloVe(vector_size=4, epochs=1, threads=1, prior=path)
    model.fit(path.parents[1] / "prior-shards")


def _parts(path: Path) -> None:
    source = path.with_name("text")
    source.write_text(TEXT)
    for i in (1, 2):
        vocabulary_part([source], path.with_name(f"p{i}"), Part(i, 2))
    merge_vocabularies([path.with_name("p1"), path.with_name("p2")], path, min_count=1)
    source.unlink()


def _read_parts(path: Path) -> None:
    load_vocabulary(path)
    sources = [path.with_name("p1"), path.with_name("p2")]
    merge_vocabularies(sources, path.with_name("again"), min_count=1, force=True)


def _glove_counts(path: Path) -> None:
    shards = wordvec.count(_encoded(), path, wordvec.Window(window=2, direction="symmetric"))
    export_glove(shards, path.with_name("v"), path.with_name("r"))
    _remove(path)
    path.with_name("v").rename(path)


def _command(*arguments: str) -> None:
    """A command line that reads the file; what it says is dropped."""
    quiet = contextlib.redirect_stderr(io.StringIO())
    with quiet, contextlib.suppress(SystemExit):
        command_line([*arguments])


def _wordnet(path: Path) -> None:
    from writers import WORDNET, WORDNET_INDEX

    path.mkdir()
    (path / "data.noun").write_text(WORDNET)
    (path / "index.noun").write_text(WORDNET_INDEX)


def _phrases(path: Path) -> None:
    found = wordvec.Phrases(min_count=1, threshold=0.1).fit(_encoded())
    found.phrases_.save(path, force=True)


def _relation_shards(path: Path) -> None:
    write_shards(from_pairs([(f"n{i}", f"n{i // 2}") for i in range(1, 40)]), path, force=True)


def _pieces(path: Path) -> None:
    source = path.with_name("text")
    source.write_text(TEXT)
    train_pieces([source], path, size=15, threads=1)
    source.unlink()


WEAT = '[lists]\nfew = "a b c d"\n[one]\nX = "few"\nY = ["e", "f", "g", "h"]\n'
WEAT += 'A = ["i", "j"]\nB = ["k", "l"]\ntitle = "x"\npublished = { effect = 1.5 }\n'
SEAT = json.dumps(
    {
        "targ1": {"category": "x", "examples": ["a", "b"]},
        "targ2": {"category": "y", "examples": ["c", "d"]},
        "attr1": ["e", "f"],
        "attr2": ["g", "h"],
    }
)
CONCEPT = 'name = "x"\nclasses = ["one", "two"]\npairs = [["a", "b"], ["c", "d"]]\n'
CONCEPT += 'equalize = [["e", "f"]]\nexempt = "g h"\nprobe = ["i"]\ntests = ["weat6"]\n'
CONCEPT += '[groups]\none = ["j"]\ntwo = "k l"\n[facts.share]\nm = 1.5\n'
SUITE = 'title = "mine"\nsolvers = ["3CosAdd"]\nmeasures = ["weat"]\ntests = ["weat6"]\n'
SUITE += '[[dataset]]\nname = "one"\nfiles = ["nothing.txt"]\nkind = "similarity"\nsha256 = "ab"\n'
CONFIG = '[vocab]\nmin-count = 3\nmax_vocab = 7\ntokenize = "unicode"\nlower = true\n'
CSV = "name,text\n" + "".join(f'd{i % 3},"a{i % 7} b{i % 5}"\n' for i in range(40))
JSON_LINES = "".join(json.dumps({"name": i, "text": f"a{i} b"}) + "\n" for i in range(30))

COUNTS: dict[str, Target] = {
    "shards": Target(
        lambda path: wordvec.count(_encoded(), path, wordvec.Window(window=2), force=True), read_all
    ),
    "shards that are trained on": Target(
        lambda path: wordvec.count(_encoded(), path, wordvec.Window(window=2), force=True), _train
    ),
    "blocks": Target(
        lambda path: count_blocks(
            _encoded(), path, 3, wordvec.Window(window=2), by="line", force=True
        ),
        lambda path: [Blocks(path).counts, *(read_all(each.path) for each in Blocks(path).shards)],
    ),
    "counts of GloVe": Target(
        _glove_counts,
        lambda path: import_glove(
            path, path.with_name("r"), path.with_name("s"), window=2, force=True
        ),
        (ValueError,),
    ),
    "vocabulary": Target(
        lambda path: _encoded().vocab.save(path, force=True), Vocabulary.load, (ValueError,)
    ),
    "vocabularies of parts": Target(_parts, _read_parts, (ValueError,)),
    "relation shards": Target(_relation_shards, read_shards),
    "checkpoint": Target(
        lambda path: _checkpoint(path).save(Position(2, 3, 0.5, 7, 9, 11, [0.5], [])),
        lambda path: _checkpoint(path).load(Position()),
        (ValueError,),
    ),
    "checkpoint of a cluster": Target(_make_blocks, _read_blocks, (ValueError,)),
}

TEXTS: dict[str, Target] = {
    "text": texts(TEXT),
    "unicode text": texts(TEXT + "Straße 3,5 été 👍\n", tokenize="unicode", lower=True),
    "CSV": texts(CSV, text="csv", text_column="text", document_column="name"),
    "TSV": texts(CSV.replace(",", "\t"), text="tsv", text_column="text", where="name != 'd1'"),
    "JSON Lines": texts(JSON_LINES, text="jsonl", text_column="text", where="name > 3"),
    "Wikipedia": texts(
        "<mediawiki>\n" + "".join(PAGE.format(i, ARTICLE) for i in range(9)), text="wikipedia"
    ),
    "FASTA": texts(">one\nACGTACGT\n>two\nACGGT\n", text="fasta", tokenize="kmers", k=3),
    "stop words": text(
        "a1\nb2\n",
        lambda path: wordvec.encode(io.BytesIO(TEXT.encode()), min_count=1, stop=str(path)),
    ),
    "pieces": Target(
        _pieces,
        lambda path: wordvec.encode(
            io.BytesIO(TEXT.encode()), min_count=1, tokenize=f"sentencepiece:{path}"
        ),
        (ValueError,),
    ),
    "phrases": Target(_phrases, PhraseTable.load),
    "list of words": text("a\nb\n", read_words),
    "configuration": text(
        CONFIG, lambda path: _command("vocab", "/dev/null", "-o", "-", "--config", str(path))
    ),
}

LISTS: dict[str, Target] = {
    "relations": text("a\tb\nc\tb\nd\tc\n", read_relations, ValueError),
    "WordNet": Target(_wordnet, read_wordnet, (ValueError,)),
    "lexicon": text("a b c\nd e\nalone\n", read_lexicon),
    "dictionary": text("a\tb\nc\td\n", read_dictionary),
    "concept": text(CONCEPT, concept),
    "association tests": text(WEAT, read_weat),
    "association test of SEAT": text(SEAT, read_weat),
    "suite": text(SUITE, suites.read_suite, ValueError),
    "similarity set": text("".join(f"a{i} b{i} {i}.5\n" for i in range(9)), datasets.load),
    "analogy set": text(": one\n" + "a b c d\n" * 5 + ": two\ne f g h\n", datasets.load),
    "categories": text(
        "".join(f"{'xy'[i % 2]}\ta{i}\n" for i in range(9)),
        lambda path: datasets.load(path, "categorization"),
    ),
    "outliers": text(
        ",category,outliers,words\n" + "0,x,\"['a', 'b']\",\"['c', 'd', 'e']\"\n" * 3, datasets.load
    ),
    "properties": text(
        "".join(f'a{i}\t{{"n.x": 0.5, "n.y": {i}}}\n' for i in range(9)), datasets.load
    ),
    "relation set": text(
        "word1\tword2\trelation\n" + "".join(f"a{i}\tb{i}\tr{i % 2}\n" for i in range(9)),
        datasets.load,
    ),
}

VECTORS: dict[str, Target] = {
    **{name: sample(name) for name in MADE},
    "variances": Target(_variances, _ask_variances),
    "card of an alignment": Target(_mapped, _ask_mapped, (ValueError,)),
    "prior": Target(_prior, _train_to_prior, (ValueError,)),
}

TARGETS: dict[str, Target] = {**VECTORS, **COUNTS, **TEXTS, **LISTS}
