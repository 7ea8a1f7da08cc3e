"""Draft a project again that nobody has edited since it was drafted, as its digests tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from microcosm_sqlite.authoring.finishing.describe import digest
from microcosm_sqlite.common.project_revision import revise_project
from microcosm_sqlite.errors import SettingsError

DIGESTS_FILE = ".drafted.json"
"""Where a project keeps the sha256 of each file as it was drafted."""

_BUILT = (".db", ".db.zst", "datapackage.json", ".pyc")


def write_digests(project: Path) -> None:
    """Keep what the files of a project are like that is complete as drafted."""
    digests = {
        file.relative_to(project).as_posix(): digest(file)
        for file in sorted(project.rglob("*"))
        if file.is_file() and file.name != DIGESTS_FILE
    }
    text = json.dumps(digests, indent=1, ensure_ascii=False)
    (project / DIGESTS_FILE).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def read_digests(project: Path) -> dict[str, str]:
    """The sha256 of each file as it was drafted; none where nobody kept them."""
    with suppress(OSError, ValueError):
        told = json.loads((project / DIGESTS_FILE).read_text("utf-8"))
        if isinstance(told, dict) and all(_is_inside(project, name) for name in told):
            return {name: str(drafted) for name, drafted in told.items()}
    return {}


def find_edits(project: Path) -> Iterator[str]:
    """The files of a drafted project that were edited, removed, or added to what a build reads."""
    digests = read_digests(project)
    for name, drafted in digests.items():
        file = project / name
        if not file.is_file():
            yield f"{name} (removed)"
        elif digest(file) != drafted:
            yield name
    for folder in ("sources", "src"):
        for file in sorted((project / folder).rglob("*")):
            name = file.relative_to(project).as_posix()
            if file.is_file() and name not in digests and not name.endswith(_BUILT):
                yield f"{name} (added)"


def refuse_edited(project: Path) -> None:
    """Refuse to draft a project again that somebody has edited, or that was not drafted.

    Raises:
        SettingsError: It is one.
    """
    if not read_digests(project):
        raise SettingsError(
            f"{project} has no {DIGESTS_FILE}, so nobody knows whether it was edited; nothing was "
            "written.",
            hint="Name a directory that is new or empty.",
        )
    if edits := [*find_edits(project)]:
        raise SettingsError(
            f"{project} was edited since it was drafted; nothing was written. It concerns "
            f"{', '.join(edits)}.",
            hint="Draw into a new directory, and compare the two. New editions of sources are "
            "taken by `microcosm-sqlite refresh`, more tables by `microcosm-sqlite add`.",
        )


def replace_project(target: Path, project: Path) -> None:
    """Put the files of another draft in the place of those that a project was drafted with.

    All other files stay. Whatever fails, the project stays as it was.
    """
    with revise_project(target) as revision:
        for name in (*read_digests(target), DIGESTS_FILE):
            revision.remove(revision.path / name)
        for file in sorted(project.rglob("*")):
            if file.is_file():
                revision.take(file, revision.path / file.relative_to(project))


def _is_inside(project: Path, name: str) -> bool:
    return (project / name).resolve().is_relative_to(project.resolve())
