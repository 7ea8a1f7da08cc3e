"""The new edition of one table, compared with its model, and edits of that where they are safe."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.comparing.comparison import FEW
from microcosm_sqlite.authoring.drafting.changes import Changes
from microcosm_sqlite.authoring.drafting.edition_advice import (
    advise_dates,
    advise_reading,
    find_disguise,
    find_respelled,
    pair_by_place,
    spell_description,
)
from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_column
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    InferredColumn,
    choose_length,
    declare_column,
)
from microcosm_sqlite.authoring.drafting.from_files.keys import may_be_labels
from microcosm_sqlite.authoring.drafting.model_edits import EditRefusedError
from microcosm_sqlite.authoring.drafting.model_names import name_attributes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.source_files import is_folder_of_files
from microcosm_sqlite.authoring.finishing.finalise import open_as_reader
from microcosm_sqlite.authoring.loading.table_load import Layout, Misfits, survey_rows
from microcosm_sqlite.authoring.loading.violations import KeyTable
from microcosm_sqlite.authoring.project.models import Models
from microcosm_sqlite.authoring.project.pyproject import (
    write_toml,
    write_toml_key,
)
from microcosm_sqlite.authoring.project.table_width import ROOM_FOR_MODEL, refuse_width
from microcosm_sqlite.authoring.sources.formats import DELIMITED, choose_opener
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.values.layout import (
    TableRules,
    advise_names,
    find_renamed,
    is_row_number,
    make_names,
)
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import list_few, spell_count
from microcosm_sqlite.common.workspace import open_scratch
from microcosm_sqlite.errors import SourceError

_FEW = 8
"""As many new labels are believed, and as many as a column has already."""


class Edition:
    """The new edition of one table."""

    def __init__(
        self, changes: Changes, models: Models, table: sa.Table, sources: Sequence[object]
    ) -> None:
        self.changes, self.models, self.table = changes, models, table
        self.options = changes.settings.read_options(table.name)
        self.sources = [source for source in sources if isinstance(source, SourceFile)]
        self.rules = TableRules.of(table, dialect(), self.options, models.aliases(table.name))
        self.misfits = {name: Misfits(rule) for name, rule in self.rules.by_name.items()}
        self.row_count = 0
        self.present: set[str] = set()
        key = [column.name for column in table.primary_key.columns]
        self.key = key if set(key) <= self.rules.by_name.keys() else []
        self.headers: dict[str, str] = {}
        self.fields: list[str] = []
        self.new: dict[str, InferredColumn] = {}
        self.described: dict[str, tuple[str, ColumnDescription]] = {}
        self.notes: dict[str, None] = {}

    def compare(self, file: Path, before: Path | None) -> None:
        """Report what is new, and edit the models where that is safe."""
        head = len(self.changes.report)
        with closing(sqlite3.connect("", isolation_level=None)) as connection:
            keys = KeyTable(connection, self.key) if self.key else None
            try:
                for source in self.sources:
                    self._survey(source, keys)
            except SourceError as error:
                is_cut = self.table.name in self.changes.cut
                told = f"{error} {self._sniff(file, is_cut=is_cut)}".rstrip()
                self._decide("", find_disguise(self._choose_file(file)) or told)
                return
            if self.sources and not self.present & self.rules.by_name.keys():
                fields = [*self.headers.values()]
                near = advise_names(self.rules, fields, self.rules.by_name)
                advice = self._sniff(file) or (f"{near}." if near else "")
                listed = list_few([*map(repr, fields)], FEW)
                told = f"{file.name} has none of its columns, but {listed}. {advice}".rstrip()
                self._decide("", find_disguise(self._choose_file(file)) or told)
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
        self.changes.report.insert(head, f"{self.table.name}: {file.name}, {', '.join(facts)}")
        noted = self.changes.noted.get(self.table.name, self.notes)
        self.changes.report += [f"  note: {each}" for each in self.notes if each not in noted]
        for name, each in self.misfits.items():
            self._judge(name, each)
        for name, (header, found) in self.described.items():
            self._describe(name, self.changes.described.get(self.table.name, {}).get(header), found)
        for column in self.new.values():
            self._add(column)

    def _sniff(self, file: Path, *, is_cut: bool = False) -> str:
        """How a file is written, if that is otherwise than the settings say, as a sentence."""
        file = self._choose_file(file)
        columns = [each.name for each in self.table.columns if each.name in self.rules.by_name]
        numbers = [name for name in columns if is_row_number(self.table.columns[name])]
        return advise_reading(file, self.table.name, columns, numbers, self.options, is_cut=is_cut)

    def _choose_file(self, file: Path) -> Path:
        """The file, or the first of a folder or archive."""
        return self.sources[0].path if file.is_dir() or is_folder_of_files(file) else file

    def _survey(self, source: SourceFile, keys: KeyTable | None) -> None:
        repairs = self.changes.settings.repairs.get(source.name, ())
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
        self.notes |= dict.fromkeys(records.notes)
        self.present |= {rule.name for rule in layout if rule}
        self.described |= {
            rule.name: (header, records.descriptions[header])
            for header, rule in zip(records.header, layout, strict=True)
            if rule and header in records.descriptions
        }
        has_key = {*self.key} <= self.present
        takes_all = self.changes.settings.unknown_columns == "ignore"
        new = [
            at
            for at, (header, rule) in enumerate(zip(records.header, layout, strict=True))
            if not (rule or takes_all or self.rules.aliases.get(header) == "")
        ]
        self.headers |= {names[at]: records.header[at] for at in new}
        self.fields = [
            rule.name if rule else header
            for header, rule in zip(records.header, layout, strict=True)
        ]
        refuse_width(records.name, len(self.table.columns) + len(self.headers), ROOM_FOR_MODEL)
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
        if not (
            source.format in DELIMITED or source.table or source.nested
        ):  # it says its types, of one table
            (folder / "fields.csv").unlink()
            for each in source.files:
                (folder / each.name).symlink_to(each)
        inferred = infer_folder(folder, self.options.null_values, nests=False)
        (found,) = inferred.tables.values()
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
                lost = [name for name in self.rules.by_name if self._is_lost(old, name)]
                self._judge_lost(lost)
                listed = ", ".join(map(quote_identifier, self.key))
                known = old.execute(f"SELECT {listed or 'NULL'} FROM {table}")
            except sqlite3.OperationalError:  # it has other tables or columns than the models
                return
            gone, first = keys.find_gone(known) if keys else (0, "")
            self._judge_count(count, gone)
        if gone:
            yield f"{spell_count(gone, 'row')} gone, such as {first}"

    def _judge_count(self, before: int, gone: int) -> None:
        """Ask about a file that may be incomplete."""
        complete = "If the file is complete, refresh again with --fewer-rows."
        is_shrunk = before and (
            not self.row_count or (before >= FEW and 2 * self.row_count <= before)
        )
        is_cut = self.table.name in self.changes.cut and (gone or self.row_count < before)
        if is_shrunk and not self.changes.takes_fewer:
            rows = f"{spell_count(self.row_count, 'row')} of {before:,}"
            cut = ", and the last line has no end, so that it may be cut off" if is_cut else ""
            self._decide("", f"{rows} left{cut}. {complete}")
        elif is_cut and not self.changes.takes_fewer:
            told = "rows are gone, and the last line has no end, so that it may be cut off"
            self._decide("", f"{told}. {complete}")

    def _is_lost(self, old: sqlite3.Connection, name: str) -> bool:
        """Whether a column has no field any more, and would be missed."""
        if name in self.present or is_row_number(self.table.columns[name]):
            return False
        table, quoted = map(quote_identifier, (self.table.name, name))
        query = f"SELECT 1 FROM {table} WHERE {quoted} IS NOT NULL LIMIT 1"
        is_other_case = name.lower() in map(str.lower, self.headers.values())
        return is_other_case or bool(old.execute(query).fetchone())  # SQLite takes both for one

    def _judge_lost(self, lost: Sequence[str]) -> None:
        """Ask about columns that have no field any more; in one setting where several have."""
        fields, placed = [*self.headers.values()], self._pair_by_place(lost)
        if len(fields) == len(self.rules.by_name.keys() - self.present) == len(lost) == 1:
            placed = dict(zip(fields, lost, strict=True))  # a pair, wherever they are
        pairs = find_renamed(fields, lost, placed)
        found = [name for name in lost if name in pairs.values()]
        if found:
            told = "the column is" if len(found) == 1 else "the columns are"
            them = "it" if len(found) == 1 else "them"
            near = advise_names(self.rules, fields, lost, placed)
            self._decide(
                ", ".join(found),
                f"{told} missing. {near}; else put {them} back, or take {them} out of the model.",
            )
        for name in [name for name in lost if name not in found]:
            told = "the column is missing. Put it back, or take it out of the model."
            self._decide(name, told)

    def _pair_by_place(self, lost: Collection[str]) -> dict[str, str]:
        """New fields of the kind of a column that is lost, each at its place."""
        columns = [name for name in self.rules.by_name if name in {*self.fields, *lost}]
        names = {header: name for name, header in self.headers.items()}
        return {
            field: name
            for field, name in pair_by_place(self.fields, columns).items()
            if self.rules.by_name[name].kind in (TEXT, self.new[names[field]].kind)
        }

    def _judge(self, name: str, misfits: Misfits) -> None:
        """Edit the model where what does not fit is safe to take, or leave it to the author."""
        column, first = self.table.columns[name], misfits.first
        type_, values, texts = column.type, [*misfits.values], self.changes.models_text
        rows = spell_count(misfits.row_count, "row")
        place = (self.table.name, self.models.find_attribute(self.table.name, name))
        is_limited = misfits.rule.kind == TEXT and getattr(type_, "length", None)
        is_label = isinstance(type_, sa.Enum) and len(values) <= max(len(type_.enums), _FEW)
        respelled = [*find_respelled(values, type_.enums)] if isinstance(type_, sa.Enum) else []
        if first and respelled:
            told = "; ".join(
                f"{text!r} differs from {known!r} in capitals" for text, known in respelled
            )
            self._decide(name, f"in {rows}, {told}. Correct the file, or add it to the `Literal`.")
        elif first and is_label and "" not in values and may_be_labels(values):
            told = f"new in {rows}: {', '.join(values)}"
            self._edit(name, told, partial(texts.add_labels, *place, values))
        elif first and "" not in values and is_limited:
            told = f"texts of up to {misfits.longest} characters; the model says {type_!r}"
            length = choose_length(misfits.longest)
            self._edit(name, told, partial(texts.set_length, *place, length))
        elif first:
            told = f"in {rows} a value does not fit, first {first.message}"
            hint = first.hint or advise_dates(self.table.name, name, values)
            self._decide(name, f"{told} {hint}".rstrip())
        elif misfits.widest and type(type_) is sa.Integer and not is_row_number(column):
            told = f"whole numbers as wide as {misfits.widest}"
            self._edit(name, told, partial(texts.widen_integer, *place))

    def _edit(self, name: str, text: str, edit: Callable[[], None]) -> None:
        try:
            edit()
        except EditRefusedError as error:
            self._decide(name, f"{text}. Edit the model yourself, as {error}.")
        else:
            self.changes.report.append(f"  {name}: {text}")

    def _describe(
        self, name: str, before: ColumnDescription | None, found: ColumnDescription
    ) -> None:
        """Edit what a model says of a column where a labelled file says something else by now."""
        if before is None or before == found:
            return
        column = self.table.columns[name]
        is_as_before = (column.comment or "") == before.description and all(
            column.info.get(key) == value for key, value in before.info.items()
        )
        told = f"  {name}: the file now describes it differently: {spell_description(found)}"
        if is_as_before:
            place = (self.table.name, self.models.find_attribute(self.table.name, name))
            with suppress(EditRefusedError):
                self.changes.models_text.describe(*place, found.description, found.info)
                self.changes.report.append(told)
                return
        self.changes.report.append(f"{told}; the model has a text of yours, so it stays")

    def _add(self, column: InferredColumn) -> None:
        """Write a new column into the model, which may be empty as rows of before are."""
        name, cls = self.table.name, self.models.classes.get(self.table.name)
        attribute = name_attributes([*self.table.columns.keys(), column.name])[column.name]
        while hasattr(cls, attribute):
            attribute += "_"
        self.changes.new.setdefault(name, []).extend((column.name, column.header))
        describe_column(column, self.changes.codebook, [name])
        model = declare_column(column, name, attribute)
        imports, lines = ModelWriter("Base", ()).write_column(model, column.name)
        edit = partial(self.changes.models_text.add_column, name, lines, imports)
        told = [f"a new column, {column.kind}", *filter(None, [column.hint])]
        self._edit(column.name, ", would be ".join(told), edit)
        if column.format:
            line = f"formats.{write_toml_key(column.name)} = {write_toml(column.format)}"
            self.changes.added.setdefault(f"tables.{write_toml_key(name)}", []).append(line)

    def _decide(self, column: str, what: str) -> None:
        place = f"{self.table.name}.{column}" if column else self.table.name
        self.changes.decisions.append(f"{place}: {what}")
