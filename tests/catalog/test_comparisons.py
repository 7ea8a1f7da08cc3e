"""Which columns the names of a statement mean: through joins, queries, views and UNION."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from microcosm_sqlite.catalog.comparisons import Comparisons, Tables
from microcosm_sqlite.common.sql_tokens import split_tokens

SCHEMA = """
CREATE TABLE flights (id INTEGER PRIMARY KEY, at, day, origin);
CREATE TABLE planes (id INTEGER PRIMARY KEY, built);
CREATE VIEW departures AS SELECT id AS number, at AS moment, substr(at, 1, 10) AS day FROM flights;
CREATE VIEW named (x, y) AS SELECT moment, 'z' FROM departures WHERE moment > 'a';
CREATE TEMP VIEW planes_of_today AS SELECT built FROM planes;
CREATE VIRTUAL TABLE words USING fts5(word);
"""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        connection.execute("ATTACH ':memory:' AS other")
        connection.execute("CREATE TABLE other.hours (at, temp)")
        yield connection


def find(connection: sqlite3.Connection, sql: str) -> list[str]:
    connection.execute(f"EXPLAIN {sql}").close()
    tokens = split_tokens(sql)
    return [
        f"{'/'.join(sorted('.'.join(column[1:]) for column in flow.columns))} {tokens[place].text}"
        for flow in Comparisons(tokens, Tables(connection).find).found
        for place in sorted(flow.values)
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM flights WHERE AT = 'x'", ["flights.at 'x'"]),
        ("SELECT at AS at, day FROM flights WHERE at = 'x';", ["flights.at 'x'"]),
        ("SELECT substr(at, 1, 4) AS at FROM flights WHERE at = 'x'", ["flights.at 'x'"]),
        ("SELECT substr(at, 1, 4) AS y FROM flights WHERE y = 'x'", []),
        ("SELECT at AS y FROM flights WHERE y = 'x'", ["flights.at 'x'"]),
        ("SELECT at 'y' FROM flights WHERE y = 'x'", ["flights.at 'x'"]),
        ("SELECT at [y z] FROM flights GROUP BY 1 HAVING \"y z\" = 'x'", ["flights.at 'x'"]),
        ("SELECT 1 FROM main.flights f WHERE f.at = 'x'", ["flights.at 'x'"]),
        ("SELECT 1 FROM main.flights WHERE main.flights.at = 'x'", ["flights.at 'x'"]),
        ("SELECT 1 FROM flights WHERE main.flights.at = 'x'", ["flights.at 'x'"]),
        ("SELECT 1 FROM hours WHERE at = 'x'", ["hours.at 'x'"]),
        ("SELECT 1 FROM other.hours h, flights f WHERE h.at = 'x'", ["hours.at 'x'"]),
        ("SELECT 1 FROM flights f JOIN planes p ON built = 'x' AND f.id = p.id",
         ["planes.built 'x'"]),
        ("SELECT 1 FROM flights f LEFT OUTER JOIN planes p USING (id) WHERE built = 'x'",
         ["planes.built 'x'"]),
        ("SELECT 1 FROM flights, planes NATURAL JOIN hours WHERE temp = 'x'", ["hours.temp 'x'"]),
        ("SELECT 1 FROM (flights CROSS JOIN planes) WHERE built = 'x'", ["planes.built 'x'"]),
        ("SELECT 1 FROM flights INDEXED BY i WHERE at = 'x'", None),
        ("SELECT 1 FROM flights NOT INDEXED WHERE at = 'x'", ["flights.at 'x'"]),
        ("SELECT 1 FROM json_each('[1]') j, flights WHERE at = 'x' AND j.value = 'y'",
         ["flights.at 'x'"]),
        ("SELECT * FROM departures WHERE moment = 'x' AND day = 'y'", ["flights.at 'x'"]),
        ("SELECT * FROM named WHERE x = 'x' AND y = 'y'", ["flights.at 'x'"]),
        ("SELECT * FROM planes_of_today WHERE built = 'x'", ["planes.built 'x'"]),
        ("SELECT * FROM words WHERE word = 'x' AND words MATCH 'y'", ["words.word 'x'"]),
        ("WITH c(a, b) AS (SELECT day, at FROM flights) SELECT 1 FROM c WHERE b = 'x'",
         ["flights.at 'x'"]),
        (("WITH flights AS (SELECT substr(at, 1, 4) at FROM main.flights) "
         "SELECT 1 FROM flights WHERE at = 'x'"), []),
        (("WITH RECURSIVE c(t, n) AS NOT MATERIALIZED (SELECT at, 1 FROM flights UNION ALL "
         "SELECT t, n + 1 FROM c WHERE t < 'x' AND n < 3) SELECT 1 FROM c WHERE t = 'y'"),
         ["flights.at 'x'", "flights.at 'y'"]),
        (("SELECT 1 FROM (SELECT at x FROM flights UNION SELECT built FROM planes EXCEPT "
         "SELECT day FROM flights) WHERE x = 'x'"), ["flights.at/flights.day/planes.built 'x'"]),
        ("SELECT 1 FROM (VALUES ('x'), ('y')) v JOIN flights ON at = v.column1",
         ["flights.at 'x'", "flights.at 'y'"]),
        (("SELECT 1 FROM (SELECT p.*, f.* FROM flights f JOIN planes p USING (id)) s "
         "WHERE s.at = 'x' AND built = 'y'"), ["flights.at 'x'", "planes.built 'y'"]),
        (("SELECT 1 FROM (SELECT * FROM flights f JOIN planes p USING (id) UNION ALL "
         "SELECT 1, 2, 3, 4, built FROM planes) WHERE at = 'x' AND built = 'y'"),
         ["flights.at 'x'", "planes.built 'y'"]),
        (("SELECT (SELECT max(at) FROM flights WHERE id = p.id AND p.built = 'x') = 'y' "
         "FROM planes p"),
         ["planes.built 'x'", "flights.at 'y'"]),
        ("SELECT at IS NOT DISTINCT FROM 'x' FROM flights ORDER BY at = 'y' LIMIT 1, 2",
         ["flights.at 'x'", "flights.at 'y'"]),
        (("SELECT sum(id) OVER win FROM flights WINDOW win AS (ORDER BY at), v AS (win) "
         "ORDER BY at = 'x'"), ["flights.at 'x'"]),
        ("VALUES (1), ((SELECT at = 'x' FROM flights))", ["flights.at 'x'"]),
        ("SELECT ALL rowid FROM flights WHERE rowid = 'x'", []),
    ],
)  # fmt: skip
def test_names_mean_what_sqlite_takes_them_for(
    connection: sqlite3.Connection, sql: str, expected: list[str] | None
) -> None:
    if expected is None:
        connection.execute("CREATE INDEX i ON flights (at)")
        expected = ["flights.at 'x'"]
    assert find(connection, sql) == expected


@pytest.mark.parametrize(
    "sql", ["SELECT", "SELECT 1 FROM", "SELECT 1 2", "SELECT (1", "SELECT f(1"]
)
def test_what_cannot_be_read_is_refused(connection: sqlite3.Connection, sql: str) -> None:
    with pytest.raises(ValueError, match=r"(expected|cannot read|ends too early)"):
        Comparisons(split_tokens(sql), Tables(connection).find)


def test_tables_are_found_in_the_order_of_sqlite(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TEMP TABLE flights (x)")
    tables = Tables(connection)
    assert {column[0] for column in tables.find("", "flights")["x"].columns} == {"temp"}
    assert "at" in tables.find("main", "flights")
    assert tables.find("", "nowhere") == {}
