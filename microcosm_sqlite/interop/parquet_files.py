"""Tables as Parquet files, typed as the models are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.reader import read_batches

with extra("arrow"):
    from pyarrow.parquet import ParquetWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from microcosm_sqlite.catalog.installed import InstalledDataset


def write_parquet(
    dataset: InstalledDataset,
    table: str,
    path: str | os.PathLike[str],
    advance: Callable[[int], object] = lambda _: None,
    *,
    columns: Sequence[str] | None = None,
) -> None:
    """Write one table to a new file, in constant memory.

    Args:
        dataset: The dataset.
        table: The table's name.
        path: The file; one that is there already is overwritten.
        advance: Told the number of rows of each piece that was written.
        columns: Which of its columns, in this order; all of them unless named.

    Raises:
        TableNotFoundError: There is no such table.
        SchemaMismatchError: A column holds what it should not.
    """
    with (
        read_batches(dataset, table, columns=columns) as batches,
        ParquetWriter(path, batches.schema, compression="zstd") as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
            advance(len(batch))
