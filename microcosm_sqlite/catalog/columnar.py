"""What a manifest says of columnar twins that are shipped: tables as Parquet, in a distribution."""

from __future__ import annotations

from microcosm_sqlite.catalog.parts import Part
from microcosm_sqlite.catalog.strict_json import read_objects, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ShippedTwin(Part):
    """The columnar twin of one table.

    Attributes:
        table: The table's name.
        layout: The key of its layout: table, columns, types and order of the rows.
    """

    __slots__ = ("layout", "table")

    kind = "columnar twin"

    def __init__(self, raw: dict[str, Any]) -> None:
        super().__init__(raw)
        self.table = read_text(raw, "table")
        self.layout = read_text(raw, "layout")


def read_twins(extension: dict[str, Any]) -> dict[str, ShippedTwin]:
    """The twins that are shipped, by table.

    Args:
        extension: The part of the manifest that tells of the file.

    Raises:
        ValueError: Two are of one table.
        KeyError, TypeError: What is said of one is incomplete, or of the wrong type.
    """
    twins = [ShippedTwin(raw) for raw in read_objects(extension, "columnar")]
    found = {twin.table: twin for twin in twins}
    if len(found) < len(twins):
        raise ValueError("two of its columnar twins are of one table")
    return found
