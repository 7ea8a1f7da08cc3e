"""Predicates of other tools as conditions for SQLite, where both judge alike.

A condition may keep rows that the predicate leaves out, never the other way round: the tool judges
all rows that it gets. So what is not understood is left out, and a moment, which databases spell in
several ways, is compared by its day.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from microcosm_sqlite.catalog.frames import Parameters
    from microcosm_sqlite.interop.arrow_types import Column

_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOST_CHOICES = 1000
_EXACT = 2**53


@dataclass(frozen=True)
class Clause:
    """SQL for a condition, false where there is none, and what its parameters stand for.

    They belong together: a condition that is given up half-way leaves no value behind.

    Attributes:
        sql: As after WHERE.
        values: Each parameter's name and value, in the order of the SQL.
    """

    sql: str = ""
    values: tuple[tuple[str, object], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sql)


NO_CLAUSE = Clause()
"""What is not understood."""


class Conditions:
    """Writes conditions for the columns of a scan.

    Args:
        columns: The columns that may be compared.
        params: The parameters of the condition that the scan has already.
    """

    def __init__(self, columns: Iterable[Column], params: Parameters) -> None:
        self._columns: Mapping[str, Column] = {column.name: column for column in columns}
        self._params = params
        self._taken = set(params) if isinstance(params, dict) else None

    @property
    def names(self) -> Iterable[str]:
        """The names of the columns."""
        return self._columns.keys()

    def complete(self, condition: Clause) -> Parameters:
        """The parameters of the scan's own condition, and those of one behind it."""
        if isinstance(self._params, dict):
            return {**self._params, **dict(condition.values)}
        return [*self._params, *(value for _, value in condition.values)]

    def compare(self, name: str, operator: str, value: object) -> Clause:
        """A comparison with a value; nothing where SQLite might judge otherwise.

        Args:
            name: The column.
            operator: As SQL has it.
            value: A value of Python.
        """
        column = self._columns.get(name)
        if column is None or value is None:
            return NO_CLAUSE
        quoted = quote_identifier(name)
        if pa.types.is_timestamp(column.type) and type(value) is datetime and not value.tzinfo:
            return self._compare_day(quoted, operator, value)
        if not _is_alike(column, operator, value):
            return NO_CLAUSE
        if type(value) is bool:
            return Clause(f"{quoted} {'<>' if value == (operator == '=') else '='} 0")
        if type(value) is date:
            value = value.isoformat()
        collated = " COLLATE BINARY" if isinstance(value, str) else ""
        return self._bind(f"{quoted}{collated} {operator}", value)

    def choose(self, name: str, values: Sequence[object]) -> Clause:
        """That a column has one of several values; nothing as above."""
        if len(values) > _MOST_CHOICES:
            return NO_CLAUSE
        return unite([self.compare(name, "=", value) for value in values if value is not None])

    def find_null(self, name: str, *, is_null: bool = True) -> Clause:
        """That a column has no value, or has one; nothing where there is no such column."""
        if name not in self._columns:
            return NO_CLAUSE
        return Clause(f"{quote_identifier(name)} IS {'' if is_null else 'NOT '}NULL")

    def _compare_day(self, quoted: str, operator: str, value: datetime) -> Clause:
        if operator == "<>" or value.date() == date.max:
            return NO_CLAUSE
        first, behind = value.date(), value.date() + timedelta(days=1)
        bounds = []
        if operator in ("=", ">", ">="):
            bounds.append(self._bind(f"{quoted} >=", first.isoformat()))
        if operator in ("=", "<", "<="):
            bounds.append(self._bind(f"{quoted} <", behind.isoformat()))
        return join(bounds)

    def _bind(self, sql: str, value: object) -> Clause:
        """SQL that ends in a parameter for a value."""
        if self._taken is None:
            return Clause(f"{sql} ?", (("", value),))
        name = find_free_name("value", self._taken, fold=str)
        self._taken.add(name)
        return Clause(f"{sql} :{name}", ((name, value),))


