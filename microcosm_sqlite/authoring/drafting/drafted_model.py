"""A drafted model: a table of SQLAlchemy, what that does not say of its class, edits of its text.

Each edit is one of a statement that stands exactly as it is drafted, or adds one. Of any other
text nobody knows what it means, so it is left to its author.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.code_layout import (
    Call,
    Imports,
    Node,
    quote,
    spell_plainly,
    spell_table,
    write_attribute,
    write_labels,
)
from microcosm_sqlite.authoring.drafting.module_text import ModuleText
from microcosm_sqlite.authoring.values.kind_values import import_type
from microcosm_sqlite.common.kinds import Kind


@dataclass(frozen=True)
class Related:
    """One attribute that leads to rows of another table, or of the same.

    Attributes:
        name: The attribute.
        target: The class of these rows.
        is_list: Whether there may be several.
        is_optional: Whether there may be none.
        back: The attribute that leads back.
        foreign_keys: Attributes of the columns that refer, where it has to be said which; with
            their class in front where it is another one.
        remote_side: Attributes of the columns at the other end, of the same table.
        secondary: The class of the table that lies between.
    """

    name: str
    target: str
    is_list: bool = False
    is_optional: bool = False
    back: str = ""
    foreign_keys: tuple[str, ...] = ()
    remote_side: tuple[str, ...] = ()
    secondary: str = ""


@dataclass(frozen=True)
class FullText:
    """The searched part of a table.

    Attributes:
        columns: The columns.
        options: Options of FTS5.
    """

    columns: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftedModel:
    """One table and what it is called in Python.

    Attributes:
        table: The table. A column that numbers the rows says `autoincrement=True`.
        name: The class.
        attributes: Column to attribute.
        related: Attributes that lead to other rows.
        full_text: What of the table is searched, if anything.
        comments: Column to what it may be, where nobody is sure, as sentences.
    """

    table: sa.Table
    name: str
    attributes: Mapping[str, str]
    related: tuple[Related, ...] = ()
    full_text: FullText | None = None
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def number_rows(name: str) -> sa.Column[Any]:
    """Make the column that numbers the rows of a table without a key of its own."""
    return sa.Column(
        name,
        sa.Integer,
        primary_key=True,
        autoincrement=True,
        comment="Number of the row in the source, from 1",
    )


def make_type(kind: Kind) -> sa.types.TypeEngine[Any]:
    """Make the type of SQLAlchemy that columns of a kind have in models, without sizes."""
    return import_type(kind.model_type)()


class EditRefusedError(Exception):
    """The text is not as it would have been drafted, so it is left alone."""


class ModelText:
    """The module of the models, while it is edited.

    Attributes:
        text: Its text.
        edits: The statements that were written, each on one line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.edits: list[str] = []

    def set_length(self, table: str, attribute: str, length: int | None) -> None:
        """Let a column have longer texts; of any length, where None is given."""

        def change(type_: ast.expr) -> ast.expr | None:
            if not isinstance(type_, ast.Call) or ast.unparse(type_.func) != "String":
                return None
            if not type_.args:
                return None
            if length is None:
                return ast.Name("Text")
            type_.args[:1] = [ast.Constant(length)]
            return type_

        imports = Imports() if length else Imports({"sqlalchemy": {"Text"}})
        self._change_type(table, attribute, change, imports)

    def widen_integer(self, table: str, attribute: str) -> None:
        """Let a column have whole numbers of 64 bits."""

        def change(type_: ast.expr) -> ast.expr | None:
            return ast.Name("BigInteger") if ast.unparse(type_) == "Integer" else None

        self._change_type(table, attribute, change, Imports({"sqlalchemy": {"BigInteger"}}))

    def add_labels(self, table: str, attribute: str, labels: Iterable[str]) -> None:
        """Let a column have more labels; sorted, if those that are there are."""
        module = ModuleText(self.text)
        node = _find_attribute(module, table, attribute)
        names = {each.id for each in ast.walk(node.annotation) if isinstance(each, ast.Name)}
        for alias in module.tree.body:
            if not isinstance(alias, ast.Assign) or ast.unparse(alias.targets[0]) not in names:
                continue
            known = [n.value for n in ast.walk(alias.value) if isinstance(n, ast.Constant)]
            name = ast.unparse(alias.targets[0])
            texts = [text for text in known if isinstance(text, str)]
            if module.read(alias) == [*write_labels(name, texts)]:
                merged = [*texts, *(label for label in labels if label not in texts)]
                merged = sorted(merged) if texts == sorted(texts) else merged
                self._replace(module, alias, [*write_labels(name, merged)])
                return
        raise EditRefusedError(f"no `Literal` of its own lists the labels of `{attribute}`")

    def describe(self, table: str, attribute: str, comment: str, info: Mapping[str, Any]) -> None:
        """Write what a column means, and its unit and labels, in place of what is said there."""
        module = ModuleText(self.text)
        node = _find_attribute(module, table, attribute)
        edited = deepcopy(node)
        assert isinstance(edited.value, ast.Call), "it is a column"  # noqa: S101
        given = {each.arg: each for each in edited.value.keywords}
        told: dict[str, object] = {"comment": comment} if comment else {}
        known = ast.literal_eval(given["info"].value) if "info" in given else {}
        told |= {"info": {**known, **info}} if info else {}
        for name, content in told.items():
            value = ast.parse(repr(content), mode="eval").body
            given[name] = ast.keyword(name, value)
        last = [given.pop(name) for name in ("comment", "info") if name in given]
        edited.value.keywords = [*given.values(), *last]
        if _write(edited) != module.read(node):
            self._replace(module, node, _write(edited))

    def describe_table(self, table: str, text: str) -> None:
        """Write what a table holds as the docstring of its class, where that is as drafted."""
        module = ModuleText(self.text)
        model = module.find_models().get(table)
        docstring = model.body[0] if model else None
        if docstring is None or module.read(docstring) != [
            f'    """A row of {spell_table(table)}."""'
        ]:
            raise EditRefusedError(f"the class of table `{table}` has a docstring of its own")
        told = spell_plainly(text).strip().rstrip(".")
        self._replace(module, docstring, [f'    """{told}."""'])

    def add_column(self, table: str, lines: list[str], imports: Imports) -> None:
        """Write one more column behind the last one of a table."""
        module = ModuleText(self.text)
        columns = [node for node in _list_attributes(module, table) if _is_column(node)]
        if not columns:
            raise EditRefusedError(f"no class with columns says that it is table `{table}`")
        module.insert_after(columns[-1], lines)
        self._finish(module, imports, lines)

    def _change_type(
        self,
        table: str,
        attribute: str,
        change: Callable[[ast.expr], ast.expr | None],
        imports: Imports,
    ) -> None:
        module = ModuleText(self.text)
        node = _find_attribute(module, table, attribute)
        edited = deepcopy(node)
        assert isinstance(edited.value, ast.Call), "it is a column"  # noqa: S101
        for at, type_ in enumerate(edited.value.args):
            if (changed := change(type_)) is not None:
                edited.value.args[at] = changed
                self._replace(module, node, _write(edited), imports)
                return
        raise EditRefusedError(f"`{attribute}` has another type than drafted models have")

    def _replace(
        self, module: ModuleText, node: ast.stmt, lines: list[str], imports: Imports | None = None
    ) -> None:
        module.replace(node, lines)
        self._finish(module, imports or Imports(), lines)

    def _finish(self, module: ModuleText, imports: Imports, lines: list[str]) -> None:
        clashes = module.add_imports(imports)
        if clashes:
            raise EditRefusedError(f"{', '.join(clashes)} means something else there")
        edited = ModuleText(module.render())
        for name in ("Integer", "String"):
            edited.drop_import("sqlalchemy", name)
        self.text = edited.render()
        text = " ".join(each.strip() for each in lines)
        self.edits.append(text.replace("( ", "(").replace(" )", ")"))


