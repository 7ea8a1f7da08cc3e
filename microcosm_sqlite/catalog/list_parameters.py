"""Values that are lists: ``origin IN :origins`` becomes ``origin IN (?, ?)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from microcosm_sqlite.common.sql_tokens import number_parameters, replace_tokens, split_tokens
from microcosm_sqlite.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from microcosm_sqlite.catalog.criteria import Parameters
    from microcosm_sqlite.common.sql_tokens import Token


def is_list(value: object) -> bool:
    """Whether a value is several values: a list, a set, an array of NumPy, a column of a frame.

    >>> is_list(["JFK"]), is_list("JFK")
    (True, False)
    """
    return isinstance(value, Iterable) and not isinstance(
        value, (str, bytes, bytearray, memoryview, Mapping)
    )


def has_lists(params: Any) -> bool:
    """Whether the value of a parameter is a list."""
    if not isinstance(params, Iterable):
        return False
    return any(map(is_list, params.values() if isinstance(params, Mapping) else params))


def keep_lists(params: Any) -> Any:
    """The same values with a list for each of several, which may be read again and stays as it is.

    >>> keep_lists({"a": range(2), "b": "x"})
    {'a': [0, 1], 'b': 'x'}

    Args:
        params: The values of parameters or of columns.
    """
    if isinstance(params, Mapping):
        return {name: keep_list(value) for name, value in params.items()}
    return [keep_list(value) for value in params] if is_list(params) else params


def keep_list(value: Any) -> Any:
    """A list of several values; others as they are."""
    return list(value) if is_list(value) else value


def expand_lists(sql: str, params: Parameters, most: int) -> tuple[str, Parameters]:
    """Write a statement with one parameter for each member of the lists.

    >>> expand_lists("a = :a AND b IN :b", {"a": 1, "b": [2, 3]}, 1000)
    ('a = ? AND b IN (?, ?)', (1, 2, 3))

    Args:
        sql: A statement, or part of one.
        params: The values of its parameters; without a list among them, nothing changes.
        most: How many values a statement may have.

    Raises:
        QueryError: A list stands elsewhere than behind IN, a named value is missing, or there are
            too many values.
    """
    if not has_lists(params):
        return sql, params
    tokens = split_tokens(sql)
    keys = number_parameters(tokens)
    values = _list_values(
        params, {number: tokens[place].text for place, (number, _) in keys.items()}
    )
    members = [list(value) if is_list(value) else [value] for value in values]
    count = sum(map(len, members))
    if count > most:  # before SQLite reads a statement of that length, which takes seconds
        raise QueryError(
            f"A statement takes {most:,} values at most, and its lists have {count:,}.",
            hint="Give shorter lists; or read more rows, and choose among them.",
        )
    # Each place gets values of its own: since Python 3.12 only nameless parameters take a sequence.
    replaced: dict[int, str] = {}
    bound: list[Any] = []
    for place, (number, _) in keys.items():
        if number >= len(members):
            replaced[place] = "?"  # SQLite says that its value is missing
            continue
        is_listed = is_list(values[number])
        replaced[place] = _write_list(tokens, place, len(members[number])) if is_listed else "?"
        bound += members[number]
    used = {number for number, _ in keys.values()}
    bound += [each for number, some in enumerate(members) if number not in used for each in some]
    return replace_tokens(sql, replaced, tokens), tuple(bound)


MISSING_LIST = "A parameter after IN is a list"
"""How the hint begins."""


def advise_list(text: str, sql: str) -> str:
    """Return a hint for a message of SQLite about one value where IN wants several, or nothing.

    >>> advise_list('near ":a": syntax error', "b IN :a")
    "A parameter after IN is a list: give :a a value such as ['a', 'b']."
    """
    found = re.match(r'near "([?:@$]\w*)": syntax error', text)
    if not found or not re.search(rf"\bIN\s*{re.escape(found[1])}", sql, re.IGNORECASE):
        return ""
    return f"{MISSING_LIST}: give {found[1]} a value such as ['a', 'b']."


def _list_values(params: Parameters, written: Mapping[int, str]) -> Sequence[Any]:
    """The values by their numbers."""
    if not isinstance(params, Mapping):
        return list(params)
    values = []
    for number in range(len(written)):
        name = written.get(number, "?")
        if name[1:] not in params:
            raise QueryError(
                f"Parameter {name} has no value.",
                hint=f"Values are given for: {', '.join(params)}.",
            )
        values.append(params[name[1:]])
    return values


def _write_list(tokens: Sequence[Token], place: int, size: int) -> str:
    """The members of a list, in the parentheses that IN wants."""
    words = ["", "", *(token.word for token in tokens[:place])]
    listed = ", ".join("?" * size)
    if words[-1] == "IN":
        return f"({listed})"
    if words[-2:] == ["IN", "("] and place + 1 < len(tokens) and tokens[place + 1].word == ")":
        return listed
    raise QueryError(
        f"Parameter {tokens[place].text} is a list, and does not stand behind IN.",
        hint=f"Write: column IN {tokens[place].text}",
    )
