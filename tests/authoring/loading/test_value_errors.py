"""Every value that does not fit is counted, and the first ones are told with their places."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.loading.value_errors import (
    SHOWN_LENGTH,
    Findings,
    judge_records,
    show,
    show_key,
)
from microcosm_sqlite.errors import SourceError
from tests.support.loading import plan_load


@given(count=st.integers(0, 30), limit=st.integers(1, 10))
def test_as_many_errors_are_kept_as_are_wanted_and_all_are_counted(count: int, limit: int) -> None:
    findings = Findings(limit)
    for number in range(count):
        findings.add(SourceError(f"Error {number}.", line=number))
    if not count:
        findings.raise_any()
        return
    with pytest.raises(SourceError) as caught:
        findings.raise_any()
    first = caught.value
    assert first.line == 0
    assert first.count == count
    assert [error.line for error in first.others] == list(range(1, min(count, limit)))
    lines = str(first).splitlines()
    assert lines[: min(count, limit)] == [f"Error {n}." for n in range(min(count, limit))]
    assert lines[limit:] == ([f"... and {count - limit} more."] if count > limit else [])


@given(st.text())
def test_a_long_value_is_cut_and_a_short_one_is_whole(text: str) -> None:
    shown = show(text)
    assert repr(text).startswith(shown.removesuffix("..."))
    assert len(shown) <= SHOWN_LENGTH + 3
    assert shown == repr(text) or shown.endswith("...")


def test_a_key_is_shown_with_its_names() -> None:
    assert show_key(["faa", "day"], ["JFK", 1]) == "faa='JFK', day=1"


def test_every_offence_has_its_line_and_column(tmp_path: Path) -> None:
    table = sa.Table(
        "birds",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("weight", sa.Float),
        sa.Column("seen", sa.Date),
    )
    text = "id,weight,seen\n1,0.5,\nx,heavy,2020-01-01\n2,\n3,,2020-02-30\n"
    load = plan_load(table, tmp_path, text)
    places = {None: [(3, "id"), (3, "weight"), (4, ""), (5, "seen")], "weight": [(3, "weight")]}
    for column, expected in places.items():
        findings = Findings(10)
        with load.openers[0]() as records:
            only = None if column is None else [column]
            judge_records(records, load.lay_out(records), findings, only)
        told = [(error.line, getattr(error, "column", "")) for error in findings.errors]
        assert [each for each in told if column is None or each[1]] == expected
