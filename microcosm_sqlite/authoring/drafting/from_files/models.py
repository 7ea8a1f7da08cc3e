"""Models of tables that were inferred from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.drafted_model import (
    DraftedModel,
    Related,
    make_type,
    number_rows,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.model_names import (
    name_attributes,
    name_joint_relationships,
    name_relationships,
    name_row_number,
)
from microcosm_sqlite.common.kinds import INTEGER, KINDS, TEXT

_LENGTHS = (10, 20, 50, 100, 200, 500, 1000)
_ROOM = 1.5
"""How much longer than those at hand the texts to come may be, as a factor."""


def declare_models(
    tables: Mapping[str, InferredTable], classes: Mapping[str, str]
) -> list[DraftedModel]:
    """Return a model for each table, in the same order.

    Args:
        tables: The tables.
        classes: The class of each table.
    """
    metadata = sa.MetaData()
    return [_declare(table, classes, metadata) for table in tables.values()]


def _declare(
    table: InferredTable, classes: Mapping[str, str], metadata: sa.MetaData
) -> DraftedModel:
    columns = [_make_column(column, table) for column in table.columns.values()]
    if not table.primary_key:
        columns.insert(0, number_rows(name_row_number(table.columns)))
    attributes = name_attributes(column.name for column in columns)
    related = tuple(_list_related(table, attributes, classes))
    return DraftedModel(
        sa.Table(table.name, metadata, *columns, *_list_joint_keys(table)),
        classes[table.name],
        attributes,
        related,
        comments={column.name: tuple(column.suggestions) for column in table.columns.values()},
    )


def _list_joint_keys(table: InferredTable) -> Iterator[sa.ForeignKeyConstraint]:
    for columns, parent, keys in table.references:
        yield sa.ForeignKeyConstraint(columns, [f"{parent}.{key}" for key in keys])


def _make_column(column: InferredColumn, table: InferredTable) -> sa.Column[Any]:
    is_key = column.name in table.primary_key
    keys = [sa.ForeignKey(".".join(column.reference))] if column.reference else []
    return sa.Column(
        column.name,
        _choose_type(column, is_key=is_key),
        *keys,
        primary_key=is_key,
        nullable=column.is_nullable,
        unique=(column.is_unique and not is_key) or None,
        index=(bool(column.reference) and not (is_key or column.is_unique)) or None,
        comment=column.header if column.header not in ("", column.name) else None,
    )


def _choose_type(column: InferredColumn, *, is_key: bool) -> sa.types.TypeEngine[Any]:
    if column.labels:
        return sa.Enum(*column.labels)
    if column.kind == INTEGER and column.is_long and not is_key:
        return sa.BigInteger()
    if column.kind == TEXT and column.length:
        lengths = (length for length in _LENGTHS if length >= _ROOM * column.length)
        return sa.String(next(lengths)) if column.length * _ROOM <= _LENGTHS[-1] else sa.Text()
    return make_type(KINDS[column.kind])


def _list_related(
    table: InferredTable, attributes: Mapping[str, str], classes: Mapping[str, str]
) -> Iterator[Related]:
    names = name_relationships(table, attributes)
    for name, relationship in names.items():
        column = table.columns[name]
        parent, key = column.reference or ("", "")
        yield Related(
            relationship,
            classes[parent],
            is_optional=column.is_nullable,
            foreign_keys=(attributes[name],),
            remote_side=(attributes[key],) if parent == table.name else (),
        )
    joint = name_joint_relationships(table, attributes, names.values())
    for relationship, (columns, parent, _) in zip(joint, table.references, strict=True):
        yield Related(
            relationship,
            classes[parent],
            is_optional=any(table.columns[name].is_nullable for name in columns),
            foreign_keys=tuple(attributes[name] for name in columns),
        )
