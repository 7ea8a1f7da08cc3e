"""A function's rows are those that it yields, and its errors say where it went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.sources.python_source import FunctionOpener, SourceFunction
from microcosm_sqlite.errors import SettingsError, SourceError

Open = Callable[[str], FunctionOpener]


@pytest.fixture
def open_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """An opener of the function `rows` with this body, in a module of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"source_{tmp_path.name.replace('-', '_')}"
    monkeypatch.delitem(sys.modules, name, raising=False)

    def open_body(body: str) -> FunctionOpener:
        (tmp_path / f"{name}.py").write_text(f"def rows():\n    {body}\n", "utf-8")
        return FunctionOpener(SourceFunction(f"{name}:rows"))

    return open_body


def test_rows_have_the_columns_of_the_first_and_none_where_one_is_missing(
    open_function: Open,
) -> None:
    with open_function("return [{'a': 1, 'b': b'x'}, {'b': None}]")() as records:
        assert records.header == ["a", "b"]
        assert not records.is_empty
        assert list(records.numbered()) == [(1, [1, b"x"]), (2, [None, None])]


def test_a_function_may_yield_nothing(open_function: Open) -> None:
    with open_function("yield from ()")() as records:
        assert records.is_empty
        assert list(records) == []


def test_rows_are_taken_one_by_one(open_function: Open) -> None:
    body = "yield {'a': 1}; yield {'a': 2}; raise AssertionError('nobody asked for a third row')"
    with open_function(body)() as records:
        rows = iter(records)
        assert [next(rows), next(rows)] == [[1], [2]]


@pytest.mark.parametrize(
    ("body", "line", "told"),
    [
        ("yield {'a': 1}; yield {'b': 1}", 2, "b is not in the first row"),
        ("yield {'a': 1}; yield [1]", 2, r"\[1\]"),
        ("yield {1: 1}", 1, "{1: 1}"),
        ("yield {'a': 1}; 1 / 0", 1, "in line 2 of source_.*ZeroDivisionError"),
    ],
)
def test_a_wrong_row_is_told_with_its_number(
    open_function: Open, body: str, line: int, told: str
) -> None:
    with pytest.raises(SourceError, match=told) as caught, open_function(body)() as records:
        list(records)
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["module_that_is_not_there:rows", "json:rows", "json:__name__"])
def test_what_is_no_function_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SettingsError, match=name), FunctionOpener(SourceFunction(name))():
        pass
