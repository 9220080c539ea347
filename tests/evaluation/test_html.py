"""The HTML page: self-contained, complete, and shown by a real browser without an error."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from wordvec.errors import MissingExtra
from wordvec.evaluation.core import datasets
from wordvec.evaluation.core.bias.lists import WeatTest, gender_lists
from wordvec.evaluation.core.measure import number
from wordvec.evaluation.report import document as report
from wordvec.evaluation.report import verdict
from wordvec.evaluation.run import Options, default_measures, run

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


@pytest.fixture(scope="module")
def document(make_vectors):
    """Two models with every measure that random words can have, one refused set, one gate."""
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(300)]
    pairs = "\n".join(f"w{i}\tw{i + 2}\t{i % 7}" for i in range(40)) + "\nw1\tmissing<word>\t3\n"
    questions = ": one & only\n" + "\n".join(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(30))
    questions += "\n: two\n" + "\n".join(f"w{i} w{i + 5} w{i + 2} w{i + 7}" for i in range(30))
    groups = ",category,outliers,words\n0,G,\"['w1', 'w2']\",\"['w3', 'w4', 'w5']\"\n"
    classes = ",category,word\n" + "\n".join(f"{i},{'ab'[i % 2]},w{i}" for i in range(40))
    traits = "\n".join(f'w{i}\t{{"p": {rng.random():.4f}}}' for i in range(80))
    sets = [
        datasets.loads(text, name=name)
        for name, text in [
            ("pairs", pairs),
            ("questions", questions),
            ("groups", groups),
            ("classes", classes),
            ("traits", traits),
            ("french", "chat\tchien\t3\nsoleil\tlune\t2\npain\tvin\t1\n"),
        ]
    ]
    test = WeatTest(
        "mine",
        "my <lists>",
        *(tuple(words[i : i + 6]) for i in (0, 6, 12, 18)),
        labels=("left_words", "right_words", "good", "bad"),
    )
    models = {
        f"model-s{seed}": (
            make_vectors(words, rng.standard_normal((300, 10)), {"seed": seed}),
            None,
        )
        for seed in (1, 2)
    }
    options = Options(
        solvers=("3CosAdd", "3CosMul"),
        measures=(*default_measures(), "seat", "rnd", "rnsb", "mac", "ect"),
        resamples=50,
    )
    return run(models, sets, [test], options, gates={"pairs": 0.99})


@pytest.fixture(scope="module")
def large(make_vectors):
    """A document of the size of the English suite on three models: 14 similarity sets, three sets
    of analogies by four solvers, classes, outliers, properties, ten association tests of 25 words,
    gender; and thousands of missing words."""
    rng = np.random.default_rng(1)
    gender = gender_lists()
    words = dict.fromkeys(f"word{i}" for i in range(400))
    words.update(dict.fromkeys(word for pair in gender.pairs for word in pair))
    words.update(dict.fromkeys(gender.professions))
    gone = "".join(f"word{i}\tmissingword{i}\t1\n" for i in range(100))
    texts = [
        ("similarity", gone + "".join(f"word{i}\tword{i + n}\t{i % 7}\n" for i in range(60)))
        for n in range(1, 15)
    ]
    for n in range(3):
        lines = []
        for c in range(14):
            lines.append(f": gram{c}-of-some-relation")
            lines += [f"word{i} word{i + 1} word{i + c + 2} word{i + 20}" for i in range(0, 60, 3)]
        lines += [f"word1 word2 word3 lacking{n}x{i}" for i in range(900)]
        texts.append(("analogy", "\n".join(lines)))
    texts += [
        (
            "categorization",
            ",category,word\n" + "\n".join(f"{i},c{i % 5},word{i}" for i in range(60)),
        )
    ] * 3
    groups = (
        ",category,outliers,words\n0,G,\"['word1', 'word2']\",\"['word3', 'word4', 'word5']\"\n"
    )
    texts.append(("outliers", groups))
    traits = "\n".join(f'word{i}\t{{"p": {rng.random():.4f}}}' for i in range(80))
    texts.append(("qvec", traits))
    sets = [datasets.loads(text, kind, f"{kind}-{i}") for i, (kind, text) in enumerate(texts)]
    tests = [
        WeatTest(
            f"weat{n}",
            "European American and African American names, pleasant and unpleasant",
            *(tuple(f"word{100 * side + n + i}" for i in range(12)) for side in range(4)),
        )
        for n in range(10)
    ]
    models = {
        name: (make_vectors(words, rng.standard_normal((len(words), 10))), None)
        for name in ("skipgram-300", "glove-300", "fasttext-300")
    }
    options = Options(
        solvers=("3CosAdd", "3CosMul", "PairDistance", "LRCos"),
        measures=(*default_measures(), "direct_bias", "ripa", "indirect_bias"),
        resamples=20,
    )
    return run(models, sets, tests, options)


@pytest.fixture(scope="module")
def page(document):
    from wordvec.evaluation.report import html

    return html.page(document)


def test_the_page_refers_to_nothing_outside(page):
    links = re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?([^"'\s)>]+)""", page)
    assert links
    assert all(link.startswith(("#", "data:,")) for link in links)
    assert "<script" not in page
    assert "@import" not in page


