"""Reading all rows at once gives those that `csv.reader` gives, or fails on the same line."""

from __future__ import annotations

import csv
import io
from itertools import chain, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources import row_reader
from microcosm_sqlite.authoring.sources.row_reader import RowReader

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
