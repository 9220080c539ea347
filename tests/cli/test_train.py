"""train, vocab and count as a user meets them: files, messages, exit codes."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import wordvec
from wordvec.cli import main
from wordvec.cli.models.train import fields_of
from wordvec.models import MODELS


@pytest.fixture
def text(tmp_path):
    rng = random.Random(1)
    path = tmp_path / "text.txt"
    path.write_text("".join(f"w{rng.randrange(30)} " + "\n" * (i % 9 == 0) for i in range(4000)))
    return path


def run(capsys, *args):
    """(exit code, standard output, standard error) of a command."""
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.mark.parametrize("model", ["skipgram", "cbow", "fasttext", "glove", "swivel", "ppmi"])
def test_train_writes_vectors(capsys, text, tmp_path, model):
    out = tmp_path / "v.wv"
    epochs = () if model == "ppmi" else ("--epochs", 2)
    code, stdout, stderr = run(
        capsys,
        "train",
        text,
        "-o",
        out,
        "--model",
        model,
        "--vector-size",
        8,
        *epochs,
        *(["--bucket", 1000] if model == "fasttext" else []),
    )
    assert (code, stdout) == (0, "")
    assert "wrote" in stderr
    assert "vocabulary 30" in stderr
    code, stdout, _ = run(capsys, "neighbors", out, "w1", "-k", "2", "--format", "json")
    assert code == 0
    assert len(json.loads(stdout)) == 2


def test_counting_first_or_on_the_way_gives_the_same_vectors(capsys, text, tmp_path):
    run(capsys, "count", text, "-o", tmp_path / "s", "--window", 4)
    options = ("--model", "glove", "--vector-size", 8, "--epochs", 2, "--quiet")
    run(capsys, "train", tmp_path / "s", "-o", tmp_path / "1.txt.wv", *options)
    run(capsys, "train", text, "-o", tmp_path / "2.wv", *options, "--window", 4)
    one, two = (
        run(capsys, "neighbors", tmp_path / name, "w3", "--format", "tsv")[1]
        for name in ("1.txt.wv", "2.wv")
    )
    assert one == two


def test_skip_gram_from_shards_goes_on_to_the_same_file(capsys, text, tmp_path):
    counting = ("--window", 4, "--weighting", "linear", "--sample", 0.1)
    run(capsys, "count", text, "-o", tmp_path / "s", *counting)
    options = (
        "--model",
        "count-skipgram",
        "--vector-size",
        8,
        "--epochs",
        2,
        "--negative",
        3,
        "--ns-exponent",
        1,
        "--alpha",
        0.05,
        "--cap",
        2,
        "--seed",
        7,
    )
    outs = tmp_path / "1.wv", tmp_path / "2.wv", tmp_path / "3.wv"
    keep = ("--checkpoint", tmp_path / "keep")
    for out, more in zip(
        outs, (("--threads", 1), ("--threads", 2, *keep), (*keep, "--resume")), strict=True
    ):
        code, stdout, stderr = run(capsys, "train", tmp_path / "s", "-o", out, *options, *more)
        assert (code, stdout) == (0, "")
        assert "wrote" in stderr
    one, two, three = (run(capsys, "neighbors", out, "w3", "--format", "tsv")[1] for out in outs)
    assert one == two == three
    out = tmp_path / "4.wv"
    code, _, _ = run(capsys, "train", tmp_path / "s", "-o", out, *options[:4], "--init", outs[0])
    assert code == 0
    code, _, stderr = run(
        capsys, "train", tmp_path / "s", "-o", tmp_path / "5.wv", *options[:2], *keep, "--resume"
    )
    assert code == 1
    assert "alpha was 0.05 and is 0.025" in stderr


def test_vocab_then_count_with_it(capsys, text, tmp_path):
    code, _, stderr = run(capsys, "vocab", text, "-o", tmp_path / "v.txt", "--max-vocab", 5)
    assert code == 0
    assert "5 words" in stderr
    code, _, _ = run(
        capsys, "count", text, "-o", tmp_path / "s", "--vocab", tmp_path / "v.txt", "--memory", "1M"
    )
    assert code == 0
    assert (tmp_path / "s" / "vocab.txt").read_bytes() == (tmp_path / "v.txt").read_bytes()


def test_standard_input_and_json_progress(text, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "wordvec",
            "train",
            "-",
            "-o",
            str(tmp_path / "v.wv"),
            "--progress",
            "json",
            "--epochs",
            "1",
            "--vector-size",
            "4",
        ],
        input=text.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == b""
    records = [json.loads(line) for line in done.stderr.splitlines()]
    stages = [r["stage"] for r in records if "stage" in r]
    assert stages == ["reading", "training"]
    assert records[-2]["done"] == records[-2]["total"]


def test_train_with_the_words_of_a_file_or_of_shards(capsys, text, tmp_path):
    run(capsys, "vocab", text, "-o", tmp_path / "v.txt", "--max-vocab", 7)
    run(capsys, "count", text, "-o", tmp_path / "s", "--vocab", tmp_path / "v.txt")
    for name in ("v.txt", "s"):
        out = tmp_path / f"{name}.wv"
        code, _, _ = run(
            capsys, "train", text, "-o", out, "--vocab", tmp_path / name, "--epochs", 1
        )
        assert code == 0
        assert len(wordvec.load(out)) == 7


def test_deterministic_is_the_same_at_any_threads(capsys, text, tmp_path):
    import numpy as np

    for threads in (1, 4):
        run(
            capsys,
            "train",
            text,
            "-o",
            tmp_path / f"{threads}.wv",
            "--epochs",
            1,
            "--quiet",
            "--threads",
            threads,
            "--deterministic",
        )
    one, four = (wordvec.load(tmp_path / f"{t}.wv") for t in (1, 4))
    assert np.array_equal(one.vectors, four.vectors)


def test_more_memory_than_allowed_is_refused(capsys, text, tmp_path):
    code, _, stderr = run(
        capsys, "train", text, "-o", tmp_path / "v.wv", "--memory", "1M", "--vector-size", 1000
    )
    assert code == 1
    # What the process holds already is part of it: here, what earlier tests have loaded.
    told = re.search(r"will need about (\d+) MB", stderr)
    assert told
    assert int(told[1]) >= 61
    assert f"needs about {told[1]} MB, memory is 1 MB: allow more (no vocabulary" in stderr
    assert not (tmp_path / "v.wv").exists()


def test_quiet_says_nothing(capsys, text, tmp_path):
    assert run(capsys, "train", text, "-o", tmp_path / "v.wv", "--epochs", 1, "--quiet") == (
        0,
        "",
        "",
    )


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 1, "no token"),
        (b"a b \0", 1, "UTF-16"),
        (b"one two three", 1, "lower --min-count"),
    ],
)
def test_bad_text_is_one_line_and_leaves_nothing(capsys, tmp_path, content, code, message):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    for command, target in (("train", "v.wv"), ("vocab", "v.txt"), ("count", "s")):
        got, stdout, stderr = run(capsys, command, path, "-o", tmp_path / target)
        assert (got, stdout) == (code, "")
        assert len(stderr.splitlines()) == 1
        assert message in stderr
        assert str(path) in stderr or message == "lower --min-count"
    assert [p.name for p in tmp_path.iterdir()] == ["bad.txt"]


def test_an_output_that_exists_is_kept(capsys, text, tmp_path):
    out = tmp_path / "v.wv"
    out.write_bytes(b"precious")
    code, _, stderr = run(capsys, "train", text, "-o", out)
    assert code == 1
    assert "--force" in stderr
    assert out.read_bytes() == b"precious"
    assert run(capsys, "train", text, "-o", out, "--force", "--epochs", 1, "--quiet")[0] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(capsys, text, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    code, _, stderr = run(capsys, "train", text, "-o", locked / "v.wv")
    assert code == 1
    assert "Permission denied" in stderr


FROM_COUNTS = ("train", "DIR", "-o", "OUT", "--model", "count-skipgram")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["train", "TEXT", "-o", "OUT", "--windw", "3"], "did you mean '--window'"),
        (["train", "TEXT"], "Missing option '-o'"),
        (["train", "TEXT", "-o", "OUT", "--window", "0"], "--window"),
        (
            ["train", "TEXT", "-o", "OUT", "--eta", "0.1"],
            "glove, swivel, not of skipgram",
        ),
        (["train", "TEXT", "-o", "OUT", "--model", "glove", "--alpha", ".1"], "see --eta"),
        (
            ["train", "TEXT", "-o", "OUT", "--no-cbow-mean"],
            "option of cbow, not of skipgram",
        ),
        (
            ["train", "DIR", "-o", "OUT", "--model", "cbow"],
            "train on counts: count-skip",
        ),
        (["train", "DIR", "-o", "OUT"], "count-skipgram is skip-gram from counts"),
        ([*FROM_COUNTS, "--window", "3"], "--window is fixed in the counts"),
        ([*FROM_COUNTS, "--sample", "0"], "--sample is fixed in the counts"),
        ([*FROM_COUNTS, "--min-count", "2"], "--min-count is fixed in the counts"),
        ([*FROM_COUNTS, "--vocab", "TEXT"], "--vocab is fixed in the counts"),
        ([*FROM_COUNTS, "--subword"], "not of count-skipgram"),
        ([*FROM_COUNTS, "--negatives", "shared"], "not of count-skipgram"),
        (
            ["train", "TEXT", "-o", "OUT", "--cap", "2"],
            "is an option of count-skipgram, lexvec, not of skipgram",
        ),
        (["train", "TEXT", "-o", "OUT", "--model", "swivel", "--x-max", "1"], "not of swivel"),
        (["train", "TEXT", "-o", "OUT", "--model", "ppmi", "--negative", "1"], "not of ppmi"),
        (["train", "TEXT", "-o", "OUT", "--model", "ppmi", "--resume"], "not of ppmi"),
        (["train", "TEXT", "-o", "OUT", "--every", "day"], "every must be such as 1epoch"),
        (["train", "TEXT", "-o", "OUT", "--frozen"], "frozen needs init"),
        (["train", "TEXT", "-o", "OUT", "--patience", "1"], "patience needs --held-out"),
        (["count", "TEXT", "-o", "OUT", "--memory", "lots"], "500M"),
        (["trian"], "did you mean 'train'"),
        (["neighbours"], "did you mean 'neighbors'"),
    ],
)
def test_usage_errors_say_what_to_do(capsys, text, tmp_path, args, message):
    places = {"TEXT": text, "OUT": tmp_path / "out", "DIR": tmp_path}
    code, stdout, stderr = run(capsys, *(places.get(a, a) for a in args))
    assert (code, stdout) == (2, "")
    assert message in stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["train", "none.txt", "-o", "OUT"], "No such file"),
        (["train", "TEXT", "-o", "no/folder/v.wv"], "no folder"),
        (["train", "TEXT", "-o", "DIR"], "is a folder"),
        (["count", "DIR", "-o", "OUT"], "is a folder"),
        (["train", "DIR", "--model", "glove", "-o", "OUT"], "not a shard folder"),
        (["verify", "DIR"], "wordvec shards verify"),
    ],
)
def test_what_cannot_be_read_or_written_is_named(capsys, text, tmp_path, args, message):
    places = {"TEXT": text, "OUT": tmp_path / "out", "DIR": tmp_path}
    code, _, stderr = run(capsys, *(places.get(a, a) for a in args))
    assert code == 1
    assert message in stderr
    assert len(stderr.splitlines()) == 1


def test_debug_shows_the_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "wordvec", "vocab", "none", "-o", str(tmp_path / "x"), "--debug"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_options_come_from_a_file_and_the_environment(capsys, text, tmp_path, monkeypatch):
    config = tmp_path / "c.toml"
    config.write_text('[train]\nvector-size = 6\nepochs = 1\nmodel = "skipgram"\n')
    out = tmp_path / "v.wv"
    assert run(capsys, "train", text, "-o", out, "--config", config, "--quiet")[0] == 0
    assert json.loads(run(capsys, "info", out, "--format", "json")[1])
    monkeypatch.setenv("WORDVEC_TRAIN_VECTOR_SIZE", "7")
    monkeypatch.setenv("WORDVEC_TRAIN_EPOCHS", "1")
    assert run(capsys, "train", text, "-o", tmp_path / "w.wv", "--quiet")[0] == 0
    assert wordvec.load(out).vector_size == 6
    assert wordvec.load(tmp_path / "w.wv").vector_size == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [("[train]\nepoch = 3\n", "did you mean 'epochs'"), ("[train\n", "not a TOML file")],
)
def test_mistakes_in_a_config_file_are_usage_errors(capsys, text, tmp_path, content, message):
    config = tmp_path / "c.toml"
    config.write_text(content)
    code, _, stderr = run(capsys, "train", text, "-o", tmp_path / "v", "--config", config)
    assert code == 2
    assert message in stderr


def test_a_file_has_a_table_for_all_models_and_one_for_each(capsys, text, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(
        "[train]\nvector-size = 6\nepochs = 1\nnegative = 2\n[train.glove]\nx-max = 3.5\n"
        "[train.swivel]\neta = 0.3\n"
    )
    out = tmp_path / "v.wv"
    given = ("train", text, "-o", out, "--config", config, "--quiet", "--force")
    assert run(capsys, *given, "--model", "glove")[0] == 0
    options = wordvec.load(out).meta["options"]
    assert (options["vector_size"], options["x_max"], options["eta"]) == (6, 3.5, 0.05)
    assert run(capsys, *given)[0] == 0
    assert wordvec.load(out).meta["options"]["negative"] == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[train]\nx-max = 3\n", "[train] has 'x-max', an option of glove alone: move it to"),
        ("[train.glove]\nx-mx = 3\n", "[train.glove] has no option 'x-mx'; did you mean 'x-max'"),
        ("[train.globe]\nx-max = 3\n", "[train.globe] is no model; did you mean 'glove'"),
        ('[train]\nmodel = "globe"\n', "'globe' is not one of"),
    ],
)
def test_a_name_in_a_file_that_no_model_has_is_an_error(capsys, text, tmp_path, content, message):
    config = tmp_path / "c.toml"
    config.write_text(content)
    args = ["train", text, "-o", tmp_path / "v.wv", "--config", config]
    if "model" not in content:
        args += ["--model", "glove" if "globe" not in content else "skipgram"]
    if "an option of" in message:
        args[-1] = "skipgram"
    code, _, stderr = run(capsys, *args)
    assert (code, message in " ".join(stderr.split())) == (2, True), stderr


def test_min_count_in_a_file_does_not_break_a_hierarchy(capsys, tmp_path):
    config, pairs = tmp_path / "c.toml", tmp_path / "pairs.tsv"
    config.write_text("[train]\nmin-count = 2\nepochs = 1\n")
    pairs.write_text("dog\tanimal\ncat\tanimal\n")
    given = ("train", pairs, "-o", tmp_path / "v.wv", "--config", config, "--model", "poincare")
    code, _, stderr = run(capsys, *given)
    assert code == 0, stderr
    assert wordvec.load(tmp_path / "v.wv").meta["options"]["epochs"] == 1


@pytest.mark.parametrize("model", ["skipgram", "poincare"])
def test_a_variable_that_names_no_option_is_an_error(capsys, text, tmp_path, monkeypatch, model):
    monkeypatch.setenv("WORDVEC_TRAIN_X_MAX", "3")
    code, _, stderr = run(capsys, "train", text, "-o", tmp_path / "v.wv", "--model", model)
    assert code == 2
    assert "environment: WORDVEC_TRAIN_X_MAX: train has no option 'x_max'" in stderr


def test_a_variable_for_one_model_is_not_read_by_another(capsys, text, tmp_path, monkeypatch):
    monkeypatch.setenv("WORDVEC_TRAIN_GLOVE_X_MAX", "3")
    given = ("train", text, "-o", tmp_path / "v.wv", "--epochs", 1, "--vector-size", 4, "--force")
    assert run(capsys, *given)[0] == 0
    assert run(capsys, *given, "--model", "glove")[0] == 0
    assert wordvec.load(tmp_path / "v.wv").meta["options"]["x_max"] == 3


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_shows_its_options(capsys, model):
    code, out, err = run(capsys, "train", "--model", model.name, "--help")
    assert (code, err) == (0, "")
    assert all(f"--{name.replace('_', '-')}" in out for name in fields_of(model))


def test_help_shows_the_models_then_the_options_of_one(capsys):
    _, general, _ = run(capsys, "train", "--help")
    assert all(f"  {model.name} " in general for model in MODELS.values())
    _, glove, _ = run(capsys, "train", "--model", "glove", "--help")
    assert "--x-max" in glove
    assert "--negative" not in glove
    assert "[default: 15; x>=1]" in " ".join(glove.split())


def test_an_interrupt_exits_with_130_and_leaves_no_file(capsys, text, tmp_path, monkeypatch):
    from wordvec.training import loop

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "ordered_map", interrupted)
    code, _, stderr = run(capsys, "train", text, "-o", tmp_path / "v.wv", "--quiet")
    assert code == 130
    assert "interrupted" in stderr
    assert [p.name for p in tmp_path.iterdir()] == ["text.txt"]


def test_an_interrupt_saves_the_run_and_the_same_command_resumes_it(text, tmp_path):
    def command(name, *more):
        return [
            sys.executable,
            "-m",
            "wordvec",
            "train",
            str(text),
            "-o",
            str(tmp_path / name),
            "--threads",
            "1",
            "--epochs",
            "3000",
            "--vector-size",
            "4",
            "--quiet",
            *more,
        ]

    keep = ("--checkpoint", str(tmp_path / "keep"), "--every", "0.1s", "--resume")
    with subprocess.Popen(command("a.wv", *keep), stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "keep" / "state").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    saved = f"saved in {tmp_path / 'keep'}: resume to go on from there"
    assert said.splitlines()[-1] == f"wordvec: interrupted; {saved}"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["keep", "text.txt"]
    subprocess.run(command("a.wv", *keep), check=True, capture_output=True)
    subprocess.run(command("b.wv"), check=True, capture_output=True)

    a, b = (wordvec.load(tmp_path / name) for name in ("a.wv", "b.wv"))
    assert a.vectors.tobytes() == b.vectors.tobytes()


def test_a_full_disk_leaves_no_half_file(text, tmp_path):
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from wordvec.cli import main; main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "train", str(text), "-o", str(tmp_path / "v.wv"), "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["text.txt"]


def test_a_run_goes_on_from_its_checkpoint_and_starts_from_older_vectors(capsys, text, tmp_path):
    def train(name, *options):
        args = ("--model", "swivel", "--vector-size", 8, "--quiet", *options)
        return run(capsys, "train", text, "-o", tmp_path / name, *args)

    assert train("1.wv", "--epochs", 4)[0] == 0
    assert train("2.wv", "--epochs", 2, "--checkpoint", tmp_path / "c")[0] == 0
    assert train("3.wv", "--epochs", 4, "--checkpoint", tmp_path / "c", "--resume")[0] == 0
    import numpy as np

    one, three = (wordvec.load(tmp_path / name).vectors for name in ("1.wv", "3.wv"))
    assert np.array_equal(one, three)
    code, _, stderr = train("4.wv", "--eta", 0.2, "--checkpoint", tmp_path / "c", "--resume")
    assert code == 1
    assert "eta was 0.1 and is 0.2" in stderr
    assert train("5.wv", "--epochs", 1, "--init", tmp_path / "3.wv", "--unk")[0] == 0
    assert "<unk>" in wordvec.load(tmp_path / "5.wv")


@pytest.mark.parametrize(("name", "start"), [("v.txt", b"4 100\n"), ("v.bin", b"4 100\n")])
def test_the_suffix_decides_the_format(capsys, tmp_path, name, start):
    text = tmp_path / "t.txt"
    text.write_text("a b c d\nb c d a\n")
    options = ("--min-count", 1, "--sample", 0, "--epochs", 1, "--quiet")
    assert run(capsys, "train", text, "-o", tmp_path / name, *options)[0] == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    assert len(wordvec.load(tmp_path / name)) == 4


def test_save_refuses_the_name_of_another_format(tmp_path):
    wv = wordvec.WordVectors(["a", "b"], np.eye(2, dtype=np.float32))
    for name in ("m.bin", "m.txt", "m.vec", "m.npy"):
        with pytest.raises(ValueError, match=r"a \.wv file is written here.*formats\.save"):
            wv.save(tmp_path / name)
    wv.save(tmp_path / "m.wv")
    wv.save(tmp_path / "no-suffix")


def test_many_rows_of_ngrams_for_a_small_text_are_pointed_out(run, tmp_path):
    text = tmp_path / "t.txt"
    text.write_text("one two three four\n" * 50)
    options = ["--model", "fasttext", "--epochs", 1, "--threads", 1, "--vector-size", 4]
    _, _, err = run("train", text, "-o", tmp_path / "a.wv", *options)
    assert "2,000,000 rows of n-grams will take 30 MB" in err
    assert "--bucket 100000 makes it smaller" in err
    _, _, err = run("train", text, "-o", tmp_path / "b.wv", *options, "--bucket", 100_000)
    assert "rows of n-grams" not in err
