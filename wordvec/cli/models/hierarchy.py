"""Commands for hierarchies: lists of relations, and the use of what was trained on them.

`read_relations` reads what `wordvec train --model poincare|lorentz|...` trains on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.outputs import Output
from wordvec.cli.program import LazyGroup
from wordvec.cli.progress import Display
from wordvec.system.files import check_target

if TYPE_CHECKING:
    from wordvec.hierarchy.relations import Relations
    from wordvec.vectors.vectors import WordVectors

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=True)
_DIRECTION = add_options("wordvec.hierarchy.relations:read_relations", "direction")
_FORCE = click.option("--force", is_flag=True, help="Overwrite an output that exists.")


def read_relations(source: str, estimator: Any, display: Display) -> Relations:
    """The relations of a list or folder, as a model of a hierarchy takes them; says what is odd."""
    found = _read(source, estimator.direction)
    if str(found.dropped):
        display.say(f"note      {source}: {found.dropped}")
    if cycles := found.cycles():
        display.say(
            f"note      {source}: {len(cycles)} cycles; the largest has {len(cycles[0])} nodes"
        )
    return found


def _load(path: str) -> WordVectors:
    import wordvec

    return wordvec.load(path)


def _read(path: str, direction: str = "child-parent") -> Relations:
    from wordvec.hierarchy.train import read_source

    return read_source(path, direction)  # type: ignore[arg-type]


def _check(output: str, force: bool, *inputs: str | None) -> None:
    """Asks whether a list can be written there, before it is made."""
    if output != "-":
        check_target(output, force=force, inputs=inputs)


def _write(relations: Relations, output: str, force: bool) -> None:
    from wordvec.hierarchy.relations import write_relations
    from wordvec.system.files import write_atomically

    if output == "-":
        write_relations(relations, sys.stdout.buffer)
        return
    with write_atomically(output, force=force) as file:
        write_relations(relations, file)


relations = LazyGroup(
    {
        "wordnet": "wordvec.cli.models.hierarchy:relations_wordnet",
        "closure": "wordvec.cli.models.hierarchy:relations_closure",
        "direct": "wordvec.cli.models.hierarchy:relations_direct",
        "shards": "wordvec.cli.models.hierarchy:relations_shards",
        "check": "wordvec.cli.models.hierarchy:relations_check",
    },
    name="relations",
    help="Make and check lists of (child, parent) relations.",
)


@click.command("wordnet", cls=Command)
@click.argument("folder", metavar="DICT_DIR", type=click.Path(exists=True, file_okay=False))
@click.option(
    "-o", "--output", default="-", type=Output(), help="File to write; - is standard output."
)
@click.option("--closure", is_flag=True, help="All (synset, ancestor) pairs, not direct ones.")
@_FORCE
def relations_wordnet(folder: str, output: str, closure: bool, force: bool) -> None:
    """Make a list of relations from WordNet's own noun files."""
    from wordvec.hierarchy.wordnet import read_wordnet

    _check(output, force)
    found = read_wordnet(folder)
    found = found.closure() if closure else found
    _write(found, output, force)
    notes = [f"{found.n_nodes:,} synsets", f"{len(found):,} pairs"]
    notes += [f"{len(found.cycles()):,} cycles", str(found.dropped)]
    click.echo(", ".join(note for note in notes if note), err=True)


@click.command("closure", cls=Command)
@click.argument("source", metavar="LIST", type=_FILE)
@click.option(
    "-o", "--output", default="-", type=Output(), help="File to write; - is standard output."
)
@_DIRECTION
@_FORCE
def relations_closure(source: str, output: str, direction: str, force: bool) -> None:
    """Write all (node, ancestor) pairs of a list, child first."""
    _check(output, force, source)
    _write(_read(source, direction).closure(), output, force)


@click.command("direct", cls=Command)
@click.argument("source", metavar="LIST", type=_FILE)
@click.option(
    "-o", "--output", default="-", type=Output(), help="File to write; - is standard output."
)
@_DIRECTION
@_FORCE
def relations_direct(source: str, output: str, direction: str, force: bool) -> None:
    """Write a list without the pairs that others imply."""
    _check(output, force, source)
    _write(_read(source, direction).direct(), output, force)


