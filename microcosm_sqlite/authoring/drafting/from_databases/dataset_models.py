"""Models for a dataset that brings none, drafted from its file and its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import inflection
import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel, make_type
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest_tables import Field, Table
from microcosm_sqlite.catalog.structure import describe_structure
from microcosm_sqlite.common.kinds import (
    DECIMAL,
    INTEGER,
    LABEL,
    TEXT,
    find_decimal_size,
    find_declared_kind,
    find_kind,
)
from microcosm_sqlite.common.sql import name_rowid
from microcosm_sqlite.errors import DatasetError


def draft_models(dataset: InstalledDataset, name: str = "") -> str:
    """Return the source of a module that declares a model for each table of a dataset.

    Rows are not read, as they are for the models of a new project: the columns' types are those
    that the manifest or the file declares.

    Args:
        dataset: The dataset.
        name: What the models call it; the dataset's own name unless given.

    Raises:
        DatasetError: It cannot be opened, or a table is one that no model can read.
    """
    name = name or dataset.name
    identifier = make_identifier(name) or "some"
    base = f"{inflection.camelize(identifier)}Data"
    classes = name_classes(dataset.tables, base)
    with closing(dataset.connect()) as connection:
        structure = describe_structure(connection)
    metadata = sa.MetaData()
    models = []
    for table in dataset.tables.values():
        declared = {column: type_ for column, type_, *_ in structure.get(table.name, ())}
        made = _declare(table, declared, metadata)
        attributes = name_attributes(made.columns.keys())
        models.append(DraftedModel(made, classes[table.name], attributes))
    writer = ModelWriter(base, classes.values())
    writer.write(models)
    about = f"Models of {identifier}, drafted from what its tables declare."
    return writer.write_module(about, dataset=name, description="The tables").rstrip("\n")


def _declare(table: Table, declared: Mapping[str, str], metadata: sa.MetaData) -> sa.Table:
    if not all(field.name for field in table.fields):
        raise DatasetError(
            f"Table {table.name!r}: a column has no name, so no model can be written of it.",
            hint="Give it a name where the database is made.",
        )
    rowid = [] if table.primary_key else [_make_rowid(table)]
    columns = [_make_column(table, field, declared.get(field.name, "")) for field in table.fields]
    try:
        return sa.Table(table.name, metadata, *rowid, *columns, *_list_keys(table))
    except (sa.exc.ArgumentError, sa.exc.InvalidRequestError) as error:
        raise DatasetError(
            f"Table {table.name!r} is described in a way that no model can have: {error}"
        ) from error


def _make_rowid(table: Table) -> sa.Column[Any]:
    """A model needs a key; a table without one has the number by which SQLite knows its rows."""
    name = name_rowid(field.name for field in table.fields)
    if not name:
        raise DatasetError(
            f"Table {table.name!r} has no key, and its columns take all names of the rowid.",
            hint="Give it a primary key, or rename the column rowid, _rowid_ or oid.",
        )
    return sa.Column(name, sa.Integer, primary_key=True)


def _make_column(table: Table, field: Field, declared: str) -> sa.Column[Any]:
    is_key = field.name in table.primary_key
    told = {"unit": field.unit, "labels": field.labels, "deprecated": field.deprecated}
    return sa.Column(
        field.name,
        _choose_type(field, declared),
        primary_key=is_key,
        nullable=not (field.required or is_key),
        comment=field.description or None,
        info={key: value for key, value in told.items() if value},
    )


def _list_keys(table: Table) -> Iterator[sa.Constraint]:
    if table.primary_key:
        yield sa.PrimaryKeyConstraint(*table.primary_key)
    for columns in table.unique_keys:
        yield sa.UniqueConstraint(*columns)
    for key in table.foreign_keys:
        referred = [f"{table.target_of(key)}.{column}" for column in key["reference"]["fields"]]
        yield sa.ForeignKeyConstraint(key["fields"], referred)


def _choose_type(field: Field, declared: str) -> sa.types.TypeEngine[Any]:
    labels = field.constraints.get("enum")
    labels = labels if isinstance(labels, list) else []
    if field.type == "any":
        kind = find_declared_kind(declared)
    else:
        kind = find_kind(field.type, field.format, declared, has_labels=bool(labels))
    if kind is None:
        return sa.types.NullType()
    length = field.constraints.get("maxLength")
    if kind.name == LABEL:
        return sa.Enum(*map(str, labels))
    if kind.name == TEXT and type(length) is int and length > 0:
        return sa.String(length)
    if kind.name == INTEGER and "BIGINT" in declared:
        return sa.BigInteger()
    if kind.name == DECIMAL:
        size = find_decimal_size(declared)
        return sa.Numeric(*size) if size else sa.Double()
    return make_type(kind)
