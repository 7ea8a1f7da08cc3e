"""The next version number grows at the place that the change asks for."""

from __future__ import annotations

from typing import Any

import pytest

from microcosm_sqlite.authoring.comparing.version_numbers import grow_version, name_version


@pytest.mark.parametrize(
    ("version", "level", "grown"),
    [
        ("1.0", "major", "2.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("2013.1", "patch", "2013.1.1"),
        ("7", "minor", "7.1"),
        ("1!1.0rc1", "minor", "1!1.1"),
        ("1.2.3.4", "patch", "1.2.4"),
        ("1.0", "", ""),
        ("", "major", ""),
        ("latest", "major", ""),
    ],
)
def test_versions_grow_at_the_place_of_the_change(version: str, level: Any, grown: str) -> None:
    assert grow_version(version, level) == grown


@pytest.mark.parametrize(
    ("new", "named"), [("2.0", "2.0"), ("1.0", "1.1"), ("", "1.1")], ids=["raised", "same", "none"]
)
def test_a_version_that_was_raised_stays(new: str, named: str) -> None:
    assert name_version("1.0", new, "1.1") == named
