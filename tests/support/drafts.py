"""What a drafted project must pass, unedited."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.common.sql import quote_identifier
from tests.support.programs import run, tool
from tests.support.projects import build_wheel
from tests.support.venvs import Venv, make_venv

BUILT = {".db", ".json"}
"""Suffixes of what a build writes into a project."""


def write_csv(path: Path, header: str, rows: Iterable[str]) -> Path:
    """Write a file of CSV into a folder, which is made if need be."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def build(project: Path) -> Path:
    """Build a project, and return its database."""
    return build_dataset(ProjectSettings.from_pyproject(project)).path


def read_tree(project: Path) -> dict[str, bytes]:
    """The files of a project by their paths, but for what a build writes."""
    return {
        file.relative_to(project).as_posix(): file.read_bytes()
        for file in project.rglob("*")
        if file.is_file() and file.suffix not in BUILT
    }


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


def compare_rows(
    source: sqlite3.Connection, built: sqlite3.Connection, report: tuple[str, ...]
) -> None:
    """Each value is as it was, or its column is said to be respelled or left out."""
    for _, table, kind, *_ in source.execute("PRAGMA table_list").fetchall():
        is_left_out = any(line.startswith(f"left out: table {table}, ") for line in report)
        if kind != "table" or table.startswith("sqlite_") or is_left_out:
            continue
        for (name,) in source.execute(
            "SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,)
        ).fetchall():
            if any(f"column {name} of {table}," in line for line in report):
                continue
            query = f"SELECT {quote_identifier(name)} FROM {quote_identifier(table)}"
            try:
                source.execute(query)
            except sqlite3.OperationalError:
                continue  # a formula that calls functions of an application, or itself
            before, after = (
                sorted(repr(_as_number(value)) for (value,) in connection.execute(query))
                for connection in (source, built)
            )
            is_told = any(
                line.startswith(f"  note: {name}: ")
                and ("respelled" in line or "compare differently" in line)
                for line in report
            )
            assert before == after or is_told, (table, name, before, after, report)


def _as_number(value: object) -> object:
    return float(value) if isinstance(value, int) else value
