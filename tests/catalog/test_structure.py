"""Equal schemas have equal fingerprints and equal rows equal digests, whatever the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.catalog.digest import content_digest
from microcosm_sqlite.catalog.structure import (
    describe_structure,
    fingerprint,
    read_tables,
    table_names,
)

ODD = """
CREATE TABLE "od""d ta'ble" ("se""lect" varchar(3) NOT NULL, b, PRIMARY KEY ("se""lect"));
CREATE TABLE plain (id INTEGER PRIMARY KEY, x REAL NOT NULL, y AS (x * 2));
CREATE TABLE narrow (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE shadow (rowid TEXT, _rowid_ INT);
CREATE VIRTUAL TABLE words USING fts5 (body);
CREATE VIEW v AS SELECT 1;
"""


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:")
    opened.executescript(ODD)
    yield opened
    opened.close()


def test_ordinary_tables_are_described(connection: sqlite3.Connection) -> None:
    assert table_names(connection) == ["narrow", "od\"d ta'ble", "plain", "shadow"]
    structure = describe_structure(connection)
    assert structure["narrow"] == [("a", "TEXT", 1, 2), ("b", "INT", 1, 1)]
    assert structure["od\"d ta'ble"] == [('se"lect', "VARCHAR(3)", 1, 1), ("b", "", 0, 0)]
    assert [name for name, *_ in structure["plain"]] == ["id", "x", "y"]


def test_a_fingerprint_sees_schemas_and_nothing_else(connection: sqlite3.Connection) -> None:
    first = fingerprint(describe_structure(connection))
    assert first.startswith("sha256:")
    connection.execute("INSERT INTO plain (x) VALUES (1)")
    connection.execute("CREATE INDEX i ON plain (x)")
    assert fingerprint(describe_structure(connection)) == first
    connection.execute("ALTER TABLE plain ADD COLUMN z")
    assert fingerprint(describe_structure(connection)) != first


def test_tables_without_a_manifest_are_read_from_the_file(database: Path) -> None:
    connection = sqlite3.connect(database)
    tables = read_tables(connection)
    connection.close()
    assert tables["shade"].row_count == 3
    assert tables["shade"].primary_key == ["code"]
    assert tables["colour"].fields[1].required
    assert tables["colour"].fields[2].type == "number"
    assert tables["shade"].foreign_keys == [
        {"fields": ["colour_id"], "reference": {"resource": "colour", "fields": ["id"]}}
    ]


def test_a_digest_does_not_depend_on_how_the_file_was_written(tmp_path: Path) -> None:
    digests = set()
    for page_size, encoding in ((512, "UTF-8"), (65536, "UTF-16le")):
        connection = sqlite3.connect(tmp_path / f"{page_size}.db")
        connection.executescript(f"PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}'")
        connection.executescript(ODD)
        rows = [(n, n / 7) for n in range(3000)]
        connection.executemany(
            "INSERT INTO plain (id, x) VALUES (?, ?)", rows if page_size == 512 else rows[::-1]
        )
        connection.execute("CREATE INDEX i ON plain (x)")
        digests.add(content_digest(connection, "plain"))
        connection.close()
    assert len(digests) == 1


def test_every_table_has_a_digest(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO shadow VALUES ('x', 1)")
    connection.execute("INSERT INTO narrow VALUES ('x', 1), ('a', 2), ('b', 0)")
    digests = {content_digest(connection, table) for table in table_names(connection)}
    assert len(digests) == 4


def test_a_digest_is_pinned(connection: sqlite3.Connection) -> None:
    """It is written into manifests, so that it may never change."""
    connection.execute("INSERT INTO plain (x) VALUES (1), (0.1), (1e300), (9e999)")
    connection.execute("CREATE TABLE kinds (a)")
    connection.execute(
        "INSERT INTO kinds VALUES (1), (1.0), ('1'), (x'31'), (NULL), ('ü€😀''\"\n\\'), (-0.0)"
    )
    assert content_digest(connection, "kinds") == (
        "sha256:c4cc7e5a2cbc68ccf2485e80d3d3f2ce28eb9e611aee5d51bb6d9baabca0df35"
    )


values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=9
) | st.binary(max_size=9)  # fmt: skip


@settings(deadline=None)
@given(st.lists(values, max_size=8), st.data())
def test_a_digest_tells_any_two_contents_apart(rows: list[object], data: st.DataObject) -> None:
    def digest(contents: list[object]) -> str:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", ((value,) for value in contents))
        try:
            return content_digest(connection, "t")
        finally:
            connection.close()

    other = data.draw(st.lists(values, max_size=8))
    kind = [(type(value), repr(value)) for value in rows]
    other_kind = [(type(value), repr(value)) for value in other]
    assert (digest(rows) == digest(other)) == (kind == other_kind)
