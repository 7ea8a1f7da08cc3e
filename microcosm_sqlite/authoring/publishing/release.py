"""Give a project the next version: its number, its changelog and its citation, as rows changed.

The work is done in a copy of the project, which takes the changes once it has been built.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.comparing.comparison import Comparison, compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.authoring.comparing.row_changes import RowChange
from microcosm_sqlite.authoring.comparing.version_numbers import grow_version
from microcosm_sqlite.authoring.project.changelog import CHANGELOG
from microcosm_sqlite.authoring.project.pyproject import read_pyproject
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.common.project_revision import Revision, revise_project
from microcosm_sqlite.common.wording import escape_markdown, spell_code
from microcosm_sqlite.common.workspace import open_scratch
from microcosm_sqlite.errors import SettingsError

MOST_ROWS = 20
"""How many changed rows of a table a summary shows."""

_LONGEST = 60


@dataclass(frozen=True)
class Release:
    """The next version of a project.

    Attributes:
        version: Its number; empty where nothing changed.
        section: Its section of the changelog.
        summary: What changed, row by row, in Markdown.
    """

    version: str
    section: str
    summary: str


def release_project(directory: str | Path, old: str | Path) -> Release:
    """Build a project, compare it with the version before, and write down the next version.

    Args:
        directory: The project. Where its version is newer than the one before, it stays.
        old: The version before: the name of an installed dataset, a database or a data wheel.

    Raises:
        BuildError: The project cannot be built; nothing was changed.
        SettingsError: Its version is not written where it can be raised; nothing was changed.
        DatasetError: The version before cannot be opened.
    """
    root = Path(directory).resolve()
    ProjectSettings.from_pyproject(root)  # what is wrong with them is told where it is
    with revise_project(root) as revision, open_scratch() as before, open_scratch() as after:
        settings = ProjectSettings.from_pyproject(revision.path)
        built = try_build(settings)
        sides = open_dataset(str(old), str(before)), open_dataset(str(built), str(after))
        found = compare_datasets(*sides, limit=MOST_ROWS)
        if found.is_same:
            return Release("", "", "Nothing changed.\n")
        version = _choose_version(found, settings)
        found = replace(found, new_version=version)
        section = render_changelog(found)
        _raise_version(revision, settings.version, version)
        _write_section(revision, version, section)
        ProjectSettings.from_pyproject(revision.path)  # all else was built above
        return Release(version, section, _summarize(found, section))


def _choose_version(found: Comparison, settings: ProjectSettings) -> str:
    """The project's version, if it is another one than that before, or else the next."""
    before = found.old_version or settings.version
    if settings.version != before:
        return settings.version
    return grow_version(before, found.level) or settings.version


def _raise_version(revision: Revision, old: str, new: str) -> None:
    if old == new:
        return
    file = revision.path / "pyproject.toml"
    text = file.read_bytes().decode()
    table = re.search(r"^\[project\][^\n]*\n", text, re.MULTILINE)
    end = len(text) if table is None else (text.find("\n[", table.end()) + 1 or len(text))
    start = table.end() if table else end
    raised = re.sub(
        rf'^(version\s*=\s*["\']){re.escape(old)}(?=["\'])',
        lambda found: f"{found[1]}{new}",
        text[start:end],
        count=1,
        flags=re.MULTILINE,
    )
    changed = text[:start] + raised + text[end:]
    if tomllib.loads(changed).get("project", {}).get("version") != new:
        where = "is dynamic" if "version" in _list_dynamic(revision.path) else "stands elsewhere"
        raise SettingsError(
            f"The version of the project {where}, so it was not raised; nothing was changed.",
            hint=f"Raise it to {new} yourself, and run this again.",
        )
    revision.rewrite(file, changed)
    citation = revision.path / "CITATION.cff"
    if citation.is_file():
        text = citation.read_bytes().decode()
        pattern = rf'^(version:\s*["\']?){re.escape(old)}(?=["\']?\s*$)'
        cited = re.sub(pattern, lambda found: f"{found[1]}{new}", text, count=1, flags=re.MULTILINE)
        if cited != text:
            revision.rewrite(citation, cited)


def _list_dynamic(root: Path) -> list[str]:
    found: list[str] = read_pyproject(root).get("project", {}).get("dynamic", [])
    return found


def _write_section(revision: Revision, version: str, section: str) -> None:
    """Put a section in front of the others of the changelog; it replaces one of its version."""
    file = revision.path / CHANGELOG
    text = file.read_bytes().decode() if file.is_file() else "# Changelog\n"
    end = "\r\n" if "\r\n" in text else "\n"
    section = section.replace("\n", end)
    mine = re.search(rf"^## {re.escape(escape_markdown(version))}\s*?$", text, re.MULTILINE)
    first = re.search(r"^## ", text, re.MULTILINE)
    if mine:
        following = re.search(r"^## ", text[mine.end() :], re.MULTILINE)
        stop = mine.end() + following.start() if following else len(text)
        text = text[: mine.start()] + section + (end if following else "") + text[stop:]
    elif first:
        text = f"{text[: first.start()]}{section}{end}{text[first.start() :]}"
    else:
        text = f"{text.rstrip()}{end}{end}{section}"
    revision.rewrite(file, text)


def _summarize(found: Comparison, section: str) -> str:
    """Describe the changes in Markdown: the changelog, then rows of each table."""
    lines = [section.rstrip("\n")]
    for table in found.tables:
        changes = [each for each in found.changes if each.table == table.table]
        total = sum(filter(None, (table.inserted, table.deleted, table.updated)))
        if changes:
            lines += ["", f"### Changed rows of {spell_code(table.table)}", ""]
            lines += map(_spell_change, changes)
        if changes and total > len(changes):
            lines.append(f"- and {total - len(changes):,} more")
    return "\n".join(lines) + "\n"


def _spell_change(change: RowChange) -> str:
    if change.change == "update":
        told = "; ".join(
            f"{name}: {_spell(change.old[name])} → {_spell(value)}"
            for name, value in change.new.items()
        )
        return f"- {_spell_row(change.key)}: {told}"
    if change.change == "insert":
        return f"- new: {_spell_row(change.new)}"
    return f"- gone: {_spell_row(change.old)}"


def _spell_row(row: Mapping[str, object]) -> str:
    return ", ".join(f"{escape_markdown(name)} = {_spell(value)}" for name, value in row.items())


def _spell(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return spell_code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
