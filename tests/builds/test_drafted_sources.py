"""What `new` drafts of any file, `build` takes: both judge values by the same rules."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError

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


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=False))
def test_what_is_drafted_is_built(format_: str, random: Random) -> None:
    with TemporaryDirectory() as folder:
        sources = Path(folder, "sources")
        sources.mkdir()
        WRITERS[format_](random, sources / f"things.{format_}")
        try:
            draft = draft_project(Path(folder, "things-data"), sources)
        except SourceError:
            return  # it is told
        assert build_dataset(ProjectSettings.from_pyproject(draft.path)).manifest.tables


def pick_pools(random: Random, values: list[Any]) -> dict[str, list[Any]]:
    """A few columns, each with the few values that it has."""
    names = random.sample(NAMES, random.randint(1, 4))
    return {name: random.choices(values, k=random.randint(1, 3)) for name in names}


def write_csv(random: Random, path: Path) -> None:
    pools = pick_pools(random, TEXTS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(pools)
        for _ in range(random.randint(1, 25)):
            writer.writerow([random.choice(pool) for pool in pools.values()])


def write_json_lines(random: Random, path: Path) -> None:
    pools = pick_pools(random, DOCUMENTS)
    lines = [
        ", ".join(
            f"{json.dumps(name)}: {random.choice(pool)}"
            for name, pool in pools.items()
            if random.random() < 0.9
        )
        for _ in range(random.randint(1, 25))
    ]
    path.write_text("".join(f"{{{line}}}\n" for line in lines), "utf-8")


def write_parquet(random: Random, path: Path) -> None:
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
    parquet.write_table(pa.table(columns), path)


WRITERS = {"csv": write_csv, "jsonl": write_json_lines, "parquet": write_parquet}
