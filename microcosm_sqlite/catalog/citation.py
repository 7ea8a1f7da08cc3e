"""How to cite a dataset."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest


def cite(found: InstalledDataset) -> str:
    """One line of text: who, what, which version, where from."""
    manifest = found.manifest
    title = (manifest.title if manifest else "") or found.name
    parts = [
        " and ".join(_authors(manifest)),
        f"{title}, version {found.version}",
        _package(found),
        _homepage(manifest),
    ]
    return ". ".join(filter(None, parts))


def write_bibtex(found: InstalledDataset) -> str:
    """A BibTeX entry; ``@misc``, which every style knows."""
    manifest = found.manifest
    fields = {
        "title": _braced((manifest.title if manifest else "") or found.name),
        "author": " and ".join(f"{{{_escape(author)}}}" for author in _authors(manifest)),
        "version": _escape(found.version),
        "howpublished": _escape(_package(found)),
        "url": _homepage(manifest),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{found.name},\n" + ",\n".join(lines) + "\n}"


def _authors(manifest: Manifest | None) -> Iterator[str]:
    for contributor in manifest.contributors if manifest else ():
        if name := contributor.get("title", ""):
            yield str(name)


def _package(found: InstalledDataset) -> str:
    return f"Python package {found.distribution}" if found.distribution else ""


def _homepage(manifest: Manifest | None) -> str:
    return str(manifest.raw.get("homepage", "")) if manifest else ""


def _braced(title: str) -> str:
    # Inner braces keep the capitals, which styles would otherwise lower.
    return f"{{{_escape(title)}}}"


def _escape(text: str) -> str:
    return re.sub(r"[\\{}&%$#_~^]", lambda found: _LATEX[found.group()], text)


_LATEX = {character: f"\\{character}" for character in "{}&%$#_"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
