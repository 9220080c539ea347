"""The result tables of a campaign as Markdown: means and SD over seeds, peers, cost, machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from wordvec.evaluation.core.measure import Table, number
from wordvec.evaluation.report import document as report

if TYPE_CHECKING:
    from evals.campaign import Campaign, Outcome

# Title of a score -> model -> its values, one a seed.
Scores = Mapping[str, Mapping[str, Sequence[float]]]


def markdown(campaign: Campaign, outcomes: Sequence[Outcome]) -> str:
    """All tables. Where a model failed, the reason stands in place of its cost."""
    found = _scores(outcomes)
    names = list(dict.fromkeys(o.model.name for o in outcomes))
    seeds = sorted({o.model.seed for o in outcomes})
    parts = [
        "# Results",
        "",
        "Written by `python -m evals`; not edited. Mean ± SD over the seeds that are done.",
        "",
        f"- text: {campaign.about}; SHA-256 {campaign.sha256[:16]}; {campaign.vector_size} "
        f"dimensions, {campaign.threads} threads, seeds {', '.join(map(str, seeds))}",
        *(f"- {name}: {value}" for name, value in _facts(outcomes).items()),
        "",
    ]
    headline = [title for title in campaign.headline if title in found]
    tables = [
        ("Models", _glance(found, names, headline)),
        (
            "Differences from the peer",
            _beside(found, _peers(outcomes), headline),
        ),
        ("Cost of training", _cost(outcomes)),
        ("All scores", _all(found, names)),
    ]
    for heading, rows in tables:
        if rows:
            parts += [f"## {heading}", "", *([_SAYS[heading], ""] if heading in _SAYS else [])]
            parts += [*_markdown(Table.of(rows)), ""]
    return "\n".join(parts)


_SAYS = {
    "Differences from the peer": "Difference of means from the peer's, with a 95 % interval over "
    "seeds (Welch's t). It tells what is luck of the seed; the report's intervals tell what is "
    "luck of the items.",
    "Cost of training": "From the text (or its shards) to saved vectors, all threads together. "
    "Shards are counted once for each text and window, and serve all seeds.",
}


def _scores(outcomes: Sequence[Outcome]) -> Scores:
    found: dict[str, dict[str, list[float]]] = {}
    for outcome in outcomes:
        for row in report.rows(outcome.document) if outcome.document else ():
            title = row["dataset"]
            if row["measure"] not in ("similarity", "analogy"):
                title = f"{title}, {row['measure']}"
            found.setdefault(title, {}).setdefault(outcome.model.name, []).append(row["score"])
    return found


def _peers(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {o.model.name: o.model.peer for o in outcomes if o.model.peer}


def _facts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Commits, versions and machine of all steps; several where steps were done on several."""
    facts: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        for record in outcome.records:
            for name, value in record["machine"].items():
                facts.setdefault(name, {})[value] = None
    return {name: "; ".join(values) for name, values in facts.items()}


def _glance(found: Scores, names: Sequence[str], headline: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"model": name, **{title: _mean(found[title].get(name, ())) for title in headline}}
        for name in names
        if headline
    ]


def _beside(
    found: Scores, peers: Mapping[str, str], headline: Sequence[str]
) -> list[dict[str, str]]:
    return [
        {
            "model": f"{name} less {peer}",
            **{t: difference(found[t].get(name, ()), found[t].get(peer, ())) for t in headline},
        }
        for name, peer in peers.items()
        if headline
    ]


def _cost(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    cpu: dict[str, list[float]] = {}
    wall: dict[str, list[float]] = {}
    for outcome in outcomes:
        name, record = outcome.model.name, outcome.training
        cpu.setdefault(name, []), wall.setdefault(name, [])
        if record and record["error"] is None:
            cpu[name].append(record["cpu_seconds"])
            wall[name].append(record["seconds"])
    peers = _peers(outcomes)
    rows = []
    for name in cpu:
        mine = [o for o in outcomes if o.model.name == name]
        counting = [o.counting["cpu_seconds"] for o in mine if o.counting]
        peer = cpu.get(peers.get(name, ""))
        ratio = np.mean(peer) / np.mean(cpu[name]) if peer and cpu[name] else None
        rows.append(
            {
                "model": name,
                "seeds": f"{len(cpu[name])} of {len(mine)}",
                "CPU-seconds": _mean(cpu[name], 1),
                "seconds": _mean(wall[name], 1),
                "counting, CPU-seconds": number(counting[0], 1) if counting else "-",
                "peer's CPU time over this": number(float(ratio), 1) if ratio else "-",
                "": "; ".join(f"s{o.model.seed} {o.error}" for o in mine if o.error),
            }
        )
    return rows


def _all(found: Scores, names: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"score": title, **{name: _mean(of.get(name, ())) for name in names}}
        for title, of in found.items()
    ]


def _mean(values: Sequence[float], places: int = 3) -> str:
    if not values:
        return "-"
    mean = number(float(np.mean(values)), places)
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.{places}f}"


def difference(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """mean(ours) - mean(theirs) with Welch's 95 % interval, where there are seeds enough."""
    if not ours or not theirs:
        return "-"
    gap = float(np.mean(ours) - np.mean(theirs))
    if min(len(ours), len(theirs)) < 2:
        return f"{gap:+.3f}"
    parts = [np.var(values, ddof=1) / len(values) for values in (ours, theirs)]
    half = 0.0
    if sum(parts) > 0:
        shares = [p * p / (len(v) - 1) for p, v in zip(parts, (ours, theirs), strict=True)]
        half = float(stdtrit(sum(parts) ** 2 / sum(shares), 0.975)) * math.sqrt(sum(parts))
    return f"{gap:+.3f} ({gap - half:+.3f} to {gap + half:+.3f})"


def _markdown(table: Table) -> list[str]:
    rows = [table.columns, ("---",) * len(table.columns), *table.rows]
    return ["| " + " | ".join(row) + " |" for row in rows]
