"""Write tables to files: `graph.sqlite_dumper`."""

from __future__ import annotations

from typing import Any

from microcosm_sqlite.dumpers.csv_dumper import CSVDumper
from microcosm_sqlite.stores import Store

__all__ = ["CSVDumper", "SQLiteDumper"]


class SQLiteDumper:
    """The component `sqlite_dumper` of an object graph.

    >>> graph.sqlite_dumper.csv(store).dump(open("airports.csv", "w"))  # doctest: +SKIP
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def csv(self, store: Store[Any], **options: Any) -> CSVDumper:
        """A dumper that writes CSV; the options are those of `CSVDumper`."""
        return CSVDumper(self.graph, store, **options)
