"""Python code as a formatter leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from microcosm_sqlite.text_width import measure

LINE_LENGTH = 100


def write_import(module: str, names: Iterable[str]) -> list[str]:
    """The lines of an import, sorted; none where there are no names."""
    names = sorted(set(names), key=_rank_import)
    if not names:
        return []
    line = f"from {module} import {', '.join(names)}"
    if measure(line) <= LINE_LENGTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def quote(text: str) -> str:
    """A text as Black quotes it, with double quotes unless single ones save escapes."""
    quoted = repr(text)
    if quoted[0] == "'" and '"' not in text:
        return f'"{quoted[1:-1]}"'
    return quoted


def write_name(name: str) -> str:
    """The name of a table or column as SQLAlchemy has to be given it."""
    return f"quoted_name({quote(name)}, quote=True)" if needs_quotes(name) else quote(name)


def needs_quotes(name: str) -> bool:
    """Whether SQLAlchemy has to be told that SQLite reserves a word."""
    return name.lower() in ("nothing", "returning")


def _rank_import(name: str) -> tuple[bool, bool, list[str | int]]:
    """Where isort puts a name: constants, classes, others; numbers in them go by value."""
    is_constant = name.isupper() and len(name) > 1
    parts: list[str | int] = [
        int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", name.lower())
    ]
    return not is_constant, name[:1].islower(), parts
