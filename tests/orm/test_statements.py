"""A store whose statements are kept finds what one whose queries are built anew finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Query, mapped_column

from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.stores import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Zoo(DataSet, name="zoo"):
    """Animals."""


class Animal(Zoo):
    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    legs: Mapped[int]
    __mapper_args__: ClassVar[dict[str, str]] = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "animal",
    }


class Bird(Animal):
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_identity": "bird"}


class AnimalStore(Store[Animal]):
    pass


class RebuildingStore(Store[Animal]):
    def _query(self) -> Query[Animal]:
        return super()._query()


class BirdStore(Store[Bird]):
    pass


class RebuildingBirdStore(Store[Bird]):
    def _query(self) -> Query[Bird]:
        return super()._query()


@pytest.fixture(autouse=True)
def context(make_graph: Callable[..., Any]) -> Iterator[Any]:
    graph = make_graph()
    Zoo.create_all(graph)
    with Zoo.new_context(graph) as context:
        context.session.add_all(
            Bird(id=number, name=name, legs=2) for number, name in enumerate(["Ada", "Bo", None])
        )
        context.session.add_all(Animal(id=10 + number, name="Bo", legs=4) for number in range(3))
        context.commit()
        yield context


def read(store: Store[Any], way: str, *criteria: Any, **filters: Any) -> Any:
    """The keys of what is found, or the number, or whether there is any."""
    if way == "rows":
        return list(store.rows("id", "name", where=criteria, **filters))
    found = getattr(store, way)(*criteria, **filters)
    if way in ("count", "exists"):
        return found
    many = [found] if isinstance(found, Animal | None) else list(found)
    return [each and each.id for each in many]


ASKED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((Animal.legs > 2,), {}),
    ((Animal.legs > 9,), {}),
    ((Animal.legs > 1, Animal.name.is_(None)), {}),
    ((Animal.id >= 1,), {"name": "Bo"}),
    ((Animal.id >= 1,), {"name": None}),
    ((Animal.id >= 1,), {"legs": Animal.id + 1}),
    ((sa.or_(Animal.name == "Ada", Animal.legs == 4),), {}),
    ((Animal.id.in_(sa.select(Animal.id).where(Animal.name == "Bo")),), {}),
    # The user's own parameter is called as a column is.
    ((Animal.name == sa.bindparam("name", "Ada"),), {"legs": 2}),
    ((Animal.name == sa.bindparam("legs", "Ada"),), {"legs": 2}),
    ((sa.false(),), {}),
]


@pytest.mark.parametrize(
    ("plain", "rebuilding"),
    [(AnimalStore, RebuildingStore), (BirdStore, RebuildingBirdStore)],
    ids=["a model", "a model that is a part of another's table"],
)
@pytest.mark.parametrize("way", ["search", "stream", "first", "rows", "count", "exists"])
@pytest.mark.parametrize(("criteria", "filters"), ASKED, ids=range(len(ASKED)))
def test_criteria_and_keywords_find_the_same(
    plain: type[Store[Any]],
    rebuilding: type[Store[Any]],
    way: str,
    criteria: tuple[Any, ...],
    filters: dict[str, Any],
) -> None:
    for _ in range(2):  # the second time from what is kept
        expected = read(rebuilding(), way, *criteria, **filters)
        assert read(plain(), way, *criteria, **filters) == expected


@pytest.mark.parametrize("way", ["search", "rows", "first"])
@pytest.mark.parametrize("page", [{"limit": 2}, {"offset": 1}, {"offset": 1, "limit": 1}])
def test_pages_of_criteria_are_the_same(way: str, page: dict[str, int]) -> None:
    asked = {"name": "Bo", **page}
    expected = read(RebuildingStore(), way, Animal.id > 0, **asked)
    assert read(AnimalStore(), way, Animal.id > 0, **asked) == expected != []


def test_a_page_by_position_is_counted_as_ever() -> None:
    assert AnimalStore().count(1, 2) == RebuildingStore().count(1, 2) == 2
    assert AnimalStore().exists(6) is RebuildingStore().exists(6) is False


def test_the_number_of_matches_is_counted_without_reading_their_columns(context: Any) -> None:
    sent: list[str] = []
    engine = context.session.get_bind().engine
    sa.event.listen(engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
    assert AnimalStore().count(Animal.legs > 2) == 3
    assert "animal.name" not in sent[-1]
