"""What a project's changelog says of its last versions, which its manifest carries to readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = "CHANGELOG.md"

MOST_VERSIONS = 5
"""The last versions that are carried."""

LONGEST = 4000
"""Characters of the text of a version."""


@dataclass(frozen=True)
class Change:
    """What changed in a version.

    Attributes:
        version: Its number, and what else its heading says, such as a date.
        text: What the changelog says of it, in Markdown.
    """

    version: str
    text: str


def read_changes(root: Path) -> tuple[Change, ...]:
    """The sections of the last versions, the latest one first; none where there is no changelog."""
    file = root / CHANGELOG
    if not file.is_file():
        return ()
    return parse_changes(file.read_text("utf-8-sig", "replace"))


def parse_changes(text: str) -> tuple[Change, ...]:
    r"""The sections of a changelog whose headings, of the second level, name a version.

    >>> parse_changes("# Changelog\n\n## [1.1] - 2026-05-01\n\n- More birds.\n\n## Unreleased\n")
    (Change(version='1.1 - 2026-05-01', text='- More birds.'),)
    """
    text = "\n".join(text.splitlines())
    parts = re.split(r"^##[ \t]+(.+)$", text, flags=re.MULTILINE)[1:]
    found = [
        Change(_spell_heading(heading), _shorten(body.strip()))
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
        if re.match(r"\[?v?\d", heading)
    ]
    return tuple(found[:MOST_VERSIONS])


def _spell_heading(heading: str) -> str:
    """A heading without the brackets and the address of a link."""
    return re.sub(r"\[([^\]]*)\](\([^)]*\))?", r"\1", heading).strip(" #")[:100]


def _shorten(text: str) -> str:
    """A text cut off behind a whole line."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST].rpartition(chr(10))[0].rstrip()}\n\n…"
