"""What a column would be, but for something that only its author knows."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from microcosm_sqlite.authoring.drafting.from_files.column_kind import (
    Guess,
    classify,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.number_styles import (
    Texts,
    judge_spelled,
    list_meanings,
    write_format,
)
from microcosm_sqlite.authoring.values.date_formats import find_short_styles, has_time
from microcosm_sqlite.authoring.values.parsing import is_infinity
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, NUMBER, TEXT
from microcosm_sqlite.common.sql import join_evenly, quote_identifier, quote_text
from microcosm_sqlite.common.wording import spell_count

MOST_STRAYS = 3
"""Different texts among others of one kind, before they are no exception any more."""
_SAMPLE = 100
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?")
_LENGTH = re.compile(r"[0-9]{1,4}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?")
_TOLD_KINDS = (INTEGER, NUMBER, DATE, DATETIME, MOMENT)


def find_hint(
    name: str,
    guess: Guess,
    number_styles: list[str],
    texts: Texts,
    *,
    proposed: Collection[str] = (),
    has_types: bool = False,
) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing.

    Args:
        name: The column.
        guess: What is known of its texts.
        number_styles: The formats that all of them are numbers in.
        texts: Its texts, each as often as it is there.
        proposed: Texts of the rows that repairs are proposed for.
        has_types: Whether texts with digits only are texts, as the source has numbers too.
    """
    if not guess.narrow:
        return ""
    if guess.words:
        return _tell_words(guess, texts, proposed)
    if guess.styles:
        type_ = "DateTime" if has_time(min(guess.styles)) else "Date"
        return _ask_for_format("dates", name, sorted(guess.styles), type_)
    if number_styles:
        return _tell_number_styles(name, number_styles, texts)
    told = _tell_times(texts) or _tell_short_years(name, texts)
    return told or ("" if has_types else _tell_strays(texts, proposed))


def _ask_for_format(kind: str, name: str, formats: list[str], type_: str) -> str:
    settings = " or ".join(f"`{write_format(name, format_)}`" for format_ in formats)
    doubt = ", but nothing tells in which format" if formats[1:] else ""
    return f"{kind}{doubt}; set {settings}, and put {type_} in the model"


def _tell_number_styles(name: str, styles: list[str], texts: Texts) -> str:
    meanings = list_meanings(styles, texts)
    first = next(iter(meanings))
    kind = judge_spelled(first, texts).kind
    if kind == TEXT:
        return ""
    if len(meanings) == 1:
        type_ = "Integer" if kind == INTEGER else "Double"
        return f"{kind}; set `{write_format(name, first)}`, and put {type_} in the model"
    choice = " or ".join(
        f"`{write_format(name, style)}` (which reads {meaning})"
        for style, meaning in meanings.items()
    )
    return f"number, but nothing tells in which format; set {choice}, and put Double in the model"


def _tell_words(guess: Guess, texts: Texts, proposed: Collection[str]) -> str:
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if is_infinity(word))
    nulls = sorted(guess.words.difference(infinite))
    cures = [f"draft it with {_write_options(nulls, proposed)}"] if nulls else []
    cures += ["set `infinity = true`, and put Double in the model"] if infinite else []
    counts = _count([*nulls, *infinite], texts)
    return f"{narrow} but for {counts}; if you mean that, {', and '.join(cures)}"


def _tell_times(texts: Texts) -> str:
    if all(map(_TIME.fullmatch, texts())):
        is_either = all(text.count(":") > 1 for text in texts())
        also = ", or Interval where they are lengths of time" if is_either else ""
        return f"times of day; put Time in the model{also}"
    if all(map(_LENGTH.fullmatch, texts())):
        return "lengths of time; put Interval in the model"
    return ""


def _tell_short_years(name: str, texts: Texts) -> str:
    styles: frozenset[str] | None = None
    for text in texts():
        styles = find_short_styles(text) if styles is None else find_short_styles(text, styles)
        if not styles:
            return ""
    if not styles:
        return ""
    type_ = "DateTime" if has_time(min(styles)) else "Date"
    kind = "dates with years of two digits, of which those from 69 on are of the last century"
    return _ask_for_format(kind, name, sorted(styles), type_)


