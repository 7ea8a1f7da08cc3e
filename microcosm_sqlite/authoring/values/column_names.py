"""Identifiers for whatever tables and fields are called in their sources."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from microcosm_sqlite.common.names import find_free_name

LONGEST_NAME = 63
"""Characters of an identifier; longer ones are cut, as other databases cut them too."""


def make_identifier(text: str) -> str:
    """An identifier as near to a text as may be; empty where nothing of it can stay.

    >>> make_identifier("Price (in €)"), make_identifier("2nd half")
    ('Price_in', '_2nd_half')
    """
    normal = unicodedata.normalize("NFKC", text)
    words = "".join(letter if f"_{letter}".isidentifier() else " " for letter in normal).split()
    name = "_".join(words).strip("_")
    name = f"_{name}" if name and not name.isidentifier() else name
    return name[:LONGEST_NAME].rstrip("_")


def make_names(header: Iterable[str]) -> tuple[str, ...]:
    """A name for each field of a source; SQLite does not tell letters from capitals.

    A field that is called by an identifier keeps its name, the first one where several share it.

    >>> make_names(["a", "A", "", "a b"])
    ('a', 'A_2', 'column_3', 'a_b')
    """
    fields = list(header)
    first = {field.lower(): position for position, field in reversed([*enumerate(fields)])}
    keeps = [
        field != "" and field == make_identifier(field) and first[field.lower()] == position
        for position, field in enumerate(fields)
    ]
    taken = {field.lower() for field, stays in zip(fields, keeps, strict=True) if stays}
    names = []
    for position, (field, stays) in enumerate(zip(fields, keeps, strict=True), 1):
        made = make_identifier(field) or f"column_{position}"
        name = field if stays else find_free_name(made, taken)
        taken.add(name.lower())
        names.append(name)
    return tuple(names)
