"""Tables with more columns than SQLite takes are refused by every way in, with what helps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.loading.connections import create_tables
from microcosm_sqlite.authoring.project.table_width import ROOM_FOR_FIELDS, refuse_width
from microcosm_sqlite.errors import SettingsError, SourceError

Row = dict[str, int]
WIDE: list[Row] = [{f"c{at}": at + row for at in range(2001)} for row in (1, 2)]
ADVICE = "Make rows of them: one for each value, with the column's name as a field."


def write_csv(path: Path, rows: list[Row]) -> None:
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join([*lines, ""]))


def write_lines(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def write_array(path: Path, rows: list[Row]) -> None:
    path.write_text(json.dumps(rows))


def write_parquet(path: Path, rows: list[Row]) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(arrow.Table.from_pylist(rows), path)


def write_workbook(path: Path, rows: list[Row]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    for row in (list(rows[0]), *(list(row.values()) for row in rows)):
        workbook.active.append(row)
    workbook.save(path)


WRITERS: dict[str, Callable[[Path, list[Row]], None]] = {
    "wide.csv": write_csv,
    "wide.jsonl": write_lines,
    "wide.json": write_array,
    "wide.parquet": write_parquet,
    "wide.xlsx": write_workbook,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_csv(folder / "small.csv", [{"id": 1, "x": 2}])
    return draft_project(folder.parent / "small-data", folder).path


@pytest.mark.parametrize("name", WRITERS)
def test_drafts_and_additions_refuse_a_wide_table_until_rows_are_made_of_it(
    project: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / name
    WRITERS[name](file, WIDE)
    told = r"^wide\.\w+(#Sheet)? has 2,001 columns, where SQLite has room for 1,998"
    for draft in (
        lambda: draft_project(tmp_path / "wide-data", tmp_path / "in"),
        lambda: add_tables(project, [file]),
    ):
        with pytest.raises(SourceError, match=told) as raised:
            draft()
        assert raised.value.hint == ADVICE
    WRITERS[name](
        file, [{"row": at, "field": 1, "value": value} for at, value in enumerate((5, 6))]
    )
    assert draft_project(tmp_path / "wide-data", tmp_path / "in").report


def test_an_edition_with_too_many_columns_is_not_taken(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    write_csv(tmp_path / "first/t.csv", [{"id": 1, "x": 2}])
    project = draft_project(tmp_path / "t-data", tmp_path / "first").path
    write_csv(tmp_path / "second/t.csv", [{"id": 1, "x": 2} | WIDE[0]])
    found = refresh_project(project, [tmp_path / "second/t.csv"], apply=True)
    (decision,) = found.decisions
    assert "2,003 columns, where SQLite has room for 1,999" in decision
    assert ADVICE in decision


def test_models_with_too_many_columns_are_told_by_their_table() -> None:
    metadata = sa.MetaData()
    sa.Table("wide", metadata, *(sa.Column(name, sa.Integer) for name in WIDE[0]))
    told = "Table `wide` has 2,001 columns in the models, where SQLite has room for 2,000"
    with pytest.raises(SettingsError, match=told):
        create_tables(sa.create_engine("sqlite://"), metadata)


def test_as_many_as_there_is_room_for_are_taken() -> None:
    refuse_width("t.csv", ROOM_FOR_FIELDS)
    with pytest.raises(SourceError, match=r"t\.csv has 1,999 columns"):
        refuse_width("t.csv", ROOM_FOR_FIELDS + 1)
