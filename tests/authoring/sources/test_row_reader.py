"""All rows at once are those of `csv.reader`; a repair replaces its lines, and no other."""

from __future__ import annotations

import csv
import io
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources import row_reader
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock, RowReader, write_row
from microcosm_sqlite.errors import SourceError

DIALECT: dict[str, Any] = {
    "delimiter": ",",
    "quotechar": '"',
    "quoting": csv.QUOTE_MINIMAL,
    "escapechar": None,
    "skipinitialspace": False,
    "strict": True,
}
VARIANTS = [
    {},
    {"delimiter": ";"},
    {"quotechar": None, "quoting": csv.QUOTE_NONE},
    {"skipinitialspace": True},
    {"escapechar": "\\"},
]

pieces = st.sampled_from(['"', '""', ",", ";", "\n", "\r\n", "\r", "a", "é", "\u2028", " ", "\\"])


@pytest.mark.parametrize("variant", VARIANTS)
@given(text=st.lists(pieces, max_size=60).map("".join), size=st.integers(1, 20))
def test_all_rows_are_those_of_the_csv_module(
    variant: dict[str, Any], text: str, size: int
) -> None:
    dialect = DIALECT | variant
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_reader, "BLOCK_SIZE", size)
        assert read(RowReader(io.StringIO(text, newline=""), dialect), at_once=True) == read(
            csv.reader(io.StringIO(text, newline=""), **dialect), at_once=False
        )


def read(reader: Any, *, at_once: bool) -> tuple[list[list[str]], tuple[str, int] | None]:
    """The rows, and what went wrong on which line; the first row is read by itself."""
    try:
        rows = list(filter(None, islice(reader, 1)))
        rows += chain.from_iterable(reader.read_blocks()) if at_once else filter(None, reader)
    except csv.Error as error:
        return [], (str(error), reader.line_num)
    return rows, None


def test_text_without_quotes_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowReader, "_parse", lambda *_: pytest.fail("the long way was taken"))
    reader = RowReader(io.StringIO("a,b\r\n\r\nc,d\ne,f", newline=""), DIALECT)
    assert list(chain.from_iterable(reader.read_blocks())) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert reader.line_num == 4


TEXT = 'note\na,b\n1,x\n2,"y\n3,z\nsum,,3\nend\n'
REPAIRS = (
    Repair.of(1, "preamble", ["note"]),
    Repair.of(4, "stray-quote", ['2,"y'], ["2", '"y']),
    Repair.of(6, "footer", ["sum,,3", "end"]),
)


def open_text(folder: Path, text: str, *repairs: Repair, **options: object) -> DelimitedOpener:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    source = SourceFile(path, "sources/t.csv", "csv")
    return DelimitedOpener(source, CsvOptions(**options), repairs=repairs)  # type: ignore[arg-type]


def test_rows_keep_the_numbers_of_their_lines(tmp_path: Path) -> None:
    with open_text(tmp_path, TEXT, *REPAIRS)() as records:
        assert records.header == ["a", "b"]
        rows = [(3, ["1", "x"]), (4, ["2", '"y']), (5, ["3", "z"])]
        assert [*records.numbered()] == rows
    with open_text(tmp_path, TEXT, *REPAIRS[1:], skip_lines=1)() as records:
        assert [*records] == [row for _, row in rows]
    with open_text(tmp_path, TEXT.replace("\n", "\r\n"), *REPAIRS)() as records:
        assert [*records] == [row for _, row in rows]
    assert open_text(tmp_path, TEXT * 1000, *REPAIRS).split(4) == []


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('2,"y', '2,"Y'),
        "new\n" + TEXT,
        TEXT.replace("end\n", ""),
        TEXT.replace("end", "End"),
    ],
)
def test_a_repair_of_lines_that_have_changed_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError) as raised, open_text(tmp_path, text, *REPAIRS)() as records:
        list(records)
    assert "repairs.toml repairs" in raised.value.message
    assert "the source has changed there since" in raised.value.message
    assert "Delete that repair from repairs.toml" in raised.value.hint


def test_an_empty_file_is_one_only_while_it_is_empty(tmp_path: Path) -> None:
    repair = Repair.of(1, "empty-file", [""])
    for text in ("", "\n \n"):
        with open_text(tmp_path, text, repair)() as records:
            assert (records.header, [*records], records.is_empty) == ([], [], True)
    with (
        pytest.raises(SourceError, match="has changed"),
        open_text(tmp_path, "\na,b\n", repair)(),
    ):
        pass


dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t |"),
        "quotechar": st.sampled_from(['"', "'", None]),
        "escapechar": st.sampled_from(["\\", None]),
        "skipinitialspace": st.booleans(),
    }
)


@given(st.lists(st.text(st.sampled_from("a ,;|'\"\\\n\r\t"), max_size=6), min_size=1), dialects)
def test_a_row_is_written_so_that_it_is_read_again_or_not_at_all(
    fields: list[str], dialect: dict[str, object]
) -> None:
    dialect |= {"strict": True}
    if not dialect["quotechar"]:
        dialect["quoting"] = csv.QUOTE_NONE
    try:
        text = write_row(fields, dialect)
    except ValueError:
        return
    assert next(csv.reader(text.splitlines(keepends=True), **dialect)) == fields  # type: ignore[arg-type]


fields = st.sampled_from(["", "a", " ", "é", "1"])


@given(st.lists(st.lists(fields, min_size=2, max_size=3), min_size=1, max_size=6))
def test_columns_are_split_where_all_rows_have_one_width(rows: list[list[str]]) -> None:
    block = PlainBlock("".join(f"{';'.join(row)}\n" for row in rows), ";")
    for width in (2, 3):
        are_even = all(len(row) == width for row in rows)
        expected = [list(column) for column in zip(*rows, strict=True)] if are_even else []
        assert block.split_columns(width) == expected


def test_lines_of_one_column_are_split() -> None:
    assert PlainBlock("a,b\n c\n", "\x1e").split_columns(1) == [["a,b", " c"]]
