"""Answers to statements as Arrow tables, with the types of the columns that they come from."""

from __future__ import annotations

from contextlib import closing
from itertools import starmap
from types import NoneType
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.registry import dataset as find_dataset
from microcosm_sqlite.catalog.results import find_sources
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import QueryError, SchemaMismatchError
from microcosm_sqlite.interop.arrow_types import describe_column
from microcosm_sqlite.interop.exporting.answers import answering
from microcosm_sqlite.interop.exporting.text_formats import distinguish

with extra("arrow"):
    import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from microcosm_sqlite.catalog.frames import Parameters
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.results import Source
    from microcosm_sqlite.interop.arrow_types import Column

_BATCH_ROWS = 10_000
"""Rows that are held as values of Python at a time."""


def read_query(
    dataset: InstalledDataset,
    sql: str,
    params: Parameters | None = None,
    attach: Sequence[str] = (),
) -> pa.Table:
    """The answer to a statement.

    Args:
        dataset: Which dataset answers.
        sql: One statement.
        params: The values of its parameters.
        attach: Names of other datasets that it uses.

    Raises:
        QueryError: SQLite does not accept it, or a column mixes bytes and other values.
        DatasetError: A dataset cannot be found, opened or read.
    """
    with (
        closing(dataset.connect(attach)) as connection,
        answering(dataset, sql, params or (), opened=connection) as answer,
    ):
        names = distinguish(answer.columns)
        chunks: list[list[pa.Array]] = [[] for _ in names]
        while rows := answer.rows.fetchmany(_BATCH_ROWS):
            for name, collected, values in zip(names, chunks, zip(*rows, strict=True), strict=True):
                collected.append(_make_array(name, values))
        datasets = {"main": dataset} | {name.lower(): find_dataset(name) for name in attach}
        sources = find_sources(connection, datasets, sql, len(names))
    columns = map(_choose_type, sources)
    return pa.table(
        list(starmap(_type_column, zip(map(_join, chunks), columns, strict=True))), names
    )


def _make_array(name: str, values: Sequence[Any]) -> pa.Array:
    """Some values of a column, of the narrowest type that holds them."""
    kinds = set(map(type, values)) - {NoneType}
    if bytes in kinds and len(kinds) > 1:
        raise QueryError(
            f"Column {name!r} of the answer has bytes and other values.",
            hint="Write CAST(... AS BLOB), or read it through connect().",
        )
    if str in kinds and len(kinds) > 1:
        return pa.array([None if value is None else str(value) for value in values])
    return pa.array(values, pa.float64() if float in kinds else None)


def _join(chunks: Sequence[pa.Array]) -> pa.ChunkedArray:
    """A column of the narrowest type that holds all of its chunks."""
    types = {chunk.type for chunk in chunks} - {pa.null()}
    widest = next(filter(types.__contains__, _WIDTHS), pa.null())
    return pa.chunked_array([chunk.cast(widest, safe=False) for chunk in chunks], widest)


_WIDTHS = (pa.binary(), pa.string(), pa.float64(), pa.int64())


def _choose_type(sources: Sequence[Source]) -> Column | None:
    """The column that a column of the answer is like; None where there is none, or several."""
    kinds = {
        (field.type, field.format, declared, str(field.constraints.get("enum")))
        for field, declared in sources
    }
    return describe_column(*sources[0]) if len(kinds) == 1 else None


def _type_column(read: pa.ChunkedArray, column: Column | None) -> pa.ChunkedArray:
    """A column of an answer as the one that it comes from, unless a value does not fit that."""
    if column is None:
        return read
    is_widened = pa.types.is_integer(read.type) and pa.types.is_floating(column.stored_type)
    if read.type not in (column.stored_type, pa.null()) and not is_widened:
        return read
    try:
        chunks = [column.convert(chunk, "") for chunk in read.chunks]
        empty = column.convert(pa.nulls(0, column.stored_type), "")
    except SchemaMismatchError:
        return read
    return pa.chunked_array(chunks or [empty])