def _is_alike(column: Column, operator: str, value: object) -> bool:
    """Whether SQLite compares what it stores as others compare what a column means."""
    if isinstance(value, str):
        is_label = pa.types.is_dictionary(column.type) and operator == "="
        return (is_label or column.is_text) and "\0" not in value
    if type(value) is bool:
        return pa.types.is_boolean(column.type) and operator in ("=", "<>")
    if type(value) is int:
        size = 2**63 if pa.types.is_int64(column.type) else _EXACT
        is_number = pa.types.is_int64(column.type) or pa.types.is_float64(column.type)
        return is_number and abs(value) < size
    if type(value) is float:
        return pa.types.is_float64(column.type) and math.isfinite(value)
    return type(value) is date and pa.types.is_date32(column.type)


def join(conditions: Iterable[Clause]) -> Clause:
    """All of some conditions: of those that there are."""
    return _combine([each for each in conditions if each], "AND")


def unite(conditions: Sequence[Clause]) -> Clause:
    """One of some conditions; nothing where one of them is nothing."""
    if not all(conditions):
        return NO_CLAUSE
    return _combine(conditions, "OR") or Clause("0")


def _combine(conditions: Sequence[Clause], operator: str) -> Clause:
    sql = f" {operator} ".join(f"({each.sql})" for each in conditions)
    return Clause(sql, tuple(value for each in conditions for value in each.values))


def mirror(operator: str) -> str:
    """The operator for sides that have changed places."""
    return _MIRRORED[operator]


_SIGNS = set('(){}=<>!,"')
_LITERAL = re.compile(
    r'"(?:[^"\\]|\\.)*"|true|false|(?P<day>\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d(\.\d+)?)?'
    r"|-?\d+(\.\d+)?(e[+-]?\d+)?"
)
_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def read_expression(text: str, conditions: Conditions) -> Clause:
    """A condition for an expression of Arrow, which can only be read as the text that it prints.

    >>> read_expression("(a > 1)", Conditions([], ())).sql  # there is no such column
    ''

    Args:
        text: The expression.
        conditions: What writes SQL.
    """
    # A name with signs of the expressions themselves could be taken for a part of one.
    if any(name in text for name in conditions.names if not _SIGNS.isdisjoint(name)):
        return NO_CLAUSE
    try:
        reader = _ExpressionReader(text, conditions)
        found = reader.read()
    except (ValueError, RecursionError):
        return NO_CLAUSE
    return found if reader.is_at_end else NO_CLAUSE


class _ExpressionReader:
    """Reads comparisons of a column with a literal, and what joins them.

    Raises:
        ValueError: There is something else.
    """

    def __init__(self, text: str, conditions: Conditions) -> None:
        self._text = text
        self._place = 0
        self._conditions = conditions
        # Of two names that both fit, the longer one stands there.
        self._names = sorted(conditions.names, key=len, reverse=True)

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._text)

    def read(self) -> Clause:
        for start, is_null in _NULLS.items():
            if self._take(start):
                name = self._read_name()
                self._take(", {nan_is_null=false}")
                self._expect(")")
                return self._conditions.find_null(name, is_null=is_null)
        self._expect("(")
        if self._text.startswith(("(", *_NULLS), self._place):
            found = self._read_pair()
        else:
            found = self._read_comparison()
        self._expect(")")
        return found

    def _read_pair(self) -> Clause:
        first = self.read()
        is_both = self._take(" and ")
        if not is_both:
            self._expect(" or ")
        both = [first, self.read()]
        return join(both) if is_both else unite(both)

    def _read_comparison(self) -> Clause:
        name = self._read_name()
        self._expect(" ")
        operator = next((each for each in _LONGEST if self._take(f"{each} ")), "")
        literal = _LITERAL.match(self._text, self._place)
        if not operator or not literal:
            raise ValueError(self._text)
        self._place = literal.end()
        return self._conditions.compare(name, _OPERATORS[operator], _read_literal(literal))

    def _read_name(self) -> str:
        for name in self._names:
            if self._take(name):
                return name
        raise ValueError(self._text)

    def _take(self, text: str) -> bool:
        is_next = self._text.startswith(text, self._place)
        self._place += len(text) if is_next else 0
        return is_next

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ValueError(self._text)


_NULLS = {"is_valid(": False, "is_null(": True}
_LONGEST = sorted(_OPERATORS, key=len, reverse=True)


def _read_literal(literal: re.Match[str]) -> object:
    text = literal[0]
    if not literal["day"]:
        return json.loads(text)
    return datetime.fromisoformat(text) if " " in text else date.fromisoformat(text)
