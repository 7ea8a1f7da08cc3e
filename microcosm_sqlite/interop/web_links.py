"""Where the text of a licence is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_SPDX_ID = re.compile(r"(?!LicenseRef-|DocumentRef-)[A-Za-z0-9][A-Za-z0-9.-]*\+?")


def find_license_url(found: dict[str, Any]) -> str:
    """The address that a manifest gives, or SPDX's page of one licence; empty for what has none.

    >>> find_license_url({"name": "CC-BY-4.0"})
    'https://spdx.org/licenses/CC-BY-4.0.html'
    >>> find_license_url({"name": "LicenseRef-Ours"}), find_license_url({"title": "Ours"})
    ('', '')
    """
    if found.get("path"):
        return str(found["path"])
    name = str(found.get("name") or "")
    if not _SPDX_ID.fullmatch(name):
        return ""  # an expression of several, or terms that only their author knows
    return f"https://spdx.org/licenses/{name.removesuffix('+')}.html"
