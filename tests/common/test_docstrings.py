"""Docstrings are found with and without ``python -OO``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from microcosm_sqlite.common.docstrings import find_docstring
from tests.support.programs import run

EXAMPLE = '''
import json
from microcosm_sqlite.common.docstrings import find_docstring

def one():
    """One line."""

def several():
    """First.

    Second.
    """

def none(): pass

class Base:
    """A base."""

class Below(Base): pass

def make():
    async def inner():
        """Inside."""
    return inner

found = map(find_docstring, [one, several, none, Base, Below, make(), eval("lambda: 0")])
print(json.dumps(list(found)))
'''


def test_docstrings_are_the_same_where_python_drops_them(tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(EXAMPLE)
    expected = ["One line.", "First.\n\nSecond.", "", "A base.", "", "Inside.", ""]
    assert json.loads(run(sys.executable, file)) == expected
    assert json.loads(run(sys.executable, "-OO", file)) == expected


def test_docstrings_of_builtins_are_their_own() -> None:
    assert find_docstring(len) == len.__doc__
