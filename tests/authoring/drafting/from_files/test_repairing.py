"""Messy files: each is refused or told of, and becomes the table that was meant by its repairs.

All go through one project: drafted with every repair, built, and read back.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.loose_rows import Columns, read_loosely
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, Repair
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.errors import SettingsError, SourceError
from microcosm_sqlite.interop.card.tables import describe_table

HEAD = "day,name,size\n"
GOOD = '2024-01-02,"plank, oak",2\n2024-01-03,board,3\n'
ROWS = [("2024-01-02", "plank, oak", 2), ("2024-01-03", "board", 3)]
LAST = ("2024-01-04", "beam", 4)


class Mess(NamedTuple):
    """A file, the rows that are meant, and the repairs that give them, as lines and kinds."""

    text: str
    rows: Sequence[tuple[Any, ...]]
    repairs: list[tuple[int, str]]
    columns: str = "day name size"
    fits: bool = False


MESSES = {
    "stray": Mess(
        f'{HEAD}{GOOD}2024-01-04,"beam,4\n',
        [*ROWS, ("2024-01-04", '"beam', 4)],
        [(4, "stray-quote")],
    ),
    "inner": Mess(
        f'{HEAD}{GOOD}2024-01-04,"5" beam, long",4\n',
        [*ROWS, ("2024-01-04", '5" beam, long', 4)],
        [(4, "stray-quote")],
    ),
    "undoubled": Mess(
        f'{HEAD}{GOOD}2024-01-04,""beam, long",4\n',
        [*ROWS, ("2024-01-04", '"beam, long', 4)],
        [(4, "stray-quote")],
    ),
    "escaped": Mess(
        f'{HEAD}{GOOD}2024-01-03,"c:\\",1\n2024-01-04,"5\\" beam, long",4\n',
        [*ROWS, ("2024-01-03", "c:\\", 1), ("2024-01-04", '5" beam, long', 4)],
        [(5, "escape")],
    ),
    "surplus": Mess(f"{HEAD}{GOOD}2024-01-04,,beam,4\n", [*ROWS, LAST], [(4, "surplus-field")]),
    "unquoted": Mess(
        f"{HEAD}{GOOD}2024-01-04,beam, long,4\n",
        [*ROWS, ("2024-01-04", "beam, long", 4)],
        [(4, "surplus-field")],
    ),
    "named": Mess(
        f"day,,name,size\n{GOOD}2024-01-04,beam,4\n", [*ROWS, LAST], [(1, "surplus-field")]
    ),
    "short": Mess(
        f"{HEAD}{GOOD * 6}2024-01-04,4\n",
        [*ROWS * 6, ("2024-01-04", None, 4)],
        [(14, "missing-field")],
        fits=True,
    ),
    "joined": Mess(
        f'{HEAD}{GOOD}2024-01-04"beam",4\n',
        [*ROWS, LAST],
        [(4, "missing-delimiter")],
        fits=True,
    ),
    "wrapped": Mess(
        f'{HEAD}{GOOD * 2}"2024-01-04,""beam, long"",4"\n',
        [*ROWS * 2, ("2024-01-04", "beam, long", 4)],
        [(6, "quoted-line")],
        fits=True,
    ),
    "parted": Mess(
        f"{HEAD}{GOOD}2024-01-04;beam;4\n", [*ROWS, LAST], [(4, "delimiter")], fits=True
    ),
    "stacked": Mess(
        f"day,name,size\nof sale,in full,in mm\n{GOOD}",
        ROWS,
        [(1, "header-rows")],
        "day of sale,name in full,size in mm",
        fits=True,
    ),
    "measured": Mess(f"{HEAD},,mm\n{GOOD}", ROWS, [(2, "units")], fits=True),
    "again": Mess(
        f"{HEAD}{GOOD}{HEAD}2024-01-04,beam,4\n", [*ROWS, LAST], [(4, "repeated-header")], fits=True
    ),
    "nearly": Mess(
        f"day,name,size\n{GOOD}day,name,size (mm)\n2024-01-04,beam,4\n",
        [*ROWS, LAST],
        [(4, "repeated-header")],
        fits=True,
    ),
    "gaps": Mess(
        f"{HEAD}{GOOD},,\n , ,\n2024-01-04,beam,4\n", [*ROWS, LAST], [(4, "empty-row")], fits=True
    ),
    "twice": Mess(f"{HEAD}{GOOD}\n{HEAD}{GOOD}", ROWS, [(5, "other-table")], fits=True),
    "wider": Mess(
        f"{HEAD}{GOOD}code,day,name,size\nA,2024-01-09,x,1\n", ROWS, [(4, "other-table")]
    ),
    "noted": Mess(f"{HEAD}{GOOD}\nMade by hand.\n", ROWS, [(5, "footer")], fits=True),
    "appended": Mess(
        f"{HEAD}{GOOD}\ufeff2024-01-04,beam,4\n", [*ROWS, LAST], [(4, "byte-order-mark")], fits=True
    ),
    "nothing": Mess("", [], [(1, "empty-file")], "", fits=True),
    "summed": Mess(f"{HEAD}{GOOD}Total,,7\n", ROWS, [(4, "footer")], fits=True),
    "unlabelled": Mess(f"{HEAD}{GOOD},,5\n", ROWS, [(4, "footer")], fits=True),
    "sourced": Mess(
        "year,value\n2001,5\n2002,6\n2003,7\nSource: OECD,\n",
        [(2001, 5), (2002, 6), (2003, 7)],
        [(5, "footer")],
        "year value",
        fits=True,
    ),
    "counted": Mess(
        "year,value\n1,5\n2,6\n3,7\n\n(3 rows affected)\n",
        [(1, 5), (2, 6), (3, 7)],
        [(6, "footer")],
        "year value",
        fits=True,
    ),
    "loud": Mess(
        f"{HEAD}{GOOD}{HEAD.upper()}2024-01-04,beam,4\n",
        [*ROWS, LAST],
        [(4, "repeated-header")],
        fits=True,
    ),
    "paged": Mess(
        f"{HEAD}{GOOD}\x0c{HEAD}2024-01-04,beam,4\n",
        [*ROWS, LAST],
        [(4, "repeated-header")],
        fits=True,
    ),
    "meant": Mess(f"{HEAD}{GOOD}Average,,2.5\n", ROWS, [(4, "footer")], fits=True),
    "ruled": Mess(f"{HEAD}{GOOD}=====,,\nTotal,,7\n", ROWS, [(4, "footer")], fits=True),
    "dashed": Mess(
        f"at,name,size\n--,----,----\n{GOOD}", ROWS, [(2, "units")], "at name size", fits=True
    ),
    "narrower": Mess(
        f"{HEAD}{GOOD}\ncode,label\nA,first\nB,second\n", ROWS, [(5, "other-table")], fits=True
    ),
    "remarked": Mess(
        f"{HEAD}{GOOD}Note: sizes in mm, rounded, see site\n", ROWS, [(4, "footer")], fits=True
    ),
    "drawn": Mess(
        "day|name|size\n---|---|---\n2024-01-02|plank|2\n2024-01-03|board|3\n",
        [("2024-01-02", "plank", 2), ("2024-01-03", "board", 3)],
        [(2, "units")],
        fits=True,
    ),
    "terminal": Mess(
        "year|value\n----+------\n2001|5\n2002|6\n(2 rows)\n",
        [(2001, 5), (2002, 6)],
        [(2, "units"), (5, "footer")],
        "year value",
        fits=True,
    ),
    "wordy": Mess(
        f"{HEAD}{GOOD}Note: all of it, so to say, was made up, for once\n",
        ROWS,
        [(4, "footer")],
    ),
    "described": Mess(
        "Title,Rate\ncode,A7\nunit,%\nrelease,13-08-2024\nnotes,\n"
        + "".join(f"{year},{year % 7}.5\n" for year in range(2001, 2012)),
        [(year, year % 7 + 0.5) for year in range(2001, 2012)],
        [(2, "units")],
        "Title Rate",
        fits=True,
    ),
    "rounded": Mess(
        "Report,2024\nOffice,north\nMade,today\n\narea,code,size\nNorth,N,1\nSouth,S,2\nWest,W,3\n\n"
        "1. Estimates are rounded.\n2. See there.\n",
        [("North", "N", 1), ("South", "S", 2), ("West", "W", 3)],
        [(10, "footer")],
        "area code size",
        fits=True,
    ),
    "metric": Mess(f"{HEAD}Units: mm,,\n{GOOD}", ROWS, [(2, "units")], fits=True),
    "swallowed": Mess(
        f'{HEAD}2024-01-02,"plank,2\n2024-01-03,board",3\n2024-01-04,beam,4\n',
        [("2024-01-02", '"plank', 2), ("2024-01-03", 'board"', 3), LAST],
        [(2, "stray-quote")],
        fits=True,
    ),
    "below": Mess(
        f"{HEAD}{GOOD}\nStaff\nwho,city,age\nann,Rome,7\nben,Oslo,8\n",
        ROWS,
        [(5, "other-table")],
        fits=True,
    ),
    "spanned": Mess(
        "day,2019,,2020,\n,m,f,m,f\n2024-01-02,1,2,3,4\n2024-01-03,5,6,7,8\n",
        [("2024-01-02", 1, 2, 3, 4), ("2024-01-03", 5, 6, 7, 8)],
        [(1, "header-rows")],
        "day,2019 m,2019 f,2020 m,2020 f",
        fits=True,
    ),
    "marked": Mess(f"\ufeff\ufeff{HEAD}{GOOD}", ROWS, [(1, "byte-order-mark")], fits=True),
    "apostrophes": Mess(
        "day,name,size\n2024-01-02,'a, b',2\n2024-01-03,'it won't, no',3\n2024-01-04,'c',4\n",
        [("2024-01-02", "a, b", 2), ("2024-01-03", "it won't, no", 3), ("2024-01-04", "c", 4)],
        [(3, "stray-quote")],
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("messy")
    for name, mess in MESSES.items():
        (made / f"{name}.csv").write_text(mess.text, "utf-8")
    return made


@pytest.fixture(scope="module")
def draft(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    target = tmp_path_factory.mktemp("drafts") / "x-data"
    return draft_project(target, folder, accept=lambda _, repairs: repairs)


@pytest.fixture(scope="module")
def settings(draft: Draft) -> ProjectSettings:
    settings = ProjectSettings.from_pyproject(draft.path)
    build_dataset(settings)
    return settings


@pytest.mark.parametrize("name", MESSES)
def test_the_build_has_the_rows_that_were_meant(name: str, settings: ProjectSettings) -> None:
    mess = MESSES[name]
    repairs = settings.repairs[f"sources/{name}.csv"]
    assert [(repair.line, repair.kind) for repair in repairs] == mess.repairs
    with closing(sqlite3.connect(settings.database_path)) as connection:
        rows = connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid').fetchall()
        (number,) = connection.execute(
            "SELECT count(*) FROM pragma_table_info(?) WHERE name = 'id'", (name,)
        ).fetchone()
    assert [row[number:] for row in rows] == mess.rows


def test_the_sources_stay_as_they_are(folder: Path, draft: Draft) -> None:
    for name, mess in MESSES.items():
        assert (draft.path / "sources" / f"{name}.csv").read_text("utf-8") == mess.text


def test_each_repair_is_told_in_the_report_the_manifest_and_the_card(
    draft: Draft, settings: ProjectSettings
) -> None:
    report = "\n".join(draft.report)
    assert (
        """note: repaired line 4, stray-quote: '2024-01-04,"beam,4' becomes """
        """['2024-01-04', '"beam', '4']""" in report
    )
    assert report.count("note: repaired ") == sum(len(mess.repairs) for mess in MESSES.values())
    manifest = json.loads(settings.manifest_path.read_bytes())
    told = {table["name"]: table.get("repairs") for table in manifest["resources"]}
    kinds = {name: Counter(kind for _, kind in mess.repairs) for name, mess in MESSES.items()}
    assert told == kinds
    (stray,) = (raw for raw in manifest["resources"] if raw["name"] == "stray")
    table = Table(stray)
    assert table.repairs == {"stray-quote": 1}
    assert "Repaired in the sources: stray-quote 1" in describe_table(table, [], [], "")


def test_nothing_is_repaired_that_was_not_accepted(folder: Path) -> None:
    found = infer_folder(folder)
    refused = {error.file: str(error) for error in found.refused}
    for name, mess in MESSES.items():
        line, kind = mess.repairs[0]
        told = rf"with --repair, lines? {line}\b.*, {kind}: "
        if not mess.fits:
            assert re.search(told, refused[f"{name}.csv"])
        elif mess.text:
            file = found.tables[name].file
            assert isinstance(file, RawFile)
            assert file.repairs == ()
            assert any(re.match(told, note) for note in file.notes)
    assert found.left_out["nothing.csv"] == "empty"


def test_of_several_repairs_those_accepted_are_made(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'{HEAD}{GOOD}{HEAD}2024-01-04,"beam,4\n2024-01-05,"post,5\n')
    raw = sniff(path, lambda _, repairs: [each for each in repairs if each.kind == "stray-quote"])
    assert isinstance(raw, RawFile)
    with raw.open_rows() as rows:
        assert [row[0] for row in rows][2:] == ["day", "2024-01-04", "2024-01-05"]
    with pytest.raises(SourceError, match=r"line 5: a quote is opened and not closed, or"):
        sniff(path, lambda _, repairs: repairs[:2])


def test_a_build_refuses_other_repairs_than_those_of_the_lines_as_they_are(
    folder: Path, tmp_path: Path
) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for name in ("stray", "again"):
        (some / f"{name}.csv").write_text(MESSES[name].text)
    project = draft_project(tmp_path / "y-data", some, accept=lambda _, found: found).path
    source = project / "sources" / "stray.csv"
    source.write_text(MESSES["stray"].text.replace('"beam', '"Beam'))
    settings = ProjectSettings.from_pyproject(project)
    with pytest.raises(SourceError, match=r"sources/stray\.csv, line 4: .*changed there since"):
        build_dataset(settings)
    source.write_text(MESSES["stray"].text + '2024-01-05,"post,5\n')
    with pytest.raises(SourceError, match=r"stray\.csv, line 5: a quote is opened"):
        build_dataset(settings)
    source.rename(source.with_name("strays.csv"))
    models = next(project.glob("src/*/models.py"))
    models.write_text(models.read_text().replace('"stray"', '"strays"'))
    with pytest.raises(SettingsError, match=r"repairs sources/stray\.csv, which is not a source"):
        build_dataset(settings)
    assert (project / REPAIRS_FILE).read_text().count("[[repairs]]") == 2


@pytest.mark.parametrize(
    ("text", "width", "fields"),
    [
        ("1,2", 3, None),
        ('"a","b"', 2, ["a", "b"]),
        ('"a,b",c', 3, ['"a', 'b"', "c"]),
        ('"a ""b"", c",d', 2, ['a "b", c', "d"]),
        ('"10"",x', 2, ['10"', "x"]),
    ],
)
def test_a_row_is_read_with_the_fewest_quotes_that_are_text(
    text: str, width: int, fields: list[str] | None
) -> None:
    assert read_loosely(text, ",", '"', width) == fields


def test_what_is_missing_is_found_by_what_the_columns_look_like() -> None:
    columns = Columns([["2024-01-02", "a", "1"], ["2024-01-03", "b", "2"]], 3)
    assert columns.widen(["c", "3"]) == ["", "c", "3"]
    assert columns.widen(["2024-01-04"]) == ["2024-01-04", "", ""]
    assert columns.narrow(["2024-01-04", "", "c", "3"], ",") == ["2024-01-04", "c", "3"]
    assert columns.narrow(["2024-01-04", "c", "d", "3"], ";") == ["2024-01-04", "c;d", "3"]
    assert columns.narrow(["2024-01-04", *["c"] * 20], ";") is None


@pytest.mark.parametrize(
    "text",
    [
        '"a","b"\n"1",5,6\n"2",7,8\n',  # R names rows, and the header has no name for them
        "a,b\n1,5,6\n2,7,8\n",
        '"a","b, c"\n"1",5,6\n"2",7,8\n',
        '"a","b","c"\n"1",5,6\n"2","7"\n"3","8","9"\n"x","y"\n',
    ],
)
def test_no_delimiter_is_missing_where_every_quote_surrounds_a_field(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    proposed = list[Repair]()

    def collect(_: str, repairs: Sequence[Repair]) -> tuple[()]:
        proposed.extend(repairs)
        return ()

    with suppress(SourceError):
        sniff(tmp_path / "t.csv", collect)
    assert not any(repair.kind == "missing-delimiter" for repair in proposed)
