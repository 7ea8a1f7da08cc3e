"""Sheets of workbooks are tables; what is not taken of them is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

pytest.importorskip("python_calamine")
pytest.importorskip("openpyxl")

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.workbooks import SheetOpener, read_sheet, survey_workbook
from microcosm_sqlite.errors import MissingDependencyError, SettingsError, SourceError

ROWS = [
    ["id", "name", "born", "seen", "height", "at", "is_old"],
    [1, "Ada", date(1915, 12, 10), datetime(2020, 1, 2, 3, 4, 5), 1.65, time(12, 30), True],
    [2, "Zoë", date(1900, 3, 1), datetime(2020, 1, 3), 2, time(0, 0, 1), False],
    [3, None, date(2024, 2, 29), None, None, None, None],
]


def write(path: Path, **sheets: Iterable[Sequence[Any]]) -> Path:
    """Write a workbook with openpyxl."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def test_cells_are_what_an_independent_reader_has(tmp_path: Path) -> None:
    path = write(tmp_path / "people.xlsx", People=ROWS)
    sheet = openpyxl.load_workbook(path, data_only=True)["People"]
    header, *rows = ([cell.value for cell in row] for row in sheet.rows)
    with SheetOpener(SourceFile(path, path.name, "workbook", "People"))() as records:
        found = [*records.numbered()]
        assert records.header == header
    assert [number for number, _ in found] == [2, 3, 4]
    for (_, ours), theirs in zip(found, rows, strict=True):
        theirs[2] = theirs[2].date()  # openpyxl has moments for dates
        assert ours == theirs
        assert [*map(type, ours)] == [*map(type, theirs)]


def write_xls(path: Path) -> None:
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("People")
    styles = {date: "YYYY-MM-DD", datetime: "YYYY-MM-DD HH:MM:SS", time: "HH:MM:SS"}
    for row, values in enumerate(ROWS):
        for column, value in enumerate(values):
            style = xlwt.easyxf(num_format_str=styles.get(type(value), "General"))
            sheet.write(row, column, value, style)
    workbook.save(str(path))


def write_ods(path: Path) -> None:
    """A sheet of odfpy; a date there has no time of day."""
    pytest.importorskip("odf")
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document, table = OpenDocumentSpreadsheet(), Table(name="People")
    for values in ROWS:
        row = TableRow()
        for value in values:
            row.addElement(make_cell(value, TableCell, P))
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(path))


def make_cell(value: Any, make: Any, paragraph: Any) -> Any:
    if value is None:
        return make()
    if isinstance(value, bool):
        return make(valuetype="boolean", booleanvalue=str(value).lower())
    if isinstance(value, date):
        return make(valuetype="date", datevalue=value.isoformat())
    if isinstance(value, time):
        return make(valuetype="time", timevalue=value.strftime("PT%HH%MM%SS"))
    if isinstance(value, int | float):
        return make(valuetype="float", value=value)
    cell = make(valuetype="string")
    cell.addElement(paragraph(text=value))
    return cell


@pytest.mark.parametrize(("suffix", "write_it"), [("xls", write_xls), ("ods", write_ods)])
def test_other_formats_have_the_same_cells(tmp_path: Path, suffix: str, write_it: Any) -> None:
    path = tmp_path / f"people.{suffix}"
    write_it(path)
    found = read_sheet(path, path.name, "People")
    assert found.header == ROWS[0]
    assert [row for _, row in found.rows] == ROWS[1:]


def test_old_workbooks_say_that_what_they_hide_cannot_be_told(tmp_path: Path) -> None:
    for suffix, write_it, is_told in (("xls", write_xls, True), ("ods", write_ods, False)):
        path = tmp_path / f"people.{suffix}"
        write_it(path)
        notes = read_sheet(path, path.name, "People").notes
        assert any("hides are read too, and cannot be told" in note for note in notes) == is_told


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_a_workbook_that_is_called_otherwise_is_read_once_it_is_renamed(
    tmp_path: Path, suffix: str
) -> None:
    (tmp_path / "found").mkdir()
    path = tmp_path / f"found/people{suffix}"
    if suffix == ".ods":
        write_ods(path)
    else:
        write(path, People=ROWS)
    path = path.rename(path.with_suffix(".csv"))
    with pytest.raises(SourceError, match="a workbook or document by its content") as caught:
        draft_project(tmp_path / "p-data", tmp_path / "found")
    path.rename(path.with_name(str(caught.value.hint).split()[-1].rstrip(".")))
    assert draft_project(tmp_path / "p-data", tmp_path / "found").report


