"""Reading a part of a file, a member of an archive, and converting what a format can hold."""

import io
import tarfile
import zipfile

import numpy as np
import pytest

from wordvec import WordVectors, formats, load
from wordvec.cli import main
from wordvec.errors import FormatError
from wordvec.formats.notes import not_there

WORDS = [f"w{i}" for i in range(3000)]
X = np.random.default_rng(0).standard_normal((3000, 4)).astype(np.float32)
SUFFIXES = {
    "wv": ".wv",
    "word2vec": ".bin",
    "word2vec-text": ".txt",
    "glove": ".glove",
    "npy": ".npy",
    "parquet": ".parquet",
}


@pytest.mark.parametrize("name", SUFFIXES)
def test_a_part_is_read_from_every_format(tmp_path, name):
    path = tmp_path / f"v{SUFFIXES[name]}"
    formats.save(WordVectors(WORDS, X, counts=np.arange(3000, 0, -1)), path)
    some = load(path, limit=1500)
    assert list(some) == WORDS[:1500]
    np.testing.assert_array_equal(some.vectors, X[:1500])
    (tmp_path / "list").write_text("w2000\nunknown\nw7\nw1\n")
    for words in (["w2000", "unknown", b"w7", "w1"], tmp_path / "list", str(tmp_path / "list")):
        some = load(path, words=words)
        assert list(some) == ["w1", "w7", "w2000"]
        np.testing.assert_array_equal(some.vectors, X[[1, 7, 2000]])
    assert list(load(path, words=["w2000", "w7"], limit=100)) == ["w7"]
    assert len(load(path, limit=0)) == 0
    if name in ("wv", "parquet"):
        assert list(load(path, min_count=2999)) == ["w0", "w1"]
    else:
        with pytest.raises(ValueError, match="has no counts"):
            load(path, min_count=2)
    with pytest.raises(ValueError, match="limit must be a whole number >= 0"):
        load(path, limit=-1)


def test_what_lies_behind_the_limit_is_not_read(tmp_path):
    (tmp_path / "v").write_bytes(b"2000 1\n" + b"a 1\n" * 1 + b"x .5\n" * 600_000 + b"broken\n")
    with pytest.raises(FormatError):
        load(tmp_path / "v")
    assert len(load(tmp_path / "v", limit=1)) == 1


TEXT = b"cat .5 1\ndog .5 2\n"


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def tarred(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_member_of_an_archive_is_named(tmp_path, pack):
    path = tmp_path / "glove.6B"
    pack(path, {"50d.txt": TEXT, "sub/100d.txt": TEXT.replace(b"cat", b"cow")})
    with pytest.raises(FormatError, match=r"archive of 2 files.*ARCHIVE:MEMBER: 50d.txt, sub/100d"):
        load(path)
    assert list(load(f"{path}:50d.txt")) == ["cat", "dog"]
    assert list(load(f"{path}:sub/100d.txt")) == ["cow", "dog"]
    with pytest.raises(FormatError, match=r"no member '200d.txt'; there are: 50d.txt"):
        load(f"{path}:200d.txt")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_what_other_systems_hide_in_archives_is_no_member(tmp_path, pack):
    pack(tmp_path / "a", {"v.txt": TEXT, "__MACOSX/._v.txt": b"\0", ".DS_Store": b"\0"})
    assert list(load(tmp_path / "a")) == ["cat", "dog"]


def test_a_member_of_no_archive_is_an_error(tmp_path):
    (tmp_path / "v.txt").write_bytes(TEXT)
    with pytest.raises(FormatError, match="is no archive, so it has no member 'x'"):
        load(f"{tmp_path}/v.txt:x")
    (tmp_path / "v:1.txt").write_bytes(TEXT)
    assert len(load(tmp_path / "v:1.txt")) == 2
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none:1.txt")


@pytest.fixture
def run(capsys):
    def call(*args):
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in args])
        return (ended.value.code, *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("word2vec", ["", "new york", "a\nb"]),
        ("word2vec-text", ["", "a\nb"]),
        ("glove", ["a\rb"]),
        ("npy", ["a\nb"]),
        ("static-embedding", ["\udcff"]),
    ],
)
def test_words_that_a_format_cannot_hold_are_left_out_and_counted(tmp_path, run, name, bad):
    words = ["cat", *bad, "dog"]
    WordVectors(words, X[: len(words)]).save(tmp_path / "v.wv")
    code, _, said = run("convert", tmp_path / "v.wv", tmp_path / "o", "--to", name, "--strict")
    assert code == 1
    assert "cannot hold" in said
    code, _, said = run("convert", tmp_path / "v.wv", tmp_path / "o", "--to", name, "--force")
    assert code == 0
    many = "1 word that" if len(bad) == 1 else f"{len(bad)} words that"
    assert f"{many} {name} cannot hold w" in said
    if name != "static-embedding":
        assert list(load(tmp_path / "o")) == ["cat", "dog"]


