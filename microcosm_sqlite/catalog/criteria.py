"""Spell what a statement compares with a column as the column stores it.

Every way by which SQL reaches us goes through here: `connect()` and with it `query`, the conditions
of frames, `text()` of engines, Datasette. What is compared with a moment may so be written with a
`T`, with an offset, without fractions, or be a `datetime`; with a UUID, a duration or a boolean in
any of its texts. And a name in double quotes is a name: where no column is called so, SQLite would
take it for a text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress

from microcosm_sqlite.catalog.comparisons import Comparisons, Tables
from microcosm_sqlite.catalog.described_columns import (
    FIRST_ROWS,
    find_declared_type,
    find_field,
    read_example,
)
from microcosm_sqlite.catalog.expressions import A_NUMBER
from microcosm_sqlite.common.arguments import check_params
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.common.sql_tokens import (
    PARAMETER,
    QUOTED,
    TEXT,
    number_parameters,
    replace_tokens,
    split_tokens,
)
from microcosm_sqlite.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from microcosm_sqlite.catalog.described_columns import Described
    from microcosm_sqlite.catalog.expressions import Column
    from microcosm_sqlite.common.kinds import Kind
    from microcosm_sqlite.common.sql_tokens import Key, Token

    Parameters = Sequence[Any] | Mapping[str, Any]


_QUESTIONS = ("SELECT", "WITH", "VALUES")
_PLAIN = frozenset((int, float, str, bytes, type(None)))
"""The types of values that SQLite takes as they are."""


class Plan:
    """How a statement is executed.

    Attributes:
        sql: The statement, with its literals as the columns store them.
        spellers: For each parameter that is compared with columns: what finds its value, how the
            statement writes it, and what spell the value as those columns store it.
    """

    __slots__ = ("_is_plain", "spellers", "sql")

    def __init__(
        self, sql: str, spellers: Sequence[tuple[Key, str, Sequence[_Speller]]] = ()
    ) -> None:
        self.sql = sql
        self.spellers = spellers
        self._is_plain = all(spell.is_plain for _, _, several in spellers for spell in several)

    def bind(self, params: Parameters) -> Parameters:
        """The parameters, with those that are compared spelled as the columns store them.

        Raises:
            QueryError: One of them is compared with columns that store it in different ways, or
                that hold nothing of its type.
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
        for (number, name), written, spellers in self.spellers:
            key = name if is_named else number
            if key in values:
                values[key] = _spell(
                    values[key],
                    spellers,
                    f"Parameter {written}",
                    "Give two parameters, one for each column.",
                )
        return values if is_named else tuple(values.values())


def plan_statement(
    connection: sqlite3.Connection, datasets: Mapping[str, Described] | None, sql: str
) -> Plan:
    """Look at a statement, which is understood as SQLite understands it.

    Args:
        connection: Where it is to be executed.
        datasets: The datasets by the schemas that SQL has for them; one is `main`. None where only
            the names in double quotes are checked.
        sql: One statement.

    Raises:
        sqlite3.Error: SQLite does not accept the statement.
        QueryError: A text is compared with columns that store it in different ways.
    """
    is_too_long = len(sql) > connection.getlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH)
    if is_too_long or (datasets is None and '"' not in sql):
        return Plan(sql)
    tokens = split_tokens(sql)
    if not tokens or tokens[0].word not in _QUESTIONS:
        return Plan(sql)
    # The number of rows that are wanted is compared with no column.
    values = [
        place
        for place, token in enumerate(tokens)
        if token.kind in (TEXT, PARAMETER) and tokens[place - 1].word not in ("LIMIT", "OFFSET")
    ]
    if not (values or any(token.kind == QUOTED for token in tokens)):
        return Plan(sql)
    check_names(connection, sql, tokens)
    if not values or datasets is None:
        return Plan(sql)
    try:
        spellers = _Columns(connection, datasets).find_spellers(tokens)
    except (ValueError, RecursionError, StopIteration) as error:
        _warn(sql, error)
        return Plan(sql)
    replaced: dict[int, str] = {}
    for place, several in spellers.items():
        if tokens[place].kind == TEXT:
            replaced[place] = _write_literal(tokens[place], several)
    return Plan(replace_tokens(sql, replaced, tokens), _list_parameters(tokens, spellers))


