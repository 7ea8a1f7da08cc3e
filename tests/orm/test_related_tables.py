"""A store of one model reads no other table but one that a criterion or a join relates to it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, create_engine, func, insert, select
from sqlalchemy.orm import Mapped, Query, aliased, mapped_column, relationship, selectinload

from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.orm.binds import Binds


class Birds(DataSet, name="birds_of_families"):
    """Two tables with a foreign key, and one that nothing refers to."""


class Family(Birds):
    __tablename__ = "families"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Bird(Birds):
    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    family: Mapped[str] = mapped_column(ForeignKey(Family.code))
    kin: Mapped[Family] = relationship()

    __mapper_args__ = {"polymorphic_on": "family", "polymorphic_identity": "P"}


class Rook(Bird):
    """Single-table inheritance by the family."""

    __mapper_args__ = {"polymorphic_identity": "C"}  # as SQLAlchemy has it


class Word(Birds):
    __tablename__ = "words"

    word: Mapped[str] = mapped_column(primary_key=True)


class JoinedStore(Store[Bird]):
    auto_filter_fields = (Bird.id, Family.code)

    def _query(self) -> Query[Bird]:
        return super()._query().join(Family)


class FilteringStore(Store[Bird]):
    def _filter(self, query: Query[Bird], kin: str = "", **kwargs: Any) -> Query[Bird]:
        query = query.filter(Family.name == kin) if kin else query
        return super()._filter(query, **kwargs)


class FieldStore(Store[Bird]):
    auto_filter_fields = (Bird.id, Family.code)


BIRDS, FAMILIES, JOINED = Store[Bird](), Store[Family](), JoinedStore()
LINK, OTHER = Bird.family == Family.code, aliased(Bird)


@pytest.fixture(autouse=True)
def session(tmp_path: Path) -> Iterator[None]:
    path = tmp_path / "birds.db"
    engine = create_engine(f"sqlite:///{path}")
    Birds.metadata.create_all(engine)
    with engine.begin() as connection:
        families = [{"code": "C", "name": "Crows"}, {"code": "P", "name": "Tits"}]
        connection.execute(insert(Family), families)
        rows = [(1, "Rook", "C"), (2, "Blue tit", "P"), (3, "Great tit", "P")]
        birds = [dict(zip(("id", "name", "family"), row, strict=True)) for row in rows]
        connection.execute(insert(Bird), birds)
        connection.execute(insert(Word), [{"word": "a"}])
    engine.dispose()
    binds = Binds(paths={"birds_of_families": path}, read_only=True)
    with SessionContext(binds, Birds):
        yield
    binds.dispose()


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "a column": ("Family", lambda: list(BIRDS.rows(Family.code))),
    "a column beside another": ("Family", lambda: list(BIRDS.rows(Bird.id, Family.code))),
    "a function": ("Family", lambda: list(BIRDS.rows(func.max(Family.code)))),
    "a column of the model referred to": ("Bird", lambda: list(FAMILIES.rows(Bird.name))),
    "a condition of rows": ("Family", lambda: list(BIRDS.rows("id", where=Family.code == "C"))),
    "search": ("Family", lambda: BIRDS.search(Family.code == "C")),
    "count": ("Family", lambda: BIRDS.count(Family.code == "C", Bird.id > 0)),
    "exists": ("Family", lambda: BIRDS.exists(Family.code == "no")),
    "first": ("Family", lambda: BIRDS.first(Family.code == "C")),
    "one": ("Family", lambda: BIRDS.one(Family.code == "C")),
    "stream": ("Family", lambda: list(BIRDS.stream(Family.code == "C"))),
    "page": ("Family", lambda: BIRDS.page(Family.code == "C")),
    "match": ("Family", lambda: BIRDS.match("x", Family.code == "C")),
    "a filter of a store": ("Family", lambda: FilteringStore().search(kin="Tits")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_nothing_relates_is_refused_and_the_criterion_that_is_told_relates_it(
    case: str,
) -> None:
    other, read = REFUSED[case]
    with pytest.raises(TypeError) as raised:
        read()
    assert re.search(rf"given column \w+ of {other}, which nothing relates to", str(raised.value))
    (criterion,) = re.findall(r"Add the criterion (.*?),", str(raised.value))
    told = eval(criterion, {"Bird": Bird, "Family": Family})
    assert sorted(BIRDS.rows(Bird.id, Family.name, where=told)) == [
        (1, "Crows"),
        (2, "Tits"),
        (3, "Tits"),
    ]


UNLINKED: dict[str, tuple[str, Callable[[], object]]] = {
    "a table without references": (
        "Add a criterion that compares the two, or use a store of Word.",
        lambda: list(BIRDS.rows(Bird.id, Word.word, where=LINK))),
    "an alias": (
        "of an alias of Bird, which nothing relates to Bird. Add a criterion",
        lambda: BIRDS.search(OTHER.name == "Rook")),
    "an order": (
        "Order by columns of Bird.", lambda: BIRDS.page(by=[Family.name])),
    "a field": (
        "Take it out of auto_filter_fields, or join its model in _query.",
        lambda: FieldStore().search(code="C")),
    "a relationship": (
        "options=[selectinload(Bird.kin)] loads it", lambda: list(BIRDS.rows("kin"))),
    "a relationship as an attribute": (
        "Bird.kin is a relationship", lambda: list(BIRDS.rows(Bird.kin))),
}  # fmt: skip


@pytest.mark.parametrize("case", UNLINKED)
def test_what_else_is_no_column_of_the_model_is_refused(case: str) -> None:
    told, read = UNLINKED[case]
    with pytest.raises(TypeError, match=re.escape(told)):
        read()


READ: dict[str, tuple[int, Callable[[], Any]]] = {
    "related by a criterion": (2, lambda: BIRDS.search(LINK, Family.name == "Tits")),
    "related by AND": (2, lambda: BIRDS.search(LINK & (Family.name == "Tits"))),
    "related by its relationship": (2, lambda: BIRDS.search(Bird.kin.has(Family.name == "Tits"))),
    "a subquery": (
        2, lambda: BIRDS.search(Bird.family.in_(select(Family.code).where(Family.name > "D")))),
    "an alias that is compared": (
        2, lambda: BIRDS.search(OTHER.name == "Great tit", OTHER.family == Bird.family)),
    "a comparison in rows": (3, lambda: list(BIRDS.rows(Family.name, where=LINK))),
    "a value that is a column": (3, lambda: BIRDS.search(family=Family.code)),
    "a join": (2, lambda: JOINED.search(Family.name == "Tits")),
    "a column of a join": (3, lambda: list(JOINED.rows(Bird.id, Family.name))),
    "a column of a join alone": (3, lambda: list(JOINED.rows(Family.name))),
    "a field of a join": (1, lambda: JOINED.search(code="C")),
    "an attribute of a parent class": (1, lambda: list(Store[Rook]().rows(Bird.name))),
    "loaded with it": (3, lambda: BIRDS.search(options=[selectinload(Bird.kin)])),
    "a field of its own": (1, lambda: FieldStore().search(id=1)),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_table_that_is_related_is_read(case: str) -> None:
    count, read = READ[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read()) == count
