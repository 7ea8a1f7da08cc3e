"""Which values a statement compares with which columns, and which names mean something else."""

from __future__ import annotations

import pytest

from microcosm_sqlite.catalog.comparisons import Comparisons
from microcosm_sqlite.common.sql_tokens import split_tokens


def find(sql: str) -> list[str]:
    tokens = split_tokens(sql)
    return [
        f"{column.owner + '.' if column.owner else ''}{column.name} {tokens[place].text}"
        for place, column in Comparisons(tokens)
    ]


@pytest.mark.parametrize("operator", ["=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"])
def test_a_value_beside_a_column_is_compared_with_it(operator: str) -> None:
    assert find(f"at {operator} ?") == ["at ?"]
    assert find(f"NOT t.\"at\" {operator} 'x' AND 1") == ["t.at 'x'"]
    if not operator.startswith("IS"):
        assert find(f"a = 1 OR :x {operator} s.t.[at] OR b") == ["t.at :x"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("at BETWEEN ? AND ?", ["at ?", "at ?"]),
        ("at NOT BETWEEN 'a' AND f(1)", ["at 'a'"]),
        ("at IN ('a', 'b', ?)", ["at 'a'", "at 'b'", "at ?"]),
        ("at NOT IN (:a)", ["at :a"]),
        ("at IS NOT DISTINCT FROM ?", ["at ?"]),
        ("at IS DISTINCT FROM ?", ["at ?"]),
        ("max(t.at) > 'x'", ["t.at 'x'"]),
        ("at COLLATE NOCASE = 'x'", ["at 'x'"]),
        ("(at = ?)", ["at ?"]),
        ("a = b AND at > 'x' AND c", ["at 'x'"]),
    ],
)
def test_every_operator_that_compares_is_known(sql: str, expected: list[str]) -> None:
    assert find(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        *("substr(at, 1, 10) = 'x'", "at || 'x' = 'y'", "'x' || at = 'y'", "at = 'x' || y"),
        *("f(at, 'x')", "at LIKE 'x%'", "SELECT 'x' FROM t", "CASE at WHEN 'x' THEN 1 END"),
        *("'x' = f(at)", "'x' = at || y", "y + :x = at", "(a, at) = ('x', 'y')", "at = (?)"),
        *(
            "LIMIT ?",
            "at NOT 'x'",
            "FROM 'x'",
            "'x'",
            "= 'x'",
            "IN ('x')",
            "x BETWEEN f(1) AND 'x'",
        ),
    ],
)
def test_parts_of_expressions_are_left_alone(sql: str) -> None:
    assert find(sql) == []


@pytest.mark.parametrize(
    ("sql", "renamed"),
    [
        ("SELECT at FROM t WHERE at = 'x'", set()),
        ("SELECT at AS at, t.day day FROM t", set()),
        ("SELECT substr(at, 1, 10) AS at FROM t", {"at"}),
        ("SELECT substr(at, 1, 10) at FROM t", {"at"}),
        ("SELECT 'x' \"at\", day FROM t AS u ORDER BY day DESC", {"at", "u"}),
        ("WITH c(at, b) AS (SELECT 1, 2) SELECT at FROM c", {"at", "b"}),
        ("WITH c(at) AS NOT MATERIALIZED (SELECT 1) SELECT at FROM c", {"at"}),
        ("SELECT count(*) FROM t GROUP BY at HAVING at > 'x' LIMIT 1", set()),
    ],
)
def test_names_that_mean_something_else_are_known(sql: str, renamed: set[str]) -> None:
    assert Comparisons(split_tokens(sql)).find_renamed() == renamed


def test_aliases_of_tables_are_known() -> None:
    owners = Comparisons(split_tokens('SELECT 1 FROM a.flights f JOIN "p" AS q ON f.x = q.x'))
    assert owners.find_owners() == {"f": "flights", "q": "p"}
