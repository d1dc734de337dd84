"""A synthetic history for `git fast-import`: the same arguments always give the same objects."""

import random
import subprocess

WORDS = "parser cache index store login token retry queue schema report budget filter socket branch".split()
TYPES = ["feat", "fix", "docs", "refactor", "test", "build", "ci", "perf"]
EXTENSIONS = {"src": "rs", "lib": "rs", "docs": "md", "web": "ts", "tools": "py"}


def paths(count):
    """A nested tree of so many files."""
    tops = list(EXTENSIONS)
    for n in range(count):
        top = tops[n % len(tops)]
        yield f"{top}/{WORDS[n % 14]}/{WORDS[n // 14 % 14]}/{WORDS[n // 196 % 14]}_{n}.{EXTENSIONS[top]}"


def content(rng, path, n):
    lines = [f"{rng.choice(WORDS)}_{rng.randrange(1000)} = {rng.randrange(1 << 30)}" for _ in range(rng.randrange(8, 60))]
    return f"# {path} at {n}\n" + "\n".join(lines) + "\n"


def message(rng, n, faults):
    subject = f"{rng.choice(TYPES)}({rng.choice(WORDS)}): {rng.choice(['add', 'drop', 'mend'])} the {rng.choice(WORDS)} {n}"
    if rng.random() < faults:
        subject = rng.choice(["WIP " + subject, subject + " and" * 20, subject + "."])
    body = "\n".join(" ".join(rng.choice(WORDS) for _ in range(9)) for _ in range(rng.randrange(1, 6)))
    return f"{subject}\n\n{body}\n"


def stream(commits, files=4000, merges=0.08, faults=0.02, seed=1):
    """The fast-import stream, as chunks of bytes. `merges` and `faults` are shares of the commits."""
    rng, tree = random.Random(seed), list(paths(files))
    when, tip = 1_500_000_000, None

    def data(text):
        raw = text.encode()
        return b"data %d\n%s\n" % (len(raw), raw)

    def commit(mark, text, parents, changes):
        who = f"Author {mark % 12} <author{mark % 12}@example.org> {when} +0000"
        yield f"commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode() + data(text)
        for word, parent in zip(("from", "merge"), parents):
            yield f"{word} :{parent}\n".encode()
        for path, text in changes:
            yield f"M 100644 inline {path}\n".encode() + data(text)

    mark = 0
    while mark < commits:
        mark += 1
        when += rng.randrange(60, 7200)
        picked = tree if tip is None else rng.sample(tree, rng.randrange(1, min(7, files + 1)))
        changes = [(path, content(rng, path, mark)) for path in picked]
        side = tip and tip > 1 and mark < commits and rng.random() < merges
        yield from commit(mark, message(rng, mark, faults), [tip - 1 if side else tip] if tip else [], changes)
        if side:
            yield from commit(mark + 1, f"Merge branch 'topic-{mark}'\n", [tip, mark], changes)
            mark += 1
        tip = mark
    yield b"done\n"


def write(repository, env, **options):
    """Makes `repository` and fills it."""
    repository.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "-b", "main", "."], cwd=repository, env=env, check=True)
    importer = subprocess.Popen(["git", "fast-import", "--quiet", "--done"], cwd=repository, env=env, stdin=subprocess.PIPE)
    for chunk in stream(**options):
        importer.stdin.write(chunk)
    importer.stdin.close()
    if importer.wait():
        raise RuntimeError("git fast-import failed")
