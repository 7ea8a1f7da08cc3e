"""New editions of the sources of a project: the function behind ``microcosm-sqlite refresh``.

They are read by the rules of the models, value by value. What no longer fits is told, with the edit
that would take it. The work is done in a copy of the project, which is built before that changes.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from filecmp import cmp
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.drafting.adding import list_files
from microcosm_sqlite.authoring.drafting.drafted_model import EditRefusedError, ModelText
from microcosm_sqlite.authoring.drafting.from_databases.snapshots import take_snapshot
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    InferredColumn,
    choose_length,
    declare_column,
)
from microcosm_sqlite.authoring.drafting.from_files.keys import may_be_labels
from microcosm_sqlite.authoring.drafting.model_names import name_attributes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.report import Refreshment
from microcosm_sqlite.authoring.finishing.finalise import open_as_reader
from microcosm_sqlite.authoring.loading.table_load import Layout, Misfits, survey_rows
from microcosm_sqlite.authoring.loading.violations import KeyTable
from microcosm_sqlite.authoring.project.models import Models, find_models_file, import_models
from microcosm_sqlite.authoring.project.pyproject import (
    extend_hook_table,
    write_toml,
    write_toml_key,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.databases import is_database
from microcosm_sqlite.authoring.sources.finding import (
    DELIMITED,
    Source,
    choose_opener,
    find_sources,
    match_editions,
    split_name,
)
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules, is_row_number, make_names
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import is_utf8, spell_count
from microcosm_sqlite.common.workspace import Revision, open_scratch, revise_project
from microcosm_sqlite.errors import BuildError, SettingsError, SourceError

_FEW = 8
"""As many new labels are believed, and as many as a column has already."""


def refresh_project(
    directory: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]],
    *,
    apply: bool = False,
) -> Refreshment:
    """Compare new editions of sources with the models, and take them if that is safe.

    Longer texts, more labels, wider whole numbers and new columns are safe: the models are edited,
    where their text stands as it was drafted. Of all else the author decides, and until then
    nothing is changed. A project that was refreshed has been built, elsewhere.

    Args:
        directory: The project.
        files: The new editions, or folders of them, called as their table, their source, or as
            the option `upstream` says.
        apply: Whether to change the project.

    Raises:
        SourceError: A file cannot be read; nothing was changed.
        SettingsError: The project is not as it has to be; nothing was changed.
    """
    root = Path(directory).resolve()
    with revise_project(root) as revision, open_scratch() as scratch:
        refresh = _Refresh(revision, scratch)
        refresh.run([*list_files(files)])
        is_new = bool(revision.changed)
        is_applied = apply and is_new and not refresh.decisions
        if not is_applied:
            revision.changed.clear()
    file = refresh.file.relative_to(revision.path).as_posix()
    edits = [f"{file}: {text}" for text in refresh.models_text.edits]
    return Refreshment(root, is_new, is_applied, refresh.report, edits, refresh.decisions)


class _Refresh:
    """One refreshment, in a copy of the project."""

    def __init__(self, revision: Revision, scratch: Path) -> None:
        self.revision, self.scratch = revision, scratch
        self.report: list[str] = []
        self.decisions: list[str] = []
        self.settings = ProjectSettings.from_pyproject(revision.path)
        self.added: dict[str, list[str]] = {}
        self.file = find_models_file(self.settings)
        self.models_text = ModelText(self.file.read_bytes().decode())

    def run(self, files: Sequence[Path]) -> None:
        """Take the files, compare them, edit the models and build."""
        before = self._build_before()
        with import_models(self.settings) as models:
            tables = models.metadata.tables
            taken = self._take(files, find_sources(self.settings, tables.keys()))
            sources = find_sources(self.settings, tables.keys())
            for name, file in taken.items():
                _Edition(self, models, tables[name], sources[name]).compare(file, before)
        if self.models_text.edits:
            self.revision.rewrite(self.file, self.models_text.text)
        if self.added:
            settings = self.revision.path / "pyproject.toml"
            text = extend_hook_table(settings.read_bytes().decode(), self.added)
            self.revision.rewrite(settings, text)
        if taken and not self.decisions:
            try:
                try_build(ProjectSettings.from_pyproject(self.revision.path))
            except BuildError as error:
                self.decisions.append(f"the build: {error}")

    def _build_before(self) -> Path | None:
        """The database of the editions before, if there is any."""
        try:
            return try_build(self.settings)
        except BuildError:
            published = self.settings.database_path
            return published if published.suffix == ".db" and published.exists() else None

    def _take(
        self, files: Sequence[Path], sources: Mapping[str, Sequence[Source]]
    ) -> dict[str, Path]:
        """Put the files in place of those before; tells which tables have which new file."""
        taken: dict[str, Path] = {}
        for file, tables, source in match_editions(files, sources, self.settings.upstream):
            if source is None:
                advice = "draft one by `microcosm-sqlite add`, or name its table in `upstream`"
                self.report.append(f"{file.name}: no table is called so; {advice}")
            elif self._replace(file, source.path, tables[0]):
                taken |= dict.fromkeys(tables, file)
            else:
                self.report += [f"{table}: unchanged" for table in tables]
        return taken

    def _replace(self, file: Path, place: Path, table: str) -> bool:
        """Put a file in the place of one before; whether it is another one."""
        if is_database(file):
            snapshot = self.scratch / file.name
            if damage := take_snapshot(file, snapshot):
                raise SourceError(f"{file.name} is damaged: {damage}.", file=file.name)
            self.revision.take(snapshot, place)
            return True
        if cmp(file, place, shallow=False):
            return False
        suffix, known = (each.name[len(split_name(each)[0]) :].lower() for each in (file, place))
        if suffix != known and not isinstance(self.settings.sources, str):
            raise SettingsError(
                f"Option `sources` names {place.name}, which {file.name} cannot replace.",
                hint="Name a file of its format there first.",
            )
        self.revision.remove(place)
        place = place if suffix == known else place.with_name(f"{table}{suffix}")
        self.revision.take(file, place)
        if file.name != place.name and table not in self.settings.upstream and is_utf8(file.name):
            line = f"{write_toml_key(table)} = {write_toml(file.name)}"
            self.added.setdefault("upstream", []).append(line)
        return True


class _Edition:
    """The new edition of one table."""

    def __init__(
        self, refresh: _Refresh, models: Models, table: sa.Table, sources: Sequence[object]
    ) -> None:
        self.refresh, self.models, self.table = refresh, models, table
        self.options = refresh.settings.read_options(table.name)
        self.sources = [source for source in sources if isinstance(source, SourceFile)]
        self.rules = TableRules.of(table, dialect(), self.options, models.aliases(table.name))
        self.misfits = {name: Misfits(rule) for name, rule in self.rules.by_name.items()}
        self.row_count = 0
        self.present: set[str] = set()
        key = [column.name for column in table.primary_key.columns]
        self.key = key if set(key) <= self.rules.by_name.keys() else []
        self.headers: dict[str, str] = {}
        self.new: dict[str, InferredColumn] = {}

    def compare(self, file: Path, before: Path | None) -> None:
        """Report what is new, and edit the models where that is safe."""
        head = len(self.refresh.report)
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            keys = KeyTable(connection, self.key) if self.key else None
            try:
                for source in self.sources:
                    self._survey(source, keys)
            except SourceError as error:
                self._decide("", str(error))
                return
            keys = keys if {*self.key} <= self.present else None
            facts = [spell_count(self.row_count, "row")]
            facts += self._compare_rows(keys, before) if before else ()
            shared, first = keys.find_shared() if keys else (0, "")
        if shared:
            self._decide(
                ", ".join(self.key),
                f"{spell_count(shared, 'key')} in several rows, such as {first}. If the key has "
                "changed, say `primary_key=True` of the columns that it has now.",
            )
        self.refresh.report.insert(head, f"{self.table.name}: {file.name}, {', '.join(facts)}")
        for name, each in self.misfits.items():
            self._judge(name, each)
        for column in self.new.values():
            self._add(column)

    def _survey(self, source: SourceFile, keys: KeyTable | None) -> None:
        repairs = self.refresh.settings.repairs.get(source.name, ())
        opener = choose_opener(source, self.options.csv, repairs)
        with open_scratch() as folder:
            with (folder / "fields.csv").open("w", encoding="utf-8", newline="") as stream:
                survey_rows(opener, self.rules, self.misfits, partial(self._begin, stream, keys))
            if self.headers:
                self._infer(source, folder)

    def _begin(
        self, stream: TextIO, keys: KeyTable | None, records: Records, layout: Layout
    ) -> Callable[[Sequence[Any], Mapping[str, Any]], None]:
        """Begin to keep the keys of all rows, and the texts of new columns."""
        names = make_names(records.header)
        self.present |= {rule.name for rule in layout if rule}
        has_key = {*self.key} <= self.present
        takes_all = self.refresh.settings.unknown_columns == "ignore"
        new = [
            at
            for at, (header, rule) in enumerate(zip(records.header, layout, strict=True))
            if not (rule or takes_all or self.rules.aliases.get(header) == "")
        ]
        self.headers |= {names[at]: records.header[at] for at in new}
        rows = csv.writer(stream)
        rows.writerow(["number of the row", *(names[at] for at in new)])

        def take(row: Sequence[Any], values: Mapping[str, Any]) -> None:
            self.row_count += 1
            if keys and has_key:
                keys.add(values)
            if new:
                rows.writerow([self.row_count, *(row[at] for at in new)])

        return take

    def _infer(self, source: SourceFile, folder: Path) -> None:
        """Infer what the new columns hold, as if they were a file of their own."""
        if not (source.format in DELIMITED or source.table):  # it says its types, of one table
            (folder / "fields.csv").unlink()
            (folder / source.path.name).symlink_to(source.path)
        (found,) = infer_folder(folder, self.options.null_values).tables.values()
        for column in found.columns.values():
            for name, header in self.headers.items():
                if column.header in (name, header):
                    self.new.setdefault(name, replace(column, name=name, header=header))

    def _compare_rows(self, keys: KeyTable | None, before: Path) -> Iterator[str]:
        """How many rows there were, and which of them are gone; and what has no values any more."""
        with open_as_reader(before) as old:
            table = quote_identifier(self.table.name)
            try:
                (count,) = old.execute(f"SELECT count(*) FROM {table}").fetchone()
                yield f"{count:,} before"
                for name in self.rules.by_name.keys() - self.present:
                    self._find_missing(old, name)
                listed = ", ".join(map(quote_identifier, self.key))
                known = old.execute(f"SELECT {listed or 'NULL'} FROM {table}")
            except sqlite3.OperationalError:  # it has other tables or columns than the models
                return
            gone, first = keys.find_gone(known) if keys else (0, "")
        if gone:
            yield f"{spell_count(gone, 'row')} gone, such as {first}"

    def _find_missing(self, old: sqlite3.Connection, name: str) -> None:
        column = self.table.columns[name]
        table, quoted = map(quote_identifier, (self.table.name, name))
        query = f"SELECT 1 FROM {table} WHERE {quoted} IS NOT NULL LIMIT 1"
        if not is_row_number(column) and old.execute(query).fetchone():
            self._decide(name, "the column is missing. Put it back, or take it out of the model.")

    def _judge(self, name: str, misfits: Misfits) -> None:
        """Edit the model where what does not fit is safe to take, or leave it to the author."""
        column, first = self.table.columns[name], misfits.first
        type_, values, texts = column.type, [*misfits.values], self.refresh.models_text
        rows = spell_count(misfits.row_count, "row")
        place = (self.table.name, self.models.find_attribute(self.table.name, name))
        is_limited = misfits.rule.kind == TEXT and getattr(type_, "length", None)
        is_label = isinstance(type_, sa.Enum) and len(values) <= max(len(type_.enums), _FEW)
        if first and is_label and "" not in values and may_be_labels(values):
            told = f"new in {rows}: {', '.join(values)}"
            self._edit(name, told, partial(texts.add_labels, *place, values))
        elif first and "" not in values and is_limited:
            told = f"texts of up to {misfits.longest} characters, where {type_!r} is said"
            length = choose_length(misfits.longest)
            self._edit(name, told, partial(texts.set_length, *place, length))
        elif first:
            told = f"in {rows} a value does not fit, first {first.message}"
            self._decide(name, f"{told} {first.hint}")
        elif misfits.widest and type(type_) is sa.Integer and not is_row_number(column):
            told = f"whole numbers as wide as {misfits.widest}"
            self._edit(name, told, partial(texts.widen_integer, *place))

    def _edit(self, name: str, text: str, edit: Callable[[], None]) -> None:
        try:
            edit()
        except EditRefusedError as error:
            self._decide(name, f"{text}. Edit the model yourself, as {error}.")
        else:
            self.refresh.report.append(f"  {name}: {text}")

    def _add(self, column: InferredColumn) -> None:
        """Write a new column into the model, which may be empty as rows of before are."""
        name, cls = self.table.name, self.models.classes.get(self.table.name)
        attribute = name_attributes([*self.table.columns.keys(), column.name])[column.name]
        while hasattr(cls, attribute):
            attribute += "_"
        model = declare_column(column, name, attribute)
        imports, lines = ModelWriter("Base", ()).write_column(model, column.name)
        edit = partial(self.refresh.models_text.add_column, name, lines, imports)
        told = [f"a new column, {column.kind}", *filter(None, [column.hint])]
        self._edit(column.name, ", would be ".join(told), edit)
        if column.format:
            line = f"formats.{write_toml_key(column.name)} = {write_toml(column.format)}"
            self.refresh.added.setdefault(f"tables.{write_toml_key(name)}", []).append(line)

    def _decide(self, column: str, what: str) -> None:
        place = f"{self.table.name}.{column}" if column else self.table.name
        self.refresh.decisions.append(f"{place}: {what}")
