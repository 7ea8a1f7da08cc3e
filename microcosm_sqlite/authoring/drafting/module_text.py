"""A module that is there, and edits of whole statements of it; all other lines stay as they are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from microcosm_sqlite.authoring.drafting.code_layout import Imports, write_import


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

    @cached_property
    def names(self) -> dict[str, tuple[str, str]]:
        """The names that it binds, each with the module and the name that it is imported as.

        Those of the text that was taken: edits of its lines add none.
        """
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
        placed: list[tuple[tuple[int, bool, str], list[str]]] = []
        for module, wanted in sorted(imports.names.items()):
            missing = {name for name in wanted if _find_bound(name) not in self.names}
            lines = self._import(module, missing) if missing else []
            placed += [(_rank_module(module, lines[0]), lines)] if lines else []
        self._place_imports(sorted(placed))
        return self.find_clashes(imports)

    def find_clashes(self, imports: Imports) -> list[str]:
        """The names that the module uses for something else than what is to be imported."""
        return [
            bound
            for module, wanted in sorted(imports.names.items())
            for name in sorted(wanted)
            if self.names.get(bound := _find_bound(name), (module, name)) != (module, name)
        ]

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

    def drop_imports(self, module: str, names: Collection[str]) -> None:
        """Take names out of an import as `write_import` writes it, where nothing uses them."""
        used = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        for node in self._list_imports():
            known = {_spell_alias(each) for each in node.names}
            kept = known - ({*names} - used)
            if kept != known and self.read(node) == write_import(module, known):
                self.replace(node, write_import(module, kept))

    def _list_imports(self) -> list[ast.Import | ast.ImportFrom]:
        """The statements at its beginning."""
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


def _find_bound(name: str) -> str:
    """What a name is called in the module that imports it."""
    return name.rpartition(" as ")[2]


def _spell_alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _find_module(node: ast.Import | ast.ImportFrom) -> str:
    """The module that an import takes names from; empty for an import of modules."""
    return "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""


def _rank_module(module: str, line: str) -> tuple[int, bool, str]:
    """Where isort puts an import: of the future, of the standard library, of others."""
    name = module or line.split()[1]
    root = name.partition(".")[0]
    section = 0 if root == "__future__" else 1 if root in sys.stdlib_module_names else 2
    return section, bool(module), name.lower()
