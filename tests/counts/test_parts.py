"""Parts of a text, counted apart and added: the bytes of one machine's count."""

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wordvec.counts.convert import merge
from wordvec.counts.counting.count import count
from wordvec.counts.counting.window import Window
from wordvec.counts.parts import corpus as part_texts
from wordvec.counts.parts import spans as span_module
from wordvec.counts.parts.corpus import part_corpus
from wordvec.counts.parts.note import Note
from wordvec.counts.parts.spans import spans
from wordvec.counts.parts.vocabulary import (
    load_vocabulary,
    merge_vocabularies,
    vocabulary_part,
)
from wordvec.counts.shards import Shards
from wordvec.errors import CorpusError, ShardError
from wordvec.text.corpus import Part, encode

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from([" ", "  ", "\n", "\r\n", "\r", "\n\n", "\t", " \n", "\n "])


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def counted_in_parts(folder, texts, of, *, min_count=1, **how):
    """Shards of `of` parts, added; each step as a machine of its own takes it."""
    reading = {name: how[name] for name in ("across_lines", "gaps") if name in how}
    window = Window(window=how.get("window", 3))
    some = {name: how[name] for name in ("sample", "seed") if name in how}
    files = []
    for number in range(1, of + 1):
        files.append(folder / f"v-{number}")
        vocabulary_part(texts, files[-1], Part(number, of))
    random.Random(of).shuffle(files)
    merge_vocabularies(files, folder / "vocab.txt", min_count=min_count)
    made = []
    for number in range(1, of + 1):
        part = part_corpus(
            texts, Part(number, of), folder / "vocab.txt", window=window.window, **reading, **some
        )
        made.append(folder / f"s-{number}")
        count(part, made[-1], window, **some)
    random.Random(of).shuffle(made)
    if of == 1:
        return contents(made[0])
    merge(made, folder / "sum")
    return contents(folder / "sum")


def counted_at_once(folder, texts, *, min_count=1, **how):
    reading = {name: how[name] for name in ("across_lines", "gaps") if name in how}
    some = {name: how[name] for name in ("sample", "seed") if name in how}
    corpus = encode([str(text) for text in texts], min_count=min_count, **reading)
    window = Window(window=how.get("window", 3))
    return contents(count(corpus, folder / "whole", window, **some).path)


