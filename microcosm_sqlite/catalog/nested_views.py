"""How much SQLite has to expand for views that are made of views, before it can be interrupted.

It puts the definition of a view wherever the view is named. If each of 15 views names the one
before it twice, the last one stands for 32,767, and SQLite takes a minute to refuse a statement.
"""

from __future__ import annotations

from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.sql_tokens import split_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

MOST_VIEWS = 5_000
"""Views that one may stand for; SQLite expands so many in a second."""

MOST_TEXT = 1 << 18
"""Bytes of the definitions of all views of a file, which are read in a second."""


def find_overgrown_view(connection: Connection) -> str:
    """The name of a view that stands for too many, each counted as often as it is named.

    Returns:
        Empty if there is none. Views that go round in a circle, which SQLite refuses, are left out.
    """
    listed = connection.execute("PRAGMA database_list").fetchall()
    return next(filter(None, (_find_in(connection, schema) for _, schema, _ in listed)), "")


def _find_in(connection: Connection, schema: str) -> str:
    master = f"{quote_identifier(schema)}.sqlite_master"
    query = f"SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM {master} WHERE type = 'view'"
    definitions: dict[str, str] = {}
    size = 0
    for name, sql in connection.execute(query):
        view = (name or b"").decode(errors="replace")
        size += len(sql or b"")
        if size > MOST_TEXT:
            return view
        definitions[view.lower()] = (sql or b"").decode(errors="replace")
    return _find_overgrown(definitions) if len(definitions) > 1 else ""


def _find_overgrown(definitions: Mapping[str, str]) -> str:
    from collections import Counter
    from contextlib import suppress
    from graphlib import CycleError, TopologicalSorter

    named = {view: Counter(_list_named(sql, definitions)) for view, sql in definitions.items()}
    for view, others in named.items():
        del others[view]  # after CREATE VIEW
    sizes: dict[str, int] = {}
    sorter = TopologicalSorter(named)
    with suppress(CycleError):
        sorter.prepare()
    while ready := sorter.get_ready():
        for view in ready:
            sizes[view] = 1 + sum(times * sizes[each] for each, times in named[view].items())
            if sizes[view] > MOST_VIEWS:
                return view
        sorter.done(*ready)
    return ""


def _list_named(sql: str, definitions: Mapping[str, str]) -> list[str]:
    """The views that a definition may name; SQLite takes a text for a name where one has to be."""
    names = (token.name or token.text[1:-1].lower() for token in split_tokens(sql))
    return [name for name in names if name in definitions]
