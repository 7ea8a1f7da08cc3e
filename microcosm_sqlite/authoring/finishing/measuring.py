"""What the columns of every table hold, measured for the manifest."""

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

    It takes the file that was loaded, so as to begin while the finished copy of it is written. No
    more is written to it then.
    """
    with open_scanner(path) as connection:
        return {
            name: measure_columns(
                connection, name, [Field(describe_field(column)) for column in table.columns]
            )
            for name, table in metadata.tables.items()
        }
