"""Rows that end in another character than a newline are refused by name, in drafts and builds."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.row_ends import refuse_row_ends
from microcosm_sqlite.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = ["code,name,size", "a,Red,3", "b,Blue,4", "c,Green,5"]
ENDS = ["\x1e", "\x0b", "\x0c", "\x1c", "\x1d", "\x85", "\u2028", "\u2029"]


def draft(folder: Path) -> Path:
    return draft_project(folder.parent / "t-data", folder).path


def read_rows(project: Path) -> list[tuple[object, ...]]:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        return connection.execute("SELECT code, name, size FROM t ORDER BY code").fetchall()


def follow(hint: str, text: str) -> str:
    """Do what the hint says: it is Python."""
    changed: str = eval(hint.partition("in Python, ")[2].removesuffix("."), {"text": text})
    return changed


@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_such_rows_are_refused_by_the_name_of_the_character(
    tmp_path: Path, end: str, newline: str
) -> None:
    path = tmp_path / "t.csv"
    text = "".join(f"{row}{end}{newline}" for row in ROWS)
    path.write_text(text, "utf-8", newline="")
    opener = DelimitedOpener(SourceFile(path, path.name, "csv"), CsvOptions())
    code = re.escape(f"U+{ord(end):04X}" if end > "\x7f" else f"0x{ord(end):02X}")
    with pytest.raises(SourceError, match=rf"^t\.csv: its rows end in a .*\({code}\)") as told:
        opener().__enter__()
    path.write_text(follow(told.value.hint or "", text), "utf-8", newline="")
    with opener() as records:
        assert [records.header, *records] == [row.split(",") for row in ROWS]


@pytest.mark.parametrize("newline", ["", "\n"])
def test_drafts_and_builds_refuse_them_until_the_hint_is_followed(
    tmp_path: Path, newline: str
) -> None:
    source = tmp_path / "in/t.csv"
    source.parent.mkdir()
    text = "".join(f"{row}\x1e{newline}" for row in ROWS)
    source.write_text(text, "utf-8", newline="")
    with pytest.raises(SourceError, match="record separator") as told:
        draft(source.parent)
    source.write_text(follow(told.value.hint or "", text), "utf-8", newline="")
    project = draft(source.parent)
    copy = next(project.rglob("t.csv"))
    copy.write_text(text, "utf-8", newline="")  # a later edition
    with pytest.raises(SourceError, match="record separator") as told:
        read_rows(project)
    copy.write_text(follow(told.value.hint or "", text), "utf-8", newline="")
    assert read_rows(project) == [("a", "Red", 3), ("b", "Blue", 4), ("c", "Green", 5)]


@pytest.mark.parametrize(
    ("text", "delimiter", "is_refused"),
    [
        ("a\x1eb\x1ec", ",", True),  # one column
        ("a\x1fb\x1e1\x1f2\x1e", ",", True),
        ("a,b\x1e" + "1,2\x1e" * 30_000, ",", True),  # the head ends within a row
        ("a,b\r1,2\r", ",", False),
        ("a\x1cb\x1cc", "\x1c", False),  # a delimiter
        ("a,b\x0c", ",", False),  # one row
        ("a\x0bb\x0bc,d", ",", False),  # a text of several lines in a field
        ("a,b\x0c\n1,2\n3,4\x0c\n", ",", False),  # pages
        ("a,b\n\x0c1,2\n", ",", False),
        ("a\x0c\n", ",", False),
        ("", ",", False),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_others_are_left_alone(tmp_path: Path, text: str, delimiter: str, is_refused: bool) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8", newline="")
    find: Callable[[], None] = lambda: refuse_row_ends(path, "utf-8", delimiter, "t.csv")  # noqa: E731
    if is_refused:
        with pytest.raises(SourceError, match="rows end in a record separator"):
            find()
    else:
        find()


def test_bytes_of_other_encodings_are_other_characters(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b…1,2…3,4…".encode("cp1252"))  # 0x85
    refuse_row_ends(path, "cp1252", ",", "t.csv")
