"""Tables and columns by the names that people give."""

from __future__ import annotations

from microcosm_sqlite.common.names import suggest
from microcosm_sqlite.errors import TableNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


def find_table(found: InstalledDataset, name: str) -> Table:
    """One table of a dataset.

    Raises:
        TableNotFoundError: There is none of this name.
    """
    if name not in found.tables:
        raise TableNotFoundError(
            f"Dataset {found.name!r} has no table {name!r}.",
            hint=suggest(name, found.tables, "Its tables"),
        )
    return found.tables[name]


def find_fields(found: InstalledDataset, table: Table, names: Iterable[str]) -> list[Field]:
    """Columns of a table, in the order of the names.

    Raises:
        TableNotFoundError: There is none of one of these names.
    """
    fields = {field.name: field for field in table.fields}
    chosen = list(names)
    for name in chosen:
        if name not in fields:
            raise TableNotFoundError(
                f"Table {table.name!r} of dataset {found.name!r} has no column {name!r}.",
                hint=suggest(name, fields, "Its columns"),
            )
    return [fields[name] for name in chosen]
