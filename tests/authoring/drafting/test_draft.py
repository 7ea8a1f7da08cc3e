"""What a draft keeps of its sources that a simpler one would lose."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project


def draft(tmp_path: Path, script: str) -> tuple[str, tuple[str, ...]]:
    """Draft a database; return the models and the report."""
    with closing(sqlite3.connect(tmp_path / "birds.db")) as connection:
        connection.executescript(script)
    made = draft_project(tmp_path / "birds-data", tmp_path / "birds.db")
    return (made.path / "src/birds_data/models.py").read_text("utf-8"), made.report


def test_rows_of_one_table_are_found_by_the_column_that_their_key_names(tmp_path: Path) -> None:
    models, _ = draft(
        tmp_path,
        "CREATE TABLE birds (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
        " parent TEXT REFERENCES birds (code))",
    )
    assert "remote_side=[code]" in models
    assert "remote_side=[parent]" in models


def test_a_key_keeps_the_order_of_its_columns(tmp_path: Path) -> None:
    models, report = draft(
        tmp_path,
        "CREATE TABLE birds (a TEXT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)) WITHOUT ROWID",
    )
    assert 'PrimaryKeyConstraint("b", "a")' in models
    assert "  key: b, a (declared)" in report


def draft_file(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").write_text(text)
    return "\n".join(draft_project(tmp_path / "birds-data", folder).report)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["1.1", "1.2", "1.10"], "number, but 1.1 and 1.10 would be the same"),
        (["250.00", "250.0", "1"], "number, but 250.0 and 250.00 would be the same"),
        (["1.50", "2.25", "10.00"], "  code: number"),
        (["1.0", "2.5", "1e1"], "  code: number"),
    ],
)
def test_texts_that_differ_in_zeros_alone_stay_different(
    tmp_path: Path, texts: list[str], told: str
) -> None:
    rows = "".join(f"{number},{text}\n" for number, text in enumerate(texts))
    assert told in draft_file(tmp_path, f"id,code\n{rows}")


def test_numbers_of_too_many_digits_are_told_as_such(tmp_path: Path) -> None:
    report = draft_file(tmp_path, "id,text\n135217135789158401,a\n1352171357E+5,b\n")
    assert "would be number, but some have more digits than a number keeps" in report
    assert "but for ;" not in report


def test_a_link_among_the_sources_is_told(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("id\n1\n")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").symlink_to(tmp_path / "outside.csv")
    report = draft_project(tmp_path / "birds-data", folder).report
    assert f"  note: birds.csv is a link, so {tmp_path / 'outside.csv'} was copied" in report


def test_a_draft_that_fails_while_it_copies_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "birds.csv").write_text("id\n1\n")
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="No space left"):
        draft_project(tmp_path / "birds-data", tmp_path / "files")
    assert [path.name for path in tmp_path.iterdir()] == ["files"]
