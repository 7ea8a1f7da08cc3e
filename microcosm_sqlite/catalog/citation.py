"""Cite a dataset, and link to its licences and sources."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

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
    import re  # not for everybody who opens a dataset: it takes its time

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
    return text.translate(_LATEX)


_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "{}&%$#_"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)
_SPDX_ID = r"(?!LicenseRef-|DocumentRef-)[A-Za-z0-9][A-Za-z0-9.-]*\+?"


def find_web_url(entry: Mapping[str, Any]) -> str:
    """The address of a licence or source on the web; empty for any other address.

    A link to ``javascript:`` would run what its author wrote on the page of somebody else.

    >>> find_web_url({"path": "https://example.org"}), find_web_url({"path": "javascript:alert()"})
    ('https://example.org', '')
    """
    path = str(entry.get("path") or "")
    return path if path.lower().startswith(("https://", "http://")) else ""


def find_license_url(entry: Mapping[str, Any]) -> str:
    """The address that a manifest gives, or SPDX's page of one licence; empty for what has none.

    >>> find_license_url({"name": "CC-BY-4.0"})
    'https://spdx.org/licenses/CC-BY-4.0.html'
    >>> find_license_url({"name": "LicenseRef-Ours"}), find_license_url({"title": "Ours"})
    ('', '')
    """
    import re

    if url := find_web_url(entry):
        return url
    name = str(entry.get("name") or "")
    if not re.fullmatch(_SPDX_ID, name):
        return ""  # an expression of several, or terms that only their author knows
    return f"https://spdx.org/licenses/{name.removesuffix('+')}.html"


def without_script(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A licence or source without an address that a browser would run; the path of a file stays.

    >>> without_script({"path": "sources/a.csv"}), without_script({"path": "javascript:alert()"})
    ({'path': 'sources/a.csv'}, {'path': ''})
    """
    import re

    # Browsers leave out blanks before an address, and line breaks and tabs anywhere in it.
    address = re.sub(r"^[\x00-\x20]+|[\t\r\n]", "", str(entry.get("path") or ""))
    is_file = not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address)
    return dict(entry) if is_file or find_web_url(entry) else {**entry, "path": ""}
