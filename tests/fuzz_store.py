"""Fuzzes the reader of .wv files: `python tests/fuzz_store.py --seconds 60 [--seed N]`.

Files are made from small ones of each encoding: hostile values in header and table, noise in the
sections, checksums made to fit. Whatever comes, answers or StoreError are right; anything else, a
crash above all, ends the run with the seed and the file that did it. Run it with kernels built with
-fsanitize=address,undefined to see reads out of bounds that do not crash.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))  # where wordvec is not installed

import numpy as np
import trust


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = int(time.time()) if options.seed is None else options.seed
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.wv"
        originals = [
            trust.small_file(path, dtype) for dtype in ("f32", "f64", "f16", "bf16", "int8", "pq")
        ]
        end, tried, opened = time.monotonic() + options.seconds, 0, 0
        while time.monotonic() < end:
            data = trust.hostile(originals[rng.integers(len(originals))], rng)
            path.write_bytes(data)
            try:
                opened += trust.ask(path, verify=rng.random() < 0.2)["open"] == "opened"
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"wordvec-fuzz-{seed}-{tried}.wv"
                kept.write_bytes(data)
                print(f"seed {seed}, file {tried}: kept as {kept}", file=sys.stderr)
                raise
            tried += 1
    print(f"seed {seed}: {tried:,} files, {opened:,} opened, no crash, one error type")
    return 0


if __name__ == "__main__":
    sys.exit(main())