def test_a_draft_builds_the_same_bytes_twice(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    write(tmp_path / "found/My people.xlsx", People=ROWS, Pets=[["id", "owner"], [7, 1], [8, 3]])
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    settings = ProjectSettings.from_pyproject(draft.path)
    built = build_dataset(settings)
    first = built.path.read_bytes()
    built.path.unlink()
    assert build_dataset(settings).path.read_bytes() == first
    with closing(sqlite3.connect(built.path)) as connection:
        people = connection.execute("SELECT * FROM My_people_People").fetchall()
        assert people[0][:3] == (1, "Ada", "1915-12-10")
        assert people[1][3] == "2020-01-03 00:00:00.000000"
        assert people[2][1] is None
        pets = connection.execute("SELECT * FROM My_people_Pets").fetchall()
        assert pets == [(7, 1), (8, 3)]


def test_what_is_not_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    path = write(
        tmp_path / "found/odd.xlsx",
        Data=[["All of it"], [], ["id", None, "x", "y"], [1, None, "=1+1", "a"], [],
              [2, None, 3, "#N/A"], [3, None, 4, None]],
        Secret=[["id"], [1]],
        Nothing=[],
    )  # fmt: skip
    workbook = openpyxl.load_workbook(path)
    workbook["Secret"].sheet_state = "hidden"
    workbook["Data"].merge_cells("A1:D1")
    workbook["Data"].merge_cells("D6:D7")
    workbook.create_chartsheet("Chart")
    workbook.save(path)
    report = draft_project(tmp_path / "p-data", tmp_path / "found").report
    for told in (
        "odd: 3 rows of odd.xlsx#Data",
        "the header is row 3; left out in front of it: 1 row (row 1 is 'All of it')",
        "1 area of merged cells (the first is D6:D7): only the first cell",
        "1 blank row left out",
        "1 cell with an error (the first is D6): no value",
        "1 formula without a stored result (the first is in C4): no value",
        "odd.xlsx#Secret, a hidden sheet",
        "odd.xlsx#Nothing, an empty sheet",
        "odd.xlsx#Chart, no sheet of cells",
    ):
        assert any(told in line for line in report), (told, report)


PEOPLE = [["id", "name"], [1, "a"], [2, "b"]]
PETS = [["pet", "age"], ["dog", 3], ["cat", 4]]
TITLE = [["Table 2: pets"]]
BELOW = "row {}, below blank rows, may be the header of another table ('pet, age')"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*PEOPLE, [], *PETS], BELOW.format(5)),
        ([*PEOPLE, [], [], *TITLE, *PETS], BELOW.format(7)),
        ([*PEOPLE, [], *PETS, [], *PETS], BELOW.format(5) + ", and so may 1 row more"),
        (
            [[*left, None, *right] for left, right in zip(PEOPLE, PETS, strict=True)],
            "1 blank column is left out in front of column D; if another table begins there",
        ),
        (
            [[*left, None, None, *right] for left, right in zip(PEOPLE, PETS, strict=True)],
            "2 blank columns are left out in front of column E",
        ),
        (
            [[each for cell in row * 3 for each in (cell, None)] for row in PEOPLE],
            "5 blank columns are left out in front of columns C, E, G and more; if another table",
        ),
    ],
)
def test_what_may_be_another_table_of_a_sheet_is_told(
    tmp_path: Path, rows: list[list[object]], told: str
) -> None:
    path = write(tmp_path / "t.xlsx", t=rows)
    (note,) = (each for each in read_sheet(path, path.name, "t").notes if "another table" in each)
    assert note.startswith(told)
    assert note.endswith("put that on a sheet of its own")


@pytest.mark.parametrize(
    "rows",
    [
        [*PEOPLE, [], [3, "c"], [4, "d"]],
        [["a", "b"], [], *PETS[1:]],
        [*PEOPLE, [], ["x", "y"], ["z", "w"]],
        [*PEOPLE, [], ["in all", None], [None, 7]],
        [[None, *row] for row in PEOPLE],
        [*PEOPLE, [], ["n", "total"]],
    ],
)
def test_blank_rows_and_columns_alone_begin_no_table(
    tmp_path: Path, rows: list[list[object]]
) -> None:
    path = write(tmp_path / "t.xlsx", t=rows)
    assert not any("another table" in each for each in read_sheet(path, path.name, "t").notes)


