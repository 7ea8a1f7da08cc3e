"""The part of a data card that describes one table: a line and a chart for each of its columns."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.verifying.ranges import WIDEST, spell_range, spell_value
from microcosm_sqlite.common.wording import spell_count, spell_share
from microcosm_sqlite.interop.card.charts import draw_histogram, draw_shares
from microcosm_sqlite.interop.card.diagram import anchor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.manifest_tables import Table
    from microcosm_sqlite.interop.card.diagram import Reference
    from microcosm_sqlite.interop.card.profiles import Profile


_HEADS = (
    ("Column", "column"),
    ("Values", "values"),
    ("Missing", "number"),
    ("Distinct", "number distinct"),
)
_FEW = 0.01
"""Below this share the most frequent value is no more worth telling than any other."""


def describe_table(
    table: Table, profiles: list[Profile], references: list[Reference], sample: str
) -> str:
    """A heading, sample rows and a table of the columns, which small screens show as a list.

    The roles are written though they are those of the elements: a browser drops them where the
    style sheet turns rows into blocks.
    """
    name, place = escape(table.name), anchor(table.name)
    heads = "".join(
        f'<th scope="col" role="columnheader" class="{kind}">{head}</th>' for head, kind in _HEADS
    )
    rows = "".join(_describe_column(table, profile, references) for profile in profiles)
    about = f'<p class="quiet" dir="auto">{escape(table.about)}</p>\n'
    repairs = [f"{kind} {count:,}" for kind, count in sorted(table.repairs.items())]
    amount = spell_count(table.row_count, "row")
    if repairs:
        amount += f" · Repaired in the sources: {escape(', '.join(repairs))}"
    return (
        f'<section aria-labelledby="{place}">\n<h3 id="{place}">{name}</h3>\n'
        f"{about if table.about else ''}"
        f'<p class="quiet">{amount} · <a href="#tables">All tables</a></p>\n{sample}'
        f'<table role="table" class="columns" aria-labelledby="{place}">\n'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}</tbody>\n</table>\n</section>\n'
    )


def _describe_column(table: Table, profile: Profile, references: list[Reference]) -> str:
    field = profile.field
    about = f'<span class="about" dir="auto">{escape(field.about)}</span>'
    badges = " ".join(_badges(table, field.name, references))
    distinct = (
        '<span class="quiet">not counted</span>'
        if profile.distinct is None
        else f"{profile.distinct:,}"
    )
    return (
        '<tr role="row">'
        f'<th scope="row" role="rowheader"><code>{escape(field.name)}</code> '
        f'<span class="type">{escape(field.type_name)}</span> '
        f"{badges}{about if field.about else ''}</th>"
        f'<td role="cell" class="values">{_values(profile)}</td>'
        f'<td role="cell" class="number" data-label="Missing">{_missing(profile)}</td>'
        f'<td role="cell" class="number" data-label="Distinct">{distinct}</td>'
        "</tr>\n"
    )


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
    share = spell_share(profile.missing / profile.rows)
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
    start, end = (spell_value(profile.field, each) for each in (profile.start, profile.end))
    ends = f"<span>{escape(start)}</span><span>{escape(end)}</span>"
    lines = [_spell_middle(profile), _spell_tails(profile)]
    told = "".join(f'<div class="range">{escape(line)}</div>' for line in lines if line)
    drawn = draw_histogram(profile.bins, start, end)
    return f'{drawn}<div class="range axis">{ends}</div>{told}'


def _spell_middle(profile: Profile) -> str:
    if not profile.quantiles:
        return ""
    _, first, median, third, _ = (spell_value(profile.field, each) for each in profile.quantiles)
    return f"Median {median}, half between {first} and {third}"


def _spell_tails(profile: Profile) -> str:
    """Describe the values that the histogram leaves out."""
    present = profile.rows - profile.missing
    low, high = (spell_value(profile.field, each) for each in (profile.low, profile.high))
    tails = []
    if profile.below:
        tails.append(f"{spell_share(profile.below / present)} below, from {low}")
    if profile.above:
        tails.append(f"{spell_share(profile.above / present)} above, up to {high}")
    return f"Not drawn: {'; '.join(tails)}" if tails else ""


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
