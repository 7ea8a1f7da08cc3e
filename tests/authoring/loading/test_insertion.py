"""Text that SQLite reads by itself gives the rows that Python gives, or is refused as well."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.loading import connections as bulk
from microcosm_sqlite.authoring.loading import insertion
from microcosm_sqlite.authoring.loading.insertion import PlainText, write_conversion
from microcosm_sqlite.authoring.loading.load import load_part
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.source_options import CsvOptions, TableOptions
from microcosm_sqlite.authoring.sources import row_reader
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.errors import BuildError
from tests.support.loading import needs_csv_module

pytest.importorskip("apsw")

TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("text", sa.String),
    sa.Column("number", sa.Integer),
    sa.Column("day", sa.Date),
    sa.Column("is_it", sa.Boolean),
    sa.Column("moment", sa.DateTime),
    sa.Column("other", sa.String, default="so"),
)
HEADER = ["text", "left out", "number", "day", "is_it", "moment"]
NULLS = ("NA", "1900-01-01", "9999-12-31 00:00:00", "0")


def load(folder: Path, text: str, options: CsvOptions, *, by_sqlite: bool) -> list[object] | str:
    """The rows, in their order, or a word for what is wrong with them."""
    source = SourceFile(folder / "t.csv", "t.csv", "csv")
    source.path.write_text(text, "utf-8", newline="")
    rules = TableRules.of(TABLE, dialect(), TableOptions(null_values=NULLS))
    plan = TableLoad(rules, [DelimitedOpener(source, options)], skip_unknown=True)
    database = folder / "t.db"
    database.unlink(missing_ok=True)
    connection = bulk.open_writer(database) if by_sqlite else closing(bulk.open_loading(database))
    with connection as writer:
        writer.execute(str(sa.schema.CreateTable(TABLE).compile(dialect=dialect())))
        try:
            rows = load_part(writer, plan)
        except (BuildError, sqlite3.Error, ValueError, IndexError):
            return "refused"
        found = writer.execute("SELECT * FROM t ORDER BY rowid").fetchall()
    assert len(found) == rows
    assert not list(folder.glob("*.db.csv"))
    return list(found)


texts = st.sampled_from(
    ["", "NA", "a", '"a"', " b ", "0x1", "1.50", "'é😀", 'say "so"', "\ufeff", "=1,5", "x\ry"]
)
numbers = st.integers(-20, 2**54).map(str) | st.sampled_from(["", "NA", "007", "+5", " 7"])
days = st.dates().map(str) | st.sampled_from(["", *NULLS[:2], "20130101", "0001-01-01"])
moments = st.datetimes().map(str) | st.sampled_from(
    ["", *NULLS[:3], "2013-01-31T23:59:00Z", "2013-01-31 23:59:00", "0001-01-01 00:00:00"]
)
truths = st.sampled_from(["", "NA", "True", "false", "1", "0", "YES"])
rows = st.tuples(texts, st.just("left"), numbers, days, truths, moments).map(list)
messes = st.sampled_from(
    [
        [],
        [""],
        ["a"],
        ["", "", "1", "", ""],
        ["a", "", "1", "", "", "", ""],
        ["", "", "1e3", "", "", ""],
        ["", "", "", "2013-02-30", "", ""],
        ["", "", "", "0000-01-01", "", ""],
        ["", "", "", "now", "", ""],
        ["", "", "", "", "perhaps", ""],
        ["", "", "", "", "", "0000-01-01 00:00:00"],
        ["", "", "", "", "", "2013-01-31 24:00:00"],
        ["", "", "", "", "", "2013-01-31 23:59:60"],
    ]
)


@pytest.mark.parametrize("delimiter", [",", ";"])
@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    blocks=st.lists(st.lists(rows, max_size=8), max_size=4),
    mess=st.none() | messes,
    end=st.sampled_from(["\n", "\r\n"]),
    quoted=st.booleans(),
    is_ended=st.booleans(),
    size=st.integers(1, 200),
)
def test_the_same_rows_whoever_reads_them(
    tmp_path: Path,
    delimiter: str,
    blocks: list[list[list[str]]],
    mess: list[str] | None,
    end: str,
    quoted: bool,
    is_ended: bool,
    size: int,
) -> None:
    lines = [HEADER, *(row for block in blocks for row in block)]
    lines += [mess] if mess is not None else []
    text = end.join(delimiter.join(line) for line in lines) + end * is_ended
    options = CsvOptions(delimiter=delimiter, quotechar='"' if quoted else "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_reader, "BLOCK_SIZE", size)
        by_sqlite = load(tmp_path, text, options, by_sqlite=True)
    assert by_sqlite == load(tmp_path, text, options, by_sqlite=False)


@needs_csv_module
def test_plain_text_is_read_by_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        insertion._Insertion, "_insert_rows", lambda *_: pytest.fail("rows were bound")
    )
    text = ";".join(HEADER) + "\r\n\r\na;;NA;2013-01-31;yes;2013-01-31 02:03:04\r\nb;x;7;;0;"
    assert load(tmp_path, text, CsvOptions(delimiter=";"), by_sqlite=True) == [
        ("a", None, "2013-01-31", 1, "2013-01-31 02:03:04.000000", "so"),
        ("b", 7, None, None, None, "so"),
    ]


def test_an_apsw_without_its_extras_binds_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainText, "fill", lambda *_: pytest.fail("SQLite was given the text"))
    monkeypatch.setitem(sys.modules, "apsw.sqlite_extra", None)
    text = ",".join(HEADER) + "\na,,1,2013-01-31,yes,\n"
    assert load(tmp_path, text, CsvOptions(), by_sqlite=True) == [
        ("a", 1, "2013-01-31", 1, None, "so")
    ]


@pytest.mark.parametrize(
    ("type_", "format_", "text", "is_known"),
    [
        (sa.Date(), "", "2013-01-31", True),
        (sa.Date(), "%Y-%d-%m", "2013-01-02", False),
        (sqlite.DATE(storage_format="%(day)d/%(month)d/%(year)d"), "", "2013-01-31", False),
        (sa.DateTime(), "", "2013-01-31 02:03:04", True),
        (sqlite.DATETIME(truncate_microseconds=True), "", "2013-01-31 02:03:04", False),
        (sa.Boolean(), "", "TRUE", True),
        (sa.Boolean(), "", "yes", False),
    ],
)
def test_a_shortcut_is_taken_where_the_column_stores_what_it_gives(
    type_: Any, format_: str, text: str, is_known: bool
) -> None:
    rule = ColumnRule(sa.Column("c", type_, nullable=False), dialect(), (), format_=format_)
    with closing(sqlite3.connect(":memory:")) as connection:
        conversion = write_conversion(rule, "text", "'python'")
        query = f"SELECT {conversion} FROM (SELECT ? AS text)"
        ((found,),) = connection.execute(query, (text,))
    assert found == (rule.convert(text) if is_known else "python")
