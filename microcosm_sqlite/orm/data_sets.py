"""Datasets: the declarative bases that tell models which database they are in."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import MetaData, Table, inspect
from sqlalchemy.orm import DeclarativeMeta, Session, registry, scoped_session

from microcosm_sqlite.common.arguments import check_name
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.orm.answering import binds_of, dispose_binds
from microcosm_sqlite.orm.contexts import CurrentSession, SessionContext, close_contexts
from microcosm_sqlite.orm.external_keys import claim, find_related_classes, leave_out_external_keys
from microcosm_sqlite.orm.transactions import take_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, FromClause
    from sqlalchemy.orm import Mapper

    from microcosm_sqlite.orm.contexts import Scope


class DataSetMeta(DeclarativeMeta):
    """Makes a declarative base of every class directly below :class:`DataSet`."""

    def __new__(
        mcs, classname: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any
    ) -> DataSetMeta:
        """Take the class keyword ``name``, which is none of SQLAlchemy's."""
        check_name(options.pop("name", classname))
        return super().__new__(mcs, classname, bases, namespace, **options)

    def __init__(
        cls, classname: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any
    ) -> None:
        dataset_name = options.pop("name", classname)
        if not bases:
            # DataSet itself: a base of bases, with no registry of its own.
            type.__init__(cls, classname, bases, namespace)
            return
        if _is_directly_below_data_set(bases):
            _prepare_base(cast("type[DataSet]", cls), dataset_name, namespace)
        super().__init__(classname, bases, namespace, **options)
        table = cls.__dict__.get("__table__")
        if isinstance(table, Table):
            leave_out_external_keys(table)
            find_related_classes(cast("type[DataSet]", cls), namespace)

    def __setattr__(cls, name: str, value: object) -> None:
        # In 2.0.0 all threads shared what was assigned here, and a context put None in its place.
        if name == "session" and isinstance(value, Session | scoped_session):
            raise DatasetError(
                f"{cls.__name__}.session cannot be set: it is the session of the open context.",
                hint="Open a context, or give a store its session: Store(lambda store: session).",
            )
        if name != "session" or value is not None:
            super().__setattr__(name, value)


