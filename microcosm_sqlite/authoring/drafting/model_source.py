"""Models for a dataset that brings none, drafted from its file and its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import inflection

from microcosm_sqlite.authoring.drafting.code_text import (
    LINE_LENGTH,
    quote,
    write_call,
    write_import,
)
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.authoring.values.column_names import make_identifier
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest import Field, Table
from microcosm_sqlite.catalog.structure import describe_structure, field_type_of, name_rowid
from microcosm_sqlite.text_width import measure

_TYPES = {
    "integer": ("int", "Integer"),
    "year": ("int", "Integer"),
    "number": ("float", "Double"),
    "boolean": ("bool", "Boolean"),
    "date": ("dt.date", "Date"),
    "datetime": ("dt.datetime", "DateTime"),
    "time": ("dt.time", "Time"),
    "duration": ("dt.timedelta", "Interval"),
    "object": ("Any", "JSON"),
    "array": ("Any", "JSON"),
}
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL)(?:\((\d+)(?:, ?(\d+))?\))?")
_IMPORTED = {
    "BigInteger", "Decimal", "Enum", "ForeignKey", "ForeignKeyConstraint", "LargeBinary",
    "Numeric", "String", "Text", "UniqueConstraint", "Uuid",
    *(sql for _, sql in _TYPES.values()),
}  # fmt: skip


def draft_models(found: InstalledDataset, name: str = "") -> str:
    """The source of a module that declares a model for each table of a dataset.

    Args:
        found: The dataset.
        name: What the models call it; the dataset's own name unless given.

    Raises:
        DatasetError: It cannot be opened.
    """
    name = name or found.name
    base = f"{inflection.camelize(make_identifier(name)) or 'Some'}Data"
    tables = found.tables
    classes = {
        table: f"{name}Row" if name in _IMPORTED else name
        for table, name in name_classes(tables, base).items()
    }
    with closing(found.connect()) as connection:
        structure = describe_structure(connection)
    declared = {
        table: {column: declared for column, declared, *_ in columns}
        for table, columns in structure.items()
    }
    body = "\n".join(
        line
        for table in tables.values()
        for line in ("", "", *_write_class(table, classes[table.name], base, declared[table.name]))
    )
    lines = [
        f'"""Models of {make_identifier(name)}, drafted from what its tables declare."""',
        "",
        "from __future__ import annotations",
        "",
        *_write_standard_imports(body),
        "from microcosm_sqlite import DataSet",
        *_write_imports(body),
        "",
        "",
        f"class {base}(DataSet, name={quote(name)}):",
        '    """The tables."""',
    ]
    return "\n".join([*lines, body])


def _write_class(table: Table, name: str, base: str, declared: Mapping[str, str]) -> Iterator[str]:
    attributes = name_attributes(field.name for field in table.fields)
    yield f"class {name}({base}):"
    yield f'    """A row of {make_identifier(table.name)}."""'
    yield ""
    yield f"    __tablename__ = {quote(table.name)}"
    yield from _write_table_arguments([*_list_wide_keys(table)])
    yield ""
    if not table.primary_key:
        yield from _write_rowid(table)
    for field in table.fields:
        python, sql = _choose_types(field, declared[field.name])
        is_key = field.name in table.primary_key
        nullable = "" if field.required or is_key else " | None"
        start = f"    {attributes[field.name]}: Mapped[{python}{nullable}] = mapped_column("
        renamed = [quote(field.name)] if attributes[field.name] != field.name else []
        yield from write_call(start, [*renamed, sql, *_list_options(table, field)], ")")


def _write_table_arguments(keys: list[str]) -> list[str]:
    line = f"    __table_args__ = ({', '.join(keys)},)"
    if len(keys) == 1 and measure(line) <= LINE_LENGTH:
        return [line]
    lines = ["    __table_args__ = (", *(f"        {key}," for key in keys), "    )"]
    return lines if keys else []


def _write_rowid(table: Table) -> Iterator[str]:
    """A model needs a key; a table without one has the number by which SQLite knows its rows."""
    name = name_rowid(field.name for field in table.fields)
    yield from write_call(
        "    row_number: Mapped[int] = mapped_column(",
        [quote(name), "Integer", "primary_key=True"],
        ")",
    )


def _list_options(table: Table, field: Field) -> Iterator[str]:
    for key in table.foreign_keys:
        if key["fields"] == [field.name]:
            target = key["reference"].get("resource") or table.name
            referred = key["reference"]["fields"][0]
            yield f"ForeignKey({quote(f'{target}.{referred}')})"
    if field.name in table.primary_key:
        yield "primary_key=True"
    elif [field.name] in table.unique_keys:
        yield "unique=True"
    if field.description:
        yield f"comment={quote(field.description)}"


def _list_wide_keys(table: Table) -> Iterator[str]:
    """The keys of several columns, which no single one of them can declare."""
    for columns in table.unique_keys:
        if len(columns) > 1:
            yield f"UniqueConstraint({', '.join(map(quote, columns))})"
    for key in table.foreign_keys:
        if len(key["fields"]) > 1:
            target = key["reference"].get("resource") or table.name
            referred = [f"{target}.{column}" for column in key["reference"]["fields"]]
            yield f"ForeignKeyConstraint({_list(key['fields'])}, {_list(referred)})"


def _choose_types(field: Field, declared: str) -> tuple[str, str]:
    """The Python type and the SQLAlchemy type of a column."""
    kind = field_type_of(declared) if field.type == "any" else field.type
    if kind == "string":
        return _choose_text_type(field, declared)
    if kind in ("integer", "year") and "BIGINT" in declared:
        return "int", "BigInteger"
    decimal = _DECIMAL.match(declared)
    if kind == "number" and decimal:
        sizes = ", ".join(filter(None, decimal.groups()))
        return "Decimal", f"Numeric({sizes})" if sizes else "Numeric"
    # Of a column that declares no type, values are read as they are: so does the type of text.
    return _TYPES.get(kind, ("Any", "Text"))


def _choose_text_type(field: Field, declared: str) -> tuple[str, str]:
    members: list[Any] = field.constraints.get("enum") or []
    length = field.constraints.get("maxLength")
    if field.format == "binary" or "BLOB" in declared:
        return "bytes", "LargeBinary"
    if field.format == "uuid":
        return "uuid.UUID", "Uuid"
    if members:
        return "str", f"Enum({', '.join(quote(str(member)) for member in members)})"
    return "str", f"String({length})" if length else "Text"


def _write_standard_imports(body: str) -> list[str]:
    used = [
        line
        for mark, line in (
            ("[dt.", "import datetime as dt"),
            ("[uuid.", "import uuid"),
            ("[Decimal", "from decimal import Decimal"),
            ("[Any", "from typing import Any"),
        )
        if mark in body
    ]
    return [*used, ""] if used else []


def _write_imports(body: str) -> list[str]:
    return [
        *write_import("sqlalchemy", _find_used(_IMPORTED - {"Decimal"}, body)),
        "from sqlalchemy.orm import Mapped, mapped_column",
    ]


def _find_used(names: Iterable[str], body: str) -> list[str]:
    return [name for name in names if re.search(rf"(?<![\w.\"']){name}(?=[(,)\n])", body)]


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(quote, names))}]"
