"""Values and ranges read as people would write them."""

from __future__ import annotations

from typing import Any

import pytest

from microcosm_sqlite.catalog.manifest import Field
from microcosm_sqlite.catalog.spelling import spell_range, spell_value


@pytest.mark.parametrize(
    ("kind", "value", "spelt"),
    [
        ("boolean", 1, "yes"),
        ("boolean", 2, "2"),
        ("integer", 2013, "2013"),
        ("integer", -336776, "-336,776"),
        ("number", 0.1 + 0.2, "0.3"),
        ("number", -2968440.4, "-2,968,440"),
        ("number", 1e300, "1e+300"),
        ("datetime", "2013-01-01 10:00:00.000000", "2013-01-01 10:00"),
        ("time", "10:00:30.000000", "10:00:30"),
        ("string", " two\n lines ", "two lines"),
        ("string", "", "(empty)"),
        ("string", "x" * 41, "x" * 39 + "…"),
    ],
)
def test_a_value_is_one_short_line(kind: str, value: object, spelt: str) -> None:
    assert spell_value(Field({"name": "x", "type": kind}), value) == spelt


@pytest.mark.parametrize(
    ("raw", "spelt"),
    [
        ({}, ""),
        ({"type": "integer", "valueRange": [1, 10_000]}, "1 to 10,000"),
        ({"type": "integer", "valueRange": [5, 5]}, "always 5"),
        ({"type": "string", "lengthRange": [1, 1]}, "1 character"),
        ({"type": "string", "lengthRange": [0, 1200]}, "0 to 1,200 characters"),
        ({"type": "string", "format": "binary", "lengthRange": [2, 2]}, "2 bytes"),
    ],
)
def test_a_range_is_told_in_words(raw: dict[str, Any], spelt: str) -> None:
    assert spell_range(Field({"name": "x", **raw})) == spelt
