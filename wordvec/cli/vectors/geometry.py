"""Commands that look at the shape of a space: geometry, hubs, informativeness, keywords."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output

_IN = click.Path(exists=True)
_OUT = Output(path_type=Path)
_COUNTS = click.option(
    "--counts",
    type=click.Path(exists=True, dir_okay=False),
    help="Vocabulary file with counts, for tokens, where the vectors have none.",
)
_FREE = 0.5  # share of words whose neighbours hang on a scale, from which it is said


@click.command(cls=Command)
@click.argument("vectors", nargs=-1, required=True, type=_IN)
@_COUNTS
@click.option("--hubs/--no-hubs", "with_hubs", default=True, help="Also count hubs (slower).")
@add_options("wordvec.spaces.hubs:hubs", "k", names={"k": "topn"}, when="For hubs")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@format_option
def geometry(
    vectors: Sequence[str],
    counts: str | None,
    with_hubs: bool,
    topn: int,
    as_json: bool,
    output: str,
) -> None:
    """Describe a space: norms, centre, isotropy, hubs.

    types: each word of the vocabulary counts once; tokens: as often as it occurs in the text.
    """
    import wordvec
    from wordvec.cli.vectors.spaces import counts_of
    from wordvec.spaces.geometry import geometry as measure

    rows: list[dict[str, Any]] = []
    columns: dict[str, dict[str, float | int | None]] = {}
    for name in vectors:
        wv = wordvec.load(name)
        found = measure(wv, counts=counts_of(wv, counts))
        short = Path(name).stem if Path(name).stem not in columns else name
        own = columns[short] = {
            "words": found.words,
            "zero vectors": found.zeros,
            "dimensions": found.dimensions,
        }
        for kind, shape in (("types", found.types), ("tokens", found.tokens)):
            for key in asdict(found.types):
                value = None if shape is None else getattr(shape, key)
                own[f"{key.replace('_', ' ')}, {kind}"] = value
        own["mean cosine of all pairs"] = found.mean_cosine
        own["partition function"] = found.partition
        if with_hubs:
            hubs = found.hubs(topn)
            own[f"hubs: queries (k = {topn})"] = hubs.queries
            for key in ("skewness", "robin_hood", "gini", "antihubs", "hub_share", "maximum"):
                own[f"hubs: {key.replace('_', ' ')}"] = getattr(hubs, key)
        for power, share in found.scale_freedom.items():
            own[f"neighbours that change at S^{power:g}"] = share
            if share > _FREE:
                click.echo(
                    f"{short}: half of the ten nearest change for {share:.0%} of the words when "
                    f"the singular values are taken to the power {power:g}: which words are near "
                    "depends on how the vectors are scaled",
                    err=True,
                )
        if found.tokens is None:
            click.echo(f"{short}: no counts, so nothing by tokens; give --counts", err=True)
    for measure_name in dict.fromkeys(key for own in columns.values() for key in own):
        rows.append(
            {"measure": measure_name}
            | {short: own.get(measure_name) for short, own in columns.items()}
        )
    emit(rows, "json" if as_json else output)


@click.command(cls=Command)
@click.argument("vectors", type=_IN)
@click.option("--top", type=click.IntRange(1), default=20, help="Words to show of each kind.")
@add_options("wordvec.spaces.hubs:hubs", names={"k": "topn"})
@format_option
def hubs(
    vectors: str,
    top: int,
    topn: int,
    restrict_vocab: int | None,
    sample: int | None,
    seed: int,
    output: str,
) -> None:
    """List words that are neighbours of very many, or of none."""
    import wordvec
    from wordvec.spaces.hubs import hubs as count

    wv = wordvec.load(vectors)
    found = count(wv, topn, restrict_vocab=restrict_vocab, sample=sample, seed=seed)
    asked = f"of {found.queries:,} sampled" if found.sampled else f"of all {found.queries:,}"
    click.echo(
        f"{asked} words; skewness {found.skewness:.3f}, Robin Hood {found.robin_hood:.3f}, "
        f"antihubs {found.antihubs:.1%}, largest {found.maximum}",
        err=True,
    )
    rows = [
        {"kind": kind, "word": word, "appearances": n}
        for kind, words in (("hub", found.top(top)), ("antihub", found.bottom(top)))
        for word, n in words
    ]
    emit(rows, output)


@click.command(cls=Command)
@click.argument("shards", type=click.Path(exists=True, file_okay=False))
@click.argument("vectors", required=False, type=_IN)
@click.option("-o", "--output", "path", type=_OUT, help="Tab-separated file to write.")
@click.option("--top", type=click.IntRange(1), default=20, help="Words to show.")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@format_option
def informativeness(
    shards: str, vectors: str | None, path: Path | None, top: int, force: bool, output: str
) -> None:
    """Measure how much information the contexts of words carry.

    It is the Kullback-Leibler divergence of a word's contexts, by chance and beyond it.

    SHARDS were counted by `wordvec count`, best with --weighting flat: what chance gives is then
    exact. With VECTORS the squared norm stands beside it.
    """
    import numpy as np

    from wordvec.counts.shards import Shards
    from wordvec.spaces import information
    from wordvec.system.files import check_target, write_atomically

    if path:
        check_target(path, force=force, inputs=[shards])
    found = information.information(Shards(shards))
    columns: dict[str, Any] = {
        "count": found.counts,
        "kl": found.kl,
        "by chance": found.expected,
        "excess": found.excess,
    }
    if vectors is not None:
        columns |= _norms(vectors, found.words, found.counts)
    click.echo(
        f"mutual information {found.mutual_information:.4f} nats; by chance: {found.method}",
        err=True,
    )
    order = np.argsort(-np.nan_to_num(found.excess, nan=-np.inf), kind="stable")
    names = ["word", *columns]
    if path:
        with write_atomically(path, force=force) as file:
            file.write(("\t".join(names) + "\n").encode())
            for i, word in enumerate(found.words):
                cells = [_tsv(values[i]) for values in columns.values()]
                line = "\t".join([word, *cells]) + "\n"
                file.write(line.encode("utf-8", "surrogateescape"))
    rows = [
        {"word": found.words[i]} | {k: _number(v[i]) for k, v in columns.items()}
        for i in order[:top].tolist()
    ]
    if not path or output != "table":
        emit(rows, output)


def _norms(vectors: str, words: Sequence[str], counts: Any) -> dict[str, Any]:
    import numpy as np

    import wordvec
    from wordvec.spaces import information

    wv = wordvec.load(vectors)
    known = dict(zip(words, counts.tolist(), strict=True))
    found = information.norms(wv, np.array([known.get(word, 0) for word in wv]))
    ids = wv.get_ids(list(words), strict=False)
    there = ids >= 0
    squared, excess = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    squared[there], excess[there] = found.squared[ids[there]], found.excess[ids[there]]
    name = "norm of contexts" if found.whitened else "squared norm"
    return {name: squared, "excess norm": excess}


def _number(value: Any) -> Any:
    number = value.item()
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _tsv(value: Any) -> str:
    number = _number(value)
    return "" if number is None else f"{number:.6g}" if isinstance(number, float) else str(number)


@click.command(cls=Command)
@click.argument("documents", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@add_options("wordvec.spaces.keywords:keywords", names={"k": "topn"})
@click.option(
    "--shards",
    type=click.Path(exists=True, file_okay=False),
    help="Score by occurrences times the KL divergence of the word in this corpus, beyond chance.",
)
@click.option("--vectors", type=_IN, help="Vectors whose norms --measure norm takes.")
@format_option
def keywords(
    documents: Sequence[str],
    topn: int,
    measure: Any,
    window: int,
    shards: str | None,
    vectors: str | None,
    output: str,
) -> None:
    """Find the key words of documents.

    They are the words whose contexts are unlike those of the document.
    """
    from wordvec.spaces.keywords import keywords as find

    if (measure == "norm") != (vectors is not None):
        raise click.UsageError("--measure norm needs --vectors, and --vectors needs --measure norm")
    if shards is not None and measure != "kl":
        raise click.UsageError("--shards needs --measure kl")
    general = None
    if shards is not None:
        from wordvec.counts.shards import Shards
        from wordvec.spaces.information import information

        found = information(Shards(shards))
        general = dict(zip(found.words, found.excess.tolist(), strict=True))
    elif vectors is not None:
        import wordvec

        wv = wordvec.load(vectors)
        general = dict(zip(wv, (wv.norms.astype(float) ** 2).tolist(), strict=True))
    rows = []
    for name in documents:
        text = Path(name).read_text("utf-8", "surrogateescape")
        for word, score in find(text, topn, measure=measure, window=window, general=general):
            rows.append({"document": name, "word": word, "score": score})
    emit(rows, output)
