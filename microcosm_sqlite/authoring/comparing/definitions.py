"""The clauses of CREATE statements that no PRAGMA tells of: checks, collations, formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

Definition = list[str]
"""The lexemes of one column, of one constraint of the table, or of one term of an index."""

_LEXEME = re.compile(
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

    >>> find_condition("CREATE INDEX i ON t (a) WHERE a  > 0")
    'a > 0'
    """
    return even_out("".join(_split(sql)[1]).strip().removeprefix("WHERE").removeprefix("where"))


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
    solid = ["" if _is_blank(lexeme) else lexeme for lexeme in _LEXEME.findall(sql)]
    blanks = (" " if not lexeme and before else lexeme for before, lexeme in pairwise(["", *solid]))
    return "".join(blanks).strip()


def _split(sql: str) -> tuple[list[Definition], Definition]:
    found: list[Definition] = [[]]
    depth = 0
    lexemes: Sequence[str] = _LEXEME.findall(sql)
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
    """What stands in brackets behind each `word`, with the name that a constraint has.

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
