"""The part of a data card that describes one table: a line for each of its columns."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.interop.charts import draw_histogram, draw_shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.catalog.manifest import Table
    from microcosm_sqlite.interop.diagram import Reference
    from microcosm_sqlite.interop.profiles import Profile

_HEADS = (("Column", ""), ("Values", ""), ("Missing", "number"), ("Different", "number"))


def describe_table(table: Table, profiles: list[Profile], references: list[Reference]) -> str:
    """A heading and a table, which small screens show as a list.

    The roles are told though they are those of the elements: a browser forgets them where the
    style sheet turns rows into blocks.
    """
    name = escape(table.name)
    heads = "".join(
        f'<th scope="col" role="columnheader" class="{kind}">{head}</th>' for head, kind in _HEADS
    )
    rows = "".join(_describe_column(table, profile, references) for profile in profiles)
    about = f"{escape(table.description)} · " if table.description else ""
    return (
        f'<section aria-labelledby="table-{name}">\n<h3 id="table-{name}">{name}</h3>\n'
        f'<p class="quiet">{about}{table.row_count:,} rows</p>\n'
        f'<table role="table" aria-labelledby="table-{name}">\n'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}</tbody>\n</table>\n</section>\n'
    )


def _describe_column(table: Table, profile: Profile, references: list[Reference]) -> str:
    field = profile.field
    about = f'<span class="about">{escape(field.description)}</span>' if field.description else ""
    distinct = "not counted" if profile.distinct is None else f"{profile.distinct:,}"
    return (
        '<tr role="row">'
        f'<th scope="row" role="rowheader"><code>{escape(field.name)}</code> '
        f'<span class="type">{escape(_type(profile))}</span> '
        f"{' '.join(_badges(table, field.name, references))}{about}</th>"
        f'<td role="cell" class="values">{_values(profile)}</td>'
        f'<td role="cell" class="number" data-label="Missing">{_missing(profile)}</td>'
        f'<td role="cell" class="number" data-label="Different">{distinct}</td>'
        "</tr>\n"
    )


def _type(profile: Profile) -> str:
    field = profile.field
    return field.format if field.format in ("binary", "uuid") else field.type


def _badges(table: Table, column: str, references: list[Reference]) -> Iterator[str]:
    if column in table.primary_key:
        yield '<span class="badge">primary key</span>'
    for source, referring, target, referred in references:
        if (source, referring) == (table.name, column):
            told = escape(f"{target}.{referred}")
            yield f'<a class="badge" href="#table-{escape(target)}">→ {told}</a>'


def _missing(profile: Profile) -> str:
    if not profile.missing:
        return "0"
    share = 100 * profile.missing / profile.rows
    shown = f"{share:.1f} %" if share >= 0.1 else "&lt; 0.1 %"
    return f'{profile.missing:,} <span class="quiet">({shown})</span>'


def _values(profile: Profile) -> str:
    low, high = _show(profile, profile.low), _show(profile, profile.high)
    if profile.missing == profile.rows:
        return '<span class="quiet">none</span>'
    if profile.bins:
        ends = f"<span>{escape(low)}</span><span>{escape(high)}</span>"
        return f'{draw_histogram(profile.bins, low, high)}<div class="range">{ends}</div>'
    if profile.low is not None:
        return escape(f"always {low}" if low == high else f"{low} to {high}")
    shown = [(_show(profile, value), count) for value, count in profile.top]
    if profile.is_unique:
        examples = ", ".join(value for value, _ in shown[:3])
        return f'<span class="quiet">all different, such as</span> {escape(examples)}'
    return draw_shares(shown, profile.rows - profile.missing) if shown else ""


def _show(profile: Profile, value: Any) -> str:
    """A stored value as people read it."""
    kind = profile.field.type
    if kind == "boolean":
        return {0: "no", 1: "yes"}.get(value, str(value))
    if isinstance(value, int):
        # Four digits without a comma: they are often those of a year.
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.6g}"
    text = " ".join(str(value).split())
    if kind in ("datetime", "time"):
        text = text.removesuffix(".000000").removesuffix(":00")
    if not text:
        return "(empty)"
    return text if len(text) <= 40 else f"{text[:39]}…"
