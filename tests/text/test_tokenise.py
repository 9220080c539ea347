"""Options of texts: what they make of a text, whichever way it comes in."""

import inspect
import io
import json
import sys
import unicodedata

import numpy as np
import pytest

import wordvec
from wordvec.errors import CorpusError
from wordvec.estimator import options_of
from wordvec.text import reader, spool
from wordvec.text.corpus import count_vocabulary, encode
from wordvec.text.options import TextOptions
from wordvec.text.phrases.lines import Phrase
from wordvec.text.phrases.model import PhraseTable
from wordvec.text.records import fasta

GERMAN = "Der König sagt: „Größe!“ STRASSE, Straße; 1990 und 3,5 %. İstanbul 😀\n\nZweiter Text…\n"


def words(text, **options):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    result = encode(io.BytesIO(data), min_count=1, **options)
    return [
        " ".join(result.vocab.words[i].decode("utf-8", "surrogateescape") for i in ids if i >= 0)
        for ids in np.split(result.ids, result.documents[1:-1])
    ]


def test_unicode_words_in_documents():
    assert words(GERMAN, tokenize="unicode", lower=True) == [
        "der könig sagt größe strasse straße 1990 und 3,5 i̇stanbul",
        "zweiter text",
    ]
    assert words(GERMAN, tokenize="unicode", numbers="zero", emoji=True)[0] == (
        "Der König sagt Größe STRASSE Straße 0 und 0 İstanbul 😀"
    )


