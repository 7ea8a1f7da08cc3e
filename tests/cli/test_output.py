"""Tables line up, whatever is in their cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.cli.output import draw_plain, draw_table
from microcosm_sqlite.common.wording import measure


def test_numbers_stand_to_the_right_and_text_to_the_left() -> None:
    rows = [("red", 5, None), ("chartreuse", 1234, 0.5)]
    assert draw_table(["colour", "n", "warmth"], rows, True).splitlines() == [
        "colour         n  warmth",
        "red            5    NULL",
        "chartreuse  1234     0.5",
    ]


def test_a_column_that_mixes_numbers_with_text_stands_to_the_left() -> None:
    assert draw_table(["x"], [(5,), ("text",)], True) == "x\n5\ntext\n"


def test_wide_characters_take_two_places() -> None:
    rows = [("東京", "x"), ("Rome", "y"), ("e\u0301", "z")]
    lines = draw_table(["city", "n"], rows, False).splitlines()
    assert lines == ["東京  x", "Rome  y", "e\u0301     z"]


def test_bytes_are_shown_as_sql_writes_them() -> None:
    assert draw_table(["b"], [(b"\x00\xff",)], False) == "X'00FF'\n"


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), min_size=1, max_size=4))
def test_data_cannot_break_lines_or_command_the_terminal(rows: list[tuple[str, str]]) -> None:
    drawn = draw_table(["a", "b"], list(rows), False)
    assert len(drawn.split("\n")) == len(rows) + 1
    assert drawn.replace("\n", "").isprintable()


def test_control_characters_are_shown_by_their_escapes() -> None:
    drawn = draw_plain([("a\x1b[31m", "b\nc\u202e")])
    assert drawn == "a\\x1b[31m  b\\nc\\u202e"
    assert measure("abc") == 3


def test_plain_facts_are_aligned_and_may_be_none() -> None:
    assert draw_plain([("a", "1"), ("long", "2")]) == "a     1\nlong  2"
    assert draw_plain([]) == ""
