"""Measure every room against its rivals: ``python -m benchmarks``, or with the names of some.

Each room prints a table of medians and ratios, and writes ``benchmarks/results/<room>.json``; at
the end the page of figures of the documentation is written from those. Both sides of a ratio are
measured in turns within one run, so that ratios hold where seconds drift. Run it on a machine that
does nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures_page import write_page

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "nycflights13-data"
ROOMS = ("catalog", "orm", "authoring", "interop", "instructions", "growth")
OF_THE_EXAMPLE = ("interop",)
"""Rooms that read the installed example. The others start programs whose paths are their own."""


def main(names: list[str]) -> int:
    """Measure the rooms of these names, or all; gives the number of those that failed."""
    run(sys.executable, EXAMPLE / "fetch_sources.py")
    run(sys.executable, "-m", "microcosm_sqlite", "build", EXAMPLE)
    failures = 0
    with tempfile.TemporaryDirectory() as site:
        install_example(Path(site))
        installed = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}
        for name in names or ROOMS:
            environment = installed if name in OF_THE_EXAMPLE else os.environ
            print(f"\n=== {name}\n", flush=True)
            command = [sys.executable, "-m", f"benchmarks.{name}"]
            failures += (
                subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0
            )
    write_page()
    return failures


def install_example(site: Path) -> None:
    """Install the example's data wheel where only the benchmarks see it."""
    wheels = site / "wheels"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels]
    run(*build, EXAMPLE)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run(*install, "--target", site, *wheels.glob("*.whl"))


def run(*command: str | Path) -> None:
    """Run a program that must succeed."""
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
