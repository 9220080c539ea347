"""Trains what suites.toml names, judges it by one suite, and writes tables with commit and machine.

Every step (counting, training, judging) is a command in a process of its own. Its record stands
beside its result and says with which settings it was made: a step whose record is there with the
same settings is not done again, so a campaign that was stopped goes on where it was. A step that
fails is reported, and the others go on.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

import wordvec
from evals import results, trainers
from wordvec.errors import DatasetError
from wordvec.evaluation.core.bias.lists import data_file
from wordvec.native import cpu
from wordvec.system.files import write_atomically
from wordvec.text.reader import open_text

HERE = Path(__file__).parent
# All trainers get the same lines. gensim trains on a part of long ones: of two million words in
# lines of 1,000 it saw 1,415,000 after subsampling, in lines of 10,000 only 1,017,000.
LINE = 1000

Record = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """One training: a model of suites.toml with one seed.

    Attributes
    ----------
    options
        Of the trainer.
    count
        Of `wordvec count`, for models that train on shards.
    peer
        The model that it is compared with.
    """

    name: str
    trainer: str
    seed: int
    options: Mapping[str, Any]
    count: Mapping[str, Any] | None = None
    peer: str | None = None

    @property
    def label(self) -> str:
        """What it is called in reports; the seed is told from it."""
        return f"{self.name}-s{self.seed}"


@dataclass(frozen=True)
class Campaign:
    """suites.toml, read; `headline`: the scores that the first tables show."""

    suite: str
    data: Path
    corpus: Path
    sha256: str
    about: str
    vector_size: int
    threads: int
    headline: tuple[str, ...]
    models: tuple[Model, ...]


@dataclass
class Outcome:
    """What became of one model: the records of its steps and its evaluation, or the error."""

    model: Model
    counting: Record | None = None
    training: Record | None = None
    judging: Record | None = None
    document: Record | None = field(default=None, repr=False)
    error: str | None = None

    @property
    def records(self) -> list[Record]:
        return [r for r in (self.counting, self.training, self.judging) if r]


def read(
    path: Path = HERE / "suites.toml",
    *,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    data: str | None = None,
) -> Campaign:
    """The campaign of a file; `only` these models, with these `seeds`; corpora are looked for in
    `data` (by default $WORDVEC_DATA) and beside the file."""
    table = tomllib.loads(path.read_text("utf-8"))
    corpus = table["corpora"][table["corpus"]]
    folders = [Path(f) for f in (data, os.environ.get("WORDVEC_DATA"), path.parent) if f]
    folder = next((f for f in folders if (f / corpus["file"]).is_file()), None)
    if folder is None:
        looked = ", ".join(map(str, folders))
        raise DatasetError(
            f"{corpus['file']}: not in {looked}; set WORDVEC_DATA to the folder of public data"
        )
    names = [model["name"] for model in table["models"]]
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise ValueError(f"no model {', '.join(unknown)}; {path.name} has {', '.join(names)}")
    # Seed by seed, so that a table of all models is there early.
    models = tuple(
        Model(m["name"], m["trainer"], seed, m.get("options", {}), m.get("count"), m.get("peer"))
        for seed in seeds or table["seeds"]
        for m in table["models"]
        if not only or m["name"] in only
    )
    return Campaign(
        suite=table["suite"],
        data=folder,
        corpus=folder / corpus["file"],
        sha256=corpus["sha256"],
        about=corpus.get("source", corpus["file"]),
        vector_size=table["vector_size"],
        threads=table.get("threads", os.cpu_count() or 1),
        headline=tuple(table.get("headline", ())),
        models=models,
    )


# --- the text -------------------------------------------------------------------------------------


def lines(file: BinaryIO, longest: int = LINE) -> Iterator[bytes]:
    """The lines of a text, none of more words than `longest`."""
    words: list[bytes] = []
    rest = b""
    while block := file.read(1 << 22):
        *whole, tail = (rest + block).split(b"\n")
        for line in whole:
            words += line.split()
            yield from _cut(words, longest)
            if words:
                yield b" ".join(words) + b"\n"
                words = []
        # The last word may go on in the next block.
        head, space, rest = tail.rpartition(b" ")
        rest = rest if space else tail
        words += head.split()
        yield from _cut(words, longest)
    words += rest.split()
    yield from _cut(words, longest)
    if words:
        yield b" ".join(words) + b"\n"


def _cut(words: list[bytes], longest: int) -> Iterator[bytes]:
    """Takes full lines from the front of `words`."""
    while len(words) >= longest:
        yield b" ".join(words[:longest]) + b"\n"
        del words[:longest]


def prepare(campaign: Campaign, out: Path) -> Path:
    """The corpus as plain text in lines that every trainer reads whole."""
    digest = hashlib.sha256()
    with campaign.corpus.open("rb") as packed:
        while block := packed.read(1 << 22):
            digest.update(block)
    if digest.hexdigest() != campaign.sha256:
        raise DatasetError(f"{campaign.corpus}: its checksum is not the one of suites.toml")
    target = out / f"text-{campaign.sha256[:12]}-{LINE}.txt"
    if not target.is_file():
        with open_text(str(campaign.corpus)) as (_, text), write_atomically(target) as file:
            file.writelines(lines(text))
    return target


# --- the steps ------------------------------------------------------------------------------------


def step(result: Path, settings: Record, command: Sequence[str], env: Any = None) -> Record:
    """What making `result` cost: by its record when it was made with these settings, else now.

    A failed step leaves no record, and is tried again by the next campaign.
    """
    path = result.with_name(result.name + ".record.json")
    if result.exists() and path.is_file():
        kept: Record = json.loads(path.read_text("utf-8"))
        if kept["settings"] == settings:
            return kept
    path.unlink(missing_ok=True)
    done = trainers.run(command, env)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record = {"settings": settings, **asdict(done), "finished": now, "machine": machine()}
    if done.error is None:
        write(path, json.dumps(record, indent=1) + "\n")
    return record


def _work(campaign: Campaign, model: Model, text: Path, out: Path) -> Iterator[tuple[str, Record]]:
    """The steps of a model: (step, its record). Whoever draws them stops after one that failed."""
    source, settings = text, {"corpus": campaign.sha256, "line": LINE}
    if model.count is not None:
        settings["count"] = dict(model.count)
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
        source = out / f"shards-{digest}"
        command = trainers.count(text, source, campaign.threads, model.count)
        yield "counting", step(source, settings, command)
    common = {
        "vector_size": campaign.vector_size,
        "seed": model.seed,
        "threads": campaign.threads,
    }
    settings = {**settings, **common, "trainer": model.trainer, "options": dict(model.options)}
    vectors = vectors_of(model, out)
    command = trainers.TRAINERS[model.trainer](source, vectors, common, model.options)
    trained = step(vectors, settings, command)
    yield "training", trained
    report = out / "scores" / f"{model.label}.json"
    settings = {"suite": _suite_digest(campaign), "vectors": trained["finished"]}
    command = [
        *trainers.WORDVEC,
        "eval",
        str(vectors),
        "--suite",
        campaign.suite,
        "--json",
        str(report),
        "--threads",
        str(campaign.threads),
        "--quiet",
        "--force",
    ]
    yield "judging", step(report, settings, command, _env(campaign))


def vectors_of(model: Model, out: Path) -> Path:
    """Where a model's vectors are kept."""
    return out / "vectors" / f"{model.label}.vectors"


