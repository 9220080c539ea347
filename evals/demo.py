"""The whole road on real text in under a minute: python -m evals.demo FOLDER.

The text is the excerpt of English Wikipedia that gensim packages for its tests, so nothing is
downloaded. Each step is a command that is printed as a user would type it.
"""

from __future__ import annotations

import bz2
import re
import shlex
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
WORD = re.compile(r"[^\W_]+")


def write_text(target: Path) -> tuple[int, int]:
    """Writes the articles of gensim's excerpt, a paragraph a line; (articles, tokens)."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki
    from gensim.test.utils import datapath

    articles = tokens = 0
    with bz2.open(datapath(DUMP)) as dump, open(target, "w", encoding="utf-8") as out:
        for title, text, _ in extract_pages(dump, filter_namespaces=("0",)):
            lines = [WORD.findall(line.lower()) for line in filter_wiki(text).split("\n")]
            words = sum(map(len, lines))
            if words < 50 or title.endswith("(disambiguation)"):
                continue
            articles += 1
            tokens += words
            out.writelines(" ".join(line) + "\n" for line in lines if line)
    return articles, tokens


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
    articles, tokens = write_text(folder / "wiki.txt")
    print(f"{articles} articles of Wikipedia, {tokens:,} tokens: {folder / 'wiki.txt'}")
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
        f"{'eval.html, ' if html else ''}eval.md, eval.json, bias.json (reports), shards, wiki.txt"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo"))