def test_rows_and_columns_that_are_hidden_are_told_and_read(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    rows = [["id", "name", "v"], *([number, f"n{number}", number / 2] for number in range(1, 7))]
    path = write(tmp_path / "found/t.xlsx", t=rows)
    assert not any("hides" in note for note in read_sheet(path, path.name, "t").notes)
    workbook = openpyxl.load_workbook(path)
    for number in (3, 4, 40):
        workbook["t"].row_dimensions[number].hidden = True
    workbook["t"].column_dimensions["C"].hidden = True
    workbook["t"].column_dimensions.group("D", "XFD", hidden=True)
    workbook.save(path)
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    for told in (
        "note: 2 rows that the sheet hides are read too (the first is row 3); delete what is not",
        "note: 1 column that the sheet hides is read too (C); delete what is not meant",
    ):
        assert any(line.strip().startswith(told) for line in draft.report), draft.report
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    assert built.manifest.tables["t"].row_count == 6
    workbook["t"].delete_rows(3, 2)
    workbook["t"].delete_cols(3)
    for number in (3, 4):
        workbook["t"].row_dimensions[number].hidden = False
    workbook.save(path)
    assert not any("hides" in note for note in read_sheet(path, path.name, "t").notes)


def test_a_formula_has_the_result_that_was_stored(tmp_path: Path) -> None:
    path = write(tmp_path / "sums.xlsx", Data=[["id", "x"], [1, "=1+1"]])
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))
    found = read_sheet(path, path.name, "Data")
    assert found.rows == [(2, [1, 2])]
    assert not found.notes


def test_columns_of_several_types_become_texts(tmp_path: Path) -> None:
    rows = [["a", "b"], [date(2020, 1, 2), True], ["soon", 1.5], [timedelta(days=1, hours=1), "x"]]
    found = read_sheet(write(tmp_path / "mixed.xlsx", Data=rows), "mixed.xlsx", "Data")
    assert [row for _, row in found.rows] == [
        ["2020-01-02", "true"], ["soon", 1.5], ["1 day, 1:00:00", "x"],
    ]  # fmt: skip
    assert found.notes == (
        "a: 2 values beside those of other types became texts, such as '2020-01-02'",
        "b: 1 value beside those of other types became a text, such as 'true'",
    )


SHOWN = {
    "0.0%": "0.0%",
    "00000": "00000",
    '0.0" kg"': '0.0" kg"',
    "#,##0.00 [$€-407]": "#,##0.00 [$€-407]",
    '"$"#,##0_);\\("$"#,##0\\)': '"$"#,##0_);\\("$"#,##0\\)',
    "#,##0,": "#,##0,",
    "#,##0.00": "",
    "0.00E+00": "",
    "# ?/?": "",
    "General": "",
}


@pytest.mark.parametrize("code", SHOWN)
def test_numbers_that_are_shown_with_more_than_digits_are_told(tmp_path: Path, code: str) -> None:
    path = write(tmp_path / "t.xlsx", Data=[["id", "x"], [1, 501], [2, 1.5], [3, "a"]])
    workbook = openpyxl.load_workbook(path)
    for spot in ("B3", "B4"):
        workbook["Data"][spot].number_format = code
    workbook.save(path)
    told = f"1 number shown with more than digits (the first is B3, by {SHOWN[code]})"
    notes = read_sheet(path, path.name, "Data").notes
    assert notes == ((f"{told}: only the number is read",) if SHOWN[code] else ())


def test_numbers_of_opendocument_that_are_shown_with_more_than_digits_are_told(
    tmp_path: Path,
) -> None:
    pytest.importorskip("odf")
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document, table = OpenDocumentSpreadsheet(), Table(name="A & B")
    for values in (["a", "b"], [0.5, 2]):
        row = TableRow()
        for value in values:
            row.addElement(make_cell(value, TableCell, P))
        table.addElement(row)
    row.childNodes[0].setAttribute("valuetype", "percentage")
    document.spreadsheet.addElement(table)
    document.save(str(tmp_path / "t.ods"))
    found = read_sheet(tmp_path / "t.ods", "t.ods", "A & B")
    assert found.rows == [(2, [0.5, 2])]
    assert found.notes == (
        "1 number shown with more than digits (such as by %): only the number is read",
    )


