"""Spell what a statement compares with a column as the column stores it.

Every way by which SQL reaches us goes through here: `query`, the conditions of frames, Datasette.
What is compared with a moment may so be written with a `T`, with an offset, without fractions, or
be a `datetime`; with a UUID, a duration or a boolean in any of its texts. And a name in double
quotes is a name: where no column is called so, SQLite would take it for a text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

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
from microcosm_sqlite.interop.comparisons import Comparisons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from microcosm_sqlite.catalog.frames import Parameters
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field
    from microcosm_sqlite.common.kinds import Kind
    from microcosm_sqlite.common.sql_tokens import Token

    Spell = Callable[[object], object]
    Read = tuple[str, str, str]
    """Schema, table and column, in small letters."""


def spell_criteria(
    connection: sqlite3.Connection,
    datasets: Mapping[str, InstalledDataset],
    sql: str,
    params: Parameters = (),
) -> tuple[str, Parameters]:
    """The statement and its parameters, with what is compared spelled as it is stored.

    Args:
        connection: Where it is to be executed.
        datasets: The datasets by the schemas that SQL has for them; the first one is `main`.
        sql: One statement.
        params: Values of its parameters: Python's, NumPy's or texts.

    Raises:
        sqlite3.Error: SQLite does not accept the statement or its parameters.
        QueryError: One parameter is compared with columns that store it in different ways.
    """
    plain = bind(params)
    tokens = split_tokens(sql)
    if not tokens or tokens[0].word not in ("SELECT", "WITH", "VALUES"):
        return sql, plain
    if not any(token.kind in (TEXT, PARAMETER) or token.text[0] == '"' for token in tokens):
        return sql, plain
    reads = _collect_reads(connection, forbid_quoted_texts(sql, tokens), plain)
    spellers = _Spellers(connection, datasets, reads, Comparisons(tokens))
    return _respell(sql, params, tokens, spellers)


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


def _collect_reads(connection: sqlite3.Connection, sql: str, params: Parameters) -> set[Read]:
    """The columns that a statement reads, as SQLite understands it; of views their own."""
    views = {
        str(name).lower()
        for (name,) in connection.execute("SELECT name FROM pragma_table_list WHERE type = 'view'")
    }
    reads: set[Read] = set()

    def note(action: int, *names: str | None) -> int:
        table, column, schema, inside = ((name or "").lower() for name in names)
        if action == sqlite3.SQLITE_READ and column and inside not in views:
            reads.add((schema, table, column))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    try:
        connection.execute(f"EXPLAIN {sql}", params).close()
    finally:
        connection.set_authorizer(None)
    return reads


def _respell(
    sql: str, params: Parameters, tokens: list[Token], spellers: _Spellers
) -> tuple[str, Parameters]:
    replaced: dict[int, str] = {}
    keys = _number_parameters(tokens, is_named=isinstance(params, Mapping))
    values: dict[str | int, object] = {}
    values.update(params.items() if isinstance(params, Mapping) else enumerate(params))
    spelled: dict[str | int, object] = {}
    for place, spell in spellers.find_all():
        token = tokens[place]
        if token.kind == TEXT:
            replaced[place] = _write_literal(token, spell)
            continue
        key = keys[place]
        if key in values:
            found = spell(values[key])
            if spelled.setdefault(key, found) != found:
                raise _refuse_two(token)
    bound = bind(params)
    if isinstance(bound, Mapping):
        bound = {**bound, **{str(key): value for key, value in spelled.items()}}
    else:
        bound = tuple(spelled.get(place, value) for place, value in enumerate(bound))
    return replace_tokens(sql, replaced, tokens), bound


def _write_literal(token: Token, spell: Spell) -> str:
    value = token.text[1:-1].replace("''", "'")
    stored = spell(value)
    return token.text if stored == value else _write(stored)


def _write(stored: object) -> str:
    return quote_text(stored) if isinstance(stored, str) else str(stored)


def _refuse_two(token: Token) -> QueryError:
    return QueryError(
        f"Parameter {token.text} is compared with columns that store it in different ways.",
        hint="Give two parameters, one for each column.",
    )


def _number_parameters(tokens: list[Token], *, is_named: bool) -> dict[int, str | int]:
    """By the place of each parameter what finds its value: a name, or a number from 0."""
    numbers: dict[str, int] = {}
    last = 0
    keys: dict[int, str | int] = {}
    for place, token in enumerate(tokens):
        if token.kind != PARAMETER:
            continue
        if is_named:
            keys[place] = token.text[1:]
            continue
        if token.text == "?":
            number = last + 1
        elif token.text[0] == "?":
            number = int(token.text[1:])
        else:
            number = numbers.setdefault(token.text, last + 1)
        last = max(last, number)
        keys[place] = number - 1
    return keys


class _Spellers:
    """What spells values as the columns of a statement store them."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        datasets: Mapping[str, InstalledDataset],
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
            spellers = [self._find(read) for read in reads]
            if spellers and all(spellers):
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
            return lambda value: as_stored(as_plain(value))
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
        found = self._connection.execute(declared, (view, schema, column)).fetchone()
        return find_declared_kind(found[0]) if found else None

    def _read_example(self, schema: str, table: str, column: str) -> object:
        quoted = quote_identifier(column)
        owner = f"{quote_identifier(schema)}.{quote_identifier(table)}"
        query = f"SELECT {quoted} FROM {owner} WHERE {quoted} IS NOT NULL LIMIT 1"
        found = self._connection.execute(query).fetchone()
        return found[0] if found else None


def _find_kind(field: Field) -> Kind | None:
    return find_kind(field.type, field.format, has_labels="enum" in field.constraints)


def _agree(spellers: Sequence[Spell | None]) -> Spell:
    """What spells a value where all that could be meant spell it alike; else it stays."""

    def spell(value: object) -> object:
        stored = [each(value) for each in spellers if each]
        return stored[0] if all(each == stored[0] for each in stored) else as_stored(value)

    return spell
