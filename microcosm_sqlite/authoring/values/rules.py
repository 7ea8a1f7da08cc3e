"""What one column makes of the texts of its source.

There are two ways from a text to a stored value, and they agree:

- the *judge*, `ColumnRule.convert`: parse the text, then let SQLAlchemy's type bind the value;
- the *fast path*, for whole numbers and texts: bind the text as it is, let SQLite's column
  affinity convert it, and ask afterwards, in SQL, whether any stored value is *suspect*.

What is not suspect is what the judge would have stored. What is suspect is judged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER, choose_parser, refuse_constant
from microcosm_sqlite.authoring.values.typed_values import make_taker
from microcosm_sqlite.common.sql import find_affinity, join_evenly, quote_identifier, quote_text
from microcosm_sqlite.errors import SettingsError

CACHE_SIZE = 1 << 14


class ColumnRule:
    """How one column takes texts.

    Attributes:
        column: The column.
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
        parse = choose_parser(type_, format_=format_, takes_infinity=takes_infinity)
        if parse is None:
            raise SettingsError(
                f"Column `{column.table.name}.{column.name}` is {column.type!r}, "
                "which no text stands for.",
                hint="Give it a type that can be written down, such as JSON.",
            )
        self.parse = parse
        self._take = make_taker(type_, parse)
        self._is_parsed = not isinstance(type_, (types.JSON, types.TypeDecorator))
        self._bind = _make_binder(type_, dialect)
        self.expected = f"{dialect.type_compiler_instance.process(column.type)}"
        self.nulls = frozenset(("", *null_values)) if column.nullable else frozenset[str]()
        self._null_words = self.nulls - {""}
        affinity = find_affinity(self.expected)
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
        if not text and not self.column.nullable and not self._takes_empty_text:
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

        Empty text is text there, as such sources have a null of their own. NaN is one as well:
        frames write it for nothing, and SQLite does not have it.

        Raises:
            ValueError: The value does not fit.
        """
        if value is None or self._means_nothing(value):
            if self.column.nullable:
                return None
            raise ValueError("a value, as the column is NOT NULL")
        return self.bind(self._take(value))

    def _means_nothing(self, value: Any) -> bool:
        if isinstance(value, str):
            return value in self._null_words
        return isinstance(value, float) and math.isnan(value)

    def take(self, value: Any) -> Any:
        """A default, as a Python value or as text, as it is stored.

        Raises:
            ValueError: The type does not take it.
        """
        return self.bind(self.parse(value) if isinstance(value, str) and self._is_parsed else value)

    def make_cache(self) -> ConvertedTexts:
        """`convert` as a mapping that remembers, since columns repeat their values."""
        return ConvertedTexts(self.convert)

    def write_null_if(self, expression: str) -> str:
        """SQL for a text, or NULL if it is one of those that mean it."""
        # Once in the whole: some releases of Python 3.12 take numbered parameters for named ones.
        for text in sorted(self.nulls):
            expression = f"NULLIF({expression},{quote_text(text)})"
        return expression

    @property
    def _takes_empty_text(self) -> bool:
        return isinstance(_undecorate(self.column.type), types.String)


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


def _make_binder(type_: types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any]:
    processor = type_.bind_processor(dialect) or (lambda value: value)
    return make_json_binder(processor) if isinstance(_undecorate(type_), types.JSON) else processor


def _undecorate(type_: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    while isinstance(type_, types.TypeDecorator):
        type_ = type_.impl_instance
    return type_


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


Binder = Callable[[Any], Any]


def make_json_binder(bind: Binder) -> Binder:
    """What a JSON type stores for a document, where that is JSON.

    Python writes NaN and Infinity, which JSON does not have. And a column that is declared JSON
    has numeric affinity, so that SQLite would round a document that is one large whole number.
    """

    def bind_document(document: Any) -> Any:
        text = bind(document)
        if isinstance(text, str):
            if "NaN" in text or "Infinity" in text:
                json.loads(text, parse_constant=refuse_constant)
            if text.lstrip("-").isdigit() and not -(2**63) <= int(text) < 2**63:
                raise ValueError("SQLite keeps whole numbers of 64 bits")
        return text

    return bind_document
