"""Numbers in other styles than programs write them, told by an example such as `1.234,5`.

An example shows the mark between thousands, if there is one, and the decimal mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_FORMAT = re.compile(r"1((?P<group>[.,' ])234)?(?P<point>[.,])5")
_SPACES = "[ \u00a0\u202f]"

Spell = Callable[[str], str]
"""Takes a number of a format, and spells it as programs do."""


def is_number_format(format_: str) -> bool:
    """Whether a format is one of numbers.

    >>> is_number_format("1.234,5"), is_number_format("%d.%m.%Y")
    (True, False)
    """
    match = _FORMAT.fullmatch(format_)
    return match is not None and match["group"] != match["point"]


@lru_cache
def compile_number_format(format_: str) -> Spell:
    """What spells the numbers of a format as programs do.

    Thousands need no marks between them; where one stands, three digits follow it.

    Raises:
        ValueError: It is no format of numbers.

    >>> compile_number_format("1.234,5")("-12.345,60")
    '-12345.60'
    """
    match = _FORMAT.fullmatch(format_)
    if match is None or not is_number_format(format_):
        raise ValueError(f"{format_} is no number as in 1.234,5")
    group, point = match["group"] or "", re.escape(match["point"])
    mark = _SPACES if group == " " else re.escape(group)
    digits = rf"[0-9]{{1,3}}({mark}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    pattern = re.compile(rf"(?P<whole>[+-]?({digits}))({point}(?P<rest>[0-9]+))?")

    def spell(text: str) -> str:
        match = pattern.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"a number in the format {format_}")
        whole = re.sub("[^0-9+-]", "", match["whole"])
        return whole if match["rest"] is None else f"{whole}.{match['rest']}"

    return spell
