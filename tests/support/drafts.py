"""What a drafted project must pass, unedited."""

from __future__ import annotations

from pathlib import Path

from tests.support.programs import run, tool
from tests.support.projects import build_wheel
from tests.support.venvs import Venv, make_venv


def check_style(project: Path, scratch: Path) -> None:
    """Ask formatter, linter and type checker, and leave nothing of theirs in the project."""
    run(tool("ruff"), "check", "--no-cache", project)
    run(tool("ruff"), "format", "--no-cache", "--check", project)
    run(tool("mypy"), "--strict", "--cache-dir", scratch / "mypy", cwd=project)


def install_draft(project: Path, scratch: Path) -> Venv:
    """An environment with the project's wheel, where its own tests passed."""
    check_style(project, scratch)
    wheel = build_wheel(project)
    run(tool("check-wheel-contents"), wheel)
    venv = make_venv(scratch / "venv")
    venv.install(wheel)
    run(venv.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    return venv
