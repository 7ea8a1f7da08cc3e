"""The rows of a file that may not be a table throughout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.views import find_kinds

MARK = "\ufeff"
RAGGED = "ragged"
"""The kind of a row that nothing is found for but that it has another width."""

SAMPLE = 100
"""Rows by which the kinds of columns are known."""
_RULE = re.compile(r"[-=+:|_]+")
_LONG_RULE = 3


class Row(NamedTuple):
    """A row of a file, which may not fit the others.

    Attributes:
        start: How many lines are in front of it.
        lines: How many lines it has.
        fields: Its fields, as they are to be read.
        kind: Why they are not read so; empty where they are.
    """

    start: int
    lines: int
    fields: list[str]
    kind: str = ""

    @property
    def end(self) -> int:
        """How many lines there are up to its last one."""
        return self.start + self.lines

    @property
    def filled(self) -> int:
        """How many fields have something in them."""
        return sum(bool(field.strip()) for field in self.fields)


def is_rule(fields: Sequence[str]) -> bool:
    """Whether a row is a line that is drawn below a header.

    >>> is_rule(["", "---", ":--", ""]), is_rule(["----+-----"]), is_rule(["--", "----"])
    (True, True, True)
    >>> is_rule(["-", ""]), is_rule(["--", "--"])
    (False, False)
    """
    filled = [field.strip() for field in fields if field.strip()]
    is_long = any(len(field) >= _LONG_RULE for field in filled)
    return is_long and all(map(_RULE.fullmatch, filled))


def find_row_kinds(rows: Iterable[Row]) -> dict[int, str]:
    """The kinds of the columns of the first rows that are as wide as others."""
    regular = [*islice((row.fields for row in rows if not row.kind), SAMPLE)]
    return find_kinds(regular, len(regular[0]) if regular else 0)
