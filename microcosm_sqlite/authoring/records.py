"""The rows of one opened source, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class Records(ABC):
    """Rows under one header.

    Attributes:
        name: The source, as errors call it.
        header: The names of the fields.
        unit: What a row's number counts.
        has_types: Whether fields are values of their own types, and not all of them texts.
        is_empty: Whether there are no rows, in a format that then has no header either.
    """

    unit = "line"
    has_types = False
    is_empty = False

    def __init__(self, name: str, header: list[str]) -> None:
        self.name = name
        self.header = header

    @abstractmethod
    def __iter__(self) -> Iterator[list[Any]]:
        """The rows, as fast as can be."""

    @abstractmethod
    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The same rows, each with the 1-based number of the line that it starts on."""
