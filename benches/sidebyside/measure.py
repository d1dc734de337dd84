"""Running and timing commands: hyperfine for time, GNU time for memory, each in an environment that is ours alone."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


def environment(scratch, path):
    """The variables every command runs with. The user's configuration is kept out by HOME alone, as no user sets
    GIT_CONFIG_GLOBAL and programs may take a slower way where it is set; bylaws takes the same."""
    home = scratch / "home"
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(
        "[user]\n name = Ada Lovelace\n email = ada@example.org\n[init]\n defaultBranch = main\n"
        "[gc]\n auto = 0\n[maintenance]\n auto = false\n[commit]\n gpgSign = false\n[advice]\n detachedHead = false\n"
        "[safe]\n directory = *\n"
    )
    return {
        "PATH": path,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GIT_EDITOR": "true",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "CI": "1",
    }


@dataclass
class Contestant:
    """One command to time. `prepare` runs before each run and is not timed."""

    name: str
    command: list
    cwd: Path
    prepare: list = None
    note: str = ""
    medians: list = field(default_factory=list)
    memory: int = 0

    @property
    def best(self):
        """Seconds; None where it was not measured."""
        return min(self.medians, default=None)


class Stopwatch:
    """Times contestants in turns."""

    def __init__(self, env, series, runs):
        self.env, self.series, self.runs = env, series, runs

    def run(self, command, cwd, check=True, **more):
        """Runs a command that is not timed."""
        done = subprocess.run([str(c) for c in command], cwd=cwd, env=self.env, capture_output=True, text=True, **more)
        if check and done.returncode:
            raise RuntimeError(f"{shlex.join(map(str, command))} in {cwd}: {done.stdout}{done.stderr}")
        return done

    def race(self, title, contestants, runs=None, series=None):
        """Fills in medians and memory of all contestants."""
        for turn in range(series or self.series):
            for one in contestants:
                progress(f"{title}: series {turn + 1}, {one.name}")
                one.medians.append(self.median(one, runs or self.runs))
        for one in contestants:
            one.memory = self.peak(one)
        progress("")

    def median(self, one, runs):
        out = Path(self.env["HOME"]) / "hyperfine.json"
        command = ["hyperfine", "-N", "--ignore-failure", "--style", "none", "--export-json", out, "--runs", runs]
        command += ["--warmup", 1 if runs > 1 else 0]
        if one.prepare:
            command += ["--prepare", shlex.join(map(str, one.prepare))]
        self.run([*command, shlex.join(map(str, one.command))], one.cwd)
        return json.loads(out.read_text())["results"][0]["median"]

    def peak(self, one):
        """Peak resident memory of the largest process in the tree, in MB."""
        if one.prepare:
            self.run(one.prepare, one.cwd)
        report = Path(self.env["HOME"]) / "time"
        command = ["/usr/bin/time", "-o", report, "-f", "%M", *one.command]
        self.discard([str(word) for word in command], one.cwd).wait()
        return round(int(report.read_text().split()[-1]) / 1024)

    def own_peak(self, one):
        """Peak resident memory of the process alone, without the ones it starts, in MB."""
        process = self.discard([str(word) for word in one.command], one.cwd)
        status, peak = Path(f"/proc/{process.pid}/status"), 0
        while process.poll() is None:
            found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
            peak = max(peak, int(found[1])) if found else peak
            time.sleep(0.01)
        return round(peak / 1024)

    def discard(self, command, cwd):
        return subprocess.Popen(command, cwd=cwd, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def progress(text):
    """One line on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def name_of(repository):
    """What people call it: a bare clone may be `NAME.git`, or `repo` in a folder `OWNER+NAME`."""
    folder = repository.parent if repository.name in ("repo", ".git") else repository
    return folder.name.removesuffix(".git").split("+")[-1]


def git(watch, cwd, *args, **more):
    """Runs git and gives its standard output, stripped."""
    return watch.run(["git", *args], cwd, **more).stdout.strip()


def cores():
    """How many the scheduler gives us."""
    return len(os.sched_getaffinity(0))