def test_white_space_words_can_be_lower_case_too():
    assert words("A B, 12 c", lower=True, numbers="drop") == ["a b, c"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_blocks_and_threads_do_not_matter(monkeypatch, threads, block):
    monkeypatch.setattr(reader, "BLOCK", block)
    options = {"tokenize": "unicode", "lower": True, "min_count": 1}
    whole = encode(io.BytesIO(GERMAN.encode() * 5), threads=1, **options)
    result = encode(io.BytesIO(GERMAN.encode() * 5), threads=threads, **options)
    assert result.vocab.words == whole.vocab.words
    assert np.array_equal(result.ids, whole.ids)
    assert np.array_equal(result.documents, whole.documents)


@pytest.mark.parametrize("spill", [8, 1 << 30])
@pytest.mark.parametrize("across_lines", [False, True])
def test_where_ids_pile_up_does_not_matter(monkeypatch, spill, across_lines):
    data = b"a b, a\r\nc\n\nb a a c\n\n\nd b\n" * 9
    options = {"tokenize": "unicode", "min_count": 10, "across_lines": across_lines}
    whole = encode(io.BytesIO(data), threads=1, **options)
    monkeypatch.setattr(reader, "BLOCK", 5)
    monkeypatch.setattr(spool, "SPILL", spill)
    result = encode(io.BytesIO(data), threads=3, **options)
    assert [w.decode() for w in whole.vocab.words] == ["a", "b", "c"]
    assert whole.known == 9 * 9
    assert np.array_equal(result.ids, whole.ids)
    assert np.array_equal(result.documents, whole.documents)
    assert np.array_equal(result.vocab.counts, whole.vocab.counts)


def test_words_are_normalised_and_their_counts_added():
    decomposed = unicodedata.normalize("NFD", "Größe Ärger")
    result = encode(io.BytesIO(f"Größe {decomposed} ﬁn".encode()), tokenize="unicode", min_count=1)
    assert dict(zip(result.vocab, result.vocab.counts.tolist(), strict=True)) == {
        "Größe": 2,
        "Ärger": 1,
        "ﬁn": 1,
    }
    assert result.stats.types == 3
    assert result.known == 4
    assert words(f"ﬁn ﬁn² {decomposed}", normalize="nfkc") == ["fin fin2 Größe Ärger"]
    assert words(decomposed) == [decomposed]


def test_stop_words_are_left_out_as_the_text_spells_them(tmp_path):
    (tmp_path / "stop").write_text("Der\nUND\n" + unicodedata.normalize("NFD", "Größe") + "\n")
    options = {"tokenize": "unicode", "lower": True, "stop": tmp_path / "stop"}
    assert words("Der Wind und die GRÖSSE, Größe", **options) == ["wind die grösse"]
    vocab = count_vocabulary(io.BytesIO(b"der Wind der"), min_count=1, **options)
    assert vocab.words == [b"wind"]
    assert vocab.total == 1
    given = wordvec.Vocabulary.from_words(["der", "wind"], [1, 1])
    result = encode(io.BytesIO(b"der wind"), vocab=given, gaps=True, **options)
    assert result.ids.tolist() == [-2, 1, -1]


def test_typographic_and_straight_apostrophes_make_one_word(tmp_path):
    text = "Don’t stop, don't ‘stop’; l’été, l'été."
    assert words(text, tokenize="unicode", lower=True) == ["don't stop don't stop l'été l'été"]
    kept = words(text, tokenize="unicode", apostrophes="keep")
    assert kept == ["Don’t stop don't stop l’été l'été"]
    assert words(text) == ["Don’t stop, don't ‘stop’; l’été, l'été."]
    (tmp_path / "stop").write_text("don’t\n")
    options = {"tokenize": "unicode", "lower": True, "stop": tmp_path / "stop"}
    assert words(text, **options) == ["stop stop l'été l'été"]
    assert TextOptions(tokenize="unicode", apostrophes="keep").recorded() == {
        "tokenize": "unicode",
        "apostrophes": "keep",
    }


def test_kmers():
    assert words("ACGTA", tokenize="kmers", k=3) == ["ACG CGT GTA"]
    assert words("ACGTACG AC\nTTTT", tokenize="kmers", k=3, stride=2) == ["ACG GTA ACG TTT"]
    assert words("acgt", tokenize="kmers", k=4, lower=True) == ["acgt"]


@pytest.mark.parametrize("block", [8, 16, 1 << 20])
@pytest.mark.parametrize("stride", [1, 3])
def test_fasta_sequences_are_documents_in_upper_case(monkeypatch, tmp_path, block, stride):
    sequence = "".join("ACGT"[i * i % 7 % 4] for i in range(100))
    lines = "\n".join(sequence[i : i + 11].lower() for i in range(0, 100, 11))
    path = tmp_path / "dna.fasta"
    path.write_text(f">one first\n{lines}\n>two\r\nAC GTN\r\n")
    monkeypatch.setattr(reader, "BLOCK", block)
    result = encode(path, tokenize="kmers", k=4, stride=stride, min_count=1)
    assert result.labels == ("one", "two")
    made = [
        [result.vocab.words[i].decode() for i in ids if i >= 0]
        for ids in np.split(result.ids, result.documents[1:-1])
    ]
    assert made[0] == [sequence[i : i + 4] for i in range(0, 97, stride)]
    assert made[1] == ["ACGTN"[i : i + 4] for i in range(0, 2, stride)]


@pytest.mark.parametrize(
    ("content", "message"),
    [("ACGT\n", "f:1: expected a header"), (">a\n>b\nA", "f:2: .*empty"), ("", "no sequence")],
)
def test_a_bad_fasta_file_is_named(tmp_path, content, message):
    (tmp_path / "f").write_text(content)
    with pytest.raises(CorpusError, match=message):
        list(fasta.blocks(str(tmp_path / "f"), 3, 1))


def test_a_python_function_splits_lines(tmp_path, monkeypatch):
    (tmp_path / "my_words.py").write_text(
        "def pairs(line):\n    return [line[i:i + 2] for i in range(0, len(line), 2)] + ['，']\n"
        "def broken(line):\n    raise KeyError('no')\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = "中文文本\n中文\n\nab\n"
    assert words(text, tokenize="python:my_words:pairs", threads=2) == ["中文 文本 中文", "ab"]
    with pytest.raises(CorpusError, match=r"KeyError: 'no', for the line '中文文本'"):
        words(text, tokenize="python:my_words:broken")
    with pytest.raises(CorpusError, match="no attribute 'pair'"):
        words(text, tokenize="python:my_words:pair")
    with pytest.raises(CorpusError, match="no function"):
        words(text, tokenize="python:my_words:number")
    with pytest.raises(CorpusError, match="cannot be imported"):
        words(text, tokenize="python:no_such_module:f")


def test_jieba_splits_chinese():
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel(60)
    assert words("我来到北京清华大学，很好。", tokenize="python:jieba:lcut") == [
        "我 来到 北京 清华大学 很 好"
    ]


def test_a_command_splits_lines():
    command = f"{sys.executable} -c \"import sys; print(sys.stdin.read().replace('-', ' '))\""
    assert words("a-b c\n\nd-e", tokenize=f"command:{command}") == ["a b c", "d e"]
    assert words("A-B c\n\nd", tokenize=f"command:{command}", lower=True) == ["a b c", "d"]
    with pytest.raises(CorpusError, match="ended with status 3"):
        words("a", tokenize="command:cat; exit 3")
    with pytest.raises(CorpusError, match="no such command"):
        words("a", tokenize="command:no-such-command-here; true || false; exit 127")


def test_sentencepiece_makes_pieces(tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece")
    lines = ["das Haus am See", "der See und das Haus", "am Haus der See", "Haus und See am See"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 50),
        model_prefix=str(tmp_path / "m"),
        vocab_size=16,
        minloglevel=9,
    )
    model = f"sentencepiece:{tmp_path / 'm.model'}"
    pieces = words("das Haus\nam See", tokenize=model)[0].split()
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "m.model"))
    assert pieces == [
        *processor.encode("das Haus", out_type=str),
        *processor.encode("am See", out_type=str),
    ]
    (tmp_path / "bad.model").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match=r"bad\.model: this is no SentencePiece model"):
        words("a", tokenize=f"sentencepiece:{tmp_path / 'bad.model'}")
    with pytest.raises(FileNotFoundError):
        words("a", tokenize=f"sentencepiece:{tmp_path / 'none.model'}")


