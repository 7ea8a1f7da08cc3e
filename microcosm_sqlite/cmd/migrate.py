"""Alembic's command line for a dataset of an application.

Write a command that calls :func:`main` with the application's object graph::

    def migrate():
        graph = create_object_graph("example")
        main(graph, SomeBase)

and create the folder ``sqlite-migrations/<name of the dataset>`` in the application's package.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.orm.migrations import MigrationEnvironment

if TYPE_CHECKING:
    from microcosm_sqlite.orm.data_sets import DataSet

__all__ = ["main"]


def main(
    graph: Any,
    Base: type[DataSet],  # noqa: N803  # the keyword of 2.0.0
    include_downgrade: bool = True,
    *args: str,
) -> None:
    """Run one ``alembic`` command: ``revision --autogenerate``, ``upgrade head`` and so on.

    Args:
        graph: The object graph.
        Base: The base of the models, or a model.
        include_downgrade: Write a ``downgrade`` function into new revisions.
        args: The command line; the program's own if there is none.
    """
    environment = MigrationEnvironment(graph, Base, include_downgrade=include_downgrade)
    environment.run_command(args or sys.argv[1:])
