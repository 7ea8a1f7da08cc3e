"""Numbers that are written otherwise than by programs, and numbers that are codes."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice

from microcosm_sqlite.authoring.drafting.from_files.column_kind import classify
from microcosm_sqlite.authoring.drafting.from_files.column_texts import ColumnTexts
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.keys import is_called_key
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.model_names import spell_words
from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.values.date_formats import (
    NUMBER_FORMATS,
    add_negatives,
    compile_number_format,
    find_number_formats,
)
from microcosm_sqlite.authoring.values.parsing import EXACT_DIGITS, SQLITE_SPACE
from microcosm_sqlite.common.kinds import INTEGER, KINDS, NUMBER, TEXT
from microcosm_sqlite.common.sql import quote_identifier, quote_text

_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(,[0-9]{3})+")
_SMALL = re.compile(r"-?[0-9]{1,3}")
_ENOUGH_THOUSANDS = 4
"""Different numbers with a comma in front of each three digits, before it is believed a mark."""

Texts = Callable[[], Iterable[str]]
"""Gives the texts of a column, each once or more, again each time."""


def find_number_styles(texts: Texts) -> list[str]:
    """The formats that every text is a number in.

    >>> find_number_styles(lambda: ["1.234,50", "7"]), find_number_styles(lambda: ["1,234"])
    (['1.234,5'], ['1,5', '1.234,5', '1 234,5', '1,234.5'])
    >>> find_number_styles(lambda: ["$1,234.50", "$7"]), find_number_styles(lambda: ["12 %"])[0]
    (['$1,234.5'], '1.5 %')
    >>> find_number_styles(lambda: ["7.50", "(2.25)"])[0], find_number_styles(lambda: ["7.5-"])[0]
    ('(1.5)', '1.5-')
    """
    found = add_negatives(find_number_formats(next(iter(texts()), "")))
    for text in texts():
        found = [style for style in found if spell(style, text)]
        if not found:
            break
    plain = [style for style in found if style[0] != "(" and style[-1] != "-"]
    return plain or found


def choose_number_style(found: list[str], texts: Texts, delimiter: str) -> str:
    """The one format of these, or an empty string where they disagree, or little speaks for any.

    Numbers with commas for points are believed where fields are parted by something else, and
    marks between thousands where there is a decimal mark as well, or where they are commas. What
    has a sign, as of a currency, stays text: its sign would be lost.

    >>> texts = lambda: ["1,50", "7"]
    >>> choose_number_style(["1,5"], texts, ";"), choose_number_style(["1,5"], texts, ",")
    ('1,5', '')
    """
    style = found[0] if found else ""
    if not style or style not in NUMBER_FORMATS:
        return ""
    if delimiter == "," and _has_thousands(texts):
        return "1,234.5"
    point, has_groups = style[-2:-1], len(style) > len("1,5")
    if point == delimiter == "," or len(list_meanings(found, texts)) > 1:
        return ""
    if has_groups and style[1] != "," and not any(point in text for text in texts()):
        return ""
    return "" if judge_spelled(style, texts).kind == TEXT else style


def _has_thousands(texts: Texts) -> bool:
    """Whether numbers of more than three digits have a comma in front of each three of them."""
    marked = set()
    for text in texts():
        if _THOUSANDS.fullmatch(text.strip()):
            marked.add(text)
        elif not _SMALL.fullmatch(text.strip()):
            return False
    return len(marked) >= _ENOUGH_THOUSANDS


def list_meanings(found: Iterable[str], texts: Texts) -> dict[str, str]:
    """One format for each way in which formats read some text, and what they make of it.

    >>> list_meanings(["1,5", "1.234,5", "1,234.5"], lambda: ["7", "1,234"])
    {'1,5': '1,234 as 1.234', '1,234.5': '1,234 as 1234'}
    """
    meanings: dict[str, str] = {}
    for text in texts():
        for style in found:
            meanings.setdefault(spell(style, text), style)
        if len(meanings) > 1:
            return {style: f"{text} as {spelled}" for spelled, style in meanings.items()}
        meanings = {}
    return dict.fromkeys([*found][:1], "")


def judge_spelled(style: str, texts: Texts) -> Guess:
    """The evidence about the numbers that texts of a format are."""
    guess = Guess()
    for text in texts():
        guess.add(spell(style, text))
    return guess


def spell(style: str, text: str) -> str:
    """A number of a format as programs write it, or an empty string for other texts."""
    try:
        spelled = compile_number_format(style)(text)
    except ValueError:
        return ""
    return spelled if classify(spelled) in (INTEGER, NUMBER) else ""


def write_format(name: str, format_: str) -> str:
    """The setting that gives a column a format, as TOML."""
    return f"formats.{write_toml_key(name)} = {write_toml(format_)}"


_CODES = frozenset(
    {
        "barcode", "bic", "cusip", "ean", "fax", "fips", "gtin", "handy", "iban", "imei", "isbn",
        "issn", "mobile", "npi", "phone", "plz", "postal", "postcode", "siren", "siret", "sku",
        "ssn", "tel", "telefon", "telephone", "upc", "vat", "zip", "zipcode",
    }
)  # fmt: skip
_VERSIONS = frozenset(
    {"build", "chapter", "code", "dewey", "icd", "icd9", "icd10", "release", "rev",
        "revision", "section",
     "ver", "version"}
)  # fmt: skip
_LONG_CODE = 9
"""Digits that all numbers of few rows have, before they are thought to be codes."""
_FEW_ROWS = 100
_LONG_NUMBERS = "so few numbers, all of so many digits, may be codes"
_PRODUCT = re.compile("[0-9]+E[0-9]+")
"""A number with an exponent as no program writes it, but as rooms and products are called."""


def keep_codes(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    texts: Mapping[str, ColumnTexts],
) -> None:
    """Leave a column text where a number would not keep what its texts may mean.

    Args:
        connection: To the database that the table was loaded into.
        table: The table.
        column: The column, of numbers.
        texts: The texts of each column of numbers.
    """
    own, twins, is_even = texts[column.name], None, False
    if column.kind == NUMBER and (column.odd or column.format):
        is_even = not column.format and have_same_places(own())
        twins = None if is_even else find_twins(connection, table, column)
    if twins:
        reason = f"{' and '.join(twins)} would be the same; if they are"
    else:
        reason = find_code_reason(table, column, own, is_even=is_even)
    if thousands := find_thousands(table, column, texts):
        column.hint, column.kind = thousands, TEXT
    elif reason:
        setting = f"set `{write_format(column.name, column.format)}`, and " if column.format else ""
        cure = f"{setting}put {KINDS[column.kind].model_type.partition(':')[2]} in the model"
        column.hint = f"{column.kind}, but {reason}, {cure}"
        column.kind, column.format = TEXT, ""


def find_code_reason(
    table: InferredTable, column: InferredColumn, texts: ColumnTexts, *, is_even: bool
) -> str:
    """Why the numbers of a column may be codes, which have to stay as they are written, or "".

    Args:
        table: The table.
        column: The column.
        texts: Its texts.
        is_even: Whether it is known that they have the same places, so none has an exponent.
    """
    words = set(spell_words(column.name).split("_"))
    if column.kind == INTEGER:
        if words & _CODES:
            return "numbers of that name are mostly codes; if these are none"
        lengths = {len(text.strip()) for text in texts()} if table.row_count < _FEW_ROWS else set()
        is_key = is_called_key(column.name, table.name)
        is_long = len(lengths) == 1 and min(lengths) >= _LONG_CODE and not is_key
        return f"{_LONG_NUMBERS}; if they are none" if is_long else ""
    if words & _VERSIONS and not all(text.strip().endswith(".0") for text in texts()):
        return "numbers of that name may be versions, as 1.1 and 1.10 are, or codes; if not"
    may_have_exponents = column.odd and not is_even
    if may_have_exponents and any(_PRODUCT.fullmatch(each.strip()) for each in texts.find("E")):
        return "what looks like an exponent may belong to a code; if it does not"
    if column.kind == NUMBER and not column.format and _count_parts(texts()):
        return "these may count sections or versions, as 1.9, 1.10, 1.11; if they are numbers"
    return ""


def find_thousands(table: InferredTable, column: InferredColumn, texts: Mapping[str, Texts]) -> str:
    """A sentence on points that may stand between thousands, where semicolons part the fields.

    Args:
        table: The table.
        column: One of its columns of numbers.
        texts: The texts of each of them; a fraction in one tells that points are decimal.
    """
    raw = table.file
    if not isinstance(raw, RawFile) or raw.options.delimiter != ";":
        return ""
    if column.kind != NUMBER or column.format:
        return ""
    if not all(_POINTS.fullmatch(text.strip()) for each in texts.values() for text in each()):
        return ""
    shown = next((text.strip() for text in texts[column.name]() if "." in text), "")
    setting = write_format(column.name, "1.234,5")
    return shown and (
        f"number, but {shown} may be {shown.replace('.', '')}, with a point between thousands; "
        f"if so, set `{setting}`, and put Integer in the model, else Double"
    )


_POINTS = re.compile(r"-?[1-9][0-9]{0,2}(\.[0-9]{3})?|0")


def _count_parts(texts: Iterable[str]) -> bool:
    """Whether what stands behind the points counts up from 1, to 10 and more.

    >>> _count_parts(["1.1", "1.2", "1.9", "1.11", "2.1"]), _count_parts(["1.5", "1.25", "2.75"])
    (True, False)
    """
    parts: dict[str, set[int]] = defaultdict(set)
    for text in texts:
        matched = _PART.fullmatch(text.strip())
        if not matched:
            return False
        parts[matched[1]].add(int(matched[2]))
    is_dense = all(max(counted) <= _SPARSEST * len(counted) for counted in parts.values())
    return is_dense and max(map(max, parts.values()), default=0) > _LAST_DIGIT


_PART = re.compile(r"([0-9]{1,3})\.([1-9][0-9]{0,2})")
_SPARSEST, _LAST_DIGIT = 3, 9


def find_twins(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
) -> tuple[str, str] | None:
    """Two texts of a column of numbers that are one number, such as versions 1.1 and 1.10."""
    source, name = quote_identifier(table.name), quote_identifier(column.name)
    text = f"trim({name}, {quote_text(SQLITE_SPACE)})"
    if column.format:
        connection.create_function("spell", 1, partial(spell, column.format), deterministic=True)
        text = f"spell({name})"
    found: tuple[str, str] | None = connection.execute(
        f"SELECT min(text), max(text) FROM (SELECT DISTINCT {text} AS text FROM {source} "
        f"WHERE {name} NOTNULL) GROUP BY CAST(text AS REAL) HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found


def have_same_places(texts: Iterator[str]) -> bool:
    """Whether all numbers have a point, with as many digits behind it: no two are the same then.

    So few digits that a double keeps them all, nothing but digits around the point, and zero
    without a sign.

    >>> have_same_places(iter(["1.50", "-2.25"])), have_same_places(iter(["1.5", "1.50"]))
    (True, False)
    """
    form: re.Pattern[str] | None = None
    while some := list(islice(texts, _SOME)):
        if form is None:
            places = len(some[0].partition(".")[2])
            number = rf"(?!-[0.]+\n)-?[0-9]+\.[0-9]{{{max(places, 1)}}}"
            form = re.compile(rf"\n(?!\Z|{number}\n)")
        if form.search("\n".join(["", *some, ""])) or max(map(len, some)) > EXACT_DIGITS + 1:
            return False
    return True


_SOME = 4096
"""Texts that are looked at together."""
