#!/usr/bin/env python3
"""Times bylaws beside its peers, in one run on one machine, and prints a Markdown table with ratios.

    benches/side_by_side.py --install peers          # gets the peers into ./peers, once
    benches/side_by_side.py --peers peers --messages-of ../ripgrep --history ../git

Needs git, hyperfine and GNU time. Contestants take turns: every series runs each of them once round, and the lowest
median of the series counts, so that a busy moment of the machine hits nobody in particular. Peers that are not there
are named as missing. Everything happens in a scratch folder with a HOME and a git configuration of its own.

Before it is timed each contestant must show that it does the work: it has to refuse what the case is about. One that
does not is marked in the table.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from sidebyside import commits, messages, pushes, ranges
from sidebyside.measure import Stopwatch, environment
from sidebyside.peers import Peers, install
from sidebyside.table import machine, versions

SECTIONS = {"commits": commits.measure, "messages": messages.measure, "ranges": ranges.measure, "pushes": pushes.measure}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"what to measure: {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--install", type=Path, metavar="DIR", help="install the peers into DIR and stop")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="where --install put them; without it only PATH is searched")
    parser.add_argument("--bylaws", type=Path, default=Path("target/release/bylaws"), help="the binary (default: %(default)s)")
    parser.add_argument("--history", type=Path, metavar="REPO", help="repository for the ranges (default: a generated one)")
    parser.add_argument("--generate", type=int, default=100_000, metavar="N", help="commits of the generated one (%(default)s)")
    parser.add_argument("--messages-of", type=Path, metavar="REPO", help="repository whose newest 1,000 messages are checked")
    parser.add_argument("--series", type=int, default=3, help="how often the contestants take turns (%(default)s)")
    parser.add_argument("--runs", type=int, default=10, help="runs a turn; long ranges get one (%(default)s)")
    parser.add_argument("--output", type=Path, help="also write the table into this file")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder and name it")
    options = parser.parse_args()
    if unknown := set(options.sections) - SECTIONS.keys():
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return options


def main():
    options = arguments()
    if options.install:
        install(options.install.resolve())
        return
    missing = [tool for tool in ("git", "hyperfine", "/usr/bin/time") if not shutil.which(tool)]
    if missing:
        sys.exit(f"error: not installed: {', '.join(missing)} (Debian: apt install git hyperfine time)")
    scratch = Path(tempfile.mkdtemp(prefix="side-by-side-"))
    try:
        report = measure(options, scratch)
    finally:
        if options.keep:
            print(f"kept {scratch}", file=sys.stderr)
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    print(report)
    if options.output:
        options.output.write_text(report + "\n")


def measure(options, scratch):
    peers = Peers(options.peers, options.bylaws)
    env = environment(scratch, peers.path)
    watch = Stopwatch(env, options.series, options.runs)
    parts = ["Repeated with `" + " ".join(["benches/side_by_side.py", *sys.argv[1:]]) + "`", machine(platform.machine(), os.cpu_count())]
    parts.append(versions(peers, env))
    for name in options.sections or SECTIONS:
        parts.append(SECTIONS[name](options, peers, watch, scratch / name))
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