def test_titles_of_several_cells_are_told(tmp_path: Path) -> None:
    rows = [["Report", "2020"], [], ["id", "a", "b"], [1, "x", 2]]
    found = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data")
    assert found.header == ["id", "a", "b"]
    assert found.notes == (
        "the header is row 3; left out in front of it: 1 row (row 1 is 'Report')",
    )
    rows = [["Report", "2020"], ["id", "a"], [1, "x"], [2, "y"]]
    found = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data")
    assert found.header == ["Report", "2020"]
    assert found.notes[0].startswith("row 2 may be the header: it has only texts")
    rows = [["at", None, "the top"], [None, "of", "it"], ["id", "a", "b"], [1, "x", 2]]
    found = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data")
    assert found.header == ["id", "a", "b"]
    rows = [["id", "a"], [1, "x"], ["p", "q", "r"], [2, "y", date(2020, 1, 2)]]
    found = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data")
    assert found.header == ["id", "a", ""]
    assert found.notes == (
        "column C: 1 value beside those of other types became a text, such as '2020-01-02'",
    )
    rows = [["id", "a"], [], ["x", "y"], ["z", "w"]]
    assert read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data").header == ["id", "a"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[1, "a"], [2, "b"], [3, "c"]], "row 1 is taken for the header, but could be data: 1; if"),
        ([["x", date(2020, 1, 1)], ["y", datetime(2020, 1, 2, 3)]], "be data: 2020-01-01; if it"),
        ([["x", True], ["y", False], ["z", None]], "but could be data: True; if it is, put a row"),
        ([["at", 0, 1, 2, 3], ["x", 1.5, 2, 3, 4]], "could be data: 0, 1, 2, and more; if it is"),
        ([["Ann", "Rome"], ["Ben", "Oslo"]], "the header; all values are text, so nothing tells"),
        ([["id", "a"]], "row 1 is taken for the header, and no row is below it"),
        ([["id", "a"], [1, "x"]], ""),
        ([["id", 2019, 2020], ["x", "5", None], ["y", "6", 1]], "but could be data: 2020; if it"),
        ([["id", 2019], ["x", "5"]], ""),
    ],
)
def test_a_header_that_could_be_data_is_told(
    tmp_path: Path, rows: list[list[Any]], told: str
) -> None:
    notes = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data").notes
    assert len(notes) == bool(told)
    assert told in "".join(notes)
    if "if it is" in told:
        named = [[f"name {at}" for at in range(len(rows[0]))], *rows]
        found = read_sheet(write(tmp_path / "u.xlsx", Data=named), "u.xlsx", "Data")
        assert found.header == named[0]
        assert len(found.rows) == len(rows)
        assert not any("could be data" in note for note in found.notes)


@pytest.mark.parametrize("empty", [None, "1815-12-10"])
def test_days_that_are_read_as_times_are_told_until_they_are_corrected(
    tmp_path: Path, empty: str | None
) -> None:
    path = write(tmp_path / "t.xlsx", Data=[["id", "on"], [1, date(2020, 1, 1)], [2, 0], [3, 0.5]])
    workbook = openpyxl.load_workbook(path)
    for spot in ("B3", "B4"):
        workbook["Data"][spot].number_format = "yyyy-mm-dd"
    workbook.save(path)
    told = "on: 2 times of day among dates (the first is in row 3), as which day 0 and days before"
    assert read_sheet(path, path.name, "Data").notes[0].startswith(told)
    for spot in ("B3", "B4"):
        workbook["Data"][spot] = empty
    workbook.save(path)
    found = read_sheet(path, path.name, "Data")
    assert not any("times of day" in note for note in found.notes)
    day = date(2020, 1, 1)
    assert [row[1] for _, row in found.rows] == [str(day) if empty else day, empty, empty]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([4006381333931, 4006381333932], ""),
        ([1234567890123450, None, 1234567890123460], "2 numbers of more than 15 digits"),
        ([7, 12345678901234567000], "1 number of more than 15 digits (the first is in row 3)"),
        ([6.02e23, 1e15], ""),
        ([1e15, 0.5], ""),
        (["1234567890123456", "1234567890123457"], ""),
    ],
)
def test_numbers_longer_than_a_spreadsheet_keeps_are_told(
    values: list[object], told: str, tmp_path: Path
) -> None:
    rows = [["id", "parcel"], *([f"p{n}", value] for n, value in enumerate(values))]
    notes = read_sheet(write(tmp_path / "t.xlsx", Data=rows), "t.xlsx", "Data").notes
    long = [note for note in notes if "15 digits" in note]
    assert len(long) == bool(told)
    assert all(note.startswith(f"parcel: {told}") for note in long)


