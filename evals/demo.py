"""The whole road on real text in under a minute: python -m evals.demo FOLDER.

The text is the excerpt of English Wikipedia's dump that gensim packages for its tests, so nothing
is downloaded. Each step is a command that is printed as a user would type it.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


def gensims(name: str) -> Path:
    """A file of gensim's tests; gensim itself is not loaded."""
    spec = find_spec("gensim")
    if spec is None or spec.origin is None:
        sys.exit("the demo reads a text that gensim packages: install wordvec[gensim]")
    return Path(spec.origin).parent / "test" / "test_data" / name


def run(command: str, folder: Path) -> None:
    """Prints a wordvec command and runs it in the folder; an error ends the demo."""
    print(f"\n$ {command}", flush=True)
    program, *arguments = shlex.split(command)
    assert program == "wordvec"
    done = subprocess.run([sys.executable, "-m", "wordvec", *arguments], cwd=folder, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main(folder: Path) -> None:
    """Runs the demo; results stay in the folder."""
    started = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(gensims(DUMP), folder / "dump.xml.bz2")
    run(
        "wordvec tokenize dump.xml.bz2 --text wikipedia --tokenize unicode --lower -o wiki.txt "
        "--force",
        folder,
    )
    run("wordvec train wiki.txt -o skipgram.wv --epochs 20 --force", folder)
    run("wordvec neighbors skipgram.wv war music language -k 4", folder)
    run("wordvec analogy skipgram.wv he his she -k 3", folder)
    run("wordvec count wiki.txt -o shards --window 10 --force", folder)
    run("wordvec train shards --model glove --x-max 10 -o glove.wv --force", folder)
    run("wordvec neighbors glove.wv war music language -k 4", folder)
    # The page needs the report extra; the others do not.
    html = all(map(find_spec, ("jinja2", "matplotlib")))
    page = " --html eval.html" if html else ""
    run(
        f"wordvec eval skipgram.wv glove.wv --json eval.json --markdown eval.md{page} --force",
        folder,
    )
    run(
        "wordvec bias skipgram.wv --test weat6 --test weat7 --test weat8 --json bias.json --force",
        folder,
    )
    print(f"\n{time.perf_counter() - started:.0f} s. In {folder}:")
    print(
        "skipgram.wv, glove.wv (vectors), "
        f"{'eval.html, ' if html else ''}eval.md, eval.json, bias.json (reports), "
        "shards, wiki.txt, dump.xml.bz2"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo"))
