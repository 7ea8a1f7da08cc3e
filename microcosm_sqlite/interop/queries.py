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

    _Chunk = dict[type, pa.Array]

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
        QueryError: SQLite does not accept it, it has no result, or a column mixes bytes and other
            values.
        DatasetError: A dataset cannot be found, opened or read.
    """
    with (
        closing(dataset.connect(attach)) as connection,
        answering(dataset, sql, params or (), opened=connection) as answer,
    ):
        answer.require_columns()
        names = distinguish(answer.columns)
        chunks: list[list[_Chunk]] = [[] for _ in names]
        while rows := answer.rows.fetchmany(_BATCH_ROWS):
            for collected, values in zip(chunks, zip(*rows, strict=True), strict=True):
                collected.append(_split(values))
        datasets = {"main": dataset} | {name.lower(): find_dataset(name) for name in attach}
        sources = find_sources(connection, datasets, sql, len(names))
    columns = map(_choose_type, sources)
    joined = map(_join, names, chunks)
    return pa.table(list(starmap(_type_column, zip(joined, columns, strict=True))), names)


def _split(values: Sequence[Any]) -> _Chunk:
    """Some values of a column: those of each type as an array, which is NULL where others are.

    What they are together is known only when all have been read.
    """
    kinds = set(map(type, values)) - {NoneType}
    if len(kinds) <= 1:
        return {kind: pa.array(values, _TYPES[kind]) for kind in kinds or {NoneType}}
    return {
        kind: pa.array([each if type(each) is kind else None for each in values], _TYPES[kind])
        for kind in kinds
    }


def _join(name: str, chunks: Sequence[_Chunk]) -> pa.ChunkedArray:
    """A column of the narrowest type that holds all of its values."""
    kinds = {kind for chunk in chunks for kind in chunk} - {NoneType}
    if bytes in kinds and len(kinds) > 1:
        raise QueryError(
            f"Column {name!r} of the answer has bytes and other values.",
            hint="Write CAST(... AS BLOB), or read it through connect().",
        )
    type_ = next((_TYPES[kind] for kind in _TYPES if kind in kinds), pa.null())
    return pa.chunked_array([_unite(chunk, type_) for chunk in chunks], type_)


def _unite(chunk: _Chunk, type_: pa.DataType) -> pa.Array:
    first, *others = (_widen(array, type_) for array in chunk.values())
    if not others:
        return first
    import pyarrow.compute as pc

    return pc.coalesce(first, *others)


def _widen(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """Values as a wider type has them: a float as Python writes it, the nearest float."""
    if type_ == pa.string() and array.type == pa.float64():
        return pa.array([None if each is None else str(each) for each in array.to_pylist()], type_)
    return array if array.type == type_ else array.cast(type_, safe=False)


_TYPES = {
    bytes: pa.binary(),
    str: pa.string(),
    float: pa.float64(),
    int: pa.int64(),
    NoneType: pa.null(),
}
"""The type of each kind of value, the widest first."""


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
