"""The command as a process: standard streams that are closed, full or gone, signals, limits, and
names of every kind. Whatever comes, one line and the right exit code, and no half-made output."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import wordvec
from wordvec import cli
from wordvec.cli import process
from wordvec.errors import Terminated

PAIRS = "".join(f"a{i} {'ab'[i % 2]}{i + 5} {i}\n" for i in range(12))
TRAIN = ["--vector-size", "8", "--epochs", "1", "--threads", "1"]


@pytest.fixture(scope="module")
def trained(planted, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "v.wv"
    wordvec.SkipGram(vector_size=8, epochs=1, threads=1).fit(planted).vectors_.save(path)
    return path


def shell(command, *args, limit=None, env=None, **options):
    """The command line through a shell, which closes and redirects: "$@" is the command."""
    base = [sys.executable, "-m", "wordvec", *map(str, args)]
    return subprocess.run(
        ["bash", "-c", command, "bash", *base],
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
        env=os.environ | (env or {}),
        **options,
    )


def names(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize(
    "streams", ["2>&-", "2>/dev/full", "2> >(:)", "<&- 2>&-", "<&- >&- 2>&-", ">&-", ">/dev/full"]
)
def test_a_training_outlives_its_streams(streams, planted, tmp_path):
    command = f'"$@" {streams}'
    done = shell(command, "train", planted, "-o", tmp_path / "v.wv", *TRAIN, "--progress", "json")
    assert done.returncode == 0
    assert names(tmp_path) == ["v.wv"]
    assert len(wordvec.load(tmp_path / "v.wv", verify=True)) == 40


def test_no_file_of_ours_gets_the_number_of_a_closed_stream(planted, tmp_path):
    """What a library writes to descriptor 2 must not end up in an output."""
    code = (
        "import os, sys\n"
        "from wordvec.cli.process import prepare_streams\n"
        "prepare_streams()\n"
        "file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
        "os.write(2, b'noise of a library')\n"
        "sys.exit(file <= 2)\n"
    )
    path = tmp_path / "out"
    done = subprocess.run(
        ["bash", "-c", '"$@" <&- >&- 2>&-', "bash", sys.executable, "-c", code, path], check=False
    )
    assert done.returncode == 0
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("streams", "says"),
    [(">&-", "standard output: it is closed"), (">/dev/full", "standard output: No space left")],
)
def test_results_that_cannot_be_printed_are_an_error(streams, says, trained):
    done = shell(f'"$@" {streams}', "neighbors", trained, "a1")
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"wordvec: error: {says}")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_has_seen_enough_ends_it_quietly(trained):
    done = shell('"$@" | head -c 10', "neighbors", trained, *["a1"] * 3000, "-k", "30")
    assert len(done.stdout) == 10
    assert done.stderr == b""


def test_closed_standard_input_is_one_line(tmp_path):
    done = shell('"$@" <&-', "train", "-", "-o", tmp_path / "v.wv")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert b"standard input: is closed" in done.stderr
    assert names(tmp_path) == []


def started(*args, **options):
    """A command that has begun to train, or to count."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wordvec", *map(str, args), "--progress", "json"],
        stderr=subprocess.PIPE,
        **options,
    )
    for line in process.stderr:
        if b'"stage": "training"' in line:
            return process
    pytest.fail("it ended before it trained")


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGTERM, 143, b"terminated"),
        (signal.SIGHUP, 129, b"terminated"),
        (signal.SIGINT, 130, b"interrupted"),
    ],
)
@pytest.mark.parametrize("model", ["skipgram", "glove"])
@pytest.mark.parametrize("saved", [True, False])
def test_a_signal_ends_a_training_and_saves_it(
    number, code, word, model, saved, many_words, tmp_path
):
    keep = ["--checkpoint", tmp_path / "keep", "--every", "1h"] if saved else []
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = started(
        "train",
        many_words,
        "-o",
        tmp_path / "v.wv",
        "--model",
        model,
        "--epochs",
        "100000",
        *keep,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    process.send_signal(number)
    try:
        said = process.communicate(timeout=60)[1].splitlines()[-1]
    finally:
        process.kill()
    assert process.returncode == code, said
    assert word in said
    assert (b"saved in" in said) == saved
    assert names(tmp_path) == (["keep", "tmp"] if saved else ["tmp"])
    assert names(temporary) == []
    if saved:
        assert names(tmp_path / "keep") == ["state"]


@pytest.mark.parametrize(
    ("interrupt", "code", "word"),
    [(KeyboardInterrupt(), 130, "interrupted"), (Terminated(15, ""), 143, "terminated")],
)
def test_an_interrupt_that_ends_in_another_error_is_an_interrupt(
    interrupt, code, word, monkeypatch, capsys
):
    def end(*args, **options):
        try:
            raise interrupt
        finally:
            threading.Lock().release()

    monkeypatch.setattr(cli.Program, "main", end)
    with pytest.raises(SystemExit) as ended:
        cli.main(["info"])
    assert ended.value.code == code
    assert word in capsys.readouterr().err


def test_nohup_goes_on_when_the_terminal_is_gone(many_words, tmp_path):
    process = started(
        "train",
        many_words,
        "-o",
        tmp_path / "v.wv",
        "--epochs",
        "40",
        "--vector-size",
        "50",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    process.send_signal(signal.SIGHUP)
    process.stderr.close()
    assert process.wait(120) == 0
    assert names(tmp_path) == ["v.wv"]


@pytest.mark.parametrize(
    "command",
    [
        ["train", "t", "-o", "t", "--force"],
        ["train", "t", "-o", "link", "--force"],
        ["train", "t", "--vocab", "words", "-o", "words", "--force"],
        ["vocab", "t", "-o", "t", "--force"],
        ["count", "t", "-o", "t", "--force"],
        ["count", "data/t", "-o", "data", "--force"],
        ["count", "t", "-o", "mine", "--force"],
        ["count", "t", "--vocab", "data/words", "-o", "data", "--force"],
        ["phrases", "t", "-o", "t", "--force"],
        ["phrases", "t", "--table", "t", "--force"],
        ["convert", "v.wv", "v.wv", "--dtype", "int8", "--force"],
        ["convert", "v.wv", "mine", "--to", "static-embedding", "--force"],
        ["oov", "fit", "v.wv", "-o", "v.wv", "--force"],
        ["oov", "induction", "v.wv", "t", "-o", "t", "--force"],
        ["shards", "merge", "s", "s", "-o", "s", "--force"],
        ["shards", "merge", "s", "s", "-o", "mine", "--force"],
        ["shards", "export-glove", "s", "s/vocab.txt", "r.bin", "--force"],
        ["train", "rel", "--model", "poincare", "-o", "rel", "--force"],
        ["relations", "closure", "rel", "-o", "rel", "--force"],
        ["relations", "direct", "rel", "-o", "rel", "--force"],
        ["relations", "shards", "rel", "-o", "mine", "--force"],
        ["relations", "shards", "mine/rel", "-o", "mine", "--force"],
        ["taxonomy", "export", "h.wv", "-o", "h.wv", "--force"],
        ["taxonomy", "model", "h.wv", "lorentz", "-o", "h.wv", "--force"],
        ["taxonomy", "plot", "h.wv", "-o", "h.wv", "--force"],
        ["taxonomy", "plot", "h.wv", "--edges", "rel", "-o", "rel", "--force"],
        ["taxonomy", "add", "h.wv", "new", "--parent", "r", "-o", "h.wv", "--force"],
        ["taxonomy", "refine", "rel", "h.wv", "-o", "rel", "--force"],
        ["eval", "v.wv", "--json", "v.wv", "--force"],
        ["eval", "v.wv", "--dataset", "set.txt", "--markdown", "set.txt", "--force"],
        ["bias", "v.wv", "--test", "weat6", "--markdown", "v.wv", "--force"],
        ["transform", "v.wv", "-o", "v.wv", "--unit", "--force"],
        ["debias", "v.wv", "--concept", "gender", "-o", "v.wv", "--force"],
        ["combine", "v.wv", "w.wv", "-o", "w.wv", "--force"],
        ["retrofit", "v.wv", "--lexicon", "rel", "-o", "rel", "--force"],
        ["specialise", "v.wv", "--synonyms", "rel", "-o", "rel", "--force"],
        ["align", "v.wv", "w.wv", "-o", "w.wv", "--identical", "--force"],
        ["documents", "v.wv", "t", "-o", "t", "--force"],
        ["tokenize", "t", "-o", "t", "--force"],
        ["pieces", "t", "-o", "t", "--force"],
        ["eval", "v.wv", "--dataset", "set.txt", "--csv", "data", "--force"],
        ["eval", "v.wv", "--dataset", "set.txt", "--figures", "mine", "--force"],
        ["eval", "v.wv", "--dataset", "set.txt", "--csv", ".", "--force"],
        ["train", "t", "-o", ".", "--force"],
        ["count", "t", "-o", ".", "--force"],
        ["count", "t", "-o", "..", "--force"],
        ["count", "t", "-o", "-"],
        ["train", "t", "-o", "-"],
        ["train", "t", "-o", "new.wv", "--checkpoint", "no/folder"],
        ["train", "t", "-o", "new.wv", "--checkpoint", "t"],
        ["train", "t", "-o", "no/new.wv"],
        ["train", "t", "-o", "n" * 300],
        ["count", "t", "-o", "n" * 250],
        ["train", "t", "-o", "s", "--force"],
        ["count", "t", "-o", "v.wv", "--force"],
        ["train", "t", "-o", "new\nline/v.wv"],
        ["info", "new\nline.wv"],
        ["neighbors", "no\udcff.wv", "a"],
    ],
    ids=lambda command: " ".join(command)[:60].encode("ascii", "backslashreplace").decode(),
)
def test_what_people_have_is_never_replaced(command, run, planted, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").write_bytes(planted.read_bytes())
    (tmp_path / "words").write_text("a1 1000\na2 1000\n")
    (tmp_path / "link").symlink_to("t")
    (tmp_path / "data").mkdir()
    for name in ("data/t", "data/words"):
        os.link(name.removeprefix("data/"), name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rel").write_text("letter\tr\n")
    for name in ("v.wv", "w.wv"):
        (tmp_path / name).write_bytes(trained.read_bytes())
    (tmp_path / "rel").write_text("".join(f"n{i}\tn{i // 3}\n" for i in range(1, 12)) + "n0\tr\n")
    (tmp_path / "set.txt").write_text(PAIRS)
    wordvec.count(wordvec.encode(tmp_path / "t"), tmp_path / "s", wordvec.Window(window=2))
    wordvec.Poincare(vector_size=2, epochs=2, threads=1).fit(tmp_path / "rel").vectors_.save("h.wv")
    before = contents(tmp_path)
    code, _, err = run(*command)
    assert code in (1, 2)
    assert len(err.strip().splitlines()) <= (1 if code == 1 else 4)
    assert "Traceback" not in err
    assert contents(tmp_path) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_device_a_pipe_and_a_descriptor_get_the_bytes(trained, tmp_path):
    for force in ([], ["--force"]):
        done = shell('"$@"', "convert", trained, "/dev/null", "--to", "word2vec-text", *force)
        assert done.returncode == 0
    done = shell('"$@" | head -1', "convert", trained, "/dev/stdout", "--to", "word2vec-text")
    assert done.stdout == b"40 8\n"
    out = tmp_path / "out"
    done = shell(f'"$@" >> {out}', "convert", trained, "/dev/stdout", "--to", "word2vec-text")
    assert out.read_bytes().startswith(b"40 8\n")
    done = shell('"$1" "$2" "$3" "$4" "$5" >(wc -l) --to word2vec-text | cat', "convert", trained)
    assert done.stdout.strip() == b"41"


def test_scores_are_printed_and_reports_written_whatever_else_fails(
    run, trained, tmp_path, monkeypatch
):
    """One report cannot be written, and results cannot be printed; the rest is there."""
    from wordvec.evaluation.report import document

    (tmp_path / "set.txt").write_text(PAIRS)
    arguments = ["eval", trained, "--dataset", tmp_path / "set.txt", "--quiet"]
    page, table = tmp_path / "r.html", tmp_path / "r.md"

    def full(document, path):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(document, "write_html", full)
        code, out, err = run(*arguments, "--html", page, "--markdown", table)
    assert code == 1
    assert "set" in out
    assert err == f"wordvec: error: {page}: No space left on device\n"
    assert table.exists()
    done = shell('"$@" >/dev/full', *arguments, "--html", page)
    assert (done.returncode, page.exists()) == (1, True)
    assert b"standard output: No space left" in done.stderr


@pytest.mark.parametrize("name", ["with\nnewline", "with space", "umlaut-ü", "no\udcffutf8", "-x"])
def test_odd_names_work_everywhere(name, planted, tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vectors, shards = f"./{name}.wv", f"./{name}.shards"
    (tmp_path / "set.txt").write_text(PAIRS)
    assert run("train", planted, "-o", vectors, *TRAIN, "--quiet")[0] == 0
    assert run("count", planted, "-o", shards, "--quiet")[0] == 0
    done = shell('"$@"', "shards", "verify", shards, cwd=tmp_path)
    assert done.stdout.startswith(os.fsencode(shards) + b": whole")
    assert run("neighbors", vectors, "a1")[0] == 0
    reports = ["--json", f"./{name}.json", "--markdown", f"./{name}.md", "--html", f"./{name}.html"]
    arguments = ["eval", vectors, "--dataset", "set.txt", *reports, "--quiet"]
    done = shell('"$@"', *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len([each for each in names(tmp_path) if name in each]) == 5


def small_address_space(megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return limit


@pytest.mark.parametrize("megabytes", [60, 90, 100, 130, 132, 135, 140, 200, 300, 350, 500])
def test_too_little_memory_is_one_line_and_never_a_hang(megabytes, planted, tmp_path):
    began = time.monotonic()
    arguments = ["train", planted, "-o", tmp_path / "v.wv", "--model", "glove", "--quiet"]
    options = ["--vector-size", "300", "--epochs", "2"]
    done = shell('"$@"', *arguments, *options, limit=small_address_space(megabytes))
    assert time.monotonic() - began < 60
    assert names(tmp_path) == (["v.wv"] if done.returncode == 0 else [])
    if done.returncode:
        # Not 130: OpenBLAS interrupts the process when it cannot start a thread.
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith(b"wordvec: error: ")
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.parametrize("megabytes", [110, 125, 130, 135, 140, 145, 150, 155, 160, 170])
def test_scipy_is_not_loaded_where_it_would_hang(megabytes, trained, tmp_path):
    """Its OpenBLAS tries for ever to get memory."""
    arguments = ["transform", trained, "--unit", "-o", tmp_path / "v.wv"]
    done = shell('timeout -s KILL 60 "$@"', *arguments, limit=small_address_space(megabytes))
    assert done.returncode in (0, 1)
    assert len(done.stderr.splitlines()) == 1


def test_too_little_memory_for_numpy_is_said(trained):
    done = shell('"$@"', "neighbors", trained, "a1", limit=small_address_space(80))
    assert done.returncode == 1
    assert done.stderr == (
        b"wordvec: error: 80 MB are too little address space to load numpy: raise the limit "
        b"(ulimit -v)\n"
    )


@pytest.mark.parametrize(("starts", "wanted"), [(True, None), (False, "1")])
def test_blas_has_one_thread_where_the_system_starts_no_more(starts, wanted, monkeypatch):
    """OpenBLAS would interrupt the process."""
    real, most = threading.Thread.start, [3]

    def start(thread):
        most[0] -= 1
        if not starts and most[0] < 0:
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (100, 100))
    monkeypatch.setattr(process, "COMFORT", -1 << 40)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")  # so that it is restored
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    process.respect_limits()
    assert os.environ.get("OPENBLAS_NUM_THREADS") == wanted
    assert threading.active_count() < 8


@pytest.mark.parametrize(("command", "wanted"), [("count", "1"), ("neighbors", None)])
def test_blas_has_one_thread_in_commands_that_multiply_no_matrices(command, wanted, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")  # so that it is restored
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert os.environ.get("OPENBLAS_NUM_THREADS") == wanted


@pytest.mark.parametrize("files", [3, 5, 6, 8, 10, 14, 20])
def test_too_few_open_files_are_one_line(files, planted, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    done = shell('"$@"', "count", planted, "-o", tmp_path / "s", "--quiet", limit=limit)
    if done.returncode == 0:
        wordvec.Shards(tmp_path / "s").verify()
    assert names(tmp_path) == (["s"] if done.returncode == 0 else [])


def test_a_module_that_fails_for_memory_is_one_line(run, planted, tmp_path, monkeypatch):
    def failed(*_, **__):
        raise SystemError("error return without exception set")

    monkeypatch.setattr(wordvec.GloVe, "fit", failed)
    code, _, err = run("train", planted, "-o", tmp_path / "v.wv", "--model", "glove", "--quiet")
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert "memory" in err


def test_a_thread_that_cannot_be_started_is_one_line(run, planted, tmp_path, monkeypatch):
    def refused(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    code, _, err = run("train", planted, "-o", tmp_path / "v.wv", "--threads", "3")
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert "--threads" in err
    assert names(tmp_path) == []


FEW_PROCESSES = """
import os, resource, sys
from wordvec.cli import main
text, out, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
command = ["count", text, "--min-count", "1", "--quiet", "--force", "-o"]
try:
    main([*command, out + "/warm", "--threads", "2"])  # loads everything, as a user that can
except SystemExit:
    pass
os.chown(out, 54321, 54321)
resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
os.setgroups([])
os.setgid(54321)
os.setuid(54321)
main([*command, out + "/s", "--threads", "8"])
"""


@pytest.fixture
def open_folder():
    """A folder that other users may look into; those of pytest are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run as a user with few processes")
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_a_user_with_few_processes_gets_one_line(processes, planted, open_folder):
    """RLIMIT_NPROC counts the threads of a user; root has no limit."""
    out = open_folder / "out"
    out.mkdir()
    (open_folder / "text").write_bytes(planted.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", FEW_PROCESSES, open_folder / "text", out, str(processes)],
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    if processes == 1 or done.returncode:
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert b"the system starts no more threads" in done.stderr
        assert b"--threads" in done.stderr
        assert names(out) == ["warm"]
    else:  # a small text needs few threads
        wordvec.Shards(out / "s").verify()
        assert names(out) == ["s", "warm"]


def test_memory_that_is_not_there_is_one_line_with_what_to_do(run, planted, tmp_path, monkeypatch):
    def refused(*_, **__):
        raise MemoryError

    monkeypatch.setattr("wordvec.models.skipgram.padded_matrix", refused)
    code, _, err = run("train", planted, "-o", tmp_path / "v.wv")
    assert code == 1
    assert err.strip().splitlines()[-1].startswith("wordvec: error: out of memory: use less data")
    assert "()" not in err
    assert names(tmp_path) == []
