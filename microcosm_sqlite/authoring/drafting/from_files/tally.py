"""Counts of the values of a column: of its texts, and of those that become others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any


@dataclass
class Tally:
    """How many values become others, and the first of them.

    Attributes:
        count: How many.
        first: The first one, as it was.
        becomes: What became of it.
    """

    count: int = 0
    first: Any = None
    becomes: Any = None

    def add(self, value: Any, becomes: Any = None) -> None:
        """Count a value, unless it becomes what it was."""
        if becomes is None or repr(becomes) != repr(value):
            if not self.count:
                self.first, self.becomes = value, becomes
            self.count += 1


_MOST_TEXTS = 4000
"""Different texts of a column that are counted, so that memory does not grow with a file."""


@dataclass
class TextCounts:
    """How often each text of a column is there, while they are few.

    Attributes:
        counts: By text; where they are not complete, texts that were there.
        is_complete: Whether all texts are counted.
    """

    counts: Counter[str] = field(default_factory=Counter)
    is_complete: bool = True

    def add(self, texts: Sequence[str]) -> list[str]:
        """Count texts, and return those that are not known yet, each once, in their order."""
        known = self.counts
        if not self.is_complete:
            return [text for text in dict.fromkeys(texts) if text not in known]
        count = len(known)
        known.update(texts)
        self.is_complete = len(known) <= _MOST_TEXTS
        return [*islice(known, count, None)] if len(known) > count else []

    def merge(self, other: TextCounts) -> None:
        """Count what another counted as well."""
        self.counts.update(other.counts)
        are_complete = self.is_complete and other.is_complete
        self.is_complete = are_complete and len(self.counts) <= _MOST_TEXTS

    def forget_some(self) -> None:
        """Forget the texts where not all are counted."""
        if not self.is_complete:
            self.counts.clear()

    def list_all(self) -> dict[str, int] | None:
        """How often each text is there, but for empty ones; None where not all are counted."""
        if not (self.is_complete and self.counts):
            return None
        return {text: count for text, count in self.counts.items() if text}
