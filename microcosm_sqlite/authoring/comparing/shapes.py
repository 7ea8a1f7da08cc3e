"""What tables declare, in parts that are equal where they mean the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from microcosm_sqlite.common.sql import quote_identifier

Key = tuple[str, ...]
BINARY = "BINARY"


@dataclass(frozen=True)
class Column:
    """A column as it is declared.

    Attributes:
        type: The declared type, in capitals.
        is_required: Whether it never is NULL.
        default: The text of its default; empty for none.
        formula: What it is computed by; empty where it is not.
        is_stored: Whether what is computed is stored.
        collation: How its texts are compared, where that is not byte by byte.
    """

    type: str
    is_required: bool = False
    default: str = ""
    formula: str = ""
    is_stored: bool = False
    collation: str = ""

    def __str__(self) -> str:
        parts = [self.type or "any type", "NOT NULL" if self.is_required else ""]
        parts += [f"DEFAULT {self.default}" if self.default else ""]
        parts += [f"COLLATE {self.collation}" if self.collation else ""]
        parts += [f"AS ({self.formula})" if self.formula else "", "STORED" * self.is_stored]
        return " ".join(filter(None, parts))

    @property
    def is_generated(self) -> bool:
        """Whether it is computed of others."""
        return bool(self.formula)

    @property
    def base_type(self) -> str:
        """The type without its length, which SQLite does not enforce."""
        return self.type.partition("(")[0].strip()

    def breaks_as(self, after: Column) -> bool:
        """Whether readers of this column may fail on another in its place."""
        is_looser = self.is_required and not after.is_required
        return self.base_type != after.base_type or is_looser


@dataclass(frozen=True)
class Term:
    """What an index or a key is ordered by.

    Attributes:
        column: The column; empty for an expression.
        expression: The expression; empty for a column.
        collation: How its texts are compared.
        is_descending: Whether the highest value comes first.
    """

    column: str
    expression: str = ""
    collation: str = BINARY
    is_descending: bool = False

    @property
    def sql(self) -> str:
        """The term as SQL has it."""
        return self._spell(quote_identifier(self.column))

    def __str__(self) -> str:
        return self._spell(self.column)

    def _spell(self, column: str) -> str:
        collation = f" COLLATE {self.collation}" if self.collation != BINARY else ""
        return f"{self.expression or column}{collation}{' DESC' if self.is_descending else ''}"


@dataclass(frozen=True)
class Index:
    """An index, or the one that a key has.

    Attributes:
        terms: What it is ordered by.
        is_unique: Whether no two rows have the same terms.
        condition: Which rows it has, where that is not all of them.
    """

    terms: tuple[Term, ...]
    is_unique: bool = False
    condition: str = ""

    def __str__(self) -> str:
        unique = "unique " if self.is_unique else ""
        condition = f" WHERE {self.condition}" if self.condition else ""
        return f"{unique}{list_names(map(str, self.terms))}{condition}"


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key.

    Attributes:
        columns: The columns that refer.
        target: The table that is referred to, as it spells its name where it is there.
        referred: The columns there; none where a key is meant that is not there.
        on_update: What happens when the row that is referred to gets another key.
        on_delete: What happens when it goes.
    """

    columns: Key
    target: str
    referred: Key
    on_update: str = ""
    on_delete: str = ""

    def __str__(self) -> str:
        referred = list_names(self.referred) if self.referred else "its key"
        actions = [f" ON UPDATE {self.on_update}" if self.on_update else ""]
        actions += [f" ON DELETE {self.on_delete}" if self.on_delete else ""]
        return f"{list_names(self.columns)} to {self.target} {referred}{''.join(actions)}"


@dataclass(frozen=True)
class Shape:
    """What a table declares.

    Attributes:
        columns: By name, in their order.
        key: Columns of the primary key, in its order.
        primary: The primary key in words, with its collations and orders.
        key_collations: How the columns of the key are compared.
        foreign_keys: In their order.
        unique_keys: The indexes of unique constraints, in their order.
        indexes: By name.
        checks: Conditions that hold in all rows, each to the name that it has, if any.
        options: What else is said of the table as a whole, such as ``WITHOUT ROWID``.
        sql: The text that created the table, blanks evened out.
    """

    columns: Mapping[str, Column]
    key: Key
    primary: str
    key_collations: frozenset[str]
    foreign_keys: Sequence[ForeignKey]
    unique_keys: Sequence[Index]
    indexes: Mapping[str, Index]
    checks: Mapping[str, str]
    options: frozenset[str]
    sql: str


@dataclass(frozen=True)
class Schema:
    """What a database declares.

    Attributes:
        tables: Ordinary tables by name.
        others: Views and virtual tables: kind and name to the text that created them.
        triggers: Table or view to the texts of its triggers, by name.
    """

    tables: Mapping[str, Shape]
    others: Mapping[tuple[str, str], str]
    triggers: Mapping[str, Mapping[str, str]]

    @property
    def names(self) -> set[str]:
        """Every table and view."""
        return {*self.tables, *(name for _, name in self.others)}


def list_names(names: Iterable[str]) -> str:
    """Names in brackets, as keys are spelled."""
    return f"({', '.join(names)})"
