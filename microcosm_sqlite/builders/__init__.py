"""Build databases from files: `graph.sqlite_builder`."""

from __future__ import annotations

from typing import Any

from microcosm_sqlite.builders.csv_builder import CSVBuilder
from microcosm_sqlite.dataset import DataSet

__all__ = ["CSVBuilder", "SQLiteBuilder"]


class SQLiteBuilder:
    """The component `sqlite_builder` of an object graph.

    >>> graph.sqlite_builder.csv(Airport).build(open("airports.csv"))   # doctest: +SKIP
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def csv(self, model_cls: type[DataSet], **options: Any) -> CSVBuilder:
        """A builder that reads CSV; the options are those of `CSVBuilder`."""
        return CSVBuilder(self.graph, model_cls, **options)
