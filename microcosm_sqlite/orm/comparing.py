"""How engines compare values of Python with columns of another type."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Alias, BinaryExpression, BindParameter, Column, Table, type_coerce
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import ExpressionClauseList
from sqlalchemy.types import (
    Date,
    DateTime,
    Float,
    Integer,
    Interval,
    Numeric,
    String,
    Time,
    TypeDecorator,
    TypeEngine,
    Unicode,
    Uuid,
)
from sqlalchemy.types import Enum as EnumColumn

from microcosm_sqlite.catalog.described_columns import FIRST_ROWS, read_example
from microcosm_sqlite.common.kinds import DATE, KINDS, NUMBER, TEXT
from microcosm_sqlite.common.stored_values import refuse_comparison, store_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect, Engine


class Examples:
    """The first text of each column that an engine compares with values of another type.

    Args:
        open_: Opens a connection to what the engine reads.
    """

    def __init__(self, open_: Callable[[], sqlite3.Connection]) -> None:
        self._open = open_
        self._found: dict[tuple[str, str], object] = {}

    def find(self, owner: str, column: str) -> object:
        """A text of a column, or None.

        Args:
            owner: The table, as SQL has to write it.
            column: The column, likewise.

        Raises:
            sqlite3.Error: There is no such column, or it cannot be read.
        """
        key = owner, column
        if key not in self._found:
            with closing(self._open()) as connection:
                self._found[key] = read_example(
                    lambda query: connection.execute(query).fetchall(), owner, column, FIRST_ROWS
                )
        return self._found[key]


_examples: WeakKeyDictionary[Dialect, Examples] = WeakKeyDictionary()


def read_examples(engine: Engine, open_: Callable[[], sqlite3.Connection]) -> None:
    """Let an engine write values among texts as the texts of their column are written.

    Args:
        engine: The engine.
        open_: Opens a connection to what it reads.
    """
    _examples[engine.dialect] = Examples(open_)


def copy_examples(source: Engine, target: Engine) -> None:
    """Let another engine do so as one does."""
    if source.dialect in _examples:
        _examples[target.dialect] = _examples[source.dialect]


class _DayOrMoment(TypeDecorator[Any]):
    """A datetime that is compared with a date: one at midnight is that date."""

    impl = Unicode
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """The text that sorts as the moment does among dates."""
        return store_as(KINDS[DATE], value)


PLAIN = frozenset((int, float, str, bytes, type(None)))
"""The types of values that SQLite takes as they are."""


def leaves_plain_values(type_: TypeEngine[Any]) -> bool:
    """Whether a type binds values of the types of `PLAIN` as they are."""
    return isinstance(type_, _AmongTexts | _AmongNumbers)


class _AmongTexts(TypeDecorator[Any]):
    """A value of Python that is compared with texts.

    Args:
        label: What the column is called, for errors.
        owner: Its table, as SQL has to write it; empty where it is computed.
        column: The column, likewise.
        length: How long its texts are at most, if that is declared.
    """

    impl = Unicode
    cache_ok = True

    def __init__(self, label: str, owner: str, column: str, length: int | None) -> None:
        super().__init__()
        self.label = label
        self.owner = owner
        self.column = column
        self.length = length

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The text by which files and people write it, and the texts of the column.

        Raises:
            QueryError: The texts of the column are others.
        """
        if type(value) in PLAIN:
            return value
        try:
            example = self._find_example(dialect)
        except LookupError as error:
            if isinstance(value, datetime):
                # Programs write it in several ways, and one that is not the column's finds nothing.
                raise refuse_comparison(KINDS[TEXT], value, None, self.label) from error
            example = "0" * (self.length or 0) if isinstance(value, UUID) else None
        return store_as(KINDS[TEXT], value, example, self.label)

    def _find_example(self, dialect: Dialect) -> object:
        """A text of the column, or None if it has none.

        Raises:
            LookupError: It cannot be read.
        """
        if not self.owner:
            raise LookupError(self.label)
        try:
            return _examples[dialect].find(self.owner, self.column)
        except sqlite3.Error as error:
            raise LookupError(self.label) from error


