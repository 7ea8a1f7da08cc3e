"""A hostile file or a hostile question costs an error, not the process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, errors
from microcosm_sqlite.catalog import untrusted
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.untrusted import limit_time, restrict
from tests.support.hostile_sql import BOMB, REFUSED
from tests.support.wheels import make_database

TREES = """
CREATE VIRTUAL TABLE words USING fts5 (body);
INSERT INTO words VALUES ('the quick brown fox');
CREATE VIRTUAL TABLE boxes USING rtree (id, left, right);
INSERT INTO boxes VALUES (1, 0.0, 1.0);
CREATE VIEW warm AS SELECT name FROM colour WHERE warmth > 0.5;
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = make_database(tmp_path / "x.db", rows=2000, extra=TREES)
    opened = connect(Location(str(path), immutable=True), untrusted=True)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count(*) FROM shade JOIN colour ON colour_id = id WHERE name LIKE 'b%'",
        "SELECT name FROM warm",
        "SELECT body FROM words WHERE words MATCH 'quick'",
        "SELECT id FROM boxes WHERE left < 2",
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9) SELECT * FROM n",
        "PRAGMA table_info(colour)",
        "SELECT * FROM pragma_table_list",
        "SELECT trim(name) FROM colour",
        "SELECT json_extract('{\"a\": 1}', '$.a')",
    ],
)
def test_ordinary_questions_are_answered(connection: sqlite3.Connection, question: str) -> None:
    assert connection.execute(question).fetchall()


@pytest.mark.parametrize("question", REFUSED)
def test_anything_else_is_refused(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.chdir(tmp_path)
    # Which of these kinds it is depends on the Python version.
    with pytest.raises((sqlite3.DatabaseError, sqlite3.DataError)):
        connection.execute(question).fetchall()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


def test_a_question_without_end_is_interrupted(connection: sqlite3.Connection) -> None:
    limit_time(connection, 0.2)
    started = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        connection.execute(BOMB).fetchall()
    assert time.monotonic() - started < 2
    limit_time(connection, 5)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_bomb_in_a_view_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted.restrict, "__defaults__", (0.3,))
    path = make_database(tmp_path / "bomb.db", extra=f"CREATE VIEW trap AS {BOMB};")
    opened = connect(Location(str(path), immutable=True), untrusted=True)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        opened.execute("SELECT * FROM trap").fetchall()
    opened.close()


def test_a_damaged_structure_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db", rows=2000)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
    path.write_bytes(content)
    location = Location(str(path), immutable=True)
    connect(location).close()
    with pytest.raises(errors.DatasetCorruptError, match=r"x\.db is damaged"):
        connect(location, untrusted=True)


def test_a_structure_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db", rows=20_000)
    opened = sqlite3.connect(path)
    with pytest.raises(errors.DatasetFileError, match="interrupted"):
        restrict(opened, str(path), time_limit=-1)
    opened.close()


TEXT, BLOB = "hex(zeroblob(2090000))", "zeroblob(4180000)"
ADVERSARIAL = {
    1: [(TEXT,), (BLOB,), ("9e307",)],
    2: [
        (TEXT, "hex(zeroblob(1000000)) || 'x'"),
        (BLOB, "zeroblob(2000000) || x'01'"),
        (f"'{'*[01]' * 9}y'", TEXT),
        (f"'%{'0' * 48}y'", TEXT),
        ("'%*d'", "4000000"),
        ("'%.4000000f'", "1e300"),
        (TEXT, "4000000"),
    ],
    3: [(TEXT, "hex(zeroblob(1000000)) || 'x'", TEXT), (TEXT, "'$.a'", TEXT), (TEXT, "-9", "9e9")],
}
"""Arguments that are as large as may be, by their number."""


def list_calls(connection: sqlite3.Connection) -> Iterator[str]:
    listed = connection.execute("SELECT DISTINCT name, narg FROM pragma_function_list ORDER BY 1")
    for name, count in listed.fetchall():
        for taken, arguments in ADVERSARIAL.items():
            if count in (taken, -1):
                yield from (f"SELECT {name}({', '.join(each)})" for each in arguments)


@pytest.mark.once
def test_no_function_takes_longer_than_the_limit(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    with sqlite3.connect(":memory:") as plain:
        calls = list(list_calls(plain))
    plain.close()
    assert len(calls) > 200
    for call in calls:
        limit_time(connection, 10)
        started = time.monotonic()
        with suppress(sqlite3.Error):
            connection.execute(call).fetchall()
        assert time.monotonic() - started < 5, call


ENDLESS = "instr(zeroblob(9000000 + id), zeroblob(4000000) || x'01')"


def make_trap(path: Path, definition: str) -> Location:
    writer = sqlite3.connect(path)
    writer.executescript(
        f"CREATE TABLE trap (id INTEGER PRIMARY KEY, {definition.replace(ENDLESS, '0')});"
        "INSERT INTO trap (id) VALUES (1);"
        "PRAGMA writable_schema = ON;"
    )
    statement = f"CREATE TABLE trap (id INTEGER PRIMARY KEY, {definition})"
    writer.execute("UPDATE sqlite_schema SET sql = ?", (statement,))
    writer.commit()
    writer.close()
    return Location(str(path), immutable=True)


@pytest.mark.parametrize(
    "definition", [f"g TEXT AS ({ENDLESS})", "g TEXT AS (hex(zeroblob(9000000 + id)))"]
)
def test_a_column_whose_check_would_not_end_is_refused(tmp_path: Path, definition: str) -> None:
    location = make_trap(tmp_path / "x.db", definition)
    started = time.monotonic()
    with pytest.raises(errors.DatasetCorruptError, match="is refused as untrusted"):
        connect(location, untrusted=True)
    assert time.monotonic() - started < 5


def test_an_attached_file_is_read_within_the_same_limits(tmp_path: Path) -> None:
    sound = Location(str(make_database(tmp_path / "sound.db")), immutable=True)
    trap = make_trap(tmp_path / "x.db", f"g TEXT AS ({ENDLESS})")
    with pytest.raises(errors.DatasetCorruptError, match="is refused as untrusted"):
        connect(sound, attach={"x": trap}, untrusted=True)
    long = make_database(tmp_path / "y.db", extra=f"CREATE VIEW v AS SELECT '{'x' * 200_000}'")
    with pytest.raises(errors.DatasetFileError):
        connect(sound, attach={"y": Location(str(long), immutable=True)}, untrusted=True)


def test_a_constraint_that_would_not_end_is_not_evaluated(tmp_path: Path) -> None:
    location = make_trap(tmp_path / "x.db", f"CHECK ({ENDLESS} = 0)")
    started = time.monotonic()
    # Whether SQLite refuses the file for it depends on when it reads the schema.
    with suppress(errors.DatasetCorruptError):
        connect(location, untrusted=True).close()
    assert time.monotonic() - started < 5


def test_an_installed_dataset_opens_untrusted(installed: Path) -> None:
    opened = dataset("colours").connect(untrusted=True)
    with pytest.raises(sqlite3.DatabaseError):
        opened.execute("PRAGMA cache_size = 9")
    opened.close()
