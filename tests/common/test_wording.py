"""Counts read as English, widths are those of a terminal, and near names are suggested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.wording import (
    MANY,
    find_free_name,
    measure,
    spell_count,
    spell_share,
    suggest,
)


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (336_776, "336,776 rows")]
)
def test_only_one_is_singular(number: int, told: str) -> None:
    assert spell_count(number, "row") == told


@given(st.floats(0, 1))
def test_a_share_is_nothing_or_all_only_if_it_is(share: float) -> None:
    told = spell_share(share)
    assert (told == "0.0%") == (share == 0)
    assert (told in ("100%", "100.0%")) == (share == 1)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("naïve", 5), ("nai\u0308ve", 5), ("東京", 4), ("ｱ", 1), ("\uff21", 2)],
)
def test_the_width_of_text_is_what_a_terminal_takes(text: str, width: int) -> None:
    assert measure(text) == width


@given(st.text(max_size=10), st.text(max_size=10))
def test_widths_add_up(left: str, right: str) -> None:
    assert measure(left + right) == measure(left) + measure(right)


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        ("flihgts", ["airlines", "flights"], "Did you mean 'flights'?"),
        ("FLIGHTS", ["airlines", "Flights"], "Did you mean 'Flights'?"),
        ("flight", ["flights", "flighty"], "Did you mean 'flighty' or 'flights'?"),
        ("planets", ["airlines", "flights"], "Its tables: airlines, flights."),
        ("planets", [], ""),
    ],
)
def test_a_suggestion_is_the_nearest_name_or_all_of_them(
    name: str, known: list[str], sentence: str
) -> None:
    told = suggest(name, known, "Its tables")
    assert told == sentence or set(told.split()) == set(sentence.replace("?", "").split())


def test_nothing_is_listed_without_a_word_for_it() -> None:
    assert suggest("planets", ["airlines"]) == ""


def test_a_long_list_is_cut() -> None:
    told = suggest("x", [f"table{number}" for number in range(MANY + 1)], "Its tables")
    assert told.endswith(f"table{MANY - 1}, ....")
    assert f"table{MANY}" not in told


names = st.text("aAbB_2", min_size=1, max_size=3)


@given(base=names, taken=st.sets(names.map(str.lower), max_size=20))
def test_a_free_name_is_the_base_unless_that_is_taken(base: str, taken: set[str]) -> None:
    free = find_free_name(base, taken)
    assert free.lower() not in taken
    assert free.startswith(base)
    assert (free == base) == (base.lower() not in taken)


@given(st.lists(names, max_size=20))
def test_names_that_are_taken_in_turn_never_meet(bases: list[str]) -> None:
    taken: set[str] = set()
    for base in bases:
        taken.add(find_free_name(base, taken).lower())
    assert len(taken) == len(bases)
