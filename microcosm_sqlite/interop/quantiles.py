"""Quantiles as NumPy and pandas find them: between two values where a share falls between both."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find_place(count: int, percent: int) -> tuple[int, float]:
    """Where a percentile stands among so many sorted values: behind which, and how far behind.

    >>> find_place(11, 25)
    (2, 0.5)
    """
    place, rest = divmod((count - 1) * percent, 100)
    return place, rest / 100


def interpolate(low: Any, high: Any, share: float) -> Any:
    """The number that far between two; of dates, texts and a last value, the lower one.

    >>> interpolate(1, 3, 0.25), interpolate("1999-12-31", "2000-01-02", 0.25)
    (1.5, '1999-12-31')
    """
    is_between = share and isinstance(low, int | float) and isinstance(high, int | float)
    # What is between two infinite ones cannot be computed, and is the same.
    is_between = is_between and low != high
    return low + (high - low) * share if is_between else low
