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
    spell_on_one_line,
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
    [
        *[("", 0), ("naïve", 5), ("nai\u0308ve", 5), ("東京", 4), ("ｱ", 1), ("\uff21", 2)],
        ("\u0645\u06cc\u200c\u0634\u0648\u062f", 5),
    ],
)
def test_the_width_of_text_is_what_a_terminal_takes(text: str, width: int) -> None:
    assert measure(text) == width


@given(st.text(max_size=10), st.text(max_size=10))
def test_widths_add_up(left: str, right: str) -> None:
    assert measure(left + right) == measure(left) + measure(right)


JOINED = {
    "Persian, within a word": "\u0645\u06cc\u200c\u0634\u0648\u062f",
    "Persian, at the end of an abbreviation": "\u0647\u200d.",
    "Hindi, within a word": "\u0930\u094d\u200d\u092f",
    "Hindi, at the end of a word": "\u0915\u094d\u200d ",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "Bengali, before the sign that joins": "\u09b0\u200d\u09cd\u09af",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "a doctor with a tone of skin": "\U0001f469\U0001f3fd\u200d\u2695\ufe0f",
    "a head that nods": "\U0001f642\u200d\u2195\ufe0f",
    "a head that is shaken": "\U0001f642\u200d\u2194\ufe0f",
}


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_joiners_stay_in_texts_that_need_them(text: str) -> None:
    assert spell_on_one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200dpal", r"pay\u200dpal"),
        ("\u0430\u200c\u0431", "\u0430" + r"\u200c" + "\u0431"),
        ("\u200d", r"\u200d"),
        ("1\u200c2", r"1\u200c2"),
        ("\U0001f468\u200d", "\U0001f468" + r"\u200d"),
        ("\U0001f468\u200dx", "\U0001f468" + r"\u200dx"),
        ("\u0645\u200c\u200c\u0645", "\u0645" + r"\u200c\u200c" + "\u0645"),
        ("\u0645\u200b\u0645", "\u0645" + r"\u200b" + "\u0645"),
        ("\u0645\u202e\u0645", "\u0645" + r"\u202e" + "\u0645"),
        ("\U0001f3f4\U000e0067", "\U0001f3f4" + r"\U000e0067"),
    ],
)
def test_what_cannot_be_seen_is_shown_anywhere_else(text: str, shown: str) -> None:
    assert spell_on_one_line(text) == shown


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
