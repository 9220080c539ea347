"""Figures beside the peers', from the same run, and the limits they are held to.

`make bench` prints a table at its end: each figure with its spread, its limit, and the peer's. A
benchmark fails when a limit does not hold. CPU time is of this process, all threads; machines are
shared, so wall time is shown and not judged. BENCH_ROUNDS (3) says how often each is run, in turn
with its peer; with fewer than three, scores beside a peer's are shown and not judged. BENCH_WORDS
(all 17 million) and BENCH_EPOCHS (5) make the text and the trainings smaller; then no score is
judged, nor what reading and starting weigh on. BENCH_PAGE names a Markdown page that the tables are
written to.
"""

import gzip
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench import machine

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
EPOCHS = int(os.environ.get("BENCH_EPOCHS", "5"))
WORDS = int(os.environ.get("BENCH_WORDS", "0"))
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Row:
    figure: str
    value: str
    limit: str
    peer: str
    holds: bool
    part: str


ROWS: list[Row] = []


class Bench:
    """Collects figures; `check` them all at the end of a benchmark."""

    rounds = ROUNDS
    epochs = EPOCHS
    whole = not WORDS and EPOCHS >= 5  # quality is that of the whole text
    averaged = whole and ROUNDS >= 3  # one seed's scores vary by the half point that is judged

    def __init__(self, part=""):
        self.failed = []
        self.part = part

    def note(self, figure, value, *, most=None, least=None, peer="", unit=""):
        """A figure, with the limit that it must keep to."""
        values = value if isinstance(value, list) else [value]
        middle = statistics.median(values)
        shown = f"{middle:.4g}{unit}"
        if len(values) > 1:
            shown += f" ({min(values):.4g} to {max(values):.4g})"
        holds = (most is None or middle <= most) and (least is None or middle >= least)
        bounds = [f">= {least:g}"] if least is not None else []
        limit = ", ".join([*bounds, *([f"<= {most:g}"] if most is not None else [])])
        if isinstance(peer, list):
            peer = f"{statistics.median(peer):.4g} ({min(peer):.4g} to {max(peer):.4g})"
        elif isinstance(peer, float):
            peer = f"{peer:.4g}"
        ROWS.append(Row(figure, shown, limit, str(peer), holds, self.part))
        if not holds:
            self.failed.append(f"{figure}: {shown}, wanted {limit}")

    def check(self):
        assert not self.failed, "; ".join(self.failed)

    @staticmethod
    def cpu(function):
        """(CPU seconds, wall seconds, result) of a call, all threads."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = function()
        return time.process_time() - cpu, time.perf_counter() - wall, result

    @staticmethod
    def peak_memory(*args):
        """The most bytes that `python ARGS` held."""
        process = subprocess.Popen([sys.executable, *map(str, args)], cwd=ROOT)
        # Not the parent's: a child's mark starts at what its parent held when it forked.
        peak = 0
        while process.poll() is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            found = [line for line in status.splitlines() if line.startswith("VmHWM")]
            peak = max(peak, int(found[0].split()[1]) << 10) if found else peak
            time.sleep(0.02)
        assert process.wait() == 0
        return peak


@pytest.fixture
def bench(request):
    return Bench(request.path.stem.removeprefix("test_").removesuffix("_bench"))


@pytest.fixture(scope="session")
def corpora():
    """The folder of public corpora and sets."""
    for path in (os.environ.get("WORDVEC_DATA"), ROOT.parent / "shared" / "data"):
        if path and (Path(path) / "corpus").is_dir():
            return Path(path)
    pytest.skip("needs the public corpora: set WORDVEC_DATA to their folder")


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """The yardsticks, compiled for this machine."""
    return machine.yardsticks(tmp_path_factory.mktemp("yardsticks"))


@pytest.fixture(scope="session")
def wiki(corpora, tmp_path_factory):
    """wiki100m as plain text, a line every 1,000 words: gensim's corpus_file cannot read gzip, and
    of the one long line that the corpus is it trains on a part only. Lines of 10,000 words, which
    it takes whole as well, make its vectors worse (Google 22.8 % instead of 28.1 %)."""
    path = tmp_path_factory.mktemp("corpus") / "wiki100m.txt"
    with gzip.open(corpora / "corpus" / "wiki100m.txt.gz", "rt") as packed:
        words = packed.read().split()[: WORDS or None]
    with open(path, "w") as out:
        out.writelines(" ".join(words[i : i + 1000]) + "\n" for i in range(0, len(words), 1000))
    return path


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    terminalreporter.section("figures, limits and peers in this run")
    for what, found in machine.facts():
        terminalreporter.write_line(f"{what}: {found}")
    cells = [("figure", "here", "limit", "peer", "")] + [
        (r.figure, r.value, r.limit, r.peer, "" if r.holds else "MISSED") for r in ROWS
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(5)]
    for row in cells:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        terminalreporter.write_line(line.rstrip())
    if page := os.environ.get("BENCH_PAGE"):
        parts = {}
        for r, row in zip(ROWS, cells[1:], strict=True):
            parts.setdefault(r.part, []).append(row)
        machine.write(page, parts)
