"""Fill tables from CSV within an object graph."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self, cast

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, constant_defaults
from microcosm_sqlite.builders.instances import InstanceMaker
from microcosm_sqlite.builders.lenient import LenientSource, open_repeatable
from microcosm_sqlite.builders.shortcut import can_skip_instances
from microcosm_sqlite.catalog.connection import quote_identifier

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy.orm import Mapper, Session

    from microcosm_sqlite.dataset import DataSet

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
        model_cls: The model; in bulk mode, any of the data set.
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
