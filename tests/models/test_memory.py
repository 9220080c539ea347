"""What training is said to need is what it takes: on real text, at 1, 2 and 8 threads."""

import json
import subprocess
import sys

import pytest

CORPUS = "corpus/enwiki2015-AB.txt.zst"
TRAIN = """
import json, sys
import wordvec
from wordvec.system.memory import peak_memory
text, kind, threads, options = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
corpus = wordvec.encode(text, threads=threads, memory=200 << 20)
model = getattr(wordvec, kind)(threads=threads, epochs=1, sample=1e-5, **options)
need = model.memory = model.predict_memory(corpus)
model.memory += 1 << 20  # what is held varies a little
model.fit(corpus)
print(json.dumps([need, peak_memory(), len(corpus.vocab)]))
"""


@pytest.fixture(scope="module")
def text(shared_data, tmp_path_factory):
    """Two million tokens of Wikipedia."""
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path_factory.mktemp("memory") / "text"
    with open(shared_data / CORPUS, "rb") as file:
        path.write_bytes(zstandard.ZstdDecompressor().stream_reader(file).read(12 << 20))
    return path


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SkipGram", {"vector_size": 400}),
        ("FastText", {"vector_size": 100, "bucket": 150_000}),
    ],
)
def test_training_takes_the_memory_that_it_said(kind, options, threads, text):
    """Within a tenth, by VmHWM of a process of its own, which includes the interpreter."""
    command = [sys.executable, "-c", TRAIN, text, kind, str(threads), json.dumps(options)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    need, peak, words = json.loads(done.stdout)
    assert words > 25_000
    assert need > 150 << 20
    assert need / 1.1 <= peak <= 1.1 * need
