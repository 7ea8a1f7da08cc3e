"""Archives of several members as sources of a build, whole and refreshed whole."""

from __future__ import annotations

import gzip
import re
import shutil
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas
import pyarrow as pa
import pyreadstat
import pytest
from openpyxl import Workbook
from pyarrow import feather, orc, parquet

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


def pack(path: Path, members: Mapping[str, str | bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return path
    with tarfile.open(path, f"w:{path.suffix[1:].replace('tar', '')}") as packed:
        for name, text in members.items():
            content = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, BytesIO(content))
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


def make_workbook() -> bytes:
    workbook, stream = Workbook(), BytesIO()
    for name, rows in {"Birds": [("id", "egg"), (1, 2.5)], "Nests": [("id", "at"), (4, 5)]}.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del workbook["Sheet"]
    workbook.save(stream)
    return stream.getvalue()


def make_database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE ringers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
            "CREATE TABLE rings (id INTEGER PRIMARY KEY, ringer INTEGER REFERENCES ringers);"
            "INSERT INTO ringers VALUES (1, 'Ada'); INSERT INTO rings VALUES (7, 1);"
        )
        return connection.serialize()


def make_stata() -> bytes:
    with TemporaryDirectory() as folder:
        pyreadstat.write_dta(pandas.DataFrame({"id": [1.0, 2.0]}), f"{folder}/t.dta")
        return Path(folder, "t.dta").read_bytes()


def make_columnar(write: Callable[[pa.Table, BytesIO], object]) -> bytes:
    stream = BytesIO()
    write(pa.table({"id": [1, 2], "v": ["a", "é"]}), stream)
    return stream.getvalue()


OF_ALL_FORMATS: dict[str, bytes] = {
    "all/2020/book.xlsx": make_workbook(),
    "all/rings/birds.db": make_database(),
    "all/survey.dta": make_stata(),
    "all/p.parquet": make_columnar(parquet.write_table),
    "all/f.feather": make_columnar(feather.write_feather),
    "all/o.orc": make_columnar(orc.write_table),
}