def test_a_day_that_only_workbooks_have_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", Data=[["id", "on"], [1, 60], [60, 59]])
    workbook = openpyxl.load_workbook(path)
    for spot in ("B2", "B3"):
        workbook["Data"][spot].number_format = "yyyy-mm-dd"
    workbook.save(path)
    with pytest.raises(
        SourceError, match="cell B2: 29 February 1900, which is not a day"
    ) as caught:
        read_sheet(path, path.name, "Data")
    assert "such as 1900-03-01" in caught.value.hint
    workbook["Data"]["B2"] = date(1900, 3, 1)
    workbook.save(path)
    found = read_sheet(path, path.name, "Data")
    assert [row[1] for _, row in found.rows] == [date(1900, 3, 1), date(1900, 2, 28)]


def test_a_sheet_is_named_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    write(tmp_path / "found/t.xlsx", A=[["id", "v"], [1, "a"]])
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    write(draft.path / "sources/t.xlsx", A=[["id", "v"], [1, "a"]], B=[["id", "v"], [2, "b"]])
    file = draft.path / "pyproject.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace('"sources"\n', '{ t = "sources/t.xlsx" }\n'), "utf-8")
    with pytest.raises(SourceError, match="2 sheets with cells where one is expected") as caught:
        build_dataset(ProjectSettings.from_pyproject(draft.path))
    advised = str(caught.value.hint).partition("`")[2].strip("`.").replace("#A", "#B")
    file.write_text(text.replace('"sources"\n', f"{{ t = {advised} }}\n"), "utf-8")
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(2, "b")]
    with pytest.raises(SourceError, match="has no sheet 'C'"):
        read_sheet(draft.path / "sources/t.xlsx", "t.xlsx", "C")


def test_dates_before_1900_are_refused_and_taken_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write(path, Data=[["id", "born"], [1, date(1815, 12, 10)]])
    with pytest.raises(SourceError, match=r"t\.xlsx, cell B2: a date before 1900") as caught:
        read_sheet(path, path.name, "Data")
    write(path, Data=[["id", "born"], [1, str(caught.value.hint)[-11:-1]], [-2, "1816-01-01"]])
    assert read_sheet(path, path.name, "Data").rows[0] == (2, [1, "1815-12-10"])


