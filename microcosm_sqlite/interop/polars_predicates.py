"""Predicates of polars as conditions for SQLite, where both judge alike."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from microcosm_sqlite.interop.predicates import NO_CLAUSE, join, mirror, unite

if TYPE_CHECKING:
    from typing import Any

    from microcosm_sqlite.interop.predicates import Clause, Conditions

_OPERATORS = {"Eq": "=", "NotEq": "<>", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}


def read_predicate(predicate: pl.Expr, conditions: Conditions) -> Clause:
    """A condition that is true of all rows for which a predicate is; nothing if none is known.

    Polars shows what a predicate is made of as JSON alone, which it may change: what this does
    not know, it leaves out.

    Args:
        predicate: The predicate.
        conditions: What writes SQL.
    """
    try:
        return _read(json.loads(predicate.meta.serialize(format="json")), conditions)
    except (pl.exceptions.PolarsError, KeyError, TypeError, ValueError, RecursionError):
        return NO_CLAUSE


def _read(node: Any, conditions: Conditions) -> Clause:
    (kind, parts), *others = node.items()
    if others:
        return NO_CLAUSE
    if kind == "Column":
        return conditions.compare(parts, "=", True)
    if kind == "BinaryExpr":
        return _read_operator(parts, conditions)
    if kind == "Function":
        return _read_function(parts["function"].get("Boolean"), parts["input"], conditions)
    return NO_CLAUSE


def _read_operator(parts: Any, conditions: Conditions) -> Clause:
    left, operator, right = parts["left"], parts["op"], parts["right"]
    if operator in ("And", "LogicalAnd"):
        return join([_read(left, conditions), _read(right, conditions)])
    if operator in ("Or", "LogicalOr"):
        return unite([_read(left, conditions), _read(right, conditions)])
    if operator not in _OPERATORS:
        return NO_CLAUSE
    sign = _OPERATORS[operator]
    if "Column" in left and "Literal" in right:
        return conditions.compare(left["Column"], sign, _evaluate(right))
    if "Literal" in left and "Column" in right:
        return conditions.compare(right["Column"], mirror(sign), _evaluate(left))
    return NO_CLAUSE


def _read_function(function: Any, arguments: Any, conditions: Conditions) -> Clause:
    name = arguments[0].get("Column", "")
    if function in ("IsNull", "IsNotNull"):
        return conditions.find_null(name, is_null=function == "IsNull")
    if function == "Not":
        return conditions.compare(name, "=", False)
    if not isinstance(function, dict):
        return NO_CLAUSE
    if function.get("IsIn") == {"nulls_equal": False}:
        values = _evaluate(arguments[1])
        return conditions.choose(name, list(values))
    if function.get("IsBetween") == {"closed": "Both"}:
        low, high = map(_evaluate, arguments[1:])
        return join([conditions.compare(name, ">=", low), conditions.compare(name, "<=", high)])
    return NO_CLAUSE


def _evaluate(node: Any) -> Any:
    """The value of a literal."""
    if "Literal" not in node:
        return None
    literal = node["Literal"]
    for kind, name in (("Dyn", "Float"), ("Scalar", "Float64")):
        if name in literal.get(kind, ()):
            return literal[kind][name]  # polars would read one in seven as the float beside it
    return pl.select(pl.Expr.deserialize(BytesIO(json.dumps(node).encode()), format="json")).item()
