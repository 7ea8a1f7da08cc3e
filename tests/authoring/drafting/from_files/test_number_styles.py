"""Numbers in other styles are read as what they are, and codes stay as they are written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.number_styles import (
    choose_number_style,
    find_number_styles,
)
from microcosm_sqlite.authoring.project.source_options import TableOptions
from microcosm_sqlite.authoring.values.date_formats import NUMBER_FORMATS, compile_number_format
from microcosm_sqlite.authoring.values.layout import TableRules

numbers = st.decimals(
    min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=2
)


def write_number(number: Decimal, style: str) -> str:
    """As a spreadsheet of that style does."""
    group = style[1] if len(style) > 3 else ""
    return f"{number:,}".translate({ord(","): group, ord("."): style[-2]})


@given(numbers, st.sampled_from(NUMBER_FORMATS))
def test_a_number_is_read_as_it_was_written(number: Decimal, style: str) -> None:
    text = write_number(number, style)
    assert Decimal(compile_number_format(style)(text)) == number
    assert style in find_number_styles(lambda: [text])


@given(st.lists(numbers, min_size=1), st.sampled_from(NUMBER_FORMATS))
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
    ("format_", "texts"),
    [
        ("$1,234.5", {"$1,234.50": "1234.50", "-$7": "-7", "$-7": "-7", "$ 7": "7"}),
        ("1.234,5 €", {"1.234,50 €": "1234.50", "7€": "7", "-7,5 €": "-7.5"}),
        ("1.5%", {"12%": "12", "12.5 %": "12.5", "+3%": "+3"}),
    ],
)
def test_signs_of_currencies_and_per_cent_are_left_out(format_: str, texts: dict[str, str]) -> None:
    assert {text: compile_number_format(format_)(text) for text in texts} == texts
    for text in ("7", "7 £", "--7", "x"):
        with pytest.raises(ValueError, match="a number in the format"):
            compile_number_format(format_)(text)


def infer_column(
    folder: Path, name: str, texts: list[str], delimiter: str = ","
) -> tuple[str, str]:
    rows = [f'{number}{delimiter}"{text}"' for number, text in enumerate(texts)]
    (folder / "t.csv").write_text("\n".join([f"id{delimiter}{name}", *rows, ""]))
    column = infer_folder(folder).tables["t"].columns[name]
    return column.kind, column.hint


CODES = {
    "versions": ("version", ["1.1", "1.2", "1.10"]),
    "versions of one digit": ("version", ["1.1", "1.2", "1.3"]),
    "diagnoses": ("icd", ["250.0", "250.00", "401.9"]),
    "zeros": ("v", ["1.5", "1.50", "2.5"]),
    "exponents": ("v", ["1E1", "10", "7"]),
    "products": ("v", ["1E1", "2E3", "7"]),
    "telephones": ("phone", ["5551234567", "5559876543", "5551112222"]),
    "long numbers": ("contact", ["5551234567", "5559876543", "5551112222"]),
    "postcodes": ("zip", ["10115", "20095", "80331"]),
}


@pytest.mark.parametrize("case", CODES)
def test_what_may_be_a_code_stays_as_it_is_written(tmp_path: Path, case: str) -> None:
    name, texts = CODES[case]
    kind, hint = infer_column(tmp_path, name, texts)
    assert kind == "text"
    assert hint.startswith(("number, but ", "integer, but "))
    assert " in the model" in hint


NUMBERS = {
    "prices": ("price", ["1.50", "2.25", "10.00"], ",", "number"),
    "exponents of programs": ("v", ["1.5", "1e-05", "2e+10"], ",", "number"),
    "large numbers": ("population", ["1234567890", "234567890", "34567890"], ",", "integer"),
    "versions of pandas": ("code", ["1.0", "2.0", "3.0"], ",", "number"),
    "thousands": ("v", ["1,234", "12,345", "999", "2,000", "3,500"], ",", "integer"),
    "thousands and points": ("v", ["1,234.5", "12,345.25", "1,000,000"], ",", "number"),
    "thousands of millions": ("v", ["1,234,567", "1,234"], ";", "integer"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_numbers(tmp_path: Path, case: str) -> None:
    name, texts, delimiter, kind = NUMBERS[case]
    assert infer_column(tmp_path, name, texts, delimiter) == (kind, "")


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["$1,234.50", "$7"], 'set `formats.v = "$1,234.5"`, and put Double in the model'),
        (["12%", "3%"], 'set `formats.v = "1.5%"`, and put Integer in the model'),
        (["1,234", "7"], '`formats.v = "1,234.5"` (which reads 1,234 as 1234)'),
    ],
)
def test_a_hint_names_the_format_that_reads_all_texts(
    tmp_path: Path, texts: list[str], told: str
) -> None:
    kind, hint = infer_column(tmp_path, "v", texts, ";")
    assert kind == "text"
    assert told in hint
