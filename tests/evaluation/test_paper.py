"""What goes into a paper: LaTeX, BibTeX, CSV, figures as files."""

import csv
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import WeatTest, weat_tests
from wordvec.evaluation.core.measure import number
from wordvec.evaluation.report import latex, tables
from wordvec.evaluation.run import run

LATEX = shutil.which("pdflatex")


@pytest.fixture
def document(random_vectors):
    pairs = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(20))
    lists = (tuple(f"w{i}" for i in range(start, start + 6)) for start in (0, 6, 12, 18))
    test = WeatTest("mine_1", "50 % & more: a_b #1 {x} ~^", *lists)
    return run({"m_1": (random_vectors, None)}, [datasets.loads(pairs, name="a_b")], [test])


def test_latex_has_every_printed_table_with_its_numbers(document):
    text = latex.latex(document)
    printed = [
        (s.key, t)
        for s in tables.sections(document)
        if not s.folded
        for t in s.tables
        if not t.folded
    ]
    assert len(re.findall(r"\\begin\{longtable\}", text)) == len(printed)
    for key, _ in printed:
        assert rf"\label{{tab:{key}" in text
    for entries in document["results"].values():
        for e in entries:
            assert number(e["score"]).replace("-", "$-$") in text
    for command in ("toprule", "midrule", "bottomrule", "caption"):
        assert rf"\{command}" in text
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_latex_escapes_what_is_special():
    assert latex.escape("a_b & 5 % {x} #1 $2 ~ ^ <>") == (
        r"a\_b \& 5 \% \{x\} \#1 \$2 \textasciitilde{} \textasciicircum{} "
        r"\textless{}\textgreater{}"
    )
    assert latex.escape("-0.5 to 1.2e-05") == "$-$0.5 to 1.2e-05"


@pytest.mark.skipif(LATEX is None, reason="needs pdflatex on the path")
def test_latex_compiles_and_no_table_is_wider_than_the_page(document, random_vectors, tmp_path):
    """In LaTeX's own article class, whose lines are 345 points; also with three models."""
    lists = (tuple(f"w{i}" for i in range(start, start + 6)) for start in (0, 6, 12, 18))
    test = WeatTest("long", "European American and African American names (somebody)", *lists)
    pairs = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(20))
    models = {f"a model with a name {i}": (random_vectors, None) for i in range(3)}
    three = run(models, [datasets.loads(pairs, name="the-pairs-of-words")], [test])
    for each in (document, three):
        latex.write_latex(each, tmp_path / "t.tex")
        (tmp_path / "p.tex").write_text(
            "\\documentclass{article}\\usepackage{array,booktabs,longtable}\\begin{document}"
            "\\input{t}\\end{document}"
        )
        for _ in range(3):  # longtable learns the widths of columns from the run before
            command = [LATEX, "-interaction=batchmode", "p.tex"]
            done = subprocess.run(command, cwd=tmp_path, check=False, stdout=subprocess.DEVNULL)
            assert done.returncode == 0
        log = (tmp_path / "p.log").read_text("latin-1")
        assert not [w for w in re.findall(r"Overfull .hbox .([\d.]+)pt", log) if float(w) > 2]


def test_references_are_those_of_what_was_measured(document):
    keys = re.findall(r"@\w+\{(.*),", tables.bibtex(document))
    assert keys == sorted(set(keys))
    assert "caliskan2017semantics" in keys
    assert "manzini2019black" not in keys


def test_csv_has_every_table_whole(document, tmp_path):
    latex.write_csv(document, tmp_path / "t")
    for section in tables.sections(document):
        for i, table in enumerate(section.tables, 1):
            name = section.key + (f"-{i}" if len(section.tables) > 1 else "")
            with open(tmp_path / "t" / f"{name}.csv", encoding="utf-8", newline="") as file:
                rows = [tuple(row) for row in csv.reader(file)]
            assert rows == [table.columns, *table.rows]


def test_a_folder_with_files_of_others_is_never_replaced(document, tmp_path):
    folder = tmp_path / "t"
    folder.mkdir()
    latex.write_csv(document, folder)  # an empty one may be filled
    written = sorted(path.name for path in folder.iterdir())
    with pytest.raises(FileExistsError, match="exists already"):
        latex.write_csv(document, folder)
    latex.write_csv(document, folder, force=True)
    assert sorted(path.name for path in folder.iterdir()) == written
    (folder / "mine.csv").write_text("my own numbers")
    for name in ("mine.csv", "mine.txt"):
        with pytest.raises(FileExistsError, match="is never replaced"):
            latex.write_csv(document, folder, force=True)
        (folder / name).replace(folder / "mine.txt")
    assert (folder / "mine.txt").read_text() == "my own numbers"
    (folder / "mine.txt").unlink()
    (folder / "contents.json").write_text("[]")
    with pytest.raises(FileExistsError, match="it is not a folder of tables"):
        latex.write_csv(document, folder, force=True)


def test_figures_are_written_as_svg_and_pdf_in_plain_colours(document, tmp_path):
    drawing = pytest.importorskip("wordvec.evaluation.report.drawing")
    written = drawing.save(document, tmp_path / "f")
    names = {path.stem for path in written}
    assert names == {"similarity", "weat", "weat-words-m_1-mine_1"}
    for path in written:
        if path.suffix == ".svg":
            ET.parse(path)
            text = path.read_text("utf-8")
            assert "var(--" not in text
            assert drawing.PAPER.models[0] in text
        else:
            assert path.read_bytes().startswith(b"%PDF")
    before = {path: path.read_bytes() for path in written}
    again = drawing.save(document, tmp_path / "f", force=True)
    assert before == {path: path.read_bytes() for path in again}


def test_shipped_lists_show_the_published_d(google_news):
    doc = run({"g": (google_news, None)}, (), [weat_tests()["weat7"]])
    (table,) = [t for s in tables.sections(doc) if s.key == "weat" for t in s.tables]
    column = table.columns.index("published d")
    assert table.rows[0][column] == "1.06 GloVe 840B; 0.97 word2vec GoogleNews"
