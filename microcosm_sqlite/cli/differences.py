"""What ``diff`` found, as rows and as JSON."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryFile

from microcosm_sqlite.cli.formats import dump_json
from microcosm_sqlite.cli.values import Count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

    from microcosm_sqlite.authoring.comparing.comparison import Comparison
    from microcosm_sqlite.authoring.comparing.row_changes import RowChange

COLUMNS = ("table", "old", "new", "inserted", "deleted", "updated", "note")


def list_tables(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    """A row for each table, and for each view that changed."""
    notes: dict[str, list[str]] = {}
    for change in comparison.schema:
        notes.setdefault(change.table, []).append(str(change))
    for table in comparison.tables:
        said = notes.pop(table.table, [])
        if table.reason and None not in (table.old_rows, table.new_rows):
            found = "content is the same" if table.is_same else "content differs"
            said.append(f"{found}, compared as a whole because {table.reason}")
        counts = (
            table.old_rows,
            table.new_rows,
            table.inserted,
            table.deleted,
            table.updated,
        )
        numbers = (None if count is None else Count(count) for count in counts)
        yield table.table, *numbers, "; ".join(said) or None
    for name, said in notes.items():
        yield name, *[None] * 5, "; ".join(said)


class SpelledChanges:
    """Changed rows as JSON, a row to the line, in a file that nobody else sees.

    What is told last of a comparison is found first, and may be more than memory holds.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, change: RowChange) -> None:
        """Write one more."""
        self._file.write(f"{_spell_change(change)}\n")

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        return (line.rstrip("\n") for line in self._file)


@contextmanager
def spool_changes() -> Iterator[SpelledChanges]:
    """A place for changed rows, until the end of the block."""
    with TemporaryFile("w+", encoding="utf-8") as file:
        yield SpelledChanges(file)


def spell_json(comparison: Comparison, changes: Iterable[str]) -> Iterator[str]:
    """One JSON object, a changed row to the line."""
    facts = {
        "old_version": comparison.old_version,
        "new_version": comparison.new_version,
        "is_same": comparison.is_same,
        "level": comparison.level,
        "next_version": comparison.next_version,
        "schema": [vars(change) for change in comparison.schema],
        "tables": [vars(table) for table in comparison.tables],
    }
    yield dump_json(facts, indent=2).removesuffix("\n}") + ',\n  "changes": ['
    separator = "\n"
    for change in changes:
        yield f"{separator}    {change}"
        separator = ",\n"
    yield "]\n}\n" if separator == "\n" else "\n  ]\n}\n"


def _spell_change(change: RowChange) -> str:
    # One by one, because rows may hold infinities, which JSON spells only for flat objects.
    rows = {"key": change.key, "old": change.old, "new": change.new}
    spelt = ", ".join(f"{dump_json(name)}: {dump_json(dict(row))}" for name, row in rows.items())
    return f'{{"table": {dump_json(change.table)}, "change": {dump_json(change.change)}, {spelt}}}'