def test_phrases_are_joined_in_unicode_words():
    table = PhraseTable([[Phrase((b"new", b"york"), 5, 9.0)]])
    result = table.encode(
        io.BytesIO(b"In New York, new. York\n"), min_count=1, tokenize="unicode", lower=True
    )
    assert sorted(result.vocab.words) == [b"in", b"new_york"]
    assert result.options.lower


# Article 1 of the Universal Declaration of Human Rights.
ARTICLE_1 = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with "
    "reason and conscience and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués "
    "de raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana "
    "sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены "
    "разумом и совестью и должны поступать в отношении друг друга в духе братства.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. "
    "Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με "
    "πνεύμα αδελφοσύνης.",
    "ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "zh": "人人生而自由，在尊严和权利上一律平等。",
}


@pytest.mark.parametrize("language", ARTICLE_1)
def test_words_of_languages_are_those_of_the_regex_module(language):
    regex = pytest.importorskip("regex")
    text = ARTICLE_1[language]
    segments = [s for s in regex.split(r"(?wV1)\b", text) if s and regex.search(r"\p{L}|\p{N}", s)]
    made = words(text, tokenize="unicode", normalize="none")[0].split()
    assert made == segments
    lower = words(text, tokenize="unicode", normalize="none", lower=True)[0].split()
    assert lower == [segment.lower() for segment in segments]


def test_texts_in_memory_are_documents():
    texts = wordvec.Texts(["Ein Text.\n\nNoch einer", "", "Drei!"], labels=["a", "b", "c"])
    result = encode(texts, tokenize="unicode", min_count=1)
    assert [len(d) for d in np.split(result.ids, result.documents[1:-1])] == [6, 2]
    assert result.labels == ("a", "c")
    assert (result.stats.records.rows, result.stats.records.empty) == (3, 1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tokenize": "unicod"}, ValueError, "did you mean unicode"),
        ({"tokenize": "sentencepiece"}, ValueError, "sentencepiece:FILE"),
        ({"tokenize": "unicode:x"}, ValueError, "got 'unicode:x'"),
        ({"tokenize": "python:module"}, ValueError, "python:MODULE:FUNCTION"),
        ({"language": "tr"}, ValueError, "add lower=True"),
        ({"emoji": True}, ValueError, "needs tokenize="),
        ({"apostrophes": "keep"}, ValueError, "apostrophes needs tokenize"),
        ({"numbers": "none"}, ValueError, "one of keep, zero, drop"),
        ({"min_length": 0}, ValueError, "min_length must be >= 1"),
        ({"k": 0}, ValueError, "k must be >= 1"),
        ({"where": "a > 1"}, ValueError, "give text_column"),
        ({"lowercase": True}, TypeError, "no argument 'lowercase'"),
        ({"lower": 1}, TypeError, "lower must be True or False"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        words("a", **options)


def test_token_lists_have_no_options():
    with pytest.raises(TypeError, match="split already; lower"):
        encode([["a"]], lower=True, min_count=1)


def test_what_differs_is_recorded_and_read_back():
    options = TextOptions(tokenize="unicode", lower=True)
    assert options.recorded() == {"tokenize": "unicode", "lower": True}
    assert TextOptions.of(options.recorded() | {"later": 1}) == options
    assert TextOptions().recorded() == {}
    docstring = inspect.cleandoc(TextOptions.__doc__)
    assert all(
        f"\n{name}" in docstring or f", {name} :" in docstring for name in options_of(TextOptions)
    )


def test_broken_bytes_marks_and_zero_widths():
    text = b"\xef\xbb\xbfCaf\xe9 x\xef\xbb\xbfy a\xe2\x80\x8bb co\xc2\xadop \xff\xfe"
    result = encode(io.BytesIO(text), tokenize="unicode", min_count=1)
    assert set(result.vocab.words) == {b"Caf\xe9", b"xy", b"a", b"b", b"coop", b"\xff\xfe"}
    assert result.stats.not_utf8 == 2


def test_a_million_letters_are_too_long_for_a_word():
    result = encode(io.BytesIO(b"a " + b"x" * 1_000_000 + b" b"), tokenize="unicode", min_count=1)
    assert sorted(result.vocab.words) == [b"a", b"b"]
    assert result.stats.too_long == 1


def test_a_stop_list_is_a_path_or_its_name(tmp_path):
    """The card, which is JSON, has the name."""
    (tmp_path / "stop").write_text("der\n")
    options = TextOptions(stop=tmp_path / "stop")
    assert options == TextOptions(stop=str(tmp_path / "stop"))
    assert json.loads(json.dumps(options.recorded())) == {"stop": str(tmp_path / "stop")}
