"""wordvec data, doctor, completion: what is at hand on this machine, and help for the shell."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from click.shell_completion import FishComplete, ZshComplete, get_completion_class

from wordvec.cli.base import Command, emit, format_option
from wordvec.cli.program import LazyGroup, nearest

# Extra -> the packages that it brings; the name to install is wordvec[extra].
EXTRA = 'extra == "'
# Of data/relations/mammals.tsv.
MAMMALS = "f5e7d8fb3f3e18184a3ace8bdb79ea6f92467d19c7f9ca9682433575cff6ff7c"


def _entry(name: str) -> Any:
    entries = {entry.name: entry for entry in _entries()}
    if name not in entries:
        raise click.UsageError(f"no set {name!r}{nearest(name, entries)}")
    return entries[name]


def _entries() -> list[Any]:
    """The sets of the English suite, and the relations that ship."""
    from wordvec.evaluation.suite import Entry, catalogue
    from wordvec.system.files import data_file

    mammals = Entry(
        name="mammals",
        kind="relations",
        source="WordNet 3.0; Nickel & Kiela 2017",
        licence="WordNet 3.0",
        sha256=MAMMALS,
        path=data_file("relations/mammals.tsv"),
        wanted=(),
    )
    return [*catalogue(), mammals]


data = LazyGroup(
    {"list": "wordvec.cli.about:data_list", "path": "wordvec.cli.about:data_path"},
    name="data",
    help="List evaluation sets and samples, and where each one is.",
)


@click.command("list", cls=Command)
@format_option
def data_list(output: str) -> None:
    """List the sets: kind, licence, source, and where each is.

    Evaluation sets do not ship with wordvec, and it downloads nothing. They are looked for in the
    folder that WORDVEC_DATA names, and among the files of an installed gensim. The relations of
    `mammals`, which the tutorial on hierarchies uses, do ship.
    """
    rows = [
        {
            "set": entry.name,
            "kind": entry.kind,
            "licence": entry.licence,
            "found": str(entry.path) if entry.path else None,
            "source": entry.source,
            "sha256": entry.sha256 if output != "table" else entry.sha256[:12],
        }
        for entry in _entries()
    ]
    emit(rows, output)
    missing = sum(row["found"] is None for row in rows)
    if missing:
        click.echo(
            f"{missing} of {len(rows)} sets were not found: get them from their sources and set "
            "WORDVEC_DATA to their folder; wordvec data path SET names the file to look for",
            err=True,
        )


@click.command("path", cls=Command)
@click.argument("name", metavar="SET")
def data_path(name: str) -> None:
    """Print the path of a set, or say how to get it."""
    entry = _entry(name)
    if entry.path is None:
        places = " or ".join(entry.wanted)
        raise FileNotFoundError(
            f"{name}: not found; get it from {entry.source} and put it at {places} in the folder "
            f"of WORDVEC_DATA (sha256 {entry.sha256})"
        )
    click.echo(entry.path)


@click.command(cls=Command)
@format_option
def doctor(output: str) -> None:
    """Show what this installation has and what is missing.

    Put its output into a report of a fault.
    """
    import numpy as np

    from wordvec import __version__
    from wordvec.evaluation.suite import catalogue
    from wordvec.native import cpu
    from wordvec.native.models import glove
    from wordvec.system.parallel import threads

    rows = [
        _row("wordvec", __version__),
        _row("Python", f"{platform.python_version()} ({sys.executable})"),
        _row("system", f"{platform.system()} {platform.machine()}, glibc {platform.libc_ver()[1]}"),
        _row("processor", _processor()),
        _row("instruction set", f"{cpu.isa()} of {', '.join(cpu.available())}"),
        _row("caches", _caches() or "not known"),
        _row("GloVe's blocks of rows", f"{glove.BLOCK >> 10} KB, meant for the second-level cache"),
        _row("threads", str(threads())),
        _row("numpy", f"{np.__version__}, {_blas(np)}"),
    ]
    for extra, packages in sorted(_extras().items()):
        missing = [name for name in packages if not _version(name)]
        have = [f"{name} {_version(name)}" for name in packages if _version(name)]
        note = f"pip install 'wordvec[{extra}]' brings {', '.join(missing)}" if missing else ""
        rows.append(_row(f"extra {extra}", ", ".join(have) or "not installed", note))
    entries = catalogue()
    absent = [entry.name for entry in entries if entry.path is None]
    note = "see wordvec data list" if absent else ""
    rows.append(_row("evaluation sets", f"{len(entries) - len(absent)} of {len(entries)}", note))
    emit(rows, output)


def _row(what: str, found: str, remedy: str = "") -> dict[str, str]:
    return {"what": what, "found": found, "remedy": remedy}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "not known"


def _caches() -> str:
    """Sizes of the caches of the first processor, as Linux tells them."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((index / n).read_text().strip() for n in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found.append(f"level {level} {size}")
    return ", ".join(found)


def _blas(np: Any) -> str:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"BLAS {blas.get('name')} {blas.get('version')}"


def _extras() -> dict[str, list[str]]:
    """The packages of each extra, from the installed metadata."""
    found: dict[str, list[str]] = {}
    for line in metadata.requires("wordvec") or []:
        requirement, _, marker = line.partition(";")
        older = re.search(r"python_version < ['\"]3\.(\d+)", marker)
        if older and sys.version_info >= (3, int(older[1])):
            continue  # this Python needs it no more, or cannot have it
        if EXTRA in marker:
            extra = marker.split(EXTRA)[1].split('"')[0]
            name = "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]
            if name != "wordvec" and extra not in ("test", "bench", "docs"):
                found.setdefault(extra, []).append(name)
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


# What a shell needs beside click's script. fish: a help text is cut at its first comma. zsh:
# compdef is unknown until compinit has run, which a new ~/.zshrc does not do.
SCRIPTS = {
    "fish": FishComplete.source_template.replace('string split ","', 'string split -m 1 ","'),
    "zsh": ZshComplete.source_template.replace(
        "    compdef ",
        "    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n    compdef ",
    ),
}


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script for command completion in a shell.

    \b
    bash:  wordvec completion bash >> ~/.bashrc
    zsh:   wordvec completion zsh >> ~/.zshrc
    fish:  wordvec completion fish > ~/.config/fish/completions/wordvec.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root()
    script = kind(root.command, {}, "wordvec", "_WORDVEC_COMPLETE")
    click.echo(SCRIPTS.get(shell, script.source_template) % script.source_vars())


@click.command(cls=Command)
@click.argument("action", type=click.Choice(["where", "clear"]))
def cache(action: str) -> None:
    """Show or clear the copies of files from stores (s3://...)."""
    from wordvec.system.remote import cache_folder, clear_cache

    if action == "where":
        click.echo(str(cache_folder()))
    else:
        click.echo(f"removed   {clear_cache():,} bytes of {cache_folder()}", err=True)
