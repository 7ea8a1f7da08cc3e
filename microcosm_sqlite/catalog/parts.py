"""What a manifest says of a part of a dataset: one file, which another distribution carries."""

from __future__ import annotations

from microcosm_sqlite.catalog.strict_json import (
    PLAIN,
    read_count,
    read_inner_path,
    read_sha256,
    read_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = "shards"
"""The folder of the wheels of parts, beside the wheel that they belong to."""

GENERATOR = "Generator: microcosm-sqlite"
"""The line of WHEEL that tells a part from other distributions."""


_MARKS = {"_shard_": "shard", "_columnar-": "columnar twin"}
"""What the file names of the wheels of parts have in them, and what these parts are."""


def find_kind(wheel: str) -> str:
    """What the wheel of a part carries, by its file name; empty for another wheel.

    >>> find_kind("birds_data_shard_0001-0.5-py3-none-any.whl")
    'shard'
    """
    return next((kind for mark, kind in _MARKS.items() if mark in wheel), "")


class Part:
    """One file, and the distribution that carries it.

    Attributes:
        distribution: The distribution.
        version: The version of that.
        path: The file, below the site directory.
        file_bytes: Size of the file.
        file_sha256: Hex digest of the file.
    """

    __slots__ = ("distribution", "file_bytes", "file_sha256", "path", "version")

    kind = "part"

    def __init__(self, raw: dict[str, Any]) -> None:
        self.distribution = self._read_plain(raw, "distribution")
        self.version = self._read_plain(raw, "version")
        self.path = read_inner_path(raw, "path", "/")
        self.file_bytes = read_count(raw, "fileBytes")
        self.file_sha256 = read_sha256(raw, "fileHash")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.distribution} {self.version}: {self.path}>"

    @property
    def wheel(self) -> str:
        """The file name of its wheel."""
        return f"{self.distribution.replace('-', '_')}-{self.version}-py3-none-any.whl"

    def _read_plain(self, raw: dict[str, Any], key: str) -> str:
        text = read_text(raw, key)
        if not text[:1].isalnum() or set(text) - PLAIN or len(text) > 100:
            raise ValueError(f"{key!r} of a {self.kind} is {text[:40]!r}, not a {key}")
        return text
