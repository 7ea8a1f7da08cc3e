"""Models for a dataset that brings none, drafted from its file and its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import inflection
import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.database_text import ModelWriter
from microcosm_sqlite.authoring.drafting.from_databases.models import DraftedModel
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.authoring.values.column_names import make_identifier
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest import Field, Table
from microcosm_sqlite.catalog.structure import describe_structure, field_type_of
from microcosm_sqlite.common.sql import name_rowid

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "integer": sa.Integer,
    "year": sa.Integer,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "time": sa.Time,
    "duration": sa.Interval,
    "object": sa.JSON,
    "array": sa.JSON,
}
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL)(?:\((\d+)(?:, ?(\d+))?\))?")


def draft_models(found: InstalledDataset, name: str = "") -> str:
    """The source of a module that declares a model for each table of a dataset.

    Rows are not read, as they are for the models of a new project: the columns' types are those
    that the manifest or the file declares.

    Args:
        found: The dataset.
        name: What the models call it; the dataset's own name unless given.

    Raises:
        DatasetError: It cannot be opened.
    """
    name = name or found.name
    identifier = make_identifier(name) or "some"
    base = f"{inflection.camelize(identifier)}Data"
    classes = name_classes(found.tables, base)
    with closing(found.connect()) as connection:
        structure = describe_structure(connection)
    writer = ModelWriter(base)
    metadata = sa.MetaData()
    for table in found.tables.values():
        declared = {column: type_ for column, type_, *_ in structure.get(table.name, ())}
        made = _declare(table, declared, metadata)
        attributes = name_attributes(made.columns.keys())
        writer.write([DraftedModel(made, classes[table.name], attributes, (), ())], {})
    about = f"Models of {identifier}, drafted from what its tables declare."
    return writer.write_module(about, dataset=name, description="The tables").rstrip("\n")


def _declare(table: Table, declared: Mapping[str, str], metadata: sa.MetaData) -> sa.Table:
    rowid = [] if table.primary_key else [_number_rows(table)]
    columns = [_make_column(table, field, declared.get(field.name, "")) for field in table.fields]
    return sa.Table(table.name, metadata, *rowid, *columns, *_list_keys(table))


def _number_rows(table: Table) -> sa.Column[Any]:
    """A model needs a key; a table without one has the number by which SQLite knows its rows."""
    name = name_rowid(field.name for field in table.fields)
    return sa.Column(name, sa.Integer, primary_key=True)


def _make_column(table: Table, field: Field, declared: str) -> sa.Column[Any]:
    is_key = field.name in table.primary_key
    return sa.Column(
        field.name,
        _choose_type(field, declared),
        primary_key=is_key,
        nullable=not (field.required or is_key),
        comment=field.description or None,
    )


def _list_keys(table: Table) -> Iterator[sa.Constraint]:
    for columns in table.unique_keys:
        yield sa.UniqueConstraint(*columns)
    for key in table.foreign_keys:
        referred = [f"{table.target_of(key)}.{column}" for column in key["reference"]["fields"]]
        yield sa.ForeignKeyConstraint(key["fields"], referred)


def _choose_type(field: Field, declared: str) -> sa.types.TypeEngine[Any]:
    kind = field_type_of(declared) if field.type == "any" else field.type
    if kind == "string":
        return _choose_text_type(field, declared)
    if kind in ("integer", "year") and "BIGINT" in declared:
        return sa.BigInteger()
    decimal = _DECIMAL.match(declared)
    if kind == "number" and decimal:
        precision, scale = (int(size) if size else None for size in decimal.groups())
        return sa.Numeric(precision, scale)
    return _TYPES.get(kind, sa.types.NullType)()


def _choose_text_type(field: Field, declared: str) -> sa.types.TypeEngine[Any]:
    members: list[Any] = field.constraints.get("enum") or []
    if field.format == "binary" or "BLOB" in declared:
        return sa.LargeBinary()
    if field.format == "uuid":
        return sa.Uuid()
    if members:
        return sa.Enum(*map(str, members))
    length = field.constraints.get("maxLength")
    return sa.String(length) if length else sa.Text()
