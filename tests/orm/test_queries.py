"""What stores read by, beyond keywords: keys, streams, plain rows and pages."""

from __future__ import annotations

import tracemalloc
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, Numeric, insert, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import ModelNotFoundError
from microcosm_sqlite.stores import Store
from microcosm_sqlite.types import EnumType

if TYPE_CHECKING:
    from collections.abc import Iterator


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Shop(DataSet, name="shop"):
    """Columns of many types, a composite key, and a joined collection."""


class Order(Shop):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    placed: Mapped[date]
    shipped: Mapped[datetime | None]
    total: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    paid: Mapped[bool]
    size: Mapped[Size | None] = mapped_column(EnumType(Size))
    lines: Mapped[list[Line]] = relationship(lazy="joined", order_by="Line.number")


class Line(Shop):
    __tablename__ = "lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]


class OrderStore(Store[Order]):
    pass


class LineStore(Store[Line]):
    pass


class SortedLineStore(Store[Line]):
    def _order_by(self, query: Any, **kwargs: Any) -> Any:
        return query.order_by(Line.item.desc())


ORDERS = 40


@pytest.fixture(scope="module", autouse=True)
def context() -> Iterator[Any]:
    from microcosm_sqlite.orm.binds import Binds

    binds = Binds()
    Order.create_all(binds)
    with Order.new_context(binds) as context:
        context.session.execute(
            insert(Order),
            [
                {
                    "id": number,
                    "placed": date(2020, 1, 1 + number % 28),
                    "shipped": datetime(2020, 2, 1, 12, 30, number) if number % 2 else None,
                    "total": Decimal(number) + Decimal("0.25"),
                    "paid": number % 3 == 0,
                    "size": [Size.SMALL, Size.LARGE, None][number % 3],
                }
                for number in range(1, ORDERS + 1)
            ],
        )
        context.session.execute(
            insert(Line),
            [
                {"order_id": order, "number": number, "item": f"item {(order * 7 + number) % 11}"}
                for order in range(1, ORDERS + 1)
                for number in range(3)
            ],
        )
        context.commit()
        yield context
    binds.dispose()


@pytest.fixture(autouse=True)
def _forget_objects(context: Any) -> None:
    context.session.expunge_all()


def test_get_takes_single_and_composite_keys() -> None:
    assert OrderStore().get(7).total == Decimal("7.25")
    assert LineStore().get((7, 2)).item == "item 7"
    assert OrderStore().get(0) is None
    assert LineStore().get((7, 9)) is None


def test_get_returns_the_object_that_the_session_knows(context: Any) -> None:
    store = OrderStore()
    order = store.get(1)
    assert store.get(1) is order
    context.session.expire(order)
    assert store.get(1) is order
    assert order.total == Decimal("1.25")


@pytest.mark.parametrize("key", [7, (7,), (7, 1, 1)])
def test_get_refuses_a_key_of_the_wrong_length(key: Any) -> None:
    with pytest.raises(ValueError, match="order_id, number"):
        LineStore().get(key)


def test_retrieve_raises_where_get_gives_none() -> None:
    assert OrderStore().retrieve(7).id == 7
    with pytest.raises(ModelNotFoundError, match="Order in dataset 'shop' has key=0"):
        OrderStore().retrieve(0)


def test_joined_collections_do_not_repeat_objects() -> None:
    store = OrderStore()
    orders = store.search(limit=5)
    assert len(orders) == len(set(orders)) == 5
    assert [line.number for line in store.one(id=3).lines] == [0, 1, 2]
    assert store.get(4).lines[0].order_id == 4


def test_rows_are_tuples_with_the_values_of_the_columns_types(context: Any) -> None:
    columns = ("id", "placed", "shipped", "total", "paid", "size")
    rows = list(OrderStore().rows(*columns))
    expected = context.session.execute(select(*(getattr(Order, name) for name in columns))).all()
    assert rows == [tuple(row) for row in expected]
    assert all(type(row) is tuple for row in rows)
    assert type(rows[0][2]) is datetime
    assert rows[1][5] is None


def test_rows_give_every_column_unless_told_which() -> None:
    assert next(LineStore().rows()) == (1, 0, "item 7")
    assert next(LineStore().rows(Line.item, "number")) == ("item 7", 0)


