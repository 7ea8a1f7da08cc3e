"""A list stands behind IN, in every statement and condition, and is compared as one value is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from microcosm_sqlite.catalog.list_parameters import expand_lists, has_lists
from microcosm_sqlite.errors import DatasetError, QueryError


@pytest.mark.parametrize(
    ("sql", "params", "expanded"),
    [
        ("a IN ?", [[1, 2]], ("a IN (?, ?)", (1, 2))),
        ("a IN (?)", [(1, 2)], ("a IN (?, ?)", (1, 2))),
        ("a NOT IN :a", {"a": {5}}, ("a NOT IN (?)", (5,))),
        ("a IN ?", [[]], ("a IN ()", ())),
        ("b = ? AND a IN ?", [0, [1, 2]], ("b = ? AND a IN (?, ?)", (0, 1, 2))),
        ("c = ?2 AND a IN ?1", ["xy", 3], None),
        ("c = ?2 AND a IN ?1", ["xy", [3]], None),
        ("c = ?2 AND a IN ?1", [[1, 2], 3], ("c = ? AND a IN (?, ?)", (3, 1, 2))),
        ("a IN :a OR b IN @a", {"a": [1]}, ("a IN (?) OR b IN (?)", (1, 1))),
        ("a = ':a' AND a IN :a", {"a": [1], "more": 2}, ("a = ':a' AND a IN (?)", (1,))),
        ("a IN :a OR b IN :a", {"a": [1, 2]}, ("a IN (?, ?) OR b IN (?, ?)", (1, 2, 1, 2))),
        ("a IN ?", [[1, 2], 3], ("a IN (?, ?)", (1, 2, 3))),
        ("a IN ? AND b = ?", [[1, 2]], ("a IN (?, ?) AND b = ?", (1, 2))),
    ],
)  # fmt: skip
def test_a_list_becomes_one_parameter_for_each_member(sql, params, expanded):
    if expanded:
        assert expand_lists(sql, params, 1000) == expanded
    elif has_lists(params):
        with pytest.raises(QueryError, match=r"Parameter \?2 is a list"):
            expand_lists(sql, params, 1000)
    else:
        assert expand_lists(sql, params, 1000) == (sql, params)


@pytest.mark.parametrize(
    ("sql", "params", "told"),
    [
        ("a = :a", {"a": [1]}, "Parameter :a is a list, and does not stand behind IN. "),
        ("a IN (:a, 5)", {"a": [1]}, "does not stand behind IN"),
        ("a IN :a AND b = :b", {"a": [1]}, "Parameter :b has no value. Values are given for: a."),
    ],
)  # fmt: skip
def test_what_cannot_be_a_list_is_told(sql, params, told):
    with pytest.raises(QueryError) as caught:
        expand_lists(sql, params, 1000)
    assert told in str(caught.value)


def test_connections_take_lists_and_spell_their_members_as_columns_do(things):
    seen = ["2020-02-29T01:02:03.000004Z"]
    born = [date(2020, 2, 29), "1999-01-01T00:00"]
    with closing(things.connect()) as connection:
        for sql, params in (
            ("SELECT id FROM things WHERE born IN :days", {"days": born}),
            ("SELECT id FROM things WHERE born IN (?)", [born]),
            ("SELECT id FROM things WHERE count IN ? AND seen IN ?", [{2}, seen]),
        ):
            assert connection.execute(sql, params).fetchall() == [(2,)]
        assert connection.execute("SELECT 1 WHERE 1 IN ?", [iter([3, 1])]).fetchall() == [(1,)]


def test_connections_tell_other_mistakes_as_before(things):
    with closing(things.connect()) as connection:
        with pytest.raises(DatasetError, match=r"no such column: bron\. Did you mean 'born'"):
            connection.execute("SELECT id FROM things WHERE bron IN ?", [[1]])
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 100)
        with pytest.raises(
            DatasetError,
            match=r"takes 100 values at most, and its lists have 200.*Give shorter lists",
        ):
            connection.execute("SELECT 1 WHERE 1 IN ?", [range(200)])
        with pytest.raises(DatasetError, match=r'near ":a": .* A parameter after IN is a list'):
            connection.execute("SELECT id FROM things WHERE born in :a", {"a": "2020-02-29"})
        with pytest.raises(DatasetError, match=r'near "\?": syntax error\.$'):
            connection.execute("SELECT id FROM things WHERE born ?", ["2020-02-29"])
        with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
            connection.execute("SELECT ?", ["\ud800"])


@pytest.mark.parametrize("library", ["numpy", "pandas", "polars", "pyarrow"])
def test_arrays_and_columns_of_frames_are_lists(things, library):
    module = pytest.importorskip(library)
    make = {"numpy": "array", "pandas": "Series", "polars": "Series", "pyarrow": "array"}[library]
    counts = getattr(module, make)([2, 3])
    assert things.arrow("things", where="count IN ?", params=[counts]).num_rows == 1
    with closing(things.connect()) as connection:
        found = connection.execute("SELECT id FROM things WHERE count IN (?)", [counts])
        assert found.fetchall() == [(2,)]
