"""The text that creates a table, without the checks and formulas that call a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from microcosm_sqlite.authoring.comparing.shapes import (
    Definition,
    even_out,
    find_tail,
    name_column,
    split_definitions,
)
from microcosm_sqlite.common.sql import mentions, quote_identifier


def remove_calls(table: str, sql: str, function: str) -> tuple[str, list[str], list[str]]:
    """How a table is made without the checks and formulas that call a function.

    A stored column keeps its values, without its formula; others go, with what depends on them.

    >>> remove_calls("t", "CREATE TABLE t (a CHECK (f(a)), b AS (f(a)), c AS (f(a)) STORED)", "f")
    ('CREATE TABLE "t" (a, c)', ['check f(a)', 'column b', 'formula of column c'], ['b'])

    Returns:
        The statement, what was removed, and which columns of it.
    """
    word = rf"\b{function}\b" if function.isidentifier() else re.escape(function)
    removed, gone = list[str](), list[str]()

    def is_hit(text: str) -> bool:
        return bool(re.search(word, text, re.IGNORECASE)) or mentions(text, gone)

    definitions = split_definitions(sql)
    while found := next(_find_cuts(definitions, is_hit), None):
        place, what, rest = found
        definitions[place : place + 1] = [rest] if rest else []
        removed.append(what)
        gone += [what.removeprefix("column ")] if what.startswith("column ") else []
    kept = ", ".join(even_out("".join(each)) for each in definitions)
    made = f"CREATE TABLE {quote_identifier(table)} ({kept})"
    return " ".join([made, *find_tail(sql)]), removed, gone


def _find_cuts(
    definitions: Iterable[Definition], is_hit: Callable[[str], bool]
) -> Iterator[tuple[int, str, Definition]]:
    for place, definition in enumerate(definitions):
        if found := _cut(definition, is_hit):
            yield place, *found


def _cut(definition: Definition, is_hit: Callable[[str], bool]) -> tuple[str, Definition] | None:
    """The first check, formula or key of a definition that is hit, and what is left without it."""
    solid = [at for at, lexeme in enumerate(definition) if even_out(lexeme)]
    words = [definition[at].upper() for at in solid]
    kind = words[2] if words[0] == "CONSTRAINT" else words[0]
    if kind in ("UNIQUE", "FOREIGN"):
        first = words.index("(")
        own = "".join(definition[solid[first] : solid[_find_end(words, first)]])
        return (even_out("".join(definition)), []) if is_hit(own) else None
    for place, word in enumerate(words[:-1]):
        if word not in ("CHECK", "AS") or words[place + 1] != "(":
            continue
        end = _find_end(words, place + 1)
        text = "".join(definition[solid[place + 1] + 1 : solid[end]])
        if not is_hit(text):
            continue
        start = place
        if word == "CHECK":
            what = f"check {even_out(text)}"
            start -= 2 if words[max(place - 2, 0)] == "CONSTRAINT" else 0
        elif "STORED" not in words[end:]:
            return f"column {name_column(definition)}", []
        else:  # what is stored is a value like any other
            what = f"formula of column {name_column(definition)}"
            start -= 2 if words[max(place - 2, 0)] == "GENERATED" else 0
            end += 1
        return what, [*definition[: solid[start]], *definition[solid[end] + 1 :]]
    return None


def _find_end(words: list[str], start: int) -> int:
    """The place of the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(words)):
        depth += (words[place] == "(") - (words[place] == ")")
        if not depth:
            return place
    return len(words) - 1
