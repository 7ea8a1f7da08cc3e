"""How large a file the public index takes, and which wheels are written in shards because of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from microcosm_sqlite.authoring.project.settings import ProjectSettings

FILE_LIMIT = 100 << 20
"""Bytes of a file that the index takes, unless a project was granted more."""

ADVISED_LIMIT = 90_000_000
"""Bytes of a wheel that leave room to grow, and of shards where no setting says their size."""

BUILD_WHEELS = "microcosm-sqlite build --wheels dist"
"""The command that builds all wheels of a project: pip makes no editions and no shards."""

COMPRESS = 'Set compression = "zstd" for the build hook, and build the wheel again.'
SHARD = f"Run, in its project: {BUILD_WHEELS}"
SET_SHARDS = f'Set shards = "90 MB" for the build hook, and run: {BUILD_WHEELS}'


def choose_shard_size(settings: ProjectSettings, size: int) -> int:
    """The bytes that a wheel of a project may have; more of them are written in shards.

    It is the setting ``shards``. Without one, compressed data that the index would not take are
    written in shards of the advised size, and any other wheel is left whole.

    Args:
        settings: The project.
        size: Bytes of the wheel, or of its compressed database.
    """
    if settings.shards:
        return settings.shards
    is_refused = size > FILE_LIMIT and settings.compression != "none"
    return ADVISED_LIMIT if is_refused else sys.maxsize


def needs_parts(settings: ProjectSettings) -> bool:
    """Whether the wheels of a project are built by the command that writes shards and twins."""
    if settings.columnar:
        return True
    built = settings.database_path
    size = built.stat().st_size if built.exists() else 0
    return choose_shard_size(settings, size) < sys.maxsize


def find_remedy(compression: str, *, is_sharded: bool) -> str:
    """What to do about a wheel that is too large.

    Args:
        compression: How its database is compressed.
        is_sharded: Whether it was written in shards as large as the project says.
    """
    if compression == "none":
        return COMPRESS
    return SET_SHARDS if is_sharded else SHARD


def explain_refusal(settings: ProjectSettings, wheel: Path) -> tuple[str, str] | None:
    """Say that the index does not take a wheel, and what to do about it; None if it does.

    A project whose settings say how large a wheel may be, by ``shards``, is taken at its word.
    """
    size = wheel.stat().st_size
    if settings.shards or size <= FILE_LIMIT:
        return None
    remedy = find_remedy(settings.compression, is_sharded=False)
    return f"{wheel.name} has {size:,} bytes; the index takes {FILE_LIMIT:,}.", remedy