@click.command("shards", cls=Command)
@click.argument("source", metavar="LIST", type=_FILE)
@click.option("-o", "--output", required=True, type=Output(), help="Folder to write.")
@click.option("--closure", is_flag=True, help="All (node, ancestor) pairs.")
@_DIRECTION
@_FORCE
def relations_shards(source: str, output: str, closure: bool, direction: str, force: bool) -> None:
    """Turn a list into a folder of relation shards."""
    from wordvec.counts.shards import SHARDS
    from wordvec.hierarchy.relations import write_shards
    from wordvec.system.folders import check_folder

    check_folder(output, SHARDS, force=force, inputs=[source])
    found = _read(source, direction)
    write_shards(found.closure() if closure else found, output, force=force)


@click.command("check", cls=Command)
@click.argument("source", metavar="LIST", type=_FILE)
@_DIRECTION
@format_option
def relations_check(source: str, direction: str, output: str) -> None:
    """Count what a list holds, and what is wrong with it."""
    found = _read(source, direction)
    cycles = found.cycles()
    emit(
        [
            {
                "nodes": found.n_nodes,
                "pairs": len(found),
                "closure_pairs": len(found.closure()),
                "roots": len(found.roots()),
                "depth": None if cycles else int(found.depth().max()),
                "self_pairs": found.dropped.self_pairs,
                "duplicates": found.dropped.duplicates,
                "isolated": len(found.dropped.isolated),
                "cycles": len(cycles),
            }
        ],
        output,
    )
    for cycle in cycles[:10]:
        click.echo(f"cycle: {' '.join(cycle[:8])}{' ...' if len(cycle) > 8 else ''}", err=True)


taxonomy = LazyGroup(
    {
        name: f"wordvec.cli.models.hierarchy:taxonomy_{name}"
        for name in (
            *("parents", "children", "ancestors", "add", "judge", "entailment"),
            *("refine", "plot", "model", "export"),
        )
    },
    name="taxonomy",
    help="Ask, measure, draw and repair vectors of hierarchies.",
)


def _look_up(direction: str, vectors: str, words: tuple[str, ...], topn: int, output: str) -> None:
    from wordvec.hierarchy import lookup as hyperbolic

    look = {
        "parent": hyperbolic.parents,
        "child": hyperbolic.children,
        "ancestor": hyperbolic.ancestors,
    }[direction]
    wv = _load(vectors)
    for word in words:
        if word not in wv and (senses := wv.prefix(f"{word}.", 6)):
            raise click.UsageError(f"no term {word!r}; did you mean {', '.join(senses)}?")
    emit(
        [
            {"word": word, direction: other, "distance": distance}
            for word in words
            for other, distance in look(wv, word, topn)
        ],
        output,
    )


def _looking(function: F) -> F:
    for option in (
        format_option,
        add_options("wordvec.hierarchy.lookup:ancestors", "topn"),
        click.argument("words", nargs=-1, required=True),
        click.argument("vectors", type=_FILE),
    ):
        function = option(function)
    return function


@click.command("parents", cls=Command)
@_looking
def taxonomy_parents(vectors: str, words: tuple[str, ...], topn: int, output: str) -> None:
    """List the nearest more general terms of each WORD."""
    _look_up("parent", vectors, words, topn, output)


@click.command("children", cls=Command)
@_looking
def taxonomy_children(vectors: str, words: tuple[str, ...], topn: int, output: str) -> None:
    """List the nearest more specific terms of each WORD."""
    _look_up("child", vectors, words, topn, output)


@click.command("ancestors", cls=Command)
@_looking
def taxonomy_ancestors(vectors: str, words: tuple[str, ...], topn: int, output: str) -> None:
    """List the more general terms of each WORD, nearest first."""
    _look_up("ancestor", vectors, words, topn, output)


