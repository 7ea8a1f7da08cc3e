"""Tables of models in the words of Table Schema: columns, keys and indexes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from microcosm_sqlite.authoring.project.models import describe_key
from microcosm_sqlite.authoring.values.kind_values import find_type_kind, undecorate
from microcosm_sqlite.authoring.values.own_forms import find_own_form
from microcosm_sqlite.errors import SettingsError
from microcosm_sqlite.orm.external_keys import external_keys
from microcosm_sqlite.orm.types import EnumType


def describe_index(index: sa.Index) -> dict[str, Any]:
    """An index: its name, its columns or expressions, and whether it is unique."""
    fields = [part.name if isinstance(part, sa.Column) else str(part) for part in index.expressions]
    return {"name": index.name, "fields": fields, "unique": bool(index.unique)}


def describe_schema(table: sa.Table) -> dict[str, Any]:
    """A table in Table Schema v2."""
    schema: dict[str, Any] = {"fields": [describe_field(column) for column in table.columns]}
    primary = [column.name for column in table.primary_key.columns]
    if primary:
        schema["primaryKey"] = primary
    unique = sorted(
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
    )
    if unique:
        schema["uniqueKeys"] = unique
    keys = sorted(map(_describe_foreign_key, table.foreign_key_constraints), key=str)
    if keys:
        schema["foreignKeys"] = keys
    return schema


def _describe_foreign_key(constraint: sa.ForeignKeyConstraint) -> dict[str, Any]:
    if constraint in external_keys(constraint.table):
        key = describe_key(constraint)
        reference = {
            "package": key.dataset,
            "resource": key.target,
            "fields": list(key.referred),
        }
        return {"fields": list(key.columns), "reference": reference}
    target = constraint.referred_table.name
    return {
        "fields": [column.name for column in constraint.columns],
        "reference": {
            "resource": "" if target == constraint.table.name else target,
            "fields": [element.column.name for element in constraint.elements],
        },
    }


def describe_field(column: sa.Column[Any]) -> dict[str, Any]:
    """A column as a field of Table Schema v2."""
    kind = find_type_kind(column.type)
    described: dict[str, Any] = {"name": column.name, "type": kind.field_type if kind else "any"}
    form = kind and (find_own_form(undecorate(column.type), kind) or kind.format)
    if form:
        described["format"] = form
    text = column.comment or column.doc
    if text:
        described["description"] = text
    place = f"column `{column.name}` of table `{column.table.name}`"
    info = read_info(column.info, {"unit": str, "labels": dict, "deprecated": str}, place)
    labels = info.pop("labels", {})
    if labels:
        described["categories"] = [
            {"value": _read_code(code, described["type"]), "label": label}
            for code, label in labels.items()
        ]
    described |= info
    constraints = _describe_constraints(column)
    if constraints:
        described["constraints"] = constraints
    return described


def read_info(info: Mapping[str, Any], known: Mapping[str, type], place: str) -> dict[str, Any]:
    """The part of a model's `info` that goes into the manifest.

    Raises:
        SettingsError: It is of another type than it has to be.
    """
    found = {}
    for key, kind in known.items():
        value = info.get(key)
        texts = value.values() if isinstance(value, dict) else (value,)
        if value and not (isinstance(value, kind) and all(isinstance(t, str) for t in texts)):
            told = "a text" if kind is str else "a table of texts"
            raise SettingsError(
                f"{place[0].upper()}{place[1:]} has {value!r} as {key!r} in its `info`.",
                hint=f"Make it {told}, or use another key.",
            )
        if value:
            found[key] = value
    return found


def _read_code(code: object, field_type: str) -> object:
    """A code as values of its column are."""
    text = str(code)
    is_whole = field_type == "integer" and text.removeprefix("-").isdecimal() and text.isascii()
    return int(text) if is_whole else text


def _describe_constraints(column: sa.Column[Any]) -> Mapping[str, Any]:
    constraints: dict[str, Any] = {}
    type_ = undecorate(column.type)
    if not column.nullable:
        constraints["required"] = True
    labels = _list_labels(column.type)
    if labels:
        constraints["enum"] = labels
    elif isinstance(type_, types.String) and type_.length is not None:
        constraints["maxLength"] = type_.length
    return constraints


def _list_labels(type_: types.TypeEngine[Any]) -> list[str]:
    """The texts that an enumeration stores; none for another type."""
    if isinstance(type_, EnumType):
        return [member.name for member in type_.enum_class]
    if isinstance(type_, types.TypeDecorator):
        return _list_labels(type_.impl_instance)
    return list(type_.enums) if isinstance(type_, types.Enum) else []
