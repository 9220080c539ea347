"""Columns of tables, conditions on them, and archives of articles."""

import bz2
import csv
import gzip
import io
import json

import numpy as np
import pytest

import wordvec
from wordvec.errors import CorpusError
from wordvec.text import reader
from wordvec.text.corpus import encode
from wordvec.text.records.where import Condition

ROWS = [
    {"id": "1", "year": 1989, "body": "Old text."},
    {"id": "2", "year": 1990, "body": 'A "quoted", text;\n\nof two paragraphs'},
    {"id": "3", "year": 1991, "body": ""},
    {"id": "3", "year": 1992, "body": "Third"},
    {"id": "3", "year": 2000, "body": "third again\x1e"},
    {"id": "4", "year": 2001, "body": "..."},
    {"id": "5", "year": 2002, "body": "Ünï\tcode"},
]


def write_csv(path, rows, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def write(path, rows=ROWS):
    if path.suffix == ".parquet":
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=2)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    elif path.suffix == ".tsv":
        lines = ["\t".join(rows[0])]
        lines += ["\t".join(" ".join(str(v).split()) for v in row.values()) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        write_csv(path, rows, ";" if "semicolon" in path.name else ",")


def documents(result):
    return [
        b" ".join(result.vocab.words[i] for i in ids if i >= 0).decode()
        for ids in np.split(result.ids, result.documents[1:-1])
    ]


@pytest.mark.parametrize("name", ["t.csv", "semicolon.csv", "t.tsv", "t.jsonl", "t.parquet"])
@pytest.mark.parametrize("block", [8, 1 << 20])
def test_each_row_is_a_document(tmp_path, monkeypatch, name, block):
    monkeypatch.setattr(reader, "BLOCK", block)
    write(tmp_path / name)
    options = {"text_column": "body", "tokenize": "unicode", "lower": True, "min_count": 1}
    result = encode(tmp_path / name, threads=2, **options)
    assert documents(result) == [
        "old text",
        "a quoted text of two paragraphs",
        "third",
        "third again",
        "",
        "ünï code",
    ]
    assert (result.stats.records.rows, result.stats.records.empty) == (7, 1)
    assert result.labels is None
    result = encode(tmp_path / name, document_column="id", where="year >= 1990", **options)
    assert result.labels == ("2", "3", "4", "5")
    assert documents(result)[:2] == ["a quoted text of two paragraphs", "third third again"]
    assert result.stats.records.left_out == 1


def test_a_compressed_table_and_a_mark(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbftext,n\nhello world,1\n"))
    result = encode(path, text_column="text", min_count=1)
    assert documents(result) == ["hello world"]


def test_tsv_takes_quotes_as_they_are_unless_its_header_is_quoted(tmp_path):
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"Yes," she said\n')
    (tmp_path / "b.tsv").write_text('"id"\t"text"\n"1"\t"a\tb ""c"""\n')
    assert documents(encode(tmp_path / "a.tsv", text_column="text", min_count=1)) == [
        '"Yes," she said'
    ]
    assert documents(encode(tmp_path / "b.tsv", text_column="text", min_count=1)) == ['a b "c"']


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", 'id,text\n1,ok\n2,"never\nclosed\n3,x\n', r"a\.csv:3: a quote is opened"),
        ("a.csv", 'id,text\n1,"a" b\n', r"a\.csv:2: a quote within"),
        ("a.csv", "id,text\n1,a,b\n", r"a\.csv:2: 3 fields where the first line has 2"),
        ("a.csv", "id,Texts\n1,a\n", "no column 'text' .did you mean 'Texts'"),
        ("a.csv", "", "first line"),
        ("a.jsonl", '{"text": "a"}\n{"text": \n', r"a\.jsonl:2: this is no JSON"),
        ("a.jsonl", "[1]\n", r"a\.jsonl:1: a list where an object"),
        ("a.jsonl", '{"txt": "a"}\n', "no column 'text' .did you mean 'txt'"),
        ("a.jsonl", '{"text": {"a": 1}}\n', "row 1: column 'text' has a dict"),
        ("a.jsonl", '{"text": "a\\u0000b"}\n', "row 1: the text has a NUL"),
        ("a.jsonl", '{"text": ""}\n', "no token in it .1 rows, 0 left out, 1 empty"),
        ("a.parquet", "PAR1", "no Parquet file"),
        ("a.xls", "x", "which kind of table"),
    ],
)
def test_bad_tables_are_refused_by_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(CorpusError, match=message):
        encode(tmp_path / name, text_column="text", min_count=1)


