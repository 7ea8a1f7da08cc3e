"""Folders within a folder: parts of one table, or tables with the folder's name in front."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.errors import SettingsError
from tests.support.drafts import build

MONTHS = {
    f"flights/2013-{month:02}.csv": "".join(
        ["id,carrier\n", *(f"{month * 1000 + n},C{n}\n" for n in range(30))]
    )
    for month in (1, 2, 3)
}
OTHERS = {
    "2020/sales.csv": "id,sum\n1,2\n",
    "2020/shops.csv": "id,name\n1,Ulm\n",
    "2020/old/sales.csv": "id,sum\n7,2\n",
    "2020/notes.md": "# Notes\n",
    "2020/.hidden.csv": "a\n1\n",
    "rates.csv": "id,rate\n1,2.5\n",
}
TABLES = {"flights": 90, "_2020_sales": 1, "_2020_shops": 1, "_2020_old_sales": 1, "rates": 1}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def pack(folder: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for name, text in files.items():
            archive.writestr(f"all/{name}", text)
    return folder.with_suffix(".zip")


def count_rows(project: Path) -> dict[str, int]:
    with closing(sqlite3.connect(build(project))) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names.fetchall()
            if not name.startswith("sqlite_")
        }


@pytest.mark.parametrize("write", [write_files, pack])
def test_numbered_files_with_the_same_fields_are_one_table_and_others_their_own(
    tmp_path: Path, write: Callable[[Path, dict[str, str]], Path]
) -> None:
    drafted = draft_project(tmp_path / "t-data", write(tmp_path / "in", {**MONTHS, **OTHERS}))
    assert count_rows(drafted.path) == TABLES
    sources = drafted.path / "sources"
    assert {each.name for each in (sources / "flights").iterdir()} == {
        "2013-01.csv", "2013-02.csv", "2013-03.csv",
    }  # fmt: skip
    assert (sources / "_2020_old_sales.csv").read_text() == "id,sum\n7,2\n"
    report = "\n".join(drafted.report)
    assert "flights: 90 rows of flights/, model Flight" in report
    assert "  key: id (unique in all 90 rows)" in report
    told = "its 3 files, 2013-01.csv to 2013-03.csv, are parts of one table"
    assert f"flights: {told}" in drafted.decisions
    assert "_2020_old_sales: 1 row of 2020/old/sales.csv" in report
    assert "left out: 2020/notes.md, of no format that is read" in report
    assert "is a link" not in report


ALONE = {
    "names": (
        {"codes/airports.csv": "id,name\n1,Ulm\n", "codes/carriers.csv": "id,name\n7,UA\n"},
        (
            "the files of codes/ have the same fields, but are not numbered parts, so each is a "
            "table; number their names if they are parts of one table"
        ),
    ),
    "dialects": (
        {"codes/1.csv": "id,name\n1,Ulm\n2,Au\n", "codes/2.csv": "id;name\n7;UA\n8;AU\n"},
        "the files of codes/ have the same fields, but are not written alike, so each is a table",
    ),
    "fields": ({"codes/1.csv": "id,name\n1,Ulm\n", "codes/2.csv": "id,size\n7,1\n"}, ""),
    "formats": ({"codes/1.csv": "id\n1\n", "codes/2.jsonl": '{"id": 1}\n'}, ""),
}


@pytest.mark.parametrize("case", ALONE)
def test_what_speaks_against_parts_is_told(tmp_path: Path, case: str) -> None:
    files, told = ALONE[case]
    drafted = draft_project(tmp_path / "t-data", write_files(tmp_path / "in", files))
    assert len(count_rows(drafted.path)) == 2
    notes = [each for each in drafted.decisions if "the files of codes/" in each]
    assert [note.partition(": ")[2] for note in notes] == [told] * bool(told)


def test_to_number_the_names_makes_one_table_of_the_files(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", ALONE["names"][0])
    for number, file in enumerate(sorted((folder / "codes").iterdir()), start=1):
        file.rename(file.with_name(f"{number}.csv"))
    assert count_rows(draft_project(tmp_path / "t-data", folder).path) == {"codes": 2}


LINES = '{{"id": {0}, "tags": ["a"]}}\n{{"id": {0}0}}\n'


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "xlsx"])
def test_parts_may_have_types(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "in/parts"
    folder.mkdir(parents=True)
    for number in (1, 2):
        path = folder / f"part-{number}.{kind}"
        if kind == "jsonl":
            path.write_text(LINES.format(number), "utf-8")
        elif kind == "parquet":
            pa = pytest.importorskip("pyarrow")
            pytest.importorskip("pyarrow.parquet").write_table(
                pa.table({"id": [number, number * 10], "tags": [["a"], None]}), path
            )
        else:
            book = pytest.importorskip("openpyxl").Workbook()
            for row in (("id", "tags"), (number, "a"), (number * 10, None)):
                book.active.append(row)
            book.save(path)
    drafted = draft_project(tmp_path / "t-data", tmp_path / "in")
    if kind == "xlsx":  # whose sheets are tables, so that workbooks are no parts
        assert count_rows(drafted.path) == {"parts_part_1": 2, "parts_part_2": 2}
        return
    with closing(sqlite3.connect(build(drafted.path))) as connection:
        rows = connection.execute("SELECT id, tags FROM parts ORDER BY id").fetchall()
    assert rows == [(1, '["a"]'), (2, '["a"]'), (10, None), (20, None)]


def test_tables_of_folders_are_left_out_by_their_names(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {**MONTHS, **OTHERS})
    drafted = draft_project(tmp_path / "t-data", folder, exclude=["flights", "_2020_sales"])
    assert count_rows(drafted.path).keys() == TABLES.keys() - {"flights", "_2020_sales"}


def test_a_folder_that_leads_into_itself_is_left_out(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", OTHERS)
    (folder / "2020/again").symlink_to(folder)
    (folder / "2020/old/again").symlink_to(folder / "2020")
    drafted = draft_project(tmp_path / "t-data", folder)
    assert count_rows(drafted.path).keys() == TABLES.keys() - {"flights"}
    assert any("2020/again, a folder; draft a project of it" in line for line in drafted.report)


def test_folders_of_programs_are_left_out(tmp_path: Path) -> None:
    files = {"env/pyvenv.cfg": "", "env/lib/a.csv": "a\n1\n", "node_modules/x/b.csv": "b\n1\n"}
    drafted = draft_project(tmp_path / "t-data", write_files(tmp_path / "in", {**OTHERS, **files}))
    assert count_rows(drafted.path).keys() == TABLES.keys() - {"flights"}
    for name in ("env", "node_modules"):
        assert f"left out: {name}, a folder of programs" in drafted.report


@pytest.fixture
def drafted(tmp_path: Path) -> Draft:
    """A draft of a folder with folders in it."""
    return draft_project(tmp_path / "t-data", write_files(tmp_path / "in", {**MONTHS, **OTHERS}))


def test_folders_are_added_by_the_same_rule(drafted: Draft, tmp_path: Path) -> None:
    more = {"trips/1.csv": MONTHS["flights/2013-01.csv"], "trips/2.csv": "id,carrier\n1,C1\n"}
    added = add_tables(
        drafted.path, [write_files(tmp_path / "more", {**more, "x/y.csv": "a\n1\n"})]
    )
    assert count_rows(drafted.path) == {**TABLES, "trips": 31, "x_y": 1}
    assert "trips: 31 rows of trips/, model Trip" in added.report
    with pytest.raises(SettingsError, match=r"2020_shops\.csv would make table `_2020_shops`"):
        add_tables(drafted.path, [write_files(tmp_path / "more/again", {"2020/shops.csv": "a\n"})])


def test_folders_are_refreshed_by_the_same_rule(drafted: Draft, tmp_path: Path) -> None:
    news = {
        "flights/2013-03.csv": MONTHS["flights/2013-03.csv"] + "9000,C1\n",
        "flights/2013-04.csv": "id,carrier\n4000,C1\n4001,C2\n",
        "2020/sales.csv": "id,sum\n1,2\n2,5\n",
        "2020/old/sales.csv": OTHERS["2020/old/sales.csv"],
    }
    done = refresh_project(drafted.path, [write_files(tmp_path / "new", news)], apply=True)
    assert done.is_applied, done.spell()
    assert count_rows(drafted.path) == {**TABLES, "flights": 93, "_2020_sales": 2}
    told = "\n".join(done.report)
    assert "flights: flights, 93 rows, 90 before" in told
    assert "flights: 2013-01.csv, 2013-02.csv stay, which are not in flights/" in told
    assert "_2020_old_sales: unchanged" in told
    again = refresh_project(drafted.path, [tmp_path / "new"], apply=True)
    assert not again.is_new


def test_unknown_folders_are_told_and_can_be_added(drafted: Draft, tmp_path: Path) -> None:
    news = {"trips/1.csv": "a\n1\n", "trips/2.csv": "a\n2\n", "2020/prices.csv": "id,p\n1,2\n"}
    folder = write_files(tmp_path / "new", {**news, "2020/sales.csv": "id,sum\n1,9\n"})
    done = refresh_project(drafted.path, [folder], apply=True, adds=True)
    assert done.is_applied, done.spell()
    told = "no table has this name; draft one with `microcosm-sqlite add`"
    assert {line.partition(": ")[0] for line in done.report if told in line} == {
        "trips", "2020_prices.csv",
    }  # fmt: skip
    assert count_rows(drafted.path) == {**TABLES, "trips": 2, "_2020_prices": 1}
