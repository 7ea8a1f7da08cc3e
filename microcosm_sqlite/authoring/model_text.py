"""The text of ``models.py`` and ``stores.py`` for inferred tables, as a formatter leaves it."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

import inflection

from microcosm_sqlite.authoring.guessing import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TIME,
    UUID_,
)
from microcosm_sqlite.authoring.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.sniffing import make_identifier

LINE_LENGTH = 100
ATTRIBUTE_LENGTH = 40
ROW_NUMBER = "id"
_IMPORTS = {
    "Any", "BigInteger", "Boolean", "DataSet", "Date", "DateTime", "Double", "ForeignKey",
    "Integer", "Interval", "JSON", "LargeBinary", "Mapped", "Store", "String", "Text", "Time",
    "Uuid", "annotations", "dt", "mapped_column", "uuid",
}  # fmt: skip
_PYTHON_TYPES = {
    INTEGER: "int", NUMBER: "float", BOOLEAN: "bool", DATE: "dt.date", DATETIME: "dt.datetime",
    MOMENT: "dt.datetime", TIME: "dt.time", DURATION: "dt.timedelta", UUID_: "uuid.UUID",
    BINARY: "bytes", JSON: "Any",
}  # fmt: skip
_SQL_TYPES = {
    INTEGER: "Integer", NUMBER: "Double", BOOLEAN: "Boolean", DATE: "Date", DATETIME: "DateTime",
    MOMENT: "DateTime", TIME: "Time", DURATION: "Interval", UUID_: "Uuid",
    BINARY: "LargeBinary", JSON: "JSON",
}  # fmt: skip


def name_classes(tables: Iterable[str], base: str) -> dict[str, str]:
    """A class name for each table, in the singular, no two alike.

    >>> name_classes(["airlines", "weather", "strings"], "NycData")
    {'airlines': 'Airline', 'weather': 'Weather', 'strings': 'StringRow'}
    """
    names: dict[str, str] = {}
    for table in tables:
        words = re.sub("_+", "_", table.strip("_"))
        name = inflection.camelize(inflection.singularize(words)).replace("_", "") or "Row"
        if not name.isidentifier():
            name = f"Table{name}"
        taken = {*_IMPORTS, base, *names.values()}
        while name in taken or keyword.iskeyword(name) or hasattr(builtins, name):
            name += "Row"
        names[table] = name
    return names


def write_models(
    tables: dict[str, InferredTable], *, base: str, dataset: str, description: str
) -> str:
    """The module that declares the tables."""
    classes = name_classes(tables, base)
    bodies = [_write_class(table, classes[name], base) for name, table in tables.items()]
    body = "\n\n\n".join(bodies)
    imports = [
        name
        for name in ("BigInteger", *_SQL_TYPES.values(), "ForeignKey", "String", "Text")
        if re.search(rf"(?<![\w.\"']){name}(?=[(,)\n])", body)
    ]
    lines = [
        '"""The tables: which columns each has, what they hold, and how they refer to each other.',
        "",
        "Types and keys were inferred from every row of the sources; mend what you know better.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *_write_standard_imports(body),
        "from microcosm_sqlite import DataSet",
        *_write_import("sqlalchemy", imports),
        "from sqlalchemy.orm import Mapped, mapped_column",
        "",
        "",
        f'class {base}(DataSet, name="{dataset}"):',
        f'    """{description}."""',
        "",
        "",
        body,
    ]
    return "\n".join(lines) + "\n"


def write_stores(tables: dict[str, InferredTable], *, base: str, package: str) -> str:
    """The module that has a store for each model."""
    classes = name_classes(tables, base)
    bodies = [
        f'{_write_store_head(name)}\n    """Rows of {table}, searched by any column."""'
        for table, name in classes.items()
    ]
    lines = [
        '"""Stores (repository pattern): one per model, with the searches that readers need."""',
        "",
        "from __future__ import annotations",
        "",
        "from microcosm_sqlite import Store",
        "",
        *_write_import(f"{package}.models", classes.values()),
        "",
        "",
        "\n\n\n".join(bodies),
    ]
    return "\n".join(lines) + "\n"


def _write_store_head(model: str) -> str:
    line = f"class {model}Store(Store[{model}]):"
    return line if measure(line) <= LINE_LENGTH else f"class {model}Store(\n    Store[{model}]\n):"


