"""What a manifest says of shards: distributions that carry one stretch of the database each."""

from __future__ import annotations

from microcosm_sqlite.catalog.parts import Part
from microcosm_sqlite.catalog.strict_json import read_count, read_objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_SHARDS = 1000


class Shard(Part):
    """One stretch of a database, which a distribution of its own carries, compressed.

    The version of the distribution follows from what it carries.

    Attributes:
        offset: Where the stretch begins in the database, in bytes.
        bytes: How long it is there.
    """

    __slots__ = ("bytes", "offset")

    kind = "shard"

    def __init__(self, raw: dict[str, Any]) -> None:
        super().__init__(raw)
        self.offset = read_count(raw, "offset")
        self.bytes = read_count(raw, "bytes")


def read_shards(extension: dict[str, Any], size: int) -> tuple[Shard, ...]:
    """The shards that a database is cut into, in order; none where it is one file.

    Args:
        extension: The part of the manifest that tells of the file.
        size: Bytes of the database.

    Raises:
        ValueError: They are too many, or do not make up the database: its text says why.
        KeyError, TypeError: What is said of one is incomplete, or of the wrong type.
    """
    raw = read_objects(extension, "shards")
    if len(raw) > MAX_SHARDS:
        raise ValueError(f"it has {len(raw):,} shards, more than {MAX_SHARDS:,}")
    shards = tuple(map(Shard, raw))
    end = 0
    for shard in shards:
        if shard.offset != end or not shard.bytes:
            raise ValueError(
                f"the shard {shard.distribution} begins at byte {shard.offset:,} with "
                f"{shard.bytes:,} bytes, where byte {end:,} is the next"
            )
        end += shard.bytes
    if shards and end != size:
        raise ValueError(f"its shards have {end:,} bytes, and the database has {size:,}")
    if len({shard.path for shard in shards}) < len(shards):
        raise ValueError("two of its shards are the same file")
    return shards
