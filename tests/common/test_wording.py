"""Counts read as English, and widths are those of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.wording import measure, spell_count


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (336_776, "336,776 rows")]
)
def test_only_one_is_singular(number: int, told: str) -> None:
    assert spell_count(number, "row") == told


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("naïve", 5), ("nai\u0308ve", 5), ("東京", 4), ("ｱ", 1), ("\uff21", 2)],
)
def test_the_width_of_text_is_what_a_terminal_takes(text: str, width: int) -> None:
    assert measure(text) == width


@given(st.text(max_size=10), st.text(max_size=10))
def test_widths_add_up(left: str, right: str) -> None:
    assert measure(left + right) == measure(left) + measure(right)
