"""The commands that write, for the tests of what happens around their files: one table.

`make torture` kills each of them; test_scenarios.py holds that every output of every command is
here, and that none replaces its own input.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

import wordvec
from wordvec.cli import SECTIONS
from wordvec.cli.models.train import fields_of
from wordvec.cli.outputs import Output
from wordvec.cli.program import Program
from wordvec.counts.blocks import count_blocks
from wordvec.counts.convert import export_glove
from wordvec.counts.parts.vocabulary import merge_vocabularies, vocabulary_part
from wordvec.models import MODELS
from wordvec.text.corpus import Part

# By what a model trains on; an option that a model does not have is left out.
OPTIONS = {
    "text": {"vector_size": "20", "epochs": "3", "threads": "1", "min_count": "1"},
    "counts": {"vector_size": "20", "epochs": "3", "threads": "1"},
    "relations": {"vector_size": "4", "epochs": "20", "threads": "1"},
}
EXTRA = {"fasttext": ["--bucket", "500"]}
STREAM = "--vector-size 20 --epochs 3 --threads 1 --min-count 1"
SOURCES = {"text": "text", "counts": "counts", "relations": "tree"}
KEEP = ["--checkpoint", "keep", "--every", "1epoch", "--resume"]
JUDGED = "--dataset set.txt --resamples 20"


@dataclass(frozen=True)
class Scenario:
    """A command, and the one that made what it replaces."""

    command: list[str]
    older: list[str]

    @property
    def outputs(self) -> dict[str, str]:
        """What the command writes: the names of its parameters and their values."""
        return {name: value for name, value in written(self.command)}


def _same(command: str, change: str) -> Scenario:
    """`change` is put behind the command for what is older."""
    return Scenario(command.split(), [*command.split(), *change.split()])


def _of(command: str, old: str) -> Scenario:
    return Scenario(command.split(), old.split())


def _trained() -> Iterator[tuple[str, Scenario]]:
    """Each model, with a checkpoint where it has one, and ways to train that write more."""
    runs: list[tuple[str, str, list[str]]] = [
        (model.name, model.name, EXTRA.get(model.name, [])) for model in MODELS.values()
    ]
    runs += [
        ("Mittens", "glove", ["--prior", "small.wv"]),
        ("skipgram with held-out text", "skipgram", ["--held-out", ".2"]),
        ("skipgram from older vectors", "skipgram", ["--init", "small.wv", "--keep"]),
    ]
    for name, model, more in runs:
        chosen = MODELS[model]
        options = fields_of(chosen)
        given = [
            part
            for option, value in OPTIONS[chosen.trains_on].items()
            if option in options
            for part in (f"--{option.replace('_', '-')}", value)
        ]
        kept = KEEP if "checkpoint" in options else []
        source = SOURCES[chosen.trains_on]
        command = ["train", source, "-o", "c.wv", "--model", model, *given, *more, *kept]
        yield (
            f"checkpointed {name}" if kept else name,
            Scenario(command, ["convert", "old.wv", "c.wv"]),
        )


SCENARIOS: dict[str, Scenario] = {
    "train": _same(f"train text -o v.wv {STREAM}", "--seed 2"),
    "train from text to counts": _of(
        f"train text -o v.wv --model glove {STREAM}",
        f"train text -o v.wv --model swivel {STREAM}",
    ),
    "vocab": _of("vocab text -o w.txt", "vocab old-text -o w.txt"),
    "vocab of a part": _of(
        "vocab text old-text -o part.txt --part 1/2", "vocab text old-text -o part.txt --part 2/2"
    ),
    "vocab merge": _of("vocab merge part1 part2 -o w.txt --min-count 1", "vocab text -o w.txt"),
    "tokenize": _of("tokenize text -o t.txt --lower", "tokenize old-text -o t.txt"),
    "pieces": _of("pieces text -o p.model --pieces 30", "pieces old-text -o p.model --pieces 25"),
    "phrases": _of(
        "phrases text -o joined.txt --table p.txt --threshold 1",
        "phrases old-text -o joined.txt --table p.txt --threshold 1",
    ),
    "count": _of("count text -o s --window 8", "count text -o s"),
    "count in blocks": _of(
        "count text -o b --blocks 4 --by line --window 8", "count text -o b --blocks 3 --by line"
    ),
    "count a part": _of(
        "count text old-text -o s --part 1/2 --vocab whole",
        "count text old-text -o s --part 2/2 --vocab whole",
    ),
    "merge": _of("shards merge counts counts -o m", "count text -o m"),
    "sum of blocks": _of("shards merge blocks -o m", "count text -o m"),
    "import from GloVe": _of(
        "shards import-glove g.vocab g.bin -o m", "shards import-glove g2.vocab g2.bin -o m"
    ),
    "export to GloVe": _of(
        "shards export-glove counts e.vocab e.bin", "shards export-glove other-counts e.vocab e.bin"
    ),
    "convert": _of("convert old.wv v.txt", "convert other.wv v.txt"),
    "convert to int8": _of("convert old.wv q.wv --dtype int8 --sketch", "convert other.wv q.wv"),
    "static embedding": _of(
        "convert old.wv e --to static-embedding", "convert other.wv e --to static-embedding"
    ),
    "oov fit": _of("oov fit old.wv -o o.wv --epochs 2 --buckets 500", "convert old.wv o.wv"),
    "oov induction": _of("oov induction small.wv text -o i.wv", "convert small.wv i.wv"),
    "transform": _of(
        f"transform small.wv -o t.wv --json t.json --html t.html --compare chosen "
        f"--center types --counts words {JUDGED}",
        f"transform small.wv -o t.wv --json t.json --html t.html --compare chosen "
        f"--whiten types {JUDGED}",
    ),
    "debias": _of(
        f"debias small.wv -o d.wv --json d.json --html d.html --concept concept.toml "
        f"--keep words {JUDGED}",
        f"debias small.wv -o d.wv --json d.json --html d.html --concept concept.toml "
        f"--method ran {JUDGED}",
    ),
    "align": _same(
        "align small.wv second.wv -o a.wv --target-output a2.wv --dictionary pairs",
        "--method vecmap",
    ),
    "combine": _same("combine small.wv second.wv -o c.wv", "--method concat"),
    "retrofit": _same("retrofit small.wv -o r.wv --lexicon lexicon", "--expand"),
    "specialise": _of(
        "specialise small.wv -o p.wv --synonyms lexicon --antonyms pairs",
        "specialise small.wv -o p.wv --synonyms pairs",
    ),
    "uncertainty": _same("uncertainty glove.wv counts --all -o u.wv", "--rank 2"),
    "documents": _same(
        "documents small.wv text -o d.npy --labels d.tsv --text lines",
        "--weights mean --keywords 2",
    ),
    "informativeness": _of(
        "informativeness counts small.wv -o i.tsv", "informativeness other-counts -o i.tsv"
    ),
    "stability": _same(
        "stability text --runs 3 --keep k --blocks 4 --by line --min-count 1 "
        "--vector-size 8 --epochs 1 --threads 1",
        "--blocks 3",
    ),
    "change": _same(
        "change blocks new-blocks -o c.tsv --latex c.tex --json c.json --markdown c.md "
        "--html c.html --csv tables --figures drawn --nulls 10 --vector-size 4 --epochs 1 "
        "--threads 1 --quiet",
        "--seed 2",
    ),
    "eval": _same(
        f"eval small.wv {JUDGED} --json r.json --markdown r.md --html r.html "
        "--latex r.tex --csv tables --figures drawn",
        "--seed 2",
    ),
    "bias": _same(
        "bias small.wv --test weat.toml --json r.json --markdown r.md --html r.html "
        "--latex r.tex --csv tables --figures drawn --resamples 20",
        "--seed 2",
    ),
    "relations wordnet": _same("relations wordnet dict -o l.tsv", "--closure"),
    "relations closure": _of(
        "relations closure tree -o l.tsv", "relations closure old-tree -o l.tsv"
    ),
    "relations direct": _of("relations direct tree -o l.tsv", "relations direct old-tree -o l.tsv"),
    "relation shards": _of("relations shards tree -o r", "relations shards old-tree -o r"),
    "taxonomy add": _of("taxonomy add tree.wv new --parent n1 -o a.wv", "convert tree.wv a.wv"),
    "taxonomy model": _of("taxonomy model tree.wv lorentz -o a.wv", "convert tree.wv a.wv"),
    "taxonomy plot": _same("taxonomy plot tree.wv --edges tree -o p.svg", "--labels 3"),
    "taxonomy export": _of(
        "taxonomy export tree.wv -o x.txt", "taxonomy export old-tree.wv -o x.txt"
    ),
    "taxonomy refine": _of(
        "taxonomy refine tree tree.wv -o l.tsv", "taxonomy refine old-tree old-tree.wv -o l.tsv"
    ),
    **{name: scenario for name, scenario in _trained()},
}


def written(command: list[str]) -> Iterator[tuple[str, str]]:
    """The outputs of a command line: name of the parameter and value. Its inputs must exist."""
    context = parsed(command)
    for param in context.command.get_params(context):
        value = context.params.get(param.name or "")
        if isinstance(param.type, Output) and value is not None:
            yield str(param.name), os.fspath(value)


def parsed(command: list[str]) -> click.Context:
    """What the command line makes of it, without running it."""
    group: click.Command = Program(SECTIONS)
    context = group.make_context("wordvec", [*command])
    while isinstance(group := context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, left = group.resolve_command(context, rest)
        assert found is not None
        context = found.make_context(name, left, parent=context)
    return context


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands by name, those of groups too."""

    def inside(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
        for name in group.list_commands(root):
            found = group.get_command(root, name)
            if isinstance(found, click.Group):
                yield from inside(found, f"{prefix}{name} ")
            elif found is not None:
                yield f"{prefix}{name}", found

    program = Program(SECTIONS)
    root = click.Context(program, info_name="wordvec")
    yield from inside(program, "")


def inputs(folder: Path) -> None:
    """Makes the files that the scenarios read, and goes into their folder."""
    os.chdir(folder)
    rng = random.Random(1)
    for name, lines in (("text", 3000), ("old-text", 1500)):
        rows = (
            " ".join(f"w{min(int(rng.paretovariate(0.6)), 800)}" for _ in range(12))
            for _ in range(lines)
        )
        Path(name).write_text("\n".join(rows) + "\n")
    for name, nodes in (("tree", 300), ("old-tree", 200)):
        Path(name).write_text("".join(f"n{i}\tn{(i - 1) // 3}\n" for i in range(1, nodes)))
    _lists()
    for name, seed, shape in (
        ("old.wv", 5, (4000, 60)),
        ("other.wv", 6, (4000, 60)),
        ("small.wv", 7, (800, 20)),
        ("second.wv", 8, (800, 20)),
    ):
        rows = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
        words = [f"w{i}" for i in range(1, shape[0] + 1)]
        counts = np.arange(shape[0], 0, -1)
        wordvec.WordVectors(words, rows, counts=counts).save(name)
    corpus = wordvec.encode("text", min_count=1)
    shards = wordvec.count(corpus, "counts", wordvec.Window(window=4))
    others = wordvec.count(corpus, "other-counts", wordvec.Window(window=2))
    for name, seed in (("blocks", 1), ("new-blocks", 2)):
        count_blocks(corpus, name, 4, wordvec.Window(window=2), by="line", seed=seed)
    export_glove(shards, "g.vocab", "g.bin")
    export_glove(others, "g2.vocab", "g2.bin")
    wordvec.GloVe(vector_size=8, epochs=3, threads=1).fit(shards).vectors_.save("glove.wv")
    for name in ("tree", "old-tree"):
        made = wordvec.Poincare(vector_size=2, epochs=5, threads=1).fit(name)
        made.vectors_.save(f"{name}.wv")
    for number in (1, 2):
        vocabulary_part(["text", "old-text"], f"part{number}", Part(number, 2))
    merge_vocabularies(["part1", "part2"], "whole", min_count=1)


def _lists() -> None:
    """Lists of words, as commands take them."""
    pairs = [(f"w{i}", f"w{i + 1}") for i in range(1, 200, 2)]
    Path("set.txt").write_text("".join(f"{a} {b} {i}.5\n" for i, (a, b) in enumerate(pairs)))
    Path("pairs").write_text("".join(f"{a} {b}\n" for a, b in pairs))
    Path("lexicon").write_text("".join(f"{b} {a} new{a}\n" for a, b in pairs))
    Path("words").write_text("".join(f"w{i} {900 - i}\n" for i in range(1, 801)))
    groups = [[f"w{i}" for i in range(first, 800, 2)] for first in (301, 302)]
    Path("concept.toml").write_text(
        f'classes = ["odd", "even"]\npairs = {json.dumps(pairs[:20])}\n'
        f"[groups]\nodd = {json.dumps(groups[0])}\neven = {json.dumps(groups[1])}\n"
    )
    sides = {side: [f"w{10 * n + i}" for i in range(1, 9)] for n, side in enumerate("XYAB")}
    Path("weat.toml").write_text(
        "[one]\n" + "".join(f"{side} = {json.dumps(words)}\n" for side, words in sides.items())
    )
    Path("dict").mkdir()
    Path("dict/data.noun").write_text(WORDNET)
    Path("dict/index.noun").write_text(WORDNET_INDEX)


# In the form of WordNet's own files: three made-up synsets.
WORDNET = """\
  1 licence
00000001 03 n 02 entity 0 being 0 001 ~ 00000002 n 0000 | that which is
00000002 03 n 01 Dog 0 002 @ 00000001 n 0000 ~i 00000003 n 0000 | a dog
00000003 18 n 01 Rex 0 001 @i 00000002 n 0000 | a certain dog
"""
WORDNET_INDEX = """\
  1 licence
being n 2 1 ~ 2 0 00000009 00000001
dog n 1 2 @ ~i 1 1 00000002
entity n 1 1 ~ 1 1 00000001
rex n 1 1 @i 1 0 00000003
"""
