"""The map of the rooms has every module on it; the linter's contracts hold their order."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import microcosm_sqlite
from microcosm_sqlite import authoring

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md"

pytestmark = pytest.mark.once


@pytest.mark.parametrize("package", [microcosm_sqlite, authoring])
def test_every_module_is_on_the_map(package: ModuleType) -> None:
    rows = "\n".join(re.findall(r"^\| (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE))
    modules = {module.name for module in iter_modules(package.__path__)} - {"__main__"}
    assert modules <= set(re.findall(r"`(\w+)/?`", rows))
