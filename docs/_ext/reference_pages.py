"""Reference pages that are written from the code: options, commands, public names, formats.

A fact stands once, in the field, the registry or the command that it belongs to. These pages are
made anew at each build and are not kept.
"""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from sphinx.application import Sphinx

import wordvec
from wordvec.cli import SECTIONS
from wordvec.cli.models.train import fields_of
from wordvec.cli.program import LazyGroup, Program
from wordvec.estimator import Option
from wordvec.models import MODELS

TRAINS_ON = {
    "text": "a text",
    "counts": "counts (shards), or a text that is counted first",
    "relations": "relations (child, parent)",
}

# Of a model its fit and what it needs beyond that stand once, above all models.
MEMBERS = {
    "Models": [":members:", ":exclude-members: notes, recorded, check"],
    "Classes": [":members:", ":inherited-members: Mapping, Sequence, tuple, object"],
    "Modules": [":members:"],
}
COMMANDS = (
    "After this page you know every command and its options, in the words of `wordvec COMMAND "
    "--help`. What a command prints goes to standard output, and what it says about its work to "
    "standard error. Options can also stand [in a file or in the environment](../configuration.md)."
)
SHARED = ("fit", "get_params", "set_params")


def setup(app: Sphinx) -> dict[str, Any]:
    """Writes the pages before Sphinx reads its sources."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference" / "generated"))
    app.connect("doctree-resolved", lambda app, tree, page: number_sources(tree))
    return {"parallel_read_safe": True}


def number_sources(tree: nodes.document) -> None:
    """Shows [1] where numpydoc made a name that is unique on its page, [R5ccccdcb86fb-1]."""
    for node in [*tree.findall(nodes.reference), *tree.findall(nodes.label)]:
        number = re.fullmatch(r"(\[?)R[0-9a-f]+-(\w+\]?)", node.astext())
        if number:
            node.children = [nodes.Text(number[1] + number[2])]


def write(folder: Path) -> None:
    """Writes all generated pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"models": models(), "commands": commands(), "api": api()}
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def models() -> str:
    """A section for each model: what it trains on, its options, its papers."""
    lines = ["# Models and their options", ""]
    lines += [
        "After this page you know every option of a model, its default and where that comes from. "
        "The terminal shows the same: `wordvec train --model glove --help`.",
        "",
        "Each option is an argument of the class and, with dashes, an option of `wordvec train "
        "--model NAME`. It can also stand in a configuration file, under `[train]` or "
        "`[train.NAME]`, and in the environment, as `WORDVEC_TRAIN_OPTION`.",
        "",
        "| model | class | trains on | what it is |",
        "|---|---|---|---|",
    ]
    for model in MODELS.values():
        lines.append(
            f"| [{model.name}](#model-{model.name}) | `wordvec.{model.class_name}` | "
            f"{TRAINS_ON[model.trains_on]} | {model.summary} |"
        )
    for model in MODELS.values():
        lines += [
            "",
            f"(model-{model.name})=",
            f"## {model.name}",
            "",
            f"{_sentence(model.summary)}",
            "",
        ]
        lines += ["| option | values | default | what it does | source |", "|---|---|---|---|---|"]
        for name, (option, default) in fields_of(model).items():
            lines.append(
                f"| `{name}` | {_values(option)} | {_default(option, default)} | "
                f"{_cell(option.help)} | {option.source} |"
            )
    return "\n".join([*lines, ""])


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _values(option: Option) -> str:
    kinds = {int: "whole number", float: "number", bool: "yes or no", str: "text", tuple: "list"}
    if option.choices:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    if option.unit:
        return option.unit
    return _cell(" ".join([kinds[option.kind], option.range]).strip())


def _default(option: Option, default: Any) -> str:
    if default is None:
        return option.none
    return f"`{'yes' if default is True else 'no' if default is False else default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def commands() -> str:
    """The help of every command, as the terminal shows it."""
    program = Program(SECTIONS)
    root = click.Context(program, info_name="wordvec", **_settings(program))
    lines = ["# Commands", "", COMMANDS, "", "```text", program.get_help(root), "```"]
    for name in program.list_commands(root):
        lines += _command(program, root, name)
    lines += ["", "## Options of each model", ""]
    for model in MODELS.values():
        command = program.get_command(root, "train")
        assert command is not None
        context = click.Context(command, root, "train", **_settings(program))
        context.meta.update({"wordvec.model": model.name, "wordvec.asked": True})
        lines += [f"### train --model {model.name}", "", "```text"]
        lines += [command.get_help(context), "```", ""]
        context.meta.clear()
    return "\n".join([*lines, ""])


def _settings(program: click.Command) -> dict[str, Any]:
    return dict(program.context_settings) | {"terminal_width": 100}


def _command(group: click.Group, parent: click.Context, name: str) -> list[str]:
    command = group.get_command(parent, name)
    assert command is not None
    context = click.Context(command, parent, name, **_settings(parent.find_root().command))
    lines = ["", f"## {context.command_path}", "", "```text", command.get_help(context), "```"]
    if isinstance(command, LazyGroup):
        for each in command.list_commands(context):
            lines += _command(command, context, each)
    return lines


def examples() -> tuple[str, dict[str, str]]:
    """What all examples begin with, and the example of each public name."""
    text = (Path(__file__).parent / "examples.md").read_text("utf-8")
    head, *sections = re.split(r"^## ", text, flags=re.M)
    code = "\n".join(["```pycon", *re.findall(r"^>>> .*$", head, flags=re.M), "```"])
    return code, {name: code for name, _, code in (each.partition("\n") for each in sections)}


def api() -> str:
    """Every public name, documented from its docstring."""
    names = [name for name in wordvec.__all__ if not name.startswith("__")]
    kinds: dict[str, list[str]] = {
        "Models": [],
        "Classes": [],
        "Functions": [],
        "Modules": [],
        "Errors": [],
    }
    classes = {model.class_name for model in MODELS.values()}
    for name in sorted(names):
        value: Any = getattr(wordvec, name)
        if name in classes:
            kinds["Models"].append(name)
        elif isinstance(value, type):
            error = issubclass(value, BaseException)
            kinds["Errors" if error else "Classes"].append(name)
        else:
            module = isinstance(value, types.ModuleType)
            kinds["Modules" if module else "Functions"].append(name)
    head, shown = examples()
    lines = ["# Python", "", "After this page you know every name that `import wordvec` gives.", ""]
    lines += ["All examples on this page begin with these lines:", "", head, ""]
    for title, chosen in kinds.items():
        lines += [f"## {title}", ""]
        if title == "Models":
            lines += ["All models have these methods:", ""]
            for method in SHARED:
                lines += ["```{eval-rst}", f".. automethod:: wordvec.SkipGram.{method}"]
                lines += ["   :no-index:", "```", ""]
            lines += ["A fitted model has `vectors_`, the `WordVectors`.", ""]
        for name in chosen:
            value = getattr(wordvec, name)
            role = "autoclass" if isinstance(value, type) else "autofunction"
            role = "automodule" if title == "Modules" else role
            members = MEMBERS.get(title, [])
            lines += ["```{eval-rst}", f".. {role}:: wordvec.{name}"]
            lines += [f"   {member}" for member in members] + ["```", ""]
            lines += ["Example:", "", "```pycon", shown[name].strip(), "```", ""]
    return "\n".join(lines)
