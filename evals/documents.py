"""How wide is a bootstrap of documents? Contexts fixed, other seeds, and models trained anew.

    python -m evals.documents TEXT [--runs 20] [--seeds 10] [--max-vocab 10000] ...

TEXT is cut into stretches of equal length, which are dealt to blocks as documents. The table of
docs/howto/uncertainty.md was made from wiki100m with the defaults (the runs over documents had one
seed there; here each has its own). 30 trainings: about 15 CPU-minutes.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wordvec.counts.blocks import count_blocks
from wordvec.counts.counting.window import Window
from wordvec.errors import Unanswerable
from wordvec.inference.stability import stability
from wordvec.inference.uncertainty import Uncertainty
from wordvec.models.glove import GloVe
from wordvec.text.corpus import encode

PAIRS = (
    "king queen",
    "war music",
    "man woman",
    "water river",
    "city town",
    "good bad",
    "paris france",
    "red blue",
    "mother father",
    "computer software",
    "army navy",
    "church bishop",
    "football team",
    "energy power",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table of SDs of cosines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("text")
    parser.add_argument("--blocks", type=int, default=64)
    parser.add_argument("--stretches", type=int, default=6400)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--max-vocab", type=int, default=10_000)
    parser.add_argument("--vector-size", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    o = parser.parse_args(arguments)
    corpus = encode(o.text, max_vocab=o.max_vocab, threads=o.threads)
    edges = np.unique(np.linspace(0, len(corpus.ids), o.stretches + 1).astype(np.int64))
    model = GloVe(vector_size=o.vector_size, x_max=10, epochs=o.epochs, threads=o.threads)
    with tempfile.TemporaryDirectory() as folder:
        blocks = count_blocks(
            replace(corpus, documents=edges, labels=None),
            Path(folder) / "blocks",
            o.blocks,
            Window(window=15),
            threads=o.threads,
        )
        whole = blocks.sum(Path(folder) / "whole", threads=o.threads)
        unc = Uncertainty(model.fit(whole).vectors_, blocks, source="documents")
        seeds = stability(model, blocks, runs=o.seeds, resample="seeds", threads=o.threads)
        anew = stability(model, blocks, runs=o.runs, threads=o.threads)
        print("pair\tcontexts fixed\tother seeds\tboth\ttrained anew")
        for pair in PAIRS:
            a, b = pair.split()
            try:
                sds = [each.similarity(a, b).sd for each in (unc, seeds, anew)]
            except (KeyError, Unanswerable) as error:
                print(f"{pair}\t{error}")
                continue
            cells = (sds[0], sds[1], math.hypot(sds[0], sds[1]), sds[2])
            print(pair, *(f"{cell:.4f}" for cell in cells), sep="\t", flush=True)


if __name__ == "__main__":
    main()
