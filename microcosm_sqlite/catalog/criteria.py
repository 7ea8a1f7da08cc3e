"""Spell what a statement compares with a column as the column stores it.

Every way by which SQL reaches us goes through here: `connect()` and with it `query`, the conditions
of frames, Datasette. What is compared with a moment may so be written with a `T`, with an offset,
without fractions, or be a `datetime`; with a UUID, a duration or a boolean in any of its texts. And
a name in double quotes is a name: where no column is called so, SQLite would take it for a text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from microcosm_sqlite.catalog.comparisons import Comparisons
from microcosm_sqlite.common.kinds import as_stored, find_declared_kind, find_kind
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.common.sql_tokens import (
    PARAMETER,
    TEXT,
    forbid_quoted_texts,
    replace_tokens,
    split_tokens,
)
from microcosm_sqlite.common.stored_values import IS_SPELLED, as_plain, store_as
from microcosm_sqlite.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Protocol

    from microcosm_sqlite.catalog.manifest import Field, Table
    from microcosm_sqlite.common.kinds import Kind
    from microcosm_sqlite.common.sql_tokens import Token

    Parameters = Sequence[Any] | Mapping[str, Any]
    Spell = Callable[[object], object]
    Read = tuple[str, str, str]
    """Schema, table and column, in small letters."""

    class Described(Protocol):
        """A dataset, as far as its tables are concerned."""

        @property
        def tables(self) -> Mapping[str, Table]:
            """The tables by name."""


class Plan:
    """How a statement is executed.

    Attributes:
        sql: The statement, with its literals as the columns store them.
        spellers: For each parameter that is compared with a column: what finds its value, how the
            statement writes it, and what spells the value as that column stores it.
    """

    __slots__ = ("_is_plain", "spellers", "sql")

    def __init__(self, sql: str, spellers: Sequence[tuple[str | int, str, Spell]] = ()) -> None:
        self.sql = sql
        self.spellers = spellers
        self._is_plain = all(spell is _store_plain for *_, spell in spellers)

    def bind(self, params: Parameters) -> Parameters:
        """The parameters, with those that are compared spelled as the columns store them.

        Raises:
            QueryError: One of them is compared with columns that store it in different ways.
        """
        # The usual case costs a look: numbers and texts that are compared with numbers and texts.
        if (
            self._is_plain
            and type(params) in (tuple, list)
            and _PLAIN.issuperset(map(type, params))
        ):
            return params
        is_named = isinstance(params, Mapping)
        values: dict[Any, object] = dict(params if is_named else enumerate(params))
        spelled: dict[Any, object] = {}
        for key, name, spell in self.spellers:
            if key in values:
                found = spell(values[key])
                if spelled.setdefault(key, found) != found:
                    raise _refuse_two(name)
        values |= spelled
        return values if is_named else tuple(values.values())


_PLAIN = frozenset((int, float, str, bytes, type(None)))
"""The types of values that SQLite takes as they are."""


def plan_statement(
    connection: sqlite3.Connection, datasets: Mapping[str, Described], sql: str
) -> Plan:
    """Look at a statement, which is understood as SQLite understands it.

    Args:
        connection: Where it is to be executed.
        datasets: The datasets by the schemas that SQL has for them; one is `main`.
        sql: One statement.

    Raises:
        sqlite3.Error: SQLite does not accept the statement.
    """
    tokens = split_tokens(sql)
    if not tokens or tokens[0].word not in ("SELECT", "WITH", "VALUES"):
        return Plan(sql)
    keys = _number_parameters(tokens)
    if not (keys or any(token.kind == TEXT or token.text[0] == '"' for token in tokens)):
        return Plan(sql)
    if {type(key) for key in keys.values()} == {int, str}:
        return Plan(sql)  # nothing tells which of its parameters is which
    reads = _collect_reads(connection, forbid_quoted_texts(sql, tokens), keys.values())
    replaced: dict[int, str] = {}
    spellers = []
    for place, spell in _Spellers(connection, datasets, reads, Comparisons(tokens)).find_all():
        token = tokens[place]
        if token.kind == TEXT:
            replaced[place] = _write_literal(token, spell)
        else:
            spellers.append((keys[place], token.text, spell))
    return Plan(replace_tokens(sql, replaced, tokens), spellers)


def bind(params: Parameters | None) -> Parameters:
    """Positional or named parameters, each as SQLAlchemy stores such a value.

    >>> from datetime import datetime
    >>> bind([datetime(2013, 1, 1, 5), True])
    ('2013-01-01 05:00:00.000000', 1)
    """
    if params is None:
        return ()
    if isinstance(params, Mapping):
        return {name: as_stored(as_plain(value)) for name, value in params.items()}
    return tuple(as_stored(as_plain(value)) for value in params)


def _collect_reads(
    connection: sqlite3.Connection, sql: str, keys: Iterable[str | int]
) -> set[Read]:
    """The columns that a statement reads, as SQLite understands it; of views their own."""
    cursor = sqlite3.Cursor(connection)  # whatever the connection makes of statements
    cursor.row_factory = None
    reads: set[tuple[Read, str]] = set()

    def note(action: int, *names: str | None) -> int:
        table, column, schema, inside = ((name or "").lower() for name in names)
        if action == sqlite3.SQLITE_READ and column:
            reads.add(((schema, table, column), inside))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    try:
        cursor.execute(f"EXPLAIN {sql}", _make_nothing(set(keys)))
        connection.set_authorizer(None)
        views: set[str] = set()
        if any(
            inside for _, inside in reads
        ):  # to list them takes longer the more tables there are
            query = "SELECT name FROM pragma_table_list WHERE type = 'view'"
            views = {str(name).lower() for (name,) in cursor.execute(query)}
    finally:
        connection.set_authorizer(None)
        cursor.close()
    return {read for read, inside in reads if inside not in views}


def _make_nothing(keys: set[str | int]) -> Parameters:
    """Parameters with which a statement can be looked at."""
    if any(isinstance(key, str) for key in keys):
        return dict.fromkeys(map(str, keys))
    return [None] * (max((int(key) for key in keys), default=-1) + 1)


def _write_literal(token: Token, spell: Spell) -> str:
    value = token.text[1:-1].replace("''", "'")
    stored = spell(value)
    if stored == value:
        return token.text
    return quote_text(stored) if isinstance(stored, str) else str(stored)


def _refuse_two(name: str) -> QueryError:
    return QueryError(
        f"Parameter {name} is compared with columns that store it in different ways.",
        hint="Give two parameters, one for each column.",
    )


def _number_parameters(tokens: list[Token]) -> dict[int, str | int]:
    """By the place of each parameter what finds its value: a name, or a number from 0."""
    last = 0
    keys: dict[int, str | int] = {}
    for place, token in enumerate(tokens):
        if token.kind != PARAMETER:
            continue
        if token.text[0] != "?":
            keys[place] = token.text[1:]
            continue
        number = int(token.text[1:]) if token.text[1:] else last + 1
        last = max(last, number)
        keys[place] = number - 1
    return keys


class _Spellers:
    """What spells values as the columns of a statement store them."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        datasets: Mapping[str, Described],
        reads: Iterable[Read],
        comparisons: Comparisons,
    ) -> None:
        self._connection = connection
        self._datasets = datasets
        self._comparisons = comparisons
        self._renamed = comparisons.find_renamed()
        self._owners = comparisons.find_owners()
        self._reads = reads
        self._found: dict[Read, Spell | None] = {}

    def find_all(self) -> Iterable[tuple[int, Spell]]:
        """The place of each value that is compared with a column, and what spells it."""
        for place, column in self._comparisons:
            if column.name in self._renamed:
                continue
            owner = self._owners.get(column.owner, column.owner)
            reads = [
                read
                for read in self._reads
                if read[2] == column.name and (not owner or owner == read[1])
            ]
            spellers = [speller for read in reads if (speller := self._find(read))]
            if reads and len(spellers) == len(reads):
                yield place, _agree(spellers)

    def _find(self, read: Read) -> Spell | None:
        if read not in self._found:
            self._found[read] = self._make(*read)
        return self._found[read]

    def _make(self, schema: str, table: str, column: str) -> Spell | None:
        """What spells values for a column; None where nothing tells what the column is."""
        field = self._find_field(schema, table, column)
        kind = _find_kind(field) if field else self._find_kind_in_view(schema, table, column)
        if kind is None:
            return None
        if kind.name not in IS_SPELLED:
            return _store_plain
        example = field.value_range[0] if field and field.value_range else None
        example = example or self._read_example(schema, table, column)
        return lambda value: store_as(kind, value, example)

    def _find_field(self, schema: str, table: str, column: str) -> Field | None:
        dataset = self._datasets.get(schema)
        if dataset is None:
            return None
        found = (
            field
            for name, each in dataset.tables.items()
            if name.lower() == table
            for field in each.fields
            if field.name.lower() == column
        )
        return next(found, None)

    def _find_kind_in_view(self, schema: str, view: str, column: str) -> Kind | None:
        """The kind of a column of a view, where that is a column of a table."""
        declared = "SELECT type FROM pragma_table_xinfo(?, ?) WHERE lower(name) = ?"
        found = self._ask(declared, (view, schema, column))
        return find_declared_kind(found[0]) if found else None

    def _read_example(self, schema: str, table: str, column: str) -> object:
        quoted = quote_identifier(column)
        owner = f"{quote_identifier(schema)}.{quote_identifier(table)}"
        query = f"SELECT {quoted} FROM {owner} WHERE {quoted} IS NOT NULL LIMIT 1"
        found = self._ask(query)
        return found[0] if found else None

    def _ask(self, query: str, params: Sequence[str] = ()) -> Any:
        cursor = sqlite3.Cursor(self._connection)
        cursor.row_factory = None
        return cursor.execute(query, params).fetchone()


def _store_plain(value: object) -> object:
    return as_stored(as_plain(value))


def _find_kind(field: Field) -> Kind | None:
    return find_kind(field.type, field.format, has_labels="enum" in field.constraints)


def _agree(spellers: Sequence[Spell]) -> Spell:
    """What spells a value where all that could be meant spell it alike; else it stays."""
    if len({*spellers}) == 1:
        return spellers[0]

    def spell(value: object) -> object:
        stored = [each(value) for each in spellers]
        return stored[0] if all(each == stored[0] for each in stored) else _store_plain(value)

    return spell
