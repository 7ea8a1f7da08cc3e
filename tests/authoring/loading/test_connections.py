"""With apsw or without it: the same rows, the same digests, the same errors."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.loading import connections as bulk
from microcosm_sqlite.authoring.loading.parallel import _transaction
from microcosm_sqlite.catalog.manifest import Field
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.catalog.verifying.ranges import measure_columns

ROWS = [
    (1, "a", 0.1, None),
    (2**63 - 1, 'quo"te', 1e300, b"\0\xff"),
    (None, "\0\n\u2028é😀", -0.0, "text"),
    (-5, "", float("inf"), 7),
]


@pytest.fixture(params=[True, False], ids=["apsw", "sqlite3"])
def has_apsw(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param:
        pytest.importorskip("apsw")
    monkeypatch.setattr(bulk, "has_apsw", lambda: request.param)
    return bool(request.param)


@pytest.mark.usefixtures("has_apsw")
def test_what_is_written_is_read_by_everybody(tmp_path: Path) -> None:
    path = tmp_path / "a b%?.db"
    with bulk.open_writer(path) as writer:
        writer.execute("CREATE TABLE t (i INTEGER, s TEXT, r REAL, a)")
        assert writer.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS).rowcount == len(ROWS)
        assert writer.execute("SELECT count(*) FROM t").fetchone() == (len(ROWS),)
    plain = sqlite3.connect(path)
    fields = [
        Field({"name": n, "type": t})
        for n, t in zip("isra", ("integer", "string", "number", "any"), strict=True)
    ]
    with bulk.open_scanner(path) as scanner:
        assert scanner.execute("SELECT * FROM t").fetchall() == ROWS
        assert scanner.execute("SELECT * FROM t").fetchmany(2) == ROWS[:2]
        for columns in (None, ["i"], ["s"], ["i", "r"], ["i", "a"]):
            assert content_digest(scanner, "t", columns) == content_digest(plain, "t", columns)
        assert measure_columns(scanner, "t", fields) == measure_columns(plain, "t", fields)
        with pytest.raises(sqlite3.Error, match=r"readonly|read-only|not authorized"):
            scanner.execute("DELETE FROM t")
    plain.close()


@pytest.mark.usefixtures("has_apsw")
def test_errors_are_those_of_python(tmp_path: Path) -> None:
    with bulk.open_writer(tmp_path / "t.db") as writer:
        writer.execute("CREATE TABLE t (i INTEGER NOT NULL)")
        for rows in ([(None,)], [(1, 2)]):
            with pytest.raises(sqlite3.Error):
                writer.executemany("INSERT INTO t VALUES (?)", rows)


def test_a_transaction_that_sqlite_ended_itself_tells_what_ended_it(has_apsw: bool) -> None:
    opened = bulk._ApswConnection if has_apsw else bulk.open_loading
    with closing(opened(":memory:")) as writer:
        writer.execute("PRAGMA journal_mode=MEMORY").fetchall()
        writer.execute("CREATE TABLE t (number UNIQUE)")
        with pytest.raises(sqlite3.Error, match="UNIQUE"), _transaction(writer):
            writer.executemany("INSERT OR ROLLBACK INTO t VALUES (?)", [(1,), (1,)])
        assert not writer.in_transaction
