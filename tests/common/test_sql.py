"""SQL is written so that SQLite reads back what was meant, whatever names and texts hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.sql import (
    find_affinity,
    join_evenly,
    name_rowid,
    quote_identifier,
    quote_text,
    write_orphans,
)

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
PARTS = ["int", "char", "clob", "text", "blob", "real", "floa", "doub", "date", "_", "9", "Ç"]
words = st.lists(st.sampled_from(PARTS), max_size=4)
types = st.sampled_from(["", "INTEGER", "REAL", "NUMERIC", "TEXT", "TEXT COLLATE NOCASE", "BLOB"])
keys = st.lists(st.sampled_from(["1", "01", "1.0", "a", "A", b"1", 1, 1.5, "1.50"]), max_size=4)


@given(name=text, content=text)
def test_quoted_names_and_texts_read_back_as_they_were(name: str, content: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        columns = connection.execute(f"SELECT {quote_text(content)} AS {quote_identifier(name)}")
        assert columns.description[0][0] == name
        assert columns.fetchone() == (content,)


@given(words=words, separator=st.sampled_from(["", " "]))
def test_affinities_are_those_that_sqlite_gives(words: list[str], separator: str) -> None:
    """SQLite tells by `CREATE TABLE ... AS`, which declares a column by its affinity alone."""
    declared = separator.join(words)
    spelled = {"INT": "INTEGER", "TEXT": "TEXT", "": "BLOB", "REAL": "REAL", "NUM": "NUMERIC"}
    with closing(sqlite3.connect(":memory:")) as connection:
        type_ = quote_identifier(declared) if declared else ""
        connection.execute(f"CREATE TABLE given (x {type_})")
        connection.execute("CREATE TABLE told AS SELECT x FROM given")
        (affinity,) = connection.execute("SELECT type FROM pragma_table_info('told')").fetchone()
    assert find_affinity(declared) == spelled[affinity]


@given(child=types, parent=types, referring=keys, referred=keys)
def test_rows_that_refer_to_none_are_those_that_sqlite_counts(
    child: str, parent: str, referring: list[object], referred: list[object]
) -> None:
    """Whatever the types of both columns are: `'01'` and `1` are one key only where numbers are."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE p (k {parent} UNIQUE)")
        connection.execute(f"CREATE TABLE c (k {child} REFERENCES p (k))")
        connection.executemany("INSERT OR IGNORE INTO p VALUES (?)", [(key,) for key in referred])
        connection.executemany("INSERT INTO c VALUES (?)", [(key,) for key in referring])
        orphans = write_orphans('"c"', ["k"], '"p"', ["k"])
        told = connection.execute(f"SELECT child.rowid {orphans} ORDER BY 1").fetchall()
        check = "SELECT rowid FROM pragma_foreign_key_check('c') ORDER BY 1"
        assert told == connection.execute(check).fetchall()


@pytest.mark.parametrize("count", [1, 32, 33, 5000])
def test_an_expression_of_any_length_runs(count: int) -> None:
    expression = join_evenly(["1"] * count, " + ")
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {expression}").fetchone() == (count,)


@given(st.sets(st.sampled_from(["ROWID", "rowid", "_RowID_", "_rowid_", "OID", "oid", "id"])))
def test_the_rowid_is_read_by_a_name_that_no_column_has(columns: set[str]) -> None:
    distinct = list({name.lower(): name for name in columns}.values())
    rowid = name_rowid(distinct)
    if not rowid:
        assert {"rowid", "_rowid_", "oid"} <= {name.lower() for name in columns}
        return
    listed = ", ".join(f"{quote_identifier(name)} TEXT" for name in [*distinct, "other"])
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({listed})")
        connection.execute("INSERT INTO t (other) VALUES ('x')")
        assert connection.execute(f"SELECT {rowid} FROM t").fetchone() == (1,)
