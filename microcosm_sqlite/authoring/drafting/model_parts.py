"""Arguments in a model for the declarations of SQLAlchemy's tables and columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.code_layout import Call, Node, quote, write_dict
from microcosm_sqlite.authoring.values.kind_values import find_type_kind
from microcosm_sqlite.common.kinds import JSON, KINDS, TEXT


def list_options(column: sa.Column[Any]) -> Iterator[Node]:
    """The arguments of a column that say more than its type and its references."""
    if column.primary_key:
        yield "primary_key=True"
        is_alone = len(column.table.primary_key.columns) == 1
        if is_alone and isinstance(column.type, sa.Integer) and column.autoincrement is not True:
            yield "autoincrement=False"
    if column.unique:
        yield "unique=True"
    if column.index:
        yield "index=True"
    if column.comment:
        yield f"comment={quote(column.comment)}"
    if column.info:
        yield write_dict("info=", column.info)


def list_checks(table: sa.Table) -> list[Any]:
    """The checks of a table, sorted by their text."""
    checks = [each for each in table.constraints if isinstance(each, sa.CheckConstraint)]
    return sorted(checks, key=lambda check: str(check.sqltext))


def name_check(table: sa.Table, text: str) -> str:
    """Return the column that a check is about, as far as that can be seen."""
    words = re.findall(r"\w+", text)
    return next((word for word in words if word in table.columns), "rows")


def find_annotation(type_: sa.types.TypeEngine[Any]) -> str:
    """Return the Python type of a column's values, as an annotation spells it."""
    if isinstance(type_, sa.types.NullType):
        return KINDS[JSON].annotation
    return (find_type_kind(type_) or KINDS[TEXT]).annotation


def find_module(type_: sa.types.TypeEngine[Any]) -> str:
    """Return the module that models import a type from; empty where there is none."""
    name, kind = type(type_).__name__, find_type_kind(type_)
    if isinstance(getattr(sa, name, None), type):
        return "sqlalchemy"
    module, _, known = kind.model_type.partition(":") if kind else ("", "", "")
    return module if known == name else ""


def find_importable(type_: sa.types.TypeEngine[Any]) -> type[sa.types.TypeEngine[Any]]:
    """Return the class of a type that models can import: its own, or one that it derives from.

    SQLAlchemy reflects types that only its dialect has, such as JSONB.
    """
    bases = (each for each in type(type_).__mro__ if issubclass(each, sa.types.TypeEngine))
    return next((each for each in bases if find_module(each())), type(type_))


def list_actions(constraint: sa.ForeignKeyConstraint | None) -> Iterator[str]:
    """The actions of a foreign key when the row that it refers to changes, as arguments."""
    for name in ("ondelete", "onupdate"):
        if action := getattr(constraint, name, None):
            yield f"{name}={quote(action)}"


def is_single(constraint: sa.ForeignKeyConstraint | None) -> bool:
    """Whether it is a foreign key of one column, so that its column says it."""
    return constraint is not None and len(constraint.columns) == 1


def list_texts(names: Iterable[str]) -> Node:
    """A list of texts."""
    return Call("[", list(map(quote, names)), "]")
