"""Tables as Spark data frames, through Spark's Python data sources.

>>> spark.dataSource.register(DatasetSource)                          # doctest: +SKIP
>>> source = spark.read.format("microcosm_sqlite")                    # doctest: +SKIP
>>> source.option("dataset", "nycflights13").option("table", "flights").load()  # doctest: +SKIP

Each task reads a range of rowids from the copy that is installed where it runs. Options:
``dataset`` and ``table``; ``columns``, names separated by commas, since Spark does not tell a
Python source which ones a query needs; ``where``, a condition for SQLite, as after WHERE in SQL;
``partitions``, how many.

Conditions of Spark's own are judged by Spark. It can offer them to a source, but Spark 4.1 to 4.3
then keeps them for later queries of the same frame, whose rows would be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.common.arguments import read_number
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql.types import StructType

    from microcosm_sqlite.catalog.frames import Rows
    from microcosm_sqlite.interop.scan import Scan

with extra("spark"):
    import pyarrow as pa
    from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    from microcosm_sqlite.interop.reader import Copy, read_batches, schema_of, split_scan
    from microcosm_sqlite.interop.scan import plan_scan


class DatasetSource(DataSource):  # type: ignore[misc]
    """The format ``microcosm_sqlite``."""

    @classmethod
    def name(cls) -> str:
        """The name of the format for ``spark.read.format``."""
        return "microcosm_sqlite"

    def schema(self) -> StructType:
        """The columns that are read, with Spark's types for those of the models."""
        fields = [
            field.with_type(pa.string()) if _is_unknown(field.type) else field
            for field in schema_of(_plan(self.options))
        ]
        return from_arrow_schema(pa.schema(fields), prefer_timestamp_ntz=True)

    def reader(self, schema: StructType) -> TableReader:
        """Read the columns of a schema: ours, or one that the user gives to choose columns."""
        return TableReader(self.options, schema)


class Range(InputPartition):  # type: ignore[misc]
    """The rowids that one task reads; None stands for all rows."""

    def __init__(self, rows: Rows | None) -> None:
        super().__init__(rows)
        self.rows = rows


class TableReader(DataSourceReader):  # type: ignore[misc]
    """One read of one table: planned once, then sent to every task."""

    def __init__(self, options: Mapping[str, str], schema: StructType) -> None:
        scan = _plan({**options, "columns": ",".join(schema.names)})
        self.copy = Copy.of(dataset(options["dataset"]))
        self.table = scan.table
        self.schema = schema
        self.ranges = split_scan(scan, _read_partitions(options), "partitions")
        self.where = options.get("where")

    def partitions(self) -> Sequence[Range]:
        """A range of rowids for each task."""
        return [Range(rows) for rows in self.ranges]

    def read(self, partition: Range) -> Iterator[pa.RecordBatch]:
        """The rows of one task, from the copy that is installed where it runs."""
        target = to_arrow_schema(self.schema)
        with read_batches(
            self.copy.find(),
            self.table,
            columns=self.schema.names,
            where=self.where,
            rows=partition.rows,
        ) as batches:
            for batch in batches:
                yield batch.cast(target)


def _is_unknown(type_: pa.DataType) -> bool:
    """Spark has no categories, and refuses most of what can be done with times of day."""
    return bool(pa.types.is_dictionary(type_) or pa.types.is_time(type_))


def _read_partitions(options: Mapping[str, str]) -> int | None:
    given = options.get("partitions")
    return None if given is None else read_number("partitions", given)


def _plan(options: Mapping[str, str]) -> Scan:
    for name in ("dataset", "table"):
        if name not in options:
            raise QueryError(
                f"Option `{name}` of format `microcosm_sqlite` is not given.",
                hint=f"Add .option({name!r}, ...) before .load().",
            )
    columns = [name.strip() for name in options.get("columns", "").split(",") if name.strip()]
    found, where = dataset(options["dataset"]), options.get("where")
    return plan_scan(found, options["table"], columns or None, where)
