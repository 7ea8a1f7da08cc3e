"""Errors are one tree, as documented, and lose nothing on their way between processes."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator

import pytest

from microcosm_sqlite import errors
from microcosm_sqlite.errors import MicrocosmSQLiteError, SourceValueError


def walk(error: type[MicrocosmSQLiteError]) -> Iterator[type[MicrocosmSQLiteError]]:
    """A class and those below it, in the order of their declaration."""
    yield error
    for each in error.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from walk(each)


CLASSES = list(walk(MicrocosmSQLiteError))


def test_the_tree_is_the_documented_one() -> None:
    assert errors.__doc__
    documented = re.findall(r"^    (?:([│├└─ ]*)─ )?(\w+Error)\b", errors.__doc__, re.MULTILINE)
    parents: list[str] = []
    told = []
    for lines, name in documented:
        depth = (len(lines) + 2) // 4 if lines else 0
        parents[depth:] = [name]
        told.append((name, parents[depth - 1] if depth else "Exception"))
    assert sorted(told) == sorted((each.__name__, each.__bases__[0].__name__) for each in CLASSES)


@pytest.mark.parametrize("class_", CLASSES)
def test_an_error_is_the_same_after_it_was_sent_or_copied(class_: type[Exception]) -> None:
    error = class_("It failed.", hint="Try again.")  # type: ignore[call-arg]
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is class_
        assert str(again) == "It failed. Try again."
        assert again.message == "It failed."
        assert vars(again) == vars(error)


def test_the_place_of_a_value_is_sent_along_with_further_errors() -> None:
    error = SourceValueError("Wrong.", file="a.csv", line=3, column="b", value="x", hint="Fix it.")
    error.others = (SourceValueError("Too.", file="a.csv", line=4),)
    error.count = 7
    again = pickle.loads(pickle.dumps(error))
    assert (again.file, again.line, again.column, again.value) == ("a.csv", 3, "b", "x")
    assert (again.count, [each.line for each in again.others]) == (7, [4])


@pytest.mark.parametrize("class_", CLASSES)
def test_every_status_is_one_of_http(class_: type[MicrocosmSQLiteError]) -> None:
    assert 400 <= class_.status_code < 600
