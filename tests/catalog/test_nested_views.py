"""Views that stand for too many others are found before SQLite expands them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from microcosm_sqlite.catalog import nested_views
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.nested_views import find_overgrown_view
from microcosm_sqlite.errors import DatasetCorruptError


def write_database(path: Path, views: Sequence[tuple[str, str]]) -> Path:
    """A database with these views, which SQLite does not look at while they are written."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.executemany(
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) "
            "VALUES ('view', ?, ?, 0, ?)",
            [(name, name, sql) for name, sql in views],
        )
        connection.commit()
    return path


def nest(depth: int, form: str) -> list[tuple[str, str]]:
    """So many views, each of which names the one before it as the form does."""
    names = ["t", *(f"v{number}" for number in range(depth))]
    return [
        (name, f"CREATE VIEW {name} AS {form.format(before)}") for before, name in pairwise(names)
    ]


TWICE = "SELECT x.a FROM {0} x, {0} y"


@pytest.mark.parametrize(
    "form",
    [
        TWICE,
        'SELECT x.a FROM "{0}" x, [{0}] y',
        "SELECT x.a FROM '{0}' x, `{0}` y",
        "SELECT a FROM {0} UNION ALL SELECT a FROM {0}",
        "SELECT (SELECT max(a) FROM {0}) AS a FROM {0}",
        "WITH w AS (SELECT a FROM {0}) SELECT w.a FROM w, {0} -- {0} {0} {0}",
    ],
)
def test_a_view_that_stands_for_thousands_is_refused_as_untrusted(
    tmp_path: Path, form: str
) -> None:
    location = Location(str(write_database(tmp_path / "t.db", nest(18, form))), immutable=True)
    started = time.monotonic()
    with pytest.raises(DatasetCorruptError, match=r"too long over 'v12'.*if you trust its author"):
        connect(location, untrusted=True)
    assert time.monotonic() - started < 5
    connect(location).close()


@pytest.mark.parametrize(
    "views",
    [
        [],
        nest(1, TWICE),
        nest(11, TWICE),
        nest(200, "SELECT a FROM {0}"),
        [("a", "CREATE VIEW a AS SELECT a, a AS b, a AS c FROM t WHERE a > 1 OR a < 0")],
        [("a", "CREATE VIEW a AS SELECT * FROM b, b"), ("b", "CREATE VIEW b AS SELECT * FROM a")],
    ],
)
def test_other_views_are_left_alone(tmp_path: Path, views: Sequence[tuple[str, str]]) -> None:
    location = Location(str(write_database(tmp_path / "t.db", views)), immutable=True)
    with closing(connect(location, untrusted=True)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = write_database(tmp_path / "t.db", nest(18, TWICE))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('ATTACH ? AS "od""d"', (str(path),))
        yield connection


def test_attached_databases_are_looked_at_too(attached: sqlite3.Connection) -> None:
    assert find_overgrown_view(attached) == "v12"


def test_more_text_than_can_be_read_soon_is_too_much(
    attached: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nested_views, "MOST_TEXT", 100)
    assert find_overgrown_view(attached) == "v2"