class DataSet(metaclass=DataSetMeta):
    """Base of declarative bases, one for each database.

    All models of one dataset share an engine and sessions. Make one by calling
    :meth:`create`, as ever, or by a class statement, which type checkers follow without a plugin:

    >>> class NycFlights(DataSet, name="nycflights13"):
    ...     '''Departures from New York City in 2013.'''
    """

    if TYPE_CHECKING:
        registry: ClassVar[registry]
        metadata: ClassVar[MetaData]
        dataset_name: ClassVar[str]
        __table__: ClassVar[FromClause]
        __mapper__: ClassVar[Mapper[Any]]

        def __init__(self, **columns: Any) -> None: ...

        def __init_subclass__(cls, *, name: str = ..., **options: Any) -> None: ...

    # That of each base takes its place; no context is open on DataSet itself.
    innermost_scope: ClassVar[ContextVar[Scope | None]] = ContextVar("microcosm", default=None)
    session: ClassVar[CurrentSession] = CurrentSession()

    @staticmethod
    def create(name: str, cls: type | None = None, **kwargs: Any) -> type[DataSet]:  # noqa: ARG004
        """A new declarative base for the models of one database.

        Args:
            name: The dataset's name, by which its path is configured or found.
            cls: Taken for compatibility; has no effect.
            kwargs: As for :func:`sqlalchemy.orm.declarative_base`, but for the name and metadata.

        Raises:
            TypeError: The name is no string.
            ValueError: It is empty.
        """
        check_name(name)
        options = {key: kwargs.pop(key) for key in ("mapper", "metaclass") if key in kwargs}
        base = registry(metadata=_make_metadata(), **kwargs).generate_base(
            name=name, cls=DataSet, **{"metaclass": DataSetMeta, **options}
        )
        return cast("type[DataSet]", base)

    @classmethod
    def resolve(cls) -> type[DataSet]:
        """The declarative base of a model.

        Raises:
            DatasetError: Asked of :class:`DataSet` itself.
        """
        base: type[DataSet] | None = getattr(cls, "_base", None)
        if base is None:
            raise DatasetError(f"{cls.__name__} belongs to no dataset.")
        return base

    @classmethod
    def create_all(cls, graph: Any = None) -> None:
        """Create the tables of every model of this dataset that are not there.

        Processes that start at once may all call it.
        """
        with cls._find_engine(graph).begin() as connection:
            if not all(_find_existing(cls.metadata, connection)):
                take_lock(connection)
            cls.metadata.create_all(connection)

    @classmethod
    def drop_all(cls, graph: Any = None) -> None:
        """Drop the tables of every model of this dataset."""
        with cls._find_engine(graph).begin() as connection:
            if any(_find_existing(cls.metadata, connection)):
                take_lock(connection)
            cls.metadata.drop_all(connection)

    @classmethod
    def recreate_all(cls, graph: Any = None) -> None:
        """Drop and create the tables of every model of this dataset."""
        cls.drop_all(graph)
        cls.create_all(graph)

    @classmethod
    def new_session(cls, graph: Any = None, **kwargs: Any) -> Session:
        """A new session, which the caller closes.

        Args:
            graph: The object graph, or None for registered and installed datasets.
            kwargs: As for :class:`sqlalchemy.orm.Session`.

        Raises:
            SchemaMismatchError: The installed dataset lacks tables of the models.
        """
        base = cls.resolve()
        return binds_of(graph, base.dataset_name).new_session(base, **kwargs)

    @classmethod
    def new_context(cls, graph: Any = None, **kwargs: Any) -> SessionContext:
        """A :class:`~microcosm_sqlite.orm.contexts.SessionContext` on this dataset."""
        return SessionContext(graph=graph, data_set=cls.resolve(), **kwargs)

    @classmethod
    def dispose(cls, graph: Any = None) -> None:
        """Close the engine's idle connections; a database in memory is lost."""
        name = cls.resolve().dataset_name
        binds_of(graph, name).dispose_engine(name)

    @classmethod
    def _find_engine(cls, graph: Any) -> Engine:
        name = cls.resolve().dataset_name
        engine, _ = binds_of(graph, name)(name)
        return engine


def dispose_sqlite_connections(graph: Any = None) -> None:
    """Close every session and connection of the graph.

    It used to be called after a fork, where everything now happens by itself.
    """
    for data_set in DataSet.__subclasses__():
        close_contexts(data_set, graph)
        # A class may have connections of its own to close.
        data_set.dispose(graph)
    dispose_binds(graph)


def _is_directly_below_data_set(bases: tuple[type, ...]) -> bool:
    return DataSet in bases


def _find_existing(metadata: MetaData, connection: Connection) -> Iterator[bool]:
    """Whether each table is there."""
    inspector = inspect(connection)
    return (inspector.has_table(each.name, each.schema) for each in metadata.tables.values())


def _make_metadata() -> MetaData:
    return MetaData(naming_convention=naming_convention)


def _prepare_base(base: type[DataSet], dataset_name: str, namespace: dict[str, Any]) -> None:
    if "registry" not in namespace:
        metadata = namespace.get("metadata")
        base.registry = registry(metadata=metadata if metadata is not None else _make_metadata())
        base.metadata = base.registry.metadata
        if "__init__" not in namespace:
            base.__init__ = base.registry.constructor  # type: ignore[method-assign]
    base.__abstract__ = True
    base._base = base
    base.dataset_name = dataset_name
    claim(base.metadata, base)
    base.innermost_scope = ContextVar(f"microcosm_sqlite.{dataset_name}", default=None)


naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Templates for the names of indexes and constraints: Alembic can only change what has a name."""
