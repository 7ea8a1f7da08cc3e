"""Refuse arguments that cannot be meant, before something else fails on them less clearly."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def check_name(name: object) -> str:
    """The name that is given to a dataset.

    Raises:
        TypeError: It is no string.
        ValueError: It is empty.
    """
    if not isinstance(name, str):
        raise TypeError(f"The name of a dataset is a string, not {name!r}.")
    if not name.strip():
        raise ValueError(f"The name of a dataset cannot be empty: {name!r}.")
    return name


def check_count(argument: str, count: object, least: int = 1) -> int:
    """A number of rows, partitions or the like.

    >>> check_count("batch_size", 0)
    Traceback (most recent call last):
        ...
    ValueError: batch_size must be at least 1, not 0.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is less than the least that makes sense.
    """
    try:
        number: int = count.__index__()  # type: ignore[attr-defined]  # NumPy's have it as well
    except AttributeError:
        raise TypeError(f"{argument} must be a whole number, not {count!r}.") from None
    if number < least:
        raise ValueError(f"{argument} must be at least {least}, not {number}.")
    return number


def read_number(argument: str, number: object) -> int:
    """A whole number that may be written as text, as in a query string or an option.

    Raises:
        TypeError: It is none.
    """
    if isinstance(number, str):
        try:
            return int(number)
        except ValueError:
            raise TypeError(f"{argument} must be a whole number, not {number!r}.") from None
    return check_count(argument, number, least=-(2**63))


def check_names(argument: str, names: Iterable[str]) -> list[str]:
    """Names in a list, of which one text would be one for each letter.

    Raises:
        TypeError: They are one text, or nothing that holds any.
    """
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        kind = "the string " if isinstance(names, str) else ""
        raise TypeError(f"{argument} must be a list of names, not {kind}{names!r}")
    return list(names)


def check_params(params: object) -> None:
    """Refuse what holds no values of parameters, such as one text instead of a list with it.

    Raises:
        TypeError: It is no list and no mapping.
    """
    if params is not None and (isinstance(params, str | bytes) or not hasattr(params, "__iter__")):
        raise TypeError(
            f"params must be a list of values, or a mapping of names to values, not {params!r}."
        )
