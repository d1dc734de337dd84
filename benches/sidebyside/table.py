"""The report: Markdown, written from what was measured."""

import json
import re
import shlex
import subprocess
from pathlib import Path

from .measure import cores
from .peers import ALL, VERSION


def machine(architecture, count):
    """What it ran on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), architecture)
    return f"Machine: {cores()} of {count} cores, {model}."


def versions(peers, env):
    """Which versions took part, and which peers are missing."""
    here, missing = peers.split(ALL)
    shown = []
    for name in ["git", *here]:
        words = VERSION.get(name, ["--version"])
        if words is None:
            package = peers.folder and peers.folder / "node_modules" / name / "package.json"
            shown.append(f"{name} {json.loads(package.read_text())['version']}" if package and package.exists() else name)
            continue
        program = "git" if name == "git" else str(peers.find(name))
        done = subprocess.run([program, *words], env=env, capture_output=True, text=True, check=False)
        number = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
        shown.append(f"{name} {number[0] if number else '?'}")
    text = "Versions: " + ", ".join(shown) + "."
    return text + (f" Missing: {', '.join(missing)}." if missing else "")


def milliseconds(seconds):
    """Three digits are all that such a figure is worth."""
    ms = seconds * 1000
    return f"{ms:,.1f}" if ms < 100 else f"{ms:,.0f}"


def rows(contestants, base):
    """Lines of a table; ratios are to the contestant named `base`, where it took part."""
    reference = next((one.best for one in contestants if one.name == base), None)
    lines = [f"| | ms | of {base} | MB |" if reference else "| | ms | MB |", "|---|---|---|---|" if reference else "|---|---|---|"]
    for one in contestants:
        name = one.name + (f" ({one.note})" if one.note else "")
        ratio = f" {one.best / reference:.2f} |" if reference else ""
        lines.append(f"| {name} | {milliseconds(one.best)} |{ratio} {one.memory} |")
    return "\n".join(lines)


def commands(contestants):
    """The exact command of each, for whoever wants to repeat one."""
    return "\n".join(f"- {one.name}: `{shlex.join(map(str, one.command))}`" for one in contestants)


def section(title, contestants, base="bylaws", text=""):
    """A headed table with its commands."""
    parts = [f"### {title}", text, rows(contestants, base), commands(contestants)]
    return "\n\n".join(part for part in parts if part)


def grid(title, text, columns, cells, names):
    """A table of contestants by cases; cells are contestants or None."""
    lines = [f"### {title}", "", text, "", "| ms (MB) | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in names:
        shown = []
        for column in columns:
            one = cells.get((name, column))
            mark = f" *{one.note}*" if one and one.note else ""
            shown.append(f"{milliseconds(one.best)} ({one.memory}){mark}" if one else "-")
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)
