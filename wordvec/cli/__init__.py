"""The command line: a command parses, calls one library function, prints.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 data or
run-time error, 2 usage, 3 a gate that did not hold (`--fail-under`), 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from wordvec.cli.base import Program
from wordvec.errors import WordvecError

# Command -> the module that defines it, imported when the command is used: start-up stays short.
COMMANDS: dict[str, str] = {
    "train": "wordvec.cli.train:train",
    "vocab": "wordvec.cli.count:vocab",
    "count": "wordvec.cli.count:count",
    "phrases": "wordvec.cli.phrases:phrases",
    "shards": "wordvec.cli.shards:shards",
    "neighbors": "wordvec.cli.lookup:neighbors",
    "similarity": "wordvec.cli.lookup:similarity",
    "analogy": "wordvec.cli.lookup:analogy",
    "eval": "wordvec.cli.judge:evaluate",
    "bias": "wordvec.cli.judge:bias",
    "convert": "wordvec.cli.lookup:convert",
    "info": "wordvec.cli.lookup:info",
    "verify": "wordvec.cli.lookup:verify",
    "oov": "wordvec.cli.oov:group",
    "relations": "wordvec.cli.hierarchy:relations",
    "taxonomy": "wordvec.cli.hierarchy:taxonomy",
}


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    argv = sys.argv[1:] if args is None else args
    debug = "--debug" in argv or os.environ.get("WORDVEC_DEBUG", "") not in ("", "0")
    sys.exit(_run(argv, debug))


def _run(argv: list[str], debug: bool) -> int:
    try:
        result = Program(COMMANDS).main(argv, prog_name="wordvec", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        # click wraps an interrupt; what was saved is said by the original.
        _say(f"interrupted; {str(error.__cause__ or error) or 'no half-written file was left'}")
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (WordvecError, OSError, ValueError, MemoryError) as error:
        if debug:
            raise
        _say(_one_line(error))
        return 2 if type(error) is ValueError else 1


def _say(message: str) -> None:
    click.echo(f"wordvec: {message}", err=True)


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, WordvecError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"error: {where}{error.strerror}"
    if isinstance(error, MemoryError):
        return f"error: out of memory ({error or 'no more could be had'}); see --memory"
    return "error: " + " ".join(str(error).split()).replace("give force=True", "give --force")
