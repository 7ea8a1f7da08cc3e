"""Keys, enumerations and booleans are made where there is evidence enough; others are told."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.from_files import key_search
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from tests.support.columns import make_codes, make_days, make_words, write_stints

DICE = random.Random(63)
YEARS = [str(year) for year in range(1990, 2024)]


def infer(folder: Path, name: str, header: str, rows: Iterable[str]) -> InferredTable:
    (folder / f"{name}.csv").write_text("\n".join([header, *rows, ""]), "utf-8")
    return infer_folder(folder).tables[name]


NUMBERS = [str(number) for number in range(1, 400)]
SCATTERED = [str(number) for number in DICE.sample(range(10**6), 40)]

FOUND = {
    "numbers of rows": ("birds", "id,v", NUMBERS[:2]),
    "called after the table": ("birds", "bird_id,v", NUMBERS[:3]),
    "called a code": ("families", "code,v", make_codes(10)),
    "called as the table is": ("countries", "country,v", make_words(12)),
    "airports": ("airports", "faa,v", make_codes(1400)),
    "codes": ("planes", "tailnum,v", [f"N{number}XY" for number in SCATTERED * 3][:40] + [
        f"M{number}AB" for number in DICE.sample(range(10**6), 80)]),
    "years": ("seasons", "year,v", YEARS),
    "days": ("weather", "date,v", make_days(60)),
    "months": ("jobs", "month,v", [f"{year}-{month:02}-01" for year in YEARS for month in (1, 2)]),
}  # fmt: skip
TOLD = {
    "first names": ("riots", "first_name,v", make_words(63)),
    "three rows": ("phones", "name,v", make_words(3)),
    "three codes": ("families", "code,v", make_codes(3)),
    "numbers far apart": ("sales", "amount,v", SCATTERED),
    "some days": ("events", "day,v", [f"{date(2000, 1, 1) + timedelta(days=n)}" for n in
                                      sorted(DICE.sample(range(9000), 40))]),
}  # fmt: skip


COUNTS = [str(number) for number in range(7, 2007)]


@pytest.mark.parametrize(
    ("header", "ids", "is_key"),
    [
        ("id,v", COUNTS, True),
        ("id,v", [*COUNTS, "9000"], True),  # which count no longer at the end
        ("id,v", COUNTS[::-1], True),
        ("id,v", [*COUNTS, COUNTS[-1]], False),
        ("id,v", [*COUNTS, COUNTS[0]], False),
        ("id,rowid,_rowid_,oid", COUNTS, True),
    ],
)
def test_numbers_that_count_the_rows_are_a_key_as_others_are(
    tmp_path: Path, header: str, ids: list[str], is_key: bool
) -> None:
    rest = ",x" * header.count(",")
    table = infer(tmp_path, "birds", header, [f"{number}{rest}" for number in ids])
    assert table.primary_key == (("id",) if is_key else ())


@pytest.mark.parametrize("case", FOUND)
def test_a_key_is_made_where_there_is_evidence(tmp_path: Path, case: str) -> None:
    name, header, values = FOUND[case]
    table = infer(tmp_path, name, header, [f"{value},x" for value in dict.fromkeys(values)])
    assert table.primary_key == (header.split(",")[0],)


MEASURED = {
    "no value in one row": ["NA", *(f"{DICE.random():.9f}" for _ in range(249))],
    "many digits": [f"{DICE.random():.18f}" for _ in range(250)],
    "a word in one row": ["open", *(str(number) for number in DICE.sample(range(10**6), 249))],
}
"""Texts that would be numbers, but for something that the author knows."""


@pytest.mark.parametrize("header", ["size,group,part", "group,size,part"])
@pytest.mark.parametrize("case", MEASURED)
def test_texts_that_would_be_numbers_are_neither_keys_nor_refer_to_any(
    tmp_path: Path, case: str, header: str
) -> None:
    sizes = MEASURED[case]
    rows = (
        dict(zip(("size", "group", "part"), (size, str(n % 5), sizes[n // 2]), strict=True))
        for n, size in enumerate(sizes)
    )
    table = infer(tmp_path, "birds", header, [
        ",".join(row[name] for name in header.split(",")) for row in rows
    ])  # fmt: skip
    assert table.columns["size"].hint
    assert (table.primary_key, table.likely_key) == ((), "")
    assert not any(column.is_unique or column.reference for column in table.columns.values())


def test_a_key_may_have_letters_among_its_numbers(tmp_path: Path) -> None:
    table = infer(tmp_path, "families", "code,v", [f"{code},x" for code in [*range(1, 10), "X"]])
    assert table.columns["code"].hint
    assert table.primary_key == ("code",)


@pytest.mark.parametrize("case", TOLD)
def test_what_may_be_a_key_is_told_where_there_is_little_evidence(
    tmp_path: Path, case: str
) -> None:
    name, header, values = TOLD[case]
    table = infer(tmp_path, name, header, [f"{value},x" for value in values])
    assert table.primary_key == ()
    (suggestion,) = table.columns[header.split(",")[0]].suggestions
    assert suggestion.startswith(f"different in all {len(values)} rows; if it always is, ")


@pytest.mark.parametrize(
    ("header", "values", "is_unique"),
    [
        ("id,name", make_words(60), False),
        ("id,iso_code", make_codes(60), True),
        ("id,iso_code", make_codes(19), False),
        ("id,faa", make_codes(60), False),
        ("id,faa", make_codes(1200), True),
        ("id,title", make_words(1200), False),
    ],
)
def test_a_column_is_unique_where_there_is_evidence(
    tmp_path: Path, header: str, values: list[str], *, is_unique: bool
) -> None:
    rows = [f"{number},{value}" for number, value in enumerate(values)]
    column = list(infer(tmp_path, "birds", header, rows).columns.values())[1]
    assert column.is_unique == is_unique
    is_told = not is_unique and len(values) >= 20
    assert any("`unique=True`" in each for each in column.suggestions) == is_told


def write_hours() -> list[str]:
    hours = product(make_days(30), range(24), ("EWR", "JFK", "LGA"))
    return [f"{place},{day},{hour},{DICE.random()}" for day, hour, place in hours]


def write_scores() -> list[str]:
    keys = product("PQRS", range(5), "xyz", range(2020, 2025))
    return [f"{a},{b},{c},{d},{DICE.randint(1, 3)}" for a, b, c, d in keys]


def write_noise() -> list[str]:
    return [",".join(str(DICE.randint(1, 500)) for _ in range(6)) for _ in range(300)]


@pytest.mark.parametrize(
    ("header", "rows", "key"),
    [
        ("origin,day,hour,temp", write_hours(), ("origin", "day", "hour")),
        ("player,year,stint,team,G", write_stints(), ("player", "year", "stint")),
        ("a,b,c,d,e", write_scores(), ("a", "b", "c", "d")),
        ("a,b,c,d,e,f", write_noise(), ()),
        ("place,hour", [f"{p},{h}" for p in ("EWR", "JFK") for h in range(60)], ("place", "hour")),
        ("place,hour", [f"{p},{h}" for p in ("EWR", "JFK") for h in range(6)], ()),
    ],
)
def test_the_fewest_columns_that_differ_together_are_the_key(
    tmp_path: Path, header: str, rows: list[str], key: tuple[str, ...]
) -> None:
    assert infer(tmp_path, "rows", header, rows).primary_key == key


def test_all_rows_count_not_those_that_are_sampled(tmp_path: Path) -> None:
    rows = [f"{place},{hour},x" for hour in range(9000) for place in ("EWR", "JFK", "LGA")]
    rows[20_500] = rows[2_500]
    assert infer(tmp_path, "rows", "place,hour,v", rows).primary_key == ()


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=2, max_size=60))
def test_a_joint_key_differs_in_all_rows_and_is_minimal(rows: list[tuple[int, ...]]) -> None:
    names = ["a", "b", "c", "d"]
    codes = {
        name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    for key in key_search._list_sets(dict.fromkeys(names, 1.0), 100, codes):
        found = [tuple(row[names.index(name)] for name in key) for row in rows]
        assert len(set(found)) == len(rows)


def test_tables_without_rows_have_no_key(tmp_path: Path) -> None:
    assert infer(tmp_path, "birds", "id,name", []).primary_key == ()


@pytest.mark.parametrize(
    ("texts", "labels", "is_told"),
    [
        (["north", "south"] * 20, ("north", "south"), False),
        (["north", "south"] * 19, (), True),
        (["A"] * 50 + ["B"] * 4, (), True),
        (["A", "B"] * 2, (), False),
        (["A"] * 50 + ["B"], (), False),
        (["A", "NA"] * 30, (), False),
    ],
)
def test_few_texts_are_labels_where_there_are_rows_enough(
    tmp_path: Path, texts: list[str], labels: tuple[str, ...], *, is_told: bool
) -> None:
    rows = [f"{number},{text}" for number, text in enumerate(texts)]
    (tmp_path / "birds.csv").write_text("\n".join(["id,side", *rows, ""]))
    column = infer_folder(tmp_path).tables["birds"].columns["side"]
    assert column.labels == labels
    assert any("a Literal" in each for each in column.suggestions) == is_told


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["true", "false"] * 5, "boolean"),
        (["true"] * 10, "boolean"),
        (["yes", "no"] * 5, "boolean"),
        (["no"] * 10, "text"),
        (["true", "false", "true"], "text"),
    ],
)
def test_words_for_true_and_false_are_booleans_where_there_are_rows_enough(
    tmp_path: Path, texts: list[str], kind: str
) -> None:
    rows = [f"{number},{text}" for number, text in enumerate(texts)]
    (tmp_path / "birds.csv").write_text("\n".join(["id,flag", *rows, ""]))
    column = infer_folder(tmp_path).tables["birds"].columns["flag"]
    assert column.kind == kind
    assert any("always true or false" in each for each in column.suggestions) == (kind == "text")