def test_rows_filter_page_and_order_like_search() -> None:
    store = SortedLineStore()
    for options in (
        {"order_id": 5},
        {"order_id": None, "limit": 4},
        {"offset": 7, "limit": 2, "number": 1},
    ):
        found = [(line.order_id, line.number) for line in store.search(**options)]
        assert list(store.rows("order_id", "number", **options)) == found
    where = [Line.item == "item 3", Line.number > 0]
    assert list(store.rows("item", where=where)) == [("item 3",)] * store.count(*where)
    assert list(store.rows("item", where=Line.order_id == 1, number=2)) == [("item 9",)]


def test_rows_may_be_left_unread(context: Any) -> None:
    rows = LineStore().rows("item")
    next(rows)
    rows.close()
    assert list(rows) == []


def test_stream_gives_what_search_gives() -> None:
    store = SortedLineStore()
    assert list(store.stream(batch_size=7)) == store.search()
    assert list(store.stream(Line.number == 1, order_id=3)) == [LineStore().get((3, 1))]


def test_stream_and_rows_take_memory_for_one_batch_only() -> None:
    from microcosm_sqlite.orm.binds import Binds

    binds = Binds()
    Line.create_all(binds)
    with Line.new_context(binds) as context:
        context.session.execute(insert(Order), [_order()])
        context.session.execute(
            insert(Line), [{"order_id": 1, "number": n, "item": "x" * 50} for n in range(30_000)]
        )
        context.commit()
        store = LineStore()
        peaks = []
        for limit in (3_000, 30_000):
            tracemalloc.start()
            assert sum(1 for _ in store.stream(Line.number < limit, batch_size=500)) == limit
            assert sum(1 for _ in store.rows(where=Line.number < limit)) == limit
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    binds.dispose()
    assert peaks[1] < peaks[0] * 1.3


def _order() -> dict[str, Any]:
    return {"id": 1, "placed": date(2020, 1, 1), "total": Decimal(1), "paid": True}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", [(), (Line.item,), (Line.number, Line.item)])
def test_pages_give_every_row_once_and_in_order(by: Any, descending: bool) -> None:
    store = LineStore()
    seen: list[Line] = []
    after = None
    while True:
        page = store.page(by=by, after=after, size=7, descending=descending)
        assert len(page) <= 7
        seen += page
        after = page.after
        if after is None:
            break
    keys = [
        (*(getattr(line, column.key) for column in by), line.order_id, line.number)
        if by != (Line.number, Line.item)
        else (line.number, line.item, line.order_id)
        for line in seen
    ]
    assert keys == sorted(keys, reverse=descending)
    assert len({(line.order_id, line.number) for line in seen}) == ORDERS * 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(size=st.integers(1, 50), number=st.integers(0, 3))
def test_pages_filter_and_none_follows_the_last(size: int, number: int) -> None:
    store = LineStore()
    found: list[Line] = []
    page = store.page(Line.order_id <= 20, number=number, size=size)
    found += page.items
    while page.after is not None:
        page = store.page(Line.order_id <= 20, number=number, size=size, after=page.after)
        assert page.items
        found += page.items
    assert [line.order_id for line in found] == (list(range(1, 21)) if number < 3 else [])


def test_pages_cannot_be_ordered_by_what_may_be_null() -> None:
    with pytest.raises(ValueError, match=r"Order\.shipped may be NULL"):
        OrderStore().page(by=[Order.shipped])


def test_a_page_holds_something() -> None:
    with pytest.raises(ValueError, match="size must be at least 1, not 0"):
        LineStore().page(size=0)


def test_a_misspelt_column_of_rows_is_told_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"Line has no column 'itme'\. Did you mean 'item'\?"):
        LineStore().rows("itme")


def test_a_key_to_go_on_from_must_fit_the_order() -> None:
    with pytest.raises(ValueError, match="item, order_id, number"):
        LineStore().page(by=[Line.item], after=("item 1",))


def test_a_misspelt_keyword_is_refused_rather_than_ignored() -> None:
    for query in (LineStore().search, LineStore().count, LineStore().delete, LineStore().one):
        with pytest.raises(TypeError, match=r"cannot filter by 'itme': Line has no such column"):
            query(itme="item 1")
    assert LineStore().count() == ORDERS * 3


def test_a_value_may_be_an_expression() -> None:
    assert LineStore().count(number=select(Line.number).limit(1).scalar_subquery()) == ORDERS
    assert len(LineStore().search(order_id=Line.number)) == 2
