"""Keyset pagination: pages that cost the same however far in they are.

``OFFSET`` reads and drops every row before the page; a keyset asks for the rows after the last
one seen, which an index answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import inspect, tuple_

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Query

    from microcosm_sqlite.orm.data_sets import DataSet

    Key = tuple[Any, ...]

M = TypeVar("M", bound="DataSet")


class Page(Generic[M]):
    """Some rows in order, and where to go on.

    Attributes:
        items: The rows.
        after: What to give as ``after`` for the next page; None on the last page.
    """

    __slots__ = ("after", "items")

    def __init__(self, items: list[M], after: Key | None) -> None:
        self.items = items
        self.after = after

    def __iter__(self) -> Iterator[M]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Keyset(Generic[M]):
    """An order of a model's rows in which no two rows are equal.

    Args:
        model: The model.
        columns: What to order by; the primary key is added where it is not among them.
        descending: Order from the highest to the lowest.

    Raises:
        ValueError: A column may be NULL, and SQL does not say whether NULL is before a value.
    """

    def __init__(
        self,
        model: type[M],
        columns: Sequence[InstrumentedAttribute[Any]] = (),
        *,
        descending: bool = False,
    ) -> None:
        mapper = inspect(model)
        keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        names = dict.fromkeys([*(column.key for column in columns), *keys])
        self.names = list(names)
        self.columns: list[InstrumentedAttribute[Any]] = [getattr(model, name) for name in names]
        self.descending = descending
        for name, column in zip(self.names, self.columns, strict=True):
            if column.expression.nullable and name not in keys:
                raise ValueError(
                    f"{model.__name__}.{name} may be NULL, so pages cannot be ordered by it."
                )

    def fetch(self, query: Query[M], after: Key | None, size: int) -> Page[M]:
        """The page that follows a key.

        Raises:
            ValueError: ``after`` does not have one value for each column of the order.
        """
        if after is not None:
            query = query.filter(self._follows(after))
        order = [column.desc() if self.descending else column.asc() for column in self.columns]
        # One row more than asked for tells whether another page follows.
        items = query.order_by(*order).limit(size + 1).all()
        has_more = len(items) > size
        del items[size:]
        return Page(items, self._key(items[-1]) if has_more else None)

    def _follows(self, after: Key) -> ColumnElement[bool]:
        if len(after) != len(self.columns):
            raise ValueError(f"after must have one value for each of {', '.join(self.names)}.")
        row = tuple_(*self.columns)
        return row < tuple_(*after) if self.descending else row > tuple_(*after)

    def _key(self, item: M) -> Key:
        return tuple(getattr(item, name) for name in self.names)
