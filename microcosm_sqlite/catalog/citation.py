"""Cite a dataset, as text or BibTeX."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest


def cite(dataset: InstalledDataset) -> str:
    """One line of text: authors, title, version, package, homepage."""
    manifest = dataset.manifest
    title = (manifest.title if manifest else "") or dataset.name
    parts = [
        " and ".join(_authors(manifest)),
        f"{title}, version {dataset.version}",
        _package(dataset),
        _homepage(manifest),
    ]
    return ". ".join(filter(None, parts))


def write_bibtex(dataset: InstalledDataset) -> str:
    """A BibTeX entry; ``@misc``, which every style knows."""
    manifest = dataset.manifest
    fields = {
        "title": _braced((manifest.title if manifest else "") or dataset.name),
        "author": " and ".join(f"{{{_escape(author)}}}" for author in _authors(manifest)),
        "version": _escape(dataset.version),
        "howpublished": _escape(_package(dataset)),
        "url": re.sub(r"[\\{}\s]", lambda match: f"%{ord(match.group()):02X}", _homepage(manifest)),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    key = re.sub(r"[^\w.:-]+", "_", dataset.name)
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _authors(manifest: Manifest | None) -> Iterator[str]:
    for contributor in manifest.contributors if manifest else ():
        if name := contributor.get("title", ""):
            yield str(name)


def _package(dataset: InstalledDataset) -> str:
    return f"Python package {dataset.distribution}" if dataset.distribution else ""


def _homepage(manifest: Manifest | None) -> str:
    return manifest.homepage if manifest else ""


def _braced(title: str) -> str:
    # Inner braces keep the capitals, which styles would otherwise lower.
    return f"{{{_escape(title)}}}"


def _escape(text: str) -> str:
    return re.sub(r"[\\{}&%$#_~^]", lambda match: _LATEX[match.group()], text)


_LATEX = {character: f"\\{character}" for character in "{}&%$#_"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
