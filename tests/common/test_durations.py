"""Durations and their texts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.durations import (
    EPOCH,
    parse_duration,
    read_duration,
    spell_duration,
)
from microcosm_sqlite.common.kinds import store_duration

DURATIONS = st.timedeltas(EPOCH.min - EPOCH, EPOCH.max - EPOCH)


@given(DURATIONS)
def test_every_form_of_a_duration_is_read_as_that_duration(duration: timedelta) -> None:
    assert parse_duration(spell_duration(duration)) == duration
    assert parse_duration(str(duration)) == duration
    assert read_duration(store_duration(duration)) == duration


@pytest.mark.filterwarnings("ignore:The 'generic' unit:DeprecationWarning")  # old pandas
def test_a_duration_is_read_as_pandas_shows_and_writes_it() -> None:
    pandas = pytest.importorskip("pandas")
    for duration in (timedelta(hours=26, seconds=1.5), timedelta(0), -timedelta(minutes=90)):
        shown = pandas.Timedelta(duration)
        assert parse_duration(str(shown)) == duration
        assert pandas.Timedelta(spell_duration(duration)) == shown


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "26", "1970-01-02 02:00:00", "1:2:3"])
def test_other_texts_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)
