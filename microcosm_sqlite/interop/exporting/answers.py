"""Run one SQL statement on a dataset, and read its rows as they come."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, nullcontext

from microcosm_sqlite.catalog import statement_errors
from microcosm_sqlite.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from microcosm_sqlite.catalog.criteria import Parameters
    from microcosm_sqlite.catalog.installed import InstalledDataset

    Advise = Callable[[str, sqlite3.Connection, str], str]

STEPS = 100_000
"""Steps of SQLite's machine between two looks at whether Ctrl-C was pressed: some milliseconds."""


class Answer:
    """The columns of a result, and its rows as they come."""

    __slots__ = ("columns", "rows")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.columns = [column for column, *_ in cursor.description or ()]
        self.rows = cursor

    def require_columns(self) -> None:
        """Refuse what is no query.

        Raises:
            QueryError: The statement has no result.
        """
        if not self.columns:
            raise QueryError("The statement has no result.", hint="Write one SELECT.")


@contextmanager
def answering(
    dataset: InstalledDataset,
    sql: str,
    parameters: Parameters | None = None,
    attach: Iterable[str] = (),
    advise: Advise = statement_errors.advise,
    opened: sqlite3.Connection | None = None,
) -> Iterator[Answer]:
    """The answer to one SQL statement, while its connection is open.

    Args:
        dataset: The dataset.
        sql: One statement.
        parameters: Values of its ``?`` or ``:name`` parameters.
        attach: Other datasets that the statement uses, as ``name.table``.
        advise: Returns the hint for a message of SQLite, given the connection and the statement.
        opened: A connection to the dataset for many statements, each of which reads as it is: to
            open one for each would read the definitions of all tables each time.

    Raises:
        QueryError: SQLite does not accept the statement, or a value stops it.
        ReadOnlyDatasetError: The statement would write.
        DatasetError: A dataset cannot be found, opened or read.
    """
    with nullcontext(opened) if opened else closing(dataset.connect(attach)) as connection:
        # While SQLite computes, Python handles no signals; it does when it is called back.
        connection.set_progress_handler(_continue, STEPS)
        try:
            yield Answer(execute_statement(connection, sql, parameters))
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _explain(error, dataset, lambda text: advise(text, connection, sql)) from error


def _continue() -> bool:
    return False


def execute_statement(
    connection: sqlite3.Connection, sql: str, parameters: Parameters | None = None
) -> sqlite3.Cursor:
    """Execute one statement.

    Raises:
        QueryError: It, or a parameter, is no text that SQLite takes.
        sqlite3.Error: SQLite does not accept it.
    """
    try:
        return connection.execute(sql, {} if parameters is None else parameters)
    except (ValueError, OverflowError) as error:  # a NUL, half of a surrogate pair, 2**64
        raise QueryError(f"The SQL or a parameter cannot be passed to SQLite: {error}.") from error


def _explain(
    error: Exception, dataset: InstalledDataset, advise: Callable[[str], str]
) -> BaseException:
    # The connection has explained it already, in other words.
    error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT:
        return KeyboardInterrupt()
    return statement_errors.describe_failure(error, dataset.name, dataset.location.path, advise)
