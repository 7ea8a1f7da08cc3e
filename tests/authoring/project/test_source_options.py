"""What is said of a table's sources decides how they are read, and nothing else is taken."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import (
    CsvOptions,
    Options,
    TableOptions,
    read_csv_options,
    read_table_options,
)
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.date_formats import (
    STYLES,
    choose_style,
    compile_format,
    find_styles,
)
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.projects import make_project

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def read(folder: Path, content: bytes, **options: Any) -> list[list[str]]:
    path = folder / "t.csv"
    path.write_bytes(content)
    with DelimitedOpener(SourceFile(path, path.name, "csv"), CsvOptions(**options))() as records:
        return [records.header, *records]


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        (b"1,2\n3,4\n", {"header": False}, [["column_1", "column_2"], ["1", "2"], ["3", "4"]]),
        (b"1,2\n", {"header": ("a", "b")}, [["a", "b"], ["1", "2"]]),
        (b"x\n1,2\n", {"header": ("a", "b"), "skip_lines": 1}, [["a", "b"], ["1", "2"]]),
        (b"#x\na,b\n#y\n1,2\n", {"comment": "#"}, [["a", "b"], ["1", "2"]]),
        (b'a, b\n1, "2"\n', {"skip_initial_space": True}, [["a", "b"], ["1", "2"]]),
        (
            b'"a,b"\r\n"1,""2, 3"""\n"4","5"\n6,7',
            {"quoted_lines": True},
            [["a", "b"], ["1", "2, 3"], ["4", "5"], ["6", "7"]],
        ),
        (b"a,b\n1\n2,3,,\n \n", {"fills_rows": True}, [["a", "b"], ["1", ""], ["2", "3"]]),
        (b"a,b\n1,2,3\n", {"fills_rows": True}, [["a", "b"], ["1", "2", "3"]]),
        ("a\né\n".encode() + b"\xe8\n", {"encoding": "utf-8+cp1252"}, [["a"], ["é"], ["è"]]),
    ],
)
def test_each_option_of_a_dialect_has_its_effect(
    tmp_path: Path, content: bytes, options: dict[str, Any], rows: list[list[str]]
) -> None:
    assert read(tmp_path, content, **options) == rows


def test_lines_are_counted_as_they_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("note\na,b\n# one\n1\n\n2,3\n")
    options = CsvOptions(skip_lines=1, comment="#", fills_rows=True)
    with DelimitedOpener(SourceFile(path, "t.csv", "csv"), options)() as records:
        assert list(records.numbered()) == [(4, ["1", ""]), (6, ["2", "3"])]


def test_bytes_that_are_in_neither_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not text in the encoding"):
        read(tmp_path, b"a\n\x81\n", encoding="utf-8+cp1252")


def test_a_table_says_what_differs_from_the_whole_dataset() -> None:
    base = TableOptions(CsvOptions(delimiter=";", skip_lines=2), ("NA",), {"x": "y"}, infinity=True)
    same = read_table_options(Options({}), base)
    assert same == base
    other = read_table_options(
        Options({"csv": {"skip-lines": 0, "ragged-rows": "fill"}, "null-values": []}), base
    )
    assert other.csv == CsvOptions(delimiter=";", fills_rows=True)
    assert (other.null_values, other.columns, other.infinity) == ((), {"x": "y"}, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"delimeter": ";"}, "Did you mean `delimiter`"),
        ({"comment": "//"}, "`csv.comment` .* must be one character"),
        ({"header": ["a", "a"]}, "`csv.header` .* must be a boolean, or a list of names"),
        ({"header": 1}, "`csv.header` .* must be a list of strings"),
        ({"ragged-rows": "cut"}, '`csv.ragged-rows` .* must be "error" or "fill"'),
        ({"skip-lines": -1}, "`csv.skip-lines` .* must be a whole number of at least 0"),
        ({"skip-initial-space": "yes"}, "`csv.skip-initial-space` .* must be a boolean"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_csv_options(Options({"csv": options}).table("csv"), CsvOptions())


@pytest.mark.parametrize(
    ("formats", "told"),
    [
        ({"day": "%Q"}, "column `day`: %Q is not known"),
        ({"day": "%d %d"}, "column `day`: a part of a date stands in it twice"),
        ({"name": "%d"}, "column `name`: String.* is not a type of numbers or dates"),
        ({"nome": "%d"}, "to column `nome`, but table `t` has no such column"),
    ],
)
def test_formats_that_cannot_be_are_told(formats: dict[str, str], told: str) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("day", sa.Date), sa.Column("name", sa.String))
    with pytest.raises(SettingsError, match=told):
        TableRules.of(table, dialect(), TableOptions(formats=formats))


