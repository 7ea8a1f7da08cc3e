"""Refuse what stores and contexts are given that cannot be meant."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, inspect
from sqlalchemy.orm import QueryableAttribute

from microcosm_sqlite.common.wording import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import InstrumentedAttribute, Mapper

    from microcosm_sqlite.orm.data_sets import DataSet

EXPRESSIONS = (ClauseElement, QueryableAttribute)


def check_graph(graph: Any) -> Any:
    """The object graph, or what stands for one.

    Raises:
        TypeError: It is neither.
    """
    # To ask a graph whether it has a component makes it; so its class is asked first.
    if not hasattr(type(graph), "use") and not hasattr(graph, "sqlite"):
        raise TypeError(
            f"An object graph is expected, or None for installed datasets, not {graph!r}."
        )
    return graph


def check_data_set(data_set: Any) -> Any:
    """A dataset or a model, as a context takes it.

    Raises:
        TypeError: It is neither.
    """
    cls = data_set if isinstance(data_set, type) else type(data_set)
    if not hasattr(cls, "new_session"):
        raise TypeError(
            f"A context takes an object graph or None, then a model or its base, not {data_set!r}."
        )
    return data_set


def check_instance(instance: Any, model: type[DataSet]) -> None:
    """Refuse to store what is no row of the dataset of a store's model.

    Raises:
        TypeError: It is of another dataset, or no instance of a model.
    """
    if not isinstance(instance, model.resolve()):
        raise TypeError(
            f"A store of {model.__name__} takes an instance of it, {model.__name__}(...), or of "
            f"another model of dataset {model.dataset_name!r}, not {instance!r}."
        )


def find_mapper(model: type[DataSet]) -> Mapper[Any]:
    """The mapper of a model.

    Raises:
        TypeError: It is the base of models, or another class that has no table.
    """
    mapper: Mapper[Any] | None = inspect(model, raiseerr=False)
    if mapper is None:
        raise TypeError(
            f"{model.__name__} is not a model: it has no table. Name a subclass that has one."
        )
    return mapper


def check_attributes(model: type[DataSet], by: Iterable[Any]) -> list[InstrumentedAttribute[Any]]:
    """The attributes to order by.

    Raises:
        TypeError: They are given by name, in an expression, or without a list.
    """
    is_list = hasattr(by, "__iter__") and not isinstance(by, str | bytes)
    attributes: list[Any] = list(by) if is_list else [None]
    if not all(map(_is_of_a_column, attributes)):
        name = next(iter(find_mapper(model).column_attrs)).key
        raise TypeError(
            f"by must be a list of attributes, such as [{model.__name__}.{name}], not {by}; "
            "descending=True reverses the order."
        )
    return attributes


def _is_of_a_column(attribute: Any) -> bool:
    is_attribute = isinstance(attribute, QueryableAttribute)
    return is_attribute and hasattr(attribute.expression, "nullable")


def check_after(names: Sequence[str], after: Any) -> None:
    """Refuse the key of a page that is none of this order.

    Raises:
        TypeError: It is no sequence of values.
        ValueError: It does not have one value for each column.
    """
    columns = ", ".join(names)
    if not isinstance(after, Sequence) or isinstance(after, str | bytes):
        raise TypeError(
            f"after must be the `after` of the page before, a tuple of {columns}, not {after!r}."
        )
    if len(after) != len(names):
        raise ValueError(f"after must have one value for each of {columns}, not {after!r}.")


def refuse_key(
    model: type[DataSet], names: Sequence[str], key: tuple[Any, ...]
) -> TypeError | ValueError:
    """The error for what cannot be a primary key: a list, or another number of values."""
    if len(key) == len(names):
        wrong = next((value for value in key if not isinstance(value, Hashable)), key)
        told = f"a key is a value, or a tuple of values, not {wrong!r}"
        return TypeError(f"{model.__name__}: {told}.")
    return ValueError(
        f"{model.__name__}: expected {len(names)} key value{'s' * (len(names) != 1)} "
        f"({', '.join(names)}), got {len(key)}."
    )


def check_column(column: Any) -> Any:
    """A column of another model, or an expression.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(column, EXPRESSIONS):
        raise TypeError(
            f"A column is given by its name or as an attribute, each by itself, not as {column!r}."
        )
    return column


def refuse_filter(store: str, key: str, known: Iterable[str], model: str) -> TypeError:
    """The error for a keyword that a store does not filter by.

    Args:
        store: The store's class.
        key: The keyword.
        known: The keywords that it filters by.
        model: The model whose columns these are; empty where ``auto_filter_fields`` lists them.
    """
    reason = f"{model} has no such column" if model else "it is not among auto_filter_fields"
    nearest = suggest(key, known, "It can filter by")
    return TypeError(f"{store} cannot filter by {key!r}: {reason}. {nearest}".rstrip())
