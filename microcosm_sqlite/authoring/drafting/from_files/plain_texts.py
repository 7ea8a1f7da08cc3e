"""Many texts of one kind at once, where all of them are written in the plainest way.

Whatever else they are is found out text by text, as by `column_kind`; here a few calls of C say of
a thousand texts that nothing about them is new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, NUMBER

# What a line begins with, behind the end of the one before, that is not written plainly.
_OTHER_INTEGER = re.compile(r"\n(?!\Z|(?:0|-?[1-9][0-9]{0,17})\n)")
_OTHER_NUMBER = re.compile(
    r"\n(?!\Z|(?:0|-?[1-9][0-9]{0,8}|-?(?:0|[1-9][0-9]{0,7})\.[0-9]{1,8})\n)"
)
"""Of few enough digits for a double, and for 32 bits."""
_MAYBE_ODD = re.compile(
    r"\n(?!\Z|(?!-0\.0\n)(?:0|-?[1-9][0-9]{0,8}"
    r"|-?(?:0|[1-9][0-9]{0,6})\.(?:0|(?!0000)[0-9]{0,7}[1-9]))\n)"
)
"""The same but for those that a double may be shown otherwise than."""
_RARE_DATE = re.compile(
    r"\n(?!\Z|(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)\n)(.*)"
)
"""What is no date, or one that not every year has."""
_MOMENT_LENGTH = len("2013-01-31 10:00:00")


def are_plain(kind: str, texts: Sequence[str], *, may_be_odd: bool) -> bool:
    """Whether all texts are of a kind, without blanks, and written as Python writes them.

    False does not mean that they are not.

    Args:
        kind: The kind; whole numbers are numbers too.
        texts: The texts.
        may_be_odd: Whether they may be written otherwise than their values are shown, as `1.50`.

    >>> are_plain("integer", ["7", "-12"], may_be_odd=False)
    True
    >>> [are_plain("number", ["7", "1.50"], may_be_odd=odd) for odd in (False, True)]
    [False, True]
    """
    judge = _JUDGES.get(kind)
    try:
        return judge is not None and judge([*texts], may_be_odd)
    except ValueError:
        return False


def _find(pattern: re.Pattern[str], texts: list[str]) -> bool:
    """Whether one of many lines, or the end of one within a text, matches."""
    joined = "\n".join(["", *texts, ""])
    return pattern.search(joined) is not None or joined.count("\n") != len(texts) + 1


def _are_integers(texts: list[str], _: bool) -> bool:
    return not _find(_OTHER_INTEGER, texts)


def _are_numbers(texts: list[str], may_be_odd: bool) -> bool:
    if not (may_be_odd or _find(_MAYBE_ODD, texts)):
        return True
    if may_be_odd or _find(_OTHER_NUMBER, texts):
        return may_be_odd and not _find(_OTHER_NUMBER, texts)
    fractions = [text for text in texts if "." in text]
    # Zero has no sign in SQLite, and adding zero takes it away.
    return [*map(repr, map((0.0).__add__, map(float, fractions)))] == fractions


def _are_dates(texts: list[str], _: bool) -> bool:
    joined = "\n".join(["", *texts, ""])
    rare = _RARE_DATE.findall(joined)
    are_lines = joined.count("\n") == len(texts) + 1
    return are_lines and [*map(str, map(date.fromisoformat, rare))] == rare


def _are_datetimes(texts: list[str], may_be_odd: bool) -> bool:
    if {*map(len, texts)} != {_MOMENT_LENGTH}:
        return False
    moments = [*map(datetime.fromisoformat, texts)]
    is_shown = [*map(str, moments)] == texts
    return is_shown or (may_be_odd and [*map(datetime.isoformat, moments)] == texts)


_JUDGES: dict[str, Callable[[list[str], bool], bool]] = {
    INTEGER: _are_integers,
    NUMBER: _are_numbers,
    DATE: _are_dates,
    DATETIME: _are_datetimes,
}
