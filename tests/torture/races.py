"""Runs what claims to be free of races on four threads: for `make tsan`.

Counting, the tile models, and look-ups of one open file from several threads. The results are also
compared with those of one thread, to the byte. (Skip-gram on text with several threads updates
shared rows without locks, which is documented; it is not run here.)
"""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # where wordvec is not installed

import numpy as np

import wordvec

MODELS = (wordvec.GloVe, wordvec.Swivel, wordvec.CountSkipGram)


def main() -> int:
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = np.minimum(rng.zipf(1.3, (3000, 12)), 1400)
        (folder / "text").write_text("\n".join(" ".join(f"w{w}" for w in row) for row in words))
        counted = {}
        for threads in (1, 4):
            corpus = wordvec.encode(folder / "text", min_count=1, threads=threads)
            target = folder / f"s{threads}"
            shards = wordvec.count(corpus, target, wordvec.Window(window=5), threads=threads)
            counted[threads] = {each.name: each.read_bytes() for each in target.iterdir()}
        assert counted[1] == counted[4]
        for model in MODELS:
            one, four = (
                model(vector_size=16, epochs=2, threads=threads).fit(shards).vectors_
                for threads in (1, 4)
            )
            assert np.array_equal(one.vectors, four.vectors), model
        four.with_coarse().save(folder / "v.wv")
        wv = wordvec.load(folder / "v.wv")
        keys = list(wv)[:64]
        alone = [wv.most_similar(key, topn=3) for key in keys]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda key: wv.most_similar(key, topn=3), keys)) == alone
    sys.stdout.write("no race, and the same bytes on one thread and on four\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
