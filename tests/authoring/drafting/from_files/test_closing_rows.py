"""Notes and totals below the rows of a table."""

from __future__ import annotations

import pytest

from microcosm_sqlite.authoring.drafting.from_files.closing_rows import find_closing_rows, may_end
from microcosm_sqlite.authoring.drafting.from_files.file_rows import RAGGED, Row

TABLE = [["place", "kind", "count"], ["Aa", "x", "1"], ["Bb", "y", "2"], ["Cc", "x", "4"]]


def find(*below: list[str]) -> list[list[str]]:
    """The rows that are taken for notes and totals below the table."""
    rows = [
        Row(at, 1, fields, "" if len(fields) == 3 else RAGGED)
        for at, fields in enumerate([*TABLE, *below])
    ]
    return [row.fields for row in rows[find_closing_rows(rows, 0, 3) :]]


@pytest.mark.parametrize(
    "below",
    [
        [["Total", "", "7"]],
        [["", "", "7"]],  # the sum, without a name
        [["Source: a survey of 2019", "", ""]],
        [["* without islands"]],
        [["---", "---", "---"], ["TOTAL:", "", "7"]],
        [["Total", "", "7"], ["", "", ""], ["Note: preliminary", "", ""]],
        [["(3 rows)"]],
    ],
    ids=str,
)
def test_what_stands_below_all_rows_is_told_from_them(below: list[list[str]]) -> None:
    assert find(*below) == below
    assert may_end(below[-1]) or len(below[-1]) == 1


@pytest.mark.parametrize(
    "below",
    [[["Dd", "y", "5"]], [["", "", "9"]], [["Totnes", "y", "5"]], [["Total", "", "7"], TABLE[1]]],
    ids=str,
)
def test_rows_of_the_table_are_none(below: list[list[str]]) -> None:
    assert find(*below) == []
