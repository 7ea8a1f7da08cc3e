"""A dataset at a glance, as notebooks show it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.citation import cite

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Table

# Colours are the notebook's own, so that it reads as well on a dark page as on a light one.
_RULE = "border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent)"
_CELL = f"text-align: left; vertical-align: top; padding: 0.2em 1em 0.2em 0; {_RULE}"
_NUMBER = _CELL.replace("text-align: left", "text-align: right")
_QUIET = "opacity: 0.75"


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
    return (
        '<div style="max-width: 60em; line-height: 1.4">'
        f'<div style="font-weight: bold">{escape(title)}</div>'
        f'<div style="{_QUIET}">{_facts(dataset)}</div>'
        f'<table style="border-collapse: collapse; margin: 0.5em 0; background: none; '
        'color: inherit; font: inherit">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<div style="{_QUIET}">Cite as: {escape(cite(dataset))}</div>'
        "</div>"
    )


def _license_names(dataset: InstalledDataset) -> list[str]:
    """The names of the licences of the data."""
    found = dataset.manifest.licenses if dataset.manifest else []
    names = (license_.get("name") or license_.get("title") for license_ in found)
    return [str(name) for name in names if name]


_STYLES = (_CELL, _NUMBER, _NUMBER, _CELL)


def _row(table: Table) -> str:
    cells = (table.name, f"{table.row_count:,}", f"{len(table.fields)}", table.description)
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
