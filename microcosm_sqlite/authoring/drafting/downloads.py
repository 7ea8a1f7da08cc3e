"""Files that were fetched: where they are, and what is needed to ask again only for changes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from microcosm_sqlite.authoring.finishing.describe import digest


@dataclass(frozen=True)
class Download:
    """A file that was fetched.

    Attributes:
        url: Its address, without a fragment.
        path: Where it is; named as where it comes from. Of an unchanged file there is none.
        sha256: Its hex digest.
        etag: What the server calls this state of it; empty for nothing.
        modified: When it was changed, as the server says it; empty for nothing.
        member: The digest of one file or folder in it, where it is an archive that was unpacked.
    """

    url: str
    path: Path
    sha256: str
    etag: str = ""
    modified: str = ""
    member: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """The facts about it that settings keep."""
        facts = {"sha256": self.sha256, "etag": self.etag, "modified": self.modified}
        facts["member"] = self.member
        return {key: value for key, value in facts.items() if value}

    def list_members(self, folder: Path) -> dict[Path, Download]:
        """What is known of each file and folder of an archive, given where it is unpacked."""
        return {
            path.resolve(): replace(self, member=digest_source(path)) for path in folder.rglob("*")
        }


def digest_source(path: Path) -> str:
    """The hex digest of a file, or of the names and digests of the files of a folder."""
    if path.is_file():
        return digest(path)
    parts = (f"{each.name} {digest_source(each)}" for each in sorted(path.iterdir()))
    return sha256("\n".join(parts).encode()).hexdigest()


def is_url(text: str | os.PathLike[str]) -> bool:
    """Whether a text is an address rather than a path.

    >>> is_url("https://example.org/a.csv"), is_url("a.csv"), is_url("file:///a.csv")
    (True, False, True)
    """
    return isinstance(text, str) and bool(re.match(r"[A-Za-z][\w+.-]+://", text))


Downloads = Mapping[str, Download | None]
"""The file that was fetched, by the given address; None for a file that has not changed."""


_LIST = "downloads.json"


def write_downloads(downloads: Downloads, folder: Path) -> None:
    """Write what was fetched into the folder that it is in, for another process."""
    told = {
        address: {**asdict(each), "path": str(each.path)} if each else None
        for address, each in downloads.items()
    }
    (folder / _LIST).write_text(json.dumps(told), encoding="utf-8", newline="\n")


def read_downloads(folder: str | os.PathLike[str] | None) -> Downloads | None:
    """Read what `write_downloads` has written; None where there is no folder."""
    if folder is None:
        return None
    told = json.loads((Path(folder) / _LIST).read_text("utf-8"))
    return {
        address: Download(**{**each, "path": Path(each["path"])}) if each else None
        for address, each in told.items()
    }
