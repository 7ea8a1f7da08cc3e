"""New editions of the sources of a project: the function behind ``microcosm-sqlite refresh``.

They are read by the rules of the models, value by value. What no longer fits is told, with the edit
that would take it. The work is done in a copy of the project, which is built before that changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from filecmp import cmp
from functools import partial
from pathlib import Path

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.comparing.comparison import FEW
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads
from microcosm_sqlite.authoring.drafting.edition_advice import (
    find_new_sheets,
    may_be_cut,
    read_descriptions,
)
from microcosm_sqlite.authoring.drafting.editions import Changes, Edition
from microcosm_sqlite.authoring.drafting.from_databases.merging import drop_tables
from microcosm_sqlite.authoring.drafting.from_databases.snapshots import take_snapshot
from microcosm_sqlite.authoring.drafting.given_files import GivenFiles, choose_named, take_files
from microcosm_sqlite.authoring.drafting.model_edits import EditRefusedError, ModelText
from microcosm_sqlite.authoring.drafting.report import Refreshment
from microcosm_sqlite.authoring.drafting.source_files import (
    are_same,
    flatten,
    is_folder_of_files,
    is_readable,
    list_files,
    replace_source,
)
from microcosm_sqlite.authoring.project.models import Models, find_models_file, import_models
from microcosm_sqlite.authoring.project.pyproject import (
    extend_hook_table,
    require_extras,
    set_hook_values,
    write_toml,
    write_toml_key,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.companions import lead_to
from microcosm_sqlite.authoring.sources.databases import is_database, list_tables
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.formats import FORMATS, Source, split_name
from microcosm_sqlite.authoring.sources.matching import (
    find_archives,
    find_parts,
    match_editions,
)
from microcosm_sqlite.authoring.sources.members import unpack_sources
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.project_revision import Revision, revise_project
from microcosm_sqlite.common.wording import is_utf8
from microcosm_sqlite.common.workspace import is_disk_fault, open_scratch
from microcosm_sqlite.errors import BuildError, SettingsError, SourceError


def refresh_project(
    directory: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]] = (),
    *,
    apply: bool = False,
    fewer_rows: bool = False,
    codebook: str | os.PathLike[str] | None = None,
    downloads: Downloads | None = None,
    scratch: Path | None = None,
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
        scratch: Where archives are unpacked, whose unknown files are read afterwards; None for a
            folder that is removed.

    Raises:
        SourceError: A file cannot be read; nothing was changed.
        SettingsError: The project is not as it has to be; nothing was changed.
    """
    root = Path(directory).resolve()
    ProjectSettings.from_pyproject(root)  # whose faults are told of the project, not of a copy
    named = choose_named(root, files, codebook)
    opened = nullcontext(scratch) if scratch else open_scratch()
    with revise_project(root) as revision, opened as folder:
        (folder / "fetched").mkdir()
        settings = ProjectSettings.from_pyproject(revision.path)
        whole = find_archives(settings)
        given = take_files(named, codebook, downloads, folder / "fetched", settings, whole)
        given.files = [*_unpack(given.files, whole, folder / "archives")]
        refresh = _Refresh(revision, folder, given, settings)
        refresh.changes.takes_fewer = fewer_rows
        refresh.run()
        is_new = bool(revision.changed)
        is_applied = apply and is_new and not refresh.changes.decisions
        if not is_applied:
            revision.changed.clear()
    file = refresh.file.relative_to(revision.path).as_posix()
    found, unknown = refresh.changes, refresh.unknown
    edits = [f"{file}: {text}" for text in found.models_text.edits]
    return Refreshment(root, is_new, is_applied, found.report, edits, found.decisions, unknown)


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
        self.unknown: list[str] = []
        self.has_new_sheets = False
        self.values: dict[str, dict[str, object]] = {}
        self.settings = settings
        self.file = find_models_file(self.settings)
        models_text = ModelText(self.file.read_bytes().decode())
        self.changes = Changes(self.settings, models_text, given.codebook)

    def run(self) -> None:
        """Take the files, compare them, edit the models and build."""
        before = self._build_before()
        with import_models(self.settings) as models:
            tables = models.metadata.tables
            taken = self._take(find_sources(self.settings, tables.keys()))
            loose = (
                replace(self.settings, unknown_sources="ignore") if self.has_new_sheets else None
            )
            sources = find_sources(loose or self.settings, tables.keys())
            sources = unpack_sources(sources, self.scratch / "members")
            for name, file in taken.items():
                Edition(self.changes, models, tables[name], sources[name]).compare(file, before)
            self._describe(models)
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

    def _write_settings(self, taken: Iterable[Source]) -> None:
        """Write what is known of the new files, and require what reads them."""
        settings = self.revision.path / "pyproject.toml"
        before = settings.read_bytes().decode()
        text = set_hook_values(extend_hook_table(before, self.changes.added), self.values)
        files = (source for source in taken if isinstance(source, SourceFile))
        text = require_extras(text, {FORMATS[file.format].extra for file in files} - {""})
        if text != before:
            self.revision.rewrite(settings, text)

    def _describe(self, models: Models) -> None:
        """Edit what the models say of columns where the codebook says something else."""
        known = {}
        for name, table in models.metadata.tables.items():
            known[name] = [*table.columns.keys(), *self.changes.new.get(name, [])]
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
        self.changes.report += self.changes.codebook.list_unknown(known)

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

    def _take(self, sources: Mapping[str, Sequence[Source]]) -> dict[str, Path]:
        """Put the files in place of those before; tells which tables have which new file."""
        taken: dict[str, Path] = {}
        credited: dict[str, Download] = {}
        upstream, downloads = self.settings.upstream, self.given.downloads
        addresses = {file: each.url for file, each in downloads.items() if not each.member}
        for folder in (file for file in self.given.files if file.is_dir()):
            if table := find_parts(folder, sources, upstream):
                credited |= self._credit(table, folder)
                taken |= {table: folder} if self._take_parts(folder, sources[table]) else {}
        files = [*self._list_files(sources)]
        for file, tables, source in match_editions(files, sources, upstream, addresses):
            if source and source.member and not is_folder_of_files(file):
                raise SettingsError(
                    f"{source.path.name} holds the rows of {tables[0]}, so {file.name} cannot "
                    "replace them; nothing was changed.",
                    hint=f"Name a new {source.path.name}, or unpack the one of the project.",
                )
            credited |= self._credit(tables[0], file) if tables else {}
            if source is None:
                place = self._wrap(file) if file.is_symlink() else str(file)
                self._note_unknown(file, addresses.get(file, place))
            elif self._replace(file, source.path, tables[0]):
                taken |= dict.fromkeys(tables, file)
            else:
                self.changes.report += [f"{table}: unchanged" for table in tables]
        renewed = {each.url for table, each in credited.items() if table in taken}
        for table, download in credited.items():
            if table in taken or (download.member and download.url in renewed):
                self._remember(table, download)
        return taken

    def _list_files(self, sources: Mapping[str, Sequence[Source]]) -> Iterator[Path]:
        """The files, and those of folders whose names are in front; unknown folders are told."""
        upstream = self.settings.upstream
        for file in self.given.files:
            if not file.is_dir():
                yield file
            elif not find_parts(file, sources, upstream):
                inner = [*flatten(file, self.scratch / "folders")]
                if any(source for *_, source in match_editions(inner, sources, upstream)):
                    yield from inner
                else:
                    self._note_unknown(file, self._wrap(file))

    def _credit(self, table: str, file: Path) -> dict[str, Download]:
        """The download that a file is, or a member of, by the table; nothing for others."""
        found = self.given.downloads.get(file.resolve())
        return {table: found} if found else {}

    def _note_unknown(self, file: Path, place: str) -> None:
        self.unknown.append(place)
        advice = "draft one by `microcosm-sqlite add`, or name its table in `upstream`"
        self.changes.report.append(f"{file.name}: no table is called so; {advice}")

    def _wrap(self, file: Path) -> str:
        """A folder that leads to a file or folder under its name here, so that this counts."""
        wrapped = self.scratch / "unknown" / str(len(self.unknown))
        wrapped.mkdir(parents=True)
        lead_to(file, wrapped / file.name)
        return str(wrapped)

    def _take_parts(self, folder: Path, sources: Sequence[Source]) -> bool:
        """Take the parts of a table from a folder; those that it lacks stay. Whether any is new."""
        parts = {each.path.name: each.path for each in sources if isinstance(each, SourceFile)}
        table = next(iter(parts.values())).parent
        files = [each for each in list_files([folder], self.scratch) if is_readable(each)]
        news = [
            each for each in files if each.name not in parts or not are_same(each, parts[each.name])
        ]
        for file in news:
            place = parts.pop(file.name, table / file.name)
            replace_source(self.revision, place, file, place)
        kept = sorted(parts.keys() - {each.name for each in files})
        if kept:
            told = f"{', '.join(kept[:FEW])}{' and more' * (len(kept) > FEW)}"
            stay = "stays, which is" if len(kept) == 1 else "stay, which are"
            self.changes.report.append(f"{table.name}: {told} {stay} not in {folder.name}/")
        if not news:
            self.changes.report.append(f"{table.name}: unchanged")
        return bool(news)

    def _leave_out(self, file: Path, snapshot: Path, place: Path) -> None:
        """Drop the tables that there is no model of from a copy of a database, and tell of them."""
        if self.settings.unknown_sources == "ignore":
            return
        before = {*list_tables(place, place.name)}
        unknown = {*list_tables(snapshot, file.name)} - before
        drop_tables(snapshot, unknown.__contains__)
        if unknown:
            download = self.given.downloads.get(file.resolve())
            self.unknown.append(download.url if download else str(file))
            tables = ", ".join(f"`{name}`" for name in sorted(unknown))
            told = f"there is no model of table {tables}, which is left out"
            self.changes.report.append(f"{file.name}: {told}; draft one by `microcosm-sqlite add`")

    def _remember(self, table: str, download: Download) -> None:
        """Keep in the settings where a file was fetched, and what is known of it."""
        self.values.setdefault("upstream", {})[table] = download.url
        self.values.setdefault("fetched", {})[table] = download.facts

    def _replace(self, file: Path, place: Path, table: str) -> bool:
        """Put a file in the place of one before; whether it is another one."""
        download = self.given.downloads.get(file.resolve())
        fetched = self.settings.fetched.get(table, {}).get("sha256")
        if download and is_database(file) and download.sha256 == fetched:
            return False
        if is_database(file):
            snapshot = self.scratch / file.name
            if damage := take_snapshot(file, snapshot):
                raise SourceError(f"{file.name} is damaged: {damage}.", file=file.name)
            self._leave_out(file, snapshot, place)
            if cmp(snapshot, place, shallow=False):
                return False
            self.revision.take(snapshot, place)
            return True
        if are_same(file, place):
            return False
        suffix, known = (each.name[len(split_name(each)[0]) :].lower() for each in (file, place))
        suffix = suffix if split_name(file)[1] else known  # of a name that tells no format
        if suffix != known and not isinstance(self.settings.sources, str):
            raise SettingsError(
                f"Option `sources` names {place.name}, which {file.name} cannot replace.",
                hint="Name a file of its format there first.",
            )
        if self.settings.unknown_sources == "error":
            sheets = [*find_new_sheets(file, place)]
            self.has_new_sheets = self.has_new_sheets or bool(sheets)
            self.changes.decisions += sheets
        if may_be_cut(file, place):
            self.changes.cut.add(table)
        self.changes.described[table] = read_descriptions(place)
        before, place = place, place if suffix == known else place.with_name(f"{table}{suffix}")
        replace_source(self.revision, before, file, place)
        if download:
            return True
        if file.name != place.name and table not in self.settings.upstream and is_utf8(file.name):
            line = f"{write_toml_key(table)} = {write_toml(file.name)}"
            self.changes.added.setdefault("upstream", []).append(line)
        return True