def name_attributes(columns: Iterable[str]) -> dict[str, str]:
    """A Python attribute for each column, which shadows nothing that a model needs.

    >>> name_attributes(["class", "metadata", "firstName"])
    {'class': 'class_', 'metadata': 'metadata_', 'firstName': 'first_name'}
    """
    from microcosm_sqlite.dataset import DataSet

    columns = list(columns)
    members = set(dir(DataSet))
    attributes: dict[str, str] = {}
    for position, column in enumerate(columns, 1):
        name = inflection.underscore(make_identifier(column)) or f"column_{position}"
        while measure(name) > ATTRIBUTE_LENGTH:
            name = name[:-1].rstrip("_")
        while (
            keyword.iskeyword(name)
            or name in _IMPORTS
            or name in {"bool", "bytes", "float", "int", "str", "metadata", "registry"}
            or name in members
            or name in attributes.values()
            or (name != column and name in columns)
        ):
            name += "_"
        attributes[column] = name
    return attributes


def _write_class(table: InferredTable, name: str, base: str) -> str:
    lines = [
        f"class {name}({base}):",
        f'    """A row of {table.name}."""',
        "",
        f'    __tablename__ = "{table.name}"',
        "",
    ]
    if not table.primary_key:
        lines += _write_column(
            number_rows_as(table), "int", ["Integer", "primary_key=True", _ROW_NUMBER_COMMENT]
        )
    attributes = name_attributes(table.columns)
    for column in table.columns.values():
        lines += _write_column(
            attributes[column.name],
            _python_type(column),
            _write_arguments(column, table, attributes[column.name]),
        )
    return "\n".join(lines)


_ROW_NUMBER_COMMENT = 'comment="Number of the row in the source, from 1"'


def number_rows_as(table: InferredTable) -> str:
    """The name of the column that numbers the rows of a table without a key of its own."""
    name = ROW_NUMBER
    while name in {column.lower() for column in table.columns}:
        name = f"row_{name}"
    return name


def _write_standard_imports(body: str) -> list[str]:
    imports = ["import datetime as dt"] if "[dt." in body else []
    imports += ["import uuid"] if "[uuid." in body else []
    imports += ["from typing import Any"] if "[Any" in body else []
    return [*imports, ""] if imports else []


def _python_type(column: InferredColumn) -> str:
    type_ = _PYTHON_TYPES.get(column.kind, "str")
    return f"{type_} | None" if column.is_nullable else type_


def _write_arguments(column: InferredColumn, table: InferredTable, attribute: str) -> list[str]:
    arguments = [_quote(column.name)] if attribute != column.name else []
    arguments.append(_sql_type(column, is_key=column.name in table.primary_key))
    if column.reference:
        arguments.append(f'ForeignKey("{".".join(column.reference)}")')
    if column.name in table.primary_key:
        arguments.append("primary_key=True")
        if column.kind == INTEGER and len(table.primary_key) == 1:
            arguments.append("autoincrement=False")
    elif column.is_unique:
        arguments.append("unique=True")
    elif column.reference:
        arguments.append("index=True")
    if column.header not in ("", column.name):
        arguments.append(f"comment={_quote(column.header)}")
    return arguments


def _sql_type(column: InferredColumn, *, is_key: bool) -> str:
    if column.kind == INTEGER and column.is_long and not is_key:
        return "BigInteger"
    if column.kind in _SQL_TYPES:
        return _SQL_TYPES[column.kind]
    return f"String({column.length})" if 0 < column.length <= 1000 else "Text"


def _write_column(name: str, type_: str, arguments: list[str]) -> list[str]:
    start = f"    {name}: Mapped[{type_}] = mapped_column("
    return _write_call(start, arguments, ")")


def _write_import(module: str, names: Iterable[str]) -> list[str]:
    names = sorted(set(names), key=_rank_import)
    if not names:
        return []
    line = f"from {module} import {', '.join(names)}"
    if measure(line) <= LINE_LENGTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def measure(text: str) -> int:
    """Columns that a text takes, as formatters count them: two for a wide letter.

    >>> measure("naïve"), measure("都市")
    (5, 4)
    """
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def _rank_import(name: str) -> tuple[bool, list[str | int]]:
    """Where isort puts a name: capitals first, then without regard to them, numbers by value."""
    is_constant = name.isupper() and len(name) > 1
    parts: list[str | int] = [
        int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", name.lower())
    ]
    return not is_constant, parts


def _write_call(start: str, arguments: list[str], end: str) -> list[str]:
    """A call as Black breaks it: on one line, in one line inside, or one line for each argument."""
    joined = ", ".join(arguments)
    if measure(f"{start}{joined}{end}") <= LINE_LENGTH:
        return [f"{start}{joined}{end}"]
    if measure(f"        {joined}") <= LINE_LENGTH:
        return [start, f"        {joined}", f"    {end}"]
    return [start, *(f"        {argument}," for argument in arguments), f"    {end}"]


def _quote(text: str) -> str:
    """A text as Black quotes it, with double quotes unless single ones save escapes."""
    quoted = repr(text)
    if quoted[0] == "'" and '"' not in text:
        return f'"{quoted[1:-1]}"'
    return quoted
