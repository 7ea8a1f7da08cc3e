"""What was inferred of a folder of files: tables, columns, keys and references."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.sniffing import RawFile, TypedFile
from microcosm_sqlite.common.kinds import BINARY, BOOLEAN, DURATION, JSON, NUMBER, TIME
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
        suggestions: What it may be, where there is too little evidence to say so in the model.
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
    suggestions: list[str] = field(default_factory=list)

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
    """

    name: str
    file: RawFile | TypedFile
    columns: dict[str, InferredColumn]
    row_count: int
    primary_key: tuple[str, ...] = ()
    likely_key: str = ""
    references: list[JointReference] = field(default_factory=list)
    remarks: tuple[str, ...] = ()


@dataclass
class Inference:
    """What a folder holds.

    Attributes:
        tables: By name, sorted.
        left_out: File name to the reason why no table is made of it.
        refused: The errors of files that tables cannot be made of as they are.
    """

    tables: dict[str, InferredTable] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    refused: list[SourceError] = field(default_factory=list)
