"""The data card: one HTML page that describes a dataset.

It is complete in itself: nothing is loaded from elsewhere, one small script of ours adds what the
page does not need to be read, and everything that comes from the dataset is escaped. So it can be
mailed, published, or kept beside the wheel.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.opening import open_wheel
from microcosm_sqlite.common.wording import spell_count, spell_size
from microcosm_sqlite.common.workspace import naming_full_disk, open_scratch, open_workspace
from microcosm_sqlite.interop.card.changes import show_changes
from microcosm_sqlite.interop.card.diagram import (
    anchor,
    draw_diagram,
    find_references,
    group_references,
)
from microcosm_sqlite.interop.card.origins import show_citation, show_license, show_sources
from microcosm_sqlite.interop.card.profiles import profile_table
from microcosm_sqlite.interop.card.rows import show_sample
from microcosm_sqlite.interop.card.snippets import show_snippets
from microcosm_sqlite.interop.card.tables import describe_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Table


def render_card(dataset: InstalledDataset) -> str:
    """The data card of a dataset; its columns are profiled from the file, which takes a while.

    Raises:
        DatasetError: The file cannot be opened.
    """
    manifest = dataset.manifest
    title = (manifest.title if manifest else "") or dataset.name
    about = manifest.description if manifest else ""
    page = f"{begin_page(title, about or title)}{''.join(_page(dataset, title, about))}{end_page()}"
    weight = spell_size(len(page.encode()))
    return page.replace(_WEIGHT, weight)


_WEIGHT = "<!-- weight -->"
"""Stands where the page says how large it is; nothing of a dataset can be it, being escaped."""


def begin_page(title: str, about: str) -> str:
    """The head of a page, up to its body.

    The browser is told to load nothing and to run one script alone, which it knows by its hash.
    """
    style = files(__package__).joinpath("card.css").read_text(encoding="utf-8")
    script = b64encode(sha256(read_script().encode()).digest()).decode()
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{script}'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="description" content="{escape(about)}">\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n"
    )


def end_page() -> str:
    """The end of a page, with its script."""
    return f"<script>{read_script()}</script>\n</body>\n</html>\n"


def read_script() -> str:
    """The script of the page, which adds to it what only a script can do."""
    return files(__package__).joinpath("card.js").read_text(encoding="utf-8")


def render_wheel_card(wheel: str | os.PathLike[str]) -> str:
    """The data card of a wheel's dataset; nothing of the wheel is installed or run.

    Raises:
        DatasetError: The wheel cannot be read, or carries no dataset.
    """
    with open_scratch() as folder:
        return render_card(next(open_wheel(os.fspath(wheel), str(folder))))


def write_wheel_card(wheel: str | os.PathLike[str]) -> Path:
    """Write the card beside the wheel, under its name with the suffix .html, and return the path.

    Raises:
        DatasetError: As for `render_wheel_card`.
    """
    path = Path(wheel).with_suffix(".html")
    with naming_full_disk(path), open_workspace(path.parent, f".{path.name}-") as workspace:
        draft = workspace / path.name
        draft.write_text(render_wheel_card(wheel), encoding="utf-8", newline="\n")
        draft.replace(path)
    return path


def _page(dataset: InstalledDataset, title: str, about: str) -> Iterator[str]:
    yield f'<header>\n<h1 dir="auto">{escape(title)}</h1>\n'
    if about and about != title:
        yield f'<p class="lead quiet" dir="auto">{escape(about)}</p>\n'
    parts = list(_parts(dataset))
    yield f"{_facts(dataset)}{_contents(parts)}</header>\n<main>\n"
    yield from parts
    yield f"</main>\n{_footer(dataset)}"


def _parts(dataset: InstalledDataset) -> Iterator[str]:
    """The parts of the page, each with a heading of the second level, or empty."""
    tables = _sort_by_weight(dataset.tables.values())
    yield f'<h2 id="use">Use it</h2>\n{show_snippets(dataset)}'
    yield f'<h2 id="tables">Tables</h2>\n{_list_tables(tables)}'
    yield _diagram(dataset)
    yield f'<h2 id="columns">Rows and columns</h2>\n{"".join(_describe_tables(dataset, tables))}'
    yield show_changes(dataset.manifest)
    yield show_sources(dataset.manifest)
    yield show_citation(dataset)


def _describe_tables(dataset: InstalledDataset, tables: Iterable[Table]) -> Iterator[str]:
    references = group_references(find_references(dataset.tables))
    with closing(dataset.connect()) as connection:
        for table in tables:
            profiles = profile_table(connection, table)
            sample = show_sample(connection, table)
            yield describe_table(table, profiles, references.get(table.name, []), sample)


def _sort_by_weight(tables: Iterable[Table]) -> list[Table]:
    """The tables, those with the most values first."""
    return sorted(tables, key=lambda table: (-table.row_count * len(table.fields), table.name))


def _contents(parts: Iterable[str]) -> str:
    """A list of links to the parts."""
    heads = (re.match(r'<h2 id="(\w+)">(.*?)</h2>', part) for part in parts)
    items = "".join(f'<li><a href="#{head[1]}">{head[2]}</a></li>' for head in heads if head)
    return f'<nav aria-label="On this page"><ul>{items}</ul></nav>\n'


def _facts(dataset: InstalledDataset) -> str:
    manifest = dataset.manifest
    rows = sum(table.row_count for table in dataset.tables.values())
    facts = {
        "Name": f"<code>{escape(dataset.name)}</code>",
        "Version": escape(dataset.version),
        "Licence": ", ".join(map(show_license, manifest.licenses)) if manifest else "",
        "Tables": f"{len(dataset.tables):,}",
        "Rows": f"{rows:,}",
        "Size": spell_size(manifest.bytes) if manifest else "",
    }
    items = "".join(
        f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items() if fact
    )
    return f'<dl class="facts">{items}</dl>\n'


def _list_tables(tables: Iterable[Table]) -> str:
    items = "".join(
        f'<li><a href="#{anchor(table.name)}"><strong>{escape(table.name)}</strong>'
        f"<span>{spell_count(table.row_count, 'row')}, "
        f"{spell_count(len(table.fields), 'column')}</span>"
        f'<span dir="auto">{escape(table.about)}</span></a></li>\n'
        for table in tables
    )
    return f'<ul class="contents">\n{items}</ul>\n'


def _diagram(dataset: InstalledDataset) -> str:
    drawn = draw_diagram(dataset.tables)
    if not drawn:
        return ""
    references = find_references(dataset.tables)
    items = "".join(
        f'<li><a href="#{anchor(source)}">{escape(source)}</a>.{escape(column)} → '
        f'<a href="#{anchor(target)}">{escape(target)}</a>.{escape(referred)}</li>\n'
        for source, column, target, referred in references
    )
    return (
        '<h2 id="relations">Relations</h2>\n'
        '<div class="scroll" tabindex="0" role="region" aria-label="Diagram of the tables">'
        f"{drawn}</div>\n"
        f"<details><summary>As a list</summary>\n<ul>\n{items}</ul>\n</details>\n"
    )


def _footer(dataset: InstalledDataset) -> str:
    lines = [f"This page is one file of {_WEIGHT}, which loads nothing else."]
    if dataset.manifest:
        lines.append(f"sha256 of the database: <code>{escape(dataset.manifest.sha256)}</code>")
    return f"<footer>{''.join(f'<p>{line}</p>' for line in lines)}</footer>\n"
