"""wordvec plan: what a corpus costs, before it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.options import add_options
from wordvec.cli.progress import clock, quantity


@click.command(cls=Command)
@add_options("wordvec.scale.reckon:Job", defaults={"threads": None})
@format_option
def plan(threads: int | None, output: str, **options: Any) -> None:
    """Estimate memory, disk, network and time for a corpus.

    What a token, a cell and a pair cost is measured on this machine first, which takes some
    seconds. Words and cells are taken to grow with the text as in English Wikipedia, and all
    machines to be like this one. The constants are printed below the stages.
    """
    from wordvec.estimator import thread_count
    from wordvec.scale.calibrate import calibrate
    from wordvec.scale.reckon import Job, constants, stages

    job = Job(threads=thread_count(threads), **options)
    rates = calibrate(vector_size=min(job.vector_size, 1000), window=min(job.window, 100))
    rows = list(stages(job, rates))
    if output == "json":
        emit([each.as_row() for each in rows] + constants(rates, job), output)
        return
    if output == "tsv":
        emit([each.as_row() for each in rows], output)
        return
    machines = f"{job.workers} machines" if job.workers > 1 else "one machine"
    click.echo(
        f"{quantity(job.tokens)} tokens, {job.words:,} words, {quantity(job.cells())} stored "
        f"cells; {machines} of {job.threads} threads\n"
    )
    emit(
        [
            {
                "stage": each.stage,
                "CPU": clock(3600 * each.cpu_hours),
                "time": clock(3600 * each.hours),
                "memory per machine": f"{quantity(each.memory)}B",
                "disk": f"{quantity(each.disk)}B",
                "network per machine": f"{quantity(each.network)}B",
                "network time": clock(3600 * each.network_hours),
            }
            for each in rows
        ],
        output,
    )
    click.echo()
    emit(constants(rates, job), output)
    if job.workers > 1:
        alone = list(stages(replace(job, workers=1), rates))
        click.echo()
        emit(
            [
                {
                    "one machine instead": one.stage,
                    "time": clock(3600 * one.hours),
                    "memory": f"{quantity(one.memory)}B",
                    "times as long": round(one.hours / each.hours, 1) if each.hours else 0.0,
                }
                for one, each in zip(alone, rows, strict=True)
            ],
            output,
        )