def test_convert_takes_a_part_and_says_what_is_lost(tmp_path, run):
    wv = WordVectors(list("abcd"), X[:4], counts=[4, 3, 2, 1], contexts=X[4:8])
    wv.save(tmp_path / "v.wv")
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfd\r\nb\r\n")
    for option, value, words in [
        ("--limit", 2, "ab"),
        ("--words", tmp_path / "list", "bd"),
        ("--min-count", 3, "ab"),
    ]:
        target = tmp_path / f"o{option}.txt"
        code, _, said = run("convert", tmp_path / "v.wv", target, option, value)
        assert (code, list(load(target))) == (0, list(words))
        assert said == "word2vec-text does not keep context vectors; a .wv file does\n"


def test_convert_names_manifolds_and_lost_directions(tmp_path, run):
    rows = np.array([[0.1, 0.2], [0.0, 0.0], [np.nan, 0.1]])
    WordVectors(list("abc"), rows, meta={"manifold": "poincare"}).save(tmp_path / "m.wv")
    code, _, said = run("convert", tmp_path / "m.wv", tmp_path / "m.txt")
    assert code == 0
    assert "1 word has a vector that is not finite (c)" in said
    assert "zero" not in said  # the origin is a point
    assert "does not keep the manifold (poincare): neighbours will be by cosine" in said
    _, _, said = run("convert", tmp_path / "m.wv", tmp_path / "m.parquet")
    assert "manifold" not in said
    assert load(tmp_path / "m.parquet").meta["manifold"] == "poincare"
    (tmp_path / "z.txt").write_bytes(b"a 0 0\nb .1 .2\nc 0 0\na .5 .5\n")
    _, _, said = run("convert", tmp_path / "z.txt", tmp_path / "z.wv")
    assert "2 words have vectors that are zero (a, c)" in said
    assert "1 word came again: the first vector of each word stays" in said


def test_json_has_null_where_a_similarity_is_not_finite(tmp_path, run):
    (tmp_path / "v.txt").write_bytes(b"cat 1 .5\nlunch nan .5\n")
    code, out, _ = run("similarity", tmp_path / "v.txt", "cat", "lunch", "--format", "json")
    assert code == 0
    assert '"similarity": null' in out
    code, _, said = run("neighbors", tmp_path / "v.txt", "lunch")
    assert code == 2
    assert "the vector of 'lunch' is not finite" in said


WRITABLE = [name for name, each in formats.FORMATS.items() if each.writer]


@pytest.mark.parametrize("name", WRITABLE)
def test_a_conversion_says_what_becomes_of_a_manifold(tmp_path, run, name):
    if name == "parquet":
        pytest.importorskip("pyarrow")
    rows = np.array([[0.1, 0.2], [0.0, 0.0], [0.5, 0.1]])
    WordVectors(list("abc"), rows, meta={"manifold": "lorentz"}).save(tmp_path / "m.wv")
    code, _, said = run("convert", tmp_path / "m.wv", tmp_path / "out", "--to", name)
    assert code == 0
    kept = load(tmp_path / "out").meta.get("manifold") == "lorentz"
    assert kept == (f"{name} does not keep the manifold (lorentz)" not in said)


@pytest.mark.parametrize("bad", [-1, 1.5, "10"])
def test_a_limit_that_is_no_whole_number_is_refused(tmp_path, bad):
    (tmp_path / "v").write_text("2 2\na 1 2\nb 3 4\n")
    with pytest.raises(ValueError, match="limit must be a whole number >= 0, got"):
        load(tmp_path / "v", limit=bad)


@pytest.mark.parametrize("bad", [5, [1], ["a", None]])
def test_words_that_are_no_words_are_refused(tmp_path, bad):
    (tmp_path / "v").write_text("2 2\na 1 2\nb 3 4\n")
    with pytest.raises(TypeError, match="words must be a list of words, or the path of one, got"):
        load(tmp_path / "v", words=bad)


def test_words_of_a_list_that_are_not_there_are_said(tmp_path):
    (tmp_path / "v").write_text("2 2\na 1 2\nb 3 4\n")
    wv = load(tmp_path / "v")
    assert not_there([b"a", b"b", b"", b"a"], wv) == []
    assert not_there([b"a", b"c"], wv) == ["1 of 2 words of the list is not there (c)"]
    with pytest.raises(ValueError, match=r"none of the 2 words of the list is there \(a 12, b 5\)"):
        not_there([b"a 12", b"b 5"], wv)
