"""Addresses that a manifest gives, as far as a page may link to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SPDX_ID = re.compile(r"(?!LicenseRef-|DocumentRef-)[A-Za-z0-9][A-Za-z0-9.-]*\+?")


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
    if url := find_web_url(entry):
        return url
    name = str(entry.get("name") or "")
    if not _SPDX_ID.fullmatch(name):
        return ""  # an expression of several, or terms that only their author knows
    return f"https://spdx.org/licenses/{name.removesuffix('+')}.html"


def without_script(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A licence or source without an address that a browser would run; the path of a file stays.

    >>> without_script({"path": "sources/a.csv"}), without_script({"path": "javascript:alert()"})
    ({'path': 'sources/a.csv'}, {'path': ''})
    """
    # Browsers leave out blanks before an address, and line breaks and tabs anywhere in it.
    address = re.sub(r"^[\x00-\x20]+|[\t\r\n]", "", str(entry.get("path") or ""))
    is_file = not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address)
    return dict(entry) if is_file or find_web_url(entry) else {**entry, "path": ""}
