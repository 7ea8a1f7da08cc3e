"""Tables as relations of DuckDB, which read what a query needs each time that it runs.

DuckDB takes a dataset of Arrow, and asks it for the columns and the rows of each query: over Arrow,
since its own reader of SQLite has to be downloaded. Rows come in batches, so that memory does not
grow with the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.sql import quote_identifier, quote_text

with extra("duckdb"):
    import duckdb
    import pyarrow as pa
    from pyarrow.dataset import Dataset, Scanner

    from microcosm_sqlite.interop.arrow_types import refuse_wide_decimals
    from microcosm_sqlite.interop.predicates import read_expression
    from microcosm_sqlite.interop.reader import empty_batch, list_members, plan_read, stream
from microcosm_sqlite.interop.selections import keep_selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Unpack

    import pyarrow.compute as pc
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from microcosm_sqlite.catalog.frames import Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.interop.arrow_types import Column
    from microcosm_sqlite.interop.scan import Scan


def make_relation(
    dataset: InstalledDataset,
    table: str,
    connection: DuckDBPyConnection | None = None,
    **selection: Unpack[Selection],
) -> DuckDBPyRelation:
    """Rows of a table as a relation, with enumerations as ENUM.

    Args:
        dataset: Whose table it is.
        table: The table's name.
        connection: What the relation belongs to; by default DuckDB's own connection.
        selection: Which of its columns and rows; see
            :class:`~microcosm_sqlite.catalog.frames.Frames`.
    """
    opened = _check_connection(connection)
    selection = keep_selection(selection)
    scan = plan_read(dataset, table, **selection)
    refuse_wide_decimals(empty_batch(scan).schema, "DuckDB")
    relation = _read_twin(scan, opened) if scan.twin else None
    if relation is not None:
        return relation
    source = _TableDataset(dataset, table, selection, scan)
    return _label(opened.from_arrow(source), source.sample)


def _check_connection(connection: DuckDBPyConnection | None) -> DuckDBPyConnection:
    """What the relation belongs to: the connection, or DuckDB itself, which has a default one."""
    if connection is not None and not hasattr(connection, "from_arrow"):
        raise TypeError(
            f"connection must be one of DuckDB's, such as duckdb.connect(), not {connection!r}."
        )
    return duckdb if connection is None else connection


def _read_twin(scan: Scan, connection: DuckDBPyConnection) -> DuckDBPyRelation | None:
    """The rows of a columnar twin, which DuckDB itself reads; None where it may not or cannot."""
    is_pattern = not set("*?[{").isdisjoint(scan.twin)  # what stands for several files
    if is_pattern:
        return None
    try:
        read = connection.read_parquet(scan.twin, hive_partitioning=False)
    except duckdb.PermissionException:
        return None
    if scan.rows:
        low, high = scan.rows
        read = read.filter(f"{quote_identifier(scan.rowid)} BETWEEN {low:d} AND {high:d}")
    chosen = _label(read.project(", ".join(map(_spell, scan.columns))), empty_batch(scan))
    return chosen if scan.limit is None else chosen.limit(scan.limit)


def _spell(column: Column) -> str:
    """SQL for a column of a twin.

    DuckDB takes durations of Parquet for whole numbers, and 1.4 takes times of day for those of a
    time zone.
    """
    quoted = quote_identifier(column.name)
    if pa.types.is_time(column.type):
        return f"CAST({quoted} AS TIME) AS {quoted}"
    if pa.types.is_duration(column.type):
        return f"to_microseconds({quoted}) AS {quoted}"
    return quoted


def to_relation(read: pa.Table, connection: DuckDBPyConnection | None = None) -> DuckDBPyRelation:
    """The rows of an Arrow table as a relation, with enumerations as ENUM."""
    refuse_wide_decimals(read.schema, "DuckDB")
    return _label(_check_connection(connection).from_arrow(read), read)


def _label(relation: DuckDBPyRelation, read: pa.Table | pa.RecordBatch) -> DuckDBPyRelation:
    """A relation whose enumerations, which DuckDB takes for texts, are ENUM."""
    labelled = [
        f"CAST({quoted} AS ENUM ({', '.join(map(quote_text, members))})) AS {quoted}"
        for name, members in list_members(read).items()
        for quoted in [quote_identifier(name)]
        if members
    ]
    return relation.project(f"* REPLACE ({', '.join(labelled)})") if labelled else relation


class _TableDataset(Dataset):  # type: ignore[misc]
    """What DuckDB takes for a dataset of Arrow."""

    def __init__(
        self, dataset: InstalledDataset, table: str, selection: Selection, scan: Scan
    ) -> None:
        # Arrow's own classes are not made by hand, so that theirs is not called.
        self._origin = dataset
        self._table = table
        self._selection = selection
        self._names = [column.name for column in scan.columns]
        self.sample = empty_batch(scan)

    @property
    def schema(self) -> pa.Schema:
        return self.sample.schema

    def scanner(
        self,
        columns: Sequence[str] | None = None,
        filter: pc.Expression | None = None,  # noqa: A002  # the name that DuckDB knows
        **_: object,
    ) -> _TableScanner:
        """What reads these columns, and the rows for which the filter is true."""
        wanted = self._names if columns is None else list(columns)
        text = _print_expression(filter)
        # Which columns a filter needs cannot be asked: those whose names are in its text.
        needed = [name for name in self._names if text is None or name in text]
        read = list(dict.fromkeys([*wanted, *needed]))
        narrowed: Selection = {**self._selection, "columns": read or self._names[:1]}
        scan = plan_read(self._origin, self._table, **narrowed)
        batches = stream(scan.filtered(lambda conditions: read_expression(text or "", conditions)))
        schema = pa.schema([self.schema.field(name) for name in wanted])
        chosen = _choose(batches, filter, wanted)
        return _TableScanner(pa.RecordBatchReader.from_batches(schema, chosen))


class _TableScanner(Scanner):  # type: ignore[misc]
    """What DuckDB takes for a scanner of Arrow."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._reader = reader

    @property
    def projected_schema(self) -> pa.Schema:
        return self._reader.schema

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows."""
        return self._reader


def _print_expression(expression: pc.Expression | None) -> str | None:
    """The text of an expression of Arrow, which has all names; None where Arrow cannot print it.

    It shortens the long texts of a list, and may cut them within a letter.
    """
    try:
        return "" if expression is None else str(expression)
    except UnicodeDecodeError:
        return None


def _choose(
    batches: pa.RecordBatchReader, predicate: pc.Expression | None, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if predicate is None:
            yield batch.select(columns)
        else:
            rows = pa.Table.from_batches([batch]).filter(predicate)
            yield from rows.select(columns).to_batches()
