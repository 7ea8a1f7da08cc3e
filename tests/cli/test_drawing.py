"""Tables line up, whatever is in their cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.cli import drawing
from microcosm_sqlite.cli.drawing import (
    draw_plain,
    draw_table,
    fits,
    wrap_last,
    write_listing,
    write_vertical,
)
from microcosm_sqlite.cli.output import Size
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


@given(
    st.lists(st.text("ab ", max_size=30), min_size=1, max_size=3),
    st.lists(st.text("xyz", min_size=1, max_size=12), max_size=20).map(" ".join),
    st.integers(30, 120),
)
def test_a_wrapped_line_fits_where_its_words_do_and_keeps_them_all(
    first: list[str], last: str, width: int
) -> None:
    wrapped = wrap_last([*first, last], width)
    assert " ".join(wrapped.split()) == " ".join(" ".join([*first, last]).split())
    start = len("  ".join(first))
    assert all(len(line) <= max(width, start) for line in wrapped.splitlines())


def test_rows_that_are_written_value_by_value_have_numbers_and_one_line_each() -> None:
    rows = [("red", None, b"\0"), ("a\nb", 5, "x" * 3000)]
    drawn = "".join(write_vertical(["colour", "n", "rest"], [rows[:1], rows[1:]], True))
    assert drawn.splitlines() == [
        "-[ row 1 ]-",
        "colour  red",
        "n       NULL",
        "rest    X'00'",
        "",
        "-[ row 2 ]-",
        "colour  a\\nb",
        "n       5",
        f"rest    {'x' * 3000}",
    ]
    assert "row" not in "".join(write_vertical(["colour"], [[("red",)]], False))


@given(
    st.lists(st.tuples(st.text(max_size=90), st.integers(), st.none()), min_size=1, max_size=4),
    st.integers(1, 200),
)
def test_a_table_fits_that_is_drawn_no_wider_than_the_terminal(
    rows: list[tuple[str, int, None]], width: int
) -> None:
    columns = ["text", "number", "none"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "is_terminal", lambda: True)
        patch.setattr(drawing, "use_color", lambda: False)
        patch.setattr(drawing, "measure_terminal", lambda: width)
        drawn = draw_table(columns, [*rows], True)
        is_fitting = max(map(measure, drawn.splitlines())) <= width
        assert fits(columns, [*rows]) == is_fitting
    assert fits(columns, [*rows])  # where nothing is a terminal


LONG = "the author is called 'The planets-data authors', as in the template; no origin is named"
LISTED = [("P26", "failed", LONG, "Write what is asked for there."), ("P3", "warning", "-", LONG)]


@pytest.mark.parametrize("width", [80, 120])
def test_a_listing_wraps_texts_to_the_terminal_and_cuts_nothing(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(drawing, "measure_terminal", lambda: width)
    drawn = "".join(write_listing(["CHECK", "STATUS", "MESSAGE", "HINT"], [LISTED], True))
    assert max(map(measure, drawn.splitlines())) <= width
    assert sorted(drawn.split()) == sorted(
        ["CHECK", "STATUS", "MESSAGE", "HINT", *" ".join(map(" ".join, LISTED)).split()]
    )


def test_a_listing_breaks_no_word_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "measure_terminal", lambda: 30)
    rows = [("birds", Size(53_200), "ODbL-1.0 AND CC-BY-4.0", "birds-of-the-world-data")]
    assert "".join(write_listing(["NAME", "SIZE", "LICENSE", "PACKAGE"], [rows], True)) == (
        "NAME      SIZE  LICENSE    PACKAGE\n"
        "birds  53.2 kB  ODbL-1.0   birds-of-the-world-data\n"
        "                AND\n"
        "                CC-BY-4.0\n"
    )


def test_a_listing_is_not_wrapped_where_there_is_no_terminal_and_may_be_empty() -> None:
    assert "".join(write_listing(["A"], [[(LONG,)]], True)) == f"A\n{LONG}\n"
    assert "".join(write_listing(["A", "B"], [], True)) == "A  B\n"
    assert "".join(write_listing(["A"], [], False)) == ""
