"""Checking commit messages: one, a thousand that conform, a thousand of a real repository."""

from . import history
from .measure import Contestant, git, name_of
from .table import section

# The rules that look at messages, and conventional commits, which the peers check too.
POLICY = """[rules]
no-conflict-markers = "off"
no-trailing-space = "off"
final-newline = "off"
file-size = "off"
no-secrets = "off"
no-likely-secrets = "off"
no-case-collisions = "off"
portable-paths = "off"
no-broken-symlinks = "off"
no-merge-leftovers = "off"
shebang = "off"
parses = "off"
"""
RULE = """rule("conventional", #{
    title:  "The subject is a conventional commit",
    why:    "The change log is made from it.",
    commit: |commit| if commit.conventional == () && !commit.is_merge { finding("subject is no conventional commit") },
});
"""
CONFIGS = {
    "committed.toml": 'style = "conventional"\nsubject_capitalized = false\nsubject_length = 72\n'
    'allowed_types = ["feat", "fix", "docs", "refactor", "test", "build", "ci", "perf"]\n',
    ".gitlint": "[general]\nignore=body-is-missing\ncontrib=contrib-title-conventional-commits\n",
    ".commitlintrc.json": '{ "extends": ["@commitlint/config-conventional"] }\n',
}


def configure(peers, folder):
    """The configuration of everybody, outside of git's sight."""
    for name, text in CONFIGS.items():
        (folder / name).write_text(text)
    if peers.folder and (peers.folder / "node_modules").is_dir():
        (folder / "node_modules").symlink_to(peers.folder / "node_modules")
    policy = folder.parent / "policy"
    (policy / "rules").mkdir(parents=True, exist_ok=True)
    (policy / "bylaws.toml").write_text(POLICY)
    (policy / "rules/conventional.rhai").write_text(RULE)
    return policy


def checkers(peers, folder, policy, start):
    """The commands over `start..HEAD`; over one message file where start is None."""
    span, file = f"{start}..HEAD", ".git/MESSAGE"
    table = {
        "bylaws": ["check", "-q", "--policy", policy, *([span] if start else ["--message", file])],
        "committed": [span] if start else ["--commit-file", file],
        "cog": ["check", span] if start else ["verify", "--file", file],
        "gitlint": ["--commits", span] if start else ["--msg-filename", file],
        "commitlint": ["--from", start, "--to", "HEAD"] if start else ["--edit", file],
    }
    floor = [Contestant("floor: `git log`", ["git", "log", "--format=%B", span], folder)] if start else []
    here = [Contestant(name, [peers.find(name), *words], folder) for name, words in table.items() if peers.find(name)]
    return here + floor


def judge(watch, contestants):
    """Marks who refuses: for good messages nobody should, for real ones it tells that the work was done."""
    for one in contestants:
        status = watch.run(one.command, one.cwd, check=False).returncode
        one.note = f"exit {status}" if status else ""


def start_of(watch, repository, count):
    """The first-parent commit with at least `count` commits behind it and HEAD."""
    for line in git(watch, repository, "rev-list", "--first-parent", f"--max-count={count + 1}", "HEAD").splitlines()[::-1][:1]:
        return line
    raise RuntimeError(f"{repository} has no commits")


def measure(options, peers, watch, scratch):
    made = scratch / "made"
    history.write(made, watch.env, commits=1001, files=200, merges=0, faults=0)
    policy = configure(peers, made)
    (made / ".git/MESSAGE").write_text("feat(parser): read numbers\n\nThey were left out when the parser was written first.\n")
    parts = []
    one = checkers(peers, made, policy, None)
    judge(watch, one)
    watch.race("one message", one)
    parts.append(section("One message", one))
    good = checkers(peers, made, policy, "HEAD~1000")
    judge(watch, good)
    watch.race("1,000 conforming messages", good, runs=max(2, watch.runs // 3))
    parts.append(section("1,000 conforming messages", good))
    if options.messages_of:
        real = scratch / "real"
        watch.run(["git", "clone", "-q", "--no-checkout", options.messages_of.resolve(), real], scratch)
        policy = configure(peers, real)
        start = start_of(watch, real, 1000)
        count = git(watch, real, "rev-list", "--count", f"{start}..HEAD")
        contestants = checkers(peers, real, policy, start)
        judge(watch, contestants)
        watch.race("messages of a real repository", contestants, runs=max(2, watch.runs // 3))
        parts.append(section(f"{int(count):,} messages of {name_of(options.messages_of.resolve())}", contestants))
    missing = peers.split(["bylaws", "committed", "cog", "gitlint", "commitlint"])[1]
    if missing:
        parts.append(f"Missing: {', '.join(missing)}.")
    return "\n\n".join(parts)
