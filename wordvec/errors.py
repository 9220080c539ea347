"""What wordvec raises beyond ValueError, TypeError, KeyError and OSError.

Every message names the file or argument, what was found, what was expected, and what to do.
"""


class WordvecError(Exception):
    """Base of the errors below: data or a run that cannot go on, as opposed to a wrong call."""


class CorpusError(WordvecError):
    """A text that cannot be trained on: empty, binary, compressed twice, of too few words."""


class StoreError(WordvecError):
    """A .wv file that is damaged, foreign, truncated or of a newer version."""


class ShardError(WordvecError):
    """A shard directory that is damaged, unfinished, foreign or of a newer version."""


class FormatError(WordvecError):
    """A foreign vector file that cannot be read, or vectors that a format cannot hold."""


class DatasetError(WordvecError):
    """An evaluation set with a malformed row, or one that the vectors cannot answer."""


class Unanswerable(DatasetError):
    """A well-formed question that these vectors cannot answer: too few words or counts."""


class TrainingError(WordvecError):
    """A run that diverged (NaN or infinity) or cannot start with these data and options."""


class ClusterError(WordvecError):
    """A cluster that cannot work: no scheduler, unlike workers, files that they do not see."""


class Terminated(SystemExit):
    """The process was asked to end by SIGTERM or SIGHUP.

    Like Ctrl-C's KeyboardInterrupt it passes through `except Exception`. Not caught, it ends the
    process with 128 plus the signal's number, as schedulers and shells expect: 143 or 129.
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(128 + number)
        self.exit_code, self.message = 128 + number, message

    def __str__(self) -> str:
        return self.message


class MissingExtra(WordvecError, ImportError):
    """An optional dependency is not installed; the message has the pip command."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'wordvec[{extra}]'")


class UnknownWordError(WordvecError, KeyError):
    """A word that the vectors do not have; the message has the nearest known spellings."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""
