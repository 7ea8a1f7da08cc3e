"""Rows are written as the same texts, whether SQLite or Python writes them."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from microcosm_sqlite.catalog.verifying.row_texts import RowTexts

DECLARED = ["INTEGER", "REAL", "TEXT", "DATETIME", "BOOLEAN", "BLOB", "", "NUMERIC(8, 2)"]
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
    st.binary(max_size=3),
)
columns = st.lists(st.sampled_from(DECLARED), min_size=1, max_size=4)
tables = columns.flatmap(
    lambda declared: st.tuples(
        st.just(declared), st.lists(st.tuples(*(values for _ in declared)), max_size=40)
    )
)


@contextmanager
def filled(declared: list[str], rows: list[tuple[Any, ...]]) -> Iterator[sqlite3.Connection]:
    """A table `t` with these columns and rows."""
    with closing(sqlite3.connect(":memory:")) as connection:
        named = ", ".join(f"c{number} {type_}" for number, type_ in enumerate(declared))
        connection.execute(f"CREATE TABLE t ({named})")
        marks = ", ".join("?" for _ in declared)
        connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        yield connection


def write(texts: RowTexts) -> tuple[list[Any], bytes]:
    """All rows as JSON has them, and all reals."""
    blocks = [block for span in texts.find_spans() for block in texts.write(span)]
    joined = ",".join(text for text, _ in blocks)
    return json.loads(f"[{joined}]"), b"".join(reals for _, reals in blocks)


def spell(value: Any, *, is_real: bool) -> Any:
    """A value of the text, as the documentation has it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, float):
        return None if is_real else 0.0
    return value


@given(tables)
def test_texts_and_reals_tell_every_value_and_its_storage_class(
    table: tuple[list[str], list[tuple[Any, ...]]],
) -> None:
    declared, rows = table
    are_real = [type_ == "REAL" for type_ in declared]
    with filled(declared, rows) as connection:
        stored = connection.execute("SELECT * FROM t ORDER BY rowid").fetchall()
        texts, reals = write(RowTexts(connection, "t"))
    expected = [
        [spell(value, is_real=is_real) for value, is_real in zip(row, are_real, strict=True)]
        for row in stored
    ]
    assert json.dumps(texts) == json.dumps(expected)
    numbers = [
        value if isinstance(value, float) else float("nan")
        for row in stored
        for value, is_real in zip(row, are_real, strict=True)
        if isinstance(value, float) or (value is None and is_real)
    ]
    assert reals == struct.pack(f"<{len(numbers)}d", *numbers)


@given(tables)
def test_the_quick_way_and_the_careful_way_write_the_same(
    table: tuple[list[str], list[tuple[Any, ...]]],
) -> None:
    with filled(*table) as connection:
        careful = RowTexts(connection, "t")
        careful._is_quick = False
        assert write(RowTexts(connection, "t")) == write(careful)


@given(tables, st.data())
def test_chosen_columns_are_those_of_the_whole_rows(
    table: tuple[list[str], list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    names = [f"c{number}" for number in range(len(table[0]))]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    with filled(*table) as connection:
        whole, _ = write(RowTexts(connection, "t"))
        some, _ = write(RowTexts(connection, "t", chosen))
    assert some == [[row[names.index(name)] for name in chosen] for row in whole]


def test_spans_hold_every_row_once_however_far_apart() -> None:
    rowids = [-(2**63), -1, 0, 7, 2**63 - 1]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t (rowid, x) VALUES (?, ?)", [(n, n) for n in rowids])
        texts = RowTexts(connection, "t")
        assert write(texts)[0] == [[number] for number in rowids]
