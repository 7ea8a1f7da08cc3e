"""Nested calls as the formatter breaks them, imports that a module needs, and edits of a module."""

from __future__ import annotations

import ast
import keyword
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from microcosm_sqlite.common.wording import measure

INDENT = 4


@dataclass(frozen=True)
class Call:
    """A call, or whatever else has a head, parts between commas and an end.

    Attributes:
        head: All in front of the first part, with the opening bracket.
        parts: Texts and further calls.
        end: The closing bracket, and what is behind it.
    """

    head: str
    parts: Sequence[Node] = ()
    end: str = ")"

    def __str__(self) -> str:
        is_single = self.head.endswith(" (") and len(self.parts) == 1
        return f"{self.head}{', '.join(map(str, self.parts))}{',' * is_single}{self.end}"


Node = str | Call

_ALIASES = {"dt": "datetime as dt"}
_MODULES = {"Any": "typing", "Decimal": "decimal"}


def lay_out(node: Node, indent: int = 0, end: str = "") -> Iterator[str]:
    """The lines of a call: one, or its parts on one line, or a line for each part."""
    margin = " " * indent
    if isinstance(node, str) or measure(f"{margin}{node}{end}") <= LINE_LENGTH:
        yield f"{margin}{node}{end}"
        return
    yield f"{margin}{node.head}"
    inner = f"{margin}{' ' * INDENT}{', '.join(map(str, node.parts))}"
    is_tuple = node.head.endswith(" (")
    if measure(inner) <= LINE_LENGTH and not is_tuple:
        yield inner
    else:
        for part in node.parts:
            yield from lay_out(part, indent + INDENT, ",")
    yield f"{margin}{node.end}{end}"


@dataclass
class Imports:
    """What a module imports, by module; told as its body is written."""

    names: dict[str, set[str]] = field(default_factory=dict)

    def use(self, module: str, name: str) -> str:
        """Import a name, and return it; `import x as y` is told as `x as y` of no module."""
        self.names.setdefault(module, set()).add(name)
        return name.rpartition(" as ")[2] or name

    def use_type(self, name: str) -> str:
        """Import what a Python type needs, and return the type: `dt.date`, `Any`, `Decimal`."""
        module, dot, _ = name.partition(".")
        if dot:
            self.use("", _ALIASES.get(module, module))
        elif name in _MODULES:
            self.use(_MODULES[name], name)
        return name

    def write_block(self, modules: Sequence[str]) -> list[str]:
        """The same as `write`, with a blank line behind where there is anything."""
        lines = [*self.write(modules)]
        return [*lines, ""] if lines else []

    def write(self, modules: Sequence[str]) -> Iterator[str]:
        """The lines that import from these modules, in this order."""
        for module in modules:
            names = self.names.get(module, set())
            yield from (f"import {name}" for name in sorted(names) if not module)
            if module:
                yield from write_import(module, [name for name in names if " as " not in name])
                yield from (
                    f"from {module} import {name}" for name in sorted(names) if " as " in name
                )


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
    if not isinstance(text, str):
        raise TypeError(f"Not a text: {text!r}")
    quoted = str.__repr__(text)
    if quoted[0] == "'" and text.count('"') <= text.count("'"):
        inner = quoted[1:-1].replace("\\'", "'").replace('"', '\\"')
        return f'"{inner}"'
    return quoted


def write_number(number: int) -> str:
    """A whole number as Python source."""
    if type(number) is not int:
        raise TypeError(f"Not a whole number: {number!r}")
    return int.__repr__(number)


