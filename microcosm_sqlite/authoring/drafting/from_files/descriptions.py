"""Put what is known of the meaning of columns into inferred tables, and so into their models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.codebook import Codebook
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.sources.formats import split_name
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription


def describe_columns(table: InferredTable, described: Mapping[str, ColumnDescription]) -> None:
    """Give the columns of a table their descriptions; what was said of them before stays.

    Args:
        table: The table.
        described: Column, by its name in the database or in the source, to what it means.
    """
    for column in table.columns.values():
        for name in (column.name, column.header):
            if name in described:
                column.described = column.described.over(described[name])


def describe_tables(
    tables: Mapping[str, InferredTable],
    codebook: Codebook,
    declared: Iterable[sa.Table] = (),
    there: Mapping[str, InferredTable] | None = None,
) -> Iterator[str]:
    """Give tables and columns what a codebook says of them, in place of what was said before.

    Args:
        tables: The tables of files.
        codebook: The codebook.
        declared: The tables of databases.
        there: The tables that there were before, which stay as they are.

    Yields:
        What the codebook describes though it is not there, as sentences.
    """
    known = {name: [*table.columns] for name, table in (there or {}).items()}
    for table in tables.values():
        names = list_names(table.name, table.file.path)
        table.description = codebook.find_table(names) or table.description
        for column in table.columns.values():
            describe_column(column, codebook, names)
        headers = [each for c in table.columns.values() for each in (c.name, c.header)]
        known |= dict.fromkeys(names, headers)
    for made in declared:
        made.comment = codebook.find_table([made.name]) or made.comment
        for declared_column in made.columns:
            found = codebook.find_column([made.name], [declared_column.name])
            declared_column.comment = found.description or declared_column.comment
            declared_column.info.update(found.info)
        known[made.name] = [*made.columns.keys()]
    yield from codebook.list_unknown(known)


def describe_column(
    column: InferredColumn, codebook: Codebook, tables: Iterable[str]
) -> InferredColumn:
    """Give one column what a codebook says of it, and return it.

    Args:
        column: The column.
        codebook: The codebook.
        tables: The names of its table.
    """
    found = codebook.find_column(tables, (column.name, column.header))
    column.described = found.over(column.described)
    return column


def list_names(table: str, file: Path) -> list[str]:
    """The names of a table: its own, and that of its file."""
    return list(dict.fromkeys(filter(None, (table, split_name(file)[0]))))
