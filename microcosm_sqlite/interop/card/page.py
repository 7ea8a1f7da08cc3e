"""The data card: one HTML page that describes a dataset.

It is complete in itself: no script runs, nothing is loaded from elsewhere, and everything that
comes from the dataset is escaped. So it can be mailed, published, or kept beside the wheel.
"""

from __future__ import annotations

import os
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.citation import cite, find_license_url, find_web_url
from microcosm_sqlite.catalog.opening import open_wheel
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.common.workspace import open_scratch, open_workspace
from microcosm_sqlite.interop.card.diagram import (
    anchor,
    draw_diagram,
    find_references,
    group_references,
)
from microcosm_sqlite.interop.card.tables import describe_table, profile_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset


def render_card(dataset: InstalledDataset) -> str:
    """The data card of a dataset; its columns are profiled from the file, which takes a while.

    Raises:
        DatasetError: The file cannot be opened.
    """
    manifest = dataset.manifest
    title = (manifest.title if manifest else "") or dataset.name
    about = manifest.description if manifest else ""
    style = files(__package__).joinpath("card.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="description" content="{escape(about or title)}">\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n"
        f"{''.join(_page(dataset, title, about))}</body>\n</html>\n"
    )


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
    with open_workspace(path.parent, f".{path.name}-") as workspace:
        draft = workspace / path.name
        draft.write_text(render_wheel_card(wheel), encoding="utf-8")
        draft.replace(path)
    return path


def _page(dataset: InstalledDataset, title: str, about: str) -> Iterator[str]:
    yield f'<header>\n<h1 dir="auto">{escape(title)}</h1>\n'
    if about and about != title:
        yield f'<p class="lead quiet" dir="auto">{escape(about)}</p>\n'
    yield f"{_facts(dataset)}</header>\n<main>\n"
    yield "<h2>Use it</h2>\n"
    if dataset.distribution:
        yield f"<pre><code>pip install {escape(dataset.distribution)}</code></pre>\n"
    yield f"<pre><code>{escape(_usage(dataset))}</code></pre>\n"
    yield f'<h2 id="tables">Tables</h2>\n{_contents(dataset)}'
    yield _diagram(dataset)
    yield "<h2>Columns</h2>\n"
    connection = dataset.connect()
    try:
        references = group_references(find_references(dataset.tables))
        for table in dataset.tables.values():
            profiles = profile_table(connection, table)
            yield describe_table(table, profiles, references.get(table.name, []))
    finally:
        connection.close()
    yield f"{_origins(dataset)}</main>\n{_footer(dataset)}"


def _facts(dataset: InstalledDataset) -> str:
    manifest = dataset.manifest
    rows = sum(table.row_count for table in dataset.tables.values())
    facts = {
        "Name": f"<code>{escape(dataset.name)}</code>",
        "Version": escape(dataset.version),
        "Licence": ", ".join(map(_license, manifest.licenses)) if manifest else "",
        "Tables": f"{len(dataset.tables):,}",
        "Rows": f"{rows:,}",
        "Size": _size(manifest.bytes) if manifest else "",
    }
    items = "".join(
        f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items() if fact
    )
    return f'<dl class="facts">{items}</dl>\n'


def _usage(dataset: InstalledDataset) -> str:
    tables = sorted(dataset.tables.values(), key=lambda table: -table.row_count)
    table = tables[0].name if tables else ""
    return "\n".join(
        [
            "import microcosm_sqlite",
            "",
            f"data = microcosm_sqlite.dataset({dataset.name!r})",
            f"data.pandas({table!r})",
        ]
    )


def _contents(dataset: InstalledDataset) -> str:
    items = "".join(
        f'<li><a href="#{anchor(table.name)}"><strong>{escape(table.name)}</strong>'
        f"<span>{spell_count(table.row_count, 'row')}, "
        f"{spell_count(len(table.fields), 'column')}</span>"
        f'<span dir="auto">{escape(table.description)}</span></a></li>\n'
        for table in dataset.tables.values()
    )
    return f'<ul class="contents">\n{items}</ul>\n'


def _diagram(dataset: InstalledDataset) -> str:
    drawn = draw_diagram(dataset.tables)
    if not drawn:
        return ""
    return (
        "<h2>How the tables are related</h2>\n"
        '<div class="scroll" tabindex="0" role="region" aria-label="Diagram of the tables">'
        f"{drawn}</div>\n"
    )


def _origins(dataset: InstalledDataset) -> str:
    manifest = dataset.manifest
    if not (manifest and manifest.sources):
        return ""
    items = "".join(f"<li>{_link(source)}</li>\n" for source in manifest.sources)
    return f"<h2>Sources</h2>\n<ul>\n{items}</ul>\n"


def _footer(dataset: InstalledDataset) -> str:
    lines = [f"Cite as: {escape(cite(dataset))}"]
    if dataset.manifest:
        lines.append(f"sha256 of the database: <code>{escape(dataset.manifest.sha256)}</code>")
    return f"<footer>{_paragraphs(lines)}</footer>\n"


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def _license(found: dict[str, Any]) -> str:
    title = found.get("title") or found.get("name")
    return _link({"title": title, "path": find_license_url(found)})


def _link(found: dict[str, Any]) -> str:
    """A title that leads somewhere on the web, or else the title alone."""
    title = escape(str(found.get("title") or found.get("path") or ""))
    url = find_web_url(found)
    return f'<a href="{escape(url)}">{title}</a>' if url else title


def _size(number: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number = number / 1000  # type: ignore[assignment]
    return f"{number:.3g} GB"
