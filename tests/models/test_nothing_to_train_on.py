"""Every model of the list: without anything to train on there is one error, and no vectors."""

import pytest

from wordvec.cli import main
from wordvec.errors import WordvecError
from wordvec.models import MODELS

OF_WORDS = [name for name, each in MODELS.items() if each.trains_on != "relations"]
SMALL = {"vector_size": 2, "threads": 1, "min_count": 1, "epochs": 1, "bucket": 20}


def estimator(name, **more):
    kind = MODELS[name].load()
    given = {**SMALL, **more}
    return kind(**{key: value for key, value in given.items() if key in kind.options()})


@pytest.mark.parametrize("name", OF_WORDS)
def test_a_text_without_a_pair_is_told(name):
    model = estimator(name, sample=0.0)
    with pytest.raises(WordvecError, match="so there is nothing to train on: put a sentence on ea"):
        model.fit([["a"], ["b"]] * 9)
    assert not hasattr(model, "vectors_")


@pytest.mark.parametrize("text", [[], [[]], [["rare"]]])
@pytest.mark.parametrize("name", OF_WORDS)
def test_a_text_without_a_word_is_told(name, text):
    model = estimator(name, min_count=2)
    with pytest.raises(WordvecError):
        model.fit(text)
    assert not hasattr(model, "vectors_")


@pytest.mark.parametrize("name", MODELS)
def test_the_command_says_one_line_and_writes_nothing(tmp_path, capsys, name):
    relations = MODELS[name].trains_on == "relations"
    (tmp_path / "in.txt").write_text("a\ta\n" if relations else "a\nb\n" * 9)
    given = [] if relations else ["--min-count", "1"]
    names = str(tmp_path / "in.txt"), "-o", str(tmp_path / "v.wv")
    with pytest.raises(SystemExit) as ended:
        main(["train", *names, "--model", name, "--quiet", *given])
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (1, 1)
    assert said.startswith("wordvec: error: ")
    assert not (tmp_path / "v.wv").exists()
