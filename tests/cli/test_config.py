"""Values of a configuration file: as if they were typed, and never a traceback."""

import pytest


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("a b a b a B\n" * 9)
    return "text"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("min-count = []", "[vocab] min-count must be a text, a number, true or false, got []"),
        ("min-count = [3]", "got [3]"),
        ("min-count = {a = 1}", "got {'a': 1}"),
        ("min-count = 1979-05-27", "got datetime.date"),
        ("min-count = 3.7", "'3.7' is not a valid integer"),
        ("min-count = true", "'True' is not a valid integer"),
        ("lower = 3", "'3' is not a valid boolean"),
        ("lower = [true]", "got [True]"),
        ("text = 3", "'3' is not one of"),
        ("[vocab.x]\ny = 1", "has no option 'x'"),
    ],
)
def test_a_value_of_another_kind_is_a_usage_error(line, says, text, run):
    with open("conf.toml", "w") as file:
        file.write(f"[vocab]\n{line}\n")
    code, out, err = run("vocab", text, "-o", "v", "--config", "conf.toml")
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_a_model_that_is_no_text_is_a_usage_error(text, run):
    with open("conf.toml", "w") as file:
        file.write("[train]\nmodel = []\n")
    code, _, err = run("train", text, "-o", "v.wv", "--config", "conf.toml")
    assert code == 2
    assert "model must be" in err


def test_values_are_taken_as_if_typed(text, run):
    with open("conf.toml", "w") as file:
        file.write('[vocab]\nmin-count = 2\nlower = true\nmax-vocab = "1"\n')
    code, _, err = run("vocab", text, "-o", "v", "--config", "conf.toml", "--quiet")
    assert (code, err) == (0, "")
    with open("v") as file:
        assert file.read() == "a 27\n"


def test_one_value_of_an_option_that_takes_several_is_not_its_letters(text, run, tmp_path):
    with open("conf.toml", "w") as file:
        file.write('[phrases]\nthreshold = 12\n[eval]\ndatasets = "nothing.txt"\n')
    code, _, err = run("phrases", text, "--table", "p", "--config", "conf.toml", "--quiet")
    assert code == 0, err
    (tmp_path / "v.txt").write_text("1 2\na 1 2\n")
    code, _, err = run("eval", "v.txt", "--config", "conf.toml")
    assert code == 2
    assert "nothing.txt: no such file" in err
