"""Where the peers are, and how they get there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PIP = ["pre-commit==4.7.0", "pre-commit-hooks==6.0.0", "prek==0.5.11", "gitlint==0.19.1", "committed==1.1.11"]
NPM = ["lefthook@2.2.2", "husky@9.1.7", "@commitlint/cli@20.5.3", "@commitlint/config-conventional@20.5.3"]
CARGO = ["cocogitto@7.0.0"]
# The native binary; the npm wrapper starts node first.
LEFTHOOK = Path("node_modules") / f"lefthook-{sys.platform}-x64" / "bin"
FOLDERS = [Path("venv/bin"), LEFTHOOK, Path("node_modules/.bin"), Path("bin")]
VERSION = {"lefthook": ["version"], "husky": None}


def install(folder):
    """Puts the peers into one folder, each by its own package manager."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [
        [sys.executable, "-m", "venv", folder / "venv"],
        [folder / "venv/bin/pip", "install", "--quiet", *PIP],
        # lefthook's own script would set itself up in the repository that this is run in.
        ["npm", "--prefix", folder, "install", "--ignore-scripts", *NPM],
        ["cargo", "install", "--locked", "--root", folder, *CARGO],
    ]
    for step in steps:
        print("+", *step, file=sys.stderr)
        if subprocess.run([str(word) for word in step], check=False).returncode:
            print(f"warning: `{step[0]}` failed; its peers will be missing", file=sys.stderr)


class Peers:
    """Finds binaries in the peers' folder first and on PATH second."""

    def __init__(self, folder, bylaws):
        folders = [str(folder.resolve() / sub) for sub in FOLDERS] if folder else []
        self.folder = folder.resolve() if folder else None
        self.bylaws = bylaws.resolve() if bylaws.is_file() else None
        own = [str(self.bylaws.parent)] if self.bylaws else []
        self.path = os.pathsep.join([*own, *folders, os.environ["PATH"]])

    def find(self, name):
        """The absolute path of a program; None where it is missing."""
        if name == "bylaws":
            return self.bylaws
        found = shutil.which(name, path=self.path)
        return Path(found) if found else None

    def split(self, names):
        """(those that are here, those that are missing)"""
        here = [name for name in names if self.find(name)]
        return here, [name for name in names if name not in here]


ALL = ["bylaws", "prek", "lefthook", "husky", "pre-commit", "committed", "cog", "gitlint", "commitlint", "hk"]
