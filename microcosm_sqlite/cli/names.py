"""What people name on the command line: a dataset, one of its tables, a column of that."""

from __future__ import annotations

from microcosm_sqlite.catalog.installed import find_fields, find_table
from microcosm_sqlite.catalog.registry import dataset, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


class Named:
    """A dataset, and the table and column of it that were named, if any were."""

    __slots__ = ("dataset", "field", "table")

    def __init__(
        self, dataset: InstalledDataset, table: Table | None = None, field: Field | None = None
    ) -> None:
        self.dataset = dataset
        self.table = table
        self.field = field

    @property
    def tables(self) -> list[Table]:
        """The table that was named; all of the dataset's where none was."""
        return [self.table] if self.table else list(self.dataset.tables.values())


def find_named(words: str) -> Named:
    """What ``NAME``, ``NAME.TABLE`` or ``NAME.TABLE.COLUMN`` stands for.

    Each of the three may itself have a dot in it; the first that fits is meant.

    Raises:
        DatasetNotFoundError: There is no such dataset.
        TableNotFoundError: It has no such table, or that has no such column.
    """
    name, rest = split_dataset(words)
    found = dataset(name)
    if not rest:
        return Named(found)
    splits = list(_split(rest))
    table, column = next((each for each in splits if each[0] in found.tables), splits[-1])
    chosen = find_table(found, table)
    return Named(found, chosen, *find_fields(found, chosen, [column] if column else []))


def split_dataset(words: str) -> tuple[str, str]:
    """The name of the dataset, and what is named of it.

    >>> split_dataset("nycflights13.flights.carrier")
    ('nycflights13', 'flights.carrier')
    """
    splits = list(_split(words))
    return next((each for each in splits if find(each[0])), splits[-1])


def choose_tables(found: InstalledDataset, names: Sequence[str]) -> list[Table]:
    """The tables of these names, in the dataset's order; all of them where none is named.

    Raises:
        TableNotFoundError: There is no such table.
    """
    for name in names:
        find_table(found, name)
    return [table for name, table in found.tables.items() if name in names or not names]


def _split(words: str) -> Iterator[tuple[str, str]]:
    """Everything that comes before and after one dot, the longest first part first."""
    yield words, ""
    parts = words.split(".")
    for number in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:number]), ".".join(parts[number:])
