"""Which columns of tables the columns of a result are."""

from __future__ import annotations

from microcosm_sqlite.catalog.comparisons import Comparisons, Tables
from microcosm_sqlite.catalog.described_columns import find_declared_type, find_field
from microcosm_sqlite.common.sql_tokens import split_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from microcosm_sqlite.catalog.described_columns import Described
    from microcosm_sqlite.catalog.expressions import Flow
    from microcosm_sqlite.catalog.manifest_tables import Field

    Source = tuple[Field, str]
    """What the manifest says of a column, and its declared type."""


def find_sources(
    connection: sqlite3.Connection, datasets: Mapping[str, Described], sql: str, count: int
) -> list[list[Source]]:
    """For each column of the result of a query, the columns whose values it may have.

    They are followed through joins, subqueries, views, `coalesce`, `max` and the like. A column
    that is computed has none, and so has one of a statement that is not understood.

    Args:
        connection: Where the statement was executed.
        datasets: The datasets by the schemas that SQL has for them, in small letters.
        sql: The statement.
        count: How many columns its result has.
    """
    tables = Tables(connection)
    try:
        result = Comparisons(split_tokens(sql), tables.find).result
    except (ValueError, RecursionError, StopIteration):
        return [[] for _ in range(count)]
    if len(result) != count:
        return [[] for _ in range(count)]
    return [_describe(flow, tables, datasets) for _, flow in result]


def _describe(flow: Flow, tables: Tables, datasets: Mapping[str, Described]) -> list[Source]:
    found = [
        (find_field(datasets, column), find_declared_type(tables, column))
        for column in sorted(flow.columns)
    ]
    known = [(field, declared) for field, declared in found if field]
    return known if len(known) == len(found) and not flow.values else []
