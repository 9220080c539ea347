"""Lines of C that the tests ran, from gcov's counters: python tests/c_coverage.py FOLDER.

FOLDER is a checkout that was built and tested with `--coverage` (`make coverage`). A source is
compiled into several modules; a line counts as run when it ran in any of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path


def lines_of(folder: Path) -> dict[str, dict[int, bool]]:
    """By source of csrc: by line, whether it ran."""
    found: dict[str, dict[int, bool]] = defaultdict(dict)
    for data in sorted((folder.resolve() / "build").rglob("csrc/*.gcda")):
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", str(data)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:  # written by two processes at once, or of another build
            print(f"{data.name}: {done.stderr.strip() or 'not readable'}", file=sys.stderr)
        for text in done.stdout.splitlines():
            for file in json.loads(text)["files"]:
                if "csrc/" not in file["file"] and not file["file"].startswith("csrc"):
                    continue
                lines = found[Path(file["file"]).name]
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, False) or line["count"] > 0
    return found


def main(folder: Path) -> int:
    """Prints a row for each source, and the whole."""
    found = lines_of(folder)
    if not found:
        print(f"{folder}: no counters of gcov; build and test it with --coverage", file=sys.stderr)
        return 1
    print(f"{'C source':24} {'lines':>6} {'run':>6} {'share':>7}")
    for name, lines in sorted(found.items()):
        run = sum(lines.values())
        print(f"{name:24} {len(lines):6} {run:6} {run / len(lines):7.1%}")
    total, run = sum(map(len, found.values())), sum(sum(each.values()) for each in found.values())
    print(f"{'all':24} {total:6} {run:6} {run / total:7.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
