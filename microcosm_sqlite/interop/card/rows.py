"""Sample rows of a table, as they stand in the file, in a table that scrolls sideways."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.interop.samples import read_sample, spell_sample

if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from microcosm_sqlite.catalog.manifest_tables import Field, Table

ROWS = 5
"""How many rows are shown."""

_NUMBERS = ("integer", "number", "year")
_RIGHT = "right"


def show_sample(connection: Connection, table: Table) -> str:
    """Some rows from all over a table; empty text for a table without rows.

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    rows = read_sample(connection, table.name, [field.name for field in table.fields], ROWS)
    if not rows:
        return ""
    heads = "".join(
        f'<th scope="col"{_align(field)}>{escape(field.name)}</th>' for field in table.fields
    )
    body = "".join(
        "<tr>"
        + "".join(_cell(field, value) for field, value in zip(table.fields, row, strict=True))
        + "</tr>\n"
        for row in rows
    )
    told = f"{spell_count(len(rows), 'row')} from all over {table.name}"
    if len(rows) == table.row_count:
        told = f"The rows of {table.name}" if len(rows) > 1 else f"The row of {table.name}"
    return (
        f'<div class="scroll sample" tabindex="0" role="region" aria-label="{escape(told)}">\n'
        f"<table>\n<caption>{escape(told)}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )


def _cell(field: Field, value: Any) -> str:
    is_quiet = value is None or isinstance(value, bytes)
    words = [_RIGHT] if field.type in _NUMBERS else []
    words += ["quiet"] if is_quiet else []
    style = f' class="{" ".join(words)}"' if words else ""
    text = "NULL" if value is None else spell_sample(field, value)
    return f'<td{style} dir="auto">{escape(text)}</td>'


def _align(field: Field) -> str:
    return f' class="{_RIGHT}"' if field.type in _NUMBERS else ""
