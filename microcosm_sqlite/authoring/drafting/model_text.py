"""The text of ``models.py`` and ``stores.py`` for inferred tables, as a formatter leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microcosm_sqlite.authoring.drafting.code_layout import (
    LINE_LENGTH,
    Call,
    Imports,
    lay_out,
    needs_quotes,
    quote,
    write_import,
    write_name,
)
from microcosm_sqlite.authoring.drafting.database_text import ModelWriter, spell_plainly
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.model_names import (
    name_attributes,
    name_classes,
    name_labels,
    name_relationships,
)
from microcosm_sqlite.common.kinds import (
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
)
from microcosm_sqlite.common.kinds import UUID as UUID_
from microcosm_sqlite.common.wording import measure

ROW_NUMBER = "id"
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


def write_models(
    tables: dict[str, InferredTable], existing: ModelWriter, *, dataset: str, description: str
) -> str:
    """The module that declares the tables.

    Args:
        tables: Those that were inferred of files.
        existing: Those of databases, written already, and the base of all.
        dataset: The dataset's name.
        description: What it is, without a full stop.
    """
    classes = name_classes(tables, existing.base)
    _list_imports(tables, existing.imports)
    existing.labels[:0] = _write_labels(tables, classes)
    existing.lines[:0] = [
        line
        for table in tables.values()
        for line in ("", "", *_write_class(table, classes, existing.base))
    ]
    about = _ABOUT_FILES if tables else _ABOUT_DATABASES
    return existing.write_module(
        "The tables: which columns each has, what they hold, and how they refer to each other."
        f"\n\n{about}\n",
        dataset=dataset,
        description=description,
    )


_ABOUT_FILES = (
    "Types and keys were inferred from every row of the sources; mend what you know better."
)
_ABOUT_DATABASES = (
    "They were drafted from an existing database: types, keys and checks are what it declares,\n"
    "where all of its rows obey."
)


def _list_imports(tables: Mapping[str, InferredTable], imports: Imports) -> None:
    for table in tables.values():
        imports.use("sqlalchemy.orm", "Mapped")
        imports.use("sqlalchemy.orm", "mapped_column")
        if any(map(needs_quotes, [table.name, *table.columns])):
            imports.use("sqlalchemy", "quoted_name")
        if not table.primary_key:
            imports.use("sqlalchemy", "Integer")
        for column in table.columns.values():
            if column.reference:
                imports.use("sqlalchemy", "ForeignKey")
                imports.use("sqlalchemy.orm", "relationship")
            if column.labels:
                imports.use("typing", "Literal")
            else:
                imports.use("sqlalchemy", _sql_type(column, table).partition("(")[0])
                imports.use_type(_PYTHON_TYPES.get(column.kind, "str"))


def _write_labels(tables: Mapping[str, InferredTable], classes: Mapping[str, str]) -> list[str]:
    """A type for each column of few labels; SQLAlchemy makes an enumeration of it."""
    lines: list[str] = []
    for table in tables.values():
        for column in table.columns.values():
            if column.labels:
                name = name_labels(table.name, column.name, classes)
                labels = [*map(quote, column.labels)]
                lines += lay_out(Call(f"{name} = Literal[", labels, "]"))
    return lines


def write_stores(classes: Mapping[str, str], *, package: str) -> str:
    """The module that has a store for each model, given the class of each table."""
    bodies = [
        f'{_write_store_head(name)}\n    """Rows of {spell_plainly(table)}, by any column."""'
        for table, name in classes.items()
    ]
    lines = [
        '"""Stores (repository pattern): one per model, with the searches that readers need."""',
        "",
        "from __future__ import annotations",
        "",
        "from microcosm_sqlite import Store",
        "",
        *write_import(f"{package}.models", classes.values()),
        "",
        "",
        "\n\n\n".join(bodies),
    ]
    return "\n".join(lines) + "\n"


def _write_store_head(model: str) -> str:
    line = f"class {model}Store(Store[{model}]):"
    return line if measure(line) <= LINE_LENGTH else f"class {model}Store(\n    Store[{model}]\n):"


def _write_class(table: InferredTable, classes: Mapping[str, str], base: str) -> Iterator[str]:
    yield f"class {classes[table.name]}({base}):"
    yield f'    """A row of {table.name}."""'
    yield ""
    yield f"    __tablename__ = {write_name(table.name)}"
    yield ""
    if not table.primary_key:
        number = ["Integer", "primary_key=True", _ROW_NUMBER_COMMENT]
        yield from _write_attribute(number_rows_as(table), "int", "mapped_column", number)
    attributes = name_attributes(table.columns)
    for column in table.columns.values():
        type_ = _PYTHON_TYPES.get(column.kind, "str")
        if column.labels:
            type_ = name_labels(table.name, column.name, classes)
        arguments = _write_arguments(column, table, attributes[column.name])
        yield from _write_attribute(
            attributes[column.name], _or_none(type_, column), "mapped_column", arguments
        )
    names = name_relationships(table, attributes)
    if names:
        yield ""
    for column_name, name in names.items():
        column = table.columns[column_name]
        parent, key = column.reference or ("", "")
        arguments = [f"foreign_keys=[{attributes[column_name]}]"]
        arguments += [f"remote_side=[{attributes[key]}]"] if parent == table.name else []
        yield from _write_attribute(
            name,
            _or_none(classes[parent], column),
            "relationship",
            [*arguments, "viewonly=True"],
        )


def _or_none(type_: str, column: InferredColumn) -> str:
    return f"{type_} | None" if column.is_nullable else type_


_ROW_NUMBER_COMMENT = 'comment="Number of the row in the source, from 1"'


def number_rows_as(table: InferredTable) -> str:
    """The name of the column that numbers the rows of a table without a key of its own."""
    name = ROW_NUMBER
    while name in {column.lower() for column in table.columns}:
        name = f"row_{name}"
    return name


def _write_arguments(column: InferredColumn, table: InferredTable, attribute: str) -> list[str]:
    is_told = attribute == column.name and not needs_quotes(column.name)
    arguments = [] if is_told else [write_name(column.name)]
    arguments += [] if column.labels else [_sql_type(column, table)]
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
        arguments.append(f"comment={quote(column.header)}")
    return arguments


def _sql_type(column: InferredColumn, table: InferredTable) -> str:
    is_key = column.name in table.primary_key
    if column.kind == INTEGER and column.is_long and not is_key:
        return "BigInteger"
    if column.kind in _SQL_TYPES:
        return _SQL_TYPES[column.kind]
    return f"String({column.length})" if 0 < column.length <= 1000 else "Text"


def _write_attribute(name: str, type_: str, call: str, arguments: list[str]) -> Iterator[str]:
    head = f"{name}: Mapped[{type_}] = {call}("
    if measure(f"    {head}") <= LINE_LENGTH:
        yield from lay_out(Call(head, arguments), 4)
    elif " | " not in type_:
        yield f"    {name}: Mapped[{type_}] = ("
        yield from lay_out(Call(f"{call}(", arguments), 8)
        yield "    )"
    else:  # the formatter breaks a long annotation where it can
        yield f"    {name}: Mapped["
        yield f"        {type_}"
        yield from lay_out(Call(f"] = {call}(", arguments), 4)