def _tell_strays(texts: Texts, proposed: Collection[str]) -> str:
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
            others = [stray for stray in strays if stray not in proposed]
            if len(others) > MOST_STRAYS or (text in others and any(map(str.isdigit, text))):
                return ""
    if not strays:
        return f"{kind}, but some have more digits than a {kind} keeps" if kind == NUMBER else ""
    names = sorted(strays)
    return (
        f"{kind} but for {_count(names, texts)}; if they mean nothing, "
        f"draft it with {_write_options(names, proposed)}"
    )


_COMPACT_DATE = re.compile(r"(1[89]|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_NINES = re.compile(r"-?(99|9{3,5})(\.(0+|9{1,2}))?")
_FEWEST_SENTINELS = 2
_LONG_NINES = 3
"""Digits of a number below zero that stands for nothing even if it is there once."""
_FAR = 2
"""How much larger than all others a number has to be, as a factor."""


def find_sentinels(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> str:
    """A sentence on numbers that stand for nothing, as -99 does among numbers above zero."""
    source, name = quote_identifier(table.name), quote_identifier(column.name)
    found = connection.execute(
        f"SELECT {name}, count(*) FROM {source} WHERE {name} GLOB '*99*' GROUP BY 1 LIMIT ?",
        (_MOST_NINES,),
    )
    counts = {text: count for text, count in found if _NINES.fullmatch(text.strip())}
    if not counts:
        return ""
    listed = ", ".join(map(quote_text, counts))
    least, most = connection.execute(
        f"SELECT min(CAST({name} AS REAL)), max(CAST({name} AS REAL)) FROM {source} "
        f"WHERE {name} NOT IN ({listed})"
    ).fetchone()
    told = {
        text: count
        for text, count in sorted(counts.items())
        if least is not None and _may_mean_nothing(text, count, least, most)
    }
    named = ", ".join(f"{text} ({spell_count(count, 'row')})" for text, count in told.items())
    if not told:
        return ""
    return (
        f"{named} may stand for no value, as all others are from {least:g} to {most:g}; "
        f"if so, draft it with {_write_options(told)}"
    )


_MOST_NINES = 1000
"""Different numbers with nines in a row that are looked at."""


def _may_mean_nothing(text: str, count: int, least: float, most: float) -> bool:
    """Whether a number of nines is far from all others, and there often enough to be no value."""
    number = float(text)
    is_long = number < 0 and text.count("9") >= _LONG_NINES
    is_far = number < 0 <= least or 0 <= _FAR * most < number
    return is_far and count >= (1 if is_long else _FEWEST_SENTINELS)


def find_compact_dates(column: InferredColumn, texts: Texts) -> str:
    """A sentence on whole numbers that are all dates, as 20200131 is."""
    if column.kind != INTEGER or not any(True for _ in texts()):
        return ""
    if not all(_is_compact_date(text.strip()) for text in texts()):
        return ""
    setting = write_format(column.name, "%Y%m%d")
    return f"all can be dates, as 20200131 can; if so, set `{setting}`, and put Date in the model"


def _is_compact_date(text: str) -> bool:
    if not _COMPACT_DATE.fullmatch(text):
        return False
    return classify(f"{text[:4]}-{text[4:6]}-{text[6:]}") == DATE


def _generalise(text: str) -> str:
    kind = classify(text)
    return NUMBER if kind == INTEGER else kind


def _count(words: Iterable[str], texts: Texts) -> str:
    counts = Counter(text for text in texts() if text in words)
    return ", ".join(
        f"{word if word.strip() else repr(word)} ({spell_count(counts[word], 'row')})"
        for word in words
    )


def _write_options(words: Collection[str], proposed: Collection[str] = ()) -> str:
    """The options of `new` that leave out some words, and rows that repairs are proposed for."""
    options = [
        f"--null{'=' if word.startswith('-') else ' '}{shlex.quote(word)}"
        for word in words
        if word not in proposed
    ]
    return " ".join(["--repair"] * (len(options) < len(words)) + options)


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
                "draft it again with --repair, or delete that from the source"
            )


MOST_NOTES = 20
"""Rows at the end of a table that may be notes to it."""


def find_odd_rows(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that hold nothing, and on notes below a table, which were taken as rows."""
    first, *others = table.columns.values()
    if not others or not all(column.is_nullable for column in others):
        return
    source, name = quote_identifier(table.name), quote_identifier(first.name)
    proposed = table.file.proposed
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
    query = f"SELECT count(*) FROM {source} WHERE {name} NOTNULL AND {rest}"
    is_usual = connection.execute(query).fetchone()[0] > len(notes)
    if first.kind != TEXT or is_usual or any(note in proposed for note in notes):
        return
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
