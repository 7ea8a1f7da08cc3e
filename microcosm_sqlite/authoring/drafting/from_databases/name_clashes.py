"""Names that two things of drafted databases have: which of them is left out or renamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.from_databases.dependents import leave_out_view
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.common.sql import mentions
from microcosm_sqlite.common.wording import find_free_name

_PARTS = ("", "_data", "_idx", "_content", "_docsize", "_config")
"""Ends of the names of the tables that a full-text index is kept in."""


def settle_names(databases: Sequence[tuple[str, Reflection]], others: Mapping[str, str]) -> None:
    """Leave out or rename what is called as something else is, in the same database or another.

    Args:
        databases: The names of their files, each with what is kept of it, which is changed.
        others: Names that are taken, in small letters, each with what is called so.
    """
    taken = {**others} | {
        name.lower(): f"a table of {file}"
        for file, found in databases
        for name in found.metadata.tables
    }
    for settle in (_settle_full_text, _settle_views, _settle_indexes):
        for file, found in databases:
            settle(file, found, taken)


def name_full_text(table: str) -> list[str]:
    """The names of the tables that the full-text index of a table is kept in."""
    return [f"{table}_fts{end}" for end in _PARTS]


def _settle_full_text(file: str, found: Reflection, taken: dict[str, str]) -> None:
    for table in [*found.full_text]:
        names = name_full_text(table)
        others = [name for name in names if name.lower() in taken]
        if others:
            del found.full_text[table]
            search, other = found.searches[table], others[0]
            reason = f"the name {other}, which it would have, is taken by {taken[other.lower()]}"
            found.left_out[f"virtual table {search}"] = reason
            made = f"full-text table {search} is rebuilt"
            found.remarks[table] = [
                remark for remark in found.remarks[table] if not remark.startswith(made)
            ]
        else:
            taken |= {name.lower(): f"the full-text search of {file}" for name in names}


def _settle_views(file: str, found: Reflection, taken: dict[str, str]) -> None:
    gone: set[str] = set()
    for name in [*found.views]:
        if other := taken.get(name.lower()):
            leave_out_view(found, name, f"its name is taken by {other}")
            gone.add(name)
        else:
            taken[name.lower()] = f"a view of {file}"
    while lost := [name for name, sql in found.views.items() if mentions(sql, gone)]:
        for name in lost:
            leave_out_view(found, name, f"it asks a view that is left out: {', '.join(gone)}")
            gone.add(name)


def _settle_indexes(file: str, found: Reflection, taken: dict[str, str]) -> None:
    for table in found.metadata.tables.values():
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            name = str(index.name)
            free = find_free_name(name, taken)
            taken[free.lower()] = f"an index of {file}"
            if free != name:
                index.name = sa.sql.quoted_name(free, quote=None)
                remark = f"index {name} is called {free}, as its name is taken"
                found.remarks[table.name].append(remark)
                found.told |= {f"index {each} of {table.name}" for each in (name, free)}
