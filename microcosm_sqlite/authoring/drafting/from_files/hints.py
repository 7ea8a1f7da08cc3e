"""What a column would be, but for something that only its author knows."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from microcosm_sqlite.authoring.drafting.from_files.column_kind import (
    INFINITIES,
    Guess,
    classify,
    find_short_styles,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.values.date_formats import compile_number_format
from microcosm_sqlite.authoring.values.parsing import SQLITE_SPACE
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, NUMBER, TEXT
from microcosm_sqlite.common.sql import join_evenly, quote_identifier, quote_text
from microcosm_sqlite.common.wording import spell_count

MOST_STRAYS = 3
"""Different texts among others of one kind, before they are no exception any more."""
_SAMPLE = 100
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?")
_TOLD_KINDS = (INTEGER, NUMBER, DATE, DATETIME, MOMENT)


def find_hint(guess: Guess, number_styles: list[str], texts: Texts) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing.

    Args:
        guess: What is known of a column of texts.
        number_styles: The formats that all of them are numbers in.
        texts: Its texts, each as often as it is there.
    """
    if not guess.narrow:
        return ""
    if guess.words:
        return _tell_words(guess, texts)
    if guess.styles:
        return _ask_for_format("dates", sorted(guess.styles), "Date")
    if number_styles:
        return _ask_for_format("number", number_styles[:2], "Double")
    return _tell_times(texts) or _tell_short_years(texts) or _tell_strays(texts)


def _ask_for_format(kind: str, formats: list[str], type_: str) -> str:
    choice = f"nothing tells whether in {' or '.join(formats)}" if formats[1:] else formats[0]
    return f"{kind}, but {choice}; set `formats`, and {type_} in the model"


def _tell_words(guess: Guess, texts: Texts) -> str:
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if word.lower() in INFINITIES)
    nulls = sorted(guess.words.difference(infinite))
    cures = [f"draft it with {_write_options(nulls)}"] if nulls else []
    cures += ["set `infinity = true`, and Double in the model"] if infinite else []
    counts = _count([*nulls, *infinite], texts)
    return f"{narrow} but for {counts}; if you mean that, {', and '.join(cures)}"


def _tell_times(texts: Texts) -> str:
    if not all(map(_TIME.fullmatch, texts())):
        return ""
    return "times of day, or lengths of time; for times, put Time in the model"


def _tell_short_years(texts: Texts) -> str:
    styles: frozenset[str] | None = None
    for text in texts():
        styles = find_short_styles(text) if styles is None else find_short_styles(text, styles)
        if not styles:
            return ""
    formats = " or ".join(sorted(styles or ()))
    return (
        f"dates in {formats}, where years from 69 on are of the last century; "
        "if so, set `formats`, and Date in the model"
    )


def _tell_strays(texts: Texts) -> str:
    """Name the few texts without digits among values that are all of another kind."""
    kinds = Counter(
        kind for _, kind in zip(range(_SAMPLE), map(_generalise, texts()), strict=False)
    )
    ((kind, count),) = kinds.most_common(1)
    if kind not in _TOLD_KINDS or 2 * count <= kinds.total():
        return ""
    strays: dict[str, None] = {}
    for text in texts():
        if _generalise(text) != kind:
            strays[text] = None
            if len(strays) > MOST_STRAYS or any(map(str.isdigit, text)):
                return ""
    if not strays:
        return f"{kind}, but some have more digits than a {kind} keeps" if kind == NUMBER else ""
    names = sorted(strays)
    return (
        f"{kind} but for {_count(names, texts)}; if they mean nothing, "
        f"draft it with {_write_options(names)}"
    )


def _generalise(text: str) -> str:
    kind = classify(text)
    return NUMBER if kind == INTEGER else kind


def _count(words: Iterable[str], texts: Texts) -> str:
    counts = Counter(text for text in texts() if text in words)
    return ", ".join(
        f"{word if word.strip() else repr(word)} ({spell_count(counts[word], 'row')})"
        for word in words
    )


