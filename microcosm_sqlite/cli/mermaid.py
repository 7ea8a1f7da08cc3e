"""An entity-relationship diagram of a dataset, in Mermaid's language."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from microcosm_sqlite.catalog.manifest import Field, Table


def draw_diagram(tables: Iterable[Table]) -> str:
    """The diagram: tables with their columns and keys, and the foreign keys between them.

    A table that is referred to but not among ``tables`` is drawn as an empty box.
    """
    tables = list(tables)
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"    {_entity(table.name)} {{", *_columns(table), "    }"]
    for table in tables:
        lines += (_relation(table, key) for key in (*table.foreign_keys, *table.external_keys))
    return "\n".join(lines)


def _columns(table: Table) -> Iterator[str]:
    keys = (*table.foreign_keys, *table.external_keys)
    foreign = {column for key in keys for column in key["fields"]}
    unique = {key[0] for key in table.unique_keys if len(key) == 1}
    for field in table.fields:
        marks = [
            mark
            for mark, columns in (("PK", table.primary_key), ("FK", foreign), ("UK", unique))
            if field.name in columns
        ]
        comment = '"{}"'.format(field.description.replace('"', "'")) if field.description else ""
        parts = (_word(field.type), _word(field.name), ", ".join(marks), comment)
        yield f"        {' '.join(filter(None, parts))}".replace("\n", " ")


def _relation(table: Table, key: dict[str, Any]) -> str:
    required = {field.name for field in table.fields if _is_required(field, table)}
    target = table.target_of(key)
    one = "||" if required.issuperset(key["fields"]) else "|o"
    label = ", ".join(key["fields"]).replace('"', "'")
    return f'    {_entity(target)} {one}--o{{ {_entity(table.name)} : "{label}"'


def _is_required(field: Field, table: Table) -> bool:
    return field.required or field.name in table.primary_key


def _entity(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f'"{name}"'.replace("\n", " ")


def _word(name: str) -> str:
    """A column's name as far as the language can write it."""
    word = re.sub(r"[^\w-]", "_", name)
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"
