"""Numbers of spreadsheets and of other countries are read as what they are, or not at all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.from_files.hints import (
    STYLES,
    choose_number_style,
    find_number_styles,
)
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.project.source_options import TableOptions
from microcosm_sqlite.authoring.values.date_formats import compile_number_format
from microcosm_sqlite.authoring.values.layout import TableRules

numbers = st.decimals(
    min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=2
)


def write_number(number: Decimal, style: str) -> str:
    """As a spreadsheet of that style does."""
    group = style[1] if len(style) > 3 else ""
    return f"{number:,}".translate({ord(","): group, ord("."): style[-2]})


@given(numbers, st.sampled_from(STYLES))
def test_a_number_is_read_as_it_was_written(number: Decimal, style: str) -> None:
    text = write_number(number, style)
    assert Decimal(compile_number_format(style)(text)) == number
    assert style in find_number_styles(lambda: [text])


@given(st.lists(numbers, min_size=1), st.sampled_from(STYLES))
def test_a_chosen_style_reads_every_number_of_the_column(column: list[Decimal], style: str) -> None:
    texts = [write_number(number, style) for number in column]
    chosen = choose_number_style(find_number_styles(lambda: texts), lambda: texts, ";")
    assert chosen
    assert [Decimal(compile_number_format(chosen)(text)) for text in texts] == column


@pytest.mark.parametrize(
    ("texts", "delimiter", "style"),
    [
        (["1,5", "12"], ";", "1,5"),
        (["1,5", "12"], ",", ""),
        (["1,234"], ";", ""),
        (["1,234", "0,5"], ";", "1,5"),
        (["1,234", "1,234,567"], ",", "1,234.5"),
        (["1.234.567"], ";", ""),
        (["1.234.567", "1,5"], ";", "1.234,5"),
        (["123 456"], ";", ""),
        (["1,2,3"], ";", ""),
        (["0123,5"], ";", ""),
        (["+49 170"], ";", ""),
        (["5 %"], ";", ""),
    ],
)
def test_a_style_is_chosen_only_where_it_is_told(
    texts: list[str], delimiter: str, style: str
) -> None:
    assert choose_number_style(find_number_styles(lambda: texts), lambda: texts, delimiter) == style


@pytest.mark.parametrize("type_", [sa.Double(), sa.Numeric(12, 2), sa.BigInteger()])
def test_columns_of_numbers_take_their_format_and_nothing_else(type_: sa.Integer) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", type_))
    rule = TableRules.of(table, dialect(), TableOptions(formats={"x": "1.234,5"})).by_name["x"]
    assert rule.convert("1.234.567") == 1234567
    assert rule.convert("") is None
    assert not rule.is_plain
    for text in ("1,234.5", "12.34", "x", "1 234"):
        with pytest.raises(ValueError, match=r"a number in the format 1\.234,5"):
            rule.convert(text)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("id,v\n1,2\n2,3\nid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeffid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeff3,4\n4,5\n", "row 3 begins with a byte order mark"),
    ],
)
def test_a_joint_of_files_is_told(text: str, remark: str, tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text(text)
    table = infer_folder(tmp_path).tables["readings"]
    assert any(remark in each for each in table.remarks)
    assert not any(column.hint for column in table.columns.values())


def test_one_file_has_no_joints(tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text("id,v\n1,2\n2,NA\n3,4\n")
    table = infer_folder(tmp_path).tables["readings"]
    assert table.remarks == ()
    assert table.columns["v"].hint
