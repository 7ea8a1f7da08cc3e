"""Booleans are read in any usual spelling, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.booleans import parse_boolean

SPELLINGS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0", ""), False),
}


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.text(" \t\n", max_size=2),
)
def test_case_and_blanks_around_a_spelling_do_not_matter(
    spelling: str, change: Callable[[str], str], blank: str
) -> None:
    assert parse_boolean(blank + change(spelling) + blank) is SPELLINGS[spelling]


@given(st.text().filter(lambda text: text.strip().lower() not in SPELLINGS))
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="spells neither true nor false"):
        parse_boolean(text)


@pytest.mark.parametrize("value", [0, 1, -1, 0.0, None, [], [0], True, False])
def test_other_values_have_their_truth_value(value: object) -> None:
    assert parse_boolean(value) is bool(value)
