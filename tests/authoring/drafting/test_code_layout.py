"""Calls are laid out as ruff lays them out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.code_layout import Call, Imports, Node, lay_out
from microcosm_sqlite.authoring.drafting.module_text import ModuleText
from tests.support.programs import tool

NAMES = st.sampled_from(["a", "table", "x" * 30, "y" * 60, "東京" * 12])
TEXTS = NAMES.map(lambda name: f'"{name}"')
WORDS = TEXTS | NAMES.map(lambda name: f"option={name[:9]}")
CALLS: st.SearchStrategy[Node] = st.recursive(
    TEXTS,
    lambda inner: st.builds(
        lambda name, parts: Call(f"{name}(", parts), NAMES, st.lists(inner, min_size=1, max_size=6)
    ),
    max_leaves=12,
)
STATEMENTS = st.builds(
    lambda head, parts: Call(head, parts, "]" if head.endswith("[") else ")"),
    st.sampled_from(["x = call(", "x = (", "__table_args__ = (", "Label = Literal["]),
    st.lists(CALLS, min_size=1, max_size=6),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(STATEMENTS, min_size=10, max_size=30))
def test_calls_break_as_the_formatter_breaks_them(statements: list[Call]) -> None:
    lines = ["class A:"]
    for number, statement in enumerate(statements):
        lines += [f"    n{number} = 0", *lay_out(statement, 4)]
    text = "\n".join(lines) + "\n"
    command = [tool("ruff"), "format", "--isolated", "--line-length=100", "--diff", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


FUTURE = '"A module."\n\nfrom __future__ import annotations\n'
TYPES = "from sqlalchemy import Float, Integer"
ORM = "from sqlalchemy.orm import Mapped"
MODULES = [
    f"{FUTURE}\n{TYPES}\n{ORM}\n",
    f"{FUTURE}\nfrom typing import Literal\n\nfrom microcosm_sqlite import DataSet\n{TYPES}\n",
    f"{FUTURE}\nimport datetime as dt\nimport re\n\nimport sqlalchemy as sa\n{ORM}\n",
    f"{FUTURE}\nimport uuid\nfrom decimal import Decimal\n\nfrom zope import interface\n",
    FUTURE,
]
WANTED = Imports(
    {
        "": {"datetime as dt", "uuid"},
        "decimal": {"Decimal"},
        "typing": {"Any", "Literal"},
        "sqlalchemy": {"BigInteger", "Integer", "text as sql_text"},
        "sqlalchemy.orm": {"Mapped", "mapped_column"},
    }
)


@pytest.mark.parametrize("text", MODULES)
def test_imports_are_merged_as_the_linter_sorts_them(text: str, tmp_path: Path) -> None:
    module = ModuleText(text)
    assert module.add_imports(WANTED) == []
    file = tmp_path / "module.py"
    file.write_text(module.render())
    names = ModuleText(file.read_text()).names
    assert {name: origin for name, origin in names.items() if origin[0] == "sqlalchemy.orm"} == {
        "Mapped": ("sqlalchemy.orm", "Mapped"),
        "mapped_column": ("sqlalchemy.orm", "mapped_column"),
    }
    assert {"dt", "uuid", "Decimal", "Any", "Literal", "sql_text", "BigInteger"} <= names.keys()
    options = ["--isolated", "--no-cache", "--select", "I", "--config", "line-length = 100"]
    done = subprocess.run(
        [tool("ruff"), "check", *options, file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + file.read_text()


@pytest.mark.parametrize(
    ("line", "clashes"),
    [
        ("from mine import Integer", ["Integer"]),
        ("class uuid: ...", ["uuid"]),
        ("Any = Literal = 3", ["Any", "Literal"]),
        ("from sqlalchemy import Integer  # mine", []),
        ("from sqlalchemy import (Integer, Text)", []),
    ],
)
def test_a_name_that_means_something_else_is_told(line: str, clashes: list[str]) -> None:
    module = ModuleText(f"{FUTURE}\n{line}\n")
    assert sorted(module.add_imports(WANTED)) == clashes
    assert line in module.render()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_edits_leave_all_other_bytes_alone(end: str) -> None:
    text = end.join(["a = 1  ", "\fb = (2,", "  3)", "", "# c", "d = (5,", "  6  )"])
    module = ModuleText(text)
    module.replace(module.tree.body[1], ["b = 4"])
    module.insert_after(module.tree.body[0], ["first = 1"])
    module.insert_after(module.tree.body[0], ["second = 2"])
    module.append(["e = 5"])
    lines = ["a = 1  ", "first = 1", "second = 2", "b = 4", "", "# c", "d = (5,", "  6  )"]
    assert module.render() == end.join([*lines, "e = 5", ""])
