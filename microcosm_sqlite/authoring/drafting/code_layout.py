"""Nested calls as the formatter breaks them, and the imports that a module needs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    is_collection = node.head.endswith((" (", "{", "=[")) or node.head == "["
    if measure(inner) <= LINE_LENGTH and not is_collection:
        yield inner
    else:
        for part in node.parts:
            yield from lay_out(part, indent + INDENT, ",")
    yield f"{margin}{node.end}{end}"


@dataclass
class Imports:
    """The imports of a module, by module, collected while its body is written."""

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
    """Reduce a text to what a docstring or comment can hold: one line, no quotes or controls."""
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


def write_dict(prefix: str, content: Mapping[str, str | Mapping[str, str]]) -> Call:
    """A dictionary of texts and further dictionaries of texts."""
    parts: list[Node] = []
    for key, value in content.items():
        head = f"{quote(key)}: "
        parts.append(f"{head}{quote(value)}" if isinstance(value, str) else write_dict(head, value))
    return Call(f"{prefix}{{", parts, "}")