def _write_options(words: Iterable[str]) -> str:
    return " ".join(f"--null {shlex.quote(word)}" for word in words)


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
    if has_groups and style[1] != "," and not any(point in text for text in texts()):
        return ""
    spelled = Guess()
    for text in texts():
        spelled.add(_spell(style, text))
    return "" if spelled.kind == TEXT else style


def _spell(style: str, text: str) -> str:
    """A number of a format as programs write it, or an empty string for other texts."""
    try:
        spelled = compile_number_format(style)(text)
    except ValueError:
        return ""
    return spelled if classify(spelled) in (INTEGER, NUMBER) else ""


def find_twins(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> tuple[str, str] | None:
    """Two texts of a column of numbers that are one number, such as versions 1.1 and 1.10.

    Exponents do not count, as no codes have them.
    """
    source, name = quote_identifier(table.name), quote_identifier(column.name)
    text = f"trim({name}, {quote_text(SQLITE_SPACE)})"
    if column.format:
        connection.create_function("spell", 1, partial(_spell, column.format), deterministic=True)
        text = f"spell({name})"
    texts = f"SELECT {text} AS text FROM {source} WHERE {name} NOTNULL"
    zeros = f"SELECT 1 FROM ({texts}) WHERE text GLOB '*.*0' LIMIT 1"
    if not connection.execute(zeros).fetchone():
        return None  # most columns are written without closing zeros, and need no sorting
    found: tuple[str, str] | None = connection.execute(
        f"SELECT min(text), max(text) FROM (SELECT DISTINCT text FROM ({texts}) "
        "WHERE text NOT GLOB '*[eE]*') GROUP BY CAST(text AS REAL) HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found


def describe_twins(twins: tuple[str, str], format_: str) -> str:
    """Return what a column with such texts would be, as a sentence."""
    cure = "set `formats`, and Double in the model" if format_ else "put Double in the model"
    return f"number, but {' and '.join(twins)} would be the same; if they are, {cure}"


def find_joints(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that show that a file was joined of several: a header, a mark of order."""
    source = quote_identifier(table.name)
    columns = [*table.columns.values()]
    first = quote_identifier(columns[0].name)
    is_header = join_evenly(
        [
            f"ltrim({quote_identifier(column.name)}, char(65279)) IS {quote_text(column.header)}"
            for column in columns
            if column.header
        ],
        " AND ",
    )
    has_mark = f"substr({first}, 1, 1) = char(65279)"
    for condition, what in (
        (is_header, "is the header again"),
        (has_mark, "begins with a byte order mark"),
    ):
        query = f"SELECT rowid FROM {source} WHERE {condition or 0} LIMIT 1"
        found = connection.execute(query).fetchone()
        if found:
            yield (
                f"row {found[0]:,} {what}, as where files were joined; "
                "delete that from the source and draft it again"
            )


MOST_NOTES = 20
"""Rows at the end of a table that may be notes to it."""


def find_odd_rows(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that hold nothing, and on notes below a table, which were taken as rows."""
    first, *others = table.columns.values()
    if not others or not all(column.is_nullable for column in others):
        return
    source, name = quote_identifier(table.name), quote_identifier(first.name)
    rest = join_evenly([f"{quote_identifier(other.name)} IS NULL" for other in others], " AND ")
    if first.is_nullable:
        query = f"SELECT count(*) FROM {source} WHERE {name} IS NULL AND {rest}"
        (empty,) = connection.execute(query).fetchone()
        if empty:
            yield f"{empty:,} row{'s hold' if empty > 1 else ' holds'} nothing at all"
    last = connection.execute(
        f"SELECT {name}, {rest} FROM {source} ORDER BY rowid DESC LIMIT {MOST_NOTES}"
    ).fetchall()
    notes = _take_notes(last)
    if notes and len(notes) < table.row_count / 2:
        rows = "row has" if len(notes) == 1 else f"{len(notes)} rows have"
        yield (
            f"the last {rows} a first field only, as notes do ({notes[-1][:40]!r}); "
            "if they are none of the table, delete them from the source and draft it again"
        )


def _take_notes(last: list[tuple[str | None, int]]) -> list[str]:
    """The first fields of the rows below all that have others, from the end."""
    notes = []
    for text, is_alone in last:
        if not is_alone:
            break
        notes += [text] if text else []
    return notes
