# ruff: noqa: RUF001
"""Text in UTF-8 is not read in another encoding, which would give other letters without a word."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.misread_text import refuse_misread
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import BUFFER_SIZE
from microcosm_sqlite.errors import SourceError

NAMES = ["Müller", "Jäger", "Größe"]
GERMAN = "id,name\n1,Müller\n2,Jäger\n3,Größe\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a file in cp1252."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/t.csv").write_bytes(GERMAN.encode("cp1252"))
    return draft_project(tmp_path / "t-data", tmp_path / "in").path


def read_names(project: Path) -> list[str]:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM t ORDER BY id")]


@pytest.mark.parametrize(
    ("text", "encoding", "is_refused"),
    [
        (GERMAN.encode(), "cp1252", True),
        (GERMAN.encode(), "latin-1", True),
        ("a\nКазань\n".encode(), "cp1251", True),
        ("a\nКазань\n".encode(), "koi8-r", True),
        ("a\n東京都新宿区西\n".encode(), "cp932", False),  # too few letters of several bytes
        ("a\n東京都新宿区西新\n".encode(), "cp932", True),
        (b"a\n" + b"x" * BUFFER_SIZE + "ü\n".encode(), "cp1252", True),
        (b"a" * (BUFFER_SIZE - 1) + "ü\n".encode(), "cp1252", True),  # a letter in two parts
        (GERMAN.encode(), "utf-8", False),
        (GERMAN.encode(), "utf-8+cp1252", False),
        (GERMAN.encode("utf-8-sig"), "cp1252", False),  # the mark overrules the encoding
        (GERMAN.encode("cp1252"), "cp1252", False),
        (GERMAN.encode() + "ü\n".encode("cp1252"), "cp1252", False),
        (GERMAN.encode("utf-16-le"), "utf-16-le", False),
        ("a\n联通\n".encode("gb18030"), "gb18030", False),  # whose bytes are UTF-8 by chance
        (b"a\nb\n", "cp1252", False),
        (b"", "cp1252", False),
        (b"a\n\xc3", "cp1252", False),
        (GERMAN.encode(), "klingon", False),  # refused where it is decoded
    ],
)
def test_text_is_refused_whose_letters_all_are_utf_8(
    tmp_path: Path, text: bytes, encoding: str, is_refused: bool
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text)
    told = re.escape(f"t.csv is UTF-8, but read as {encoding}, in which")
    with pytest.raises(SourceError, match=told) if is_refused else nullcontext():
        refuse_misread(path, encoding, path.name)


def test_the_options_of_a_whole_file_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(GERMAN, "utf-8")
    source = SourceFile(path, path.name, "csv")
    told = "in which 'üäöß' would be 'Ã¼Ã¤Ã¶ÃŸ'"
    with (
        pytest.raises(SourceError, match=told),
        DelimitedOpener(source, CsvOptions(encoding="cp1252"))(),
    ):
        pass


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8+cp1252"])
def test_a_new_edition_in_utf_8_is_refused_until_the_setting_says_so(
    project: Path, encoding: str
) -> None:
    edition = project.parent / "new/t.csv"
    edition.parent.mkdir()
    edition.write_text(f"{GERMAN}4,Übung\n", "utf-8")
    found = refresh_project(project, [edition], apply=True)
    assert not found.is_applied
    assert "t: sources/t.csv is UTF-8, but read as cp1252" in found.decisions[0]
    assert f'csv.encoding = "{encoding}"' in found.decisions[0]
    assert read_names(project) == NAMES
    settings = project / "pyproject.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('"cp1252"', f'"{encoding}"'), "utf-8")
    if "+" in encoding:
        assert read_names(project) == NAMES
    assert refresh_project(project, [edition], apply=True).is_applied
    assert read_names(project) == [*NAMES, "Übung"]


def test_parts_of_a_table_in_two_encodings_are_read_as_the_hint_says(project: Path) -> None:
    folder = project / "sources/t"
    folder.mkdir()
    (project / "sources/t.csv").rename(folder / "2020.csv")
    (folder / "2021.csv").write_text("id,name\n4,Übung\n", "utf-8")
    with pytest.raises(SourceError, match=r"t/2021\.csv is UTF-8, but read as cp1252") as raised:
        read_names(project)
    advised = str(raised.value.hint).partition("cp1252, `csv.encoding = ")[2].partition("`")[0]
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('"cp1252"', advised), "utf-8")
    assert read_names(project) == [*NAMES, "Übung"]
