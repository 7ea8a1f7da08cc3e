"""Delimited text gives the rows of its dialect; the parts of a file give the rows of the whole."""

from __future__ import annotations

import csv
import io
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources import delimited
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener, fill_row, find_spans
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError

fields = st.text('ab",\n é', max_size=6)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=40
    )
)


def open_file(path: Path, **options: object) -> DelimitedOpener:
    """An opener of the file."""
    return DelimitedOpener(SourceFile(path, path.name, "csv"), CsvOptions(**options))  # type: ignore[arg-type]


def read(opener: DelimitedOpener) -> list[list[str]]:
    with opener() as records:
        return list(records)


def write(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    path.write_text(text.getvalue(), "utf-8", newline="")


@given(rows=tables, count=st.integers(2, 6))
def test_the_parts_of_a_file_give_its_rows_in_turn(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], count: int
) -> None:
    path = tmp_path_factory.mktemp("parts") / "rows.csv"
    header = [f"column{number}" for number in range(len(rows[0]))]
    write(path, [header, *rows])
    whole = open_file(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "SMALLEST_PART", 8)
        parts = whole.split(count)
    assert read(whole) == rows
    assert len(parts) <= count
    assert not parts or list(chain.from_iterable(map(read, parts))) == rows


@given(rows=tables, count=st.integers(2, 6))
def test_spans_cover_the_file_and_begin_with_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], count: int
) -> None:
    path = tmp_path_factory.mktemp("spans") / "rows.csv"
    write(path, rows)
    content = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "SMALLEST_PART", 8)
        spans = find_spans(path, CsvOptions(), count)
    assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]
    for begin, _ in spans:
        assert content[:begin].count(b'"') % 2 == 0
        assert begin == 0 or content[begin - 1 : begin] == b"\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le"])
def test_text_whose_newlines_are_no_bytes_is_not_cut(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "SMALLEST_PART", 8)
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 100, encoding)
    opener = open_file(path, encoding=encoding)
    assert opener.split(4) == []
    assert len(read(opener)) == 100


def test_errors_and_rows_are_numbered_by_the_lines_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('# comment\na,b\n1,"x\ny"\n\n# comment\n2,z\n3,"\n', "utf-8")
    with open_file(path, comment="#")() as records:
        rows = records.numbered()
        assert [next(rows), next(rows)] == [(3, ["1", "x\ny"]), (7, ["2", "z"])]
    with pytest.raises(SourceError, match=r"rows\.csv, line 8: a quote is opened and not closed"):
        read(open_file(path, comment="#"))


def test_a_file_without_a_header_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\n\n")
    with pytest.raises(SourceError, match=r"rows\.csv is empty"):
        read(open_file(path))


@given(st.lists(st.sampled_from(["", "x"]), max_size=5), st.integers(1, 5))
def test_filling_a_row_loses_nothing(row: list[str], width: int) -> None:
    filled = fill_row(row, width)
    assert len(filled) == width or filled == row
    assert [field for field in filled if field] == [field for field in row if field]
    assert filled[: len(row)] == row[: len(filled)]


def test_fields_of_blanks_behind_the_last_column_are_left_out_and_others_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('a;b\n"1";" ";"\n"\n"2";"3";x\n', "utf-8")
    opener = open_file(path, delimiter=";", fills_rows=True)
    assert read(opener) == [["1", " "], ["2", "3", "x"]]


def test_spaces_behind_a_closing_quote_are_left_out_and_those_of_texts_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('a,b\n"x, y" ,2\n"say "" , z" , 5"\n', "utf-8")
    opener = open_file(path, skip_initial_space=True)
    assert read(opener) == [["x, y", "2"], ['say " , z', '5"']]
    path.write_text('a,b\n"one\n" , "q "" ,\n" \n', "utf-8")
    assert read(opener) == [["one\n", 'q " ,\n']]
