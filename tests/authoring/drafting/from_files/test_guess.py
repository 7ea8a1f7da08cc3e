"""A kind is taken only where every text of the column keeps its meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.from_files import tally
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.values import date_formats
from microcosm_sqlite.authoring.values.date_formats import compile_format
from microcosm_sqlite.common.kinds import INTEGER, NUMBER, TEXT


def guess(*texts: str) -> Guess:
    made = Guess()
    for text in texts:
        made.add(text)
    return made


PLAIN = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(-20, 20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=2).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: str(moment.replace(microsecond=0))),
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat()),
)
ODD = st.sampled_from(
    ["", " ", " 7", "007", "-0", "-0.0", "1e5", "NA", "yes", "1.50", "31/01/2013"]
)


@pytest.fixture(params=[3, tally._MOST_TEXTS], scope="module")
def most_texts(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many texts are counted; of more, some are looked at without being counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_MOST_TEXTS", request.param)
        yield request.param


@given(st.data())
def test_many_texts_at_once_tell_what_they_tell_one_by_one(
    most_texts: int, data: st.DataObject
) -> None:
    strategy = data.draw(st.sampled_from(PLAIN.original_strategies))
    texts = data.draw(st.lists(st.lists(strategy, max_size=6), max_size=4))
    at = data.draw(st.integers(0, len(texts)))
    texts[at:at] = [data.draw(st.lists(st.one_of(ODD, PLAIN), max_size=2))]
    at_once = Guess()
    for chunk in texts:
        at_once.add_all(tuple(chunk))
    one_by_one = guess(*(text for chunk in texts for text in chunk))
    counts = Counter(text for chunk in texts for text in chunk)
    assert at_once.texts.is_complete == (len(counts) <= most_texts)
    if at_once.texts.is_complete:
        assert at_once.texts.counts == counts
    at_once.texts = one_by_one.texts
    assert at_once == one_by_one


@given(st.data())
def test_what_two_learn_apart_is_what_one_learns(most_texts: int, data: st.DataObject) -> None:
    strategy = data.draw(st.sampled_from([*PLAIN.original_strategies, ODD]))
    others = st.one_of(strategy, strategy, ODD)
    apart, parts = [Guess(), Guess()], data.draw(st.lists(st.lists(others, max_size=5), max_size=6))
    for number, texts in enumerate(parts):
        apart[number % 2].add_all(texts)
    merged, other = apart
    merged.merge(other)
    counts = Counter(text for texts in parts for text in texts)
    one = guess(*counts.elements())
    assert (merged.kind, merged.date_format) == (one.kind, one.date_format)
    assert (merged.is_nullable, merged.length) == (one.is_nullable, one.length)
    if one.narrow != TEXT:  # of which nothing else is known
        assert (merged.words, bool(merged.odd)) == (one.words, bool(one.odd))
        assert (merged.is_padded, merged.is_long) == (one.is_padded, one.is_long)
    assert merged.texts.is_complete == (len(counts) <= most_texts)
    if merged.texts.is_complete:
        assert merged.texts.counts == counts


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-20", "0"], "integer"),
        (["1", "2.5", ".5", "1e-3"], "number"),
        (["2.5", "1"], "number"),
        (["true", "FALSE", "yes", "No"], "boolean"),
        (["2013-01-31", "2016-02-29"], "date"),
        (["2013-01-31 10:00", "2013-01-31T10:00:01.5"], "datetime"),
        (["2013-01-31T10:00Z", "2013-01-31T10:00:00+05:30"], "datetime with offset"),
        (["2013-01-31T10:00Z", "2013-01-31T10:00"], "text"),
        (["2013-01-31", "2013-01-31 10:00"], "text"),
        (["007", "8"], "text"),
        (["-0"], "number"),
        (["+1"], "text"),
        ([" 1", "2 "], "integer"),
        (["1", " "], "text"),
        (["2013-01-31 10:00:00 UTC", "20130131T100000Z"], "datetime with offset"),
        (["2013-01-31 10:00:00+0200", "2013-01-31 10:00-05"], "datetime with offset"),
        (["2013-01-31 10:00:00,5"], "datetime"),
        (["1", "NA"], "text"),
        (["1", "NULL"], "text"),
        (["NaN", "1.5"], "text"),
        (["Infinity"], "text"),
        (["1e999"], "text"),
        (["1", "true"], "text"),
        (["2013-02-30"], "text"),
        (["31/01/2013"], "date"),
        (["01/02/2013"], "text"),
        (["9223372036854775807"], "integer"),
        (["9223372036854775808"], "text"),
        (["9007199254740993", "1.5"], "text"),
        (["1.5", "9007199254740993"], "text"),
        (["0.12345678901234567890"], "text"),
        (["", ""], ""),
    ],
)
def test_a_column_is_of_the_narrowest_kind_that_loses_nothing(texts: list[str], kind: str) -> None:
    assert guess(*texts).kind == kind


def test_emptiness_length_and_size_are_of_the_whole_column() -> None:
    made = guess("1", "", "2147483648")
    assert (made.kind, made.is_nullable, made.length, made.is_long) == (INTEGER, True, 10, True)
    assert not guess("-2147483647").is_long


@given(st.lists(st.integers(-(2**63), 2**63 - 1).map(str), min_size=1))
def test_whole_numbers_of_64_bits_are_integers(texts: list[str]) -> None:
    assert guess(*texts).kind == INTEGER


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).map(repr), min_size=1))
def test_numbers_as_python_writes_them_come_back_the_same(texts: list[str]) -> None:
    assert guess(*texts).kind == NUMBER
    assert [repr(float(text)) for text in texts] == texts


numerals = st.sampled_from(["1", "2.5", "", "x", "9007199254740993", "-7", "true", "2013-01-31"])


@given(st.lists(numerals).flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(texts))))
def test_the_order_of_the_rows_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    one, other = guess(*orders[0]), guess(*orders[1])
    assert (one.kind, one.is_nullable, one.length) == (other.kind, other.is_nullable, other.length)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["7", "8"], "text"),
        ([7, None, 8], "integer"),
        ([7, 7.5], "number"),
        ([True, False], "boolean"),
        ([True, 1], "text"),
        ([7, "x"], "text"),
        ([1 << 63], "text"),
        (["2013-01-31"], "date"),
        ([{"a": 1}, 7], "JSON"),
        ([7, [1]], "JSON"),
        ([date(2013, 1, 31)], "date"),
        ([datetime(2013, 1, 31)], "datetime"),
        ([datetime(2013, 1, 31, tzinfo=UTC)], "datetime with offset"),
        ([Decimal("1.10")], "number"),
        ([Decimal("1.1000000000000000000001")], "text"),
        ([b"x"], "binary"),
        ([time(1)], "time"),
        ([timedelta(1)], "duration"),
        ([None, ""], ""),
    ],
)
def test_values_with_types_of_their_own_keep_them(values: list[object], kind: str) -> None:
    made = Guess()
    for value in values:
        made.add_value(value)
    assert made.kind == kind


@pytest.mark.parametrize("year", ["%Y", "%y"])
def test_dates_are_tried_in_the_styles_that_are_left(
    year: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def count(style: str) -> Callable[[str], datetime]:
        tried.append(style)
        return compile_format(style)

    monkeypatch.setattr(date_formats, "compile_format", count)
    days = [datetime(2031, 1, 31) + timedelta(days=day) for day in range(1000)]
    styles: frozenset[str] | None = None
    find = date_formats.find_styles if year == "%Y" else date_formats.find_short_styles
    for day in days:
        text = f"{day:%d/%m/{year}}"
        styles = find(text) if styles is None else find(text, styles)
    assert styles == {f"%d/%m/{year}"}
    assert len(tried) < len(days) + 2 * len(date_formats.STYLES)


def test_a_column_of_dates_keeps_the_styles_of_all_its_texts() -> None:
    assert guess("1/2/2020", "3/4/2020").styles == {"%d/%m/%Y", "%m/%d/%Y"}
    assert guess("1/2/2020", "13/4/2020").date_format == "%d/%m/%Y"
    assert guess("1/2/2020", "13/4/2020", "soon").kind == "text"