def check_name(name: str) -> str:
    """Return a name that is an identifier, and raise ValueError for any other text."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"Not an identifier: {name!r}")
    return name


def spell_plainly(text: str) -> str:
    """What of a text a docstring or a comment can hold: one line without quotes and controls."""
    return "".join(each for each in text if each.isprintable() and each not in '\\"')


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


def spell_table(name: str) -> str:
    """A table as docstrings call it."""
    return f"the table {spell_plainly(name)}".rstrip()


def write_attribute(name: str, type_: str, call: str, arguments: Sequence[Node]) -> Iterator[str]:
    """The lines of an attribute of a model."""
    head = f"{name}: Mapped[{type_}] = {call}("
    if measure(f"    {head}") <= LINE_LENGTH:
        yield from lay_out(Call(head, arguments), 4)
    elif " | " not in type_ and measure(f"    {name}: Mapped[{type_}] = (") <= LINE_LENGTH:
        yield f"    {name}: Mapped[{type_}] = ("
        yield from lay_out(Call(f"{call}(", arguments), 8)
        yield "    )"
    else:  # the formatter breaks a long annotation where it can
        yield f"    {name}: Mapped["
        yield f"        {type_}"
        yield from lay_out(Call(f"] = {call}(", arguments), 4)


def write_labels(name: str, labels: Iterable[str]) -> Iterator[str]:
    """The lines of a type for the few labels of a column."""
    return lay_out(Call(f"{check_name(name)} = Literal[", [*map(quote, labels)], "]"))


class ModuleText:
    """A module that is there, and edits of whole statements, which leave all other lines alone.

    Attributes:
        tree: Its statements.
    """

    def __init__(self, text: str) -> None:
        """Take the text as it stands in the file.

        Raises:
            SyntaxError: It is no Python.
        """
        self.tree = ast.parse(text.removeprefix("\ufeff"))
        self._end = "\r" if text.partition("\n")[0].endswith("\r") else ""
        self._text = text
        self._lines = (text if text.endswith("\n") else f"{text}{self._end}\n").split("\n")
        self._edits: list[tuple[int, int, list[str]]] = []

    def read(self, node: ast.stmt) -> list[str]:
        """The lines of a statement."""
        return [
            line.removesuffix("\r") for line in self._lines[node.lineno - 1 : node.end_lineno or 0]
        ]

    def replace(self, node: ast.stmt, lines: Iterable[str]) -> None:
        """Write other lines instead of a statement's."""
        self._edit(node.lineno - 1, node.end_lineno or 0, lines)

    def insert_before(self, node: ast.stmt, lines: Iterable[str]) -> None:
        """Write lines in front of a statement."""
        self._edit(node.lineno - 1, node.lineno - 1, lines)

    def insert_after(self, node: ast.stmt, lines: Iterable[str]) -> None:
        """Write lines behind a statement."""
        self._edit(node.end_lineno or 0, node.end_lineno or 0, lines)

    def append(self, lines: Iterable[str]) -> None:
        """Write lines at the end."""
        self._edit(len(self._lines) - 1, len(self._lines) - 1, lines)

    def _edit(self, start: int, end: int, lines: Iterable[str]) -> None:
        self._edits.append((start, end, [f"{line}{self._end}" for line in lines]))

    def render(self) -> str:
        """The text with all edits; of several at one place, the first stands first."""
        lines = [*self._lines]
        for start, end, added in sorted(self._edits, key=lambda edit: edit[:2])[::-1]:
            lines[start:end] = added
        return "\n".join(lines) if self._edits else self._text

    def find_names(self) -> dict[str, tuple[str, str]]:
        """The names that it binds, each with the module and the name that it is imported as."""
        names: dict[str, tuple[str, str]] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                names |= {a.asname or a.name: (module, _spell_alias(a)) for a in node.names}
            elif isinstance(node, ast.Import):
                names |= {
                    a.asname or a.name.partition(".")[0]: ("", _spell_alias(a)) for a in node.names
                }
            elif isinstance(node, ast.ClassDef | ast.FunctionDef):
                names[node.name] = ("", "")
            else:
                bound = (n for n in ast.walk(node) if isinstance(n, ast.Name))
                names |= {n.id: ("", "") for n in bound if isinstance(n.ctx, ast.Store)}
        return names

    def find_models(self) -> dict[str, ast.ClassDef]:
        """The classes that say which table they are mapped to, by its name."""
        return {
            text.value: node
            for node in self.tree.body
            if isinstance(node, ast.ClassDef)
            for each in node.body
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "__tablename__"
            for text in ast.walk(each.value)
            if isinstance(text, ast.Constant) and isinstance(text.value, str)
        }

    def add_imports(self, imports: Imports) -> list[str]:
        """Import what is not imported yet; an import as `write_import` writes it takes more names.

        Returns:
            Names that the module uses for something else, so that they cannot be imported.
        """
        names, clashes = self.find_names(), list[str]()
        placed: list[tuple[tuple[int, bool, str], list[str]]] = []
        for module, wanted in sorted(imports.names.items()):
            missing = set()
            for name in sorted(wanted):
                bound = name.rpartition(" as ")[2] or name
                if bound not in names:
                    missing.add(name)
                elif names[bound] != (module, name):
                    clashes.append(bound)
            lines = self._import(module, missing) if missing else []
            placed += [(_rank_module(module, lines[0]), lines)] if lines else []
        self._place_imports(sorted(placed))
        return clashes

    def _import(self, module: str, names: set[str]) -> list[str]:
        """Import names where an import takes them; the lines that import the others."""
        plain = {name for name in names if " as " not in name}
        for node in self._list_imports():
            known = {_spell_alias(each) for each in node.names}
            is_same = module != "" and _find_module(node) == module
            if plain and is_same and self.read(node) == write_import(module, known):
                self.replace(node, write_import(module, known | plain))
                names = names - plain
                break
        return [*Imports({module: names}).write([module])]

    def drop_import(self, module: str, name: str) -> None:
        """Take a name out of an import as `write_import` writes it, where nothing uses it."""
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(self.tree)):
            return
        for node in self._list_imports():
            known = {_spell_alias(each) for each in node.names}
            if name in known and self.read(node) == write_import(module, known):
                self.replace(node, write_import(module, known - {name}))

    def _list_imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Those that it begins with."""
        found: list[ast.Import | ast.ImportFrom] = []
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(node)
            elif found:
                break
        return found

    def _place_imports(self, placed: Sequence[tuple[tuple[int, bool, str], list[str]]]) -> None:
        """Insert imports, sorted as these are, each section apart from the one before."""
        imports = self._list_imports()
        ranks = [_rank_module(_find_module(node), self.read(node)[0]) for node in imports]
        sections = {rank[0] for rank in ranks}
        for rank, lines in placed:
            count = sum(each <= rank for each in ranks)
            if (ranks[count:] and ranks[count][0] == rank[0]) or not count:
                self.insert_before((imports or self.tree.body)[count], lines)
            else:
                self.insert_after(
                    imports[count - 1], lines if rank[0] in sections else ["", *lines]
                )
            sections.add(rank[0])


def _spell_alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _find_module(node: ast.Import | ast.ImportFrom) -> str:
    """What an import takes names from; empty for one of modules."""
    return "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""


def _rank_module(module: str, line: str) -> tuple[int, bool, str]:
    """Where isort puts an import: of the future, of the standard library, of others."""
    name = module or line.split()[1]
    root = name.partition(".")[0]
    section = 0 if root == "__future__" else 1 if root in sys.stdlib_module_names else 2
    return section, bool(module), name.lower()
