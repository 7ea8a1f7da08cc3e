"""Every step of the documentation does what it says."""

from __future__ import annotations

import pytest

from tests.docs.conftest import ROOT
from tests.docs.page import Reader


@pytest.mark.slow
def test_a_newcomer_gets_through_the_tutorial(reader: Reader) -> None:
    assert reader.follow(ROOT / "docs" / "tutorial" / "first-data-wheel.md") == 10
