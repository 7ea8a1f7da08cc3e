"""Virtual environments that hold a data wheel, and little else."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Venv:
    """A virtual environment.

    Attributes:
        root: Its directory.
    """

    root: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / "bin" / "python"

    @property
    def site(self) -> Path:
        """Its site-packages."""
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.root / "lib" / name / "site-packages"

    def install(self, *arguments: str | Path) -> None:
        """Let pip install wheels or projects, without dependencies and without an index."""
        command = [sys.executable, "-m", "pip", "--python", self.python, "--no-input", "install"]
        options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
        done = subprocess.run(
            [*command, *options, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, code: str, *arguments: str) -> str:
        """Run Python code, and return what it prints."""
        done = subprocess.run(
            [self.python, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def make_venv(root: Path, *, with_runtime: bool = True) -> Venv:
    """Make a virtual environment without pip, in a tenth of a second.

    Args:
        root: Its directory.
        with_runtime: Whether it sees the packages that run the tests, this one among them.
    """
    venv.create(root, with_pip=False, symlinks=True)
    made = Venv(root)
    if with_runtime:
        ours = sysconfig.get_path("purelib")
        # `addsitedir`, so that what is installed in place there is found too.
        (made.site / "runtime.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return made
