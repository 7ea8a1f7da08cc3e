"""Databases are told by what they hold, are left alone, and are sources like any other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import BuiltDataset, build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.databases import (
    find_columns,
    is_database,
    list_tables,
    open_database,
    split_table,
)
from microcosm_sqlite.errors import (
    DuplicateKeyError,
    ForeignKeyError,
    SettingsError,
    SourceError,
    SourceValueError,
)
from tests.support.projects import make_project

BIRDS = """
CREATE TABLE families (code TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
INSERT INTO families VALUES ('PARU', 'Tits'), ('CORV', 'Crows');
CREATE TABLE birds (id INTEGER PRIMARY KEY, name, family, wingspan, described);
INSERT INTO birds VALUES
    (7, 'Great tit', 'PARU', 24, '1758-01-01'), (3, 'Rook', 'CORV', NULL, NULL);
"""
KINDS = '''\
"""One column of each kind."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any, Literal

from microcosm_sqlite import DataSet
from sqlalchemy import JSON, BigInteger, Double, Interval, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    whole: Mapped[int | None] = mapped_column(BigInteger)
    real: Mapped[float | None] = mapped_column(Double)
    exact: Mapped[decimal.Decimal | None] = mapped_column(Numeric(10, 2))
    short: Mapped[str | None] = mapped_column(String(5))
    label: Mapped[Literal["small", "large"] | None]
    flag: Mapped[bool | None]
    day: Mapped[dt.date | None]
    moment: Mapped[dt.datetime | None]
    clock: Mapped[dt.time | None]
    span: Mapped[dt.timedelta | None] = mapped_column(Interval)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    key: Mapped[uuid.UUID | None]
    raw: Mapped[bytes | None]
'''


def write_database(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def build(
    root: Path, script: str, *, file: str = "sources/wild.db", **project: str
) -> BuiltDataset:
    make_project(root, sources={}, **project)
    write_database(root / file, script)
    return build_dataset(ProjectSettings.from_pyproject(root))


def read(built: BuiltDataset, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(built.path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("suffix", ["db", "sqlite", "SQLITE3"])
def test_each_table_of_a_database_among_the_sources_is_a_source(
    tmp_path: Path, suffix: str
) -> None:
    built = build(tmp_path, BIRDS, file=f"sources/wild.{suffix}")
    assert read(built, "SELECT * FROM families") == [("CORV", "Crows"), ("PARU", "Tits")]
    assert read(built, "SELECT * FROM birds") == [
        (3, "Rook", "CORV", None, None),
        (7, "Great tit", "PARU", 24, "1758-01-01"),
    ]
    assert [path.name for path in (tmp_path / "sources").iterdir()] == [f"wild.{suffix}"]


def test_tables_and_views_of_any_file_can_be_named(tmp_path: Path) -> None:
    view = "CREATE VIEW named AS SELECT code, upper(name) AS name FROM families ORDER BY name;"
    script = BIRDS.replace(" birds", " fowl") + view
    options = """
    [tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.sources]
    birds = ["raw/wild.db#fowl"]
    families = "raw/wild.db#named"
    """
    make_project(tmp_path, sources={}, options=options)
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('sources = "sources"\n', ""))
    write_database(tmp_path / "raw" / "wild.db", script)
    built = build_dataset(ProjectSettings.from_pyproject(tmp_path))
    assert read(built, "SELECT name FROM families") == [("CROWS",), ("TITS",)]
    pyproject.write_text(pyproject.read_text().replace("#fowl", "#fowls"))
    with pytest.raises(SourceError, match=r"has no table `fowls`.* Did you mean `fowl`"):
        build_dataset(ProjectSettings.from_pyproject(tmp_path))


def test_a_folder_may_mix_files_and_databases_and_parts(tmp_path: Path) -> None:
    make_project(tmp_path, sources={"families.csv": "code,name\nPARU,Tits\nCORV,Crows\n"})
    script = BIRDS[BIRDS.index("CREATE TABLE birds") :]
    write_database(tmp_path / "sources" / "birds" / "1.db", script)
    more = "CREATE TABLE birds (id, name, family); INSERT INTO birds VALUES (9, 'Jay', 'CORV');"
    write_database(tmp_path / "sources" / "birds" / "2.db", more)
    built = build_dataset(ProjectSettings.from_pyproject(tmp_path))
    assert read(built, "SELECT id FROM birds ORDER BY id") == [(3,), (7,), (9,)]
    write_database(tmp_path / "sources" / "other.db", "CREATE TABLE families (code, name);")
    with pytest.raises(
        SettingsError, match=r"two sources: sources/families\.csv and sources/other"
    ):
        build_dataset(ProjectSettings.from_pyproject(tmp_path))


STORED = """
CREATE TABLE things (id INTEGER PRIMARY KEY, whole, real, exact, short, label, flag, day, moment,
    clock, span, data, key, raw);
INSERT INTO things VALUES
    (1, -9223372036854775808, 1.5, 1.25, 'ä', 'small', 1, '2013-01-31', '2013-01-31 10:00:00',
     '10:00:00', '1970-01-01 01:30:00.000000', '{"a": [1]}',
     '12345678-1234-5678-1234-567812345678', x'00ff'),
    (2, '7', 2, '1.5', '12345', 'large', 0, '0001-01-01', '2013-01-31T10:00:00.25', '10:00',
     'PT90M', '7', '12345678123456781234567812345678', x''),
    (3, '', '', '', NULL, NULL, '', '', '', '', '', '', '', NULL);
"""


def test_values_are_stored_as_the_models_store_them(tmp_path: Path) -> None:
    built = build(tmp_path, STORED, models=KINDS)
    first, second, third = read(built, "SELECT * FROM things")
    moment, uuid = "2013-01-31 10:00:00.", "12345678123456781234567812345678"
    day = "1970-01-01 01:30:00.000000"
    assert first[1:10] == (
        -(2**63), 1.5, 1.25, "ä", "small", 1, "2013-01-31", f"{moment}000000", "10:00:00.000000",
    )  # fmt: skip
    assert first[10:] == (day, '{"a": [1]}', uuid, b"\x00\xff")
    assert second[1:10] == (
        7, 2.0, 1.5, "12345", "large", 0, "0001-01-01", f"{moment}250000", "10:00:00.000000",
    )  # fmt: skip
    assert second[10:] == (day, 7, uuid, b"")
    assert third == (3, *[None] * 13)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("whole", "1.5", "a whole number"),
        ("whole", "x'00'", "a whole number"),
        ("real", "9e999", "a finite number"),
        ("exact", "1.005", "2 decimals"),
        ("short", "'123456'", "at most 5 characters"),
        ("short", "x'41'", "text"),
        ("label", "'Small'", "one of small, large"),
        ("flag", "2", "true or false"),
        ("day", "'2013-02-30'", "a date"),
        ("day", "2456293.5", "a date"),
        ("moment", "'2013-01-31 25:00:00.000000'", "a date and time"),
        ("data", "'{'", "JSON"),
        ("key", "'x'", "UUID"),
        ("raw", "'text'", "bytes"),
    ],
)
def test_what_does_not_fit_is_told_with_table_and_rowid(
    tmp_path: Path, column: str, value: str, expected: str
) -> None:
    script = f"CREATE TABLE things (id INTEGER PRIMARY KEY, {column});"
    script += f"INSERT INTO things VALUES (1, NULL), (42, {value}), (43, {value});"
    with pytest.raises(SourceValueError) as caught:
        build(tmp_path, script, models=KINDS)
    told = f"sources/wild.db#things, rowid 42, column `{column}`"
    assert told in caught.value.message
    assert expected in caught.value.message
    assert (caught.value.line, caught.value.column, caught.value.count) == (42, column, 2)


def test_broken_keys_are_told_with_their_rowids(tmp_path: Path) -> None:
    loose = "CREATE TABLE families (code, name); INSERT INTO families VALUES ('PARU', 'Tits');"
    twice = loose + "INSERT INTO families VALUES ('X', 'y'), ('PARU', 'Tits');"
    birds = BIRDS[BIRDS.index("CREATE TABLE birds") :]
    place = r"sources/wild\.db#families, rowid 1 and sources/wild\.db#families, rowid 3"
    with pytest.raises(DuplicateKeyError, match=place):
        build(tmp_path / "twice", twice + birds)
    with pytest.raises(ForeignKeyError, match=r"sources/wild\.db#birds, rowid 3"):
        build(tmp_path / "orphan", loose + birds)
    empty = loose.replace("'Tits'", "NULL")
    with pytest.raises(SourceValueError, match=r"rowid 1, column `name`: None is not a value"):
        build(tmp_path / "null", empty + birds)


def test_text_that_is_not_text_is_told_with_its_place(tmp_path: Path) -> None:
    script = BIRDS + "UPDATE birds SET name = CAST(x'ff41' AS TEXT) WHERE id = 7;"
    with pytest.raises(SourceValueError, match=r"rowid 7, column `name`: b'\\xffA' is not UTF-8"):
        build(tmp_path, script)


def test_half_a_character_of_utf_16_is_told_with_its_place(tmp_path: Path) -> None:
    script = f"PRAGMA encoding='UTF-16le'; {BIRDS} UPDATE birds SET name = 'é' WHERE id = 3;"
    script += "UPDATE birds SET name = CAST(x'00d8' AS TEXT) WHERE id = 7;"
    with pytest.raises(SourceValueError, match=r"rowid 7, column `name`: .* is not UTF-16\."):
        build(tmp_path, script)


def write_log(path: Path) -> None:
    script = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + BIRDS
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        log = path.with_name(f"{path.name}-wal").read_bytes()
        content = path.read_bytes()
    path.write_bytes(content)
    path.with_name(f"{path.name}-wal").write_bytes(log)


def cut(path: Path) -> None:
    write_database(path, BIRDS)
    path.write_bytes(path.read_bytes()[:-100])


def scramble(path: Path) -> None:
    write_database(path, BIRDS)
    content = bytearray(path.read_bytes())
    content[100:3000] = b"\xff" * 2900
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b""), "wild.db is empty"),
        (lambda path: path.write_bytes(b"a,b\n1,2\n" * 20), r"not a SQLite.*call it wild\.csv"),
        (lambda path: path.write_bytes(b"\x1f\x8b" + b"x" * 200), "compressed with gzip"),
        (write_log, r"sources/wild\.db-wal holds changes.*VACUUM INTO"),
        (lambda p: (write_database(p, BIRDS), p.with_name("wild.db-journal").write_bytes(b"x")),
         r"sources/wild\.db-journal holds changes"),
        (cut, "its header says"),
        (scramble, r"sources/wild\.db cannot be read: .*(malformed|not a database)"),
    ],
    ids=["empty", "text", "gzip", "log", "journal", "cut", "scrambled"],
)  # fmt: skip
def test_what_is_no_complete_database_is_refused(tmp_path: Path, spoil: object, told: str) -> None:
    make_project(tmp_path, sources={})
    spoil(tmp_path / "sources" / "wild.db")  # type: ignore[operator]
    with pytest.raises(SourceError, match=told):
        build_dataset(ProjectSettings.from_pyproject(tmp_path))


def test_write_ahead_mode_is_no_hindrance_where_no_log_is_left(tmp_path: Path) -> None:
    built = build(tmp_path, "PRAGMA journal_mode=WAL;" + BIRDS)
    assert read(built, "SELECT count(*) FROM birds") == [(2,)]
    assert [path.name for path in (tmp_path / "sources").iterdir()] == ["wild.db"]


def test_the_same_rows_give_the_same_bytes_however_they_lie_in_the_source(tmp_path: Path) -> None:
    first = build(tmp_path / "first", BIRDS)
    indexed = "CREATE INDEX i ON birds (name, id, family, wingspan, described);"
    second = build(tmp_path / "second", BIRDS + indexed)
    assert first.path.read_bytes() == second.path.read_bytes()
    assert not build_dataset(ProjectSettings.from_pyproject(tmp_path / "second")).is_fresh


SCHEMA = """
CREATE TABLE birds (id INTEGER PRIMARY KEY, name, length AS (length(name)) STORED);
CREATE VIEW names AS SELECT name FROM birds;
CREATE VIRTUAL TABLE words USING fts5(name);
INSERT INTO birds (name) VALUES ('Rook');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "birds.data"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(SCHEMA)
    return database


def test_a_database_is_told_by_its_first_bytes(path: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("SQLite format 3", "utf-8")
    assert is_database(path)
    assert not is_database(text)
    assert not is_database(tmp_path)
    assert not is_database(tmp_path / "none.db")


def test_tables_are_those_that_hold_rows_of_their_own(path: Path) -> None:
    assert list_tables(path, "birds.data") == ["birds"]


def test_reading_leaves_the_folder_as_it_was(path: Path) -> None:
    before = path.read_bytes(), sorted(path.parent.iterdir())
    with open_database(path, "birds.data") as connection:
        assert connection.execute("SELECT name FROM birds").fetchall() == [("Rook",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM birds")
        assert sorted(path.parent.iterdir()) == before[1]
    assert path.read_bytes() == before[0]


def test_a_database_in_write_ahead_mode_is_read_when_its_log_is_in_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO birds (name) VALUES ('Jay')")
        connection.commit()
        with pytest.raises(SourceError, match=r"birds\.data") as caught:
            list_tables(path, "birds.data")
    assert "VACUUM INTO" in caught.value.hint
    assert list_tables(path, "birds.data") == ["birds"]


@pytest.mark.parametrize("cut", [0, 10, 4096])
def test_what_is_not_all_of_a_database_is_refused_by_name(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(SourceError, match=r"^birds\.data "):
        list_tables(path, "birds.data")


def test_columns_are_those_that_hold_something(path: Path) -> None:
    with open_database(path, "birds.data") as connection:
        assert find_columns(connection, "birds", "birds.data") == ["id", "name"]
        assert find_columns(connection, "names", "birds.data") == ["name"]
        with pytest.raises(SourceError, match="has no table `bird`; it has birds") as caught:
            find_columns(connection, "bird", "birds.data")
    assert caught.value.hint == "Did you mean `birds`?"


def test_a_mark_in_a_name_divides_file_and_table_unless_the_file_is_called_so(
    tmp_path: Path,
) -> None:
    assert split_table("old.db#birds", tmp_path) == ("old.db", "birds")
    assert split_table("old.csv#birds", tmp_path) == ("old.csv#birds", "")
    assert split_table("old.db", tmp_path) == ("old.db", "")
    (tmp_path / "old.db#birds").touch()
    assert split_table("old.db#birds", tmp_path) == ("old.db#birds", "")
