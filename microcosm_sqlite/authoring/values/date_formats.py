"""Dates, numbers, booleans and lengths of time in other styles, told by formats.

Those of dates are as `strftime` has them. The names of months are the English ones, whatever the
locale of the machine that builds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)} | {
    name[:3]: number for number, name in enumerate(_MONTHS, 1)
}
_DIRECTIVES = {
    "%Y": r"(?P<year>[0-9]{4})",
    "%y": r"(?P<short_year>[0-9]{2})",
    "%m": r"(?P<month>1[0-2]|0?[1-9])",
    "%b": rf"(?P<month_name>{'|'.join(name[:3] for name in _MONTHS)})",
    "%B": rf"(?P<month_name>{'|'.join(_MONTHS)})",
    "%d": r"(?P<day>3[01]|[12][0-9]|0?[1-9])",
    "%H": r"(?P<hour>2[0-3]|[01]?[0-9])",
    "%I": r"(?P<half_hour>1[0-2]|0?[1-9])",
    "%p": r"(?P<half>am|pm)",
    "%M": r"(?P<minute>[0-5][0-9])",
    "%S": r"(?P<second>[0-5][0-9])",
    "%f": r"(?P<fraction>[0-9]{1,6})",
    "%%": "%",
}
_FIRST_SHORT_YEAR = 69
"""POSIX: two digits from here on are of the twentieth century."""

DIRECTIVES = tuple(_DIRECTIVES)
"""The parts of formats, besides the text between them."""


@lru_cache
def compile_format(format_: str) -> Callable[[str], datetime]:
    """Return the parser of the dates of a format.

    Raises:
        ValueError: The format has a directive that is not known, or one of them twice.

    >>> compile_format("%d.%m.%Y")("31.1.2013")
    datetime.datetime(2013, 1, 31, 0, 0)
    """
    parts = re.split("(%.?)", format_)
    unknown = [part for part in parts[1::2] if part not in _DIRECTIVES]
    if unknown:
        raise ValueError(f"{unknown[0]} is not known in formats of dates")
    try:
        pattern = re.compile(
            "".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts),
            re.IGNORECASE | re.ASCII,
        )
    except re.error as error:
        raise ValueError("a part of a date stands in it twice") from error

    def parse(text: str) -> datetime:
        match = pattern.fullmatch(text.strip())
        try:
            return _assemble(match.groupdict() if match else {})
        except (KeyError, ValueError):
            raise ValueError(f"a date in the format {format_}") from None

    return parse


def _assemble(parts: dict[str, str]) -> datetime:
    return datetime(
        _read_year(parts),
        _NUMBERS[parts["month_name"].lower()] if "month_name" in parts else int(parts["month"]),
        int(parts.get("day", "1")),
        _read_hour(parts),
        int(parts.get("minute", "0")),
        int(parts.get("second", "0")),
        int(parts.get("fraction", "0").ljust(6, "0")),
    )


def _read_year(parts: dict[str, str]) -> int:
    if "year" in parts:
        return int(parts["year"])
    short = int(parts["short_year"])
    return short + (1900 if short >= _FIRST_SHORT_YEAR else 2000)


def _read_hour(parts: dict[str, str]) -> int:
    if "half_hour" not in parts:
        return int(parts.get("hour", "0"))
    return int(parts["half_hour"]) % 12 + (12 if parts["half"].lower() == "pm" else 0)


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
def find_styles(text: str, left: frozenset[str] = frozenset(STYLES)) -> frozenset[str]:
    """The formats, of those that are left, that a text is a date in.

    >>> sorted(find_styles("1/2/2020")), sorted(find_styles("13/2/2020")), find_styles("13/13/2020")
    (['%d/%m/%Y', '%m/%d/%Y'], ['%d/%m/%Y'], frozenset())
    >>> find_styles("1/2/2020", find_styles("13/2/2020"))
    frozenset({'%d/%m/%Y'})
    """
    return _find(left, text)


@lru_cache(maxsize=1 << 14)
def find_short_styles(text: str, left: frozenset[str] = frozenset(_SHORT_STYLES)) -> frozenset[str]:
    """The formats with a year of two digits, of those that are left, that a text is a date in.

    >>> find_short_styles("31.12.13")
    frozenset({'%d.%m.%y'})
    """
    return _find(left, text)


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


_FORMAT = re.compile(
    r"(?P<prefix>[$€£¥] ?)?1((?P<group>[.,' ])234)?(?P<point>[.,])5(?P<suffix> ?[%$€£¥])?"
)
_NEGATIVES = (re.compile(r"\((?P<number>.+)\)"), re.compile(r"(?P<number>.+)-"))
"""How accountants and old programs mark a number below zero, and formats do that have such."""
_SPACES, _APOSTROPHES = "[ \u00a0\u2009\u202f]", "['\u2019]"
_SIGN, _MINUS = "[-+\u2212]", "\u2212"

Spell = Callable[[str], str]
"""Takes a number of a format, and spells it as programs do."""


def is_number_format(format_: str) -> bool:
    """Whether a format is one of numbers.

    >>> is_number_format("1.234,5"), is_number_format("$1,234.5"), is_number_format("%d.%m.%Y")
    (True, True, False)
    """
    match = _FORMAT.fullmatch(_unwrap(format_)[0])
    return match is not None and match["group"] != match["point"]


def _unwrap(text: str) -> tuple[str, str]:
    """Return a text without its mark of a negative number, and the style of the mark.

    >>> _unwrap("(1.5)"), _unwrap("1.5-"), _unwrap("1.5")
    (('1.5', '({})'), ('1.5', '{}-'), ('1.5', '{}'))
    """
    for pattern in _NEGATIVES:
        if match := pattern.fullmatch(text):
            return match["number"], "{}".join((text[: match.start(1)], text[match.end(1) :]))
    return text, "{}"


@lru_cache
def compile_number_format(format_: str) -> Spell:
    """Return the function that spells the numbers of a format as programs do.

    Thousands need no marks between them; where one stands, three digits follow it. A sign in front
    or behind, of a currency or per cent, has to be there, and is left out.

    Raises:
        ValueError: It is no format of numbers.

    >>> compile_number_format("1.234,5")("-12.345,60")
    '-12345.60'
    >>> compile_number_format("$1,234.5")("-$1,234"), compile_number_format("1.5 %")("12%")
    ('-1234', '12')
    >>> compile_number_format("(1.5)")("(7)"), compile_number_format("1.5-")("7.5-")
    ('-7', '-7.5')
    """
    example, wrap = _unwrap(format_)
    match = _FORMAT.fullmatch(example)
    if match is None or not is_number_format(format_):
        raise ValueError(f"{format_} is not a number as in 1.234,5")
    pattern = _compile_number(match)

    def spell(text: str) -> str:
        number, mark = _unwrap(text.strip())
        match = pattern.fullmatch(number) if mark in ("{}", wrap) else None
        if match is None or (mark != "{}" and re.search(_SIGN, match["whole"])):
            raise ValueError(f"a number in the format {format_}")
        whole = re.sub("[^0-9+-]", "", match["whole"].replace(_MINUS, "-"))
        whole = whole if mark == "{}" else f"-{whole}"
        return whole if match["rest"] is None else f"{whole}.{match['rest']}"

    return spell


def _compile_number(example: re.Match[str]) -> re.Pattern[str]:
    """The pattern of numbers that are written as the one in a format."""
    group, point = example["group"] or "", re.escape(example["point"])
    mark = {" ": _SPACES, "'": _APOSTROPHES}.get(group, re.escape(group))
    digits = rf"[0-9]{{1,3}}({mark}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    prefix, suffix = (re.escape((example[part] or "").strip()) for part in ("prefix", "suffix"))
    lead = f"{_SIGN}?"
    if prefix:
        lead = rf"({_SIGN}?{prefix}{_SPACES}?|{prefix}{_SPACES}?{_SIGN})"
    end = rf"{_SPACES}?{suffix}" if suffix else ""
    return re.compile(rf"(?P<whole>{lead}({digits}))({point}(?P<rest>[0-9]+))?{end}")


NUMBER_FORMATS = ("1.5", "1,5", "1.234,5", "1 234,5", "1,234.5", "1'234.5", "1 234.5")
_SIGNED_FORMATS = ("1.5", "1,234.5", "1,5", "1.234,5", "1 234,5", "1'234.5", "1 234.5")
"""Formats of numbers with a currency or per cent sign, the likeliest first."""
_SIGNED = re.compile(
    rf"{_SIGN}?(?P<prefix>[$€£¥] ?)?{_SIGN}?[0-9][0-9.,'\u2019 \u00a0\u2009\u202f]*?"
    r"(?P<suffix>[ \u00a0\u202f]?[%$€£¥])?"
)


def find_number_formats(text: str) -> dict[str, str]:
    """The formats that a text is a number in, and what it is then.

    >>> find_number_formats("1,50")
    {'1,5': '1.50', '1.234,5': '1.50', '1 234,5': '1.50'}
    >>> find_number_formats("$1,234.50"), find_number_formats("12 %")["1.5 %"]
    ({'$1,234.5': '1234.50'}, '12')
    """
    number, wrap = _unwrap(text.strip())
    match = _SIGNED.fullmatch(number)
    prefix, suffix = (match["prefix"] or "", match["suffix"] or "") if match else ("", "")
    suffix = re.sub(_SPACES, " ", suffix)
    formats = _SIGNED_FORMATS if prefix or suffix else NUMBER_FORMATS
    found = {}
    for format_ in (wrap.format(f"{prefix}{each}{suffix}") for each in formats):
        with suppress(ValueError):
            found[format_] = compile_number_format(format_)(text)
    return found


def add_negatives(formats: Iterable[str]) -> list[str]:
    """The formats, and those which mark numbers below zero as accountants do.

    >>> add_negatives(["1.5"]), add_negatives(["(1.5)"])
    (['1.5', '(1.5)', '1.5-'], ['(1.5)'])
    """
    found = [*formats]
    plain = [format_ for format_ in found if _unwrap(format_)[1] == "{}"]
    return [*found, *(wrap.format(each) for wrap in ("({})", "{}-") for each in plain)]


@lru_cache
def compile_boolean_format(format_: str) -> Callable[[str], bool]:
    """Return the parser of booleans that are written as two words, the true one first.

    Raises:
        ValueError: The format has no two words with a slash between.

    >>> read = compile_boolean_format("ja/nein")
    >>> read("Ja"), read("nein")
    (True, False)
    """
    words = [word.strip().casefold() for word in format_.split("/")]
    if len(words) != len({*words} - {""}) or len(words) != len(("true", "false")):
        raise ValueError(f"{format_} is not a pair of words as in ja/nein")

    def read(text: str) -> bool:
        if (word := text.strip().casefold()) not in words:
            raise ValueError(f"true or false as in {format_}")
        return word == words[0]

    return read


_CLOCKS = {"H:MM": "minutes", "M:SS": "seconds"}
_CLOCK = re.compile(r"(-?)([0-9]{1,6}):([0-5][0-9])")


@lru_cache
def compile_interval_format(format_: str) -> Callable[[str], timedelta]:
    """Return the parser of durations of two numbers: hours and minutes, or minutes and seconds.

    Raises:
        ValueError: It is neither `H:MM` nor `M:SS`.

    >>> compile_interval_format("H:MM")("25:30")
    datetime.timedelta(days=1, seconds=5400)
    """
    if format_ not in _CLOCKS:
        raise ValueError(f"{format_} is none of {' and '.join(_CLOCKS)}")

    def read(text: str) -> timedelta:
        match = _CLOCK.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"a length of time as in {format_}")
        count = int(match[2]) * 60 + int(match[3])
        return timedelta(**{_CLOCKS[format_]: -count if match[1] else count})

    return read
