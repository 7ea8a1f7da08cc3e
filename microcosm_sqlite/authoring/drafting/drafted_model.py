"""A drafted model: a table of SQLAlchemy, and what that does not say of its class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.values.kind_values import import_type
from microcosm_sqlite.common.kinds import Kind


@dataclass(frozen=True)
class Related:
    """One attribute that leads to rows of another table, or of the same.

    Attributes:
        name: The attribute.
        target: The class of these rows.
        is_list: Whether there may be several.
        is_optional: Whether there may be none.
        back: The attribute that leads back.
        foreign_keys: Attributes of the columns that refer, where it has to be said which; with
            their class in front where it is another one.
        remote_side: Attributes of the columns at the other end, of the same table.
        secondary: The class of the table that lies between.
    """

    name: str
    target: str
    is_list: bool = False
    is_optional: bool = False
    back: str = ""
    foreign_keys: tuple[str, ...] = ()
    remote_side: tuple[str, ...] = ()
    secondary: str = ""


@dataclass(frozen=True)
class FullText:
    """The searched part of a table.

    Attributes:
        columns: The columns.
        options: Options of FTS5.
    """

    columns: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftedModel:
    """One table and what it is called in Python.

    Attributes:
        table: The table. A column that numbers the rows says `autoincrement=True`.
        name: The class.
        attributes: Column to attribute.
        related: Attributes that lead to other rows.
        full_text: What of the table is searched, if anything.
        comments: Column to what it may be, where nobody is sure, as sentences.
    """

    table: sa.Table
    name: str
    attributes: Mapping[str, str]
    related: tuple[Related, ...] = ()
    full_text: FullText | None = None
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def number_rows(name: str) -> sa.Column[Any]:
    """Make the column that numbers the rows of a table without a key of its own."""
    return sa.Column(
        name,
        sa.Integer,
        primary_key=True,
        autoincrement=True,
        comment="Number of the row in the source, from 1",
    )


def make_type(kind: Kind) -> sa.types.TypeEngine[Any]:
    """Make the type of SQLAlchemy that columns of a kind have in models, without sizes."""
    return import_type(kind.model_type)()


def escape_colons(sql: str) -> str:
    """SQL for `sqlalchemy.text`, which takes a word behind a colon for a parameter."""
    return re.sub(r"(?=:\w)", r"\\", sql)


def read_colons(sql: str) -> str:
    """SQL as it was in front of `escape_colons`."""
    return re.sub(r"\\(?=:\w)", "", sql)
