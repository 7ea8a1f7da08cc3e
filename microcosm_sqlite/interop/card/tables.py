"""The part of a data card that describes one table: a line and a chart for each of its columns."""

from __future__ import annotations

import math
from copy import copy
from html import escape
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.verifying.ranges import (
    WIDEST,
    measure_columns,
    spell_range,
    spell_value,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.interop.card.diagram import anchor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from sqlite3 import Connection

    from microcosm_sqlite.catalog.manifest import Field, Table
    from microcosm_sqlite.interop.card.diagram import Reference


BINS = 32
"""The most bars of a histogram."""

TOP = 5
"""How many of the most frequent values are kept."""

_SPREAD = {
    "integer": "{0}",
    "year": "{0}",
    "number": "{0}",
    "date": "julianday({0})",
    "datetime": "julianday({0})",
}
_COUNTED = ("string", "boolean", "time")
_OPAQUE = ("binary", "uuid")


class Profile:
    """One column, summed up.

    Attributes:
        field: The column.
        rows: Rows of its table.
        missing: How many of them are NULL.
        distinct: How many different values there are, NULL aside; None where it is not counted.
        low, high: The least and the greatest value as SQLite stores it; None where there is none,
            or one is infinite.
        bins: How many values are in each of as many equal steps from low to high; empty for
            columns without an order that counts.
        top: The most frequent values and how often they occur; empty for columns with bins.
    """

    __slots__ = ("bins", "distinct", "field", "high", "low", "missing", "rows", "top")

    def __init__(self, field: Field, rows: int, missing: int) -> None:
        self.field = field
        self.rows = rows
        self.missing = missing
        self.distinct: int | None = None
        self.low: Any = None
        self.high: Any = None
        self.bins: list[int] = []
        self.top: list[tuple[Any, int]] = []

    def __repr__(self) -> str:
        return f"<Profile {self.field.name}: {self.distinct} of {self.rows}>"

    @property
    def is_unique(self) -> bool:
        """Whether no value occurs twice."""
        return self.distinct is not None and 1 < self.distinct == self.rows - self.missing

    @property
    def is_numbered(self) -> bool:
        """Whether it counts its rows: every whole number from the first to the last, once."""
        low, high = self.low, self.high
        return self.is_unique and type(low) is type(high) is int and high - low + 1 == self.distinct


def profile_table(connection: Connection, table: Table) -> list[Profile]:
    """The profiles of all columns of a table.

    What the build measured is taken from the manifest, or from one scan where that does not say;
    how values are spread is read from the file, in a pass or two for each column.
    """
    fields = table.fields
    if any(field.null_count is None for field in fields):
        fields = _measure(connection, table)
    return [_profile(connection, table, field) for field in fields]


def _measure(connection: Connection, table: Table) -> list[Field]:
    measured = measure_columns(connection, table.name, table.fields)
    fields = [copy(field) for field in table.fields]
    for field, found in zip(fields, measured, strict=True):
        field.null_count = found["nullCount"]
        field.value_range = found.get("valueRange")
        field.length_range = found.get("lengthRange")
    return fields


def _profile(connection: Connection, table: Table, field: Field) -> Profile:
    column, source = quote_identifier(field.name), quote_identifier(table.name)
    profile = Profile(field, table.row_count, field.null_count or 0)
    if field.type in _SPREAD:
        _measure_spread(connection, profile, column, source)
    elif field.type in _COUNTED and field.format not in _OPAQUE:
        _count_values(connection, profile, column, source)
    return profile


def _count_values(connection: Connection, profile: Profile, column: str, source: str) -> None:
    found = connection.execute(
        f"WITH counted AS MATERIALIZED (SELECT {column} AS value, count(*) AS number"
        f" FROM {source} WHERE {column} IS NOT NULL GROUP BY 1)"
        " SELECT value, number, (SELECT count(*) FROM counted) FROM counted"
        f" ORDER BY number DESC, value LIMIT {TOP}"
    ).fetchall()
    profile.distinct = found[0][2] if found else 0
    profile.top = [(value, number) for value, number, _ in found]


def _measure_spread(connection: Connection, profile: Profile, column: str, source: str) -> None:
    (profile.distinct,) = connection.execute(
        f"SELECT count(DISTINCT {column}) FROM {source}"
    ).fetchone()
    if not profile.field.value_range:
        return
    profile.low, profile.high = profile.field.value_range
    low, high = (_place(connection, profile.field, end) for end in profile.field.value_range)
    if low is None or high is None:
        return
    width, number = _steps(low, high)
    if number < 2:
        return
    place = _SPREAD[profile.field.type].format(column)
    profile.bins = [0] * number
    for step, count in connection.execute(
        f"SELECT CAST(({place} - ?) / ? AS INTEGER), count(*) FROM {source}"
        f" WHERE {place} IS NOT NULL GROUP BY 1",
        (low, width),
    ):
        # The greatest value ends the last step, where arithmetic would begin another; and what a
        # manifest says of the ends may be wrong.
        profile.bins[max(0, min(step, number - 1))] += count


def _place(connection: Connection, field: Field, end: object) -> float | None:
    """Where on the axis a value stands; None where it stands nowhere."""
    sql = f"SELECT {_SPREAD[field.type].format('?')}"
    (place,) = connection.execute(sql, (end,)).fetchone()
    return place if isinstance(place, int | float) and math.isfinite(place) else None


def _steps(low: float, high: float) -> tuple[float, int]:
    """The width and number of the steps; whole numbers are never divided between two."""
    if isinstance(low, int) and isinstance(high, int):
        width = -(-(high - low + 1) // BINS)
        return width, -(-(high - low + 1) // width)
    span = high - low
    return (span / BINS, BINS) if span > 0 and math.isfinite(span) else (1.0, 1)


HEIGHT = 36
BAR = 7


def draw_histogram(bins: Sequence[int], low: str, high: str) -> str:
    """Bars of equal width; steps that hold anything at all are always to be seen.

    >>> draw_histogram([1, 0, 2], "0", "3").count("M")
    2
    """
    most = max(bins)
    heights = [max(1.5, HEIGHT * count / most) if count else 0 for count in bins]
    bars = "".join(
        f"M{place * BAR} {HEIGHT}v{-height:.4g}h{BAR - 1}V{HEIGHT}z"
        for place, height in enumerate(heights)
        if height
    )
    width = len(bins) * BAR - 1
    told = f"Histogram from {low} to {high}: {_describe(bins)}."
    return (
        f'<svg class="histogram" role="img" aria-label="{escape(told)}" '
        f'viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none">'
        f'<path d="{bars}"/></svg>'
    )


def draw_shares(values: Sequence[tuple[str, int]], total: int) -> str:
    """The most frequent values, each with its share as a bar behind it."""
    items = "".join(
        f'<li style="--part: {count / total:.4f}"><span dir="auto">{escape(value)}</span> '
        f'<span class="count">{escape(tell_share(count / total))}</span></li>'
        for value, count in values
    )
    return f'<ul class="shares">{items}</ul>'


def tell_share(share: float) -> str:
    """In percent; never 0 % for some, nor 100 % for not quite all.

    >>> tell_share(0.25), tell_share(0.0001)
    ('25.0 %', '< 0.1 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %" if share < 1 else "100 %"


def _describe(bins: Sequence[int]) -> str:
    """The shape in words: where most values are."""
    total, most = sum(bins), max(bins)
    place = bins.index(most)
    return f"{most:,} of {total:,} values are in step {place + 1} of {len(bins)}"


_HEADS = (
    ("Column", "column"),
    ("Values", "values"),
    ("Missing", "number"),
    ("Distinct", "number distinct"),
)
_FEW = 0.01
"""Below this share the most frequent value is no more worth telling than any other."""


def describe_table(table: Table, profiles: list[Profile], references: list[Reference]) -> str:
    """A heading and a table, which small screens show as a list.

    The roles are written though they are those of the elements: a browser drops them where the
    style sheet turns rows into blocks.
    """
    name, place = escape(table.name), anchor(table.name)
    heads = "".join(
        f'<th scope="col" role="columnheader" class="{kind}">{head}</th>' for head, kind in _HEADS
    )
    rows = "".join(_describe_column(table, profile, references) for profile in profiles)
    about = f'<p class="quiet" dir="auto">{escape(table.description)}</p>\n'
    repairs = [f"{kind} {count:,}" for kind, count in sorted(table.repairs.items())]
    amount = spell_count(table.row_count, "row")
    if repairs:
        amount += f" · Repaired in the sources: {escape(', '.join(repairs))}"
    return (
        f'<section aria-labelledby="{place}">\n<h3 id="{place}">{name}</h3>\n'
        f"{about if table.description else ''}"
        f'<p class="quiet">{amount} · <a href="#tables">All tables</a></p>\n'
        f'<table role="table" aria-labelledby="{place}">\n'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}</tbody>\n</table>\n</section>\n'
    )


def _describe_column(table: Table, profile: Profile, references: list[Reference]) -> str:
    field = profile.field
    about = f'<span class="about" dir="auto">{escape(field.description)}</span>'
    badges = " ".join(_badges(table, field.name, references))
    distinct = (
        '<span class="quiet">not counted</span>'
        if profile.distinct is None
        else f"{profile.distinct:,}"
    )
    return (
        '<tr role="row">'
        f'<th scope="row" role="rowheader"><code>{escape(field.name)}</code> '
        f'<span class="type">{escape(_type(profile))}</span> '
        f"{badges}{about if field.description else ''}</th>"
        f'<td role="cell" class="values">{_values(profile)}</td>'
        f'<td role="cell" class="number" data-label="Missing">{_missing(profile)}</td>'
        f'<td role="cell" class="number" data-label="Distinct">{distinct}</td>'
        "</tr>\n"
    )


def _type(profile: Profile) -> str:
    field = profile.field
    return field.format if field.format in ("binary", "uuid") else field.type


def _badges(table: Table, column: str, references: list[Reference]) -> Iterator[str]:
    if column in table.primary_key:
        yield '<span class="badge">primary key</span>'
    for _, referring, target, referred in references:
        if referring == column:
            told = escape(f"{target}.{referred}")
            yield f'<a class="badge" href="#{anchor(target)}">→ {told}</a>'
    for key in table.external_keys:
        for referring, referred in zip(key["fields"], key["reference"]["fields"], strict=False):
            if referring == column:
                told = escape(f"{table.target_of(key)}.{referred}")
                yield f'<span class="badge">→ {told}</span>'


def _missing(profile: Profile) -> str:
    if not profile.missing:
        return '<span class="quiet">0</span>'
    share = tell_share(profile.missing / profile.rows)
    return f'{profile.missing:,} <span class="quiet">({escape(share)})</span>'


def _values(profile: Profile) -> str:
    if profile.missing == profile.rows:
        return '<span class="quiet">none</span>'
    if profile.is_numbered:
        return f'{escape(spell_range(profile.field))}<span class="quiet">, each once</span>'
    if profile.bins:
        return _histogram(profile)
    if profile.top:
        return _texts(profile)
    told = escape(spell_range(profile.field))
    return told or '<span class="quiet">not summarised</span>'


def _histogram(profile: Profile) -> str:
    low, high = (spell_value(profile.field, end) for end in (profile.low, profile.high))
    ends = f"<span>{escape(low)}</span><span>{escape(high)}</span>"
    return f'{draw_histogram(profile.bins, low, high)}<div class="range">{ends}</div>'


def _texts(profile: Profile) -> str:
    """The most frequent ones, or some of many; and how long they are where some are shortened."""
    present = profile.rows - profile.missing
    shown = [(spell_value(profile.field, value), count) for value, count in profile.top]
    if not profile.is_unique and profile.top[0][1] >= _FEW * present:
        drawn = draw_shares(shown, present)
    else:
        drawn = _examples(profile, [value for value, _ in shown[:3]])
    length = profile.field.length_range
    if length and length[1] > WIDEST:
        drawn += f'<div class="range">{escape(spell_range(profile.field))}</div>'
    return drawn


def _examples(profile: Profile, values: list[str]) -> str:
    is_mostly = 2 * (profile.distinct or 0) > profile.rows - profile.missing
    kind = "all different" if profile.is_unique else "mostly different" if is_mostly else "many"
    items = " ".join(f"<li>{escape(value)}</li>" for value in values)
    style = "examples short" if sum(map(len, values)) < WIDEST else "examples"
    return f'<span class="quiet">{kind}, such as</span> <ul class="{style}" dir="auto">{items}</ul>'
