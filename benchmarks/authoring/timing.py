"""Ours as a way of contests: a build in a process of its own, which tells what it took."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rounds import Contest, Times

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


class ToldContest(Contest):
    """A contest whose ways tell what they took."""

    def measure(self, way: Callable[[], object]) -> Times:
        took = way()
        assert isinstance(took, Times)
        return took

    def run(self, rounds: int, *, warm: bool = False) -> dict[str, object]:
        if warm:
            self.ours()
            self.rival()
        for _ in range(rounds):
            self.run_round()
        return self.report()


class OurBuild:
    """Our way for one file; keeps what was told last, and the most memory of all runs."""

    def __init__(self, project: Path, *options: str, is_new: bool = False) -> None:
        self.project = project
        self.is_new = is_new
        self.options = options
        self.end = "to a verified table" if options else "to a published dataset"
        self.rows = 0
        self.memory = 0.0

    def __call__(self) -> Times:
        if self.is_new:
            shutil.rmtree(self.project, ignore_errors=True)
        workload = "benchmarks.authoring.workload"
        found = json.loads(run_python(sys.executable, "-m", workload, self.project, *self.options))
        self.rows, self.memory = found["rows"], max(self.memory, found["memory"])
        return Times(found["clock"], found["cpu"])

    def describe(self) -> dict[str, object]:
        return {"who": "ours", "file": self.project.name, "rows": self.rows, "MB": self.memory}


def run_python(python: str | Path, *arguments: str | Path) -> str:
    """What a script of ours prints."""
    command = [python, "-W", "ignore", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
