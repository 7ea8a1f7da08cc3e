"""The files of new editions: which of them belong to which table, put into their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from filecmp import cmp
from pathlib import Path

from microcosm_sqlite.authoring.comparing.comparison import FEW
from microcosm_sqlite.authoring.drafting.changes import Changes
from microcosm_sqlite.authoring.drafting.downloads import Download
from microcosm_sqlite.authoring.drafting.edition_advice import (
    advise_sheets,
    find_new_sheets,
    may_be_cut,
    read_descriptions,
    read_notes,
)
from microcosm_sqlite.authoring.drafting.from_databases.merging import drop_tables
from microcosm_sqlite.authoring.drafting.from_databases.snapshots import take_snapshot
from microcosm_sqlite.authoring.drafting.given_files import GivenFiles
from microcosm_sqlite.authoring.drafting.source_files import (
    are_same,
    flatten,
    is_folder_of_files,
    is_readable,
    list_files,
    replace_source,
)
from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.sources.companions import lead_to
from microcosm_sqlite.authoring.sources.databases import is_database, list_tables
from microcosm_sqlite.authoring.sources.formats import Source, split_name
from microcosm_sqlite.authoring.sources.matching import find_parts, match_editions
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.project_revision import Revision
from microcosm_sqlite.common.wording import is_utf8, list_few
from microcosm_sqlite.errors import SettingsError, SourceError


class EditionFiles:
    """The files that are given for a refreshment, taken into the copy of a project.

    Attributes:
        unknown: What has no table, as it is called in reports, and the file to draft one from.
        known: The tables that the files are editions of, changed or not.
        has_new_sheets: Whether a workbook has sheets that it did not have before.
        values: Settings to set: what was fetched, by table.
    """

    def __init__(
        self, revision: Revision, scratch: Path, given: GivenFiles, changes: Changes
    ) -> None:
        self.revision, self.scratch, self.given = revision, scratch, given
        self.changes, self.settings = changes, changes.settings
        self.unknown: dict[str, str] = {}
        self.known: set[str] = set()
        self.has_new_sheets = False
        self.values: dict[str, dict[str, object]] = {}

    def take(self, sources: Mapping[str, Sequence[Source]]) -> dict[str, Path]:
        """Put the files in place of those before; tells which tables have which new file."""
        taken: dict[str, Path] = {}
        credited: dict[str, Download] = {}
        upstream, downloads = self.settings.upstream, self.given.downloads
        addresses = {file: each.url for file, each in downloads.items() if not each.member}
        for folder in (file for file in self.given.files if file.is_dir()):
            if table := find_parts(folder, sources, upstream):
                self.known.add(table)
                credited |= self._credit(table, folder)
                taken |= {table: folder} if self._take_parts(folder, sources[table]) else {}
        files, is_by_name = [*self._list_files(sources)], isinstance(self.settings.sources, str)
        for file, tables, source in match_editions(files, sources, upstream, addresses):
            if source and source.member and not is_folder_of_files(file):
                raise SettingsError(
                    f"{source.path.name} holds the rows of {tables[0]}, so {file.name} cannot "
                    "replace them; nothing was changed.",
                    hint=f"Name a new {source.path.name}, or unpack the one of the project.",
                )
            self.known |= {*tables}
            credited |= self._credit(tables[0], file) if tables else {}
            if source is None:
                self._note_unknown(file, self._wrap(file) if file.is_symlink() else str(file))
            elif is_by_name and (advice := advise_sheets(file, source.path, sources)):
                self.changes.decisions.append(advice)
            elif self._replace(file, source.path, {name: sources[name] for name in tables}):
                taken |= dict.fromkeys(tables, file)
            else:
                self.changes.report += [f"{table}: unchanged" for table in tables]
        renewed = {each.url for table, each in credited.items() if table in taken}
        for table, download in credited.items():
            if table in taken or (download.member and download.url in renewed):
                self._remember(table, download)
        self.changes.decisions += self._find_lost(sources)
        return taken

    def _find_lost(self, sources: Mapping[str, Sequence[Source]]) -> Iterator[str]:
        """What to decide about tables whose archive was fetched, and has nothing of them now."""
        members = {each.url for each in self.given.downloads.values() if each.member}
        found = list_few([*self.unknown], FEW)
        for table, url in self.settings.upstream.items():
            if url in members and table in sources and table not in self.known:
                yield (
                    f"{table}: {url} has no file of that name any more"
                    f"{f', but {found}' if found else ''}. Download it, and refresh with the file "
                    "of the table under its old name; or take the table out of `upstream`, if "
                    "there are no more editions of it"
                )

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
        self.unknown[file.name] = place
        advice = "draft one with `microcosm-sqlite add`, or name its table in `upstream`"
        self.changes.report.append(f"{file.name}: no table has this name; {advice}")

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
        if news:
            self._keep_notes(table.name, sources)
        for file in news:
            place = parts.pop(file.name, table / file.name)
            replace_source(self.revision, place, file, place)
        kept = sorted(parts.keys() - {each.name for each in files})
        if kept:
            told = list_few(kept, FEW)
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
            tables = ", ".join(f"`{name}`" for name in sorted(unknown))
            self.unknown[f"{tables} of {file.name}"] = str(file)
            told = f"there is no model of table {tables}, which is left out"
            self.changes.report.append(f"{file.name}: {told}; draft one by `microcosm-sqlite add`")

    def _remember(self, table: str, download: Download) -> None:
        """Keep in the settings where a file was fetched, and what is known of it."""
        self.values.setdefault("upstream", {})[table] = download.url
        self.values.setdefault("fetched", {})[table] = download.facts

    def _keep_notes(self, table: str, sources: Sequence[Source]) -> None:
        options = self.settings.read_options(table).csv
        self.changes.noted[table] = read_notes(sources, options)

    def _replace(self, file: Path, place: Path, sources: Mapping[str, Sequence[Source]]) -> bool:
        """Put a file in the place of one before; whether it is another one.

        Args:
            file: The new one.
            place: The one before.
            sources: The tables that it holds, each with its sources.
        """
        table = next(iter(sources))
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
        is_by_name = isinstance(self.settings.sources, str)
        if suffix != known and not is_by_name:
            raise SettingsError(
                f"Option `sources` names {place.name}, which {file.name} cannot replace.",
                hint="Name a file of its format there first.",
            )
        if self.settings.unknown_sources == "error" and is_by_name:
            sheets = [*find_new_sheets(file, place)]
            self.has_new_sheets = self.has_new_sheets or bool(sheets)
            self.changes.decisions += sheets
        if may_be_cut(file, place):
            self.changes.cut.add(table)
        self.changes.described[table] = read_descriptions(place)
        for name, listed in sources.items():
            self._keep_notes(name, listed)
        before, place = place, place if suffix == known else place.with_name(f"{table}{suffix}")
        replace_source(self.revision, before, file, place)
        if download:
            return True
        if file.name != place.name and table not in self.settings.upstream and is_utf8(file.name):
            line = f"{write_toml_key(table)} = {write_toml(file.name)}"
            self.changes.added.setdefault("upstream", []).append(line)
        return True
