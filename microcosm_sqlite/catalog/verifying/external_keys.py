"""Find rows whose foreign keys into other datasets refer to rows that are not there.

SQLite checks foreign keys within one file only. Here the other file is attached, and rows without
a counterpart are looked for by a key of the other table, in memory that does not grow with either
of them.
"""

from __future__ import annotations

from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from microcosm_sqlite.catalog.manifest_tables import Table


class ExternalKey:
    """A foreign key into a table of another dataset.

    Attributes:
        table: The table that refers.
        columns: Its columns.
        dataset: The dataset that is referred to, and the schema it is attached as.
        target: That one's table.
        referred: The columns of its key.
    """

    __slots__ = ("columns", "dataset", "referred", "table", "target")

    def __init__(
        self,
        table: str,
        columns: Sequence[str],
        dataset: str,
        target: str,
        referred: Sequence[str],
    ) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.dataset = dataset
        self.target = target
        self.referred = tuple(referred)

    def __repr__(self) -> str:
        return f"<ExternalKey {self.table} ({', '.join(self.columns)}) to {self.goal}>"

    @property
    def goal(self) -> str:
        """The table that it leads into, as SQL names it once it is attached."""
        return f"{self.dataset}.{self.target}"


def list_external_keys(tables: Iterable[Table]) -> Iterator[ExternalKey]:
    """The external keys that a manifest declares."""
    for table in tables:
        for key in table.external_keys:
            reference = key["reference"]
            yield ExternalKey(
                table.name,
                key["fields"],
                reference["package"],
                reference.get("resource") or table.name,
                reference["fields"],
            )


def find_fault(connection: sqlite3.Connection, key: ExternalKey) -> str:
    """Return why a key cannot be followed; empty if it refers to a key of the other table.

    Args:
        connection: A connection that has the other dataset attached under its name.
        key: The key.
    """
    if len(key.columns) != len(key.referred):
        own = spell_count(len(key.columns), "column")
        return f"it has {own} but refers to {len(key.referred)}"
    schema, table = quote_identifier(key.dataset), quote_identifier(key.target)
    columns = connection.execute(f"PRAGMA {schema}.table_xinfo({table})").fetchall()
    if not columns:
        return f"dataset {key.dataset} has no table {key.target}"
    names = {name.lower() for _, name, *_ in columns}
    for name in key.referred:
        if name.lower() not in names:
            return f"{key.goal} has no column {name}"
    keys = [{name.lower() for _, name, _, _, _, place, _ in columns if place}]
    for _, index, is_unique, _, is_partial in connection.execute(
        f"PRAGMA {schema}.index_list({table})"
    ).fetchall():
        if is_unique and not is_partial:
            parts = connection.execute(f"PRAGMA {schema}.index_info({quote_identifier(index)})")
            keys.append({(name or "").lower() for _, _, name in parts})
    if {name.lower() for name in key.referred} not in keys:
        return f"({', '.join(key.referred)}) is not a primary or unique key of {key.goal}"
    return ""


def count_orphans(connection: sqlite3.Connection, key: ExternalKey) -> int:
    """Count the rows that refer to a row that does not exist; NULL refers to none."""
    count: int = connection.execute(f"SELECT count(*) {select_orphans(key)}").fetchone()[0]
    return count


def list_orphans(
    connection: sqlite3.Connection, key: ExternalKey, limit: int, also: Sequence[str] = ()
) -> list[tuple[object, ...]]:
    """The values of the key's columns, and of others, in the first rows without a parent."""
    columns = ", ".join(f"child.{quote_identifier(name)}" for name in (*key.columns, *also))
    query = f"SELECT {columns} {select_orphans(key)} LIMIT ?"
    return connection.execute(query, (limit,)).fetchall()


def select_orphans(key: ExternalKey) -> str:
    """The end of a query for rows without a parent, after `SELECT ...`; `child` is their table."""
    table = f"main.{quote_identifier(key.table)}"
    target = f"{quote_identifier(key.dataset)}.{quote_identifier(key.target)}"
    return write_orphans(table, key.columns, target, key.referred)
