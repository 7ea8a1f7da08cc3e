"""Which formats the numbers of a column could be in, besides that of programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from microcosm_sqlite.authoring.inferring.guessing import INTEGER, NUMBER, classify
from microcosm_sqlite.authoring.values.number_formats import compile_number_format

STYLES = ("1,5", "1.234,5", "1 234,5", "1,234.5", "1'234.5", "1 234.5")

Texts = Callable[[], Iterable[str]]
"""Gives the texts of a column, anew each time."""


def find_number_styles(texts: Texts) -> list[str]:
    """The formats that every text is a number in.

    >>> find_number_styles(lambda: ["1.234,50", "7"]), find_number_styles(lambda: ["1,234"])
    (['1.234,5'], ['1,5', '1.234,5', '1 234,5', '1,234.5'])
    """
    found = list(STYLES)
    for text in texts():
        found = [style for style in found if _spell(style, text)]
        if not found:
            break
    return found


def choose_number_style(found: list[str], texts: Texts, delimiter: str) -> str:
    """The one format of these, or an empty string where they disagree, or little speaks for any.

    Numbers with commas for points are believed where fields are parted by something else, and
    marks between thousands where there is a decimal mark as well, or where they are commas.

    >>> texts = lambda: ["1,50", "7"]
    >>> choose_number_style(["1,5"], texts, ";"), choose_number_style(["1,5"], texts, ",")
    ('1,5', '')
    """
    style = found[0] if found else ""
    point, has_groups = style[-2:-1], len(style) > len("1,5")
    if not style or (point == delimiter == ","):
        return ""
    if any(len({_spell(one, text) for one in found}) > 1 for text in texts()):
        return ""
    is_told = not has_groups or style[1] == "," or any(point in text for text in texts())
    return style if is_told else ""


def _spell(style: str, text: str) -> str:
    """A number of a format as programs write it, or an empty string for other texts."""
    try:
        spelled = compile_number_format(style)(text)
    except ValueError:
        return ""
    return spelled if classify(spelled) in (INTEGER, NUMBER) else ""
