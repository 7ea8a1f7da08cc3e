"""Tables as DuckDB relations, over Arrow: DuckDB's own SQLite reader has to be downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra

with extra("duckdb"):
    import duckdb

if TYPE_CHECKING:
    import pyarrow as pa


def to_relation(
    table: pa.Table, connection: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyRelation:
    """A relation over rows that were read; in DuckDB's default connection if none is given."""
    return (connection or duckdb).from_arrow(table)
