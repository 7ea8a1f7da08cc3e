"""The declarations of tables and columns, in parts that are equal if they mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from microcosm_sqlite.common.kinds import find_declared_kind
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

    def is_like(self, other: Column) -> bool:
        """Whether readers see values of one kind, such as those of INT and BIGINT."""
        kind = find_declared_kind(self.type)
        is_one_kind = kind is not None and kind is find_declared_kind(other.type)
        return self.base_type == other.base_type or is_one_kind

    def breaks_as(self, after: Column) -> bool:
        """Whether readers of this column may fail, or find other rows, in another's place."""
        is_looser = self.is_required and not after.is_required
        return is_looser or self.collation != after.collation or not self.is_like(after)


@dataclass(frozen=True)
class Term:
    """One term that an index or a key is ordered by.

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
    """The declaration of a table.

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
    """The declarations of a database.

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


Definition = list[str]
"""The lexemes of one column, of one constraint of the table, or of one term of an index."""

LEXEME = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]
    | --[^\n]* | /\*.*?(?:\*/|\Z) | \w+ | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)
_QUOTES = {'"': '"', "`": "`", "[": "]", "'": "'"}


def split_definitions(sql: str) -> list[Definition]:
    """The definitions of a statement, each without blanks and comments at its ends.

    >>> ["".join(each) for each in split_definitions("CREATE TABLE t (a CHECK (a IN (1, 2)), b)")]
    ['a CHECK (a IN (1, 2))', 'b']
    """
    return _split(sql)[0]


def find_tail(sql: str) -> Definition:
    """The words behind the definitions of a statement, without blanks and comments.

    >>> find_tail("CREATE TABLE t (a PRIMARY KEY) STRICT, WITHOUT ROWID")
    ['STRICT', ',', 'WITHOUT', 'ROWID']
    """
    return [lexeme for lexeme in _split(sql)[1] if not _is_blank(lexeme)]


def find_condition(sql: str) -> str:
    """The condition of a partial index, blanks evened out; empty for an index of all rows.

    >>> find_condition("CREATE INDEX i ON t (a) Where a  > 0")
    'a > 0'
    """
    return re.sub(r"(?i)^where\b *", "", even_out("".join(_split(sql)[1])))


def find_expression(term: Definition) -> str:
    """The expression that a term of an index is about, without its collation and order.

    >>> term, = split_definitions("CREATE INDEX i ON t (lower(a) COLLATE NOCASE DESC)")
    >>> find_expression(term)
    'lower(a)'
    """
    solid = [place for place, lexeme in enumerate(term) if not _is_blank(lexeme)]
    if term[solid[-1]].upper() in ("ASC", "DESC"):
        solid.pop()
    if len(solid) > 2 and term[solid[-2]].upper() == "COLLATE":
        del solid[-2:]
    return even_out("".join(term[: solid[-1] + 1]))


def even_out(sql: str) -> str:
    """Text of SQL with one space for each run of blanks outside of quotes, and without comments.

    >>> even_out("a  =  'x  y' -- as ever")
    "a = 'x  y'"
    """
    solid = ["" if _is_blank(lexeme) else lexeme for lexeme in LEXEME.findall(sql)]
    blanks = (" " if not lexeme and before else lexeme for before, lexeme in pairwise(["", *solid]))
    return "".join(blanks).strip()


def _split(sql: str) -> tuple[list[Definition], Definition]:
    found: list[Definition] = [[]]
    depth = 0
    lexemes: Sequence[str] = LEXEME.findall(sql)
    end = len(lexemes)
    for place, lexeme in enumerate(lexemes):
        depth -= lexeme == ")"
        if depth == 1 and lexeme == ",":
            found.append([])
        elif depth > 0 and (found[-1] or not _is_blank(lexeme)):
            found[-1].append(lexeme)
        depth += lexeme == "("
        if depth == 0 and lexeme == ")":
            end = place + 1
            break
    return [definition for definition in found if definition], [*lexemes[end:]]


def name_column(definition: Definition) -> str:
    """The column that is defined, or the first word of a constraint."""
    first = definition[0]
    end = _QUOTES.get(first[0])
    return first[1:-1].replace(end * 2, end) if end else first


def find_expressions(definition: Definition, word: str) -> Iterator[tuple[str, str]]:
    """The text in brackets behind each `word`, with the name of the constraint if it has one.

    >>> lexemes, = split_definitions("CREATE TABLE t (a CONSTRAINT small CHECK (a < (9)))")
    >>> list(find_expressions(lexemes, "CHECK"))
    [('small', 'a < (9)')]
    """
    depth, name = 0, ""
    solid = [(place, lexeme) for place, lexeme in enumerate(definition) if not _is_blank(lexeme)]
    for index, (_, lexeme) in enumerate(solid[:-1]):
        depth += (lexeme == "(") - (lexeme == ")")
        start, following = solid[index + 1]
        if depth == 0 and lexeme.upper() == "CONSTRAINT":
            name = name_column([following])
        elif depth == 0 and lexeme.upper() == word and following == "(":
            yield name, _read_bracket(definition[start:])
            name = ""


def find_collation(definition: Definition) -> str:
    """The collation that a column is declared with, in capitals; empty for none."""
    depth = 0
    for before, lexeme in _list_pairs(definition):
        depth += (before == "(") - (before == ")")
        if depth == 0 and before.upper() == "COLLATE":
            return name_column([lexeme]).upper()
    return ""


def find_option(definition: Definition) -> tuple[str, str] | None:
    """The name and value of an option of a virtual table; None for a column of it.

    >>> [find_option(each) for each in split_definitions("USING fts5 (a, tokenize = 'porter')")]
    [None, ('tokenize', 'porter')]
    """
    solid = [lexeme for lexeme in definition if not _is_blank(lexeme)]
    if solid[1:2] != ["="]:
        return None
    return solid[0].lower(), name_column(solid[2:]) if len(solid) == 3 else "".join(solid[2:])


def has_words(definition: Definition, first: str, second: str) -> bool:
    """Whether two words stand side by side in a definition, outside of quotes and comments."""
    pairs = _list_pairs(definition)
    return any((before.upper(), lexeme.upper()) == (first, second) for before, lexeme in pairs)


def _list_pairs(definition: Definition) -> Iterator[tuple[str, str]]:
    return pairwise(lexeme for lexeme in definition if not _is_blank(lexeme))


def _read_bracket(lexemes: Definition) -> str:
    depth = 0
    for place, lexeme in enumerate(lexemes):
        depth += (lexeme == "(") - (lexeme == ")")
        if depth == 0:
            return "".join(lexemes[1:place]).strip()
    return "".join(lexemes[1:]).strip()


def _is_blank(lexeme: str) -> bool:
    return lexeme.isspace() or lexeme.startswith(("--", "/*"))