def _list_attributes(module: ModuleText, table: str) -> list[ast.AnnAssign]:
    model = module.find_models().get(table)
    return [node for node in model.body if isinstance(node, ast.AnnAssign)] if model else []


def _is_column(node: ast.AnnAssign) -> bool:
    return isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "mapped_column"


def _find_attribute(module: ModuleText, table: str, name: str) -> ast.AnnAssign:
    """The statement of a column, which stands as it is drafted."""
    for node in _list_attributes(module, table):
        if ast.unparse(node.target) == name and _is_column(node):
            if module.read(node) == _write(node):
                return node
            raise EditRefusedError(f"`{name}` is not written as drafted models have it")
    raise EditRefusedError(f"no class of table `{table}` says what `{name}` is")


def _write(node: ast.AnnAssign) -> list[str]:
    """The statement of a column as it is drafted."""
    annotation = ast.unparse(node.annotation)
    call = _read(node.value)
    if not isinstance(call, Call) or not annotation.startswith("Mapped["):
        return []
    name, type_ = ast.unparse(node.target), annotation[len("Mapped[") : -1]
    return [*write_attribute(name, type_, call.head[:-1], call.parts)]


def _read(node: ast.expr | None) -> Node:
    """An expression as the writer of models spells it."""
    if isinstance(node, ast.Call):
        parts = [_read(each) for each in node.args]
        parts += [_name(f"{each.arg}=", _read(each.value)) for each in node.keywords]
        return Call(f"{ast.unparse(node.func)}(", parts)
    if isinstance(node, ast.Dict) and None not in node.keys:
        pairs = zip(node.keys, node.values, strict=True)
        return Call("{", [_name(f"{_read(key)}: ", _read(value)) for key, value in pairs], "}")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return quote(node.value)
    return ast.unparse(node) if node else ""


def _name(prefix: str, node: Node) -> Node:
    return replace(node, head=prefix + node.head) if isinstance(node, Call) else prefix + node


def escape_colons(sql: str) -> str:
    """SQL for `sqlalchemy.text`, which takes a word behind a colon for a parameter."""
    return re.sub(r"(?=:\w)", r"\\", sql)


def read_colons(sql: str) -> str:
    """SQL as it was in front of `escape_colons`."""
    return re.sub(r"\\(?=:\w)", "", sql)
