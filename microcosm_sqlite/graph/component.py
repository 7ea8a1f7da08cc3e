"""The component ``sqlite`` of an object graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm.api import defaults
from sqlalchemy import text

from microcosm_sqlite.orm.answering import set_latest_binds
from microcosm_sqlite.orm.binds import Binds
from microcosm_sqlite.orm.configuration import refuse_misspelt
from microcosm_sqlite.orm.transactions import PATIENCE

if TYPE_CHECKING:
    from microcosm.object_graph import ObjectGraph


_DEFAULTS = {
    "autocommit": False,
    "echo": "False",
    "editions": {},
    "path": ":memory:",
    "paths": {},
    "read_only": False,
    "timeout": PATIENCE,
    "untrusted": False,
    "use_foreign_keys": "True",
}


@defaults(**_DEFAULTS)
class SQLiteBindFactory(Binds):
    """Engines and session factories of the datasets that an object graph uses.

    Configured under ``sqlite``; every flag takes a boolean or any spelling of one:

    * ``paths``: dataset name to path. Then come registered and installed datasets, then
      ``path``, which is a database in memory by default.
    * ``editions``: dataset name to the edition of it that is to be used, such as ``lite``.
    * ``read_only``: open configured paths read-only. Installed datasets always are.
    * ``use_foreign_keys``: let SQLite enforce foreign keys.
    * ``echo``: log every statement.
    * ``autocommit``: use no transactions.
    * ``timeout``: seconds that a statement waits while another connection writes, 30 by default.
    * ``untrusted``: take what is opened read-only for hostile: check it first, and limit what a
      statement may cost.

    >>> engine, Session = graph.sqlite("nycflights13")          # doctest: +SKIP

    Raises:
        ConfigurationError: A key is misspelt, or its value cannot be used.
    """

    def __init__(self, graph: ObjectGraph) -> None:
        config: Any = graph.config.sqlite
        refuse_misspelt(config, _DEFAULTS)
        super().__init__(
            path=config.path,
            paths=config.paths,
            echo=config.echo,
            use_foreign_keys=config.use_foreign_keys,
            read_only=config.read_only,
            autocommit=config.autocommit,
            untrusted=config.untrusted,
            editions=config.editions,
            timeout=config.timeout,
            graph=graph,
        )
        set_latest_binds(self)


def check_health(graph: ObjectGraph) -> None:
    """Read from each dataset that the graph has used, as microcosm's health convention expects.

    >>> graph.health_convention.checks["sqlite"] = check_health     # doctest: +SKIP

    Raises:
        DatasetError: One of them cannot be read.
    """
    for name in list(graph.sqlite.datasets):
        engine, _ = graph.sqlite(name)
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
