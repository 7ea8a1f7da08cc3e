"""Durations: as texts in ISO 8601, as clocks, and as SQLAlchemy stores them."""

from __future__ import annotations

from datetime import datetime, timedelta

EPOCH = datetime(1970, 1, 1)
"""From here SQLAlchemy counts the moment that it stores for a duration."""

_CLOCK = (
    r"((?P<days>-?[0-9]+) days?,? )?(?P<sign>[+-])?(?P<hours>[0-9]+):(?P<minutes>[0-9]{2})"
    r":(?P<seconds>[0-9]{2}(\.[0-9]{1,6})?)"
)
_ISO = (
    r"(?P<sign>-)?P(?=.)((?P<weeks>[0-9]+)W)?((?P<days>[0-9]+)D)?"
    r"(T(?=.)((?P<hours>[0-9]+)H)?((?P<minutes>[0-9]+)M)?((?P<seconds>[0-9]+(\.[0-9]{1,6})?)S)?)?"
)


def parse_duration(text: str) -> timedelta:
    """The duration of a text in ISO 8601, or of a clock as Python and pandas show it.

    >>> parse_duration("P1DT2H") == parse_duration("1 day, 2:00:00") == timedelta(hours=26)
    True

    Raises:
        ValueError: It is neither.
        OverflowError: It is a billion days or more.
    """
    import re  # which takes its time, and which few statements need

    match = re.fullmatch(_ISO, text) or re.fullmatch(_CLOCK, text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    parts = match.groupdict()
    sign = -1 if parts.pop("sign") == "-" else 1
    return sign * timedelta(**{unit: float(part) for unit, part in parts.items() if part})


def spell_duration(value: timedelta) -> str:
    """A duration in ISO 8601.

    >>> spell_duration(timedelta(days=1, hours=2, minutes=30)), spell_duration(-timedelta(hours=1))
    ('P1DT2H30M', '-PT1H')
    """
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}".rstrip("0").rstrip(".")
    clock = [
        f"{number}{unit}"
        for number, unit in ((hours, "H"), (minutes, "M"), (f"{seconds}{fraction}", "S"))
        if number not in (0, "0")
    ]
    days = f"{value.days}D" if value.days else ""
    clock = clock if clock or days else ["0S"]
    return f"{sign}P{days}{'T' if clock else ''}{''.join(clock)}"


def read_duration(stored: str) -> timedelta:
    """The duration that a stored text stands for.

    Raises:
        ValueError: It is not such a text.
    """
    return datetime.fromisoformat(stored) - EPOCH
