"""Answers are JSON of a bounded size."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.interop.agents.answers import CELL, Page, measure_json, spell_json

VALUES = (
    st.none()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.just("x" * (CELL + 1))
)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=8), st.integers(0, 9), st.integers(0, 3000))
def test_a_page_holds_the_first_rows_and_says_when_there_are_more(
    rows: list[tuple[Any, Any]], most: int, size: int
) -> None:
    page = Page(iter(rows), most, size)
    assert len(page.rows) <= most
    assert sum(map(measure_json, page.rows)) <= size
    assert page.has_more == (len(page.rows) < len(rows))
    assert json.loads(spell_json(page.rows)) == page.rows
    for row, shown in zip(rows, page.rows, strict=False):
        for value, cell in zip(row, shown, strict=True):
            if isinstance(value, str) and len(value) <= CELL:
                assert cell == value
            assert not isinstance(cell, int) or abs(cell) <= 1 << 53
