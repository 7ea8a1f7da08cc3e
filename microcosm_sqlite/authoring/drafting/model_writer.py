"""The one writer of models: a module from tables of SQLAlchemy, as a formatter leaves it.

Whatever tables, columns, labels and defaults are called, what others wrote only gets into a module
as literals. Its identifiers are those that `model_names` made, and each is checked once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.code_layout import (
    LINE_LENGTH,
    Call,
    Imports,
    Node,
    check_name,
    lay_out,
    needs_quotes,
    quote,
    spell_plainly,
    spell_table,
    write_attribute,
    write_labels,
    write_name,
    write_number,
)
from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel, FullText, Related
from microcosm_sqlite.authoring.drafting.model_names import name_labels
from microcosm_sqlite.authoring.drafting.model_parts import (
    find_annotation,
    find_module,
    is_single,
    list_actions,
    list_checks,
    list_options,
    list_texts,
    name_check,
)
from microcosm_sqlite.common.wording import find_free_name, measure

_STANDARD = ("", "decimal", "typing")
"""Modules of the standard library that models import from; the first is for plain imports."""


class ModelWriter:
    """Writes models, and keeps account of what they import."""

    def __init__(self, base: str, classes: Iterable[str]) -> None:
        """Take the names of the declarative base and of all else that is there or will be."""
        self._base = check_name(base)
        self._taken = {base, *classes}
        self._imports = Imports()
        self._labels: list[str] = []
        self._lines: list[str] = []
        self._views: list[str] = []

    def write(self, models: Sequence[DraftedModel], views: Collection[str] = ()) -> None:
        """Write models, and keep the statements that make views."""
        for model in models:
            self._lines += ["", "", *self._write_class(model)]
        self._views += views

    def write_module(self, about: str, *, dataset: str, description: str) -> str:
        """Return the module of all that was written.

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
            *self._imports.write_block(_STANDARD),
            "from microcosm_sqlite import DataSet",
            *self._imports.write(sorted(self._imports.names.keys() - set(_STANDARD))),
            "",
            *([*self._labels, "", ""] if self._labels else [""]),
            f"class {self._base}(DataSet, name={quote(dataset)}):",
            f'    """{spell_plainly(description)}."""',
            *self._lines,
            *views,
        ]
        return "\n".join(lines) + "\n"

    def write_addition(self) -> tuple[Imports, list[str]]:
        """The imports that an existing module needs for all that was written, and its lines."""
        labels = ["", "", *self._labels] if self._labels else []
        return self._imports, [*labels, *self._lines, *self._write_views()]

    def write_column(self, model: DraftedModel, name: str) -> tuple[Imports, list[str]]:
        """The imports that an existing module needs for one more column, and its lines."""
        return self._imports, [*self._write_column(model, model.table.columns[name])]

    def _write_views(self) -> Iterator[str]:
        """Write what makes the views of all databases along with the tables."""
        if not self._views:
            return
        event, metadata, connection = (
            self._imports.use("sqlalchemy", name) for name in ("event", "MetaData", "Connection")
        )
        views = find_free_name("VIEWS", self._taken, fold=str)
        function = find_free_name("create_views", self._taken, fold=str)
        yield from ("", "", f"{views} = (")
        for sql in self._views:
            yield from _write_statement(sql.strip())
        yield from (")", "", "")
        yield f'@{event}.listens_for({self._base}.metadata, "after_create")'
        arguments = [f"target: {metadata}", f"connection: {connection}", "**options: object"]
        yield from lay_out(Call(f"def {function}(", arguments, ") -> None:"))
        yield '    """Make the views along with the tables."""'
        yield f"    for view in {views}:"
        yield "        connection.exec_driver_sql(view)"

    def _write_class(self, model: DraftedModel) -> Iterator[str]:
        table = model.table
        yield f"class {check_name(model.name)}({self._base}):"
        yield f'    """A row of {spell_table(table.name)}."""'
        yield ""
        if any(map(needs_quotes, [table.name, *table.columns.keys()])):
            self._imports.use("sqlalchemy", "quoted_name")
        yield from _write_assignment("__tablename__", write_name(table.name))
        if model.full_text:
            yield from self._write_full_text(model.full_text, model.attributes)
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

    def _write_full_text(self, full_text: FullText, attributes: Mapping[str, str]) -> Iterator[str]:
        names = [quote(attributes[name]) for name in full_text.columns]
        yield from lay_out(Call("__full_text__ = (", names), 4)
        options = [f"{quote(key)}: {quote(value)}" for key, value in full_text.options.items()]
        if options:
            head = f"__full_text_options__: {self._imports.use('typing', 'ClassVar')} = {{"
            yield from lay_out(Call(head, options, "}"), 4)

    def _write_column(self, model: DraftedModel, column: sa.Column[Any]) -> Iterator[str]:
        for comment in model.comments.get(column.name, ()):
            yield from _write_comment(comment)
        attribute = model.attributes[column.name]
        is_told = attribute == column.name and not needs_quotes(column.name)
        arguments: list[Node] = [] if is_told else [write_name(column.name)]
        if isinstance(column.type, sa.Enum):
            annotation = self._write_labels(model, attribute, column.type.enums)
        else:
            annotation = self._imports.use_type(find_annotation(column.type))
            arguments.append(self._write_type(column.type))
        keys = [key for key in column.foreign_keys if is_single(key.constraint)]
        for key in sorted(keys, key=lambda key: key.target_fullname):
            self._imports.use("sqlalchemy", "ForeignKey")
            actions = list_actions(key.constraint)
            arguments.append(Call("ForeignKey(", [quote(key.target_fullname), *actions]))
        if column.computed is not None:
            arguments.append(self._write_computed(column.computed))
        elif isinstance(column.server_default, sa.DefaultClause):
            arguments.append(self._write_text("server_default=", column.server_default.arg))
        arguments += list_options(column)
        annotation = f"{annotation} | None" if column.nullable else annotation
        yield from self._write_attribute(attribute, annotation, "mapped_column", arguments)

    def _write_labels(self, model: DraftedModel, attribute: str, labels: Iterable[str]) -> str:
        """Write a type for the few labels of a column; SQLAlchemy makes an enumeration of it."""
        name = name_labels(model.name, attribute, self._taken)
        self._taken.add(name)
        self._imports.use("typing", "Literal")
        self._labels += write_labels(name, labels)
        return name

    def _write_type(self, type_: sa.types.TypeEngine[Any]) -> Node:
        if isinstance(type_, sa.types.NullType):
            # What declares no type is read as it is, and so is what declares text.
            return self._imports.use("sqlalchemy", "Text")
        name = type(type_).__name__
        module = find_module(type_)
        if not module:
            raise TypeError(f"SQLAlchemy exports no type {name}.")
        self._imports.use(module, name)
        options = []
        if isinstance(type_, sa.String):
            options += [write_number(type_.length)] if type_.length else []
            options += [f"collation={quote(type_.collation)}"] if type_.collation else []
        elif isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float):
            sizes = (type_.precision, type_.scale)
            options += [write_number(size) for size in sizes if size is not None]
        return Call(f"{name}(", options) if options else name

    def _write_computed(self, computed: sa.Computed) -> Node:
        self._imports.use("sqlalchemy", "Computed")
        arguments = [quote(str(computed.sqltext.text))]
        persisted = computed.persisted
        arguments += [] if persisted is None else [f"persisted={bool(persisted)}"]
        return Call("Computed(", arguments)

    def _list_table_arguments(self, table: sa.Table) -> Iterator[Node]:
        key = [column.name for column in table.primary_key.columns]
        if key != [column.name for column in table.columns if column.primary_key]:
            self._imports.use("sqlalchemy", "PrimaryKeyConstraint")
            yield Call("PrimaryKeyConstraint(", [*map(quote, key)])
        for key_ in sorted(table.foreign_key_constraints, key=lambda each: list(each.column_keys)):
            if not is_single(key_):
                self._imports.use("sqlalchemy", "ForeignKeyConstraint")
                targets = [element.target_fullname for element in key_.elements]
                parts = [list_texts(key_.column_keys), list_texts(targets), *list_actions(key_)]
                yield Call("ForeignKeyConstraint(", parts)
        yield from self._list_constraints(table)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if any(column.index for column in index.columns):
                continue  # its column says so
            self._imports.use("sqlalchemy", "Index")
            arguments: list[Node] = [quote(str(index.name))]
            arguments += [
                quote(part.name) if isinstance(part, sa.Column) else self._write_text("", part)
                for part in index.expressions
            ]
            arguments += ["unique=True"] if index.unique else []
            where = index.dialect_options["sqlite"].get("where")
            if where is not None:
                arguments.append(self._write_text("sqlite_where=", where))
            yield Call("Index(", arguments)
        options = [f'"comment": {quote(table.comment)}'] if table.comment else []
        if not table.dialect_options["sqlite"].get("with_rowid", True):
            options.append('"sqlite_with_rowid": False')
        if options:
            yield Call("{", options, "}")

    def _write_text(self, argument: str, clause: Any) -> Node:
        text = self._imports.use("sqlalchemy", "text as sql_text")
        return Call(f"{argument}{text}(", [quote(clause.text)])

    def _list_constraints(self, table: sa.Table) -> Iterator[Node]:
        uniques = [
            [column.name for column in each.columns]
            for each in table.constraints
            if isinstance(each, sa.UniqueConstraint)
            and not any(column.unique for column in each.columns)
        ]
        for unique in sorted(uniques):
            self._imports.use("sqlalchemy", "UniqueConstraint")
            yield Call("UniqueConstraint(", list(map(quote, unique)))
        names: set[str] = set()
        for check in list_checks(table):
            self._imports.use("sqlalchemy", "CheckConstraint")
            text = str(check.sqltext.text)
            name = str(check.name or name_check(table, text))
            while name in names:
                name += "_"
            names.add(name)
            yield Call("CheckConstraint(", [quote(text), f"name={quote(name)}"])

    def _write_related(self, related: Related) -> Iterator[str]:
        arguments: list[Node] = []
        if related.back:
            arguments.append(f"back_populates={quote(related.back)}")
        if related.secondary:
            # SQLAlchemy evaluates a text as Python, and the class may follow further below.
            arguments.append(f"secondary=lambda: {check_name(related.secondary)}.__table__")
        for name in ("foreign_keys", "remote_side"):
            attributes: tuple[str, ...] = getattr(related, name)
            listed = ", ".join(".".join(map(check_name, each.split("."))) for each in attributes)
            if listed:
                arguments.append(f'{name}="[{listed}]"' if "." in listed else f"{name}=[{listed}]")
        arguments.append("viewonly=True")
        target = check_name(related.target)
        annotation = f"list[{target}]" if related.is_list else target
        annotation = f"{annotation} | None" if related.is_optional else annotation
        yield from self._write_attribute(related.name, annotation, "relationship", arguments)

    def _write_attribute(
        self, name: str, type_: str, call: str, arguments: Sequence[Node]
    ) -> Iterator[str]:
        self._imports.use("sqlalchemy.orm", "Mapped")
        self._imports.use("sqlalchemy.orm", call)
        return write_attribute(check_name(name), type_, call, arguments)


def _write_comment(text: str) -> Iterator[str]:
    for line in wrap(spell_plainly(text[:1].upper() + text[1:]), LINE_LENGTH - len("    # ")):
        if measure(f"    # {line}") <= LINE_LENGTH:  # no letters of double width
            yield f"    # {line}"


def _write_assignment(name: str, value: str) -> list[str]:
    line = f"    {name} = {value}"
    if measure(line) <= LINE_LENGTH or measure(f"        {value}") > LINE_LENGTH:
        return [line]
    return [f"    {name} = (", f"        {value}", "    )"]


def _write_statement(sql: str) -> list[str]:
    if not all(character.isprintable() or character in "\n\t" for character in sql):
        return [f"    {quote(sql)},"]
    escaped = sql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return ['    """', *escaped.split("\n"), '""",']
