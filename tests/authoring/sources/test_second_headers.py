"""A second row of the header is told where it is one, and not where it is a row of data."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.sources.second_headers import describe_second_header

HEADER = ["Respondent", "Which fruit?", "", "", "Age"]
SECOND = ["", "Apple", "Pear", "Plum", ""]
ROWS = [["1", "Apple", "", "Plum", "33"], ["2", "", "Pear", "", "41"], ["3", "Apple", "", "", "9"]]
JOINED = ["Respondent", "Apple", "Pear", "Plum", "Age"]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_it_is_told_and_written_as_one_row_it_is_gone(tmp_path: Path, format_: str) -> None:
    reports = []
    for name, rows in {"two": [HEADER, SECOND, *ROWS], "one": [JOINED, *ROWS]}.items():
        (tmp_path / name).mkdir()
        file = tmp_path / name / f"t.{format_}"
        if format_ == "csv":
            with file.open("w", newline="") as stream:
                csv.writer(stream).writerows(rows)
        else:
            openpyxl = pytest.importorskip("openpyxl")
            pytest.importorskip("python_calamine")
            workbook = openpyxl.Workbook()
            for row in rows:
                workbook.active.append([int(v) if v.isdigit() else v or None for v in row])
            workbook.save(file)
        reports.append(draft_project(tmp_path / f"{name}-data", tmp_path / name).report)
    line = 1 if format_ == "csv" else 2
    assert any(f"note: row {line} may belong to the header" in told for told in reports[0])
    assert not any("may belong to the header" in told for told in reports[1])


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (JOINED, ROWS),
        (HEADER, ROWS),
        (HEADER, [SECOND]),
        (HEADER, [["", "7", "8", "9", ""], *ROWS]),
        (HEADER, [SECOND, ["", "Apple", "", "", ""], *ROWS]),
        (["", "a"], [["x", ""], ["y", ""], ["z", "1"]]),
        ([], []),
    ],
)
def test_other_rows_are_data(header: list[str], rows: list[list[Any]]) -> None:
    assert not [*describe_second_header(header, rows, 1)]