def test_the_page_carries_every_number_of_the_document(page, document):
    for entries in document["results"].values():
        for entry in entries:
            assert number(entry["score"]) in page
    for caveat in document["caveats"]:
        assert caveat.split(";")[0].split("'")[0] in page


def test_figures_have_text_captions_and_names(page):
    figures = re.findall(r"<figure.*?</figure>", page, re.S)
    # Forest plots of similarity, WEAT and SEAT, heat maps of the analogies, the words of a test on
    # two models, comparisons.
    assert len(figures) == 3 + 1 + 2 + 1
    for figure in figures:
        assert 'role="img"' in figure
        assert re.search(r'aria-label="[^"]{20,}', figure)
        assert "<text" in figure
        assert "<figcaption>" in figure
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)


def test_the_head_says_what_it_is_when_and_how(document):
    from wordvec.evaluation.report import html

    origin = {"date": "2026-11-26", "command": "wordvec eval a.wv", "versions": {"numpy": "2.1"}}
    page = html.page({**document, "origin": origin})
    for said in (
        "Comparison of model-s1 and model-s2",
        "2026-11-26",
        "wordvec eval a.wv",
        "numpy 2.1",
        "seed of training 1, 2",
        "intervals of 95 %",
    ):
        assert said in page
    (one,) = [m for m in document["models"] if m["name"] == "model-s1"]
    results = {
        "weat": [e for e in document["results"]["weat"] if e["model"] == "model-s1"],
    }
    alone = {**document, "models": [one], "results": results, "comparisons": [], "seeds": []}
    assert verdict.heading(alone) == "Bias of model-s1"
    both = {**document, "results": {"weat": document["results"]["weat"]}}
    assert verdict.heading(both) == "Bias of model-s1 and model-s2"
    counted = {**one, "meta": {"seed": 1, "shards": {"corpus_tokens": 460440}}}
    assert "corpus of 460440 words" in verdict.subtitle({**alone, "models": [counted]})
    named = {**one, "meta": {**counted["meta"], "corpus": "wiki"}}
    assert "corpus wiki" in verdict.subtitle({**alone, "models": [named]})
    results = {"similarity": document["results"]["similarity"][:1]}
    assert verdict.heading({**alone, "results": results}) == "Evaluation of model-s1"


def test_colours_are_left_to_the_style_sheet(page):
    assert "var(--series-1)" in page
    figures = "".join(re.findall(r"<svg.*?</svg>", page, re.S))
    assert not re.search(r"#0[0-9a]0[0-9]0[0-9]", figures)
    assert "prefers-color-scheme: dark" in page


def test_what_comes_from_data_is_escaped(page):
    assert "missing&lt;word&gt;" in page
    assert "missing<word>" not in page
    assert "my <lists>" not in page
    assert "one &amp; only" in page


def test_the_same_document_gives_the_same_page(page, document):
    from wordvec.evaluation.report import html

    assert html.page(document) == page


def test_gates_and_refusals_are_told(page, document):
    assert [gate["passed"] for gate in document["gates"]] == [False, False]
    assert "under the gate of 0.99" in page
    assert "french" in page


