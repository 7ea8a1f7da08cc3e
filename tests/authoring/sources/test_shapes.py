"""Shapefiles: rows with their geometry, whole or refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.shapes import ShapeOpener
from microcosm_sqlite.errors import SourceError

shapefile = pytest.importorskip("shapefile")

SQUARE = [[[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]]


def write_shapes(folder: Path, *names: str) -> Path:
    with shapefile.Writer(str(folder / "towns"), encoding="utf-8") as writer:
        writer.field("NAME", "C", 20)
        writer.field("POP", "N", 12)
        writer.field("AREA", "N", 12, 3)
        writer.field("DAY", "D")
        writer.field("OLD", "L")
        for number, name in enumerate(names, start=1):
            writer.poly(SQUARE)
            writer.record(name, number * 10**9, 1.25, date(2020, 1, 2), True)
        writer.null()
        writer.record("", None, None, None, None)
    (folder / "towns.prj").write_text('GEOGCS["WGS 84",DATUM["D"]]')
    return folder / "towns.shp"


def test_a_shapefile_goes_through_draft_add_refresh_and_build(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    path = write_shapes(tmp_path / "found", "Zoë")
    drafted = draft_project(tmp_path / "t-data", tmp_path / "found")
    report = "\n".join(drafted.report)
    assert "its coordinates are in WGS 84" in report
    assert "microcosm-sqlite[build,spatial]" in (drafted.path / "pyproject.toml").read_text()
    polygon = "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0), (1 1, 2 1, 2 2, 1 1))"
    row = ("Zoë", 10**9, 1.25, "2020-01-02", 1, polygon)
    assert read_rows(drafted.path) == [row, (None,) * 6]
    write_shapes(tmp_path / "found", "Zoë", "Åre")
    refreshed = refresh_project(drafted.path, [tmp_path / "found"], apply=True)
    assert refreshed.is_applied, refreshed.spell()
    assert [name for name, *_ in read_rows(drafted.path)] == ["Zoë", "Åre", None]
    assert not refresh_project(drafted.path, [path]).is_new
    shutil.copy(path.with_suffix(".dbf"), tmp_path / "alone.dbf")
    add_tables(drafted.path, [tmp_path / "alone.dbf"])
    assert read_rows(drafted.path, "alone")[0] == row[:-1]


def read_rows(project: Path, table: str = "towns") -> list[tuple[Any, ...]]:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        return [row[1:] for row in connection.execute(f"SELECT * FROM {table}")]


@pytest.mark.parametrize("suffix", [".shp", ".dbf"])
def test_damaged_and_missing_parts_are_told(tmp_path: Path, suffix: str) -> None:
    path = write_shapes(tmp_path, "Zoë", "Åre")
    part = path.with_suffix(suffix)
    whole = part.read_bytes()
    for end in (0, 10, 40, len(whole) // 2):
        part.write_bytes(whole[:end])
        with (
            pytest.raises(SourceError, match=r"^towns\.shp"),
            ShapeOpener(SourceFile(path, path.name, "shapefile"))() as records,
        ):
            list(records)
    path.with_suffix(".dbf").unlink()
    with pytest.raises(SourceError, match="no table beside it") as raised:
        ShapeOpener(SourceFile(path, path.name, "shapefile"))().__enter__()
    assert "Put towns.dbf beside it" in raised.value.hint


RING = [[0, 0, 5, 1], [0, 4, 6, 2], [4, 4, 7, 3], [0, 0, 5, 1]]
FAR = [[9, 9, 1, 1], [9, 10, 1, 2], [10, 10, 1, 3], [9, 9, 1, 1]]
HEIGHTS = [position[:3] for position in RING]


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda to: to.pointz(1, 2, 3), "POINT Z (1 2 3)"),
        (lambda to: to.pointz(1, 2, 3, 4), "POINT ZM (1 2 3 4)"),
        (lambda to: to.pointm(1, 2, 4.5), "POINT M (1 2 4.5)"),
        (lambda to: to.pointm(1, 2), "POINT (1 2)"),
        (lambda to: to.multipointz([[1, 2, 3], [4, 5, 6]]), "MULTIPOINT Z ((1 2 3), (4 5 6))"),
        (lambda to: to.linez([RING[:2]]), "LINESTRING ZM (0 0 5 1, 0 4 6 2)"),
        (
            lambda to: to.linem([[[1, 2, 3], [4, 5]], [[6, 7, 8], [9, 9, 9]]]),
            "MULTILINESTRING M ((1 2 3, 4 5 nan), (6 7 8, 9 9 9))",
        ),
        (lambda to: to.polyz([HEIGHTS]), "POLYGON Z ((0 0 5, 0 4 6, 4 4 7, 0 0 5))"),
        (
            lambda to: to.polyz([RING, FAR]),
            (
                "MULTIPOLYGON ZM (((0 0 5 1, 0 4 6 2, 4 4 7 3, 0 0 5 1)), "
                "((9 9 1 1, 9 10 1 2, 10 10 1 3, 9 9 1 1)))"
            ),
        ),
    ],
)
def test_heights_and_measures_are_kept(
    tmp_path: Path, draw: Callable[[Any], None], text: str
) -> None:
    with shapefile.Writer(str(tmp_path / "t")) as writer:
        writer.field("N", "N", 5)
        draw(writer)
        writer.record(1)
    assert read_shapes(tmp_path / "t.shp") == [[1, text]]


def read_shapes(path: Path) -> list[list[Any]]:
    with ShapeOpener(SourceFile(path, path.name, "shapefile"))() as records:
        return [*records]


def test_shapes_of_deleted_rows_are_left_out(tmp_path: Path) -> None:
    path = write_points(tmp_path, 3)
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    start, width = content[8], content[10]
    content[start + width] = ord("*")
    table.write_bytes(content)
    with ShapeOpener(SourceFile(path, path.name, "shapefile"))() as records:
        assert [*records.numbered()] == [(1, [0, "POINT (0 0)"]), (3, [2, "POINT (2 0)"])]
        assert records.notes == ("1 row marked as deleted left out",)


def write_points(folder: Path, count: int) -> Path:
    with shapefile.Writer(str(folder / "t"), shapeType=shapefile.POINT) as writer:
        writer.field("N", "N", 5)
        for number in range(count):
            writer.point(number, 0)
            writer.record(number)
    return folder / "t.shp"


def test_a_table_of_other_shapes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = write_points(tmp_path, 3)
    shutil.copy(write_points(tmp_path / "other", 2).with_suffix(".dbf"), tmp_path / "t.dbf")
    with pytest.raises(SourceError, match=r"^t\.shp has 3 shapes, and its table 2 rows"):
        read_shapes(path)


def test_shapes_without_any_field_are_rows_of_geometry(tmp_path: Path) -> None:
    path = write_points(tmp_path, 1)
    path.with_suffix(".dbf").write_bytes(
        b"\x03\x7a\x01\x01\x01\x00\x00\x00\x21\x00\x01\x00" + bytes(20) + b"\r "
    )
    assert read_shapes(path) == [["POINT (0 0)"]]


def test_patches_are_refused_by_their_row(tmp_path: Path) -> None:
    with shapefile.Writer(str(tmp_path / "t")) as writer:
        writer.field("N", "N", 5)
        writer.multipatch([[[0, 0, 0], [0, 0, 1], [0, 1, 0]]], partTypes=[shapefile.TRIANGLE_FAN])
        writer.record(1)
    with pytest.raises(SourceError, match="row 1 is a shape of a kind that is not read") as raised:
        read_shapes(tmp_path / "t.shp")
    assert "as polygons" in raised.value.hint
