"""python -m evals: the campaign; python -m evals oov, taxonomies, demo: other trials."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from pathlib import Path

import click

from evals import campaign as trainings
from evals import demo
from wordvec.errors import WordvecError


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/evals"),
    show_default=True,
    help="Where vectors, reports and tables go.",
)
@click.option("--model", "models", multiple=True, help="Only this model of suites.toml.")
@click.option("--seed", "seeds", multiple=True, type=int, help="Only this seed.")
@click.option(
    "--table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the result table here as well.",
)
@click.option("--data", help="Folder of public data; by default $WORDVEC_DATA.")
@click.option(
    "--suites",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another file like evals/suites.toml.",
)
def campaign(
    out: Path,
    models: tuple[str, ...],
    seeds: tuple[int, ...],
    table: Path | None,
    data: str | None,
    suites: Path | None,
) -> None:
    """Train the models of suites.toml and judge them by its suite.

    What is done is kept in OUT: run it again after an interruption, or with other models, and it
    goes on. The tables hold the models and seeds of this run.
    """
    chosen = trainings.read(
        suites or trainings.HERE / "suites.toml", only=models, seeds=seeds, data=data
    )
    trainings.run(chosen, out, table=table, progress=lambda text: click.echo(text, err=True))
    click.echo((out / "results.md").read_text("utf-8"))


def stop_children() -> None:
    """Makes SIGTERM an exception, as an interrupt is: a training that is waited for ends too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def main(argv: list[str]) -> None:
    """Runs the subcommand that comes first, or the campaign."""
    stop_children()
    if argv[:1] in (["oov"], ["taxonomies"]):
        import_module(f"evals.{argv[0]}").run(argv[1:])
    elif argv[:1] == ["demo"]:
        demo.main(Path(argv[1] if len(argv) > 1 else "build/demo"))
    else:
        try:
            campaign.main(argv, prog_name="python -m evals", standalone_mode=True)
        except (WordvecError, ValueError) as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