def _suite_digest(campaign: Campaign) -> str:
    path = data_file("english.toml") if campaign.suite == "english" else Path(campaign.suite)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else campaign.suite


def _env(campaign: Campaign) -> dict[str, str]:
    return {**os.environ, "WORDVEC_DATA": str(campaign.data)}


def _one(campaign: Campaign, model: Model, text: Path, out: Path, progress: Any) -> Outcome:
    outcome = Outcome(model)
    progress(f"{model.label}: ...")
    for name, record in _work(campaign, model, text, out):
        setattr(outcome, name, record)
        if record["error"] is not None:
            outcome.error = f"{name}: {record['error'].replace(str(out), '...')}"
            progress(f"{model.label}: failed: {outcome.error}")
            return outcome
        progress(f"{model.label}: {name} {record['cpu_seconds']:.1f} CPU-seconds")
    scores = out / "scores" / f"{model.label}.json"
    outcome.document = json.loads(scores.read_text("utf-8"))
    return outcome


def _report(campaign: Campaign, outcomes: Sequence[Outcome], out: Path) -> Record:
    """The report over the first seed of every model, with their comparisons."""
    first: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.error is None:
            first.setdefault(outcome.model.name, outcome)
    made = {o.model.label: (o.training or {})["finished"] for o in first.values()}
    command = [
        *trainers.WORDVEC,
        "eval",
        *(str(vectors_of(o.model, out)) for o in first.values()),
        "--suite",
        campaign.suite,
        "--threads",
        str(campaign.threads),
        "--quiet",
        "--force",
        "--json",
        str(out / "report.json"),
        "--markdown",
        str(out / "report.md"),
        "--html",
        str(out / "report.html"),
    ]
    settings = {"suite": _suite_digest(campaign), "vectors": made}
    return step(out / "report.html", settings, command, _env(campaign))


def run(
    campaign: Campaign,
    out: Path,
    *,
    table: Path | None = None,
    progress: Callable[[str], None] = print,
) -> list[Outcome]:
    """Trains and judges all models.

    Writes results.md after every model (also to `table`), and at the end report.{json,md,html}
    over the first seed of each.

    Raises
    ------
    DatasetError
        Another corpus than suites.toml names, or no model that could be trained and judged.
    """
    for folder in (out / "vectors", out / "scores"):
        folder.mkdir(parents=True, exist_ok=True)
    text = prepare(campaign, out)
    outcomes: list[Outcome] = []
    for model in campaign.models:
        outcomes.append(_one(campaign, model, text, out, progress))
        if any(o.document for o in outcomes):
            for path in filter(None, (out / "results.md", table)):
                write(path, results.markdown(campaign, outcomes))
    if not any(o.document for o in outcomes):
        raise DatasetError(
            "no model could be judged: "
            + "; ".join(f"{o.model.label}: {o.error}" for o in outcomes)
        )
    progress("report over the first seed of each model")
    done = _report(campaign, outcomes, out)
    if done["error"] is not None:
        progress(f"no report: {done['error']}")
    return outcomes


# --- machine --------------------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """Where and with what a step was done."""
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return {
        "commit": _git("describe", "--always", "--dirty") or "unknown",
        "wordvec": wordvec.__version__,
        "peers": ", ".join(f"{name} {_version(name)}" for name in ("gensim", "numpy")),
        "processor": f"{processor}, {os.cpu_count()} logical, {cpu.isa()}",
        "python": f"{platform.python_version()}, {platform.system()}",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()


def write(path: Path, text: str) -> None:
    """Writes a text file whole, over an older one."""
    with write_atomically(path, force=True) as file:
        file.write(text.encode())
