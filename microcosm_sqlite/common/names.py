"""Suggest the nearest known name, and find names that are free."""

from __future__ import annotations

from itertools import chain, count

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

MANY = 20
"""How many names are listed at most."""


def suggest(
    name: str, known: Iterable[str], kind: str = "", *, spell: Callable[[str], str] = repr
) -> str:
    """Suggest the nearest known name, or else list the known names.

    >>> suggest("flihgts", ["airlines", "flights"], "Its tables")
    "Did you mean 'flights'?"
    >>> suggest("planets", ["airlines", "flights"], "Its tables")
    'Its tables: airlines, flights.'

    Args:
        name: The unknown name.
        known: The known names.
        kind: What to call a list of them; without it, nothing is listed.
        spell: How a name is quoted.

    Returns:
        One sentence, or an empty string.
    """
    from difflib import get_close_matches  # which few runs need, and which takes its time

    listed = list(known)
    plain = {each.lower(): each for each in listed}
    near = [spell(plain[each]) for each in get_close_matches(name.lower(), plain)]
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = ", ..." if len(listed) > MANY else ""
    return f"{kind}: {', '.join(listed[:MANY])}{more}." if kind and listed else ""


def find_free_name(
    base: str, taken: Collection[str], *, fold: Callable[[str], str] = str.lower
) -> str:
    """A name, with a number behind it where it is taken.

    >>> find_free_name("Birds", {"birds", "birds_2"})
    'Birds_3'

    Args:
        base: The name.
        taken: Names that are not free, folded.
        fold: Makes equal what cannot be told apart: for SQLite, capitals and small letters.
    """
    candidates = (f"{base}_{number}" for number in count(2))
    return next(name for name in chain([base], candidates) if fold(name) not in taken)
