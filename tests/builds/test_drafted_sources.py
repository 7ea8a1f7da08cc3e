"""What `new` drafts of any file, `build` takes; what is stored is what was there, or told."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError

EXAMPLES = int(os.environ.get("MICROCOSM_SQLITE_EXAMPLES", "6"))
NAMES = ["id", "a", "A", "b c", "", "class", "x.y", "order"]
TEXTS = [
    "", "a", "A", " ", "b ", "1", "01", "1.10", "1.1", "-0", "1e5", "1e999", "1e-400", "NaN", "inf",
    "NULL", "true", "False", "yes", "2020-01-31", "31/01/2020", "1/2/2020", "2020-02-30",
    "2020-01-31T10:00:00", "2020-01-31 10:00:00.5+02:00", "9999-12-31T23:59:59-05:00", "10:00",
    "{}", '{"a":1,"a":2}', "[1e999]", "9007199254740993", "9007199254740993.0",
    "18446744073709551616", "1,234", "1.234,5", "12%", "\u2028", "x" * 70, "1_000", "٣", ".5", "5.",
    "+5", "1\n", "9a1de644-815e-46d1-9bb8-faaec63b1e7e",
]  # fmt: skip
DOCUMENTS = [
    "1", "-0", "1.0", "1.10", "1e5", "1e999", "9007199254740993", "9007199254740993.5",
    "18446744073709551616", "1e-400", "0.30000000000000004441", "null", "true", "false", "{}",
    "[1.5]", "[1e999]", '{"a":[1e999]}', '{"a":0.30000000000000004441}', "[null]",
    *map(json.dumps, [*TEXTS, "a\0b"]),
]  # fmt: skip
MOMENTS = [datetime(2020, 1, 1), datetime(1970, 1, 1, 0, 0, 0, 5)]
VALUES = {
    "int64": [0, 1, -1, 2**53 + 1, 2**63 - 1],
    "uint64": [1, 2**64 - 1],
    "float64": [-0.0, 1.0, 1.5, math.nan, math.inf, 2.0**53, 1e300],
    "string": TEXTS,
    "bool_": [True, False],
    "date32": [date(2020, 1, 1), date(1, 1, 1)],
    "binary": [b"", b"\xff"],
    "null": [None],
    "timestamp[us]": MOMENTS,
    "timestamp[ns]": MOMENTS,
    "timestamp[us, UTC]": [datetime(2020, 1, 1, tzinfo=UTC)],
    "time64": [time(1), time(2, 3, 4, 5)],
    "duration": [timedelta(1), timedelta(-1), timedelta(microseconds=3)],
    "decimal": [Decimal("1.100"), Decimal(12345678901234567)],
    "list": [[], [1.5, math.nan], [math.inf]],
    "struct": [{"a": "x", "b": 1.5}, {"a": None, "b": math.inf}],
    "map": [[], [("a", 1.5)], [("a", 1.0), ("a", 2.0)]],
}


LITERALS = [
    "NULL", "0", "1", "-1", "9007199254740993", "1.5", "9e999", "'1'", "''", "'x'", "'NA'",
    "x'ff'", "x''", "'2020-01-31'", "'2020-01-31T10:00:00+02:00'", "'2020-01-31 10:00:00'",
    "'true'", "'1.50'", "'a' || char(0)",
]  # fmt: skip
DECLARED = ["", "INTEGER", "TEXT", "REAL", "BLOB", "DATE", "DATETIME", "BOOLEAN", "NUMERIC"]
TOLD = re.compile("becomes? |respelled|kept in UTC|written %|written '?1|stored as fractions")
"""What a line of the report says of a column whose values are stored as others."""


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet", "db"])
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_what_is_drafted_is_built_and_is_what_was_there_or_told(
    format_: str, random: Random
) -> None:
    with TemporaryDirectory() as folder:
        sources = Path(folder, "sources")
        sources.mkdir()
        columns = WRITERS[format_](random, sources / f"things.{format_}")
        try:
            draft = draft_project(Path(folder, "things-data"), sources)
        except SourceError:
            return  # it is told
        built = build_dataset(ProjectSettings.from_pyproject(draft.path))
        with closing(sqlite3.connect(built.path)) as connection:
            answer = connection.execute("SELECT * FROM things ORDER BY n")
            names = [name for name, *_ in answer.description][-len(columns) :]
            stored = list(zip(*answer, strict=True))[-len(columns) :] or [()] * len(columns)
    for name, values, found in zip(names, columns, stored, strict=True):
        line = re.compile(rf"  (note: )?{re.escape(name)}: ")
        told = [each for each in draft.report if line.match(each) and TOLD.search(each)]
        is_json = any(each.startswith(f"  {name}: JSON") for each in draft.report)
        for value, kept in zip(values, found, strict=True):
            assert is_kept(value, kept, is_json=is_json) or told, (name, value, kept, draft.report)


def is_kept(value: Any, stored: Any, *, is_json: bool) -> bool:
    """Whether what is stored says just what the source did; a column of JSON stores documents."""
    if isinstance(value, Written):
        value, text = value
        return spell(stored) == text or (isinstance(value, bool) and stored == int(value))
    if isinstance(value, list | dict) or (is_json and value is not None):
        return isinstance(stored, str) and repr(json.loads(stored)) == repr(value)
    if isinstance(value, bool):
        return stored == int(value) and isinstance(stored, int)
    if isinstance(value, datetime):
        return value.tzinfo is None and stored == value.isoformat(" ", "microseconds")
    if isinstance(value, timedelta):
        return bool(stored == (datetime(1970, 1, 1) + value).isoformat(" ", "microseconds"))
    if isinstance(value, date):
        return bool(stored == value.isoformat())
    if isinstance(value, time):
        return bool(stored == value.isoformat("microseconds"))
    return type(value) is type(stored) and repr(value) == repr(stored)


class Written(NamedTuple):
    """A value that is written as a text."""

    value: Any
    text: str


def spell(stored: Any) -> Any:
    """A stored value as sources of texts write it."""
    if isinstance(stored, str):
        return re.sub(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.0{6}$", r"\1", stored)
    return None if stored is None else repr(stored)


def pick_pools(random: Random, values: list[Any]) -> dict[str, list[Any]]:
    """A few columns, each with the few values that it has."""
    names = random.sample(NAMES, random.randint(1, 4))
    return {name: random.choices(values, k=random.randint(1, 3)) for name in names}


def write_csv(random: Random, path: Path) -> list[list[Any]]:
    pools = pick_pools(random, TEXTS)
    rows = [[random.choice(pool) for pool in pools.values()] for _ in range(random.randint(1, 25))]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["n", *pools])
        writer.writerows([number, *row] for number, row in enumerate(rows))
    return [
        [read_text(text) if text else None for text in column] for column in zip(*rows, strict=True)
    ]


def read_text(text: str) -> Any:
    is_boolean = text.lower() in ("true", "false")
    return Written(text.lower() == "true" if is_boolean else text, text)


def write_json_lines(random: Random, path: Path) -> list[list[Any]]:
    pools = pick_pools(random, DOCUMENTS)
    rows = [
        {name: random.choice(pool) for name, pool in pools.items() if random.random() < 0.9}
        for _ in range(random.randint(1, 25))
    ]
    lines = [
        ", ".join(
            [f'"n": {number}', *(f"{json.dumps(name)}: {text}" for name, text in row.items())]
        )
        for number, row in enumerate(rows)
    ]
    path.write_text("".join(f"{{{line}}}\n" for line in lines), "utf-8")
    names = dict.fromkeys(name for row in rows for name in row)
    return [[read_document(row.get(name, "null")) for row in rows] for name in names]


def read_document(text: str) -> Any:
    value = json.loads(text)
    return Written(value, text) if type(value) in (int, float) else value


def write_parquet(random: Random, path: Path) -> list[list[Any]]:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    special = {
        "timestamp[us]": pa.timestamp("us"),
        "timestamp[ns]": pa.timestamp("ns"),
        "timestamp[us, UTC]": pa.timestamp("us", tz="UTC"),
        "time64": pa.time64("us"),
        "duration": pa.duration("us"),
        "decimal": pa.decimal128(20, 3),
        "list": pa.list_(pa.float64()),
        "struct": pa.struct([("a", pa.string()), ("b", pa.float64())]),
        "map": pa.map_(pa.string(), pa.float64()),
    }
    count = random.randint(0, 25)
    columns = {}
    for name in random.sample(NAMES, random.randint(1, 4)):
        kind = random.choice([*VALUES])
        values = [random.choice([*VALUES[kind], None]) for _ in range(count)]
        columns[name] = pa.array(values, special.get(kind) or getattr(pa, kind)())
    parquet.write_table(pa.table({"n": pa.array(range(count), pa.int64()), **columns}), path)
    return [column.to_pylist() for column in columns.values()]


def write_database(random: Random, path: Path) -> list[list[Any]]:
    pools = pick_pools(random, LITERALS)
    names = [f"c{number}" for number, _ in enumerate(pools)]
    declared = ", ".join(f"{name} {random.choice(DECLARED)}" for name in names)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE things (n INTEGER PRIMARY KEY, {declared})")
        for number in range(random.randint(1, 25)):
            row = ", ".join(random.choice(pool) for pool in pools.values())
            connection.execute(f"INSERT INTO things VALUES ({number}, {row})")
        connection.commit()
        rows = connection.execute(f"SELECT {', '.join(names)} FROM things ORDER BY n").fetchall()
    return [[*column] for column in zip(*rows, strict=True)]


WRITERS = {
    "csv": write_csv,
    "jsonl": write_json_lines,
    "parquet": write_parquet,
    "db": write_database,
}
