"""A whole history, against what git itself takes to read it."""

from . import history
from .measure import Contestant, git, name_of
from .table import section

# Nothing that reads contents or trees.
MESSAGES_AND_PATHS = """[rules]
no-conflict-markers = "off"
no-trailing-space = "off"
final-newline = "off"
file-size = "off"
no-secrets = "off"
no-likely-secrets = "off"
no-case-collisions = "off"
no-broken-symlinks = "off"
no-merge-leftovers = "off"
shebang = "off"
parses = "off"
"""


def measure(options, peers, watch, scratch):
    scratch.mkdir(parents=True)
    repository = options.history.resolve() if options.history else scratch / "made"
    if not options.history:
        history.write(repository, watch.env, commits=options.generate)
        git(watch, repository, "repack", "-adq")
    policies = {"messages and paths": MESSAGES_AND_PATHS, "recommended": 'extends = ["recommended"]\n'}
    for name, text in policies.items():
        (scratch / name / "rules").mkdir(parents=True)
        (scratch / name / "bylaws.toml").write_text(text)
    count = git(watch, repository, "rev-list", "--count", "HEAD")
    raw, patches = (Contestant(f"`git log {how}`", ["git", "log", how, "HEAD"], repository) for how in ("--raw", "-p"))
    lists = Contestant("`git rev-list`", ["git", "rev-list", "HEAD"], repository)
    checks = {
        name: Contestant(f"bylaws, {name}", [peers.find("bylaws"), "check", "-q", "--all", "--policy", scratch / name], repository)
        for name in policies if peers.find("bylaws")
    }
    for one in checks.values():
        done = watch.run(one.command, repository, check=False)
        if done.returncode not in (0, 1):
            one.note = f"exit {done.returncode}: {(done.stderr or done.stdout).strip().splitlines()[:1]}"
    shallow = [lists, raw, *(checks[name] for name in ["messages and paths"] if checks)]
    deep = [patches, *(checks[name] for name in ["recommended"] if checks)]
    watch.race("history, messages and paths", shallow, runs=2)
    watch.race("history, contents", deep, runs=1, series=min(watch.series, 2))
    for one in checks.values():
        one.note = one.note or f"own process {watch.own_peak(one)} MB"
    title = f"Whole history: {int(count):,} commits of {name_of(repository)}"
    text = "" if checks else "Missing: bylaws."
    return section(title + ", messages and paths", shallow, base="`git log --raw`", text=text) + "\n\n" + section(
        title + ", contents", deep, base="`git log -p`")
