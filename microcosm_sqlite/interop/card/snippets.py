"""How to install and use a dataset, as lines that run as they are printed."""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing, suppress
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset


class Snippet(NamedTuple):
    """Some lines to copy.

    Attributes:
        title: What they are for.
        language: ``"shell"`` or ``"python"``.
        code: The lines.
        needs: What has to be installed first, or an empty text.
    """

    title: str
    language: str
    code: str
    needs: str = ""


def list_snippets(dataset: InstalledDataset) -> Iterator[Snippet]:
    """The ways to install a dataset, and to read its largest table."""
    package, name = dataset.distribution, dataset.name
    if package:
        yield Snippet("Install with pip", "shell", f"pip install {package}")
        yield Snippet("Install with uv", "shell", f"uv pip install {package}")
    tables = sorted(dataset.tables.values(), key=lambda table: -table.row_count)
    if not tables:
        return
    table = tables[0].name
    sql = f"SELECT * FROM {_quote(table)} LIMIT 5"
    if package:
        query = f"microcosm-sqlite query {shlex.quote(name)} {shlex.quote(sql)}"
        yield Snippet("SQL in the terminal", "shell", query)
    opened = f"import microcosm_sqlite\n\ndata = microcosm_sqlite.dataset({name!r})\n"
    # Not with `with`, at whose end sqlite3 leaves a connection open.
    code = (
        f"{opened}connection = data.connect()\n"
        f"for row in connection.execute({sql!r}):\n    print(row)\nconnection.close()"
    )
    yield Snippet("SQL in Python", "python", code)
    for library in ("pandas", "polars"):
        needs = f"pip install {shlex.quote(f'microcosm-sqlite[{library}]')}"
        code = f"{opened}frame = data.{library}({table!r})\nprint(frame.head())"
        yield Snippet(library, "python", code, f"{needs} {package}".rstrip())


def show_snippets(dataset: InstalledDataset) -> str:
    """All of them, each with what has to be installed for it."""
    shown = "".join(map(_show, list_snippets(dataset)))
    return f'<div class="snippets">\n{shown}</div>\n'


def show_code(code: str, language: str, label: str) -> str:
    """Code, whose long lines are wrapped; the page's script adds a button that copies it.

    Args:
        code: The lines.
        language: The name of their language, such as ``shell``.
        label: What they are, for those who cannot see them.
    """
    return (
        f'<div class="code"><pre role="region" aria-label="{escape(label)}">'
        f'<code class="{language}">{escape(code)}</code></pre></div>\n'
    )


def _show(snippet: Snippet) -> str:
    needs = show_code(snippet.needs, "shell", f"Install {snippet.title}") if snippet.needs else ""
    code = show_code(snippet.code, snippet.language, snippet.title)
    return f"<section>\n<h3>{escape(snippet.title)}</h3>\n{needs}{code}</section>\n"


def _quote(name: str) -> str:
    """A table's name as SQL needs it: in quotes only where it is no word, or one of SQL's own."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        with closing(sqlite3.connect(":memory:")) as connection, suppress(sqlite3.OperationalError):
            connection.execute(f"CREATE TABLE {name} (x)")
            return name
    return quote_identifier(name)
