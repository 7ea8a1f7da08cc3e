"""What one format refuses, keeps as text or stores in one way, every other format does too."""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_databases.fitting import fit_column
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.loading.connections import create_tables, open_engine
from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.source_options import CsvOptions, TableOptions
from microcosm_sqlite.authoring.sources.databases import refuse_nameless_columns
from microcosm_sqlite.authoring.sources.formats import DATABASE, WORKBOOK, choose_opener
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.errors import SourceError

PLUS_TWO = timezone(timedelta(hours=2))
LONG = "12345678901234567890.5"
NONE = object()
"""Stands for NULL, where the value is to become nothing."""


@dataclass(frozen=True)
class Odd:
    """A value that some formats used to treat otherwise than others.

    Attributes:
        type: The type of its column.
        text: As CSV, TSV and JSON Lines write it; the last as a string.
        json: As JSON Lines write it, where that is no string.
        value: As a function gives it.
        parquet: As Parquet has it, with the name of its Arrow type.
        stored: What a database has.
        expected: What is stored of it, or the error.
        options: Options of the table.
    """

    type: sa.types.TypeEngine[Any]
    expected: Any
    text: str | None = None
    json: str | None = None
    value: Any = None
    parquet: tuple[Any, Any] | None = None
    stored: Any = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_cell(self) -> bool:
        """Whether a cell of a workbook can have the value; openpyxl writes 16 digits of numbers."""
        if isinstance(self.value, float):
            return math.isfinite(self.value) and float(f"{self.value:.16g}") == self.value
        if isinstance(self.value, str):
            return self.value.isprintable() and self.value != ""
        return isinstance(self.value, int) and self.value < 2**53

    def list_formats(self) -> Iterator[str]:
        """The formats that can write it."""
        if self.text is not None:
            yield from ("csv", "tsv")
        if self.text is not None or self.json is not None:
            yield "jsonl"
        if self.is_cell:
            yield "xlsx"
        for name, value in (("parquet", self.parquet), ("db", self.stored), ("py", self.value)):
            if value is not None:
                yield name


@dataclass(frozen=True)
class Refused:
    """The error that says why a value is refused."""

    reason: str


NO_JSON = Refused("is not (JSON, as|what JSON takes).* not finite")

LONG_AGO = timedelta(days=-(10**6))
"""A duration that no moment is as far from 1970 as."""