class _AmongNumbers(TypeDecorator[Any]):
    """A value that is compared with numbers, and should be one.

    Args:
        label: What the column is called, for errors.
    """

    impl = Unicode
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """The number.

        Raises:
            QueryError: It is a day or a time.
        """
        return value if type(value) in PLAIN else store_as(KINDS[NUMBER], value, None, self.label)


_COMPARE = frozenset(
    (
        *(operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge),
        *(operators.in_op, operators.not_in_op, operators.between_op, operators.not_between_op),
        *(operators.is_distinct_from, operators.is_not_distinct_from),
    )
)
_SAME_DAY = (operators.eq, operators.ne, operators.in_op, operators.not_in_op)


class AlikeCompiler(SQLiteCompiler):
    """Compares a column with a value as SQL does that users write.

    SQLAlchemy binds a value by its own type where it is of another one: a datetime that is compared
    with a column of dates, or a UUID that is compared with one of texts, is then equal to none.
    """

    _beside: Any = None

    def visit_binary(self, binary: BinaryExpression[Any], *args: Any, **options: Any) -> Any:
        """Compile an operator and what stands beside it."""
        outer, self._beside = self._beside, None
        if binary.operator in _COMPARE:
            self._beside = _find_compared(binary)
            self._is_day = binary.operator in _SAME_DAY
        try:
            return super().visit_binary(  # type: ignore[no-untyped-call]
                binary, *args, **options
            )
        finally:
            self._beside = outer

    def visit_bindparam(self, bindparam: Any, *args: Any, **options: Any) -> Any:
        """Compile a value."""
        if self._beside is not None:
            type_ = self._choose_type(self._beside, bindparam)
            if type_ is not None:
                bindparam = type_coerce(bindparam, type_).typed_expression
        return super().visit_bindparam(  # type: ignore[no-untyped-call]
            bindparam, *args, **options
        )

    _is_day = False

    def _choose_type(self, beside: Any, bindparam: Any) -> TypeEngine[Any] | None:
        """The type to bind a value by that is compared with something; None for its own."""
        column, value = beside.type, bindparam.type
        # The value of one that is kept is not known yet, and neither is its type.
        is_open = not bindparam.unique and isinstance(value, type(column))
        if is_text(column) and (is_open or isinstance(value, _TEXTUAL)):
            return self._write_among_texts(beside)
        if isinstance(column, Integer | Float | Numeric) and (
            is_open or isinstance(value, _TEMPORAL)
        ):
            return _AmongNumbers(_name(beside))
        if isinstance(column, Date) and isinstance(value, DateTime):
            return column if self._is_day else _DayOrMoment()
        if isinstance(column, DateTime) and isinstance(value, Date):
            return column
        if isinstance(column, Time) and isinstance(value, DateTime):
            return column
        return None

    def _write_among_texts(self, beside: Any) -> _AmongTexts:
        table, owner, column = _find_table(beside), "", ""
        if table is not None:
            owner = self.preparer.format_table(table)
            column = self.preparer.quote(beside.name)
        return _AmongTexts(_name(beside), owner, column, getattr(beside.type, "length", None))


_TEMPORAL = (Date, DateTime, Time, Interval)
_TEXTUAL = (*_TEMPORAL, Numeric, Uuid)


def _find_compared(binary: BinaryExpression[Any]) -> Any:
    """What the values of a comparison are compared with; None if they are not values alone."""
    left: Any = binary.left
    right: Any = binary.right
    values = right.clauses if isinstance(right, ExpressionClauseList) else [right]
    if all(isinstance(value, BindParameter) for value in values):
        return left
    return right if isinstance(left, BindParameter) else None


def _find_table(expression: Any) -> Table | None:
    """The table of a column, through its aliases; None for what is computed."""
    if not isinstance(expression, Column):
        return None
    table: Any = expression.table
    while isinstance(table, Alias):
        table = table.element
    return table if isinstance(table, Table) else None


def _name(expression: Any) -> str:
    table = _find_table(expression)
    return "What is computed" if table is None else f"{table.name}.{expression.name}"


def is_text(type_: TypeEngine[Any]) -> bool:
    """Whether a type is one of texts."""
    return isinstance(type_, String) and not isinstance(type_, EnumColumn)
