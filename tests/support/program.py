"""The command-line program, run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Program:
    """The program in an environment of its own.

    Attributes:
        site: A directory on its import path.
        home: A new directory that it is started in, with its cache in it.
    """

    site: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {"PATH", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_START", "VIRTUAL_ENV"}
        return {
            **{name: value for name, value in os.environ.items() if name in kept},
            "HOME": str(self.home),
            "MICROCOSM_SQLITE_CACHE_DIR": str(self.home / "cache"),
            "PYTHONPATH": str(self.site),
            "PYTHONWARNINGS": "error",
            **self.variables,
        }

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "microcosm_sqlite", *map(str, arguments)]

    def run(
        self, *arguments: str | Path, code: int = 0, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it in pipes, and check the exit code."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=self.home,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def read(self, *arguments: str | Path, stdin: str | None = None) -> str:
        """Its standard output, where it has nothing to say besides."""
        done = self.run(*arguments, stdin=stdin)
        assert done.stderr == ""
        return done.stdout

    def json(self, *arguments: str | Path) -> object:
        return json.loads(self.read(*arguments, "--json"))

    def refuse(self, *arguments: str | Path, code: int = 1, stdin: str | None = None) -> str:
        """What it says on standard error where it fails; it must print nothing else."""
        done = self.run(*arguments, code=code, stdin=stdin)
        assert done.stdout == ""
        return done.stderr

    def start(self, *arguments: str | Path, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            self.command(*arguments),
            env=self.environment,
            cwd=self.home,
            text=True,
            **{
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "stdin": subprocess.DEVNULL,
                **options,
            },
        )

    def with_variables(self, variables: Mapping[str, str]) -> Program:
        return Program(self.site, self.home, {**self.variables, **variables})
