"""Which values an expression compares with which columns, and what is left alone."""

from __future__ import annotations

import pytest

from microcosm_sqlite.catalog.comparisons import Comparisons
from microcosm_sqlite.catalog.expressions import A_NUMBER, Flow
from microcosm_sqlite.common.sql_tokens import split_tokens

COLUMNS = {name: Flow(frozenset((("main", "t", name),))) for name in ("a", "at", "b", "y")}


def find(condition: str) -> list[str]:
    """Each value with the columns that it is compared with, in the order of the comparisons."""
    tokens = split_tokens(f"SELECT 1 FROM t, s.t AS s WHERE {condition}")
    found = Comparisons(tokens, lambda _, table: COLUMNS if table == "t" else {}).found
    return [
        f"{'/'.join(sorted(name or 'number' for *_, name in flow.columns))} {tokens[place].text}"
        for flow in found
        for place in sorted(flow.values)
    ]


@pytest.mark.parametrize("operator", ["=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"])
def test_a_value_is_compared_with_the_column_beside_it(operator: str) -> None:
    assert find(f"at {operator} ?") == ["at ?"]
    assert find(f"NOT t.\"at\" {operator} 'x' AND 1") == ["at 'x'"]
    assert find(f"a = 1 OR :x {operator} s.t.[at] OR b") == ["at :x"]
    assert find(f"(at) COLLATE NOCASE {operator} ('x') COLLATE BINARY") == ["at 'x'"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("at BETWEEN ? AND ?", ["at ?", "at ?"]),
        ("at NOT BETWEEN 'a' AND f(1) AND b = 'c'", ["at 'a'", "b 'c'"]),
        ("at IN ('a', 'b', ?)", ["at 'a'", "at 'b'", "at ?"]),
        ("at NOT IN (:a) AND b IN ()", ["at :a"]),
        ("'x' IN t", ["a 'x'"]),
        ("'x' NOT IN s.t", ["a 'x'"]),
        ("'x' IN f(1) AND at = 'y'", ["at 'y'"]),
        ("at IS NOT DISTINCT FROM ?", ["at ?"]),
        ("at IS DISTINCT FROM ?", ["at ?"]),
        ("max(at) > 'x'", ["at 'x'"]),
        ("max(at, 'x') = b", ["at 'x'", "at/b 'x'"]),
        ("nullif(at, 'x') = 'y'", ["at 'x'", "at 'y'"]),
        ("coalesce(at, 'x') = 'y'", ["at 'x'", "at 'y'"]),
        ("iif('x' = b, at, y) = 'z'", ["b 'x'", "at/y 'z'"]),
        ("lag(at, 1, 'x') OVER (ORDER BY b) = 'y'", ["at 'x'", "at 'y'"]),
        ("nth_value(at, 2) OVER w = 'y'", ["at 'y'"]),
        ("max(at) FILTER (WHERE b = 'x') = 'y'", ["b 'x'", "at 'y'"]),
        ("CAST(at AS VARCHAR(20)) = CAST('x' AS TEXT)", ["at 'x'"]),
        ("CASE at WHEN 'x' THEN b WHEN 'y' THEN 'z' END = ?", ["at 'x'", "at 'y'", "b 'z'", "b ?"]),
        ("CASE WHEN at = 'x' THEN 1 END", ["at 'x'"]),
        ("at = 'x' = (b = 'y')", ["at 'x'", "b 'y'"]),
        ("at < 'x' = b", ["at 'x'"]),
        ("a = NOT at = 'x'", ["at 'x'"]),
        ("(at, b) = ('x', 'y')", ["at 'x'", "b 'y'"]),
        ("(at, b) BETWEEN ('x', 1) AND (?, ?)", ["at 'x'", "at ?", "b ?"]),
        ("a LIKE 'x' ESCAPE '!' AND at = 'y'", ["at 'y'"]),
        ("a NOT GLOB 'x' OR at NOTNULL OR at NOT NULL OR b ISNULL OR at = 'y'", ["at 'y'"]),
        ("NOT EXISTS (SELECT 1 FROM t WHERE at = 'x')", ["at 'x'"]),
        ("group_concat(DISTINCT at ORDER BY b = 'x' DESC NULLS LAST) = 'y'", ["b 'x'"]),
    ],
)
def test_every_operator_that_compares_is_known(sql: str, expected: list[str]) -> None:
    assert sorted(find(sql)) == sorted(expected)


@pytest.mark.parametrize("sql", ["a + b > 'x'", "-a = 'x'", "'x' < a * 2", "count(*) = 'x'"])
def test_what_computes_a_number_is_compared_as_one(sql: str) -> None:
    assert find(sql) == ["number 'x'"]
    assert A_NUMBER == ("", "", "")


@pytest.mark.parametrize(
    "sql",
    [
        *("substr(at, 1, 10) = 'x'", "at || 'x' = 'y'", "'x' || at = 'y'", "at = 'x' || y"),
        *("f(at, 'x')", "at LIKE 'x%'", "CASE at WHEN b THEN 'x' END", "at -> 'x' = 'y'"),
        *("'x' = f(at)", "'x' = at || y", "'x'", "'x' = 'y'", "CAST(at AS BLOB) = 'x'"),
        *("at = unknown", "unknown = 'x'", "u.at = 'x'", "strftime('%Y', at) = 'x'"),
    ],
)
def test_what_is_computed_is_left_alone(sql: str) -> None:
    assert find(sql) == []


@pytest.mark.parametrize(
    ("sql", "is_free"),
    [
        ("at = 'x'", False),
        ("(at) = 'x'", False),
        ("+at = 'x'", True),
        ("coalesce(at, 1) = 'x'", True),
        ("'x' IN (at)", True),
        ("(SELECT at) = 'x'", False),
        ("CASE WHEN b THEN at END = 'x'", True),
    ],
)
def test_it_is_known_where_sqlite_converts(sql: str, is_free: bool) -> None:
    tokens = split_tokens(f"SELECT 1 FROM t WHERE {sql}")
    (flow,) = Comparisons(tokens, lambda *_: COLUMNS).found
    assert flow.is_free is is_free
