"""A static site of several datasets: a card for each, and a page that finds tables and columns."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from microcosm_sqlite.common.platforms import spell_file_name
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.common.workspace import making_folder, naming_full_disk, open_workspace
from microcosm_sqlite.interop.card.diagram import anchor
from microcosm_sqlite.interop.card.page import begin_page, end_page, render_card
from microcosm_sqlite.interop.descriptions import name_licenses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Table

INDEX = "index.html"


def write_site(
    datasets: Iterable[InstalledDataset],
    folder: Path,
    *,
    title: str = "Datasets",
    advance: Callable[[int], object] | None = None,
) -> list[Path]:
    """Write a card for each dataset, and the page that lists them, into a folder.

    Pages of these names that are there are replaced; all else in the folder stays.

    Args:
        datasets: The datasets.
        folder: The folder; it is made where it is missing.
        title: The title of the page that lists them.
        advance: Called with 1 after each card.

    Returns:
        The paths of the pages, that of the list first.

    Raises:
        DatasetError: One of the datasets cannot be opened.
    """
    chosen = list(datasets)
    written = [folder / INDEX]
    with (
        making_folder(folder),
        naming_full_disk(folder / INDEX),
        open_workspace(folder, ".site-") as workspace,
    ):
        for dataset in chosen:
            page = workspace / f"{_name_page(dataset)}"
            page.write_text(render_card(dataset), encoding="utf-8", newline="\n")
            written.append(folder / page.name)
            if advance:
                advance(1)
        (workspace / INDEX).write_text(render_index(chosen, title), encoding="utf-8", newline="\n")
        for path in written:
            (workspace / path.name).replace(path)
    return written


def render_index(datasets: Iterable[InstalledDataset], title: str) -> str:
    """The page that lists datasets, their tables and columns."""
    listed = list(datasets)
    tables = [table for dataset in listed for table in dataset.tables.values()]
    told = (
        f"{spell_count(len(listed), 'dataset')}, {spell_count(len(tables), 'table')}, "
        f"{spell_count(sum(table.row_count for table in tables), 'row')}"
    )
    items = "".join(map(_show, listed))
    return (
        f'{begin_page(title, told)}<header>\n<h1 dir="auto">{escape(title)}</h1>\n'
        f'<p class="lead quiet">{told}</p>\n</header>\n'
        f'<main>\n<ul class="catalogue">\n{items}</ul>\n</main>\n{end_page()}'
    )


def _name_page(dataset: InstalledDataset) -> str:
    # A dataset may be called as the list is.
    name = spell_file_name(f"{quote(dataset.name, safe='')}.html")
    return name if name.lower() != INDEX else f"dataset-{name}"


def _show(dataset: InstalledDataset) -> str:
    manifest = dataset.manifest
    title = (manifest.title if manifest else "") or dataset.name
    about = manifest.description if manifest else ""
    address = quote(_name_page(dataset))
    tables = dataset.tables.values()
    facts = [
        f"<code>{escape(dataset.name)}</code> {escape(dataset.version)}",
        escape(name_licenses(manifest)) if manifest else "",
        spell_count(sum(table.row_count for table in tables), "row"),
    ]
    shown = "".join(_show_table(table, address) for table in tables)
    lead = f'<p dir="auto">{escape(about)}</p>\n' if about and about != title else ""
    return (
        f'<li class="dataset">\n<h2><a href="{address}" dir="auto">{escape(title)}</a></h2>\n{lead}'
        f'<p class="quiet">{" · ".join(filter(None, facts))}</p>\n'
        f"<details><summary>{spell_count(len(tables), 'table')}</summary>\n"
        f'<ul class="tables">\n{shown}</ul>\n</details>\n</li>\n'
    )


def _show_table(table: Table, address: str) -> str:
    columns = ", ".join(f"<code>{escape(field.name)}</code>" for field in table.fields)
    return (
        f'<li><a href="{address}#{anchor(table.name)}">{escape(table.name)}</a> '
        f'<span class="quiet" dir="auto">{escape(table.description)}</span>'
        f'<div class="quiet">{columns}</div></li>\n'
    )
