"""SQL expressions of many parts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAT = 32


def join_evenly(parts: Sequence[str], operator: str) -> str:
    """Parts joined by an associative operator, nested so that SQLite takes any number of them.

    A flat chain is as deep as it is long, and SQLite takes a depth of 1000.

    >>> join_evenly(["a", "b", "c"], " OR ")
    'a OR b OR c'
    """
    if len(parts) <= _FLAT:
        return operator.join(parts)
    half = len(parts) // 2
    left, right = join_evenly(parts[:half], operator), join_evenly(parts[half:], operator)
    return f"({left}){operator}({right})"
