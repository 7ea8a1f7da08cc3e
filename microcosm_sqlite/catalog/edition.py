"""The part of a manifest that says which edition of which dataset it describes."""

from __future__ import annotations

from microcosm_sqlite.catalog.strict_json import (
    read_count,
    read_object,
    read_requirement,
    read_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Edition:
    """A part of a dataset that stands in its place, under the same name.

    Attributes:
        name: What it is called, such as ``lite``.
        version: Version of the dataset that its rows were taken from.
        fingerprint: Hash of the schema of that.
        distribution: The distribution that carries all rows, or an empty string.
        row_counts: How many rows each table has there.
        recipe: How its rows were chosen.
    """

    __slots__ = ("distribution", "fingerprint", "name", "recipe", "row_counts", "version")

    def __init__(self, dataset: str, raw: dict[str, Any]) -> None:
        self.name: str = read_text(raw, "name")
        origin = read_text(raw, "dataset")
        if origin != dataset:
            raise ValueError(f"it is an edition of {origin!r}, not of {dataset!r}")
        self.version: str = read_requirement(raw, "version")
        self.fingerprint: str = read_text(raw, "fingerprint", "")
        self.distribution: str = read_requirement(raw, "distribution")
        counts = read_object(raw, "rowCounts")
        self.row_counts: dict[str, int] = {table: read_count(counts, table) for table in counts}
        self.recipe: dict[str, Any] = read_object(raw, "recipe")

    def __repr__(self) -> str:
        return f"<Edition {self.name} of {self.version}>"

    @property
    def install_command(self) -> str:
        """The command that installs the full dataset; empty where nobody knows its name."""
        if not self.distribution:
            return ""
        return f"pip install '{self.distribution}=={self.version}'"

    def explain(self, rows: int) -> str:
        """Describe its content, and how to get the rest.

        Args:
            rows: How many rows it has.
        """
        total = sum(self.row_counts.values())
        text = f"Edition {self.name!r} has {rows:,} of {total:,} rows"
        return f"{text}. For all: {self.install_command}" if self.install_command else f"{text}."
