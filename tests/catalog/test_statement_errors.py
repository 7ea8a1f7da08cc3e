"""A statement that fails on a dataset is told with the dataset's name and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from microcosm_sqlite import InstalledDataset, dataset, register, unregister
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetIOError,
    QueryError,
    ReadOnlyDatasetError,
)
from tests.support.wheels import make_database

MISTAKES = [
    ("SELECT * FROM colours", QueryError, "no such table: colours. Did you mean 'colour'?"),
    ("SELECT nam FROM colour", QueryError, "no such column: nam. Did you mean 'name'?"),
    ("SELECT code FROM colour", QueryError, "no such column: code. It is a column of shade."),
    ("SELECT s.NAME FROM shade s", QueryError, "no such column: s.NAME. It is a column of colour."),
    ("SELECT id", QueryError, "no such column: id. It is a column of colour."),
    ("SELECT * FROM cities.city", QueryError, "Connect with attach=['cities']."),
    ("SELECT colour.id, id FROM colour, colour c", QueryError, "Write it as table.column."),
    ("SELECT 1; SELECT 2", QueryError, "Run the statements one by one."),
    ('SELECT "red" FROM colour', QueryError, "A text is written in single quotes: 'red'."),
    ("SELECT FROM", QueryError, "syntax error"),
    ("SELECT ?", QueryError, "Incorrect number of bindings supplied"),
    ("ATTACH 'x.db' AS x", QueryError, "Name other datasets when you connect: attach=[NAME]."),
    ("VACUUM INTO 'x.db'", QueryError, "Copy the file that"),
    ("DELETE FROM colour", ReadOnlyDatasetError, "Copy the file that"),
    (
        "SELECT id FROM colour WHERE name = \u2018red\u2019",
        QueryError,
        "MARK (U+2018): write ' there.",
    ),
    (
        "SELECT id FROM colour WHERE name = \u2018dark red\u2019",
        QueryError,
        "(U+2019): write ' there.",
    ),
    ("SELECT \u201cid\u201d FROM colour", QueryError, 'MARK (U+201C): write " there.'),
    ("SELECT\u00a0id FROM colour", QueryError, "NO-BREAK SPACE (U+00A0): write a space there."),
    (
        "SELECT id FROM colour WHERE id \u22121 > 0",
        QueryError,
        "MINUS SIGN (U+2212): write - there.",
    ),
    ("SELECT id FROM colour WHERE id \u2265 1", QueryError, "(U+2265): write >= there."),
    ("SELECT count\uff08*\uff09 FROM colour", QueryError, "(U+FF08): write ( there."),
    ("SELECT id\u200b FROM colour", QueryError, "ZERO WIDTH SPACE (U+200B): remove it."),
    ("SELECT namé FROM colour", QueryError, "Did you mean 'name'?"),
    ("CREATE TABLE t (a)", ReadOnlyDatasetError, "Dataset 'colours' is read-only."),
]


@pytest.fixture
def connection(installed: Path) -> Iterator[sqlite3.Connection]:
    with closing(dataset("colours").connect()) as opened:
        yield opened


@pytest.mark.parametrize(("sql", "kind", "told"), MISTAKES)
def test_the_error_is_ours_and_that_of_sqlite3(
    connection: sqlite3.Connection, sql: str, kind: type[DatasetError], told: str
) -> None:
    for execute in (connection.execute, connection.cursor().execute):
        with pytest.raises(kind) as caught:
            execute(sql)
        assert isinstance(caught.value, sqlite3.Error | sqlite3.Warning)
        assert type(caught.value.__cause__) in type(caught.value).__mro__
        assert told in str(caught.value)
        assert "'colours'" in str(caught.value)


def test_a_character_that_names_have_is_not_taken_for_one_of_sql(tmp_path: Path) -> None:
    schema = """
        CREATE TABLE t ("rate \u2013 %" REAL, "L\u2019Or\u00e9al" TEXT);
        CREATE VIEW v AS SELECT * FROM missing;
    """
    found = register("rates", make_database(tmp_path / "rates.db", schema=schema))
    try:
        for wrong, right in (
            ("rate \u2013", "rate \u2013 %"),
            ("L\u2019Oreal", "L\u2019Or\u00e9al"),
        ):
            with pytest.raises(QueryError, match=f"Did you mean '{right}'"):
                run_with_sqlite3(found, f'SELECT t."{wrong}" FROM t')
    finally:
        unregister("rates")


def test_statements_that_are_run_many_times_or_together_are_told_alike(
    connection: sqlite3.Connection,
) -> None:
    for opened in (connection, connection.cursor()):
        with pytest.raises(ReadOnlyDatasetError, match="'colours'"):
            opened.executemany("DELETE FROM colour WHERE id = ?", [(1,), (2,)])
        with pytest.raises(QueryError, match="Did you mean 'colour'"):
            opened.executescript("SELECT 1; SELECT * FROM colours;")
        assert opened.executescript("SELECT 1;").fetchone() is None


BYTES = b"\xff\xfe"
"""What no text in UTF-8 has."""


@pytest.fixture
def garbled(tmp_path: Path) -> Iterator[InstalledDataset]:
    """A dataset in which a column, a table and a text are not UTF-8."""
    schema = """
        CREATE TABLE t ("ZZ" TEXT); CREATE TABLE texts (a TEXT); INSERT INTO texts VALUES ('ZZ');
        CREATE VIEW broken AS SELECT * FROM "missing_ZZ";
    """
    file = make_database(tmp_path / "garbled.db", schema=schema)
    file.write_bytes(file.read_bytes().replace(b"ZZ", BYTES))
    yield register("garbled", file)
    unregister("garbled")


def run_with_sqlite3(found: InstalledDataset, sql: str, *, untrusted: bool = False) -> object:
    with closing(found.connect(untrusted=untrusted)) as opened:
        return opened.execute(sql).fetchall()


def run_with_cursor(found: InstalledDataset, sql: str) -> object:
    with closing(found.connect()) as opened:
        return list(opened.cursor().execute(sql))


def run_with_engine(found: InstalledDataset, sql: str) -> object:
    with found.engine.connect() as opened:
        return opened.execute(text(sql)).all()


def run_with_arrow(found: InstalledDataset, sql: str) -> object:
    return found.sql(sql).arrow()


RUNS = [
    run_with_sqlite3,
    partial(run_with_sqlite3, untrusted=True),
    run_with_cursor,
    run_with_engine,
    run_with_arrow,
]
GARBLED = ["SELECT * FROM t", "SELECT * FROM broken", "SELECT json_extract('{}', a) FROM texts"]


@pytest.mark.parametrize("sql", GARBLED)
@pytest.mark.parametrize("run", RUNS)
def test_names_and_texts_that_are_not_utf8_are_told_on_every_way_in(
    garbled: InstalledDataset, run: Callable[[InstalledDataset, str], object], sql: str
) -> None:
    with pytest.raises(QueryError, match=r"a name or a text is not UTF-8: b.*\\xff\\xfe") as told:
        run(garbled, sql)
    assert told.value.hint.startswith("A text or a name is not UTF-8; select CAST")


def test_columns_whose_names_are_not_utf8_are_read_under_names_of_ones_own(tmp_path: Path) -> None:
    file = make_database(tmp_path / "t.db", schema='CREATE TABLE t ("ZZ" TEXT, b TEXT);')
    file.write_bytes(file.read_bytes().replace(b"ZZ", BYTES))
    found = register("named", file)
    try:
        for run in (run_with_sqlite3, run_with_cursor, run_with_engine, run_with_arrow):
            with pytest.raises(QueryError) as told:
                run(found, "SELECT * FROM t")
            named = told.value.hint.partition(": ")[2].rstrip(".").replace("...", "* FROM t")
            run(found, named)
    finally:
        unregister("named")


def test_a_wrong_name_is_told_beside_names_that_are_not_utf8(tmp_path: Path) -> None:
    file = make_database(tmp_path / "t.db", schema='CREATE TABLE "ZZ" (a); CREATE TABLE t (b);')
    file.write_bytes(file.read_bytes().replace(b"ZZ", BYTES))
    found = register("wrong", file)
    with pytest.raises(QueryError, match="no such table: tt"):
        run_with_sqlite3(found, "SELECT * FROM tt")
    unregister("wrong")


def test_the_code_of_sqlite_is_kept(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("DELETE FROM colour")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_READONLY
    assert caught.value.sqlite_errorname == "SQLITE_READONLY"


READ = "SELECT * FROM shade"
READERS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "fetchone": lambda opened: opened.execute(READ).fetchone(),
    "fetchmany": lambda opened: opened.execute(READ).fetchmany(),
    "fetchall": lambda opened: opened.execute(READ).fetchall(),
    "for": lambda opened: list(opened.execute(READ)),
    "for over a cursor": lambda opened: list(opened.cursor().execute(READ)),
    "next": lambda opened: next(opened.execute(READ)),
    "iterdump": lambda opened: list(opened.iterdump()),
    "executescript": lambda opened: opened.executescript(f"{READ} ORDER BY code;"),
    "blobopen": lambda opened: opened.blobopen("shade", "code", 1, readonly=True),
}


def damage(installed: Path) -> Path:
    path = installed / "colours_data" / "colours.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_page_is_told_however_it_is_read(installed: Path, reader: str) -> None:
    path = damage(installed)
    opened = dataset("colours").connect()
    with closing(opened), pytest.raises(DatasetCorruptError) as caught:
        READERS[reader](opened)
    assert isinstance(caught.value, sqlite3.DatabaseError)
    assert str(caught.value).startswith(f"Dataset 'colours': {path} is damaged: ")
    assert "microcosm-sqlite verify" in caught.value.hint
    assert {"V01", "V03", "V06"} <= {each.code for each in dataset("colours").verify().findings}


def test_rows_before_a_damaged_page_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
        connection.commit()
    content = bytearray(path.read_bytes())
    content[8 * 4096 :] = b"\xff" * (len(content) - 8 * 4096)
    path.write_bytes(content)
    read: list[object] = []
    opened = register("t", path).connect()
    with closing(opened), pytest.raises(DatasetCorruptError):
        read.extend(opened.execute("SELECT a FROM t"))
    assert 0 < len(read) < 100


def test_each_file_that_may_be_the_damaged_one_is_named(installed: Path, tmp_path: Path) -> None:
    damaged = damage(installed)
    sound = make_database(tmp_path / "sound.db")
    register("sound", sound)
    register("mine", damaged)
    opened = dataset("sound").connect(attach=["mine"])
    with closing(opened), pytest.raises(DatasetCorruptError) as caught:
        list(opened.execute("SELECT * FROM mine.shade"))
    assert f"{sound} or {damaged} is damaged" in str(caught.value)


def test_a_cursor_is_read_in_steps(connection: sqlite3.Connection) -> None:
    connection.row_factory = lambda cursor, row: None if row[0] == 2 else row[0]
    cursor = connection.execute("SELECT id FROM colour ORDER BY id")
    for row in cursor:
        assert row == 1
        break
    assert next(cursor) is None
    assert [*cursor, *cursor] == [3]
    assert next(cursor, "end") == "end"


def query(found: InstalledDataset) -> None:
    with closing(found.connect()) as connection:
        connection.execute("SELECT 1 FROM birds")


@pytest.mark.parametrize("read", [query, lambda found: list(found.tables)], ids=["SQL", "tables"])
def test_a_registered_file_that_is_no_database_is_not_said_to_be_installed(
    tmp_path: Path, read: Callable[[InstalledDataset], object]
) -> None:
    path = tmp_path / "birds.csv"
    path.write_text("id,name\n" * 100)
    found = register("csv", path)
    try:
        with pytest.raises(DatasetCorruptError, match="is not a SQLite database") as caught:
            read(found)
    finally:
        unregister("csv")
    assert caught.value.hint.startswith("Correct the path that was configured or registered")


def test_a_search_in_a_table_is_told_beside_its_index(tmp_path: Path) -> None:
    search = "CREATE VIRTUAL TABLE birds_fts USING fts5(name, content='birds');"
    schema = f"CREATE TABLE birds (name); {search}"
    register("birds", make_database(tmp_path / "birds.db", schema=schema))
    try:
        with closing(dataset("birds").connect()) as connection:
            with pytest.raises(QueryError) as caught:
                connection.execute("SELECT name FROM birds WHERE birds MATCH 'tit'")
            search = caught.value.hint.removeprefix("Search the table birds_fts: ")
            assert connection.execute(search).fetchall() == []
            with pytest.raises(QueryError, match=r"Its tables: birds, birds_fts\.$"):
                connection.execute("SELECT * FROM mammals")
    finally:
        unregister("birds")


@pytest.mark.parametrize("options", [{}, {"untrusted": True}], ids=["trusted", "untrusted"])
def test_names_that_are_not_utf8_are_told_with_what_to_do(
    tmp_path: Path, options: dict[str, bool]
) -> None:
    path = make_database(
        tmp_path / "old.db", schema="CREATE TABLE t (a, yXX); CREATE TABLE uXX (a)"
    )
    path.write_bytes(path.read_bytes().replace(b"XX", b"\xff\xfe"))
    old = register("old", path)
    try:
        with closing(old.connect(**options)) as connection:
            for sql, told in (
                ("SELECT * FROM missing", "Its tables: t, u\ufffd\ufffd."),
                ("SELECT b FROM t", "Columns: a, y\ufffd\ufffd."),
                ("SELECT * FROM t", "WITH named|rename tables and columns in a copy"),
            ):
                with pytest.raises(QueryError, match=told):
                    connection.execute(sql)
        with pytest.raises(DatasetIOError, match="rename tables and columns in a copy"):
            old.tables  # noqa: B018
    finally:
        unregister("old")