ODD = {
    "a duration that is too long": Odd(
        sa.Interval(), Refused("is not a duration that, counted from 1970, ends in the years"),
        text="-P1000000D", value=LONG_AGO, parquet=(LONG_AGO, "duration"),
    ),
    "an infinite number": Odd(
        sa.Double(), Refused("is not a finite number"), text="inf",
        value=math.inf, parquet=(math.inf, "float64"), stored=math.inf,
    ),
    "an infinite number that is allowed": Odd(
        sa.Double(), math.inf, text="inf", value=math.inf, parquet=(math.inf, "float64"),
        stored=math.inf, options={"infinity": True},
    ),
    "a number beyond doubles": Odd(
        sa.Double(), Refused("is not a finite number"), text="1e999", json="1e999",
        value=Decimal("1e999"), stored="1e999",
    ),
    "an infinite number in JSON": Odd(
        sa.JSON(), NO_JSON, text="[1e999]", json="[1e999]",
        value=[math.inf], parquet=([math.inf], ["float64"]), stored="[1e999]",
    ),
    "an infinite number as JSON": Odd(
        sa.JSON(), NO_JSON, text="1e999", json="1e999",
        value=math.inf, parquet=(math.inf, "float64"), stored=math.inf,
    ),
    "NaN in JSON": Odd(
        sa.JSON(), Refused("NaN is not JSON, which has null for it"), text="[NaN]", json="[NaN]",
        stored="[NaN]",
    ),
    "NaN in JSON of frames": Odd(
        sa.JSON(), "[null]", value=[math.nan], parquet=([math.nan], ["float64"]),
    ),
    "NaN": Odd(
        sa.Double(), NONE, value=math.nan, parquet=(math.nan, "float64"), json="null", text=None,
    ),
    "a key twice in JSON": Odd(
        sa.JSON(), Refused("key 'a' is there twice"), text='{"a": 1, "a": 2}',
        json='{"a": 1, "a": 2}', stored='{"a": 1, "a": 2}',
    ),
    "keys that are one in JSON": Odd(
        sa.JSON(), Refused("key '1' is there twice"), value={1: "a", "1": "b"},
    ),
    "half of a character in JSON": Odd(
        sa.JSON(), Refused(r"'\\ud83d' is half of a character"), text=r'["\ud83d"]',
        json=r'["\ud83d"]', value=["\ud83d"], stored=r'["\ud83d"]',
    ),
    "half of a character": Odd(
        sa.Text(), Refused(r"'\\ud83d' is half of a character"), json=r'"\ud83d"', value="\ud83d",
    ),
    "more digits than a double has, in JSON": Odd(
        sa.JSON(), f'["{LONG}"]', text=f"[{LONG}]", json=f"[{LONG}]", value=[Decimal(LONG)],
        parquet=([Decimal(LONG)], ["decimal"]), stored=f"[{LONG}]",
    ),
    "more digits than a double has": Odd(
        sa.Text(), LONG, text=LONG, json=LONG, value=Decimal(LONG),
        parquet=(Decimal(LONG), "decimal"), stored=LONG,
    ),
    "a whole number beyond 64 bits": Odd(
        sa.BigInteger(), Refused("is not a whole number that fits 64 bits"), text=str(2**63),
        json=str(2**63), value=2**63, parquet=(2**63, "uint64"), stored=str(2**63),
    ),
    "a whole number beyond 64 bits as JSON": Odd(
        sa.JSON(), Refused("whole numbers of 64 bits"), text=str(10**20), json=str(10**20),
        value=10**20, stored=f" {10**20}",
    ),
    "a fraction as JSON": Odd(
        sa.JSON(), 1.7976931348623025e308, text="1.7976931348623025e308",
        json="1.7976931348623025e308", value=1.7976931348623025e308,
        parquet=(1.7976931348623025e308, "float64"), stored=1.7976931348623025e308,
    ),
    "a whole number that a double cannot tell": Odd(
        sa.BigInteger(), Refused("is not a whole number"), text="9007199254740993.0",
        json="9007199254740993.0", value=Decimal("9007199254740993.0"),
        parquet=(2.0**53, "float64"), stored=2.0**53,
    ),
    "a whole number in a frame of floats": Odd(
        sa.BigInteger(), 12, text="12.0", json="12.0", value=12.0, parquet=(12.0, "float64"),
        stored=12.0,
    ),
    "true for a number": Odd(
        sa.Double(), Refused("is not a finite number"), text="true", json="true", value=True,
        parquet=(True, "bool_"), stored="true",
    ),
    "a number of 17 digits": Odd(
        sa.Double(), 0.30000000000000004, text="0.30000000000000004", json="0.30000000000000004",
        value=0.30000000000000004, parquet=(0.30000000000000004, "float64"),
        stored=0.30000000000000004,
    ),
    "an empty text among texts, where there is a null": Odd(
        sa.Text(), "", json='""', value="", parquet=("", "string"), stored="",
    ),
    "an empty text among numbers": Odd(
        sa.Double(), NONE, text="", json='""', value="", parquet=("", "string"), stored="",
    ),
    "an empty text among moments": Odd(
        sa.DateTime(), NONE, text="", json='""', value="", parquet=("", "string"), stored="",
    ),
    "a boolean in words": Odd(
        sa.Boolean(), 1, text="True", json='"True"', value="True", parquet=("True", "string"),
        stored="True",
    ),
    "a number that is no boolean": Odd(
        sa.Boolean(), Refused("is not (true or false|a boolean)"), text="2", json="2", value=2,
        parquet=(2, "int64"), stored=2,
    ),
    "a whole number as text": Odd(
        sa.BigInteger(), 7, text="7", json='"7"', value="7", parquet=("7", "string"), stored="7",
    ),
    "a moment with an offset": Odd(
        sa.DateTime(), "2019-12-31 22:00:00.000000", text="2020-01-01T00:00:00+02:00",
        value=datetime(2020, 1, 1, tzinfo=PLUS_TWO), stored="2020-01-01T00:00:00+02:00",
        parquet=(datetime(2019, 12, 31, 22, tzinfo=UTC), "timestamp"),
    ),
    "a time of day with an offset": Odd(
        sa.Time(), Refused("is not a time of day"), text="12:00:00+02:00",
        value=time(12, tzinfo=PLUS_TWO), stored="12:00:00+02:00",
    ),
    "a word for no value": Odd(
        sa.Double(), NONE, text="NA", value="NA", parquet=("NA", "string"), stored="NA",
        options={"null_values": ("NA",)},
    ),
    "text with a NUL, which tells of a wrong encoding in delimited files": Odd(
        sa.Text(), "a\0b", json=r'"a\u0000b"', value="a\0b",
        parquet=("a\0b", "string"), stored="a\0b",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "format_"), [(name, each) for name, odd in ODD.items() for each in odd.list_formats()]
)
def test_every_format_agrees(
    name: str, format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = ODD[name]
    source = write_source(odd, format_, tmp_path, monkeypatch)
    if isinstance(odd.expected, Refused):
        with pytest.raises(SourceError, match=odd.expected.reason) as caught:
            load(odd, source)
        assert caught.value.line == (2 if format_ in ("csv", "tsv", "xlsx") else 1)
    else:
        assert load(odd, source) == (None if odd.expected is NONE else odd.expected)


def write_source(
    odd: Odd, format_: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> SourceFile | SourceFunction:
    """A source of one row: a key, and the value."""
    path = folder / f"things.{format_}"
    if format_ == "py":
        module = ModuleType("odd_rows")
        module.make_rows = lambda: [{"id": 1, "v": odd.value}]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "odd_rows", module)
        return SourceFunction("odd_rows:make_rows")
    if format_ in ("csv", "tsv"):
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="," if format_ == "csv" else "\t")
            writer.writerows([["id", "v"], ["1", odd.text]])
    elif format_ == "jsonl":
        path.write_text(f'{{"id": 1, "v": {odd.json or json.dumps(odd.text)}}}\n')
    elif format_ == "parquet":
        write_parquet(path, *(odd.parquet or ()))
    elif format_ == "xlsx":
        write_workbook(path, odd.value)
        return SourceFile(path, path.name, WORKBOOK)
    else:
        write_database(path, [odd.stored])
        return SourceFile(path, "things.db#things", DATABASE, "things")
    return SourceFile(path, path.name, format_)