def check_names(connection: sqlite3.Connection, sql: str, tokens: Sequence[Token]) -> None:
    """Let SQLite compile a statement in which what stands in double quotes is a name.

    SQLite takes `"dep_delayy"` for a text where no column is called so.

    Raises:
        sqlite3.Error: It does not accept the statement.
    """
    # No value is bound, since nothing runs.
    unbound = {place: "NULL" for place, each in enumerate(tokens) if each.kind == PARAMETER}
    cursor = sqlite3.Cursor(connection)  # whatever the connection makes of statements
    try:
        cursor.execute(f"EXPLAIN {write_names(sql, tokens, unbound)}").close()
    except sqlite3.OperationalError:
        with suppress(sqlite3.ProgrammingError):  # as a value is missing
            # Of a statement that is wrong at a parameter, the message is to name that.
            cursor.execute(f"EXPLAIN {write_names(sql, tokens)}")
        raise


def write_names(
    sql: str, tokens: Sequence[Token] | None = None, more: Mapping[int, str] | None = None
) -> str:
    """A statement with names in backticks, where double quotes may stand for a text as well.

    Args:
        sql: The statement.
        tokens: Its tokens.
        more: What else is replaced, by its place among them.
    """
    tokens = split_tokens(sql) if tokens is None else tokens
    quoted = {
        place: "`" + token.identifier.replace("`", "``") + "`"
        for place, token in enumerate(tokens)
        if token.kind == QUOTED and token.text[0] == '"'
    }
    return replace_tokens(sql, quoted | dict(more or {}), tokens)


def bind(params: Parameters | None) -> Parameters:
    """Positional or named parameters, each as SQLAlchemy stores such a value.

    >>> from datetime import datetime
    >>> bind([datetime(2013, 1, 1, 5), True])
    ('2013-01-01 05:00:00.000000', 1)
    """
    if params is None:
        return ()
    check_params(params)
    if isinstance(params, Mapping):
        return {name: _store_plain(value) for name, value in params.items()}
    return tuple(_store_plain(value) for value in params)


def _warn(sql: str, error: Exception) -> None:
    """Tell that a statement is executed as it is, since it is not understood."""
    import warnings

    warnings.warn(
        f"It is not clear what this statement compares ({error}), so that "
        "its texts and parameters are compared as they are written. Write them as the columns "
        f"store them: {' '.join(sql.split())[:200]}",
        RuntimeWarning,
        stacklevel=2,
    )


def _list_parameters(
    tokens: Sequence[Token], spellers: Mapping[int, Sequence[_Speller]]
) -> list[tuple[Key, str, Sequence[_Speller]]]:
    """The parameters that are compared with columns: one entry for each, wherever it stands."""
    listed: dict[Key, tuple[Key, str, list[_Speller]]] = {}
    for place, key in number_parameters(tokens).items():
        if place in spellers:
            found = listed.setdefault(key, (key, tokens[place].text, []))
            found[2].extend(each for each in spellers[place] if each not in found[2])
    return list(listed.values())


def _write_literal(token: Token, spellers: Sequence[_Speller]) -> str:
    stored = _spell(
        value := token.text[1:-1].replace("''", "'"),
        spellers,
        f"The text {token.text}",
        f"Compare it with each column by itself. As it is written, it is ({token.text} || '').",
    )
    if stored == value:
        return token.text
    return quote_text(stored) if isinstance(stored, str) else str(stored)