def test_a_sheet_is_left_out_by_hiding_it(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    path = write(tmp_path / "found/t.xlsx", A=[["id"], [1]], B=[["id"], [2]], C=[["id"], [3]])
    with pytest.raises(SettingsError, match="which is copied as a whole") as caught:
        draft_project(tmp_path / "p-data", tmp_path / "found", exclude=["t_B"])
    assert "Hide that sheet" in str(caught.value.hint)
    workbook = openpyxl.load_workbook(path)
    workbook["B"].sheet_state = "hidden"
    workbook.save(path)
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    assert {*build_dataset(ProjectSettings.from_pyproject(draft.path)).manifest.tables} == {
        "t_A", "t_C",
    }  # fmt: skip


def test_a_sheet_that_is_refused_is_named_with_those_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = write(
        folder / "t.xlsx", good=[["a", "b"], [1, 2]], wide=[[f"c{n}" for n in range(2000)]]
    )
    with pytest.raises(SourceError, match="holds no file that tables can be made of") as raised:
        draft_project(tmp_path / "t-data", folder)
    told = str(raised.value)
    assert "t.xlsx#good: as another sheet is refused; correct that one, or hide it" in told
    assert "t.xlsx#wide has 2,000 columns" in told
    (folder / "t_good.csv").write_text("x\n1\n")
    drafted = draft_project(tmp_path / "t-data", folder)
    assert "t_good: 1 row of t_good.csv, model TGood" in drafted.report
    workbook = openpyxl.load_workbook(path)
    workbook["wide"].sheet_state = "hidden"
    workbook.save(path)
    (folder / "t_good.csv").unlink()
    drafted = draft_project(tmp_path / "again-data", folder)
    assert "t: 1 row of t.xlsx#good, model T" in drafted.report


def test_a_number_that_no_reader_takes_names_its_sheet(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", good=[["a", "b"], [1, 2]], bad=[["a", "b"], [3, 4]])
    damaged = tmp_path / "damaged.xlsx"
    with ZipFile(path) as whole, ZipFile(damaged, "w") as packed:
        for each in whole.namelist():
            packed.writestr(each, whole.read(each).replace(b"<v>3</v>", b"<v>three</v>"))
    assert [*survey_workbook(damaged, "damaged.xlsx", "t").tables.values()] == ["good", "bad"]
    assert read_sheet(damaged, "damaged.xlsx", "good").header == ["a", "b"]
    with pytest.raises(SourceError, match=r"^damaged\.xlsx#bad cannot be read"):
        read_sheet(damaged, "damaged.xlsx", "bad")


def test_two_sheets_of_one_name_have_two_tables(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", **{"A b": [["x"]], "a_b": [["x"]]})
    assert survey_workbook(path, "t.xlsx", "t").tables == {"t_A_b": "A b", "t_a_b_2": "a_b"}


@pytest.mark.parametrize("cell", ["XFD1048576", "CV1048576"])
def test_a_sheet_that_spans_too_much_is_refused(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path / "huge.xlsx", Data=[["id", "v"]])
    workbook = openpyxl.load_workbook(path)
    workbook["Data"][cell] = 1
    workbook.save(path)
    with pytest.raises(SourceError, match=r"huge\.xlsx has a sheet that spans"):
        survey_workbook(path, path.name, "huge")


def test_positions_behind_entities_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "sly.xlsx", Data=[["id", "v"]])
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b'r="B1"', b'r="XFD104857&#54;"'))
    with pytest.raises(SourceError, match="positions are hidden in entities"):
        survey_workbook(path, path.name, "sly")


def test_a_huge_sheet_of_opendocument_is_refused(tmp_path: Path) -> None:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" '
        f'xmlns:table="{names}:table:1.0"><office:body><office:spreadsheet><table:table '
        'table:name="S"><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
        "</table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    path = tmp_path / "huge.ods"
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{names}:manifest:1.0"/>')
    with pytest.raises(
        SourceError, match=r"huge\.ods cannot be read: Cell limit exceeded"
    ) as caught:
        survey_workbook(path, path.name, "huge")
    assert "Delete the rows and columns" in str(caught.value.hint)


@pytest.mark.parametrize(
    "content", [b"", b"id,v\n1,a\n", b"PK\x03\x04nothing", b"\xd0\xcf\x11\xe0"]
)
def test_what_is_no_workbook_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"^t\.xlsx cannot be read: "):
        survey_workbook(path, path.name, "t")


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "t.xlsx", Data=[["id", "v"], [1, 2]])
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'microcosm-sqlite\[excel\]'"):
        survey_workbook(path, path.name, "t")


NAMED = [["report of May", None, None], ["x", "id", "n"], [None, 1, 2], [None, 3, 4], ["sum", 4, 6]]


@pytest.mark.parametrize(
    ("area", "is_told"),
    [
        ("'the sheet'!$B$2:$C$4", True),
        ("'the sheet'!$A$2:$C$5", False),  # all that is read
        ("'the sheet'!$A$1:$D$9", False),
        ("'the sheet'!$B$2:$B$4", False),  # one column
        ("other!$B$2:$C$4", False),
        ("#REF!", False),
    ],
)
def test_named_ranges_that_are_not_the_whole_sheet_are_told(
    tmp_path: Path, area: str, is_told: bool
) -> None:
    path = write(tmp_path / "t.xlsx", **{"the sheet": NAMED, "other": [["a"], [1]]})
    workbook = openpyxl.load_workbook(path)
    workbook.defined_names["result"] = DefinedName("result", attr_text=area)
    workbook.save(path)
    notes = read_sheet(path, path.name, "the sheet").notes
    told = "the named range result is B2:C4 only, and the whole sheet is read; to have a table of "
    assert any(note.startswith(told) for note in notes) == is_told


def test_a_range_on_a_sheet_of_its_own_is_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", result=[row[1:] for row in NAMED[1:4]])
    assert [row for _, row in read_sheet(path, path.name, "result").rows] == [[1, 2], [3, 4]]