@click.command("add", cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("name")
@click.option(
    "--parent",
    "parents",
    multiple=True,
    help="An ancestor of the term; can be given several times.",
)
@click.option(
    "--child",
    "children",
    multiple=True,
    help="A descendant of the term; can be given several times.",
)
@click.option("-o", "--output", required=True, type=Output(), help="The .wv file to write.")
@_FORCE
def taxonomy_add(
    vectors: str,
    name: str,
    parents: tuple[str, ...],
    children: tuple[str, ...],
    output: str,
    force: bool,
) -> None:
    """Add the term NAME without moving any other one."""
    from wordvec.hierarchy.lookup import add_node
    from wordvec.vectors.vectors import check_store

    check_store(output, force=force, inputs=[vectors])
    add_node(_load(vectors), name, parents=parents, children=children).save(output, force=force)


@click.command("judge", cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("source", metavar="RELATIONS", type=_FILE)
@click.option("--closure", is_flag=True, help="Rank all ancestors, not only direct parents.")
@click.option("--known", type=_FILE, help="Other true relations: RELATIONS were held out of them.")
@click.option(
    "--undirected", is_flag=True, help="Distortion of all distances and MAP of edges, both ways."
)
@click.option(
    "--exact", is_flag=True, help="MAP of a planar construction before it was rounded to float64."
)
@_DIRECTION
@format_option
def taxonomy_judge(
    vectors: str,
    source: str,
    closure: bool,
    known: str | None,
    undirected: bool,
    exact: bool,
    direction: str,
    output: str,
) -> None:
    """Measure mean rank and MAP of relations.

    It is reconstruction, or link prediction with --known.

    --undirected and --exact judge constructions: RELATIONS are the edges of a tree or graph.
    """
    from wordvec.hierarchy.measures.ranks import link_prediction

    asked = _read(source, direction)
    if undirected or exact:
        if closure or known is not None:
            raise click.UsageError(
                "--closure and --known need directed relations: leave out --undirected and --exact"
            )
        emit([_judge_edges(_load(vectors), asked, exact)], output)
        return
    asked = asked.closure() if closure else asked
    others = asked if known is None else _read(known, direction)
    task = "reconstruction" if known is None else "link prediction"
    emit([{"task": task, **link_prediction(_load(vectors), asked, others).as_row()}], output)


def _judge_edges(vectors: WordVectors, edges: Relations, exact: bool) -> dict[str, Any]:
    from wordvec.hierarchy.measures.distortion import MOST_NODES, distortion, neighbour_map

    if exact:
        return _judge_exactly(vectors, edges)
    if edges.n_nodes > MOST_NODES:  # all pairs would be too many
        return {"task": "edges", "map": neighbour_map(vectors, edges), "nodes": edges.n_nodes}
    found = distortion(vectors, edges)
    return {
        "task": "edges",
        "distortion": found.average,
        "worst": found.worst,
        "map": found.map,
        "nodes": found.nodes,
    }


def _judge_exactly(vectors: WordVectors, edges: Relations) -> dict[str, Any]:
    from wordvec.hierarchy.measures.planar import planar_map
    from wordvec.hierarchy.sarkar import rooted_tree, spanning_tree

    made: dict[str, Any] = vectors.meta.get("construction", {})
    options: dict[str, Any] = vectors.meta.get("options", {})
    if vectors.meta.get("model") != "sarkar" or vectors.vector_size != 2:
        raise ValueError("--exact needs vectors that --model sarkar made with two dimensions")
    tree = (
        spanning_tree(edges, options.get("root"))
        if options.get("undirected")
        else rooted_tree(edges)
    )
    if int(tree.depth.max()) != made["depth"] or tree.max_degree != made["max_degree"]:
        raise ValueError(f"{edges.source}: not the tree that these vectors were made of")
    return {
        "task": "edges of the tree, exactly",
        "map": planar_map(tree, made["tau"]),
        "tau": made["tau"],
        "bits": made["bits"],
        "nodes": edges.n_nodes,
    }


@click.command("entailment", cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("dataset", type=_FILE)
@click.option(
    "--kind", type=click.Choice(["hyperlex", "wbless"]), required=True, help="Which set DATASET is."
)
@add_options("wordvec.hierarchy.measures.entailment:hyperlex", "senses")
@format_option
def taxonomy_entailment(vectors: str, dataset: str, kind: str, senses: Any, output: str) -> None:
    """Measure entailment (HyperLex) or hypernymy (WBLESS)."""
    from wordvec.hierarchy.measures import entailment

    measure = entailment.hyperlex if kind == "hyperlex" else entailment.wbless
    result = measure(_load(vectors), dataset, senses=senses)
    emit([{"set": kind, **result.__dict__}], output)


@click.command("refine", cls=Command)
@click.argument("source", metavar="TAXONOMY", type=_FILE)
@click.argument("vectors", type=_FILE)
@click.option("--terms", type=_FILE, help="Terms that the taxonomy should have, one per line.")
@add_options("wordvec.hierarchy.taxonomy:refine", "most_rank")
@click.option("-o", "--repaired", type=Output(), help="Write the repaired taxonomy here.")
@_DIRECTION
@_FORCE
@format_option
def taxonomy_refine(
    source: str,
    vectors: str,
    terms: str | None,
    most_rank: int | None,
    repaired: str | None,
    direction: str,
    force: bool,
    output: str,
) -> None:
    """Propose new parents for terms that are badly attached."""
    from wordvec.hierarchy.taxonomy import apply, refine

    if repaired is not None:
        check_target(repaired, force=force, inputs=[source, vectors, terms])
    wanted: list[str] = []
    if terms is not None:
        with open(terms, encoding="utf-8-sig", errors="surrogateescape") as file:
            wanted = [line.strip() for line in file if line.strip()]
    old = _read(source, direction)
    proposals = refine(old, _load(vectors), terms=wanted, most_rank=most_rank)
    if repaired is not None:
        _write(apply(old, proposals), repaired, force)
    emit([proposal.as_row() for proposal in proposals], output)


@click.command("plot", cls=Command)
@click.argument("vectors", type=_FILE)
@click.option("-o", "--output", required=True, type=Output(), help="The .svg file to write.")
@click.option("--edges", type=_FILE, help="List of direct relations to draw.")
@click.option("--center", help="The term in the middle.  [the most general]")
@click.option("--origin", is_flag=True, help="Leave the origin of the space in the middle.")
@add_options("wordvec.hierarchy.disk:disk_svg", "scale", "most", "labels")
@click.option("--title", help="A line over the drawing.")
@_DIRECTION
@_FORCE
def taxonomy_plot(
    vectors: str,
    output: str,
    edges: str | None,
    center: str | None,
    origin: bool,
    scale: Any,
    most: int,
    labels: int,
    title: str | None,
    direction: str,
    force: bool,
) -> None:
    """Draw two-dimensional vectors on the hyperbolic disk."""
    from wordvec.hierarchy.disk import FAINT, disk_svg, mean_rank, write_disk

    if not output.lower().endswith(".svg"):
        raise click.UsageError(f"{output}: a drawing is SVG; name it .svg")
    check_target(output, force=force, inputs=[vectors, edges])
    pairs = list(_read(edges, direction).direct().pairs()) if edges else []
    wv = _load(vectors)
    drawing = disk_svg(
        wv, pairs, center=center, origin=origin, scale=scale, most=most, labels=labels, title=title
    )
    write_disk(output, drawing, force=force)
    rank = mean_rank(wv, pairs)
    if rank > FAINT:
        click.echo(
            "warning: among the terms nearest to a term its parent is on average in place "
            f"{rank:,.0f}: two dimensions cannot show this hierarchy well, and the drawing may "
            "mislead",
            err=True,
        )


@click.command("model", cls=Command)
@click.argument("vectors", type=_FILE)
@click.argument("target", type=click.Choice(["poincare", "lorentz"]))
@click.option("-o", "--output", required=True, type=Output(), help="The .wv file to write.")
@_FORCE
def taxonomy_model(vectors: str, target: str, output: str, force: bool) -> None:
    """Write the points in the other hyperbolic model."""
    from wordvec.hierarchy.lookup import convert_model
    from wordvec.vectors.vectors import check_store

    check_store(output, force=force, inputs=[vectors])
    convert_model(_load(vectors), target).save(output, force=force)


@click.command("export", cls=Command)
@click.argument("vectors", type=_FILE)
@click.option("-o", "--output", required=True, type=Output(), help="The text file to write.")
@_FORCE
def taxonomy_export(vectors: str, output: str, force: bool) -> None:
    """Write names and coordinates as text, with all digits."""
    from wordvec.hierarchy.lookup import write_text

    check_target(output, force=force, inputs=[vectors])
    write_text(_load(vectors), output, force=force)
