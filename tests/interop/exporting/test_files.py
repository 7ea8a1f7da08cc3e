"""Tables are exported from Python as from the command line."""

from __future__ import annotations

import io
import sys
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from microcosm_sqlite.errors import DatasetError, TableNotFoundError
from microcosm_sqlite.interop import exporting
from microcosm_sqlite.interop.exporting import export_folder, export_table, write_rows, write_table
from tests.support.programs import run

METADATA = sa.MetaData()
for name in ("birds", "nests"):
    sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20)),
    )


NAMES = ["con", "CON?", "aux.b", "a/b", "x" * 300, "x" * 301]
ODD = sa.MetaData()
for name in NAMES:
    sa.Table(name, ODD, sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture
def dataset(make):
    return make(METADATA, {"birds": [{"name": "Rook"}, {"name": None}]}, name="birds")


def test_every_public_name_is_there() -> None:
    assert all(getattr(exporting, name) for name in exporting.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        exporting.nothing  # noqa: B018


def test_a_table_is_written_to_a_file_of_the_caller(dataset) -> None:
    target = io.StringIO()
    write_table(dataset, "birds", target, columns=["name", "id"])
    assert target.getvalue() == "name,id\nRook,1\n,2\n"
    counts: list[int] = []
    write_table(dataset, "birds", target := io.StringIO(), "jsonl", advance=counts.append)
    assert target.getvalue().splitlines()[1] == '{"id": 2, "name": null}'
    assert counts == [2]


def test_rows_of_any_query_are_written_in_any_text_format(dataset) -> None:
    connection = dataset.connect()
    rows = connection.execute("SELECT name FROM birds")
    write_rows(["name"], rows, "json", target := io.StringIO())
    connection.close()
    assert target.getvalue() == '[{"name": "Rook"},\n {"name": null}]\n'
    write_rows(["name"], [("Rook",)], "tsv", target := io.StringIO(), header=False)
    assert target.getvalue() == "Rook\n"


def test_files_have_names_that_every_system_takes(make, tmp_path: Path) -> None:
    export_folder(make(ODD, {}, name="odd"), tmp_path / "out")
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(
        ["CON_", "con__2", "aux_.b", "a_b", "x" * 200, "x" * 200 + "_2"]
    )


def test_a_folder_holds_the_tables_that_were_named(dataset, tmp_path: Path) -> None:
    export_folder(dataset, tmp_path / "out", tables=["nests"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["nests.csv"]


@pytest.mark.parametrize("wrong", ["xlsx", "table", "tsv"])
def test_a_format_that_there_is_not_is_refused(dataset, tmp_path: Path, wrong: str) -> None:
    target = tmp_path / "x"
    with pytest.raises(ValueError, match="format must be one of csv, jsonl"):
        export_table(dataset, "birds", target, wrong)
    with pytest.raises(ValueError, match="datapackage, croissant"):
        export_folder(dataset, target, wrong)
    with pytest.raises(ValueError, match="format must be one of csv, jsonl"):
        write_table(dataset, "birds", sys.stdout, wrong)
    with pytest.raises(ValueError, match="format must be one of"):
        write_rows([], [], "xlsx", sys.stdout)


def test_what_there_is_not_is_told_by_name(dataset, tmp_path: Path) -> None:
    with pytest.raises(TableNotFoundError, match="has no table 'bird'"):
        export_table(dataset, "bird", tmp_path / "x")
    with pytest.raises(TableNotFoundError, match="has no column 'nam'"):
        export_table(dataset, "birds", tmp_path / "x", columns=["nam"])
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_only_one_of_two_exports_gets_a_name(dataset, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "out"

    def take_the_name(_: int) -> None:
        if kind == "file":
            target.write_text("first")
        elif not target.exists():
            target.mkdir()

    whole, part = partial(export_folder, dataset), partial(export_table, dataset, "birds")
    export = part if kind == "file" else whole
    with pytest.raises(DatasetError, match="out exists already"):
        export(target, advance=take_the_name)
    assert target.is_dir() or target.read_text() == "first"
    assert not list(tmp_path.glob(".microcosm*"))


def test_what_a_killed_export_left_is_swept_by_the_next(dataset, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from microcosm_sqlite.common.workspace import open_workspace\n"
        "with open_workspace(Path(sys.argv[1]), '.microcosm-sqlite-') as folder:\n"
        "    (folder / 'draft').write_text('half'); os._exit(0)"
    )
    folder = tmp_path / "out"
    folder.mkdir()
    run(sys.executable, "-c", code, str(folder))
    assert len(list(folder.iterdir())) == 1
    export_table(dataset, "birds", folder / "birds.csv")
    assert [path.name for path in folder.iterdir()] == ["birds.csv"]
