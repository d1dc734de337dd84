"""A real `git push` to a bare repository by path: without hooks, with hooks that do nothing, and with bylaws."""

import getpass
import shutil

from . import history
from .measure import Contestant, git
from .table import section

POLICY = {
    ".bylaws/bylaws.toml": 'extends = ["recommended"]\n[environments.production]\nrefs = ["main", "import"]\n'
    "[requirements.production]\nmajor = {}\n",
    ".bylaws/people.toml": f'[people.ada]\nemails = ["ada@example.org"]\nlogins = ["{getpass.getuser()}"]\n',
}
COMMITS = 10_000
REFS = 10_000
# All that a judgement of the commits reads: they themselves, which files they change, and what is in these.
PLUMBING = (
    "git rev-list --objects import | cut -d' ' -f1 | git cat-file --batch --buffer >/dev/null; "
    "git rev-list import | git diff-tree --stdin -r -c --root >/dev/null"
)


def bare(watch, peers, seed, folder, way):
    """A repository that holds the policy, with the hooks of one way."""
    git(watch, seed, "clone", "-q", "--bare", "--template=", seed, folder)
    (folder / "hooks").mkdir(exist_ok=True)
    if way == "hooks are `true`":
        for name in ("pre-receive", "post-receive"):
            (folder / "hooks" / name).write_text("#!/bin/sh\nexec true\n")
            (folder / "hooks" / name).chmod(0o755)
    if way == "bylaws":
        watch.run([peers.find("bylaws"), "install", "--server", folder, "--identity", "unix"], seed)
        with (folder / "bylaws/server.toml").open("a") as settings:
            settings.write("\ntrust-shell = true\n")
    return folder


def ways(peers):
    return ["no hooks", "hooks are `true`", *(["bylaws"] if peers.find("bylaws") else [])]


def one_commit(watch, peers, seed, scratch):
    """Each run pushes one more commit."""
    contestants = []
    for n, way in enumerate(ways(peers)):
        server = bare(watch, peers, seed, scratch / f"one-{n}.git", way)
        work = scratch / f"one-{n}"
        git(watch, seed, "clone", "-q", server, work)
        (work / "prepare.sh").write_text("date +%s%N >>notes\ngit add notes\ngit commit -qm 'Note the time'\n")
        command = ["git", "push", "-q", "origin", "main"]
        contestants.append(Contestant(way, command, work, prepare=["sh", "prepare.sh"]))
    watch.race("push of one commit", contestants)
    return section("A push of one commit", contestants, base="no hooks",
                   text=f"To a protected branch, `recommended` rules, decision written to disk; lowest median of {watch.series} series of {watch.runs}.")


def anew(watch, peers, seed, scratch, work, refspec):
    """Contestants that push the same to a repository that is made anew for each run."""
    contestants = []
    for n, way in enumerate(ways(peers)):
        template = bare(watch, peers, seed, scratch / f"{work.name}-{n}-template.git", way)
        server = scratch / f"{work.name}-{n}.git"
        prepare = ["sh", "-c", f"rm -rf '{server}'; cp -a '{template}' '{server}'"]
        one = Contestant(way, ["git", "push", "-q", server, refspec], work, prepare=prepare)
        watch.run(prepare, work)
        done = watch.run(one.command, work, check=False)
        if done.returncode:
            one.note = f"refused: {done.stderr.strip().splitlines()[:2]}"
        contestants.append(one)
    return contestants


def many_commits(watch, peers, seed, scratch):
    work = scratch / "commits"
    history.write(work, watch.env, commits=COMMITS, faults=0)
    git(watch, work, "branch", "-m", "import")
    contestants = anew(watch, peers, seed, scratch, work, "import")
    contestants.append(Contestant("the plumbing that reads them", ["sh", "-c", PLUMBING], work))
    watch.race(f"push of {COMMITS} commits", contestants, runs=min(watch.runs, 3), series=min(watch.series, 2))
    return section(f"A push of {COMMITS:,} commits", contestants, base="no hooks", text="To a new protected branch, `recommended` rules.")


def many_refs(watch, peers, seed, scratch):
    work = scratch / "refs"
    git(watch, seed, "clone", "-q", seed, work)
    lines = "".join(f"create refs/heads/many/{n} HEAD\n" for n in range(REFS))
    watch.run(["git", "update-ref", "--stdin"], work, input=lines)
    contestants = anew(watch, peers, seed, scratch, work, "refs/heads/many/*:refs/heads/many/*")
    watch.race(f"push of {REFS} refs", contestants, runs=min(watch.runs, 3), series=min(watch.series, 2))
    return section(f"A push of {REFS:,} new refs", contestants, base="no hooks", text="An entry for each is written to disk.")


def measure(options, peers, watch, scratch):
    """Three tables."""
    seed = scratch / "seed"
    seed.mkdir(parents=True)
    git(watch, seed, "init", "-q")
    for name, text in POLICY.items():
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_text(text)
    git(watch, seed, "add", "-A")
    git(watch, seed, "commit", "-qm", "Add the policy")
    parts = [one_commit(watch, peers, seed, scratch), many_commits(watch, peers, seed, scratch), many_refs(watch, peers, seed, scratch)]
    shutil.rmtree(scratch)
    return "\n\n".join(parts)
