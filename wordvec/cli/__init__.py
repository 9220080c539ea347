"""The command line: a command parses, calls one library function, prints.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 data or
run-time error, 2 usage, 3 a gate that did not hold (`--fail-under`), 130 interrupted, 143 and 129
ended by SIGTERM and SIGHUP.
"""

from __future__ import annotations

import os
import sys

import click

from wordvec.cli.process import (
    OUTPUT,
    abandon_output,
    ending_signals,
    prepare_streams,
    respect_limits,
)
from wordvec.cli.program import Program, say, with_options
from wordvec.errors import Terminated, WordvecError

# What `wordvec --help` lists: heading -> command -> the module that defines it, which is imported
# when the command is used, so that start-up stays short.
SECTIONS: dict[str, dict[str, str]] = {
    "Read and count texts": {
        "tokenize": "wordvec.cli.corpus.text:tokenize",
        "pieces": "wordvec.cli.corpus.text:pieces",
        "phrases": "wordvec.cli.corpus.phrases:phrases",
        "vocab": "wordvec.cli.corpus.count:vocab",
        "vocab merge": "wordvec.cli.corpus.count:merge_vocab",
        "count": "wordvec.cli.corpus.count:count",
        "shards": "wordvec.cli.corpus.shards:shards",
        "plan": "wordvec.cli.corpus.plan:plan",
    },
    "Train": {
        "train": "wordvec.cli.models.train:train",
        "oov": "wordvec.cli.oov:group",
        "stability": "wordvec.cli.vectors.stability:stability",
    },
    "Ask": {
        "neighbors": "wordvec.cli.vectors.lookup:neighbors",
        "similarity": "wordvec.cli.vectors.lookup:similarity",
        "analogy": "wordvec.cli.vectors.lookup:analogy",
        "documents": "wordvec.cli.corpus.text:documents",
        "keywords": "wordvec.cli.vectors.geometry:keywords",
        "change": "wordvec.cli.vectors.change:change",
        "uncertainty": "wordvec.cli.vectors.uncertainty:uncertainty",
    },
    "Judge": {
        "eval": "wordvec.cli.vectors.judge:evaluate",
        "bias": "wordvec.cli.vectors.judge:bias",
        "geometry": "wordvec.cli.vectors.geometry:geometry",
        "hubs": "wordvec.cli.vectors.geometry:hubs",
        "informativeness": "wordvec.cli.vectors.geometry:informativeness",
    },
    "Change and align": {
        "transform": "wordvec.cli.vectors.spaces:transform",
        "debias": "wordvec.cli.vectors.spaces:debias",
        "retrofit": "wordvec.cli.vectors.align:retrofit",
        "specialise": "wordvec.cli.vectors.align:specialise",
        "align": "wordvec.cli.vectors.align:align",
        "translate": "wordvec.cli.vectors.align:translate",
        "combine": "wordvec.cli.vectors.align:combine",
    },
    "Hierarchies": {
        "relations": "wordvec.cli.models.hierarchy:relations",
        "taxonomy": "wordvec.cli.models.hierarchy:taxonomy",
    },
    "Files and installation": {
        "info": "wordvec.cli.vectors.lookup:info",
        "convert": "wordvec.cli.vectors.lookup:convert",
        "verify": "wordvec.cli.vectors.lookup:verify",
        "data": "wordvec.cli.about:data",
        "cache": "wordvec.cli.about:cache",
        "doctor": "wordvec.cli.about:doctor",
        "completion": "wordvec.cli.about:completion",
        "man": "wordvec.cli.manual:man",
    },
}
# These multiply no matrices. OpenBLAS's threads start when numpy is loaded, and look for work for
# .08 CPU-seconds on two processors before they sleep.
WITHOUT_BLAS = {"tokenize", "vocab", "count"}
# Bytes of address space that are given back when an error has come: to say that memory ran out
# takes some. Zeros as `bytes` are never written, so they take no time.
RESERVE = 4 << 20
COMMANDS = {name: where for section in SECTIONS.values() for name, where in section.items()}


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    argv = sys.argv[1:] if args is None else args
    debug = "--debug" in argv or os.environ.get("WORDVEC_DEBUG", "") not in ("", "0")
    prepare_streams()
    with ending_signals():
        code = _run(argv, debug)
    sys.exit(code)


def _run(argv: list[str], debug: bool) -> int:
    reserve = bytes(RESERVE)
    try:
        if argv and argv[0] in WITHOUT_BLAS:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        respect_limits()
        result = Program(SECTIONS).main(argv, prog_name="wordvec", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort, Terminated) as error:
        # click wraps an interrupt; what was saved is said by the original.
        return _interrupted(error, str(error.__cause__ or error))
    except Exception as error:
        del reserve
        if not _expected(error) and (signal := _interruption(error)) is not None:
            return _interrupted(signal, str(signal))
        if isinstance(error, OSError) and error.filename in (OUTPUT, None):
            abandon_output()
            if isinstance(error, BrokenPipeError):
                return 1  # whoever read our output has seen enough
        if debug or not _expected(error):
            raise
        say(_one_line(error))
        return 2 if type(error) is ValueError else 1


def _interrupted(error: BaseException, saved: str) -> int:
    why = "terminated" if isinstance(error, Terminated) else "interrupted"
    say(f"{why}; {saved or 'no half-written file was left'}")
    return error.exit_code if isinstance(error, Terminated) else 130


def _interruption(error: BaseException) -> BaseException | None:
    """The interrupt that an error came from: one that arrives while Python takes a lock ends in
    "cannot release un-acquired lock"."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, KeyboardInterrupt | Terminated):
        behind = behind.__cause__ or behind.__context__
    return behind


def _expected(error: Exception) -> bool:
    """Whether an error is the user's or the machine's, and no mistake of this program."""
    if isinstance(error, RuntimeError):
        return "can't start new thread" in str(error)
    if isinstance(error, SystemError):  # of a C extension that could not be loaded for memory
        return "without exception set" in str(error)
    return isinstance(error, WordvecError | OSError | ValueError | MemoryError | ImportError)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, WordvecError):
        where = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        return f"error: {where}{error.strerror}"
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return f"error: out of memory{f' ({text})' if text else ''}: use less data or --memory"
    if isinstance(error, SystemError):
        return f"error: a module ended with no reason ({text}), as it does when memory runs out"
    if isinstance(error, RuntimeError):
        return "error: the system starts no more threads (ulimit -u, memory): use fewer --threads"
    if isinstance(error, ImportError) and not isinstance(error, WordvecError):
        return f"error: {error.name or 'a module'} cannot be loaded: {text}"
    return f"error: {with_options(text, error)}"
