"""The kinds of columns that a Parquet file declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.drafting.from_files.column_kind import EXACT_DIGITS
from microcosm_sqlite.common.kinds import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
)


def read_declared_kinds(path: Path) -> tuple[str, ...]:
    """The kind of each column; empty for those that are declared to hold nothing at all."""
    from pyarrow import parquet

    return tuple(_find_kind(field.type) for field in parquet.read_schema(path))


def _find_kind(type_: Any) -> str:
    from pyarrow import types

    while types.is_dictionary(type_):
        type_ = type_.value_type
    if types.is_null(type_):
        return ""
    return next((choose(type_) for name, choose in _KINDS if getattr(types, name)(type_)), TEXT)


def _find_decimal_kind(type_: Any) -> str:
    if type_.precision > EXACT_DIGITS:
        return TEXT
    return NUMBER if type_.scale else INTEGER


# Predicates of pyarrow.types.
_KINDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("is_boolean", lambda _: BOOLEAN),
    ("is_integer", lambda _: INTEGER),
    ("is_floating", lambda _: NUMBER),
    ("is_decimal", _find_decimal_kind),
    ("is_date", lambda _: DATE),
    ("is_timestamp", lambda type_: MOMENT if type_.tz else DATETIME),
    ("is_time", lambda _: TIME),
    ("is_duration", lambda _: DURATION),
    ("is_binary", lambda _: BINARY),
    ("is_large_binary", lambda _: BINARY),
    ("is_fixed_size_binary", lambda _: BINARY),
    ("is_nested", lambda _: JSON),
)
