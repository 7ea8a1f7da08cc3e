"""What SQL compares with a column is found however it is written, by every way in."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import microcosm_sqlite
from microcosm_sqlite.catalog.criteria import bind, check_names, plan_statement
from microcosm_sqlite.common.sql_tokens import split_tokens
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop.exporting.answers import answering

pytest.importorskip("pyarrow")

if TYPE_CHECKING:
    from collections.abc import Callable

    from microcosm_sqlite import InstalledDataset

    Ask = Callable[[str, object], list[int]]

METADATA = sa.MetaData()
sa.Table(
    "events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime),
    sa.Column("day", sa.Date),
    sa.Column("clock", sa.Time),
    sa.Column("is_over", sa.Boolean),
    sa.Column("lasts", sa.Interval),
    sa.Column("key", sa.Uuid),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("name", sa.Text),
)
EAST = timezone(timedelta(hours=2))
HOURS = 6
ROWS = [
    {
        "id": number,
        "at": datetime(2013, 1, 1, 10) + timedelta(hours=number),
        "day": date(2013, 1, 1 + number),
        "clock": time(number, 30),
        "is_over": number == 0,
        "lasts": timedelta(hours=26 * (number + 1)),
        "key": UUID(int=number),
        "price": Decimal(number) / 4,
        "name": f"2013-01-0{number + 1}",
    }
    for number in range(HOURS)
]
FIRST = {
    "at": ["2013-01-01 10:00:00", "2013-01-01T10:00:00", "2013-01-01T12:00+02:00",
           "2013-01-01 10:00:00.000000", "2013-01-01T10:00Z"],
    "day": ["2013-01-01", "2013-01-01 00:00:00", "2013-01-01T00:00:00"],
    "clock": ["00:30", "00:30:00", "00:30:00.000000"],
    "is_over": ["true", "True", "1"],
    "lasts": ["P1DT2H", "1 day, 2:00:00", "1 days 02:00:00"],
    "key": [str(UUID(int=0)), UUID(int=0).hex],
    "price": ["0", "0.00"],
    "name": ["2013-01-01"],
}  # fmt: skip
"""Texts that stand for the value of the first row."""

SPELLINGS = [(column, text) for column, texts in FIRST.items() for text in texts]


@pytest.fixture
def events(make: Any) -> InstalledDataset:
    return make(METADATA, {"events": ROWS}, name="events")


def ask_query(dataset: InstalledDataset) -> Ask:
    def ask(condition: str, value: object) -> list[int]:
        values = {} if value is None else {"v": value}
        sql = f"SELECT id FROM events WHERE {condition} ORDER BY id"
        with answering(dataset, sql, values) as answer:
            return [number for (number,) in answer.rows]

    return ask


def ask_connection(dataset: InstalledDataset) -> Ask:
    def ask(condition: str, value: object) -> list[int]:
        sql = f"SELECT id FROM events WHERE {condition} ORDER BY id"
        with closing(dataset.connect()) as connection:
            rows = connection.execute(sql, {} if value is None else {"v": value})
            return [number for (number,) in rows]

    return ask


def ask_pandas(dataset: InstalledDataset) -> Ask:
    """As pandas asks a connection, by its cursor."""

    def ask(condition: str, value: object) -> list[int]:
        places = condition.count(":v")
        sql = f"SELECT id FROM events WHERE {condition.replace(':v', '?')} ORDER BY id"
        with closing(dataset.connect()) as connection:
            return [number for (number,) in connection.cursor().execute(sql, [value] * places)]

    return ask


def ask_arrow(dataset: InstalledDataset) -> Ask:
    def ask(condition: str, value: object) -> list[int]:
        params = None if value is None else {"v": value}
        return dataset.arrow("events", where=condition, params=params)["id"].to_pylist()

    return ask


def ask_by_position(dataset: InstalledDataset) -> Ask:
    def ask(condition: str, value: object) -> list[int]:
        places = condition.count(":v")
        read = dataset.arrow(
            "events", where=condition.replace(":v", "?"), params=[value] * places, batch_size=10
        )
        return [number for batch in read for number in batch["id"].to_pylist()]

    return ask


def ask_lazily(dataset: InstalledDataset) -> Ask:
    def ask(condition: str, value: object) -> list[int]:
        params = None if value is None else {"v": value}
        lazy = dataset.polars("events", lazy=True, where=condition, params=params)
        return lazy.collect()["id"].to_list()

    return ask


WAYS = [ask_query, ask_connection, ask_pandas, ask_arrow, ask_by_position, ask_lazily]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("column", "text"), SPELLINGS)
def test_every_spelling_finds_the_row(
    events: InstalledDataset, way: Any, column: str, text: str
) -> None:
    ask = way(events)
    assert ask(f"{column} = :v", text) == [0]
    assert ask(f"{column} IN (:v)", text) == [0]
    assert ask(f"{column} = '{text}'", None) == [0]
    assert ask(f"'{text}' = events.\"{column}\"", None) == [0]
    assert ask(f"{column} BETWEEN :v AND :v", text) == [0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("column", list(FIRST))
def test_a_value_of_python_finds_the_row(events: InstalledDataset, way: Any, column: str) -> None:
    assert way(events)(f"{column} = :v", ROWS[0][column]) == [0]


@pytest.mark.parametrize("way", WAYS)
def test_moments_are_in_order_however_they_are_written(events: InstalledDataset, way: Any) -> None:
    ask = way(events)
    assert ask("at > :v", "2013-01-01T11:00") == [2, 3, 4, 5]
    assert ask("at <= '2013-01-01T13:00+02:00'", None) == [0, 1]
    assert ask("at BETWEEN '2013-01-01T11:00' AND '2013-01-01 12:00:00'", None) == [1, 2]
    assert ask("at >= :v", datetime(2013, 1, 1, 16, tzinfo=EAST)) == [4, 5]
    assert ask("at >= '2013-01-01' AND at < '2013-01-02'", None) == list(range(HOURS))
    assert ask("at >= '2013' AND at LIKE '2013-01-01 15%'", None) == [5]
    assert ask("at > datetime('2013-01-01', '+14 hours')", None) == [4, 5]
    assert ask("lasts > 'PT100H'", None) == [3, 4, 5]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT e.id FROM events e WHERE e.at = '2013-01-01T10:00'", [0]),
        ("SELECT id FROM (SELECT id, at FROM events) WHERE at = '2013-01-01T10:00'", [0]),
        ("WITH c AS (SELECT * FROM events) SELECT id FROM c WHERE at = '2013-01-01T10:00'", [0]),
        (
            "SELECT id FROM (SELECT id, substr(at, 1, 4) AS at FROM events) WHERE at < '2014'",
            list(range(HOURS)),
        ),
        ("SELECT id FROM events GROUP BY id HAVING max(at) > '2013-01-01T14:00'", [5]),
        ("SELECT a.id FROM events a, events b WHERE b.id = 1 AND a.at < b.at", [0]),
        (
            "SELECT id FROM events e WHERE e.day <= '2013-01-01T00:00' AND at > '2013-01-01T09'",
            [0],
        ),
        ("VALUES ('2013-01-01T10:00' = '2013-01-01 10:00:00')", [0]),
    ],
)
def test_columns_are_understood_as_sqlite_understands_them(
    events: InstalledDataset, sql: str, expected: list[int]
) -> None:
    with answering(events, sql) as answer:
        assert [value for (value,) in answer.rows] == expected


FORMS = [
    # Conditions on {c}, a column, which are true of the first row; {v} is its value, rewritten.
    "({c}) = {v}",
    "(({c})) = ({v})",
    "+{c} = {v}",
    "{v} = +{c}",
    "{c} = +{v}",
    "{c} COLLATE NOCASE = {v}",
    "{c} == {v}",
    "{c} IS {v}",
    "{c} IS NOT DISTINCT FROM {v}",
    "NOT {c} <> {v}",
    "NOT ({c} != ({v}))",
    "{c} IN ({v})",
    "{c} IN ('x', ({v}), NULL)",
    "({c}) IN ({v})",
    "{c} IN (VALUES ({v}))",
    "{c} IN (VALUES ('x'), ({v}))",
    "{c} IN (SELECT {v})",
    "{c} IN (SELECT 'x' UNION ALL SELECT {v})",
    "{c} IN (WITH v(x) AS (VALUES ({v})) SELECT x FROM v)",
    "{c} = (SELECT {v})",
    "(SELECT {v}) = {c}",
    "{v} IN ({c})",
    "{v} BETWEEN {c} AND {c}",
    "{c} BETWEEN {v} AND +{v}",
    "{c} BETWEEN (SELECT {v}) AND coalesce(NULL, {v})",
    "({c}, id) = ({v}, 0)",
    "(id, {c}) = (0, {v})",
    "(id, {c}) IN (VALUES (1, 'x'), (0, {v}))",
    "(id, {c}) IN (SELECT 0, {v})",
    "({c}, 1) IS ({v}, 1)",
    "CASE {c} WHEN {v} THEN 1 ELSE 0 END",
    "CASE WHEN {c} = {v} THEN 1 ELSE 0 END = 1",
    "CASE WHEN id < 99 THEN {c} ELSE NULL END = {v}",
    "CASE WHEN id < 99 THEN {c} END IN ({v})",
    "coalesce({c}, NULL) = {v}",
    "coalesce(NULL, {c}, 'x') = {v}",
    "{v} = ifnull({c}, NULL)",
    "iif(id < 99, {c}, NULL) = {v}",
    "nullif({c}, {v}) IS NULL",
    "likely({c} = {v})",
    "likely({c}) = {v}",
    "max({c}, {v}) = {v} AND min({c}, {v}) = {v}",
    "EXISTS (SELECT 1 WHERE {c} = {v})",
    "EXISTS (SELECT 1 FROM events e WHERE e.id = events.id AND e.{c} = {v})",
    "id IN (SELECT id FROM events WHERE {c} = {v})",
    "id IN (SELECT e.id FROM events AS e JOIN events f ON e.{c} = {v} AND f.id = e.id)",
    "id IN (SELECT id FROM (SELECT {c} AS x, id FROM events) WHERE x = {v})",
    "id IN (SELECT s.id FROM (SELECT * FROM events) AS s WHERE s.{c} = {v})",
    "id IN (SELECT s.id FROM (SELECT e.* FROM events e) s WHERE s.{c} = {v})",
    "id IN (SELECT id FROM (SELECT {c} AS id_, * FROM events) WHERE id_ = {v})",
    "id IN (WITH c(a, b) AS (SELECT id, {c} FROM events) SELECT a FROM c WHERE b = {v})",
    (
        "id IN (WITH c AS (SELECT id, {c} q FROM events), d AS MATERIALIZED (SELECT * FROM c)"
        " SELECT id FROM d WHERE q = {v})"
    ),
    "id IN (SELECT id FROM (SELECT id, {c} x FROM events UNION ALL SELECT 9, NULL) WHERE x = {v})",
    (
        "id IN (SELECT id FROM (SELECT NULL id, NULL x UNION SELECT id, {c} FROM events)"
        " WHERE x = {v})"
    ),
    "id IN (SELECT e.id FROM events e, (SELECT {v} AS x) AS p WHERE e.{c} = p.x)",
    "id IN (WITH p(x) AS (SELECT {v}) SELECT e.id FROM events e JOIN p ON p.x = e.{c})",
    "id IN (SELECT id FROM events GROUP BY id HAVING max({c}) = {v})",
    "id IN (SELECT id FROM events GROUP BY id, {c} HAVING min({c}) = {v} AND count(*) > 0)",
    (
        "id IN (SELECT id FROM (SELECT id, max({c}) OVER (PARTITION BY id) AS x FROM events)"
        " WHERE x = {v})"
    ),
    (
        "id IN (SELECT id FROM (SELECT id, lag({c}, 0) OVER w AS x FROM events"
        " WINDOW w AS (PARTITION BY id ORDER BY id)) WHERE x = {v})"
    ),
    (
        "id IN (SELECT id FROM (SELECT id, (SELECT f.{c} FROM events f WHERE f.id = e.id) x"
        " FROM events e) WHERE x = {v})"
    ),
    "id IN (SELECT id FROM main.events WHERE main.events.{c} = {v})",
    'id IN (SELECT "E".id FROM [events] AS "E" WHERE "E"."{c}" = {v})',
    "id IN (SELECT id FROM events NOT INDEXED WHERE {c} = {v} ORDER BY {c} DESC LIMIT 10 OFFSET 0)",
    "id IN (SELECT e.id FROM events e NATURAL JOIN events f WHERE f.{c} = {v})",
    "id IN (SELECT id FROM events e LEFT JOIN events f USING (id, {c}) WHERE {c} = {v})",
    "id IN (SELECT e.id FROM (events e CROSS JOIN events f ON e.id = f.id) WHERE f.{c} = {v})",
    "(SELECT count(*) FILTER (WHERE e.{c} = {v}) FROM events e WHERE e.id = events.id) = 1",
    "id IN (SELECT id FROM events ORDER BY CASE WHEN {c} = {v} THEN 0 ELSE 1 END, id LIMIT 1)",
]
"""Conditions on a column, as people and programs write them."""


@pytest.mark.parametrize("column", ["at", "day", "clock", "is_over", "lasts", "key", "price"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_comparison_finds_the_row(
    events: InstalledDataset, form: str, column: str
) -> None:
    text = FIRST[column][1]
    literal, parameter = (form.format(c=column, v=value) for value in (f"'{text}'", ":v"))
    value = ROWS[0][column]
    with closing(events.connect()) as connection:
        for condition, params in (
            *((literal, {}), (parameter, {"v": text}), (parameter, {"v": value})),
        ):
            sql = f"SELECT id FROM events WHERE {condition}"
            assert connection.execute(sql, params).fetchall() == [(0,)], condition


def test_views_have_the_kinds_of_their_columns(events: InstalledDataset) -> None:
    with closing(events.connect()) as connection:
        connection.execute("PRAGMA query_only=OFF")
        connection.execute(
            "CREATE TEMP VIEW v AS SELECT at AS moment, substr(at, 1, 10) AS at FROM main.events"
        )
        for condition, count in (("moment = '2013-01-01T10:00'", 1), ("at = '2013-01-01'", HOURS)):
            sql = f"SELECT count(*) FROM v WHERE {condition}"
            assert connection.execute(sql).fetchone() == (count,)


def test_one_parameter_cannot_be_two_things(events: InstalledDataset) -> None:
    for condition in ("at = :v OR day = :v", "at = :v OR name = :v"):
        with pytest.raises(QueryError, match=r":v is compared with columns .* two parameters"):
            ask_arrow(events)(condition, "2013-01-01")
    assert ask_arrow(events)("at = :v OR day = :v", "2013") == []


@pytest.mark.parametrize(
    "condition",
    [
        "coalesce(at, day) = {v}",
        "CASE WHEN id THEN at ELSE name END = {v}",
        (
            "id IN (SELECT id FROM (SELECT id, at x FROM events UNION SELECT id, day FROM events)"
            " WHERE x = {v})"
        ),
    ],
)
def test_a_text_that_columns_store_in_different_ways_is_refused(
    events: InstalledDataset, condition: str
) -> None:
    for way in (ask_query, ask_connection, ask_arrow, ask_lazily):
        with pytest.raises(QueryError, match=r"The text '2013.*' is compared with columns") as told:
            way(events)(condition.format(v="'2013-01-01'"), None)
        with pytest.raises(QueryError, match=r"Parameter :v is compared with columns"):
            way(events)(condition.format(v=":v"), "2013-01-01")
        # What the hint says helps: it is then compared as it is written.
        assert "('2013-01-01' || '')" in (told.value.hint or "")
        way(events)(condition.format(v="('2013-01-01' || '')"), None)
        way(events)(condition.format(v="'no moment'"), None)


def test_what_is_not_understood_is_told(
    events: InstalledDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("expected END")

    monkeypatch.setattr("microcosm_sqlite.catalog.criteria.Comparisons", refuse)
    with pytest.warns(RuntimeWarning, match=r"not clear .* \(expected END\).* Write them"):
        assert ask_connection(events)("at = '2013-01-01T10:00'", None) == []


TEXTS = sa.MetaData()
sa.Table(
    "texts",
    TEXTS,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("dashed", sa.Text),
    sa.Column("hexadecimal", sa.String(32)),
    sa.Column("clock", sa.Text),
    sa.Column("day", sa.Text),
    sa.Column("price", sa.Text),
    sa.Column("lasts", sa.Text),
)
TEXT_ROW = {
    "id": 1,
    "dashed": str(UUID(int=5)),
    "hexadecimal": UUID(int=5).hex,
    "clock": "08:30:00",
    "day": "2013-01-31",
    "price": "1.50",
    "lasts": "P1DT2H",
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dashed", UUID(int=5)),
        ("hexadecimal", UUID(int=5)),
        ("clock", time(8, 30)),
        ("day", date(2013, 1, 31)),
        ("price", Decimal("1.50")),
        ("lasts", timedelta(hours=26)),
    ],
)
@pytest.mark.parametrize("form", ["{} = :v", "+{} = :v", "{} IN (:v)", "(id, {}) = (1, :v)"])
def test_a_value_of_python_finds_its_text(make: Any, column: str, value: object, form: str) -> None:
    dataset = make(TEXTS, {"texts": [TEXT_ROW]}, name="texts")
    condition = form.format(column)
    assert dataset.arrow("texts", where=condition, params={"v": value})["id"].to_pylist() == [1]
    with closing(dataset.connect()) as connection:
        sql = f"SELECT id FROM texts WHERE {condition}"
        assert connection.execute(sql, {"v": value}).fetchall() == [(1,)]
        assert connection.execute(sql.replace(":v", "?"), [value]).fetchall() == [(1,)]


COMPUTED = ["price * 2", "+price", "sum(price)", "coalesce(price, 0)", "round(price, 2)"]


@pytest.mark.parametrize("computed", COMPUTED)
@pytest.mark.parametrize("text", ["0.50", "00.5", "5e-1", " 0.5 "])
def test_a_text_that_is_a_number_is_compared_as_one_with_what_is_computed(
    events: InstalledDataset, computed: str, text: str
) -> None:
    with closing(events.connect()) as connection:
        sql = "SELECT count(*) FROM (SELECT id FROM events GROUP BY id HAVING {})"
        expected = connection.execute(sql.format(f"{computed} > 0.5")).fetchall()
        assert expected[0][0] in (3, 4)
        for written in (f"'{text}'", ":v"):
            params = {"v": text} if written == ":v" else {}
            asked = sql.format(f"{computed} > {written}")
            assert connection.execute(asked, params).fetchall() == expected


@pytest.mark.filterwarnings("ignore:Binding:DeprecationWarning")
def test_named_parameters_are_found_by_their_place_too(events: InstalledDataset) -> None:
    with closing(events.connect()) as connection:
        sql = "SELECT id FROM events WHERE id = :id AND at = :at"
        assert connection.execute(sql, [0, "2013-01-01T10:00"]).fetchall() == [(0,)]
        sql = "SELECT id FROM events WHERE at = ? AND id = :id AND at = ?1"
        assert connection.execute(sql, ["2013-01-01T10:00", 0]).fetchall() == [(0,)]


def test_numbers_of_numpy_are_numbers(events: InstalledDataset) -> None:
    numpy = pytest.importorskip("numpy")
    assert ask_arrow(events)("id = :v", numpy.int64(3)) == [3]
    assert ask_arrow(events)("at = :v", numpy.datetime64("2013-01-01T10:00:00")) == [0]


def test_missing_values_of_frames_are_null(events: InstalledDataset) -> None:
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    missing = [
        pandas.NA,
        pandas.NaT,
        numpy.datetime64("NaT", "us"),
        numpy.float32("nan"),
        float("nan"),
    ]
    for column in ("price", "name", "at"):
        for value in missing:
            assert ask_arrow(events)(f"{column} IS :v", value) == ask_arrow(events)(
                f"{column} IS NULL", None
            )
            assert ask_arrow(events)(f"{column} = :v", value) == []
            found = events.arrow("events", where={column: [value]}, columns=["id"])
            assert found["id"].to_pylist() == ask_arrow(events)(f"{column} IS NULL", None)


WRITTEN = {
    "2013-01-01 10:00:00": datetime(2013, 1, 1, 10),
    "2013-01-01T10:00": datetime(2013, 1, 1, 10),
    "2013-01-01T10:00:00.000": datetime(2013, 1, 1, 12, tzinfo=EAST),
    "2013-01-01T10:00:00Z": datetime(2013, 1, 1, 12, tzinfo=EAST),
    "2013-01-01 10:00:00+00:00": datetime(2013, 1, 1, 10),
    "2013-01-01": datetime(2013, 1, 1),
    "2013-01-01 10:00:00.000000": datetime(2013, 1, 1, 10),
}
"""Texts of columns of texts, and the moment that each stands for."""


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("way", WAYS)
def test_a_moment_is_compared_with_texts_as_they_write_moments(
    make: Any, way: Any, text: str
) -> None:
    metadata = sa.MetaData()
    columns = sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.Text)
    sa.Table("events", metadata, *columns)
    rows = [{"id": 0, "at": text}, {"id": 1, "at": text.replace("2013", "2014")}]
    ask = way(make(metadata, {"events": rows}, name="written"))
    assert ask("at = :v", WRITTEN[text]) == [0]
    assert ask("at > :v", WRITTEN[text]) == [1]
    assert ask("at = :v", "soon") == []


@pytest.mark.parametrize("stored", ["2013-01-01 10:00:00", "2013-01-01T10:00:00.000"])
@pytest.mark.parametrize("text", FIRST["at"])
def test_databases_of_others_are_asked_as_they_store_moments(
    tmp_path: Any, stored: str, text: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, at DATETIME)")
        connection.execute("INSERT INTO events VALUES (7, ?)", (stored,))
        connection.commit()
    dataset = microcosm_sqlite.register("others", tmp_path / "x.db")
    try:
        for way in (ask_query, ask_arrow):
            assert way(dataset)("at = :v", text) == [7]
    finally:
        microcosm_sqlite.unregister("others")


@pytest.mark.parametrize("condition", ['"prise" > 60', 'events."prise" > 60', '"prise" = name'])
def test_a_misspelt_column_in_double_quotes_is_no_text(
    events: InstalledDataset, condition: str
) -> None:
    with pytest.raises(QueryError, match=r"no such column: .*prise. Did you mean 'price'"):
        ask_arrow(events)(condition, None)
    for way in (ask_query, ask_connection):
        with pytest.raises(QueryError, match="no such column"):
            way(events)(condition, None)


@pytest.mark.parametrize(
    ("sql", "is_right"),
    [
        ('SELECT "a" FROM t', True),
        ('SELECT "odd `name`", "t"."a" AS "it" FROM "t" WHERE a = ? OR a = :b', True),
        ("SELECT '\"a\"' FROM t", True),
        ('SELECT "mistake" FROM t', False),
        ('SELECT 1 FROM t WHERE a = "x"', False),
    ],
)
def test_what_stands_in_double_quotes_is_a_name(sql: str, is_right: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE t AS SELECT 1 AS a, 2 AS "odd `name`"')
        if is_right:
            check_names(connection, sql, split_tokens(sql))
        else:
            with pytest.raises(sqlite3.OperationalError, match="no such column"):
                check_names(connection, sql, split_tokens(sql))


class Size(Enum):
    SMALL = "s"


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (sa.Boolean, True),
        (sa.Date, date(2020, 2, 29)),
        (sa.DateTime, datetime(2020, 2, 29, 1, 2, 3)),
        (sa.Time, time(1, 2, 3, 4)),
        (sa.Numeric(8, 2), Decimal("1.5")),
        (sa.Uuid, UUID(int=5)),
        (sa.Enum(Size), Size.SMALL),
        (sa.Text, "text"),
        (sa.LargeBinary, b"bytes"),
    ],
)
def test_a_parameter_is_what_sqlalchemy_stores_for_the_same_value(type_: Any, value: Any) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", type_))
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), {"x": value})
        stored = connection.exec_driver_sql("SELECT x, typeof(x) FROM t").one()
        told = connection.exec_driver_sql("SELECT ?, typeof(?)", (*bind([value]), *bind([value])))
        assert tuple(stored) == tuple(told.one())
    engine.dispose()
    assert bind({"x": value})["x"] == bind([value])[0]  # type: ignore[call-overload]


def test_a_moment_with_an_offset_is_compared_in_utc_as_it_is_stored() -> None:
    moment = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert bind([moment]) == bind([datetime(2020, 1, 1, 10)])


# Python 3.12 warns of numbered parameters.
@pytest.mark.filterwarnings("ignore:Binding:DeprecationWarning")
def test_statements_that_ask_nothing_are_left_alone(events: InstalledDataset) -> None:
    with closing(events.connect()) as connection:
        assert connection.execute("PRAGMA table_info('events')").fetchone()[1] == "id"
        assert connection.execute("EXPLAIN SELECT * FROM events WHERE at = ''").fetchall()
        # What SQLite makes of both kinds of parameters at once is its own affair.
        sql = "SELECT id FROM events WHERE at = ?1 OR id = 3"
        assert connection.execute(sql, ["2013-01-01T10:00"]).fetchall() == [(0,), (3,)]
        for number in range(600):  # more than are kept
            assert connection.execute(f"SELECT {number} WHERE 'x' = ?", ["x"]).fetchone()
        connection.row_factory = dict_row
        assert connection.execute("SELECT id FROM events WHERE at = ?", [FIRST["at"][1]]).fetchall()


def dict_row(cursor: Any, row: Any) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def test_an_untrusted_connection_executes_what_it_is_given(events: InstalledDataset) -> None:
    with closing(events.connect(untrusted=True)) as connection:
        sql = "SELECT count(*) FROM events WHERE at = ?"
        assert connection.execute(sql, ["2013-01-01T10:00"]).fetchone() == (0,)
        assert connection.execute(sql, ["2013-01-01 10:00:00.000000"]).fetchone() == (1,)
        with pytest.raises(QueryError):
            connection.execute("ATTACH 'x' AS y")


def test_attached_datasets_are_asked_alike(events: InstalledDataset) -> None:
    sql = "SELECT count(*) FROM EVENTS.events AS e WHERE e.at = '2013-01-01T10:00'"
    with closing(events.connect(attach=["events"])) as connection:
        assert connection.execute(sql).fetchone() == (1,)


PROGRAM = """
import sys
import microcosm_sqlite
connection = microcosm_sqlite.dataset("colours").connect()
sql = "SELECT count(*) FROM sqlite_master WHERE name = ? OR name = 'x'"
assert connection.execute(sql, ["y"]).fetchone() == (0,)
assert not {"re", "json", "logging"} & sys.modules.keys(), sys.modules.keys()
"""


def test_a_statement_with_texts_imports_no_regular_expressions(installed: Path) -> None:
    here = Path(microcosm_sqlite.__file__).parent.parent
    start = f"import sys; sys.path[:0] = {[str(installed), str(here)]!r}\n"
    subprocess.run([sys.executable, "-s", "-S", "-c", start + PROGRAM], check=True)


def test_a_limit_alone_asks_nothing_of_the_schema(tmp_path: Path) -> None:
    """A lookup of a table takes longer the more tables there are."""
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        for sql in ("SELECT a FROM t LIMIT ?", "SELECT a FROM t LIMIT :n OFFSET :m"):
            assert plan_statement(connection, {}, sql).sql == sql
        assert asked == []
        plan_statement(connection, {}, "SELECT a FROM t WHERE a = ? LIMIT ?")
        assert [sql for sql in asked if "sqlite_master" in sql]