@st.composite
def files(draw):
    """One to three texts of a small vocabulary with white space of all kinds, some compressed."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        words = draw(st.lists(st.tuples(st.integers(0, 9), PIECES), max_size=60))
        text = "".join(f"w{number}{space}" for number, space in words).encode()
        found.append((draw(st.booleans()), text))
    return found


@SLOW
@example(
    files=[(False, b"w0\nw1 w0 ")],  # w1 is rare: the part's first known word begins a line
    of=2,
    line=1,
    context=1,
    across_lines=False,
    gaps=False,
    sample=0.0,
    min_count=2,
)
@given(
    files=files(),
    of=st.integers(2, 7),
    line=st.sampled_from([1, 3, 8, 1 << 20]),
    context=st.sampled_from([1, 5, 1 << 16]),
    across_lines=st.booleans(),
    gaps=st.booleans(),
    sample=st.sampled_from([0.0, 0.05]),
    min_count=st.integers(1, 3),
)
def test_any_cut_gives_the_shards_of_one_machine(
    tmp_path_factory, files, of, line, context, across_lines, gaps, sample, min_count
):
    folder = tmp_path_factory.mktemp("parts")
    texts = []
    for number, (packed, text) in enumerate(files):
        texts.append(folder / f"{number}.txt")
        texts[-1].write_bytes(gzip.compress(text, mtime=0) if packed else text)
    how = {"across_lines": across_lines, "gaps": gaps, "min_count": min_count}
    if sample:
        how |= {"sample": sample, "seed": 5}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_module, "LONGEST_LINE", line)
        patch.setattr(part_texts, "CONTEXT", context)
        try:
            whole = counted_at_once(folder, texts, **how)
        except CorpusError:
            return  # no word is left, which is an error of the whole text too
        found = counted_in_parts(folder, texts, of, **how)
    found.pop("manifest.json", None) if of == 1 else None
    assert found == whole


def test_parts_share_no_byte_and_lose_none(tmp_path):
    rng = random.Random(3)
    lines = ["x" * rng.randrange(1, 30) for _ in range(500)]
    text = tmp_path / "t"
    text.write_bytes("\n".join(lines).encode())
    found = [span for n in range(1, 9) for span in spans([text], Part(n, 8))]
    assert [span.begin for span in found[1:]] == [span.end for span in found[:-1]]
    assert (found[0].begin, found[-1].end) == (0, text.stat().st_size)
    data = text.read_bytes()
    assert all(data[span.begin - 1 : span.begin] in (b"", b"\n") for span in found)


def test_a_text_of_one_line_is_cut_between_words(tmp_path, monkeypatch):
    monkeypatch.setattr(span_module, "LONGEST_LINE", 50)
    rng = random.Random(4)
    text = tmp_path / "t"
    text.write_text(" ".join(f"w{int(rng.paretovariate(0.8)) % 50}" for _ in range(3000)))
    assert len({span for n in (1, 2, 3) for span in spans([text], Part(n, 3))}) == 3
    how = {"window": 8, "sample": 0.02, "seed": 9}
    assert counted_in_parts(tmp_path, [text], 3, **how) == counted_at_once(tmp_path, [text], **how)


def test_a_line_that_begins_like_a_packed_file_is_text(tmp_path):
    text = tmp_path / "t"
    text.write_bytes(b"one two three\n" * 20 + b"BZh PAR1 two\n" * 20)
    begin = spans([text], Part(2, 2))[0].begin
    assert text.read_bytes()[begin:].startswith(b"BZh")
    whole = counted_at_once(tmp_path, [text])
    assert counted_in_parts(tmp_path, [text], 2) == whole


def test_white_space_at_the_end_of_a_file_stays_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(span_module, "LONGEST_LINE", 1)
    texts = [tmp_path / "a", tmp_path / "b"]
    texts[0].write_text("w0 w0 ")
    texts[1].write_text("w0 ")
    assert counted_in_parts(tmp_path, texts, 2) == counted_at_once(tmp_path, texts)


def test_more_parts_than_lines(tmp_path):
    text = tmp_path / "t"
    text.write_text("a b c\nc b a\n")
    assert counted_in_parts(tmp_path, [text], 9) == counted_at_once(tmp_path, [text])


@pytest.fixture
def texts(tmp_path):
    rng = random.Random(1)
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text(
            "".join(
                " ".join(f"w{int(rng.paretovariate(0.9)) % 40}" for _ in range(9)) + "\n"
                for _ in range(60)
            )
        )
    return paths


def test_a_sum_of_some_parts_says_which(tmp_path, texts):
    whole = counted_at_once(tmp_path, texts)
    counted_in_parts(tmp_path, texts, 4)
    merge([tmp_path / "s-1", tmp_path / "s-3"], tmp_path / "odd")
    assert Shards(tmp_path / "odd").manifest["parts"] == [1, 3]
    merge([tmp_path / "s-4", tmp_path / "s-2"], tmp_path / "even")
    merge([tmp_path / "even", tmp_path / "odd"], tmp_path / "all")
    assert contents(tmp_path / "all") == whole
    with pytest.raises(ShardError, match=r"has part 3, and so has"):
        merge([tmp_path / "odd", tmp_path / "s-3"], tmp_path / "twice")
    assert not (tmp_path / "twice").exists()


def test_what_is_missing_or_twice_is_named(tmp_path, texts):
    for number in (1, 2, 4):
        vocabulary_part(texts, tmp_path / f"v-{number}", Part(number, 4))
    some = [tmp_path / f"v-{number}" for number in (1, 2, 4)]
    with pytest.raises(CorpusError, match="of 4 parts these are missing: 3"):
        merge_vocabularies(some, tmp_path / "v")
    vocabulary_part(texts, tmp_path / "again", Part(2, 4))
    with pytest.raises(CorpusError, match=r"again: is part 2, as is .*v-2"):
        merge_vocabularies([*some, tmp_path / "again"], tmp_path / "v")
    vocabulary_part(texts[:1], tmp_path / "other", Part(3, 4))
    with pytest.raises(CorpusError, match="other: is of other texts"):
        merge_vocabularies([*some, tmp_path / "other"], tmp_path / "v")
    (tmp_path / "plain").write_text("a 3\n")
    with pytest.raises(CorpusError, match="plain: is not the vocabulary of a part"):
        merge_vocabularies([*some, tmp_path / "plain"], tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_a_vocabulary_of_other_texts_is_refused(tmp_path, texts):
    counted_in_parts(tmp_path, texts, 2)
    how = {"window": 3}
    with pytest.raises(CorpusError, match="made from other texts"):
        part_corpus(texts[::-1], Part(1, 2), tmp_path / "vocab.txt", **how)
    with pytest.raises(CorpusError, match="text was read as whitespace"):
        part_corpus(texts, Part(1, 2), tmp_path / "vocab.txt", lower=True, **how)
    # Without subsampling a part needs no place, and any cut will do.
    part_corpus(texts, Part(1, 3), tmp_path / "vocab.txt", **how)
    with pytest.raises(CorpusError, match="is of 2 parts, not of 3"):
        part_corpus(texts, Part(1, 3), tmp_path / "vocab.txt", sample=0.1, **how)


def test_subsampling_needs_to_know_what_stands_before(tmp_path, texts):
    counted_in_parts(tmp_path, texts, 2)
    (tmp_path / "vocab.txt.parts").unlink()
    with pytest.raises(CorpusError, match="does not say how many tokens stand before part 2/2"):
        part_corpus(texts, Part(2, 2), tmp_path / "vocab.txt", window=3, sample=0.1)


def test_a_file_that_is_no_note_is_never_replaced_or_removed(tmp_path, texts):
    mine = tmp_path / "v.txt.parts"
    mine.write_text("what somebody wrote")
    with pytest.raises(FileExistsError, match="needs: move it away"):
        vocabulary_part(texts, tmp_path / "v.txt", Part(1, 2), force=True)
    (tmp_path / "w").write_text("a 1\n")
    with pytest.raises(FileExistsError, match="needs: move it away"):
        merge_vocabularies([tmp_path / "w"], tmp_path / "v.txt", min_count=1, force=True)
    assert mine.read_text() == "what somebody wrote"
    assert not (tmp_path / "v.txt").exists()


def test_a_run_that_ends_between_vocabulary_and_note_leaves_what_is_refused(
    tmp_path, texts, monkeypatch
):
    """The older note is beside the new vocabulary then, and is of another one."""
    vocabulary_part(texts, tmp_path / "v", Part(1, 2))

    def ended(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Note, "save", ended)
    with pytest.raises(KeyboardInterrupt):
        vocabulary_part(texts, tmp_path / "v", Part(2, 2), force=True)
    with pytest.raises(CorpusError, match="was written for another vocabulary"):
        load_vocabulary(tmp_path / "v")


def test_an_edited_vocabulary_and_a_damaged_note_are_told(tmp_path, texts):
    counted_in_parts(tmp_path, texts, 2)
    vocab, note = tmp_path / "vocab.txt", tmp_path / "vocab.txt.parts"
    saved = note.read_bytes()
    for damage in (b"{", b"[]", saved.replace(b'"total"', b'"tot"'), b'{"format": 1}'):
        note.write_bytes(damage)
        with pytest.raises(CorpusError, match=r"vocab.txt.parts: damaged"):
            part_corpus(texts, Part(1, 2), vocab, window=3)
    data = json.loads(saved)
    note.write_text(json.dumps(data | {"known": [1]}))
    with pytest.raises(CorpusError, match="how many tokens each part has"):
        part_corpus(texts, Part(1, 2), vocab, window=3)
    note.write_bytes(saved)
    vocab.write_text("w1 3\n")
    with pytest.raises(CorpusError, match="was written for another vocabulary"):
        part_corpus(texts, Part(1, 2), vocab, window=3)


def test_a_pipe_has_no_parts(tmp_path):
    with pytest.raises(CorpusError, match="only be read from files"):
        spans(["-"], Part(1, 2))
    with pytest.raises(FileNotFoundError, match="no such file"):
        spans([tmp_path / "none"], Part(1, 2))
    with pytest.raises(IsADirectoryError, match="name the files in it"):
        spans([tmp_path], Part(1, 2))


@pytest.mark.parametrize("text", ["3", "0/4", "5/4", "a/b", "1/", "-1/3", "1/2/3", ""])
def test_a_part_is_a_number_of_a_number(text):
    with pytest.raises(ValueError, match="part must be"):
        Part.parse(text)
