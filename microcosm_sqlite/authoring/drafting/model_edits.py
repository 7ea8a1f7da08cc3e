"""Edits of the models of a project, of which all others stay as they are.

Each edit is one of a statement that stands exactly as it is drafted, or adds one. Of any other
text nobody knows what it means, so it is left to its author.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

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


class EditRefusedError(Exception):
    """The text is not as it would have been drafted, so it is left alone."""


class ModelText:
    """The module of the models, while it is edited.

    It is parsed and written once for many edits, unless two of them are of one statement.

    Attributes:
        edits: The statements that were written, each on one line.
    """

    def __init__(self, text: str) -> None:
        self.edits: list[str] = []
        self._open(text)

    def _open(self, text: str) -> None:
        self._module = ModuleText(text)
        self._models = self._module.find_models()
        self._imports = Imports()
        self._edited: set[ast.stmt] = set()

    @property
    def text(self) -> str:
        """Its text, with all edits."""
        self._module.add_imports(self._imports)
        written = ModuleText(self._module.render())
        if self._edited:
            written.drop_imports("sqlalchemy", {"Integer", "String"})
        self._open(written.render())
        return self._module.render()

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
        node = self._find_attribute(table, attribute)
        names = {each.id for each in ast.walk(node.annotation) if isinstance(each, ast.Name)}
        for alias in self._list_aliases(names):
            known = [n.value for n in ast.walk(alias.value) if isinstance(n, ast.Constant)]
            name = ast.unparse(alias.targets[0])
            texts = [text for text in known if isinstance(text, str)]
            if self._module.read(alias) == [*write_labels(name, texts)]:
                merged = [*texts, *(label for label in labels if label not in texts)]
                merged = sorted(merged) if texts == sorted(texts) else merged
                self._replace(alias, [*write_labels(name, merged)])
                return
        raise EditRefusedError(f"no `Literal` of its own lists the labels of `{attribute}`")

    def describe(self, table: str, attribute: str, comment: str, info: Mapping[str, Any]) -> None:
        """Write what a column means, and its unit and labels, in place of what is said there."""
        node = self._find_attribute(table, attribute)
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
        if _write(edited) != self._module.read(node):
            self._replace(node, _write(edited))

    def describe_table(self, table: str, text: str) -> None:
        """Write what a table holds as the docstring of its class, where that is as drafted."""
        model = self._models.get(table)
        docstring = model.body[0] if model else None
        if docstring is None or self._module.read(docstring) != [
            f'    """A row of {spell_table(table)}."""'
        ]:
            raise EditRefusedError(f"the class of table `{table}` has a docstring of its own")
        told = spell_plainly(text).strip().rstrip(".")
        self._replace(docstring, [f'    """{told}."""'])

    def add_column(self, table: str, lines: list[str], imports: Imports) -> None:
        """Write one more column behind the last one of a table."""
        columns = [node for node in self._list_attributes(table) if _is_column(node)]
        if not columns:
            raise EditRefusedError(f"no class with columns says that it is table `{table}`")
        self._import(imports)
        self._module.insert_after(columns[-1], lines)
        self._note(lines)

    def _change_type(
        self,
        table: str,
        attribute: str,
        change: Callable[[ast.expr], ast.expr | None],
        imports: Imports,
    ) -> None:
        node = self._find_attribute(table, attribute)
        edited = deepcopy(node)
        assert isinstance(edited.value, ast.Call), "it is a column"  # noqa: S101
        for at, type_ in enumerate(edited.value.args):
            if (changed := change(type_)) is not None:
                edited.value.args[at] = changed
                self._replace(node, _write(edited), imports)
                return
        raise EditRefusedError(f"`{attribute}` has another type than drafted models have")

    def _replace(self, node: ast.stmt, lines: list[str], imports: Imports | None = None) -> None:
        self._import(imports or Imports())
        self._module.replace(node, lines)
        self._edited.add(node)
        self._note(lines)

    def _import(self, imports: Imports) -> None:
        if clashes := self._module.find_clashes(imports):
            raise EditRefusedError(f"{', '.join(clashes)} means something else there")
        for module, names in imports.names.items():
            self._imports.names.setdefault(module, set()).update(names)

    def _note(self, lines: Iterable[str]) -> None:
        text = " ".join(each.strip() for each in lines)
        self.edits.append(text.replace("( ", "(").replace(" )", ")"))

    def _list_attributes(self, table: str) -> list[ast.AnnAssign]:
        model = self._models.get(table)
        return [node for node in model.body if isinstance(node, ast.AnnAssign)] if model else []

    def _find_attribute(self, table: str, name: str) -> ast.AnnAssign:
        """The statement of a column, which stands as it is drafted."""
        for node in self._list_attributes(table):
            if ast.unparse(node.target) == name and _is_column(node):
                if node in self._edited:
                    self._open(self.text)
                    return self._find_attribute(table, name)
                if self._module.read(node) == _write(node):
                    return node
                raise EditRefusedError(f"`{name}` is not written as drafted models have it")
        raise EditRefusedError(f"no class of table `{table}` says what `{name}` is")

    def _list_aliases(self, names: Collection[str]) -> list[ast.Assign]:
        """The assignments of types for labels that are called so."""
        found = [
            node
            for node in self._module.tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names
        ]
        if self._edited.isdisjoint(found):
            return found
        self._open(self.text)
        return self._list_aliases(names)


def _is_column(node: ast.AnnAssign) -> bool:
    return isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "mapped_column"


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
