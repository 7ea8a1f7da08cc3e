"""Create the tables of a dataset, and their indexes after the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import CompileError, IntegrityError
from sqlalchemy.pool import StaticPool

from microcosm_sqlite.errors import BuildError, DatasetError, SettingsError
from microcosm_sqlite.orm.dialects import quote_keywords
from microcosm_sqlite.orm.external_keys import leave_out_external_keys
from microcosm_sqlite.orm.fulltext import full_text_index


@contextmanager
def open_engine(connection: sqlite3.Connection) -> Iterator[sa.Engine]:
    """An engine over one open connection, for DDL; the connection stays open."""
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    quote_keywords(engine)
    try:
        yield engine
    finally:
        engine.dispose(close=False)


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Create the tables, with whatever DDL events hang on them, but without their indexes.

    An index made in one go over loaded rows is smaller, and sooner there.

    Raises:
        SettingsError: SQLite does not take what they declare, or an event of theirs fails.
    """
    held = {table: set(table.indexes) for table in metadata.tables.values()}
    for table in held:
        leave_out_external_keys(table)
    try:
        for table in held:
            table.indexes.clear()
        with engine.begin() as connection:
            metadata.create_all(connection, checkfirst=False)
    except CompileError as error:
        raise SettingsError(f"The models cannot be made into SQLite tables: {error}.") from error
    except sa.exc.DBAPIError as error:
        statement = " ".join(str(error.statement).partition("(")[0].split())
        raise SettingsError(f"SQLite refuses `{statement}`: {error.orig}.") from error
    except Exception as error:  # whatever the project's own code raises
        raise SettingsError(
            f"An event of the models fails: {type(error).__name__}: {str(error).rstrip('.')}."
        ) from error
    finally:
        for table, indexes in held.items():
            table.indexes.update(indexes)


def create_full_text(connection: sqlite3.Connection, model: type[Any]) -> None:
    """Create the full-text index that a model declares, if it does, over its loaded rows.

    Raises:
        SettingsError: What it declares cannot be indexed.
    """
    try:
        index = full_text_index(model)
    except DatasetError as error:
        raise SettingsError(error.message) from error
    for statement in index.ddl if index else ():
        connection.execute(statement)


def create_indexes(engine: sa.Engine, table: sa.Table) -> None:
    """Create the indexes of a loaded table, in the order of their names.

    Raises:
        IntegrityError: A unique index has duplicates.
        BuildError: SQLite refuses one for another reason.
    """
    with engine.begin() as connection:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            try:
                index.create(connection)
            except IntegrityError:
                raise
            except sa.exc.DBAPIError as error:
                raise BuildError(
                    f"Index `{index.name}` cannot be created: {error.orig}."
                ) from error
