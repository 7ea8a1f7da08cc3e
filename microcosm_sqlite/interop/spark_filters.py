"""Spark's conditions as SQL, where SQLite comes to the same verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.interop.extras import extra

with extra("spark"):
    from pyspark.sql import datasource as spark

if TYPE_CHECKING:
    from collections.abc import Collection

    Condition = tuple[str, list[Any]]

_COMPARISONS = {
    spark.EqualTo: "=",
    spark.EqualNullSafe: "IS",
    spark.GreaterThan: ">",
    spark.GreaterThanOrEqual: ">=",
    spark.LessThan: "<",
    spark.LessThanOrEqual: "<=",
}


def to_condition(filter_: spark.Filter, comparable: Collection[str]) -> Condition | None:
    """SQL with its parameters, or None for a condition that Spark has to judge itself.

    Args:
        filter_: The condition.
        comparable: Names of the columns that SQLite compares as Spark does.
    """
    if isinstance(filter_, spark.Not):
        inner = to_condition(filter_.child, comparable)
        return inner and (f"NOT ({inner[0]})", inner[1])
    if len(filter_.attribute) != 1:
        return None
    (name,) = filter_.attribute
    column = quote_identifier(name)
    if isinstance(filter_, spark.IsNull):
        return f"{column} IS NULL", []
    if isinstance(filter_, spark.IsNotNull):
        return f"{column} IS NOT NULL", []
    return _compare(filter_, column) if name in comparable else None


def _compare(filter_: spark.Filter, column: str) -> Condition | None:
    # A collation that a table declares would make SQLite see texts as equal that Spark does not.
    column = f"{column} COLLATE BINARY"
    value = filter_.value
    if type(filter_) in _COMPARISONS:
        return f"{column} {_COMPARISONS[type(filter_)]} ?", [value]
    if isinstance(filter_, spark.In):
        return f"{column} IN ({', '.join('?' * len(value))})", list(value)
    if isinstance(filter_, spark.StringStartsWith):
        return f"substr({column}, 1, ?) = ?", [len(value), value]
    if isinstance(filter_, spark.StringContains):
        return f"instr({column}, ?) > 0", [value]
    return None
