"""Benchmarks take from the package only what is there: no other test runs all of them."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if "microcosm_sqlite" in path.read_text("utf-8") and "site-packages" not in path.parts
)


@pytest.mark.parametrize("file", FILES)
def test_every_name_that_is_imported_exists(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("microcosm_sqlite"):
            module = import_module(str(node.module))
            for alias in node.names:
                if not hasattr(module, alias.name):
                    import_module(f"{node.module}.{alias.name}")
                check_attributes(tree, alias.asname or alias.name, getattr(module, alias.name))


def check_attributes(tree: ast.AST, name: str, value: object) -> None:
    """What is taken of a module or class by a dot is there."""
    if not isinstance(value, ModuleType | type):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != name or hasattr(value, node.attr), f"{name}.{node.attr}"
