"""Equal schemas have equal fingerprints, whatever the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

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


def test_a_reference_without_a_column_means_the_primary_key() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """
        CREATE TABLE Pair (a, b, PRIMARY KEY (b, a));
        CREATE TABLE child (x, y, z REFERENCES nowhere, FOREIGN KEY (x, y) REFERENCES pair);
        """
    )
    tables = read_tables(connection)
    connection.close()
    assert tables["child"].foreign_keys == [
        {"fields": ["x", "y"], "reference": {"resource": "pair", "fields": ["b", "a"]}}
    ]
