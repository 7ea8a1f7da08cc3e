"""The page on new versions takes an author from a change to a wheel that is fit to be published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import Reader

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "publish-a-new-version.md"


@pytest.mark.slow
@pytest.mark.once
def test_an_author_gets_a_new_version_out(newcomer: Reader) -> None:
    assert newcomer.follow(PAGE) == 16
    project = newcomer.directory.parent
    versions = re.findall(r"^## (.*)$", (project / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions == ["0.2.0", "0.1.0"]
