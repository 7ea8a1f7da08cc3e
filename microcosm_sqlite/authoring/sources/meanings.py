"""The meaning of a column, from a codebook or a labelled file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.common.wording import spell_on_one_line


@dataclass(frozen=True)
class ColumnDescription:
    """The meaning of a column.

    Attributes:
        description: What it holds, as a phrase; may be empty.
        unit: The unit of its values, such as `kg`; may be empty.
        labels: What its codes stand for, by the text of the code.
    """

    description: str = ""
    unit: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.description or self.unit or self.labels)

    @property
    def info(self) -> dict[str, Any]:
        """The `info` of a model's column: `unit`, and `labels` by their codes."""
        told = {"unit": self.unit, "labels": {**self.labels}}
        return {key: value for key, value in told.items() if value}

    def over(self, other: ColumnDescription) -> ColumnDescription:
        """This description, with what only the other one says.

        >>> ColumnDescription("Weight").over(ColumnDescription("weight_kg", "kg"))
        ColumnDescription(description='Weight', unit='kg', labels={})
        """
        return ColumnDescription(
            self.description or other.description,
            self.unit or other.unit,
            self.labels or other.labels,
        )


def tidy(text: str) -> str:
    """A text on one line, with single spaces."""
    return " ".join(spell_on_one_line(" ".join(text.split())).split())
