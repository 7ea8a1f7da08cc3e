"""What the columns of every table hold, measured on the finished file for its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.finishing.describe import describe_field
from microcosm_sqlite.authoring.loading.bulk import open_scanner
from microcosm_sqlite.catalog.manifest import Field
from microcosm_sqlite.catalog.ranges import measure_columns


def measure_tables(path: Path, metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    """For each table what is to be said of its columns, in their order; one scan each.

    It runs beside the digests of the tables, after the file was finished: SQLite does the work
    without holding Python's lock, which the digests need.
    """
    with open_scanner(path) as connection:
        return {
            name: measure_columns(
                connection, name, [Field(describe_field(column)) for column in table.columns]
            )
            for name, table in metadata.tables.items()
        }