def test_a_binary_column_is_refused(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": [b"\x00\x01"]}), tmp_path / "b.parquet")
    with pytest.raises(CorpusError, match="row 1: column 'text' is binary"):
        encode(tmp_path / "b.parquet", text_column="text", min_count=1)


def test_json_has_nested_columns_and_lists_of_words(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"doc": {"words": ["a", "b"]}}\n{"doc": {"words": null}}\n{}\n')
    result = encode(path, text_column="doc.words", min_count=1)
    assert documents(result) == ["a b"]
    assert result.stats.records.empty == 2


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("year >= 1990", {"year": "1990"}, True),
        ("year >= 1990", {"year": "n/a"}, False),
        ("year >= 1990", {"year": None}, False),
        ("1980 < year < 1990", {"year": 1985.0}, True),
        ("lang == 'de' or not (year > 5)", {"lang": "tr", "year": 5}, True),
        ("lang in ['de', 'tr']", {"lang": "tr"}, True),
        ("lang not in ['de', 'tr']", {"lang": "tr"}, False),
        ("year in [1990, 1991]", {"year": "1991"}, True),
        ("`two words` != 'x'", {"two words": "y"}, True),
        ("n == -1", {"n": "-1"}, True),
        ("code == '007'", {"code": "007"}, True),
    ],
)
def test_conditions(text, row, expected):
    condition = Condition(text)
    assert condition(row) is expected
    assert condition.columns == list(row)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "year",
        "year >",
        "__import__('os').system('x') == 1",
        "a == b",
        "1 == 1",
        "x in 'abc'",
        "x is 3",
        "f'{x}' == 'a'",
    ],
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ValueError, match="where"):
        Condition(text)


PAGE = """  <page>
    <title>{title}</title>
    <ns>{ns}</ns>
    <revision><text bytes="1" xml:space="preserve">{text}</text></revision>
  </page>
"""
SITE = '<mediawiki><siteinfo><namespace key="6" case="x">Datei</namespace></siteinfo>\n'


def test_a_dump_of_a_wiki_is_articles(tmp_path):
    body = (
        "{{Box|a={{b}}}}'''Berlin''' ist die [[Stadt|Hauptstadt]] &amp;amp; ein "
        "[[Land]].&lt;ref&gt;Quelle&lt;/ref&gt;\n\n== Lage ==\n* an der [[Spree]]\n"
        "[[Datei:X.jpg|mini|Ein [[Bild]]]][[de:Berlin]]\n{| x\n| Zelle\n|}\n" + "Ein Satz. " * 30
    )
    pages = [
        PAGE.format(title="Berlin &amp; Umland", ns=0, text=body),
        PAGE.format(title="Diskussion:Berlin", ns=1, text=body),
        PAGE.format(title="Kurz", ns=0, text="kurz"),
        PAGE.format(title="Um", ns=0, text="#REDIRECT").replace("<ns>", "<redirect /><ns>"),
        PAGE.format(title="Zwei", ns=0, text=body.replace("Spree", "Havel")),
    ]
    half = len(pages) // 2
    path = tmp_path / "dump.xml.bz2"  # two streams, as multistream dumps have
    path.write_bytes(
        bz2.compress((SITE + "".join(pages[:half])).encode())
        + bz2.compress(("".join(pages[half:]) + "</mediawiki>").encode())
    )
    result = encode(path, text="wikipedia", tokenize="unicode", min_count=1)
    assert result.labels == ("Berlin & Umland", "Zwei")
    assert documents(result)[0].startswith(
        "Berlin Umland Berlin ist die Hauptstadt ein Land Lage an der Spree Ein Satz Ein Satz"
    )
    dropped = result.stats.records.dropped
    assert (dropped["redirects"], dropped["pages outside the articles"]) == (1, 1)
    assert (dropped["templates"], dropped["tables"], dropped["references"]) == (2, 2, 2)
    for bad, message in ((b"<x/>", "no <page>"), (SITE.encode() + b"<page><title>", "cut short")):
        with pytest.raises(CorpusError, match=message):
            encode(io.BytesIO(bad), text="wikipedia", min_count=1)


def test_gensims_excerpt_of_wikipedia_is_read():
    gensim = pytest.importorskip("gensim.test.utils")
    path = gensim.datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
    result = encode(path, text="wikipedia", tokenize="unicode", lower=True, min_count=1)
    assert result.labels[:3] == ("Anarchism", "Autism", "Albedo")
    marks = [w for w in result.vocab.words if any(c in b"[]{}<>|=" for c in w)]
    assert not marks
    assert wordvec.Vocabulary is type(result.vocab)