def write_parquet(path: Path, value: Any, type_: Any) -> None:
    """A file with one value of a type, or of a list of it."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    special = {
        "decimal": pa.decimal128(25, 1),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "duration": pa.duration("us"),
    }
    name = type_[0] if isinstance(type_, list) else type_
    made = special.get(name) or getattr(pa, name)()
    made = pa.list_(made) if isinstance(type_, list) else made
    columns = {"id": pa.array([1], pa.int64()), "v": pa.array([value], made)}
    parquet.write_table(pa.table(columns), path)


def write_workbook(path: Path, value: Any) -> None:
    """A sheet with one value below its header."""
    pytest.importorskip("python_calamine")
    workbook = pytest.importorskip("openpyxl").Workbook()
    for row in (["id", "v"], [1, value]):
        workbook.active.append(row)
    workbook.save(path)


def write_database(path: Path, values: list[Any], declared: str = "") -> None:
    """A database that was held to no types."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE things (id INTEGER PRIMARY KEY, v {declared})")
        connection.executemany("INSERT INTO things (v) VALUES (?)", [(value,) for value in values])
        connection.commit()


def load(odd: Odd, source: SourceFile | SourceFunction) -> Any:
    """What is stored of the value."""
    table = sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("v", odd.type),
    )
    rules = TableRules.of(table, dialect(), TableOptions(**odd.options))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        load_table(connection, TableLoad(rules, [choose_opener(source, CsvOptions())]))
        ((value,),) = connection.execute("SELECT v FROM things").fetchall()
    return value


KEPT_AS_TEXT = {
    "more digits than a double has": ["0.5", LONG],
    "whole numbers that doubles cannot tell, among fractions": ["0.5", str(2**53 + 1)],
    "a number beyond doubles": ["0.5", "1e999"],
    "a whole number beyond 64 bits": ["1", str(2**63)],
}


@pytest.mark.parametrize("name", KEPT_AS_TEXT)
@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl"])
def test_a_draft_of_files_keeps_as_text(name: str, format_: str, tmp_path: Path) -> None:
    values = KEPT_AS_TEXT[name]
    mark = "\t" if format_ == "tsv" else ","
    lines = [f'{{"id": {n}, "v": {value}}}' for n, value in enumerate(values)]
    if format_ != "jsonl":
        lines = [f"id{mark}v", *(f"{n}{mark}{value}" for n, value in enumerate(values))]
    (tmp_path / f"things.{format_}").write_text("\n".join(lines) + "\n")
    assert infer_folder(tmp_path).tables["things"].columns["v"].kind == "text"