def _spell(value: object, spellers: Sequence[_Speller], what: str, hint: str) -> object:
    """A value as columns store it.

    Raises:
        QueryError: They store it in different ways.
    """
    spelled = [spell(value) for spell in spellers if not spell.is_converted]
    first = spelled[0] if spelled else spellers[0](value)
    if any(each != first for each in spelled):
        raise QueryError(
            f"{what} is compared with columns that store it in different ways.", hint=hint
        )
    return first


class _Speller:
    """Spells values as a column stores them.

    Attributes:
        is_plain: Whether numbers and texts stay as they are.
        is_converted: Whether SQLite converts a text to the number that it is compared with.
    """

    __slots__ = ("_column", "_example", "_kind", "is_converted", "is_plain")

    def __init__(
        self,
        column: str,
        kind: Kind | None,
        example: object,
        *,
        is_plain: bool,
        is_converted: bool = False,
    ) -> None:
        self._column = column
        self._kind = kind
        self._example = example
        self.is_plain = is_plain
        self.is_converted = is_converted

    def __call__(self, value: object) -> object:
        is_nan = isinstance(value, float) and value != value  # noqa: PLR0124  # NULL in SQLite
        if self.is_plain and type(value) in _PLAIN and not is_nan:
            return value
        from microcosm_sqlite.common.stored_values import store_as

        return store_as(self._kind, value, self._example, self._column)


class _Columns:
    """The columns that a statement can name, and what spells values as they store them."""

    def __init__(self, connection: sqlite3.Connection, datasets: Mapping[str, Described]) -> None:
        self._tables = Tables(connection)
        self._datasets = datasets
        self._spellers: dict[tuple[Column, bool], _Speller] = {}

    def find_spellers(self, tokens: Sequence[Token]) -> dict[int, list[_Speller]]:
        """By the place of each value that is compared with columns what spells it."""
        spellers: dict[int, list[_Speller]] = {}
        for flow in Comparisons(tokens, self._tables.find).found:
            found = [self._find_speller(column, flow.is_free) for column in flow.columns]
            for place in flow.values:
                known = spellers.setdefault(place, [])
                known += [each for each in found if each not in known]
        return spellers

    def _find_speller(self, column: Column, is_free: bool) -> _Speller:
        key = column, is_free
        if key not in self._spellers:
            self._spellers[key] = self._make_speller(column, is_free)
        return self._spellers[key]

    def _make_speller(self, column: Column, is_free: bool) -> _Speller:
        from microcosm_sqlite.common.kinds import find_kind
        from microcosm_sqlite.common.stored_values import NUMBERS, SPELLED, TEXTS

        field = find_field(self._datasets, column)
        if field:
            kind = find_kind(field.type, field.format, has_labels="enum" in field.constraints)
        else:
            kind = self._find_declared_kind(column)
        name = kind.name if kind else ""
        label = f"{column[1]}.{column[2]}" if column[1] else "What is computed"
        if name in SPELLED:
            example = field.value_range[0] if field and field.value_range else None
            return _Speller(label, kind, example or self._read_example(*column), is_plain=False)
        is_number = name in NUMBERS
        return _Speller(
            label,
            kind,
            self._read_example(*column, rows=FIRST_ROWS) if name in TEXTS else None,
            is_plain=not (is_free and is_number),
            is_converted=is_number and not is_free,
        )

    def _find_declared_kind(self, column: Column) -> Kind | None:
        from microcosm_sqlite.common.kinds import KINDS, NUMBER, find_declared_kind

        if column == A_NUMBER:
            return KINDS[NUMBER]
        declared = find_declared_type(self._tables, column)
        return find_declared_kind(declared) if declared else None

    def _read_example(self, schema: str, table: str, column: str, rows: int = -1) -> object:
        owner = f"{quote_identifier(schema)}.{quote_identifier(table)}"
        return read_example(self._tables.ask, owner, quote_identifier(column), rows)


def _store_plain(value: object) -> object:
    from microcosm_sqlite.common.kinds import as_stored
    from microcosm_sqlite.common.stored_values import as_plain

    return as_stored(as_plain(value))
