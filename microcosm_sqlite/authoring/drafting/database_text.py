"""The text of models that were drafted from a database, as a formatter leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.code_layout import (
    Call,
    Imports,
    Node,
    lay_out,
    needs_quotes,
    quote,
    write_name,
)
from microcosm_sqlite.authoring.drafting.from_databases.models import DraftedModel, Related
from microcosm_sqlite.authoring.drafting.from_databases.reflection import NUMBERED

_PYTHON_TYPES: tuple[tuple[type[Any], str], ...] = (
    (sa.Boolean, "bool"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.Numeric, "Decimal"),
    (sa.DateTime, "dt.datetime"),
    (sa.Date, "dt.date"),
    (sa.Time, "dt.time"),
    (sa.LargeBinary, "bytes"),
    (sa.JSON, "Any"),
    (sa.Uuid, "uuid.UUID"),
    (sa.Interval, "dt.timedelta"),
    (sa.types.NullType, "Any"),
)


class ModelWriter:
    """Writes models, and keeps account of what they import.

    Attributes:
        imports: What the module has to import.
        labels: Lines in front of the classes: the types of enumerations.
        lines: The classes, each with blank lines in front.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.imports = Imports()
        self.labels: list[str] = []
        self.lines: list[str] = []
        self._views: list[str] = []

    def write(self, models: Sequence[DraftedModel], views: Mapping[str, str]) -> None:
        """Write the models of one database, and its views."""
        for model in models:
            self.lines += ["", "", *self._write_class(model)]
        self._views += views.values()

    def write_module(self, about: str, *, dataset: str, description: str) -> str:
        """The module of all that was written.

        Args:
            about: Its docstring.
            dataset: The dataset's name.
            description: What it is, without a full stop.
        """
        views = [*self._write_views()]  # which says what it imports
        lines = [
            f'"""{about}"""',
            "",
            "from __future__ import annotations",
            "",
            *self.imports.write_block(("", "decimal", "typing")),
            "from microcosm_sqlite import DataSet",
            *self.imports.write(("sqlalchemy", "sqlalchemy.orm")),
            "",
            *([*self.labels, "", ""] if self.labels else [""]),
            f"class {self.base}(DataSet, name={quote(dataset)}):",
            f'    """{description}."""',
            *self.lines,
            *views,
        ]
        return "\n".join(lines) + "\n"

    def _write_views(self) -> Iterator[str]:
        """The lines that make the views of all databases along with the tables."""
        if not self._views:
            return
        event, metadata, connection = (
            self.imports.use("sqlalchemy", name) for name in ("event", "MetaData", "Connection")
        )
        yield from ("", "", "VIEWS = (")
        for sql in self._views:
            escaped = sql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').strip()
            yield from ('    """', *escaped.split("\n"), '""",')
        yield from (")", "", "")
        yield f'@{event}.listens_for({self.base}.metadata, "after_create")'
        arguments = [f"target: {metadata}", f"connection: {connection}", "**options: object"]
        yield from lay_out(Call("def create_views(", arguments, ") -> None:"))
        yield '    """Make the views along with the tables."""'
        yield "    for view in VIEWS:"
        yield "        connection.exec_driver_sql(view)"

    def _write_class(self, model: DraftedModel) -> Iterator[str]:
        table = model.table
        yield f"class {model.name}({self.base}):"
        yield f'    """A row of {spell_plainly(table.name)}."""'
        yield ""
        if any(map(needs_quotes, [table.name, *table.columns.keys()])):
            self.imports.use("sqlalchemy", "quoted_name")
        yield from lay_out(f"__tablename__ = {write_name(table.name)}", 4)
        if model.full_text:
            names = [quote(model.attributes[name]) for name in model.full_text]
            yield from lay_out(Call("__full_text__ = (", names), 4)
        arguments = list(self._list_table_arguments(table))
        if arguments:
            yield from lay_out(Call("__table_args__ = (", arguments), 4)
        yield ""
        for column in table.columns:
            yield from self._write_column(model, column)
        if model.related:
            yield ""
        for related in model.related:
            yield from self._write_related(related)

    def _write_column(self, model: DraftedModel, column: sa.Column[Any]) -> Iterator[str]:
        attribute = model.attributes[column.name]
        is_told = attribute == column.name and not needs_quotes(column.name)
        arguments: list[Node] = [] if is_told else [write_name(column.name)]
        type_ = self._name_python_type(model, column)
        if not isinstance(column.type, sa.Enum):
            arguments.append(self._write_type(column.type))
        keys = [key for key in column.foreign_keys if _is_single(key.constraint)]
        for key in sorted(keys, key=lambda key: key.target_fullname):
            self.imports.use("sqlalchemy", "ForeignKey")
            arguments.append(Call("ForeignKey(", [quote(key.target_fullname)]))
        if column.computed is not None:
            arguments.append(self._write_computed(column.computed))
        if column.primary_key:
            arguments.append("primary_key=True")
            is_alone = len(column.table.primary_key.columns) == 1
            if is_alone and isinstance(column.type, sa.Integer) and column.comment != NUMBERED:
                arguments.append("autoincrement=False")
        if column.comment:
            arguments.append(f"comment={quote(column.comment)}")
        mapped = f"{type_} | None" if column.nullable else type_
        start = f"{attribute}: {self.imports.use('sqlalchemy.orm', 'Mapped')}[{mapped}]"
        if arguments:
            call = self.imports.use("sqlalchemy.orm", "mapped_column")
            yield from lay_out(Call(f"{start} = {call}(", arguments), 4)
        else:
            yield from lay_out(start, 4)

    def _name_python_type(self, model: DraftedModel, column: sa.Column[Any]) -> str:
        if isinstance(column.type, sa.Enum):
            name = f"{model.name}{_camelize(model.attributes[column.name])}"
            self.imports.use("typing", "Literal")
            labels = list(map(quote, column.type.enums))
            self.labels += lay_out(Call(f"{name} = Literal[", labels, "]"))
            return name
        found = (name for kind, name in _PYTHON_TYPES if isinstance(column.type, kind))
        return self.imports.use_type(next(found, "str"))

    def _write_type(self, type_: sa.types.TypeEngine[Any]) -> Node:
        if isinstance(type_, sa.types.NullType):
            # What declares no type is read as it is, and so is what declares text.
            return self.imports.use("sqlalchemy", "Text")
        name = self.imports.use("sqlalchemy", type(type_).__name__)
        if isinstance(type_, sa.String):
            options = [str(type_.length)] if type_.length else []
            options += [f"collation={quote(type_.collation)}"] if type_.collation else []
            return Call(f"{name}(", options) if options else name
        if isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float):
            sizes = [str(size) for size in (type_.precision, type_.scale) if size is not None]
            return Call(f"{name}(", sizes) if sizes else name
        return name

    def _write_computed(self, computed: sa.Computed) -> Node:
        self.imports.use("sqlalchemy", "Computed")
        arguments = [quote(str(computed.sqltext.text))]
        arguments += [] if computed.persisted is None else [f"persisted={computed.persisted}"]
        return Call("Computed(", arguments)

    def _list_table_arguments(self, table: sa.Table) -> Iterator[Node]:
        for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
            if not _is_single(key):
                self.imports.use("sqlalchemy", "ForeignKeyConstraint")
                targets = [element.target_fullname for element in key.elements]
                yield Call("ForeignKeyConstraint(", [_list(key.column_keys), _list(targets)])
        yield from self._list_constraints(table)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            self.imports.use("sqlalchemy", "Index")
            arguments: list[Node] = [quote(str(index.name))]
            arguments += [quote(column.name) for column in index.columns]
            arguments += ["unique=True"] if index.unique else []
            where = index.dialect_options["sqlite"].get("where")
            if where is not None:
                text = self.imports.use("sqlalchemy", "text as sql_text")
                arguments.append(Call(f"sqlite_where={text}(", [quote(where.text)]))
            yield Call("Index(", arguments)
        if not table.dialect_options["sqlite"].get("with_rowid", True):
            yield '{"sqlite_with_rowid": False}'

    def _list_constraints(self, table: sa.Table) -> Iterator[Node]:
        uniques = [
            [column.name for column in each.columns]
            for each in table.constraints
            if isinstance(each, sa.UniqueConstraint)
        ]
        for unique in sorted(uniques):
            self.imports.use("sqlalchemy", "UniqueConstraint")
            yield Call("UniqueConstraint(", list(map(quote, unique)))
        names: set[str] = set()
        for check in _list_checks(table):
            self.imports.use("sqlalchemy", "CheckConstraint")
            text = str(check.sqltext.text)
            name = str(check.name or _name_check(table, text))
            while name in names:
                name += "_"
            names.add(name)
            yield Call("CheckConstraint(", [quote(text), f"name={quote(name)}"])

    def _write_related(self, related: Related) -> Iterator[str]:
        self.imports.use("sqlalchemy.orm", "relationship")
        arguments: list[Node] = []
        if related.back:
            arguments.append(f"back_populates={quote(related.back)}")
        if related.secondary:
            arguments.append(f"secondary={quote(related.secondary)}")
        for name in ("foreign_keys", "remote_side"):
            listed = ", ".join(getattr(related, name))
            if listed:
                arguments.append(f'{name}="[{listed}]"' if "." in listed else f"{name}=[{listed}]")
        arguments.append("viewonly=True")
        target = f"list[{related.target}]" if related.is_list else related.target
        mapped = f"{target} | None" if related.is_optional else target
        yield from lay_out(Call(f"{related.name}: Mapped[{mapped}] = relationship(", arguments), 4)


def _list_checks(table: sa.Table) -> list[Any]:
    checks = [each for each in table.constraints if isinstance(each, sa.CheckConstraint)]
    return sorted(checks, key=lambda check: str(check.sqltext))


def _name_check(table: sa.Table, text: str) -> str:
    """The column that a check is about, as far as that can be seen."""
    words = re.findall(r"\w+", text)
    return next((word for word in words if word in table.columns), "rows")


def _is_single(constraint: sa.ForeignKeyConstraint | None) -> bool:
    return constraint is not None and len(constraint.columns) == 1


def _list(names: Sequence[str]) -> Node:
    return Call("[", list(map(quote, names)), "]")


def spell_plainly(text: str) -> str:
    """A name as a docstring can hold it."""
    return re.sub(r'[\\"]|[^\S ]', "", text) or "the table"


def _camelize(attribute: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in attribute.split("_"))
