"""New editions of the sources of a project: the function behind ``microcosm-sqlite refresh``.

They are read by the rules of the models, value by value. What no longer fits is told, with the edit
that would take it. The work is done in a copy of the project, which is built before that changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.comparing.comparison import FEW
from microcosm_sqlite.authoring.drafting.adding import add_to_copy
from microcosm_sqlite.authoring.drafting.changes import Changes
from microcosm_sqlite.authoring.drafting.downloads import Downloads
from microcosm_sqlite.authoring.drafting.edition_files import EditionFiles
from microcosm_sqlite.authoring.drafting.editions import Edition
from microcosm_sqlite.authoring.drafting.given_files import GivenFiles, choose_named, take_files
from microcosm_sqlite.authoring.drafting.model_edits import EditRefusedError, ModelText
from microcosm_sqlite.authoring.drafting.report import Draft, Refreshment
from microcosm_sqlite.authoring.drafting.source_files import is_folder_of_files, list_files
from microcosm_sqlite.authoring.project.models import Models, find_models_file, import_models
from microcosm_sqlite.authoring.project.pyproject import (
    extend_hook_table,
    require_extras,
    set_hook_values,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.formats import FORMATS, Source
from microcosm_sqlite.authoring.sources.matching import find_archives
from microcosm_sqlite.authoring.sources.members import unpack_sources
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.project_revision import Revision, revise_project
from microcosm_sqlite.common.wording import list_few
from microcosm_sqlite.common.workspace import is_disk_fault, open_scratch
from microcosm_sqlite.errors import BuildError


def refresh_project(
    directory: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    apply: bool = False,
    fewer_rows: bool = False,
    codebook: str | os.PathLike[str] | None = None,
    downloads: Downloads | None = None,
    adds: bool = False,
) -> Refreshment:
    """Compare new editions of sources with the models, and take them if that is safe.

    Longer texts, more labels, wider whole numbers and new columns are safe: the models are edited,
    where their text stands as it was drafted. Of all else the author decides, and until then
    nothing is changed. A project that was refreshed has been built, elsewhere.

    Args:
        directory: The project.
        files: The new editions, folders of them, or addresses, called as their table, their
            source, or as the option `upstream` says. If nothing is named, neither files nor a
            codebook, the addresses that the settings have are fetched.
        apply: Whether to change the project.
        fewer_rows: Whether a table may lose half of its rows; else its file may be incomplete.
        codebook: What columns mean: a file as `read_codebook` takes it.
        downloads: What was fetched already of these addresses; None for nothing.
        adds: Whether to draft tables for the files that no table is called as, if the editions
            of the others are taken. The project gets both, or neither.

    Raises:
        SourceError: A file cannot be read; nothing was changed.
        SettingsError: The project is not as it has to be; nothing was changed.
    """
    root = Path(directory).resolve()
    ProjectSettings.from_pyproject(root)  # whose faults are told of the project, not of a copy
    named = choose_named(root, files, codebook)
    with revise_project(root) as revision, open_scratch() as scratch:
        (scratch / "fetched").mkdir()
        settings = ProjectSettings.from_pyproject(revision.path)
        whole = find_archives(settings)
        given = take_files(named, codebook, downloads, scratch / "fetched", settings, whole)
        given.files = [*_unpack(given.files, whole, scratch / "archives")]
        refresh = _Refresh(revision, scratch, given, settings)
        refresh.changes.takes_fewer = fewer_rows
        refresh.run(adds=adds)
        is_new = bool(revision.changed)
        is_applied = apply and is_new and not refresh.changes.decisions
        if not is_applied:
            revision.changed.clear()
        done = refresh.describe(root, is_new=is_new, is_applied=is_applied)
        if adds and apply and done.unknown and not done.decisions:
            done = replace(done, added=refresh.add(root))
    return done


def _unpack(files: Iterable[Path], whole: Collection[str], scratch: Path) -> Iterator[Path]:
    """The files, and those of archives among the files of folders."""
    for file in files:
        is_unpacked = is_folder_of_files(file) and file.name not in whole
        yield from list_files([file], scratch) if is_unpacked else [file]


class _Refresh:
    """One refreshment, in a copy of the project."""

    def __init__(
        self, revision: Revision, scratch: Path, given: GivenFiles, settings: ProjectSettings
    ) -> None:
        self.revision, self.scratch, self.given = revision, scratch, given
        self.settings = settings
        self.file = find_models_file(self.settings)
        models_text = ModelText(self.file.read_bytes().decode())
        self.changes = Changes(self.settings, models_text, given.codebook)
        self.files = EditionFiles(revision, scratch, given, self.changes)

    def run(self, *, adds: bool) -> None:
        """Take the files, compare them, edit the models and build."""
        before = self._build_before()
        with import_models(self.settings) as models:
            tables = models.metadata.tables
            known = find_sources(self.settings, tables.keys())
            taken = self.files.take(known)
            if self.files.unknown and not (adds or self.files.known):
                self.changes.decisions.append(_spell_unknown(self.files.unknown, known))
            loose = self.files.has_new_sheets
            settings = replace(self.settings, unknown_sources="ignore") if loose else self.settings
            sources = find_sources(settings, tables.keys())
            sources = unpack_sources(sources, self.scratch / "members")
            for name, file in taken.items():
                Edition(self.changes, models, tables[name], sources[name]).compare(file, before)
            self._describe(models)
            if not (adds and self.files.unknown):  # whose codebook is told of when they are added
                self.changes.report += self.changes.codebook.list_unknown(
                    self._list_columns(models)
                )
        if self.changes.models_text.edits:
            self.revision.rewrite(self.file, self.changes.models_text.text)
        self.changes.report += [f"{url}: unchanged" for url in self.given.unchanged]
        self._write_settings(source for name in taken for source in sources[name])
        if self.revision.changed and not self.changes.decisions:
            try:
                try_build(ProjectSettings.from_pyproject(self.revision.path))
            except BuildError as error:
                if is_disk_fault(error):
                    raise  # which no decision about the sources would mend
                self.changes.decisions.append(f"the build: {error}")

    def add(self, root: Path) -> Draft:
        """Draft tables for the files that no table is called as, in the same copy."""
        scratch = self.scratch / "added"
        scratch.mkdir()
        files = [*list_files(self.files.unknown.values(), scratch)]
        return add_to_copy(self.revision, root, replace(self.given, files=files), scratch)

    def describe(self, root: Path, *, is_new: bool, is_applied: bool) -> Refreshment:
        """Tell what was done, given the project and what became of it."""
        file = self.file.relative_to(self.revision.path).as_posix()
        edits = [f"{file}: {text}" for text in self.changes.models_text.edits]
        report, decisions = self.changes.report, self.changes.decisions
        unknown = [*self.files.unknown]
        return Refreshment(root, is_new, is_applied, report, edits, decisions, unknown)

    def _write_settings(self, taken: Iterable[Source]) -> None:
        """Write what is known of the new files, and require what reads them."""
        settings = self.revision.path / "pyproject.toml"
        before = settings.read_bytes().decode()
        text = set_hook_values(extend_hook_table(before, self.changes.added), self.files.values)
        files = (source for source in taken if isinstance(source, SourceFile))
        text = require_extras(text, {FORMATS[file.format].extra for file in files} - {""})
        if text != before:
            self.revision.rewrite(settings, text)

    def _describe(self, models: Models) -> None:
        """Edit what the models say of columns where the codebook says something else."""
        for name, table in models.metadata.tables.items():
            about = self.changes.codebook.find_table([name])
            if about and about.rstrip(".") != models.describe(table).rstrip("."):
                self._edit(name, partial(self.changes.models_text.describe_table, name, about))
            for column in table.columns:
                found = self.changes.codebook.find_column([name], [column.name])
                info = found.info
                is_told = all(column.info.get(key) == value for key, value in info.items())
                if is_told and found.description in ("", column.comment):
                    continue
                place = (name, models.find_attribute(name, column.name))
                edit = partial(self.changes.models_text.describe, *place, found.description, info)
                self._edit(f"{name}.{column.name}", edit)

    def _list_columns(self, models: Models) -> dict[str, list[str]]:
        """The columns that each table has now, those included that are new."""
        new, tables = self.changes.new, models.metadata.tables
        return {name: [*tables[name].columns.keys(), *new.get(name, [])] for name in tables}

    def _edit(self, what: str, edit: Callable[[], None]) -> None:
        try:
            edit()
        except EditRefusedError as error:
            self.changes.report.append(f"{what}: is not described again, as {error}")

    def _build_before(self) -> Path | None:
        """The database of the editions before, if there is any."""
        try:
            return try_build(self.settings)
        except BuildError:
            published = self.settings.database_path
            return published if published.suffix == ".db" and published.exists() else None


def _spell_unknown(unknown: Collection[str], tables: Collection[str]) -> str:
    """What to decide where no file belongs to any table, which is hardly what was meant."""
    few, known = [*unknown][:FEW], list_few([*tables], FEW)
    return (
        f"no table is called as {', '.join(few)}{' or the others' * (len(unknown) > FEW)}. Files "
        f"are called as their table ({known}), their "
        "source, or as `upstream` says; new ones are drafted by `microcosm-sqlite add`"
    )
