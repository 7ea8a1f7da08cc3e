"""Text of fixed width is read by its codebook, and by nothing else."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.fixed_width import FixedWidthOpener
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError

TEXT = "   1Ada   1.50 2020-01-02\n   2Zoë   2.25\n\n  30      1.00 2020-01-03\n"
CODEBOOK = "column,start,width,description\nid,1,4,\nname,5,6,First name\nsize,11,5,\nday,16,10,\n"
ROWS = [
    ["1", "Ada", "1.50", "2020-01-02"],
    ["2", "Zoë", "2.25", ""],
    ["30", "", "1.00", "2020-01-03"],
]


def open_text(folder: Path, text: str = TEXT, codebook: str = CODEBOOK) -> Any:
    path = folder / "birds.fwf"
    path.write_text(text, "utf-8")
    if codebook:
        (folder / "birds.codebook.csv").write_text(codebook, "utf-8")
    return FixedWidthOpener(SourceFile(path, path.name, "fixed"))()


def test_columns_are_where_the_codebook_says(tmp_path: Path) -> None:
    with open_text(tmp_path) as records:
        assert [*records.numbered()] == [*zip([1, 2, 4], ROWS, strict=True)]
        assert records.descriptions == {"name": ColumnDescription("First name")}
        assert records.notes == ()
    ends = "Variable,From,To\nid,1,4\nname,5,9\n"
    with open_text(tmp_path, codebook=ends) as records:
        assert [*records] == [row[:2] for row in ROWS]
        assert "line 1 has text at 11, in no column" in records.notes[0]


def test_a_tab_which_moves_columns_is_told(tmp_path: Path) -> None:
    first, rest = TEXT.split("\n", 1)
    with open_text(tmp_path, f"{first}\n\t{rest}") as records:
        (note,) = (each for each in records.notes if "tab" in each)
    assert note.startswith("line 2 has a tab, which is read as one character, so the columns")
    with open_text(tmp_path, f"{first}\t\n{rest}") as records:  # nothing is behind it
        assert records.notes == ()


def test_a_line_of_names_is_told_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "found"
    folder.mkdir()
    codebook = "column,start,width\nid,1,4\nname,5,6\n"
    open_text(folder, "id  name\n   1Ada\n   2Zoë\n", codebook)
    told = "birds: row 1 has the names of the columns; delete that from the source"
    assert told in draft_project(tmp_path / "t-data", folder).decisions
    open_text(folder, "   1Ada\n   2Zoë\n", codebook)
    drafted = draft_project(tmp_path / "u-data", folder)
    assert not any("row 1" in each for each in drafted.decisions)
    assert "  id: integer" in drafted.report


def test_a_draft_infers_types_and_builds(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    open_text(tmp_path / "found")
    drafted = draft_project(tmp_path / "t-data", tmp_path / "found")
    assert "  size: number (1.50 becomes 1.5)" in drafted.report
    built = build_dataset(ProjectSettings.from_pyproject(drafted.path))
    with closing(sqlite3.connect(built.path)) as connection:
        rows = connection.execute("SELECT * FROM birds").fetchall()
    assert rows == [
        (1, "Ada", 1.5, "2020-01-02"),
        (2, "Zoë", 2.25, None),
        (30, None, 1, "2020-01-03"),
    ]
    inputs = built.manifest.sha256
    codebook = drafted.path / "sources/birds.codebook.csv"
    codebook.write_text(codebook.read_text().replace("name,5,6", "name,5,5"))
    again = build_dataset(ProjectSettings.from_pyproject(drafted.path))
    assert again.is_fresh
    assert again.manifest.sha256 == inputs  # the same rows


def test_without_a_codebook_the_line_that_writes_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no codebook beside it") as raised:
        open_text(tmp_path, codebook="").__enter__()
    line = raised.value.hint.partition("such as: ")[2]
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
    assert shlex.split(line)[-1] == "birds.codebook.csv"
    with open_text(tmp_path, codebook="") as records:
        assert records.header == ["id", "name"]


@pytest.mark.parametrize(
    ("codebook", "told"),
    [
        ("column,start,width\n", "line 1: it names no column"),
        ("column,start,width\nid,1,4\n,5,6\n", "line 3: no name"),
        ("column,start,width\nid,one,4\n", "line 2: no whole numbers of where `id` is"),
        ("column,start,width\nid,0,4\n", "begins before 1"),
        ("column,start,end\nid,5,4\n", "is of no width"),
        ("column,start\nid,5\n", "no whole numbers"),
    ],
)
def test_a_bad_codebook_is_told_with_its_line(tmp_path: Path, codebook: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        open_text(tmp_path, codebook=codebook).__enter__()
