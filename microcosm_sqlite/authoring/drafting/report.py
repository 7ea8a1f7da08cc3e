"""The report of a draft: what was taken over or inferred, and how sure it is, as lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredColumn,
    InferredTable,
)
from microcosm_sqlite.authoring.drafting.from_files.source_tree import EXCLUDED, HIDDEN
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.project_context import describe_options, list_csv_options
from microcosm_sqlite.authoring.values.parsing import spell_value
from microcosm_sqlite.common.kinds import JSON, MOMENT, TEXT
from microcosm_sqlite.common.wording import spell_count, spell_on_one_line

_MOST_SHOWN = 6
_FEWEST_ALIKE = 20
"""Neighbours that are told of in one line: of a wide table nobody reads hundreds."""


def report_files(inference: Inference, classes: Mapping[str, str] | None = None) -> Iterator[str]:
    """Tell what was inferred of files, table by table, then of which files no table was made.

    Args:
        inference: The tables.
        classes: Table to class, where other classes were there before.
    """
    classes = classes or name_classes(inference.tables, "")
    for name, table in inference.tables.items():
        rows = spell_count(table.row_count, "row")
        file = table.file.origin or table.file.source.name
        yield f"{name}: {rows} of {file}, model {classes[name]}"
        yield f"  key: {_describe_key(table)}"
        yield from _describe_columns(table.columns.values())
        yield from _describe_suggestions(table.columns.values())
        for columns, parent, keys in table.references:
            yield f"  {', '.join(columns)}: refer together to {parent} ({', '.join(keys)})"
        options = list_csv_options(table)
        if options:
            yield f"  read with csv {describe_options(options)}"
        yield from _describe_link(table.file.path) if not table.file.origin else ()
        for note in (*table.file.notes, *table.remarks):
            yield f"  note: {note}"
    for name, reason in inference.left_out.items():
        yield f"left out: {name}, {reason}"
    for error in inference.refused:
        yield f"refused: {error}"


def list_decisions(
    inference: Inference,
    databases: Iterable[DatabaseDraft] = (),
    known: Mapping[str, InferredTable] | None = None,
) -> Iterator[str]:
    """The questions that only the author can answer, as lines.

    Args:
        inference: The tables of files.
        databases: The databases.
        known: Tables that were there before, which may refer to the others.
    """
    for database in databases:
        found = database.found
        for table in found.row_counts:
            for name, sentences in found.suggestions.get(table, {}).items():
                yield from (f"{table}.{name}: {sentence}" for sentence in sentences)
            yield from (f"{table}: {remark}" for remark in found.remarks[table])
        for what, reason in found.left_out.items():
            if reason != EXCLUDED:
                yield f"{what} is left out: {reason}"
        yield from (f"{database.path.name} differs: {each}" for each in database.differences)
    for name, inferred in {**inference.tables, **(known or {})}.items():
        columns = inferred.columns.values()
        for tell in (_tell_hints, _tell_suggestions):
            for told, alike in _group(columns, tell):
                yield f"{name}.{_list_some(alike)}: {told}"
        yield from (f"{name}: {note}" for note in (*inferred.file.notes, *inferred.remarks))
    for file, reason in inference.left_out.items():
        if reason not in (HIDDEN, EXCLUDED):
            yield f"{file} is left out: {reason}"
    yield from (f"refused: {error}" for error in inference.refused)


def spell_decisions(decisions: Collection[str]) -> list[str]:
    """The heading of the questions that only the author can answer."""
    if not decisions:
        return ["Nothing to look at: nothing is doubtful."]
    head = f"{spell_count(len(decisions), 'thing')} to look at:"
    return [head, *(f"  {decision}" for decision in decisions), ""]


@dataclass(frozen=True)
class Draft:
    """A project that was drafted.

    Attributes:
        path: Where it is.
        report: What was inferred and how sure it is, as lines to show to the author.
        decisions: What of it only the author knows.
    """

    path: Path
    report: tuple[str, ...]
    decisions: tuple[str, ...] = ()

    def spell(self) -> str:
        """The whole report, which begins with the decisions."""
        return "\n".join([*spell_decisions(self.decisions), *self.report, ""])


@dataclass(frozen=True)
class Refreshment:
    """A description of new editions of sources.

    Attributes:
        path: The project.
        is_new: Whether any of them differs from the one that the project has.
        is_applied: Whether the project has the new editions now.
        report: What is new in each table, as lines.
        edits: The edits of the models that it takes.
        decisions: What no longer fits, of which only the author can say what to do.
        unknown: What no table is called as, so that it may be new: files, or tables of databases.
        added: What was drafted of them; None where nothing was.
    """

    path: Path
    is_new: bool
    is_applied: bool
    report: Sequence[str]
    edits: Sequence[str]
    decisions: Sequence[str]
    unknown: Sequence[str] = ()
    added: Draft | None = None

    def spell(self) -> list[str]:
        """The whole report, which begins with the decisions."""
        lines = spell_decisions(self.decisions) if self.decisions else []
        lines += self.report
        if self.edits:
            lines += ["", "Edits that were made:" if self.is_applied else "Edits that are needed:"]
            lines += [f"  {edit}" for edit in self.edits]
        if self.decisions:
            outcome = "Nothing was changed: decide about these things first, then refresh again."
        elif not self.is_new:
            outcome = "Nothing was changed, as there is no new edition."
        elif self.is_applied:
            outcome = "The project has the new editions, and builds."
        else:
            outcome = "Nothing was changed: --apply takes the new editions and makes the edits."
        if self.unknown and not self.added:
            outcome += f" There is no table of {_list_some(self.unknown)}."
        return [*map(spell_on_one_line, lines), "", spell_on_one_line(outcome)]


def _describe_link(path: Path) -> Iterator[str]:
    if path.is_symlink():
        yield f"  note: {path.name} is a link, so {path.resolve()} was copied"


def _describe_key(table: InferredTable) -> str:
    if not table.primary_key:
        return "none found, so rows are numbered"
    unique = "unique in all" if len(table.primary_key) == 1 else "unique together in all"
    return f"{', '.join(table.primary_key)} ({unique} {spell_count(table.row_count, 'row')})"


def _describe_columns(columns: Collection[InferredColumn]) -> Iterator[str]:
    described = {column.name: _describe_column(column) for column in columns}
    headers = {column.name: column.header for column in columns}
    yield from _list_columns(described, headers)


def _list_columns(described: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[str]:
    """Tell of columns, many neighbours alike in one line."""
    for description, neighbours in groupby(described, described.__getitem__):
        alike = list(neighbours)
        if len(alike) >= _FEWEST_ALIKE:
            yield f"  {alike[0]} to {alike[-1]}, {len(alike)} columns: each {description}"
            continue
        for name in alike:
            header = headers.get(name, "")
            called = f", in the file {header!r}" if header not in ("", name) else ""
            yield f"  {name}: {description}{called}"


def _describe_column(column: InferredColumn) -> str:
    parts = [_describe_kind(column)]
    parts += [f"written {column.format}"] if column.format else []
    parts += [f"one of {_list_some(column.labels)}"] if column.labels else []
    parts += ["may be empty"] if column.is_nullable and not _is_empty(column) else []
    parts += ["unique"] if column.is_unique else []
    if column.reference:
        parts.append(f"refers to {'.'.join(column.reference)} ({column.evidence})")
    parts += [column.near_reference] if column.near_reference else []
    parts += [f"would be {column.hint}"] if column.hint else []
    return ", ".join(parts)


def _describe_kind(column: InferredColumn) -> str:
    if column.kind not in (TEXT, JSON):
        return f"{column.kind}{_describe_spelling(column)}"
    if column.kind == JSON:
        return column.kind
    if column.length:
        return f"text of up to {spell_count(column.length, 'character')}"
    return "text, empty in every row" if _is_empty(column) else "text"


def _describe_spelling(column: InferredColumn) -> str:
    """Describe how the texts of its values change, as an addition to its kind."""
    told = ", some infinite" if column.has_infinity else ""
    told += ", kept in UTC without it" if column.kind == MOMENT else ""
    if column.odd and not column.format:
        odd = column.odd if column.odd == column.odd.strip() else repr(column.odd)
        told += f" ({odd} becomes {spell_value(column.kind, column.odd)})"
    return told


def _is_empty(column: InferredColumn) -> bool:
    return column.kind == TEXT and (column.is_nullable or column.has_empty) and not column.length


def _describe_suggestions(columns: Iterable[InferredColumn]) -> Iterator[str]:
    """A suggestion that was not put into the model, which has a comment about it."""
    for suggestion, alike in _group(columns, _tell_suggestions):
        yield f"  maybe {_list_some(alike)}: {suggestion}"


def _tell_hints(column: InferredColumn) -> Iterator[str]:
    if column.hint:
        yield f"would be {column.hint}"
    if column.near_reference:
        yield column.near_reference


def _tell_suggestions(column: InferredColumn) -> Sequence[str]:
    return column.suggestions


def _group(
    columns: Iterable[InferredColumn], tell: Callable[[InferredColumn], Iterable[str]]
) -> Iterator[tuple[str, list[str]]]:
    """What is told of columns, each sentence once, with the columns that it is told of."""
    names: dict[str, list[str]] = {}
    for column in columns:
        for sentence in tell(column):
            names.setdefault(sentence, []).append(column.name)
    yield from names.items()


def _list_some(words: Sequence[str]) -> str:
    """The first words, and how many more there are: a wide table has hundreds of columns.

    >>> _list_some(["a", "b"]), _list_some(list("abcdefgh"))
    ('a, b', 'a, b, c, d, e, f and 2 more')
    """
    more = len(words) - _MOST_SHOWN
    return ", ".join(words[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def report_databases(databases: Iterable[DatabaseDraft]) -> Iterator[str]:
    """Tell what was taken over of databases, table by table."""
    for database in databases:
        yield from _report_database(database)


def _report_database(draft: DatabaseDraft) -> Iterator[str]:
    found, name = draft.found, draft.path.name
    tables, rows = spell_count(len(draft.models), "table"), spell_count(draft.row_count, "row")
    yield f"{name}: SQLite, {tables} with {rows}"
    yield from _describe_link(draft.path)
    yield f"  sources/{draft.snapshot.name} is a snapshot of it, made by VACUUM INTO"
    for model in draft.models:
        table = model.table
        rows = spell_count(found.row_counts[table.name], "row")
        yield f"{table.name}: {rows} of {name}, model {model.name}"
        yield f"  key: {_describe_declared_key(table, found)}"
        yield from _describe_declared_columns(table, found)
        if model.full_text:
            yield f"  full-text search: {', '.join(model.full_text.columns)}"
        for column, sentences in found.suggestions.get(table.name, {}).items():
            yield from (f"  maybe {column}: {sentence}" for sentence in sentences)
        yield from (f"  note: {remark}" for remark in found.remarks[table.name])
    for view in found.views:
        remark = found.view_remarks.get(view)
        yield f"view {view}: kept{f', but {remark}' if remark else ''}"
    yield from (f"left out: {what}, {reason}" for what, reason in found.left_out.items())
    yield from (f"differs: {difference}" for difference in draft.differences)


def _describe_declared_columns(table: sa.Table, found: Reflection) -> Iterator[str]:
    columns = [each for each in table.columns if each.name != found.row_numbers.get(table.name)]
    described = {
        column.name: _describe_declared_column(column, found.declared[table.name][column.name])
        for column in columns
    }
    yield from _list_columns(described, {})


def _describe_declared_key(table: sa.Table, found: Reflection) -> str:
    number = found.row_numbers.get(table.name)
    if number:
        own = "none declared"
        if any(remark.startswith("its key, ") for remark in found.remarks[table.name]):
            own = "the declared one is NULL in some rows"
        return f"{own}, so rows are numbered, as {number}"
    return f"{', '.join(found.list_key(table))} (declared)"


def _describe_declared_column(column: sa.Column[object], declared: str) -> str:
    made = column.type.compile(dialect())
    if isinstance(column.type, sa.Enum):
        parts = [f"one of {', '.join(column.type.enums)}"]
    else:
        parts = [made]
    if declared != made.partition(" COLLATE ")[0]:
        parts.append(f"declared {declared}" if declared else "no type declared")
    parts += ["may be empty"] if column.nullable else []
    parts += ["generated"] if column.computed is not None else []
    parts += sorted(f"refers to {key.target_fullname}" for key in column.foreign_keys)
    return ", ".join(parts)
