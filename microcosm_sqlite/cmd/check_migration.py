"""Check that the revisions of a dataset are up to date with its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.errors import StaleDBError
from microcosm_sqlite.orm.migrations import CommandError, MigrationEnvironment, command

if TYPE_CHECKING:
    from microcosm_sqlite.orm.data_sets import DataSet

__all__ = ["StaleDBError", "main"]


def main(graph: Any, Base: type[DataSet]) -> None:  # noqa: N803  # the keyword of 2.0.0
    """Do nothing if a new revision would be empty, and raise otherwise.

    Args:
        graph: The object graph; its database must be upgraded to the latest revision.
        Base: The base of the models, or a model.

    Raises:
        StaleDBError: Models and revisions differ, and the text names the differences; or the
            database is not at the latest revision.
    """
    try:
        command.check(MigrationEnvironment(graph, Base).make_config())
    except CommandError as error:
        raise StaleDBError(
            f"Dataset {Base.resolve().dataset_name!r}: {str(error).rstrip('.')}.",
            hint="Run `upgrade head`, then, if models changed, `revision --autogenerate`.",
        ) from error
