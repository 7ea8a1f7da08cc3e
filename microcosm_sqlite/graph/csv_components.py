"""The components ``sqlite_builder`` and ``sqlite_dumper`` of an object graph.

Making any graph imports all components that are installed, wanted or not; so what these need is
imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microcosm_sqlite.graph.csv_builder import CSVBuilder
    from microcosm_sqlite.graph.csv_dumper import CSVDumper
    from microcosm_sqlite.orm.data_sets import DataSet
    from microcosm_sqlite.orm.stores import Store


class SQLiteBuilder:
    """The component `sqlite_builder` of an object graph.

    >>> graph.sqlite_builder.csv(Airport).build(open("airports.csv"))   # doctest: +SKIP
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def csv(self, model_cls: type[DataSet], **options: Any) -> CSVBuilder:
        """A builder that reads CSV; the options are those of `CSVBuilder`."""
        from microcosm_sqlite.graph.csv_builder import CSVBuilder

        return CSVBuilder(self.graph, model_cls, **options)


class SQLiteDumper:
    """The component `sqlite_dumper` of an object graph.

    >>> graph.sqlite_dumper.csv(store).dump(open("airports.csv", "w"))  # doctest: +SKIP
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def csv(self, store: Store[Any], **options: Any) -> CSVDumper:
        """A dumper that writes CSV; the options are those of `CSVDumper`."""
        from microcosm_sqlite.graph.csv_dumper import CSVDumper

        return CSVDumper(self.graph, store, **options)
