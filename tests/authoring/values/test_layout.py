"""Whatever the fields of a source are called, they get identifiers that SQLite tells apart."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.values.layout import (
    LONGEST_NAME,
    make_identifier,
    make_names,
)
from microcosm_sqlite.common.sql import quote_identifier

headers = st.lists(st.text(max_size=8) | st.text("aA_2 ", max_size=3), max_size=12)


@given(st.text(max_size=100))
def test_an_identifier_is_one_that_python_takes_and_stays_what_it_is(text: str) -> None:
    name = make_identifier(text)
    assert len(name) <= LONGEST_NAME
    assert name == "" or name.isidentifier()
    assert make_identifier(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Price (in €)", "Price_in"),
        ("2nd half", "_2nd_half"),
        ("ﬁsh", "fish"),
        ("größe", "größe"),
        ("東京", "東京"),
        ("--", ""),
        ("_private_", "private"),
    ],
)
def test_as_much_of_a_text_stays_as_can(text: str, name: str) -> None:
    assert make_identifier(text) == name


@given(headers)
def test_every_field_has_a_name_of_its_own(header: list[str]) -> None:
    names = make_names(header)
    assert len(names) == len(header)
    assert all(name.isidentifier() for name in names)
    columns = ", ".join(f"{quote_identifier(name)} TEXT" for name in names)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({columns or 'x'})")


@given(headers)
def test_names_stay_when_they_are_made_into_names_again(header: list[str]) -> None:
    names = make_names(header)
    assert make_names(names) == names


@given(headers)
def test_a_field_that_is_called_by_an_identifier_keeps_its_name(header: list[str]) -> None:
    seen: set[str] = set()
    for field, name in zip(header, make_names(header), strict=True):
        if field and field == make_identifier(field) and field.lower() not in seen:
            assert name == field
        seen.add(field.lower())