def test_a_draft_of_parquet_refuses_a_duration_that_builds_refuse(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write_parquet(tmp_path / "things.parquet", LONG_AGO, "duration")
    told = r"row 1, column `v`: .* is not a duration that, counted"
    with pytest.raises(SourceError, match=told):
        draft_project(tmp_path / "t-data", tmp_path)


def test_a_draft_of_parquet_keeps_as_text(tmp_path: Path) -> None:
    write_parquet(tmp_path / "things.parquet", Decimal(LONG), "decimal")
    assert infer_folder(tmp_path).tables["things"].columns["v"].kind == "text"


@pytest.mark.parametrize("declared", ["", "NUMERIC"])
def test_a_draft_of_a_database_keeps_as_text(declared: str, tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [0.5, 2**53 + 1], declared)
    assert str(fit(tmp_path / "a.db", sa.Numeric() if declared else sa.types.NullType())) == "TEXT"


def test_a_draft_of_a_database_takes_numbers_that_doubles_can_tell(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [0.5, 2**53 - 1])
    assert isinstance(fit(tmp_path / "a.db", sa.types.NullType()), sa.Double)


def test_a_draft_of_a_database_takes_infinite_numbers(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", [0.5, -math.inf], "REAL")
    assert isinstance(fit(tmp_path / "a.db", sa.Double()), sa.Double)


def test_a_draft_of_a_database_refuses_infinite_numbers_among_texts(tmp_path: Path) -> None:
    write_database(tmp_path / "a.db", ["a", -math.inf])
    with pytest.raises(SourceError, match="holds 1 infinite number beside") as caught:
        fit(tmp_path / "a.db", sa.Text())
    assert "BLOB" not in str(caught.value.hint)


def fit(path: Path, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The type that a draft of a database gives to a column."""
    column = sa.Column("v", type_)
    sa.Table("things", sa.MetaData(), column)
    with closing(sqlite3.connect(path)) as connection:
        return fit_column(connection, column, path.name, "").type


@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl", "parquet", "db"])
def test_a_field_without_a_name_is_the_column_of_its_place(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"things.{format_}"
    source = SourceFile(path, path.name, format_)
    if format_ == "jsonl":
        path.write_text('{"id": 1, "": "wren"}\n')
    elif format_ == "parquet":
        pa = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pa.table({"id": [1], "": ["wren"]}), path)
    elif format_ == "db":
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(
                """CREATE TABLE things (id INTEGER PRIMARY KEY, "" TEXT);
                INSERT INTO things VALUES (1, 'wren')"""
            )
        source = SourceFile(path, "things.db#things", DATABASE, "things")
    else:
        mark = "," if format_ == "csv" else "\t"
        path.write_text(f"id{mark}\n1{mark}wren\n")
    table = sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("column_2", sa.Text),
    )
    rules = TableRules.of(table, dialect())
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        load_table(connection, TableLoad(rules, [choose_opener(source, CsvOptions())]))
        assert connection.execute("SELECT * FROM things").fetchall() == [(1, "wren")]


def test_a_draft_of_a_database_tells_of_a_column_without_a_name(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute('CREATE TABLE things (id INTEGER PRIMARY KEY, "" TEXT)')
        with pytest.raises(SourceError, match=r"a\.db, table `things`: column 2 has no") as caught:
            refuse_nameless_columns(connection, "things", "a.db")
        connection.execute(str(caught.value.hint).partition(": ")[2])
        refuse_nameless_columns(connection, "things", "a.db")


def test_bytes_are_no_document_and_stay_bytes(tmp_path: Path) -> None:
    """SQLite keeps JSON as bytes as well, which only SQLite reads."""
    column = sa.Column("a", sa.JSON)
    with pytest.raises(ValueError, match=r"^JSON$"):
        ColumnRule(column, dialect(), ()).convert_value(b"\x1c")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE things (a JSON)")
        connection.execute("INSERT INTO things VALUES (x'1c')")
        sa.Table("things", sa.MetaData(), column)
        fit = fit_column(connection, column, "a.db", "JSON")
    assert isinstance(fit.type, sa.LargeBinary)
    assert fit.remarks == ("declared JSON, holds 1 blob",)
