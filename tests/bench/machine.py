"""The machine that figures were measured on, and the page that they are written to."""

import os
import platform
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTE = """# Limits and peers

Written by `make bench`. Each part stands with the commit and the machine it was measured on. A
figure is the median over the rounds, with the least and the greatest; times are CPU seconds of all
threads, unless the row says otherwise.
"""


def caches():
    """Sizes of the first processor's caches for data, from the smallest level up."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            found.append((index / "size").read_text().strip())
    return found


def processor():
    """Its name, family and model as Linux tells them."""
    facts = {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            facts.setdefault(name.strip(), value.strip())
    except OSError:
        return platform.processor() or platform.machine()
    name = facts.get("model name", platform.machine())
    return f"{name}, family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}"


def commit():
    """The commit that is checked out, with a + when files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "not known"


def compiler():
    done = subprocess.run(["cc", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0] or "not known"


def yardsticks(folder):
    """The programs in C beside this file, compiled for this machine: {name: path}."""
    found = {}
    for name in ("skipgram", "glove", "cores"):
        found[name] = folder / name
        options = ["-std=gnu11", "-O3", "-march=native", "-ffast-math"]
        source = Path(__file__).parent / "yardsticks" / f"{name}.c"
        subprocess.run(["cc", *options, source, "-o", found[name], "-lm", "-lpthread"], check=True)
    return found


def seconds(command):
    """The numbers that a yardstick prints, one per line."""
    done = subprocess.run([str(x) for x in command], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def facts():
    """What a table needs beside it: (what, found)."""
    from wordvec.native import cpu

    load = os.getloadavg()[0]
    return [
        ("processor", processor()),
        ("caches", ", ".join(caches()) or "not known"),
        ("processors", str(os.cpu_count())),
        ("instruction set", f"{cpu.isa()} of {', '.join(cpu.available())}"),
        ("compiler", compiler()),
        ("commit", commit()),
        ("date", time.strftime("%d %B %Y, %H:%M UTC", time.gmtime())),
        ("load average at the end", f"{load:.1f}"),
    ]


def write(page, parts):
    """Replaces the sections of the parts that were measured, and leaves the others.

    `parts` has the rows (figure, value, limit, peer, held) of each part.
    """
    page = Path(page)
    text = page.read_text() if page.exists() else NOTE
    head, *old = text.split("\n## ")
    sections = {section.partition("\n")[0].strip(): section for section in old}
    about = "; ".join(f"{what}: {found}" for what, found in facts())
    for part, rows in parts.items():
        lines = [
            part,
            "",
            f"{about}.",
            "",
            "| figure | here | limit | peer | |",
            "|---|---|---|---|---|",
        ]
        lines += ["| " + " | ".join(cell.strip() for cell in row) + " |" for row in rows]
        sections[part] = "\n".join(lines) + "\n"
    body = "".join(f"\n## {sections[name].rstrip()}\n" for name in sorted(sections))
    page.write_text(head.rstrip() + "\n" + body)
