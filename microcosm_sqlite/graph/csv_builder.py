"""Fill tables from CSV within an object graph, without instances of the model where possible."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Self, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.loading.value_errors import describe_offence
from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, constant_defaults
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy.orm import Mapper, Session

    from microcosm_sqlite.orm.data_sets import DataSet


_MAPPER_EVENTS = ("before_insert", "after_insert")
_INSTANCE_EVENTS = ("init", "init_failure", "refresh", "refresh_flush")
_SESSION_EVENTS = (
    "before_flush",
    "after_flush",
    "after_flush_postexec",
    "before_attach",
    "after_attach",
    "transient_to_pending",
    "pending_to_persistent",
)
_ATTRIBUTE_EVENTS = ("set", "init_scalar", "modified")


def can_skip_instances(model: type[Any], given: Collection[str], session: Session) -> bool:
    """Whether rows can bypass instances of `model` without an observable difference.

    Validators, constructors and listeners make a difference, and so do defaults that take effect
    where an instance has None.

    Args:
        model: A mapped class.
        given: The names of the columns that the rows have values for.
        session: The session that the instances would have gone through.
    """
    mapper: Mapper[Any] = sa.inspect(model)
    return (
        isinstance(mapper.local_table, sa.Table)
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not mapper.validators
        and has_plain_constructor(mapper)
        and not _has_listeners(mapper, session)
        and all(_defaults_alike(column, given) for column in mapper.local_table.columns)
    )


def has_plain_constructor(mapper: Mapper[Any]) -> bool:
    """Whether instances are made by the declarative constructor, which only sets attributes."""
    original = mapper.class_manager.original_init
    return getattr(original, "__func__", original) is mapper.registry.constructor


def _has_listeners(mapper: Mapper[Any], session: Session) -> bool:
    watched = [
        *((mapper.dispatch, event) for event in _MAPPER_EVENTS),
        *((mapper.class_manager.dispatch, event) for event in _INSTANCE_EVENTS),
        *((session.dispatch, event) for event in _SESSION_EVENTS),
        *(
            (attribute.class_attribute.dispatch, event)
            for attribute in mapper.column_attrs
            for event in _ATTRIBUTE_EVENTS
        ),
    ]
    return any(
        not _is_of_sqlalchemy(listener)
        for dispatch, event in watched
        for listener in getattr(dispatch, event)
    )


def _is_of_sqlalchemy(listener: Any) -> bool:
    # Listeners of others are wrapped by functions of SQLAlchemy, so the module does not tell.
    return getattr(listener, "__qualname__", "") == "_event_on_init"


def _defaults_alike(column: sa.Column[Any], given: Collection[str]) -> bool:
    if column.name in given:
        # The session leaves None to the default, where there is one.
        return not column.nullable or (column.default is None and column.server_default is None)
    return column.default is None or isinstance(column.default, ScalarElementColumnDefault)


STAGE = "microcosm_sqlite_stage"


class CSVBuilder:
    """Fills one model's table from CSV, or several tables at once.

    The header names columns; what the table does not have is left out. An empty field is NULL in
    a nullable column, and empty text in a text column that is not; every other value must fit its
    column's type. Rows go straight to SQLite where nobody could tell: where a model has
    validators, a constructor or listeners, or where every row is to be committed by itself,
    instances are made.

    Args:
        graph: The object graph.
        model_cls: The model; in bulk mode, any of the dataset.
        bulk_mode: Build several models, checking foreign keys at the end.
        commit_on_insert: Commit after each row.
        delete_before_load: Delete the rows that are there first.
    """

    def __init__(
        self,
        graph: Any,
        model_cls: type[DataSet],
        bulk_mode: bool = False,
        commit_on_insert: bool = False,
        delete_before_load: bool = False,
    ) -> None:
        self.graph = graph
        self.model_cls = model_cls
        self.bulk_mode = bulk_mode
        self.commit_on_insert = commit_on_insert
        self.delete_before_load = delete_before_load
        self.defaults: dict[str, Any] = {}

    def bulk(self) -> Self:
        """Take a list of models and files from now on."""
        self.bulk_mode = True
        return self

    def default(self, **values: Any) -> Self:
        """Values, by column name, for columns that the header leaves out."""
        self.defaults.update(values)
        return self

    def build(self, build_input: Any) -> None:
        """Load rows, all of them or none.

        Args:
            build_input: An open file, or any iterable of lines; in bulk mode, pairs of model and
                such an input.

        Raises:
            SourceValueError: A value does not fit its column.
            sqlalchemy.exc.IntegrityError: A row breaks a constraint.
        """
        pairs = build_input if self.bulk_mode else [(self.model_cls, build_input)]
        context = self.model_cls.new_context(self.graph, defer_foreign_keys=self.bulk_mode)
        with context:
            session = context.session
            for model, lines in pairs:
                if self.delete_before_load:
                    session.execute(sa.delete(model))
                with open_repeatable(lines) as stream:
                    self._load(session, model, LenientSource(stream))
            session.commit()

    def _load(self, session: Session, model: type[DataSet], source: LenientSource) -> None:
        mapper: Mapper[Any] = sa.inspect(model)
        rules = TableRules.of(cast("sa.Table", mapper.local_table), session.get_bind().dialect)
        load = TableLoad(
            rules, [source], skip_unknown=True, is_partial=True, defaults=self.defaults, into=STAGE
        )
        with source(ignore_advance) as records:
            given = {rule.name for rule in load.lay_out(records) if rule is not None}
        given |= self.defaults.keys() & rules.by_name.keys()
        if not self.commit_on_insert and can_skip_instances(model, given, session):
            session.flush()
            _copy_rows(session.connection(), load, given | constant_defaults(rules).keys())
        else:
            self._add_instances(session, model, source)

    def _add_instances(self, session: Session, model: type[DataSet], source: LenientSource) -> None:
        maker = InstanceMaker(model, session.get_bind().dialect, self.defaults)
        with source(ignore_advance) as records:
            for instance in maker.make_all(records):
                session.add(instance)
                if self.commit_on_insert:
                    session.commit()
        session.flush()


def _copy_rows(connection: sa.Connection, load: TableLoad, given: Collection[str]) -> None:
    """Load into a table without constraints, check it, and copy its rows under constraints."""
    declared = ", ".join(
        f"{quote_identifier(rule.name)} {rule.expected}" for rule in load.rules.by_name.values()
    )
    names = ", ".join(map(quote_identifier, sorted(given)))
    target = quote_identifier(load.rules.table.name)
    connection.exec_driver_sql(f"CREATE TEMP TABLE {STAGE} ({declared})")
    try:
        load_table(cast("sqlite3.Connection", connection.connection.driver_connection), load)
        if names:
            connection.exec_driver_sql(
                f"INSERT INTO {target} ({names}) SELECT {names} FROM temp.{STAGE} ORDER BY rowid"
            )
    finally:
        connection.exec_driver_sql(f"DROP TABLE temp.{STAGE}")


class InstanceMaker:
    """Makes an instance of a model for each row.

    Validators and constructors of the model's own are given the texts as they stand; everybody
    else gets values of the column's type.
    """

    def __init__(self, model: type[Any], dialect: sa.Dialect, defaults: Mapping[str, Any]) -> None:
        mapper: Mapper[Any] = sa.inspect(model)
        self._model = model
        self._keys = {column.name: key for key, column in mapper.columns.items()}
        self._rules = {
            name: rule
            for table in mapper.tables
            for name, rule in TableRules.of(cast("sa.Table", table), dialect).by_name.items()
        }
        self._takes_texts = set(mapper.validators)
        if not has_plain_constructor(mapper):
            self._takes_texts.update(self._keys.values())
        self._defaults = {
            self._keys[name]: value for name, value in defaults.items() if name in self._keys
        }

    def make_all(self, records: Records) -> Iterator[Any]:
        """An instance for each row of a source.

        Raises:
            SourceValueError: A value does not fit its column.
        """
        fields = [
            (index, self._keys[name], self._rules[name])
            for index, name in enumerate(records.header)
            if name in self._keys and name in self._rules
        ]
        for line, row in records.numbered():
            values = dict(self._defaults)
            for index, key, rule in fields:
                try:
                    values[key] = self._read(key, rule, row[index])
                except ValueError as error:
                    raise describe_offence(records, line, rule, row[index], error) from error
            yield self._model(**values)

    def _read(self, key: str, rule: ColumnRule, text: str | None) -> Any:
        if text is None or text in rule.nulls:
            return None
        return text if key in self._takes_texts else rule.read(text)


UNNAMED = "the CSV input"


@contextmanager
def open_repeatable(lines: Iterable[str]) -> Iterator[IO[str]]:
    """A stream of these lines that can be read twice."""
    if isinstance(lines, str):
        raise TypeError("CSV is built from an open file or from lines, not from one string")
    if callable(getattr(lines, "seekable", None)) and lines.seekable():  # type: ignore[attr-defined]
        yield lines  # type: ignore[misc]
        return
    with TemporaryFile("w+", encoding="utf-8", newline="") as spooled:
        spooled.writelines(line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines)
        spooled.seek(0)
        yield spooled


class LenientSource:
    """Opens one stream again and again, from where it stood at first."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._start = stream.tell()
        name = getattr(stream, "name", None)
        self.name = name if isinstance(name, str) else UNNAMED

    @contextmanager
    def __call__(self, advance: Advance) -> Iterator[Records]:  # noqa: ARG002
        """Read from the start."""
        self._stream.seek(self._start)
        yield LenientRecords(self.name, csv.reader(self._stream))


class LenientRecords(Records):
    """Rows under a header; short ones end in None, and long ones are cut."""

    def __init__(self, name: str, reader: Any) -> None:
        self._reader = reader
        super().__init__(name, next(filter(None, reader), []))

    def __iter__(self) -> Iterator[list[Any]]:
        width = len(self.header)
        for row in self._reader:
            if len(row) != width:
                if not row:
                    continue
                self._fit(row, width)
            yield row

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that it starts on."""
        line = self._reader.line_num
        for row in self._reader:
            if row:
                self._fit(row, len(self.header))
                yield line + 1, row
            line = self._reader.line_num

    @staticmethod
    def _fit(row: list[Any], width: int) -> None:
        row.extend([None] * (width - len(row)))
        del row[width:]
