"""The example project of 336,776 real flights."""

from __future__ import annotations

from pathlib import Path

from tests.support.programs import run, tool
from tests.support.projects import build_wheel

PROJECT = Path(__file__).parents[2] / "examples" / "nycflights13-data"


def committed_files(folder: Path) -> dict[str, bytes]:
    """The files of the project that are in git, or would be."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=folder)
    return {name: (folder / name).read_bytes() for name in listed.splitlines()}


def build_copy(copy: Path) -> Path:
    """Build a copy of the project; its sources come from the user's cache or the index."""
    copy.mkdir()
    for name, content in committed_files(PROJECT).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    run(tool("python"), copy / "fetch_sources.py")
    build_wheel(copy)
    return copy
