"""Tables as Spark data frames, through Spark's Python data sources.

>>> spark.dataSource.register(DatasetSource)                          # doctest: +SKIP
>>> source = spark.read.format("microcosm_sqlite")                    # doctest: +SKIP
>>> source.option("dataset", "nycflights13").option("table", "flights").load()  # doctest: +SKIP

Each task reads a range of rowids from the copy that is installed where it runs. Options:
``dataset`` and ``table``; ``columns``, names separated by commas, since Spark does not tell a
Python source which ones a query needs; ``partitions``, how many. Conditions are left to SQLite
once ``spark.sql.python.filterPushdown.enabled`` is set to true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop.reader import Copy, read_batches, schema_of, split_scan
from microcosm_sqlite.interop.scan import plan_scan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pyspark.sql.datasource import Filter
    from pyspark.sql.types import StructType

    from microcosm_sqlite.catalog.frames import Rows
    from microcosm_sqlite.interop.scan import Scan

    Condition = tuple[str, list[Any]]

with extra("spark"):
    import pyarrow as pa
    from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema


class DatasetSource(DataSource):  # type: ignore[misc]
    """The format ``microcosm_sqlite``."""

    @classmethod
    def name(cls) -> str:
        """What ``spark.read.format`` takes."""
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
        self.ranges = split_scan(scan, int(options.get("partitions") or 0))
        self.comparable = {column.name for column in scan.columns if column.is_comparable}
        self.where: list[str] = []
        self.params: list[Any] = []

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:  # noqa: N802  # Spark's name
        """Take over the conditions that SQLite judges as Spark would; give the others back."""
        for filter_ in filters:
            condition = to_condition(filter_, self.comparable)
            if condition is None:
                yield filter_
            else:
                self.where.append(condition[0])
                self.params.extend(condition[1])

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
            where=" AND ".join(self.where) or None,
            params=self.params or None,
            rows=partition.rows,
        ) as batches:
            for batch in batches:
                yield batch.cast(target)


def _is_unknown(type_: pa.DataType) -> bool:
    """Spark has no categories, and refuses most of what can be done with times of day."""
    return bool(pa.types.is_dictionary(type_) or pa.types.is_time(type_))


def _plan(options: Mapping[str, str]) -> Scan:
    for name in ("dataset", "table"):
        if name not in options:
            raise QueryError(
                f"Option `{name}` of format `microcosm_sqlite` is not given.",
                hint=f"Add .option({name!r}, ...) before .load().",
            )
    columns = [name.strip() for name in options.get("columns", "").split(",") if name.strip()]
    return plan_scan(dataset(options["dataset"]), options["table"], columns or None)


with extra("spark"):
    from pyspark.sql import datasource as spark

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
