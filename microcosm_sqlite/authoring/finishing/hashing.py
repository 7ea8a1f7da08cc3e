"""The one hash by which builds know files: sources, models and what they publish."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path


def digest(path: Path) -> str:
    """The hex sha256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
