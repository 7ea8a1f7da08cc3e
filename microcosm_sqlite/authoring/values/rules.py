"""The rules by which one column converts the texts of its source.

There are two ways from a text to a stored value, and they agree:

- the *judge*, `ColumnRule.convert`: parse the text, then let SQLAlchemy's type bind the value;
- the *fast path*, for whole numbers and texts: bind the text as it is, let SQLite's column
  affinity convert it, and ask afterwards, in SQL, whether any stored value is *suspect*.

What is not suspect is what the judge would have stored. What is suspect is judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.values.json_documents import make_json_binder
from microcosm_sqlite.authoring.values.kind_values import (
    VALUES,
    choose_parser,
    find_type_kind,
    is_text_type,
    make_taker,
)
from microcosm_sqlite.authoring.values.own_forms import bind_exactly, find_own_form
from microcosm_sqlite.authoring.values.parsing import (
    EXACT_INTEGER,
    is_word,
    parse_datetime,
)
from microcosm_sqlite.authoring.values.suspicions import ALWAYS
from microcosm_sqlite.common.durations import EPOCH
from microcosm_sqlite.common.kinds import BINARY, DURATION, JSON
from microcosm_sqlite.common.sql import find_affinity, join_evenly, quote_identifier, quote_text
from microcosm_sqlite.errors import SettingsError

CACHE_SIZE = 1 << 14


class ColumnRule:
    """How one column takes texts.

    Attributes:
        column: The column.
        kind: The name of the kind of its values.
        is_decorated: Whether its type does work of its own on what it stores.
        parse: Text to Python value, or ValueError.
        nulls: The texts that mean NULL; none where the column is NOT NULL.
        is_plain: Whether texts may be bound as they are and left to SQLite's column affinity.
        suspicion: SQL that is true of each stored value that the judge might not have stored,
            misfits apart, or an empty string where there is none.
        misfit: SQL that is true of each stored value that is not what the judge would have made
            of its text, whatever that was, or an empty string.
    """

    def __init__(
        self,
        column: sa.Column[Any],
        dialect: sa.Dialect,
        null_values: tuple[str, ...],
        *,
        format_: str = "",
        takes_infinity: bool = False,
    ):
        self.column = column
        self.name = column.name
        type_ = column.type.dialect_impl(dialect)
        kind = find_type_kind(type_)
        self.is_decorated = isinstance(type_, types.TypeDecorator)
        parse = choose_parser(type_, format_=format_, takes_infinity=takes_infinity)
        if kind is None or parse is None:
            raise SettingsError(
                f"Column `{column.table.name}.{column.name}` is {column.type!r}, "
                "which no text stands for.",
                hint="Give it a type that can be written down, such as JSON.",
            )
        self.kind = kind.name
        self.parse = parse
        self._type = type_
        self._values = VALUES[kind.name]
        self._take = make_taker(self._values, parse)
        self._takes_empty = is_text_type(type_) or self.kind == JSON
        self.expected = f"{dialect.type_compiler_instance.process(column.type)}"
        self.nulls = frozenset(("", *null_values)) if column.nullable else frozenset[str]()
        self._null_words = self.nulls - {""}
        affinity = find_affinity(self.expected)
        bind: Callable[[Any], Any] | None = type_.bind_processor(dialect)
        self._bind = bind or (lambda value: value)
        form = "" if self.is_decorated else find_own_form(type_, kind)
        self._is_exotic = self.is_decorated or bool(form)
        if form:
            self._bind = bind_exactly(type_, form, self._bind)
        if self.kind == JSON:
            self._bind = make_json_binder(self._bind, is_numeric=affinity == "NUMERIC")
        quoted = quote_identifier(column.name)
        self.is_plain, self.suspicion = False, ""
        if not format_:
            self.is_plain, self.suspicion = _plan_fast_path(type_, affinity, quoted)
        is_whole = self.is_plain and affinity == "INTEGER"
        self.misfit = f"CAST({quoted} AS INTEGER) <> {quoted}" if is_whole else ""

    def convert(self, text: str) -> Any:
        """The value that SQLAlchemy would store for a text.

        Raises:
            ValueError: The text does not fit; its text says what was expected.
        """
        # JSON's null is a document, which `read` gives as None as well.
        return None if text in self.nulls else self.bind(self.read(text))

    def read(self, text: str) -> Any:
        """The Python value that SQLAlchemy would be given for a text.

        Raises:
            ValueError: The text does not fit.
        """
        if text in self.nulls:
            return None
        if not text and not self.column.nullable and not is_text_type(self._type):
            raise ValueError("a value, as the column is NOT NULL")
        return self.parse(text)

    def bind(self, value: Any) -> Any:
        """A Python value as SQLAlchemy's type stores it.

        Raises:
            ValueError: The type does not take it.
        """
        try:
            return self._bind(value)
        except (ValueError, LookupError, TypeError, ArithmeticError) as error:
            raise ValueError(f"what {type(self.column.type).__name__} takes ({error})") from error

    def convert_value(self, value: Any) -> Any:
        """The value that SQLAlchemy would store for a value of a source that has types.

        Empty text is text there, as such sources have a null of their own; in a column that has
        no texts it is no value, as in databases. NaN is none either: frames write it for nothing,
        and SQLite does not have it.

        Raises:
            ValueError: The value does not fit.
        """
        if value is None or self._means_nothing(value):
            if self.column.nullable:
                return None
            raise ValueError("a value, as the column is NOT NULL")
        return self.bind(self._take(value))

    def _means_nothing(self, value: Any) -> bool:
        if self._null_words and is_word(value, self._null_words):
            return True
        if isinstance(value, str):
            return not (value or self._takes_empty)
        return isinstance(value, float) and math.isnan(value)

    def take(self, value: Any) -> Any:
        """A default, as a Python value or as text, as it is stored.

        Raises:
            ValueError: The type does not take it.
        """
        is_text = isinstance(value, str) and self._values.reads_texts and not self.is_decorated
        return self.bind(self.parse(value) if is_text else value)

    def make_cache(self) -> ConvertedTexts:
        """`convert` as a mapping that remembers, since columns repeat their values."""
        return ConvertedTexts(self.convert)

    def write_null_if(self, expression: str) -> str:
        """SQL for a text, or NULL if it is one of those that mean it."""
        # Once in the whole: some releases of Python 3.12 take numbered parameters for named ones.
        for text in sorted(self.nulls):
            expression = f"NULLIF({expression},{quote_text(text)})"
        return expression

    def suspect_values(self, quoted: str) -> str:
        """SQL that is true of each value of a database that may not be what the column stores.

        SQLite lets any column hold anything, so nothing is believed: each column is asked for one
        condition, of all rows at once. Where it never holds, the values go from one file to the
        other as they are.

        Args:
            quoted: The name, in SQL, of the column that the values come from.
        """
        if self._is_exotic:
            return ALWAYS
        condition = self._values.suspect(self._type, self, quoted)
        is_null = f"{quoted} IS NULL"
        return (
            f"({condition}) AND NOT {is_null}"
            if self.column.nullable
            else f"{condition} OR {is_null}"
        )

    def make_stored_converter(self) -> Callable[[Any], Any]:
        """Return the converter of a database's values to the stored form; it raises ValueError.

        JSON and intervals are read as SQLAlchemy stores them. Empty text in a column of another
        type is no value.
        """
        make = _STORED_FORMS.get(self.kind)
        convert = make(self) if make else self.convert_value
        is_text = is_text_type(self._type)
        texts = ConvertedTexts(convert if is_text else lambda text: convert(text or None))
        return lambda value: texts[value] if isinstance(value, str) else convert(value)


def bind_document(value: Any) -> Any:
    """Return the form that a JSON column stores for a value of a typed source.

    Raises:
        ValueError: It does not take it.
    """
    column = sa.Column("document", sa.JSON)
    return ColumnRule(column, dialect(), ()).convert_value(value)


class ConvertedTexts(dict[str | None, Any]):
    """A cache of conversions that forgets everything when it is full; None stays None."""

    def __init__(self, convert: Callable[[str], Any]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str | None) -> Any:
        value = None if text is None else self._convert(text)
        if len(self) >= CACHE_SIZE:
            self.clear()
        self[text] = value
        return value


def _read_stored_json(rule: ColumnRule) -> Callable[[Any], Any]:
    return lambda value: (
        rule.convert(value) if isinstance(value, str) else rule.convert_value(value)
    )


def _read_stored_interval(rule: ColumnRule) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            return rule.convert_value(parse_datetime(value) - EPOCH)
        except (ValueError, AttributeError):
            return rule.convert_value(value)

    return convert


def _read_stored_bytes(rule: ColumnRule) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("bytes")  # noqa: TRY004 - as for every other value
        return rule.convert_value(value)

    return convert


# Kinds that databases store in another form than the one that sources of files write.
_STORED_FORMS: dict[str, Callable[[ColumnRule], Callable[[Any], Any]]] = {
    DURATION: _read_stored_interval,
    JSON: _read_stored_json,
    BINARY: _read_stored_bytes,
}


def _plan_fast_path(type_: types.TypeEngine[Any], affinity: str, quoted: str) -> tuple[bool, str]:
    """Whether texts can be bound as they are, and the SQL that finds suspects afterwards."""
    if isinstance(type_, types.TypeDecorator):
        return False, ""
    if isinstance(type_, types.Integer) and affinity == "INTEGER":
        # Text and blobs sort above all numbers, and so do not lie between.
        return True, f"{quoted} NOT BETWEEN -{EXACT_INTEGER} AND {EXACT_INTEGER}"
    if not isinstance(type_, types.String) or affinity != "TEXT":
        return False, ""
    if isinstance(type_, types.Enum):
        labels = ",".join(quote_text(label) for label in type_.enums)
        return True, f"{quoted} NOT IN ({labels})"
    return True, "" if type_.length is None else f"length({quoted}) > {type_.length}"


def suspect_any(rules: Iterable[ColumnRule]) -> str:
    """SQL that is true of each row with a suspect or a misfit, or an empty string.

    Instead of one test for each column of whole numbers, it adds them up: a sum is a whole
    number only if everything in it is, or else overflows into a number that is suspect as well.
    """
    rules = list(rules)
    conditions = [rule.suspicion for rule in rules if rule.suspicion]
    whole = [quote_identifier(rule.name) for rule in rules if rule.misfit]
    if whole:
        total = join_evenly([f"ifnull({name}, 0)" for name in whole], " + ")
        conditions.append(f"typeof({total}) <> 'integer'")
    return join_evenly(conditions, " OR ")
