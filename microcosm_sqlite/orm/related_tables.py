"""Refuse what would pair every row of a table with every row of another, or read another alone.

SQL takes ``SELECT ... FROM birds, families WHERE families.code = 'CORV'`` for every bird. A store
reads one model: columns of others have a meaning only where a criterion or a join relates them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, inspect
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BooleanClauseList
from sqlalchemy.sql.selectable import Join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import FromClause
    from sqlalchemy.orm import Mapper, Query

    from microcosm_sqlite.orm.data_sets import DataSet


def refuse_strangers(model: type[DataSet], columns: Iterable[Any], cure: str = "") -> None:
    """Refuse columns of other tables where nothing relates them.

    Args:
        model: The model.
        columns: Its columns, or others.
        cure: What to do instead; by default, to add a criterion.

    Raises:
        TypeError: There is one.
    """
    for column in _find_strangers(model, columns):
        raise _refuse(model, column, cure)


def has_strangers(model: type[DataSet], clauses: Iterable[Any]) -> bool:
    """Whether attributes or conditions read columns of other tables."""
    return bool(_find_strangers(model, clauses))


def refuse_unrelated(model: type[DataSet], query: Query[Any], columns: Sequence[Any] = ()) -> None:
    """Refuse a query that reads a table which neither a join nor a criterion relates.

    Args:
        model: The model.
        query: What is to be executed, before it is ordered.
        columns: What it will select.

    Raises:
        TypeError: There is such a table; a criterion is suggested where a foreign key leads to it.
    """
    conditions = [] if query.whereclause is None else [query.whereclause]
    strangers = _find_strangers(model, [*columns, *conditions])
    if not strangers:
        return
    statement: Any = query.add_columns(*columns).statement
    joined = [set(_list_tables(each)) for each in statement.get_final_froms()]
    own = set(inspect(model).tables)
    related = next((each for each in joined if each & own), joined[0])
    links = [*joined, *_find_links(query.whereclause)]
    while more := [each for each in links if each & related and not each <= related]:
        related = related.union(*more)
    unrelated = {table for each in joined for table in each} - related
    for column in strangers:
        if column.table in unrelated:
            raise _refuse(model, column)


def _find_strangers(model: type[DataSet], clauses: Iterable[Any]) -> list[Column[Any]]:
    """The columns in these attributes and clauses that are not of the model's own tables."""
    own = set(inspect(model).tables)
    return [
        element
        for clause in (getattr(each, "expression", each) for each in clauses)
        if not own.issuperset(clause._from_objects)  # which costs a tenth of a visit to its parts
        for element in visitors.iterate(clause)
        if isinstance(element, Column) and element.table not in own
    ]


def _list_tables(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _list_tables(source.left)
        yield from _list_tables(source.right)
    else:
        yield source


def _find_links(condition: Any) -> Iterator[set[FromClause]]:
    """The tables of each criterion: a comparison of two, or a function of columns of both."""
    pending = [] if condition is None else [condition]
    while pending:
        clause = pending.pop()
        if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
            pending += clause.clauses
        else:
            found = visitors.iterate(clause)
            yield {each.table for each in found if isinstance(each, Column)}


def _refuse(model: type[DataSet], column: Column[Any], cure: str = "") -> TypeError:
    table = getattr(column.table, "element", column.table)  # of which it may be an alias
    other = _find_mapper(model, table)
    name = other.class_.__name__ if other else str(table)
    if not cure:
        link = _suggest_link(inspect(model), other) if other else ""
        cure = f"Add {f'the criterion {link}' if link else 'a criterion that compares the two'}"
        cure += f", or use a store of {name}." if table is column.table else "."
    owner = name if table is column.table else f"an alias of {name}"
    return TypeError(
        f"A store of {model.__name__} was given column {column.name} of {owner}, which nothing "
        f"relates to {model.__name__}. {cure}"
    )


def _find_mapper(model: type[DataSet], table: object) -> Mapper[Any] | None:
    mappers = inspect(model).registry.mappers
    return next((each for each in mappers if each.local_table is table and not each.single), None)


def _suggest_link(mapper: Mapper[Any], other: Mapper[Any]) -> str:
    """A comparison of a foreign key with what it refers to, in either direction."""
    for child, parent in ((mapper, other), (other, mapper)):
        targets = {f"{column.table}.{column.name}": column for column in parent.local_table.columns}
        for column in child.local_table.columns:
            for key in column.foreign_keys:
                target = targets.get(key.target_fullname)
                if target is not None:
                    return f"{_name(child, column)} == {_name(parent, target)}"
    return ""


def _name(mapper: Mapper[Any], column: Any) -> str:
    return f"{mapper.class_.__name__}.{mapper.get_property_by_column(column).key}"