def test_options_of_a_table_that_no_model_declares_are_told(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", options="tables.birbs.infinity = true")
    with pytest.raises(SettingsError, match="options for table `birbs`, which no model declares"):
        build_dataset(ProjectSettings.from_pyproject(project))


def test_numbers_are_infinite_only_where_that_is_said(tmp_path: Path) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.Double))
    taking = TableRules.of(table, dialect(), TableOptions(infinity=True)).by_name["x"]
    assert [taking.convert(text) for text in ("inf", " -Infinity", "1.5")] == [
        float("inf"),
        float("-inf"),
        1.5,
    ]
    assert taking.convert_value(float("inf")) == float("inf")
    with pytest.raises(ValueError, match="a number"):
        taking.convert("nan")
    with pytest.raises(ValueError, match="a finite number"):
        TableRules.of(table, dialect()).by_name["x"].convert("inf")


moments = st.datetimes(min_value=datetime(1000, 1, 1))


@given(moments, st.sampled_from(STYLES))
def test_a_date_is_read_as_it_was_written(moment: datetime, style: str) -> None:
    text = moment.strftime(style)
    read_back = compile_format(style)(text)
    assert read_back.strftime(style) == text
    assert read_back.date() == moment.date()
    assert style in find_styles(text)


def test_a_style_is_chosen_only_where_day_and_month_cannot_change_places() -> None:
    assert choose_style(find_styles("1/2/2020")) == ""
    assert choose_style(find_styles("1/2/2020") & find_styles("1/13/2020")) == "%m/%d/%Y"
    assert choose_style(find_styles("5 May 2020")) == "%d %b %Y"
    assert choose_style(frozenset()) == ""


MODELS = """
from __future__ import annotations

import datetime as dt

from microcosm_sqlite import DataSet
from sqlalchemy import Date, DateTime, Double, String
from sqlalchemy.orm import Mapped, mapped_column


class Birds(DataSet, name="birds"):
    pass


class Bird(Birds):
    __tablename__ = "birds"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    colour: Mapped[str | None] = mapped_column(String(40))
    seen: Mapped[dt.date] = mapped_column(Date)
    ringed: Mapped[dt.datetime | None] = mapped_column(DateTime)
    weight: Mapped[float | None] = mapped_column(Double)
"""
SOURCE = """Counted by hand
--
Name (de);colour;seen;ringed;weight;Notes
Blaumeise;n/a;31.1.2020;02/01/2020 12:05 AM;1.010,5;x
Käuzchen;-;1.12.2020;;-;
"""


def test_the_example_of_the_documentation_is_read_as_it_says(tmp_path: Path) -> None:
    (example,) = (
        block
        for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        if ".tables.birds]" in block
    )
    assert tomllib.loads(example)
    project = make_project(
        tmp_path / "p",
        models=MODELS,
        sources={"birds.csv": SOURCE.encode("cp1252")},
        options=f"\n{example}",
    )
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        assert connection.execute("SELECT * FROM birds").fetchall() == [
            ("Blaumeise", None, "2020-01-31", "2020-02-01 00:05:00.000000", 1010.5),
            ("Käuzchen", None, "2020-12-01", None, None),
        ]
