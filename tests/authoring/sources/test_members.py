"""Archives of several members as sources of a build, whole and refreshed whole."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.companions import is_companion_among
from microcosm_sqlite.errors import BuildError, SettingsError, SourceError

MEMBERS = {
    "all/birds.csv": "id,name\n1,tit\n2,owl\n",
    "all/2020/sales.jsonl": '{"id": 1, "sum": 2.5}\n',
    "all/eggs/1.csv": "egg,size\n1,20\n",
    "all/eggs/2.csv": "egg,size\n2,21\n",
    "all/README.md": "# Birds\n",
    "all/area.fwf": "  1Ulm\n",
    "all/area.codebook.csv": "column,start,width\nid,1,3\nname,4,9\n",
}
NAMES = ["all.zip", "all.tar", "all.tar.gz", "all.tar.xz"]
ROWS = {
    "birds": [(1, "tit"), (2, "owl")],
    "_2020_sales": [(1, 2.5)],
    "eggs": [(1, 20), (2, 21)],
    "area": [(1, "Ulm")],
}


def pack(path: Path, members: dict[str, str]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return path
    with tarfile.open(path, f"w:{path.suffix[1:].replace('tar', '')}") as packed:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            packed.addfile(info, BytesIO(text.encode()))
    return path


def make_project(folder: Path, name: str) -> Path:
    """A project whose only source is an archive."""
    drafted = draft_project(folder / "t-data", pack(folder / name, MEMBERS))
    sources = drafted.path / "sources"
    for each in sorted(sources.rglob("*"), reverse=True):
        each.unlink() if each.is_file() else each.rmdir()
    shutil.copy(folder / name, sources / name)
    return drafted.path


def read_rows(project: Path) -> dict[str, list[tuple[object, ...]]]:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in ROWS}
    return {name: [row[-2:] for row in rows] for name, rows in tables.items()}


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_stands_for_the_tables_of_its_members(tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path, name)
    assert read_rows(project) == ROWS
    settings = ProjectSettings.from_pyproject(project)
    assert not build_dataset(settings).is_fresh
    assert not [*project.rglob("sales.jsonl")], "what was unpacked is gone"
    pack(project / "sources" / name, {**MEMBERS, "all/birds.csv": "id,name\n3,wren\n"})
    assert read_rows(project)["birds"] == [(3, "wren")]


def test_a_setting_names_one_member(tmp_path: Path) -> None:
    project = make_project(tmp_path, "all.zip")
    file = project / "pyproject.toml"
    names = {
        "birds": "birds.csv", "_2020_sales": "2020/sales.jsonl", "area": "area.fwf",
        "eggs": "eggs/2.csv",
    }  # fmt: skip
    listed = ", ".join(f'{table} = "sources/all.zip#{name}"' for table, name in names.items())
    text = file.read_text()
    file.write_text(text.replace('sources = "sources"', f"sources = {{{listed}}}"))
    assert file.read_text() != text
    assert read_rows(project) == {**ROWS, "eggs": [(2, 21)]}
    file.write_text(file.read_text().replace("#birds.csv", "#bird.csv"))
    with pytest.raises(SourceError, match=r"all\.zip has no member bird\.csv") as raised:
        read_rows(project)
    assert "birds.csv" in raised.value.hint


@pytest.mark.parametrize("member", ["t.db", "t.xlsx", "t.parquet.gz"])
def test_what_is_not_read_in_an_archive_is_refused(tmp_path: Path, member: str) -> None:
    project = make_project(tmp_path, "all.zip")
    pack(project / "sources/all.zip", {**MEMBERS, f"all/{member}": "x"})
    with pytest.raises(SourceError, match=rf"all\.zip holds {member}, .* not read in an archive"):
        read_rows(project)


def test_errors_name_the_member(tmp_path: Path) -> None:
    project = make_project(tmp_path, "all.zip")
    pack(project / "sources/all.zip", {**MEMBERS, "all/eggs/2.csv": "egg,size\n2,large\n"})
    with pytest.raises(BuildError, match=r"sources/all\.zip#eggs/2\.csv, line 2"):
        read_rows(project)


def test_a_new_edition_of_the_archive_takes_its_place(tmp_path: Path) -> None:
    project = make_project(tmp_path, "all.zip")
    assert not refresh_project(project, [tmp_path / "all.zip"]).is_new
    (tmp_path / "new").mkdir()
    news = {
        **MEMBERS,
        "all/eggs/3.csv": "egg,size\n3,22\n",
        "all/birds.csv": "id,name\n1,wren\n2,a\n",
    }
    done = refresh_project(project, [pack(tmp_path / "new/all.zip", news)], apply=True)
    assert done.is_applied, done.spell()
    assert read_rows(project) == {
        **ROWS, "birds": [(1, "wren"), (2, "a")], "eggs": [(1, 20), (2, 21), (3, 22)],
    }  # fmt: skip
    (tmp_path / "birds.csv").write_text("id,name\n1,tit\n")
    with pytest.raises(SettingsError, match=r"all\.zip holds the rows of birds, so birds\.csv"):
        refresh_project(project, [tmp_path / "birds.csv"], apply=True)


def test_companions_are_told_by_the_names_beside_them() -> None:
    beside = ["Towns.SHP", "towns.dbf", "roads.dbf"]
    assert is_companion_among("towns.dbf", beside)
    assert is_companion_among("TOWNS.shp.xml", beside)
    assert not is_companion_among("roads.dbf", beside)
