"""Models for the tables of an existing database: sqlacodegen finds out, this writes them down.

sqlacodegen knows which columns are booleans and enumerations by their checks, what the generic
types of declared ones are, and which relationships follow from the keys. Its text is not used:
models of a data wheel keep the order of the columns, and are written as the template's are.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel, Related, read_colons
from microcosm_sqlite.authoring.drafting.from_databases.alignment import align_columns
from microcosm_sqlite.authoring.drafting.from_databases.fitting import fit_column
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.drafting.model_names import (
    name_attributes,
    name_classes,
    spell_words,
)
from microcosm_sqlite.authoring.loading.connections import open_engine
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.sql import find_affinity, mentions, quote_identifier

if TYPE_CHECKING:
    from sqlacodegen.models import Model, RelationshipAttribute

_LABELS = re.compile(r"""\(*["`\[]?(\w+)["`\]]?\s+IN\s*\(([^()]*)\)\)*""", re.IGNORECASE)


def fit_tables(connection: sqlite3.Connection, found: Reflection, file: str) -> None:
    """Give every column a type that takes all of its values; what was declared goes first.

    Args:
        connection: The database.
        found: What it declares; its tables are changed, and the reasons noted as remarks. A table
            with a column that holds what no type takes is refused.
        file: What errors call the database.

    Raises:
        MissingDependencyError: sqlacodegen is not installed.
    """
    with open_engine(connection) as engine:
        generator = _make_generator(found.metadata, engine, {})
        for table in [*found.metadata.tables.values()]:
            with found.refusing(table.name, file):
                _recognise_checks(generator, table)
                _fit_columns(connection, table, found, file)
    align_columns(connection, found, file)
    for table in [*found.metadata.tables.values()]:
        with found.refusing(table.name, file):
            _leave_out_unfit(connection, table, found)


def draft_models(found: Reflection, base: str, taken: Collection[str]) -> list[DraftedModel]:
    """A model for each table, sorted by table.

    Args:
        found: The tables, fitted.
        base: The declarative base.
        taken: Names that other classes have.
    """
    tables = sorted(found.metadata.tables)
    classes = name_classes(tables, base, taken)
    generator = _make_generator(found.metadata, sa.create_engine("sqlite://"), classes)
    generator.generate_base()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # of tables that refer to each other
        models = {model.table.name: model for model in generator.generate_models()}
    return [_describe(models[table], classes, found) for table in tables]


def _make_generator(metadata: sa.MetaData, engine: sa.Engine, classes: Mapping[str, str]) -> Any:
    """A generator of sqlacodegen that gives classes, attributes and relationships our names."""
    with extra("new", "Drafting models from a database"):
        from sqlacodegen.generators import DeclarativeGenerator
        from sqlacodegen.models import ModelClass

    class Generator(DeclarativeGenerator):  # type: ignore[misc]
        def generate_model_name(self, model: Model, global_names: set[str]) -> None:
            model.name = classes[model.table.name]
            if not isinstance(model, ModelClass):
                return
            attributes = name_attributes(column.column.name for column in model.columns)
            for column in model.columns:
                column.name = attributes[column.column.name]
            taken = {*attributes, *attributes.values()}
            for relationship in model.relationships:
                self.generate_relationship_name(relationship, global_names, taken)
                relationship.name = _name_relationship(relationship, taken)
                taken.add(relationship.name)

    return Generator(metadata, engine, ("nojoined", "use_inflect"))


def _name_relationship(found: RelationshipAttribute, taken: set[str]) -> str:
    name = found.name
    if found.type.name == "MANY_TO_ONE" and found.foreign_keys and found.constraint is not None:
        column = "_".join(column.name for column in found.constraint.columns)
        if not column.lower().endswith("_id"):  # two of them would have one name
            name = f"{column}_{name.rstrip('_')}"
    (named,) = name_attributes([spell_words(name).strip("_") or "row"]).values()
    while named in taken:
        named += "_"
    return named


def _recognise_checks(generator: Any, table: sa.Table) -> None:
    """Let sqlacodegen make booleans and enumerations of checks, spelled as it knows them."""
    checks = [check for check in table.constraints if isinstance(check, sa.CheckConstraint)]
    table.constraints.difference_update(checks)
    for check in checks:
        found = _LABELS.fullmatch(" ".join(str(check.sqltext).split()))
        if found and found[1] in table.columns and "''" not in found[2]:
            listed = ", ".join(part.strip() for part in found[2].split(","))
            table.append_constraint(sa.CheckConstraint(f"{found[1]} IN ({listed})"))
    generator.fix_column_types(table)
    table.constraints = {
        each for each in table.constraints if not isinstance(each, sa.CheckConstraint)
    }
    table.constraints.update(checks)


def _fit_columns(
    connection: sqlite3.Connection, table: sa.Table, found: Reflection, file: str
) -> None:
    keys = _list_key_columns(table)
    for column in table.columns:
        if column.name == found.row_numbers.get(table.name):
            continue
        declared = found.declared[table.name][column.name]
        fit = fit_column(connection, column, file, declared, is_key=column.name in keys)
        collation = found.collations.get((table.name, column.name))
        is_text = isinstance(fit.type, sa.String) and not isinstance(fit.type, sa.Enum)
        column.type = (
            fit.type.adapt(type(fit.type), collation=collation)
            if collation and is_text
            else fit.type
        )
        if fit.is_nullable and not column.nullable:
            found.remarks[table.name].append(f"{column.name} is empty in some rows")
        column.nullable = fit.is_nullable
        if fit.has_infinity:
            found.infinite.add(table.name)
        if fit.respells:
            found.respelled.add((table.name, column.name))
        found.remarks[table.name] += [f"{column.name}: {remark}" for remark in fit.remarks]


def _list_key_columns(table: sa.Table) -> set[str]:
    """The columns by which rows must differ."""
    keys: list[Any] = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    keys += [table.primary_key, *(index for index in table.indexes if index.unique)]
    return {column.name for key in keys for column in key.columns}


def _leave_out_unfit(connection: sqlite3.Connection, table: sa.Table, found: Reflection) -> None:
    """Leave out what is only known to hold for values as they were spelled, or were compared."""
    trial = _Trial(connection, table, found)
    for column in table.columns:
        if column.computed is None:
            continue
        formula = read_colons(str(column.computed.sqltext))
        condition = f"{quote_identifier(column.name)} IS NOT ({formula})"
        if reason := trial.doubt(formula, f"WHERE {condition}"):
            column.nullable = True
            trial.respelled.add(column.name)
            found.remarks[table.name].append(f"{column.name}: computed {reason}")
    for check in [each for each in table.constraints if isinstance(each, sa.CheckConstraint)]:
        text = read_colons(str(check.sqltext))
        if reason := trial.doubt(text, f"WHERE NOT ({text})"):
            table.constraints.remove(check)
            found.left_out[f"check {text} of {table.name}"] = reason
    for index in [each for each in table.indexes if each.unique]:
        terms = [
            quote_identifier(each.name) if isinstance(each, sa.Column) else read_colons(str(each))
            for each in index.expressions
        ]
        where = index.dialect_options["sqlite"].get("where")
        conditions = [f"({term}) IS NOT NULL" for term in map(_strip_order, terms)]
        conditions += [f"({read_colons(str(where))})"] if where is not None else []
        texts = [term for term in terms if term[0] != '"'] + conditions[len(terms) :]
        groups = ", ".join(map(_strip_order, terms))
        rest = f"WHERE {' AND '.join(conditions)} GROUP BY {groups} HAVING count(*) > 1"
        if reason := trial.doubt(" ".join(texts), rest):
            table.indexes.remove(index)
            found.left_out[f"index {index.name} of {table.name}"] = reason


def _strip_order(term: str) -> str:
    return term.removesuffix(" DESC")


class _Trial:
    """Asks the rows of a table as if its columns had the types that they are drafted with."""

    def __init__(self, connection: sqlite3.Connection, table: sa.Table, found: Reflection) -> None:
        self.respelled = {column for name, column in found.respelled if name == table.name}
        self._reason = f"of values that are respelled: {', '.join(sorted(self.respelled))}"
        self._connection = connection
        self._changed: dict[str, str] = {}
        listed = []
        for column in table.columns:
            if column.name == found.row_numbers.get(table.name):
                continue
            before = find_affinity(found.declared[table.name][column.name])
            after = "TEXT" if _is_untyped(column) else find_affinity(_compile(column))
            quoted = quote_identifier(column.name)
            if after not in (before, "BLOB"):
                self._changed[column.name] = after
                quoted = f"CAST({quoted} AS {after}) AS {quoted}"
            listed.append(quoted)
        found.retyped |= {(table.name, column) for column in self._changed}
        quoted = quote_identifier(table.name)
        self._rows = f"(SELECT {', '.join(listed)} FROM {quoted}) AS {quoted}"

    def doubt(self, sql: str, rest: str) -> str:
        """Why some SQL may not hold of the drafted columns; empty where it does.

        Args:
            sql: What is asked.
            rest: What finds a row for which it does not hold.
        """
        if mentions(sql, self.respelled):
            return self._reason
        if not mentions(sql, self._changed):
            return ""
        try:
            found = self._connection.execute(f"SELECT 1 FROM {self._rows} {rest} LIMIT 1")
            is_broken = found.fetchone() is not None
        except sqlite3.Error:
            is_broken = True
        types = ", ".join(
            f"{name} is {type_}" for name, type_ in self._changed.items() if mentions(sql, [name])
        )
        return f"of columns that compare differently here: {types}" if is_broken else ""


def _is_untyped(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.types.NullType)


def _compile(column: sa.Column[Any]) -> str:
    return str(column.type.compile(dialect()))


def _describe(model: Any, classes: Mapping[str, str], found: Reflection) -> DraftedModel:
    table = model.table
    attributes = name_attributes(table.columns.keys())
    relationships = getattr(model, "relationships", [])
    _lead_to_keys(relationships)
    related = [_relate(each, classes) for each in relationships]
    return DraftedModel(
        table,
        model.name,
        attributes,
        tuple(filter(None, related)),
        found.full_text.get(table.name),
        {
            column: tuple(sentences)
            for column, sentences in found.suggestions.get(table.name, {}).items()
        },
    )


def _lead_to_keys(relationships: Iterable[RelationshipAttribute]) -> None:
    """Let references to rows of the same table lead to the columns that their keys name.

    sqlacodegen takes those of the primary key, which a key need not refer to. The attribute that
    leads back comes behind the one that refers.
    """
    leading_back: set[int] = set()
    for each in relationships:
        is_own = each.source is each.target and each.association_table is None
        if is_own and each.constraint is not None and id(each) not in leading_back:
            each.remote_side = [
                each.source.get_column_attribute(element.column.name)
                for element in each.constraint.elements
            ]
            leading_back.add(id(each.backref))


def _relate(found: RelationshipAttribute, classes: Mapping[str, str]) -> Related | None:
    kind, key = found.type.name, found.constraint
    is_owner = (
        key is not None
        and key.table is found.source.table
        and (kind == "MANY_TO_ONE" or found.source is not found.target)
    )
    link = found.association_table
    is_own = found.source is found.target
    if is_own and link is not None:
        return None  # rows of one table, linked by another: which end is which is the author's
    if is_own and key is not None and not _refers_to_others(key):
        return None
    return Related(
        name=found.name,
        target=classes[found.target.table.name],
        is_list=kind.endswith("TO_MANY"),
        is_optional=not kind.endswith("TO_MANY") and not (is_owner and _is_always_there(found)),
        back=found.backref.name if found.backref else "",
        foreign_keys=_list_attributes(found.foreign_keys, found.source),
        remote_side=_list_attributes(found.remote_side, found.source),
        secondary=classes[link.table.name] if link else "",
    )


def _refers_to_others(key: sa.ForeignKeyConstraint) -> bool:
    """Whether no column of a key is one that it refers to, which SQLAlchemy cannot tell apart."""
    return {*key.columns}.isdisjoint(element.column for element in key.elements)


def _is_always_there(found: RelationshipAttribute) -> bool:
    key = found.constraint
    return key is not None and not any(column.nullable for column in key.columns)


def _list_attributes(attributes: Any, source: Any) -> tuple[str, ...]:
    return tuple(
        each.name if each.model is source else f"{each.model.name}.{each.name}"
        for each in attributes
    )
