"""Put rows, files or writable copies in the place of a dataset for one test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient

from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location, locate_object
from microcosm_sqlite.catalog.manifest_tables import refuse_name
from microcosm_sqlite.catalog.overrides import Override
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError
from microcosm_sqlite.orm.data_sets import DataSet
from microcosm_sqlite.orm.engines import create_readwrite_engine
from microcosm_sqlite.orm.memory import MemoryDatabase
from microcosm_sqlite.orm.sessions import explain_integrity_error

Rows = Iterable[DataSet] | Mapping[str, Iterable[Mapping[str, Any]]]
Content = str | os.PathLike[str] | InstalledDataset | Rows


@contextmanager
def override(
    name: str, content: Content | None = None, *, edition: str = "", writable: bool = False
) -> Iterator[InstalledDataset]:
    """Put something else in the place of a dataset, for as long as the block lasts.

    It is found by the dataset's name in every way: by :func:`microcosm_sqlite.dataset`, and by
    stores and sessions with an object graph or without, whatever the graph configures. A context
    that is open keeps its session. Blocks nest. Tests in threads of their own do not see each
    other's.

    >>> with override("birds", [Species(code="grerhe")]):       # doctest: +SKIP
    ...     assert count_species() == 1

    Args:
        name: The dataset's name.
        content: What stands in its place: rows as models, or as dictionaries by table; a
            database file; another dataset. By default, the dataset itself. Rows need no rows
            that they refer to: foreign keys are not checked.
        edition: The edition of the dataset to use, where no content is given.
        writable: Whether it may be written to: what is written, and whatever was there before,
            is in memory and goes with the block.

    Raises:
        DatasetNotFoundError: There is no such dataset.
        DatasetError: The models for rows in dictionaries are not known.
        TableNotFoundError: The dataset has no table or column of a name among the rows.
        ModelIntegrityError: The rows do not fit their tables.
        TypeError: What is given can be none of these.
    """
    _check_content(content)
    if isinstance(content, str | os.PathLike):
        content = InstalledDataset(name, location=locate_object(content))
    elif content is None:
        content = dataset(name, edition=edition)
    if isinstance(content, InstalledDataset) and not writable:
        found = InstalledDataset(name, location=content.location, manifest=content.manifest)
        with _overriding(found) as overriding:
            yield overriding
        return
    with closing(MemoryDatabase()) as memory:
        if isinstance(content, InstalledDataset):
            _copy(content, memory)
        else:
            _insert(name, content, memory)
        location = Location(
            memory.find_uri().partition("?")[0].removeprefix("file:"), immutable=False
        )
        location.memory = memory.find_uri()
        location.is_writable = writable
        with _overriding(InstalledDataset(name, location=location)) as overriding:
            yield overriding


def _check_content(content: object) -> None:
    named = f"content must be rows as models, rows by table, a path or a dataset, not {content!r}"
    if content is None or isinstance(content, str | os.PathLike | InstalledDataset):
        return
    if isinstance(content, bytes | type) or not isinstance(content, Iterable):
        raise TypeError(named)
    rows = content.values() if isinstance(content, Mapping) else ()
    if any(isinstance(each, str | Mapping) or not isinstance(each, Iterable) for each in rows):
        raise TypeError(f"{named}: the rows of a table are a list of dictionaries")


@contextmanager
def _overriding(dataset: InstalledDataset) -> Iterator[InstalledDataset]:
    override = Override(dataset)
    override.begin()
    try:
        yield dataset
    finally:
        override.end()


def _copy(content: InstalledDataset, memory: MemoryDatabase) -> None:
    with closing(content.connect()) as source, closing(memory.connect()) as target:
        source.backup(target)


def _insert(name: str, rows: Rows, memory: MemoryDatabase) -> None:
    engine = create_readwrite_engine(memory.find_uri(), use_foreign_keys=False)
    try:
        if isinstance(rows, Mapping):
            _insert_mappings(name, rows, engine)
        else:
            _insert_models(name, list(rows), engine)
    except IntegrityError as error:
        raise explain_integrity_error(error, "A row of the test", name) from error
    finally:
        engine.dispose()


def _insert_models(name: str, rows: list[DataSet], engine: sa.Engine) -> None:
    bases = {type(row).resolve() for row in rows} or {_find_models(name)}
    for base in bases:
        base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        session.add_all(rows)
        session.commit()
        for row in list(session):
            make_transient(row)  # so that another test can have it again


def _insert_mappings(
    name: str, rows: Mapping[str, Iterable[Mapping[str, Any]]], engine: sa.Engine
) -> None:
    listed = {table: list(mappings) for table, mappings in rows.items()}
    metadata = _find_models(name, listed).metadata
    metadata.create_all(engine)
    with engine.begin() as connection:
        for table_name, mappings in listed.items():
            table = metadata.tables.get(table_name)
            if table is None:
                raise refuse_name(table_name, metadata.tables, f"Dataset {name!r}", "table")
            owner = f"Table {table_name!r} of dataset {name!r}"
            for row in mappings:
                for column in row:
                    if column not in table.columns:
                        raise refuse_name(column, table.columns.keys(), owner, "column")
                connection.execute(sa.insert(table).values(**row))


def _find_models(
    name: str, rows: Mapping[str, Iterable[Mapping[str, Any]]] | None = None
) -> type[DataSet]:
    """The declarative base of a dataset: one that was imported, or that of the installed one.

    Of several, it is the last one whose tables have the columns of the rows.
    """
    with suppress(DatasetNotFoundError):
        if not _find_bases(name):
            dataset(name).models  # noqa: B018  # importing them is the effect
    bases = _find_bases(name)
    if not bases:
        raise DatasetError(
            f"The tables of dataset {name!r} are not known: none of its models is imported.",
            hint="Import its models, or give rows as objects of them.",
        )
    return next((base for base in reversed(bases) if _fits(base.metadata, rows or {})), bases[-1])


def _fits(metadata: sa.MetaData, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> bool:
    """Whether there are such tables with such columns."""
    return all(
        table in metadata.tables
        and all(row.keys() <= set(metadata.tables[table].columns.keys()) for row in mappings)
        for table, mappings in rows.items()
    )


def _find_bases(name: str) -> list[type[DataSet]]:
    return [base for base in DataSet.__subclasses__() if base.dataset_name == name]
