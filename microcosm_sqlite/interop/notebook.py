"""A dataset, a table or a column at a glance, as notebooks show it."""

from __future__ import annotations

from contextlib import closing
from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.citation import cite
from microcosm_sqlite.catalog.verifying.ranges import spell_range
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.interop.descriptions import find_references
from microcosm_sqlite.interop.samples import read_sample, spell_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table

# Colours are the notebook's own, so that it reads as well on a dark page as on a light one.
_RULE = "border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent)"
CELL = f"text-align: left; vertical-align: top; padding: 0.2em 1em 0.2em 0; {_RULE}"
NUMBER = CELL.replace("text-align: left", "text-align: right")
_QUIET = "opacity: 0.75"
_TABLE = (
    '<table style="border-collapse: collapse; margin: 0.5em 0; background: none; '
    'color: inherit; font: inherit">'
)
_ROWS = 3
"""Rows of a sample."""

_WIDEST = 100
"""Columns of a table that are shown."""


def summarize(dataset: InstalledDataset) -> str:
    """Describe a dataset as a piece of HTML: title, licence, tables, citation.

    Everything that comes from the dataset is escaped, and nothing is loaded from anywhere.
    """
    manifest = dataset.manifest
    title = (manifest.title if manifest else "") or dataset.name
    rows = "".join(_row(table) for table in dataset.tables.values())
    heads = "".join(
        f'<th scope="col" style="{style}">{name}</th>'
        for name, style in zip(("Table", "Rows", "Columns", "About"), _STYLES, strict=True)
    )
    table = f"{_TABLE}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    citation = f'<div style="{_QUIET}">Cite as: {escape(cite(dataset))}</div>'
    return frame(title, _facts(dataset), f"{table}{citation}")


def summarize_table(dataset: InstalledDataset, table: Table) -> str:
    """Describe a table as a piece of HTML: its columns, each with its values in some rows.

    Raises:
        DatasetError: The file cannot be opened or read.
    """
    shown = table.fields[:_WIDEST]
    rows = _read_rows(dataset, table, shown)
    about = ["About"] if any(field.about for field in shown) else []
    heads = ("Column", "Type", *about, *(f"Row {number + 1}" for number in range(len(rows))))
    lines = [
        (
            *(field.name, field.type_name, *[field.about] * len(about)),
            *_spell(field, [row[place] for row in rows]),
        )
        for place, field in enumerate(shown)
    ]
    facts = [
        f"<code>{escape(dataset.name)}</code> {escape(dataset.version)}",
        spell_count(table.row_count, "row"),
        spell_count(len(table.fields), "column"),
    ]
    if len(shown) < len(table.fields):
        facts.append(f"the first {len(shown)} are shown")
    lead = f'<div dir="auto">{escape(table.about)}</div>' if table.about else ""
    drawn = draw_lines(heads, lines, [CELL] * len(heads))
    return frame(table.name, " · ".join(facts), f"{lead}{drawn}")


def summarize_column(dataset: InstalledDataset, table: Table, field: Field) -> str:
    """Describe a column as a piece of HTML: what the manifest says, and its values in some rows.

    Raises:
        DatasetError: The file cannot be opened or read.
    """
    read = [row[0] for row in _read_rows(dataset, table, [field])]
    values = _spell(field, [value for value in read if value is not None])
    described = {
        "Type": field.type_name,
        "Range": spell_range(field),
        "NULL": "" if field.null_count is None else f"{field.null_count:,}",
        "Refers to": ", ".join(find_references(table, field.name)),
        "Such as": ", ".join(dict.fromkeys(values)),
    }
    lines = [(name, value) for name, value in described.items() if value]
    return frame(
        f"{table.name}.{field.name}",
        escape(field.about),
        draw_lines((), lines, (CELL, CELL)),
    )


def _read_rows(
    dataset: InstalledDataset, table: Table, fields: Sequence[Field]
) -> list[tuple[Any, ...]]:
    with closing(dataset.connect()) as connection:
        return read_sample(connection, table.name, [field.name for field in fields], _ROWS)


def _spell(field: Field, values: Iterable[Any]) -> list[str]:
    return ["NULL" if value is None else spell_sample(field, value) for value in values]


def frame(title: str, facts: str, content: str) -> str:
    """A title, a quiet line of HTML below it, and what they are about."""
    return (
        '<div style="max-width: 60em; line-height: 1.4">'
        f'<div style="font-weight: bold">{escape(title)}</div>'
        f'<div style="{_QUIET}">{facts}</div>{content}</div>'
    )


def draw_lines(heads: Sequence[str], lines: Iterable[Sequence[str]], styles: Sequence[str]) -> str:
    """A table of texts, which are escaped, and the style of each of its columns."""
    head = "".join(
        f'<th scope="col" style="{style}">{escape(name)}</th>'
        for name, style in zip(heads, styles, strict=False)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}">{escape(cell)}</td>'
            for cell, style in zip(line, styles, strict=True)
        )
        + "</tr>"
        for line in lines
    )
    head = f"<thead><tr>{head}</tr></thead>" if heads else ""
    return f'<div style="overflow-x: auto">{_TABLE}{head}<tbody>{body}</tbody></table></div>'


def _license_names(dataset: InstalledDataset) -> list[str]:
    """The names of the licences of the data."""
    found = dataset.manifest.licenses if dataset.manifest else []
    names = (license_.get("name") or license_.get("title") for license_ in found)
    return [str(name) for name in names if name]


_STYLES = (CELL, NUMBER, NUMBER, CELL)


def _row(table: Table) -> str:
    cells = (table.name, f"{table.row_count:,}", f"{len(table.fields)}", table.about)
    return (
        "<tr>"
        + "".join(
            f'<td style="{style}">{escape(cell)}</td>'
            for cell, style in zip(cells, _STYLES, strict=True)
        )
        + "</tr>"
    )


def _facts(dataset: InstalledDataset) -> str:
    facts = [
        f"<code>{escape(dataset.name)}</code> {escape(dataset.version)}",
        escape(f"from {dataset.distribution}" if dataset.distribution else "registered by hand"),
        f"licence {escape(', '.join(_license_names(dataset)) or 'not stated')}",
    ]
    return " · ".join(facts)
