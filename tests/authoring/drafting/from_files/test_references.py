"""References are made where names or chance speak for them; others are told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from tests.support.columns import make_codes, write_stints

DICE = random.Random(7)


def infer(folder: Path, **files: list[str]) -> dict[str, InferredTable]:
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join([*lines, ""]), "utf-8")
    return infer_folder(folder).tables


LETTERS = ["letter,points", *(f"{letter},{n}" for n, letter in enumerate("ABCDEFGHIJ"))]
AIRPORTS = ["faa,x", *(f"{code},1" for code in make_codes(1400))]
FAMILIES = ["code,name", "NT,Tits", "NC,Crows", "NO,Owls"]
ORDERS = ["NT", "NC", "NO"]
RATINGS = ["id,user", *(f"{n},u{n}" for n in range(1, 200))]


def write_rows(header: str, values: list[str], count: int) -> list[str]:
    return [header, *(f"{n},{values[n % len(values)]}" for n in range(1, count + 1))]


@pytest.mark.parametrize(
    ("parent", "child", "evidence"),
    [
        (
            ("families", FAMILIES),
            write_rows("id,family_code", ORDERS, 4),
            "by its name",
        ),
        (("families", FAMILIES), write_rows("id,family_code", ORDERS, 3), ""),
        (("airports", AIRPORTS), write_rows("id,origin", make_codes(1400)[:9], 60), "not by its"),
        (("letters", LETTERS), write_rows("id,grade", list("ABCDE"), 60), ""),
        (("ratings", RATINGS), write_rows("id,rating", list("12345"), 60), ""),
        (("ratings", RATINGS), write_rows("id,rating_id", list("12345"), 60), "by its name"),
        (("ratings", RATINGS[:9]), write_rows("id,rating", list("12345"), 60), "by its name"),
    ],
)
def test_a_reference_needs_evidence_and_is_told_without_it(
    tmp_path: Path, parent: tuple[str, list[str]], child: list[str], evidence: str
) -> None:
    name, lines = parent
    columns = infer(tmp_path, **{name: lines, "things": child})["things"].columns
    column = list(columns.values())[1]
    assert bool(column.reference) == bool(evidence)
    assert evidence in column.evidence
    told = [each for each in column.suggestions if each.startswith("all of its values are in ")]
    assert bool(told) != bool(evidence)


@pytest.mark.parametrize(
    ("column", "values", "is_reference"),
    [
        ("rank", DICE.sample(range(1, 31), 30), False),
        ("parent_rank", DICE.choices(range(1, 31), k=30), True),
        ("parent", DICE.choices(range(1, 6), k=30), True),
        ("previous", DICE.choices(range(1, 6), k=30), False),
        ("previous", ["", *range(1, 30)], True),
        ("next_id", ["", *range(1, 30)], True),
    ],
)
def test_a_table_refers_to_itself_by_names_that_say_so(
    tmp_path: Path, column: str, values: list[object], is_reference: bool
) -> None:
    ranks = [f"id,{column},x", *(f"{n},{value},x" for n, value in enumerate(values, 1))]
    found = infer(tmp_path, ranks=ranks)["ranks"].columns[column]
    assert found.reference == (("ranks", "id") if is_reference else None)


def test_a_reference_by_name_makes_a_key_of_few_rows_believed(tmp_path: Path) -> None:
    airlines = ["carrier,name", "AA,American", "DL,Delta", "UA,United"]
    flights = write_rows("id,carrier", ["AA", "DL", "UA"], 30)
    tables = infer(tmp_path, airlines=airlines, flights=flights)
    assert tables["airlines"].primary_key == ("carrier",)
    assert tables["airlines"].columns["carrier"].suggestions == []
    assert tables["flights"].columns["carrier"].reference == ("airlines", "carrier")


def test_what_refers_to_a_unique_column_is_found(tmp_path: Path) -> None:
    people = ["id,player_code", *(f"{n},p{n:03}x" for n in range(40))]
    awards = write_rows("n,player_code", [f"p{n:03}x" for n in range(40)], 90)
    column = infer(tmp_path, people=people, awards=awards)["awards"].columns["player_code"]
    assert column.reference == ("people", "player_code")


def test_several_columns_refer_together_where_all_rows_do(tmp_path: Path) -> None:
    rows = write_stints()
    batting = ["player,year,stint,team,G", *rows]
    keys = [row.split(",")[:3] for row in rows]
    fielding = ["player,year,stint,POS,v"]
    fielding += [",".join([*DICE.choice(keys), DICE.choice("CPF"), "1"]) for _ in range(300)]
    near = [*fielding, "Nobody,1850,1,C,2"]
    tables = infer(tmp_path, batting=batting, fielding=fielding, near=near)
    (reference,) = tables["fielding"].references
    assert reference == (("player", "year", "stint"), "batting", ("player", "year", "stint"))
    assert tables["near"].references == []
    (remark,) = tables["near"].remarks
    assert remark == ("player, year, stint: no reference to batting, which does not have 1 of them")
