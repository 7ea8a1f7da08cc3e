"""Machines on which pip or uv installs from a folder of wheels, and follows what hints say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.support.programs import run, tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.venvs import Venv

INSTALLERS = {
    "pip": [sys.executable, "-m", "pip", "--quiet", "--python", "{}", "install"],
    "uv": [str(tool("uv")), "pip", "install", "--quiet", "--offline", "--python", "{}"],
}
REMOVERS = {
    "pip": [sys.executable, "-m", "pip", "--quiet", "--python", "{}", "uninstall"],
    "uv": [str(tool("uv")), "pip", "uninstall", "--quiet", "--python", "{}"],
}


class Machine:
    """An environment, and the program with which things are installed there.

    Attributes:
        dataset: The dataset that is read.
        query: What is asked of it.
    """

    def __init__(self, installer: str, venv: Venv, folder: Path, dataset: str, query: str) -> None:
        self.installer = installer
        self.command = [part.format(venv.python) for part in INSTALLERS[installer]]
        self.venv = venv
        self.cache = folder / "cache"
        self.dataset = dataset
        self.query = query
        if installer == "uv":
            # It does not see what the environment shares with the one that runs the tests.
            given = folder / "overrides.txt"
            given.write_text("microcosm-sqlite; sys_platform == 'none'\n")
            self.command += ["--overrides", str(given)]

    def install(self, dist: Path, *arguments: str) -> str:
        """Install from a folder of wheels."""
        found = ["--no-index", "--find-links", str(dist), "--find-links", str(dist / "shards")]
        return run(*self.command, *found, *arguments)

    def follow(self, hint: str, dist: Path) -> None:
        """Do what a hint says, with a folder in the place of the index."""
        said = hint.removeprefix("Run: ")
        for command in said.split(" && "):
            words = command.split()
            if "install" in words:
                self.install(dist, *words[words.index("install") + 1 :])
            elif "uninstall" in words:
                given = [part.format(self.venv.python) for part in REMOVERS[self.installer]]
                run(*given, *words[words.index("uninstall") + 1 :])

    def ask(self, code: str) -> str:
        cache = f"import os; os.environ['MICROCOSM_SQLITE_CACHE_DIR'] = {str(self.cache)!r}\n"
        return self.venv.run(f"{cache}import microcosm_sqlite as m\n{code}").strip()

    def read(self) -> str:
        """The version of the data and what they hold, or the error and its hint."""
        return self.ask(
            "try:\n"
            f"    found = m.dataset({self.dataset!r})\n"
            f"    print(found.version, {self.query})\n"
            "except m.errors.DatasetError as error:\n"
            "    print(type(error).__name__, error.message, error.hint, sep='\\n')"
        )

    def verify(self) -> str:
        return self.ask(
            f"print([each.code for each in m.dataset({self.dataset!r}).verify().findings])"
        )
