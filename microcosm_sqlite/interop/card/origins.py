"""Where a dataset comes from, and how to cite it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.citation import (
    cite,
    find_license_url,
    find_web_url,
    write_bibtex,
)
from microcosm_sqlite.interop.card.snippets import show_code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest


def show_sources(manifest: Manifest | None) -> str:
    """The sources, each with a link where it is on the web; empty where none is named."""
    if not (manifest and manifest.sources):
        return ""
    items = "".join(f"<li>{_link(source)}</li>\n" for source in manifest.sources)
    return f'<h2 id="sources">Sources</h2>\n<ul>\n{items}</ul>\n'


def show_citation(dataset: InstalledDataset) -> str:
    """The citation, as a sentence and for BibTeX."""
    return (
        '<h2 id="cite">Cite it</h2>\n'
        f"{show_code(cite(dataset), 'text', 'Citation')}"
        f"<details><summary>BibTeX</summary>\n"
        f"{show_code(write_bibtex(dataset), 'bibtex', 'Citation as BibTeX')}</details>\n"
    )


def show_license(found: Mapping[str, Any]) -> str:
    """A licence, with a link to its text."""
    title = found.get("title") or found.get("name")
    return _link({"title": title, "path": find_license_url(found)})


def _link(found: Mapping[str, Any]) -> str:
    """A title that leads somewhere on the web, or else the title alone."""
    title = escape(str(found.get("title") or found.get("path") or ""))
    url = find_web_url(found)
    return f'<a href="{escape(url)}">{title}</a>' if url else title
