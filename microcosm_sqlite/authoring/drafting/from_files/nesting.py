"""Objects within the fields of a file, of which tables are made that refer to its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace

from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    InferredColumn,
    InferredTable,
    JointReference,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import TypedFile
from microcosm_sqlite.authoring.drafting.from_files.source_tree import EXCLUDED
from microcosm_sqlite.authoring.drafting.model_names import make_singular, name_row_number
from microcosm_sqlite.authoring.project.source_options import Nested
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.common.kinds import INTEGER, JSON
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name, spell_count
from microcosm_sqlite.errors import SourceError

ENOUGH_OBJECTS = 10
"""Objects in a field, before a table is made of them."""
_MOST_KEYS = 2
"""How many times the keys of the largest object all objects may have: others are no records."""
_EVIDENCE = "by the row that its object is in"


def split_nested(
    connection: sqlite3.Connection,
    table: InferredTable,
    taken: Collection[str],
    exclude: Collection[str],
    left_out: dict[str, str],
) -> Iterator[tuple[str, TypedFile]]:
    """Take the fields with objects out of a table; each becomes a file of rows by itself.

    Args:
        connection: Where the table is loaded.
        table: The table.
        taken: Names of tables in small letters, which the new ones do not get.
        exclude: Tables that are not made; their fields stay as they are.
        left_out: Is told of these.

    Yields:
        The name of each new table, and its rows.
    """
    raw = table.file
    if not isinstance(raw, TypedFile) or raw.parts or raw.sheet:
        return
    names = {*taken}
    for column in [each for each in table.columns.values() if each.kind == JSON]:
        keys, is_list = _find_keys(connection, table.name, column.name)
        if not keys:
            continue
        name = find_free_name(make_identifier(f"{table.name}_{column.header}"), names)
        if name in exclude:
            left_out[name] = EXCLUDED
            continue
        names.add(name.lower())
        nested = _name_columns(table, column, {key.lower() for key in keys}, is_list=is_list)
        origin = f"{raw.origin}#{column.header}" if raw.origin else ""
        inner = TypedFile(raw.path, (), nested=nested, is_shared=True, origin=origin)
        try:
            inner = inner.reread()
        except SourceError:  # as for texts that look like objects
            continue
        table.primary_key = _list_key(table)
        del table.columns[column.name]
        table.moved += (column.header,)
        table.file = replace(raw, is_shared=True)
        kept = (each for each in table.remarks if not each.startswith(f"{column.name}: "))
        table.remarks = (*kept, _tell(connection, table, column, name))
        yield name, inner


def _list_key(table: InferredTable) -> tuple[str, ...]:
    """The columns that rows are referred to by; none where that is the number of the row."""
    return table.primary_key or tuple(filter(None, [table.likely_key]))


def _find_keys(connection: sqlite3.Connection, table: str, column: str) -> tuple[set[str], bool]:
    """The keys of the objects in a field, and whether these are in lists; none for others."""
    source, field = quote_identifier(table), quote_identifier(column)
    count, lists, objects = connection.execute(
        "SELECT count(*), sum(kind = 'array'), sum(kind = 'object') FROM (SELECT CASE WHEN "
        f"json_valid({field}) THEN json_type({field}) END AS kind FROM {source} "
        f"WHERE {field} NOTNULL)"
    ).fetchone()
    if not count or count not in (lists, objects):
        return set(), False
    inside = f"SELECT {field} AS value, 'object' AS type FROM {source} WHERE {field} NOTNULL"
    if count == lists:
        each = f"json_each({source}.{field}) AS element"
        inside = f"SELECT element.value, element.type FROM {source}, {each}"
    total, others = connection.execute(
        f"SELECT count(*), sum(type <> 'object') FROM ({inside})"
    ).fetchone()
    if total < ENOUGH_OBJECTS or others:
        return set(), False
    members = f"SELECT DISTINCT member.key FROM ({inside}) AS o, json_each(o.value) AS member"
    keys = {key for (key,) in connection.execute(members)}
    count_keys = "(SELECT count(*) FROM json_each(o.value))"
    (most,) = connection.execute(f"SELECT max({count_keys}) FROM ({inside}) AS o").fetchone()
    return (keys if len(keys) <= _MOST_KEYS * most else set()), count == lists


def _tell(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, name: str
) -> str:
    """What became of a field, and which rows differ no longer."""
    source, field = quote_identifier(table.name), quote_identifier(column.name)
    nulls, empty = connection.execute(
        f"SELECT sum({field} ISNULL), sum({field} = '[]') FROM {source}"
    ).fetchone()
    told = f"{column.header}: its objects are the rows of table {name}"
    if nulls and empty:
        told += (
            f"; null in {spell_count(nulls, 'row')} and [] in {spell_count(empty, 'row')} both "
            "have none there"
        )
    return told


def _name_columns(
    table: InferredTable, column: InferredColumn, taken: set[str], *, is_list: bool
) -> Nested:
    stem = make_singular(table.name)

    def choose(name: str) -> str:
        free = find_free_name(name, taken)
        taken.add(free.lower())
        return free

    def name_reference(key: str) -> str:
        return choose(key if key.lower().startswith(stem.lower()) else f"{stem}_{key}")

    fields = {table.columns[key].header: name_reference(key) for key in _list_key(table)}
    row = "" if fields else name_reference(name_row_number(table.columns))
    position = choose("position") if is_list else ""
    return Nested(table=table.name, field=column.header, key=fields, row=row, position=position)


def refer_to_rows(child: InferredTable, parent: InferredTable) -> None:
    """Let the rows of a table refer to those that their objects are in."""
    nested = child.file.nested
    if nested is None:
        return
    columns = [*(nested.key.values() or [nested.row])]
    keys = parent.primary_key or (name_row_number(parent.columns),)
    for name, key in zip(columns, keys, strict=True):
        column, known = child.columns[name], parent.columns.get(key)
        column.is_nullable = False
        column.is_unique = False
        column.suggestions, column.hint = [], ""
        column.kind = known.kind if known else INTEGER
        if known:
            column.format, column.is_long = known.format, known.is_long
            column.length = known.length
    if len(columns) == 1:
        child.columns[columns[0]].reference = (parent.name, keys[0])
        child.columns[columns[0]].evidence = _EVIDENCE
    else:
        child.references.append(JointReference(tuple(columns), parent.name, keys))
    child.primary_key = (*columns, *filter(None, [nested.position]))
    child.likely_key = ""
