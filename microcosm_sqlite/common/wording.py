"""Counts and near names in sentences, text on one line, and its width in a terminal or in code."""

from __future__ import annotations

from itertools import chain, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence


def measure(text: str) -> int:
    """The number of columns that a text takes: Chinese characters take two each, and marks none.

    >>> measure("abc"), measure("naïve"), measure("東京"), measure("ཀྵ")
    (3, 5, 4, 1)
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0
        if category(character) in _MARKS or character in JOINERS
        else 2
        if east_asian_width(character) in "WF"
        else 1
        for character in text
    )


_MARKS = ("Mn", "Me")
"""Categories of characters that are written over or around the one before."""

JOINERS = "\u200c\u200d"
"""ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER, which choose the forms of what is beside them."""


def align(cells: list[list[str]], to_right: Sequence[bool] = ()) -> list[list[str]]:
    """The cells, each filled with blanks to the width of its column.

    >>> align([["a", "1"], ["bcd", "10"]], [False, True])
    [['a  ', ' 1'], ['bcd', '10']]
    """
    widths = [max(map(measure, column)) for column in zip(*cells, strict=True)]
    sides = list(to_right) or [False] * len(widths)
    return [
        [_fill(text, width, side) for text, width, side in zip(row, widths, sides, strict=True)]
        for row in cells
    ]


def _fill(text: str, width: int, to_right: bool) -> str:
    blanks = " " * (width - measure(text))
    return blanks + text if to_right else text + blanks


def spell_count(number: int, thing: str) -> str:
    """A number and a noun, in the singular or the plural.

    >>> spell_count(1, "row"), spell_count(336776, "row")
    ('1 row', '336,776 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def spell_size(count: int) -> str:
    """A number of bytes in decimal units.

    >>> spell_size(999), spell_size(38_400_000), spell_size(999_950)
    ('999 B', '38.4 MB', '1.0 MB')
    """
    if count < 1000:
        return f"{int(count)} B"
    amount, units = count / 1000, ["TB", "GB", "MB", "kB"]
    while amount >= 999.95 and len(units) > 1:
        amount /= 1000
        units.pop()
    return f"{amount:,.1f} {units[-1]}"


def spell_share(share: float) -> str:
    """A part of a whole in percent; never 0% for some, nor 100% for not quite all.

    >>> spell_share(0.25), spell_share(0.0001), spell_share(0.9999)
    ('25.0%', '< 0.1%', '> 99.9%')
    """
    if 0 < share < 0.001:
        return "< 0.1%"
    if 0.999 < share < 1:
        return "> 99.9%"
    return f"{100 * share:.1f}%" if share < 1 else "100%"


def spell_on_one_line(text: str) -> str:
    r"""Return a text with its newlines and control characters as escapes.

    >>> spell_on_one_line("naïve\n\x1b")
    'naïve\\n\\x1b'
    """
    return escape_controls(text, escape_in_python)


def is_utf8(text: str) -> bool:
    r"""Whether a text can be written as UTF-8, as a file name of other bytes cannot.

    >>> is_utf8("größe.csv"), is_utf8("gr\udcf6\udcdfe.csv")
    (True, False)
    """
    return not any("\udc80" <= character <= "\udcff" for character in text)


def escape_controls(text: str, escape: Callable[[str], str], kept: str = "") -> str:
    """Return a text with each character that cannot be printed replaced by its escape.

    Joiners stay where Persian, Hindi and other texts, and emoji, need them.

    Args:
        text: The text.
        escape: Spells one character.
        kept: Those that stay although they cannot be printed.
    """
    if text.isprintable():
        return text
    return "".join(
        each
        if each.isprintable() or each in kept or (each in JOINERS and _joins(text, place))
        else escape(each)
        for place, each in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands where it changes how its neighbours look.

    In scripts that have capitals and do not connect their letters, such as Latin, it changes
    nothing: there it can only make two names look the same.
    """
    from unicodedata import bidirectional, category, combining

    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if not before or not (category(before) in _JOINED or bidirectional(before) in _CURSIVE):
        return False
    if bidirectional(before) in _CURSIVE or combining(before) == _VIRAMA:
        return after not in JOINERS or not after  # at the end of a word, too
    return bool(after) and category(after) in (*_JOINED, "Sm")


_JOINED = ("Lo", "Lm", "Mn", "Mc", "So", "Sk")
"""Categories of letters without capitals, of marks, and of what emoji are made of."""

_CURSIVE = ("AL", "R")
"""Directions of Arabic and similar scripts, most of which connect their letters."""

_VIRAMA = 9
"""The combining class of signs that join two consonants of Hindi and similar scripts."""


def escape_in_python(character: str) -> str:
    """A character as a string of Python has it."""
    return repr(character)[1:-1]


def escape_markdown(text: str) -> str:
    r"""Return a text as Markdown of one line that shows it, wherever on its line it stands.

    >>> escape_markdown("a|b <i>"), escape_markdown("# 1"), escape_markdown("1. a_b")
    ('a\\|b \\<i\\>', '\\# 1', '1\\. a_b')
    """
    import re

    marks = r"([\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;))"
    text = re.sub(marks, r"\\\1", spell_on_one_line(text).strip())
    return re.sub(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=#]))", r"\1\\", text)


def spell_code(text: str) -> str:
    """Return a text as code in Markdown, on one line.

    >>> spell_code("a b"), spell_code("a`b"), spell_code("`")
    ('`a b`', '``a`b``', '`` ` ``')
    """
    import re

    text = spell_on_one_line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    blank = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{blank}{text}{blank}{fence}"


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


def list_few(names: Sequence[str], most: int) -> str:
    """The first of some names, and whether there are more.

    >>> list_few(["a", "b", "c"], 2), list_few(["a", "b"], 2)
    ('a, b and more', 'a, b')
    """
    return ", ".join(names[:most]) + " and more" * (len(names) > most)
