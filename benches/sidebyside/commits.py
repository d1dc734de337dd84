"""A real `git commit` with hooks installed by each contestant."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from . import history
from .measure import Contestant, git
from .table import grid

CASES = {
    "A": "one hook that does nothing",
    "B": "checks for trailing white space, large files and conflict markers",
    "C": "A with unstaged edits",
    "D": "B with 147 files staged",
    "E": "B and a check of the message",
    "F": "A with an editor that leaves the message as it is",
}
FILES = 1000
HOOKS = [("trailing-whitespace", "trailing-whitespace-fixer"), ("check-added-large-files",) * 2, ("check-merge-conflict",) * 2]

# What lefthook and husky run, which bring no checks of their own: git's check of white space and conflict markers, and
# the sizes of what is staged.
SHELL_CHECKS = """#!/bin/sh
git diff --cached --check || exit 1
git diff --cached --raw --abbrev=40 --diff-filter=ACMR --no-renames |
    cut -d' ' -f4 | git cat-file --batch-check='%(objectsize)' |
    awk '$1 > 5242880 { large = 1 } END { exit large }'
"""


@dataclass
class Way:
    """How one contestant is set up: `files` are written, then `commands` run, both in the repository."""

    name: str
    needs: list
    files: dict
    commands: list


def yaml(case, builtin, lint):
    """A .pre-commit-config.yaml for pre-commit or prek."""
    entry = "  - repo: local\n    hooks:\n"
    hook = "      - {{ id: {0}, name: {0}, entry: {1}, language: system{2} }}\n"
    if case == "A":
        return "repos:\n" + entry + hook.format("nothing", "'true'", ", pass_filenames: false, always_run: true")
    text = "repos:\n"
    if builtin:
        text += "  - repo: builtin\n    hooks:\n" + "".join(f"      - {{ id: {name} }}\n" for name, _ in HOOKS)
        text = text.replace("{ id: check-merge-conflict }", "{ id: check-merge-conflict, args: [--assume-in-merge] }")
    else:
        text += entry
        for name, program in HOOKS:
            more = " --assume-in-merge" if "conflict" in name else ""
            text += hook.format(name, program + more, ", types: [text]")
    if case == "E":
        text += entry + hook.format("message", lint, ", stages: [commit-msg], always_run: true")
    return text


def lefthook(case):
    text = "output: [failure]\npre-commit:\n  commands:\n    check:\n      run: " + ('"true"\n' if case == "A" else "./checks.sh\n")
    if case == "E":
        text += "commit-msg:\n  commands:\n    message:\n      run: committed --commit-file {1}\n"
    return text


def bylaws(case):
    """A: one rule that does nothing. The others: the recommended set whole, which checks messages too."""
    if case == "A":
        rule = 'rule("nothing", #{ title: "Nothing", why: "To be timed.", commit: |commit| {}, file: |file| {} });\n'
        return {".bylaws/bylaws.toml": "extends = []\n", ".bylaws/rules/nothing.rhai": rule}
    # Here white space denies, as it does with the others.
    return {".bylaws/bylaws.toml": '[rules]\nno-trailing-space = "soft-mandatory"\n'}


def ways(peers, case):
    """Everybody for one case."""
    hook = "checks.sh"
    types = ["--hook-type", "pre-commit"] + (["--hook-type", "commit-msg"] if case == "E" else [])
    husky = {".husky/pre-commit": "true\n" if case == "A" else "./checks.sh\n", hook: SHELL_CHECKS}
    if case == "E":
        husky[".husky/commit-msg"] = "commitlint --edit \"$1\"\n"
        husky[".commitlintrc.json"] = '{ "extends": ["@commitlint/config-conventional"] }\n'
    conventional = {"committed.toml": 'style = "conventional"\nsubject_capitalized = false\n'}
    gitlint = {".gitlint": "[general]\nignore=body-is-missing\ncontrib=contrib-title-conventional-commits\n"}
    all_ways = [
        Way("bylaws", ["bylaws"], bylaws(case), [["bylaws", "install"]]),
        Way("prek", ["prek", "committed"], {".pre-commit-config.yaml": yaml(case, True, "committed --commit-file"), **conventional},
            [["prek", "install", *types]]),
        Way("lefthook", ["lefthook", "committed"], {"lefthook.yml": lefthook(case), hook: SHELL_CHECKS, **conventional},
            [["lefthook", "install"]]),
        Way("husky", ["husky", "commitlint"], husky, [["husky"]]),
        Way("pre-commit", ["pre-commit", "gitlint", "check-merge-conflict"],
            {".pre-commit-config.yaml": yaml(case, False, "gitlint --msg-filename"), **gitlint}, [["pre-commit", "install", *types]]),
    ]
    if case != "E":
        all_ways.insert(0, Way("no hook", [], {}, []))
    if case == "A":
        all_ways.insert(1, Way("hook is `sh -c true`", [], {".git/hooks/pre-commit": "#!/bin/sh\nsh -c true\n"}, []))
    if case == "A":
        # Also what a user gets who configures nothing.
        all_ways.insert(2, Way("bylaws, recommended", ["bylaws"], {}, [["bylaws", "install"]]))
    return [way for way in all_ways if all(peers.find(program) for program in way.needs)]


def set_up(watch, peers, template, folder, way, case):
    """A clone with the hooks in; gives the contestant."""
    shutil.copytree(template, folder, symlinks=True)
    for name, text in way.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!") or ".husky/" in name:
            path.chmod(0o755)
    if "commitlint" in way.needs:
        (folder / "node_modules").symlink_to(peers.folder / "node_modules")
    (folder / ".git/info/exclude").write_text("node_modules\nprepare.sh\n")
    git(watch, folder, "add", "-A")
    git(watch, folder, "commit", "-q", "--no-verify", "--allow-empty", "-m", "build: set the hooks up")
    for command in way.commands:
        watch.run(command, folder)
    prepare = folder / "prepare.sh"
    prepare.write_text(stage(case))
    command = ["git", "commit", "-q", "-m", "feat: count one more", *(["--edit"] if case == "F" else [])]
    return Contestant(way.name, command, folder, prepare=["sh", "prepare.sh"])


def stage(case):
    """Stages one more line in so many files; C leaves edits unstaged beside it."""
    count = 147 if case == "D" else 1
    script = f"git ls-files src lib | head -n {count} | while read -r f; do date +%s%N >> \"$f\"; echo \"$f\"; done | xargs git add\n"
    if case == "C":
        script += "git ls-files web | head -n 5 | while read -r f; do date +%s%N >> \"$f\"; done\n"
    return script


def probe(watch, one, case):
    """Does it take what is right and refuse what the case is about? What is wrong with it, or nothing."""
    watch.run(one.prepare, one.cwd)
    done = watch.run(one.command, one.cwd, check=False)
    if done.returncode:
        raise RuntimeError(f"{one.name}, case {case}: refuses a good commit: {done.stdout}{done.stderr}")
    if case in "ACF" or one.name == "no hook":
        return ""
    faults = {"conflict markers": ("int a;\n<<<<<<< HEAD\nint b;\n=======\nint c;\n>>>>>>> topic\n", "feat: add a file"),
              "white space": ("int a; \n", "feat: add a file"), "large files": ("x" * 79 + "\n") * 80_000}
    if case == "E":
        faults["bad messages"] = ("int a;\n", "Added a file.\nand more of it")
    missed = []
    for fault, bad in faults.items():
        text, message = bad if isinstance(bad, tuple) else (bad, "feat: add a file")
        (one.cwd / "bad.c").write_text(text)
        git(watch, one.cwd, "add", "-A")
        done = watch.run(["git", "commit", "-q", "-m", message], one.cwd, check=False)
        if done.returncode == 0:
            missed.append(fault)
            git(watch, one.cwd, "reset", "-q", "--hard", "HEAD~1")
        git(watch, one.cwd, "reset", "-q", "--hard")
        Path(one.cwd / "bad.c").unlink(missing_ok=True)
    return f"does not refuse {', '.join(missed)}" if missed else ""


def measure(options, peers, watch, scratch):
    """All cases, as one table."""
    template = scratch / "template"
    history.write(template, watch.env, commits=20, files=FILES, faults=0)
    git(watch, template, "reset", "-q", "--hard")
    cells, names = {}, []
    for case in CASES:
        contestants = []
        for way in ways(peers, "A" if case in "CF" else "B" if case == "D" else case):
            one = set_up(watch, peers, template, scratch / f"{case}-{len(contestants)}", way, case)
            one.note = probe(watch, one, case)
            contestants.append(one)
        watch.race(f"commit, case {case}", contestants)
        for one in contestants:
            cells[one.name, case] = one
            if one.name not in names:
                names.append(one.name)
            shutil.rmtree(one.cwd)
    missing = peers.split(["prek", "lefthook", "husky", "pre-commit", "hk", "committed", "commitlint", "gitlint"])[1]
    text = (f"`git commit` in a repository of {FILES} files, lowest median of {watch.series} series of {watch.runs}; peak memory of the "
            "largest process. " + " ".join(f"**{case}**: {what}." for case, what in CASES.items()))
    text += (" prek runs its built-in checks, pre-commit those of pre-commit-hooks, lefthook and husky `git diff --check` and the sizes "
             "in sh; bylaws in all but A its whole recommended set. Messages: prek and lefthook by committed, husky by commitlint, "
             "pre-commit by gitlint.")
    text += f" Missing: {', '.join(missing)}." if missing else ""
    return grid("A real `git commit`", text, list(CASES), cells, names)