def test_a_missing_extra_names_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "wordvec.evaluation.report.html", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'wordvec\[report\]'"):
        import wordvec.evaluation.report.html  # noqa: F401


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")
class TestInChromium:
    """Loads the page from disk; every host name is refused, so nothing comes from a network."""

    def chromium(self, tmp_path, page, *flags):
        path = tmp_path / "report.html"
        path.write_text(page, "utf-8")
        profile = tmp_path / "profile"
        return subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, path.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_it_loads_without_a_console_message_and_shows_the_figures(self, tmp_path, page):
        probe = """<script>addEventListener("load", () => {
            document.querySelectorAll("details").forEach(d => d.open = true);
            const sized = [...document.querySelectorAll("figure svg")].filter(
                svg => svg.getBoundingClientRect().width > 200);
            const all = document.querySelectorAll("figure svg").length;
            const over = document.documentElement.scrollWidth - innerWidth;
            document.title = `figures ${sized.length} of ${all}; over ${over}`;
        })</script></body>"""
        for width in (500, 1280):
            size = f"--window-size={width},1000"
            done = self.chromium(tmp_path, page.replace("</body>", probe), "--dump-dom", size)
            assert done.returncode == 0
            assert "CONSOLE" not in done.stderr
            found = re.search(r"<title>figures (\d+) of (\d+); over (-?\d+)", done.stdout)
            assert found, done.stdout[:300]
            assert found[1] == found[2] == "7"
            assert int(found[3]) <= 0  # nothing sticks out sideways

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_drawn_in_light_and_in_dark(self, tmp_path, page, scheme):
        from matplotlib.image import imread

        picture = tmp_path / "page.png"
        flag = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
        done = self.chromium(
            tmp_path, page, f"--screenshot={picture}", "--window-size=900,3000", flag
        )
        assert done.returncode == 0
        pixels = imread(picture)[..., :3]
        corner = pixels[2, 2].mean()
        assert corner < 0.2 if scheme == "dark" else corner > 0.9
        assert len(np.unique((pixels[::3, ::3] * 15).round().reshape(-1, 3), axis=0)) > 40
        ink = np.abs(pixels - pixels[2, 2]).max(axis=2) > 0.3
        assert ink.mean() > 0.01

    def test_it_prints(self, tmp_path, page):
        paper = tmp_path / "report.pdf"
        done = self.chromium(tmp_path, page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
        assert done.returncode == 0
        assert paper.read_bytes().startswith(b"%PDF")
        assert 2 <= len(re.findall(rb"/Type /Page\b", paper.read_bytes())) <= 8

    def measured(self, tmp_path, page, width):
        """(height, clipped, too wide) of the page at a width, in a frame: Chromium's own window
        is never narrower than 500. Clipped: an element that hides what does not fit, or scrolls
        without a shadow."""
        probe = """<script>addEventListener("load", () => {
            const clipped = [...document.querySelectorAll("main *")].filter(e => {
                const style = getComputedStyle(e);
                return e.clientWidth && style.overflowX != "visible"
                    && e.scrollWidth > e.clientWidth + 1
                    && !style.backgroundImage.includes("gradient");
            });
            const outside = [...document.querySelectorAll("td, th, li, p, pre")].filter(
                e => e.getBoundingClientRect().right > innerWidth + 1
                    && !e.closest(".table"));
            parent.postMessage([document.documentElement.scrollHeight, clipped.length,
                outside.length].join(" "), "*");
        })</script></body>"""
        (tmp_path / "inner.html").write_text(page.replace("</body>", probe), "utf-8")
        outer = (
            "<!doctype html><title>none</title><body><script>addEventListener('message', e => "
            "{document.title = 'measured ' + e.data})</script>"
            f"<iframe src='inner.html' style='width:{width}px;height:900px;border:0'></iframe>"
            "</body>"
        )
        done = self.chromium(
            tmp_path,
            outer,
            "--dump-dom",
            "--window-size=1500,1000",
            "--allow-file-access-from-files",
            "--virtual-time-budget=20000",
        )
        found = re.search(r"<title>measured (\d+) (\d+) (\d+)", done.stdout)
        assert found, done.stdout[:300]
        return tuple(map(int, found.groups()))

    def test_the_english_suite_on_three_models_is_short_and_nothing_is_clipped(
        self, tmp_path, large
    ):
        from wordvec.evaluation.report import html

        page = html.page(large)
        height, clipped, outside = self.measured(tmp_path, page, 1400)
        assert (clipped, outside) == (0, 0)
        assert height <= 8000
        _, clipped, outside = self.measured(tmp_path, page, 390)
        assert (clipped, outside) == (0, 0)
        paper = tmp_path / "report.pdf"
        self.chromium(tmp_path, page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
        assert 4 <= len(re.findall(rb"/Type /Page\b", paper.read_bytes())) <= 11

    def test_nothing_of_a_change_is_clipped(self, tmp_path, change_step):
        from wordvec.evaluation.report import html
        from wordvec.evaluation.report.change.document import build, chosen

        words = [f"word{i}-of-some-length" for i in range(60)]
        for names in ("ab", "abcde"):
            pairs = pairwise(names)
            steps = [change_step(f"period-{old}", f"period-{new}", words) for old, new in pairs]
            options = {"model": "ppmi", "method": "procrustes", "nulls": 10, "seed": 1}
            page = html.page(build(steps, chosen(steps, 12), options))
            for width in (1400, 390):
                _, clipped, outside = self.measured(tmp_path, page, width)
                assert (clipped, outside) == (0, 0)


def test_reports_on_disk_carry_the_same_numbers(document, page, tmp_path):
    report.write_html(document, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text("utf-8") == page