def dump(project: Path) -> dict[str, list[tuple[object, ...]]]:
    built = build_dataset(ProjectSettings.from_pyproject(project), force=True)
    with closing(sqlite3.connect(built.path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM pragma_table_list")]
        return {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
            for name in sorted(names)
            if not name.startswith("sqlite_")
        }


@pytest.mark.parametrize("name", ["all.zip", "all.tar.gz"])
def test_members_of_every_format_are_drafted_and_built_as_beside_an_archive(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "in").mkdir()
    archive = pack(tmp_path / "in" / name, OF_ALL_FORMATS)
    project = draft_project(tmp_path / "t-data", tmp_path / "in").path
    unpacked = dump(project)
    assert unpacked.keys() == {
        "_2020_book_Birds", "_2020_book_Nests", "f", "o", "p", "ringers", "rings", "survey",
    }  # fmt: skip
    assert unpacked["rings"] == [(7, 1)]
    assert unpacked["_2020_book_Birds"][0][-1] == 2.5
    for each in (project / "sources").iterdir():
        each.unlink()
    shutil.copy(archive, project / "sources")
    assert dump(project) == unpacked
    assert not refresh_project(project, [archive]).is_new


def test_a_setting_names_a_sheet_or_a_table_of_a_member(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pack(tmp_path / "in/all.zip", OF_ALL_FORMATS)
    project = draft_project(tmp_path / "t-data", tmp_path / "in").path
    unpacked, archive = dump(project), (tmp_path / "in/all.zip").as_posix()
    names = {
        "_2020_book_Birds": "2020/book.xlsx#Birds", "_2020_book_Nests": "2020/book.xlsx#Nests",
        "ringers": "rings/birds.db", "rings": "rings/birds.db#rings", "survey": "survey.dta",
        "p": "p.parquet", "f": "f.feather", "o": "o.orc",
    }  # fmt: skip
    listed = ", ".join(f'{table} = "{archive}#{member}"' for table, member in names.items())
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace('sources = "sources"', f"sources = {{{listed}}}"))
    assert dump(project) == unpacked
    file.write_text(file.read_text().replace("book.xlsx#Birds", "book.xlsx#Bird"))
    with pytest.raises(SourceError, match=r"#2020/book\.xlsx#Bird has no sheet 'Bird'"):
        dump(project)


def test_an_archive_named_as_a_source_is_refused_with_one_of_its_members(tmp_path: Path) -> None:
    project, file = make_project(tmp_path, "all.zip"), tmp_path / "t-data/pyproject.toml"
    text = file.read_text()
    named = 'sources = {birds = "sources/all.zip"}\ntables-without-source = "empty"'
    file.write_text(text.replace('sources = "sources"', named))
    with pytest.raises(SettingsError, match=r"all\.zip is of no known format") as raised:
        read_rows(project)
    (advised,) = re.findall('"(.*?)"', raised.value.hint)
    assert advised == "sources/all.zip#2020/sales.jsonl"
    file.write_text(file.read_text().replace("sources/all.zip", "sources/all.zip#birds.csv"))
    assert read_rows(project)["birds"] == ROWS["birds"]


def test_a_compressed_member_that_only_text_may_be_is_written_again(tmp_path: Path) -> None:
    project = make_project(tmp_path, "all.zip")
    shutil.rmtree(project)
    (tmp_path / "in").mkdir()
    member = OF_ALL_FORMATS["all/p.parquet"]
    pack(tmp_path / "in/all.zip", {"p.parquet": member})
    project = draft_project(tmp_path / "t-data", tmp_path / "in").path
    rows = dump(project)
    archive = project / "sources/all.zip"
    (project / "sources/p.parquet").unlink()
    pack(archive, {"p.parquet.gz": gzip.compress(member)})
    with pytest.raises(SourceError, match=r"holds p\.parquet\.gz, which is compressed") as raised:
        dump(project)
    assert "Write the archive again with p.parquet in its place" in raised.value.hint
    pack(archive, {"p.parquet": member})
    assert dump(project) == rows


def test_two_members_of_one_name_are_refused_as_files_are(tmp_path: Path) -> None:
    project = make_project(tmp_path, "all.zip")
    pack(project / "sources/all.zip", {**MEMBERS, "all/birds.tsv": "id\tname\n3\twren\n"})
    with pytest.raises(SettingsError, match=r"`birds` has two sources: .*#birds\.csv and .*tsv"):
        read_rows(project)


@pytest.mark.parametrize("member", ["t.db", "t.xlsx"])
def test_a_damaged_member_is_told_with_its_archive(tmp_path: Path, member: str) -> None:
    project = make_project(tmp_path, "all.zip")
    pack(project / "sources/all.zip", {**MEMBERS, f"all/{member}": "x"})
    with pytest.raises(SourceError, match=rf"^sources/all\.zip#{member} (cannot be read|is not)"):
        read_rows(project)


def test_databases_that_are_not_read_in_archives_are_told(tmp_path: Path) -> None:
    (tmp_path / "in/more").mkdir(parents=True)
    members = {"birds.gpkg": make_database(), "x/y.csv": b"id\n1\n"}
    pack(tmp_path / "in/all.zip", members)
    pack(tmp_path / "in/more/b.zip", {"eggs.db": make_database()})
    report = draft_project(tmp_path / "t-data", tmp_path / "in").report
    called, moved = (each for each in report if "a database" in each)
    assert called.endswith("all.zip#birds.gpkg, a database that is not called as one; "
                           "call it birds.db")  # fmt: skip
    assert moved.endswith("a database in an archive in a folder; move the archive up")
    (tmp_path / "in/more/b.zip").rename(tmp_path / "in/b.zip")
    assert "rings" in dump(draft_project(tmp_path / "u-data", tmp_path / "in").path)


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
