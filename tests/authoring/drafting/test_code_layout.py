"""Calls are laid out as ruff lays them out."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.code_layout import Call, Node, lay_out
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
