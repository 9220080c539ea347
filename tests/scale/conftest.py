"""Running the command line in this process."""

import pytest

from wordvec.cli import main


@pytest.fixture
def run(capsys):
    """run(*args) -> (exit code, standard output, standard error)."""

    def call(*args):
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in args])
        out = capsys.readouterr()
        return ended.value.code, out.out, out.err

    return call
