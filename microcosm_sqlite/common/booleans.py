"""Parse booleans as people and environment variables write them."""

from __future__ import annotations

_TRUE = frozenset(("y", "yes", "t", "true", "on", "1"))
_FALSE = frozenset(("n", "no", "f", "false", "off", "0", ""))


def parse_boolean(value: object) -> bool:
    """Return the boolean that a word in any case, or the truth value of an object, stands for.

    >>> parse_boolean("Off")
    False

    Raises:
        ValueError: Text that spells neither.
    """
    if not isinstance(value, str):
        return bool(value)
    spelling = value.strip().lower()
    if spelling in _TRUE:
        return True
    if spelling in _FALSE:
        return False
    raise ValueError(f"{value!r} spells neither true nor false")
