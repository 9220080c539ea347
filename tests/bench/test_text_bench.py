"""Reading texts as they are written: words by Unicode beside white space and gensim's tokeniser,
tables and archives."""

import io

import pytest

from wordvec.text.corpus import encode
from wordvec.text.options import TextOptions
from wordvec.text.records.blocks import RecordStats, blocks_of

SIZE = 24_000_000  # bytes of each text
PEER = 2_000_000  # bytes that gensim's tokeniser gets


@pytest.fixture(scope="module", params=["enwiki2015-AA", "eswiki2020-sample"])
def text(request, corpora):
    zstandard = pytest.importorskip("zstandard")
    with open(corpora / "corpus" / f"{request.param}.txt.zst", "rb") as file:
        data = zstandard.ZstdDecompressor().stream_reader(file).read(SIZE)
    return request.param, data[: data.rfind(b"\n") + 1]


def test_unicode_words(benchmark, bench, text):
    utils = pytest.importorskip("gensim.utils")
    name, data = text
    some = data[:PEER].decode("utf-8", "ignore").splitlines()
    spaces, words, peer, share, rates = [], [], [], [], []

    def round_of_all():
        mega = len(data) / 1e6
        plain = bench.cpu(lambda: encode(io.BytesIO(data), threads=2))[0]
        split, wall, _ = bench.cpu(
            lambda: encode(io.BytesIO(data), threads=2, tokenize="unicode", lower=True)
        )
        rates.append(mega / wall)
        theirs = bench.cpu(lambda: [utils.simple_preprocess(line) for line in some])[0]
        spaces.append(mega / plain)
        words.append(mega / split)
        peer.append(PEER / 1e6 / theirs)
        share.append(plain / split)

    benchmark.pedantic(round_of_all, rounds=bench.rounds)
    bench.note(f"{name}: white space to ids, MB per CPU s", spaces)
    bench.note(f"{name}: Unicode words to ids, MB per CPU s", words, least=50, peer=peer)
    bench.note("  the same by the clock, two threads, MB/s", rates, least=100)
    bench.note("  share of the speed of white space", share, least=0.5)
    bench.check()


def test_a_dump_of_a_wiki(benchmark, bench):
    datapath = pytest.importorskip("gensim.test.utils").datapath
    path = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
    rates = []

    def read():
        options = TextOptions(text="wikipedia")
        return sum(len(b.text) for b in blocks_of([path], options, RecordStats())[0])

    def one_round():
        with open(path, "rb") as file:
            packed = len(file.read()) / 1e6
        rates.append(packed / bench.cpu(read)[0])

    benchmark.pedantic(one_round, rounds=bench.rounds)
    # 100 MB in less than a minute.
    bench.note("dump of a wiki, bz2, MB per CPU s", rates, least=100 / 60)
    bench.check()
