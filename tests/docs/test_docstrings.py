"""The examples in docstrings are true, but for those that need an installed dataset."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import microcosm_sqlite
from microcosm_sqlite.errors import MissingDependencyError

FOLDER = Path(microcosm_sqlite.__file__).parent
FILES = [file for file in FOLDER.rglob("*.py") if ">>> " in file.read_text("utf-8")]
NAMES = sorted(".".join(file.relative_to(FOLDER.parent).with_suffix("").parts) for file in FILES)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    try:
        module = import_module(name)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
