"""The tables inferred from a folder of files, and the models that they make.

Tables, columns, keys and references are here as they were found; `declare_models` makes tables of
SQLAlchemy of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.drafted_model import (
    DraftedModel,
    Related,
    make_type,
    number_rows,
)
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.tally import Tally
from microcosm_sqlite.authoring.drafting.model_names import (
    name_attributes,
    name_joint_relationships,
    name_relationships,
    name_row_number,
)
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.values.kind_values import find_type_kind
from microcosm_sqlite.common.kinds import (
    BINARY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    JSON,
    KINDS,
    LABEL,
    NUMBER,
    TEXT,
    TIME,
)
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

KEY_LENGTH = 64
_NO_KEYS = {NUMBER, BOOLEAN, TIME, DURATION, BINARY, JSON}


@dataclass
class InferredColumn:
    """One column.

    Attributes:
        name: Its name in the database.
        header: Its name in the source.
        kind: One of the kinds of `guessing`.
        is_nullable: Whether a row has nothing in it.
        length: Characters of its longest text.
        is_long: Whether a whole number of it is beyond 32 bits.
        is_unique: Whether no two rows have the same, and the column is not the key.
        reference: The table and column that all its values are found in, if any.
        evidence: Why the reference is believed.
        near_reference: What it would refer to but for some values, as a sentence.
        labels: The few texts that it has, over and over; none where they are many.
        format: The format of its numbers, where it is not that of programs, or of its dates,
            where they are not in ISO 8601.
        has_infinity: Whether a number of it is infinite.
        has_empty: Whether an empty text is one of its values.
        odd: A text of it that is not as its value is written, such as `1.50`; if any.
        hint: What its texts would be but for something that the author knows, as a sentence.
        is_measured: Whether this is numbers or the like rather than codes.
        counts: How often each text is there, where all are counted.
        suggestions: What it may be, where there is too little evidence to say so in the model.
        described: What its author says that it means.
        is_beyond: Whether a document of it has a number that JSON does not keep.
    """

    name: str
    header: str
    kind: str
    is_nullable: bool
    length: int
    is_long: bool
    is_unique: bool = False
    reference: tuple[str, str] | None = None
    evidence: str = ""
    near_reference: str = ""
    labels: tuple[str, ...] = ()
    format: str = ""
    has_infinity: bool = False
    has_empty: bool = False
    odd: str = ""
    hint: str = ""
    is_measured: bool = False
    counts: Mapping[str, int] | None = None
    suggestions: list[str] = field(default_factory=list)
    described: ColumnDescription = field(default_factory=ColumnDescription)
    is_beyond: bool = False

    @property
    def may_be_key(self) -> bool:
        """Whether its values are of a kind that rows are told apart by."""
        is_filled = not (self.is_nullable or self.has_empty)
        return is_filled and self.kind not in _NO_KEYS and self.length <= KEY_LENGTH


class JointReference(NamedTuple):
    """Columns that together refer to a key of several columns.

    Attributes:
        columns: The columns.
        parent: The table that they refer to.
        keys: The columns there.
    """

    columns: tuple[str, ...]
    parent: str
    keys: tuple[str, ...]


@dataclass
class InferredTable:
    """One table.

    Attributes:
        name: Its name.
        file: The source that it is read from.
        columns: By name, in the order of the source.
        row_count: How many rows there are.
        primary_key: Names of the key's columns; none where no columns tell the rows apart.
        likely_key: The column that tells all rows apart, but is not sure to be the key; if any.
        references: What several columns refer to together.
        remarks: What is unusual about its rows, as sentences for the author.
        description: What its author says that it holds.
        moved: Fields of its source whose objects are tables by themselves.
    """

    name: str
    file: RawFile | TypedFile
    columns: dict[str, InferredColumn]
    row_count: int
    primary_key: tuple[str, ...] = ()
    likely_key: str = ""
    references: list[JointReference] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    description: str = ""
    moved: tuple[str, ...] = ()


@dataclass
class Inference:
    """The content of a folder.

    Attributes:
        tables: By name, sorted.
        left_out: File name to the reason why no table is made of it.
        refused: The errors of files that tables cannot be made of as they are.
    """

    tables: dict[str, InferredTable] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    refused: list[SourceError] = field(default_factory=list)


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
    about = table.description or None
    made = sa.Table(table.name, metadata, *columns, *_list_joint_keys(table), comment=about)
    comments = {column.name: tuple(column.suggestions) for column in table.columns.values()}
    return DraftedModel(made, classes[table.name], attributes, related, comments=comments)


def declare_column(column: InferredColumn, table: str, attribute: str) -> DraftedModel:
    """Return the model of one column that a table takes, which rows of before leave empty."""
    alone = replace(column, is_nullable=True, is_unique=False, labels=(), suggestions=[])
    declared = _make_column(alone, InferredTable(table, TypedFile(Path(), ()), {}, 0))
    return DraftedModel(sa.Table(table, sa.MetaData(), declared), "", {column.name: attribute})


def _list_joint_keys(table: InferredTable) -> Iterator[sa.ForeignKeyConstraint]:
    for columns, parent, keys in table.references:
        yield sa.ForeignKeyConstraint(columns, [f"{parent}.{key}" for key in keys])


def _make_column(column: InferredColumn, table: InferredTable) -> sa.Column[Any]:
    is_key = column.name in table.primary_key
    keys = [sa.ForeignKey(".".join(column.reference))] if column.reference else []
    header = column.header if column.header != column.name else ""
    return sa.Column(
        column.name,
        _choose_type(column, is_key=is_key),
        *keys,
        primary_key=is_key,
        nullable=column.is_nullable,
        unique=(column.is_unique and not is_key) or None,
        index=(bool(column.reference) and not (is_key or column.is_unique)) or None,
        comment=column.described.description or header or None,
        info=column.described.info,
    )


def _choose_type(column: InferredColumn, *, is_key: bool) -> sa.types.TypeEngine[Any]:
    if column.labels:
        return sa.Enum(*column.labels)
    if column.kind == INTEGER and column.is_long and not is_key:
        return sa.BigInteger()
    if column.kind == TEXT and column.length:
        length = choose_length(column.length)
        return sa.String(length) if length else sa.Text()
    return make_type(KINDS[column.kind])


def choose_length(longest: int) -> int | None:
    """The length of a column whose longest text has so many characters; None for any length."""
    return next((length for length in _LENGTHS if length >= _ROOM * longest), None)


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


_COMPARED = {DATE: DATE, INTEGER: INTEGER, LABEL: TEXT, TEXT: TEXT}
"""Kinds that references are looked for in, to those that files are inferred to have."""


def describe_table(table: sa.Table) -> InferredTable:
    """Return a table of models as if it were inferred; its rows are not counted."""
    columns = {column.name: _describe_column(column) for column in table.columns}
    key = tuple(column.name for column in table.primary_key.columns)
    return InferredTable(table.name, TypedFile(Path(table.name), ()), columns, 0, key)


def _describe_column(column: sa.Column[Any]) -> InferredColumn:
    kind = find_type_kind(column.type)
    is_unique = column.unique or any(
        isinstance(each, sa.UniqueConstraint) and [*each.columns] == [column]
        for each in column.table.constraints
    )
    targets = [key.target_fullname.rpartition(".") for key in column.foreign_keys]
    return InferredColumn(
        column.name,
        column.name,
        _COMPARED.get(kind.name, "") if kind else "",
        bool(column.nullable),
        0,
        is_long=False,
        is_unique=bool(is_unique) and not column.primary_key,
        reference=(targets[0][0], targets[0][2]) if targets else None,
    )


_SHOWN = 40


def find_changes(column: InferredColumn, guess: Guess, missing: int = 0) -> Iterator[str]:
    """Sentences on the values of a source with types that are stored as others.

    Args:
        column: The column.
        guess: What is known of its values.
        missing: How many rows of JSON Lines do not have its key.
    """
    if guess.nan_count:
        yield f"{column.name}: NaN in {spell_count(guess.nan_count, 'row')} becomes NULL"
    if guess.empty_count and not column.has_empty:
        verb = "becomes" if guess.empty_count == 1 else "become"
        yield f"{column.name}: {spell_count(guess.empty_count, 'empty text')} {verb} NULL"
    nulls = guess.null_count - missing
    if nulls and missing:
        yield (
            f"{column.name}: null in {spell_count(nulls, 'row')}, and no such key in "
            f"{spell_count(missing, 'row')}; both become NULL"
        )
    if column.kind == TEXT:
        cure = "; to keep it apart from texts, put JSON in the model" * _is_mixed(guess)
        yield from _tell_tally(column.name, "value", guess.others, cure)
    if column.kind == JSON:
        yield from _tell_tally(column.name, "document", guess.documents)


def _is_mixed(guess: Guess) -> bool:
    """Whether there were texts beside other values, all of which JSON takes as they are."""
    return guess.has_strings and not (guess.is_beyond or guess.documents.count)


def _tell_tally(name: str, what: str, tally: Tally, cure: str = "") -> Iterator[str]:
    if not tally.count:
        return
    text = str(tally.first)
    text = text.lower() if isinstance(tally.first, bool) else text
    becomes = repr(text) if tally.becomes is None else json.dumps(tally.becomes)
    yield (
        f"{name}: {spell_count(tally.count, what)} respelled, such as "
        f"{_cut(str(tally.first))} as {_cut(becomes)}{cure}"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
