"""Which formats a text could be a date in, besides ISO 8601.

Years of two digits are only told of: nothing says which century they are of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from microcosm_sqlite.authoring.values.date_formats import compile_format

_DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%b %d %Y",
    "%B %d %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d/%b/%Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
STYLES = tuple(f"{date}{time}" for time in _TIMES for date in _DATES)
_SHORT_STYLES = tuple(
    style.replace("%Y", "%y") for style in STYLES if not style.startswith(("%Y", "%b", "%B"))
)
_MAYBE_DATE = re.compile(r"\w{1,9}[ ./-]\w{1,9},?[ ./-][0-9]{2,4}( .*)?", re.ASCII)
_LONGEST = 40


@lru_cache(maxsize=1 << 14)
def find_styles(text: str) -> frozenset[str]:
    """The formats that a text is a date in.

    >>> sorted(find_styles("1/2/2020")), sorted(find_styles("13/2/2020")), find_styles("13/13/2020")
    (['%d/%m/%Y', '%m/%d/%Y'], ['%d/%m/%Y'], frozenset())
    """
    return _find(STYLES, text)


@lru_cache(maxsize=1 << 14)
def find_short_styles(text: str) -> frozenset[str]:
    """The formats with a year of two digits that a text is a date in.

    >>> find_short_styles("31.12.13")
    frozenset({'%d.%m.%y'})
    """
    return _find(_SHORT_STYLES, text)


def choose_style(styles: frozenset[str]) -> str:
    """The one format of these, or an empty string where day and month could change places."""
    chosen = [style for style in STYLES if style in styles]
    orders = {style.index("%d") < style.index("%m") for style in chosen if "%m" in style}
    return chosen[0] if chosen and len(orders) < 2 else ""


def has_time(style: str) -> bool:
    """Whether a format has a time of day."""
    return "%M" in style


def _find(styles: Iterable[str], text: str) -> frozenset[str]:
    if len(text) > _LONGEST or not _MAYBE_DATE.fullmatch(text):
        return frozenset()
    return frozenset(style for style in styles if _is_in(style, text))


def _is_in(style: str, text: str) -> bool:
    try:
        compile_format(style)(text)
    except ValueError:
        return False
    return True
