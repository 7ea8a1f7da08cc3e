"""Numbers in other styles are read as what they are, and joined files are told."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.cli import main
from microcosm_sqlite.common.kinds import KINDS


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("id,v\n1,2\n2,3\nid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeffid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeff3,4\n4,5\n", "row 3 begins with a byte order mark"),
    ],
)
def test_a_joint_of_files_is_told(text: str, remark: str, tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text(text)
    table = infer_folder(tmp_path).tables["readings"]
    assert any(remark in each for each in table.remarks)
    assert not any(column.hint for column in table.columns.values())


def test_one_file_has_no_joints(tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text("id,v\n1,2\n2,NA\n3,4\n")
    table = infer_folder(tmp_path).tables["readings"]
    assert table.remarks == ()
    assert table.columns["v"].hint


SETTING = re.compile(r"`(formats\.[^`]+)`")
HOOK = "[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]"
STORED = {
    "dollars": (["$1,234.50", "$7"], [1234.5, 7]),
    "per cent": (["12%", "3%"], [12, 3]),
    "euros": (["7,50 €", "1.000,25 €"], [7.5, 1000.25]),
    "commas": (["1,5", "12"], [1.5, 12]),
    "accounts": (["7.50", "(1.50)", "(2)"], [7.5, -1.5, -2]),
    "accounts in dollars": (["$7.50", "($1,234.50)"], [7.5, -1234.5]),
    "minus behind": (["1.234,50-", "7,25"], [-1234.5, 7.25]),
    "thin spaces": (["1\u2009234", "7", "12\u202f345"], [1234, 7, 12345]),
    "German booleans": (["ja", "Nein", "ja"], [1, 0, 1]),
    "French booleans": (["Oui", "Non", "Oui"], [1, 0, 1]),
    "long decimals": (["1.000000000000000056e-01", "2.5"], [0.1, 2.5]),
    "long decimals alone": (["1.000000000000000056e-01"] * 2, [0.1, 0.1]),
    "hours": (["25:30", "7:05"], ["1970-01-02 01:30:00.000000", "1970-01-01 07:05:00.000000"]),
    "days or months": (["1/2/2020", "3/4/2020"], ["2020-02-01", "2020-04-03"]),
    "short years": (["31.12.13", "30.11.14"], ["2013-12-31", "2014-11-30"]),
    "times": (["10:00", "23:30"], ["10:00:00.000000", "23:30:00.000000"]),
    "codes": (["1.50", "1.5"], [1.5, 1.5]),
    "pluses": (["+4.5", "-3.2", "0.0"], [4.5, -3.2, 0]),
    "whole pluses": (["+4", "-3", "0"], [4, -3, 0]),
    "bare points": (["1.", "2.5", ".5"], [1, 2.5, 0.5]),
    "infinite": (["1.5", "inf"], [1.5, float("inf")]),
    "lengths": (
        ["25:15:30", "148:00:00"],
        ["1970-01-02 01:15:30.000000", "1970-01-07 04:00:00.000000"],
    ),
}
"""Texts of a column that stays text, and what is stored once its hint was followed."""


def follow(project: Path, hint: str) -> None:
    """Set the first setting that a hint has, and give the column the type that it names."""
    told = [*SETTING.findall(hint)[:1], *re.findall("`(infinity = true)`", hint)]
    lines = "".join(f"\ntables.birds.{setting}" for setting in told)
    settings, models = project / "pyproject.toml", project / "src/p_data/models.py"
    settings.write_text(settings.read_text("utf-8").replace(HOOK, HOOK + lines), "utf-8")
    (type_,) = re.findall(r"put (\w+) in the model", hint)
    kind = next(kind for kind in KINDS.values() if kind.model_type.endswith(f":{type_}"))
    column = f"Mapped[{kind.annotation}] = mapped_column({type_})"
    text = re.sub(
        r"Mapped\[str\] = mapped_column\(.*\)\n", f"{column}\n", models.read_text("utf-8")
    )
    imports = f"import datetime as dt\nfrom typing import Any\n\nfrom sqlalchemy import {type_}\n"
    models.write_text(text.replace("from sqlalchemy ", f"{imports}from sqlalchemy ", 1), "utf-8")


READ = {
    "minus": (["\u22121.50", "2.25"], [-1.5, 2.25]),
    "padded": (["\u00a01.50", "2.25"], [1.5, 2.25]),
    "apostrophes": (["1'234.50", "7.25"], [1234.5, 7.25]),
    "typeset apostrophes": (["1\u2019234.50", "7.25"], [1234.5, 7.25]),
}
"""Texts that are numbers without a doubt, and what is stored."""


@pytest.mark.parametrize("case", READ)
def test_numbers_of_other_marks_are_read_where_that_is_safe(case: str, tmp_path: Path) -> None:
    texts, stored = READ[case]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "birds.csv").write_text("\n".join(["v", *texts, ""]), "utf-8")
    project = draft_project(tmp_path / "p-data", tmp_path / "in")
    assert any(line.startswith("  v: number, written ") for line in project.report)
    built = build_dataset(ProjectSettings.from_pyproject(project.path))
    with closing(sqlite3.connect(built.path)) as connection:
        assert [value for (value,) in connection.execute("SELECT v FROM birds")] == stored


@pytest.mark.parametrize(
    "texts",
    [["(030)", "(089)"], ["ja", "ja"], ["+49123", "+49124"], ["a-", "1-"], ["1:75", "2:05"]],
)
def test_texts_that_are_neither_numbers_nor_booleans_have_no_hint(
    tmp_path: Path, texts: list[str]
) -> None:
    (tmp_path / "birds.csv").write_text("\n".join(["v", *texts, ""]), "utf-8")
    assert not infer_folder(tmp_path).tables["birds"].columns["v"].hint


@pytest.mark.parametrize("case", STORED)
def test_following_a_hint_reads_the_texts(case: str, tmp_path: Path) -> None:
    texts, stored = STORED[case]
    (tmp_path / "in").mkdir()
    rows = [f'{number},"{text}"' for number, text in enumerate(texts)]
    (tmp_path / "in" / "birds.csv").write_text("\n".join(["id,v", *rows, ""]), "utf-8")
    hint = infer_folder(tmp_path / "in").tables["birds"].columns["v"].hint
    project = draft_project(tmp_path / "p-data", tmp_path / "in").path
    follow(project, hint)
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        assert [value for (value,) in connection.execute("SELECT v FROM birds")] == stored


def follow_null(folder: Path) -> tuple[str, list[object]]:
    """What is told of column `v`, and its values once its hint of `--null` was followed."""
    column = infer_folder(folder / "in").tables["birds"].columns["v"]
    told = " ".join([column.hint, *column.suggestions])
    options = shlex.split(told[told.index("--null") :].partition(";")[0])
    with pytest.raises(SystemExit, match="0"):
        main(["new", str(folder / "p-data"), "--from", str(folder / "in"), *options])
    built = build_dataset(ProjectSettings.from_pyproject(folder / "p-data"))
    with closing(sqlite3.connect(built.path)) as connection:
        return told, [value for (value,) in connection.execute("SELECT v FROM birds")]


@pytest.mark.parametrize(
    ("text", "words", "values"),
    [
        ("id,v\n1,2\n2,-99\n3,4\n4,-99\n", ["-99"], [2, None, 4, None]),
        ("id,v\n1,2\n2,9999\n3,4\n4,9999\n", ["9999"], [2, None, 4, None]),
        ("id,v\n1,2\n2,NA\n3,4\n", ["NA"], [2, None, 4]),
        ("id,v\n1,2\n2,--\n3,4\n", ["--"], [2, None, 4]),
        ("id,v\n1,2.5\n2,3.5\n3,soon\n4,1.5\n", ["number", "soon"], [2.5, 3.5, None, 1.5]),
        ("id,v\n1,1803\n2,Ancient\n3,1817\n", ["integer", "Ancient"], [1803, None, 1817]),
    ],
)
def test_following_a_hint_takes_texts_for_no_value(
    tmp_path: Path, text: str, words: list[str], values: list[object]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "birds.csv").write_text(text)
    told, stored = follow_null(tmp_path)
    assert stored == values
    assert all(word in told for word in words)


@pytest.mark.parametrize("texts", [["4", "f"], ["4"] * 60 + ["f"] * 40 + ["r"] * 20])
def test_texts_of_most_rows_are_no_exception(texts: list[str], tmp_path: Path) -> None:
    (tmp_path / "cars.csv").write_text("\n".join(["v,w", *(f"{text},a" for text in texts), ""]))
    assert not infer_folder(tmp_path).tables["cars"].columns["v"].hint


@pytest.mark.parametrize("text", ["id,v\n1,-99\n2,-98\n3,4\n", "id,v\n1,2\n2,999\n3,998\n4,999\n"])
def test_numbers_among_others_like_them_are_no_sign(tmp_path: Path, text: str) -> None:
    (tmp_path / "birds.csv").write_text(text)
    assert infer_folder(tmp_path).tables["birds"].columns["v"].suggestions == []


def test_a_column_without_a_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "birds.csv").write_text("id,v\n1,\n2,\n")
    report = draft_project(tmp_path / "p-data", tmp_path / "in").report
    assert "  v: text, empty in every row" in report


TYPED: dict[str, tuple[list[object], list[object]]] = {
    "dollars": (["$1,234.50", "$7"], [1234.5, 7]),
    "thousands": (["1,234", "1,234,567", 7], [1234, 1234567, 7]),
    "days or months": (["1/2/2020", "3/4/2020"], ["2020-02-01", "2020-04-03"]),
    "short years": (["31.12.13", "30.11.14"], ["2013-12-31", "2014-11-30"]),
    "times": (["10:00", "23:30"], ["10:00:00.000000", "23:30:00.000000"]),
    "infinite": ([1.5, "inf"], [1.5, float("inf")]),
    "numbers and texts": ([1, "1", "x"], [1, '"1"', '"x"']),
}
"""Values of JSON Lines, and what is stored once the hint of their column was followed."""


@pytest.mark.parametrize("case", TYPED)
def test_following_a_hint_reads_the_texts_of_json_lines(case: str, tmp_path: Path) -> None:
    values, stored = TYPED[case]
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"id": number, "v": value}) for number, value in enumerate(values)]
    (tmp_path / "in" / "birds.jsonl").write_text("\n".join(lines), "utf-8")
    table = infer_folder(tmp_path / "in").tables["birds"]
    project = draft_project(tmp_path / "p-data", tmp_path / "in").path
    follow(project, table.columns["v"].hint or " ".join(table.remarks))
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        assert [value for (value,) in connection.execute("SELECT v FROM birds")] == stored


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2, -99, 4, -99], [2, None, 4, None]),
        ([2.5, 9999.0, 4.5, 9999.0], [2.5, None, 4.5, None]),
        ([2, "NA", 4], [2, None, 4]),
        (["2020-01-01", "None", "2020-01-02"], ["2020-01-01", None, "2020-01-02"]),
    ],
)
@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_following_a_hint_takes_values_of_typed_sources_for_none(
    tmp_path: Path, values: list[object], expected: list[object], format_: str
) -> None:
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / f"birds.{format_}"
    rows = [{"id": number, "v": value} for number, value in enumerate(values)]
    if format_ == "jsonl":
        source.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    elif {type(value) for value in values} == {int, str}:
        pytest.skip("a column of Parquet has one type")
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(rows), source)
    assert follow_null(tmp_path)[1] == expected


def test_texts_of_digits_are_texts_in_json_lines(tmp_path: Path) -> None:
    (tmp_path / "birds.jsonl").write_text('{"v": "7"}\n{"v": "1,234"}\n{"v": "x"}\n')
    column = infer_folder(tmp_path).tables["birds"].columns["v"]
    assert (column.kind, column.hint) == ("text", "")


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("texts", "hint"),
    [
        (["0.5", "0.123456789012345678"], "number, but some have more digits than a number keeps"),
        (["0.5", "1.5e999"], "number, but some are too large for one"),
        (["1e3", "2e999"], ""),
        (["9007199254740993", "1e1"], {"csv": "number, but some have more digits", "jsonl": ""}),
        (
            ["1.10", "1.1", "2.5"],
            {"csv": "number, but 1.1 and 1.10 would be the same", "jsonl": ""},
        ),
        (["1.10", "2.50", "3.75"], {"csv": "", "jsonl": ""}),
    ],
)
def test_decimal_numbers_stay_texts_for_the_reason_that_is_told(
    tmp_path: Path, texts: list[str], hint: str | dict[str, str], suffix: str
) -> None:
    rows = {
        "csv": "\n".join(["v,w", *(f"{text},a" for text in texts), ""]),
        "jsonl": "\n".join([*(f'{{"v": "{text}"}}' for text in texts), ""]),
    }
    (tmp_path / f"birds.{suffix}").write_text(rows[suffix])
    told = infer_folder(tmp_path).tables["birds"].columns["v"].hint
    expected = hint if isinstance(hint, str) else hint[suffix]
    assert told.startswith(expected) if expected else not told


@pytest.mark.parametrize(
    ("name", "texts", "told"),
    [
        ("version", ["1.0", "1.5", "2.0"], "numbers of that name may be versions"),
        ("code", ["12e34", "45e67"], "numbers of that name may be versions"),
        ("version", ["1.1", "1.10", "2.0"], "1.1 and 1.10 would be the same"),
        ("size", ["1.10", "1.1", "2.5"], "1.1 and 1.10 would be the same"),
    ],
)
def test_texts_that_would_be_the_same_are_told_only_where_they_are_there(
    name: str, texts: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("\n".join([f"{name},w", *(f"{t},a" for t in texts), ""]))
    assert infer_folder(tmp_path).tables["t"].columns[name].hint.startswith(f"number, but {told}")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1", "2", "-9999", "5"], "-9999 (1 row)"),
        (["1.5", "-999.00", "2.5", "-999.00"], "-999.00 (2 rows)"),
        (["1.5", "999.9", "2.5", "999.9"], "999.9 (2 rows)"),
        (["1", "99", "2"], ""),
        (["-5", "-99", "7"], ""),
    ],
)
def test_numbers_that_may_stand_for_nothing_are_told(
    values: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["v,w", *(f"{value},a" for value in values), ""]))
    suggestions = " ".join(infer_folder(tmp_path).tables["t"].columns["v"].suggestions)
    assert (told in suggestions) if told else ("stand for no value" not in suggestions)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a;v\nx;1.234\ny;12.345\n", "text"),
        ("a;v\nx;1.234\ny;999\n", "text"),
        ("a;v;w\nx;1.234;0.5\ny;12.345;1.25\n", "number"),
        ("a;v\nx;0.234\ny;1.345\n", "number"),
        ("a,v\nx,1.234\ny,12.345\n", "number"),
    ],
)
def test_points_between_semicolons_may_stand_between_thousands(
    text: str, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(text)
    column = infer_folder(tmp_path).tables["t"].columns["v"]
    assert column.kind == kind
    assert ('formats.v = "1.234,5"' in column.hint) == (kind == "text")


def test_compact_dates_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("d,n\n20200131,20201331\n20200201,20200101\n")
    columns = infer_folder(tmp_path).tables["t"].columns
    assert 'formats.d = "%Y%m%d"' in " ".join(columns["d"].suggestions)
    assert not any("dates" in each for each in columns["n"].suggestions)


@pytest.mark.parametrize(
    ("texts", "is_told"),
    [
        (["4.00614E+12", "4.00615E+12", "4006159"], True),
        (["4E+12", " 4.1E+15"], True),
        (["4.00614E+12", "1.5"], False),
        (["4.00614E+12", "6.022E+23"], False),
        (["4.00614E+12", "1.2E-03"], False),
        (["4.00614", "4.5"], False),
    ],
)
def test_numbers_that_a_spreadsheet_writes_for_long_codes_are_told(
    tmp_path: Path, texts: list[str], is_told: bool
) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["n,v", *(f"{n},{v}" for n, v in enumerate(texts))]))
    column = infer_folder(tmp_path).tables["t"].columns["v"]
    assert any("spreadsheets shorten" in each for each in column.suggestions) == is_told


def test_words_of_rows_that_could_be_repaired_are_no_words_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("year,v\n2001,1\n2002,NA\n2003,3\nSource: OECD,\n")
    columns = infer_folder(tmp_path).tables["t"].columns
    assert columns["year"].hint.endswith("draft with --repair")
    assert columns["v"].hint.endswith("draft with --null NA")


def test_a_total_below_the_rows_of_a_workbook_is_told(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["region", "size"], *([f"R{at % 3}", at] for at in range(9)), ["Total:", 36]):
        book.active.append(row)
    book.save(tmp_path / "sizes.xlsx")
    (remark,) = infer_folder(tmp_path).tables["sizes"].remarks
    assert remark.startswith("the last row is called 'Total:', as sums")
