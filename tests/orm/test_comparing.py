"""What a column is compared with finds the same rows by every way in, or is refused by all."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

import microcosm_sqlite
from microcosm_sqlite import DataSet, Store
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop.exporting.answers import answering
from microcosm_sqlite.orm.engines import create_readwrite_engine
from tests.support.samples import write_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from microcosm_sqlite import InstalledDataset

pytest.importorskip("pyarrow")

Noted = DataSet.create("noted")


class Note(Noted):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str]
    german: Mapped[str]
    blank: Mapped[str]
    tee: Mapped[str]
    moved: Mapped[str]
    clock: Mapped[str]
    name: Mapped[str] = mapped_column(sa.String(20))
    empty: Mapped[str | None]
    year: Mapped[int]
    price: Mapped[float]


def make_note(number: int) -> dict[str, Any]:
    moment = datetime(2013, 1, number, 10)
    return {
        "id": number,
        "day": f"{moment:%Y-%m-%d}",
        "german": f"{moment:%d.%m.%Y}",
        "blank": f"{moment:%Y-%m-%d %H:%M:%S}",
        "tee": f"{moment:%Y-%m-%dT%H:%M}Z",
        "moved": f"{moment:%Y-%m-%dT%H:%M}+02:00",
        "clock": f"0{number}:30",
        "name": f"Note {number}",
        "year": 2012 + number,
        "price": number / 2,
    }


TEN = datetime(2013, 1, 2, 10)
NOON = datetime(2013, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
DAY = date(2013, 1, 2)
REFUSED = None

FOUND: list[tuple[str, object, list[int] | None, list[int] | None]] = [
    ("day", DAY, [2], [3]),
    ("day", datetime(2013, 1, 2), [2], [3]),
    ("day", TEN, [], [3]),
    ("german", DAY, REFUSED, REFUSED),
    ("german", TEN, REFUSED, REFUSED),
    ("blank", TEN, [2], [3]),
    ("blank", NOON, [2], [3]),
    ("blank", DAY, [], [2, 3]),
    ("tee", TEN, [2], [3]),
    ("tee", NOON, [2], [3]),
    ("tee", DAY, [], [2, 3]),
    ("moved", NOON, REFUSED, REFUSED),
    ("moved", DAY, REFUSED, REFUSED),
    ("clock", time(2, 30), [2], [3]),
    ("name", DAY, REFUSED, REFUSED),
    ("name", TEN, REFUSED, REFUSED),
    ("name", time(2, 30), REFUSED, REFUSED),
    ("name", timedelta(hours=1), REFUSED, REFUSED),
    ("empty", TEN, [], []),
    ("year", DAY, REFUSED, REFUSED),
    ("year", TEN, REFUSED, REFUSED),
    ("price", TEN, REFUSED, REFUSED),
    ("price", timedelta(hours=1), REFUSED, REFUSED),
]
"""Columns, values, and the notes that are equal and later; none where that is an error."""


@pytest.fixture(scope="module")
def noted(tmp_path_factory: Any) -> Iterator[InstalledDataset]:
    rows = [make_note(number) for number in (1, 2, 3)]
    folder: Path = tmp_path_factory.mktemp("noted")
    path = write_dataset(folder, Noted.metadata, {"notes": rows}, "noted")
    yield microcosm_sqlite.register("noted", path)
    microcosm_sqlite.unregister("noted")


def ask_sql(run: Callable[[Any, str, dict[str, Any]], Any]) -> Any:
    def ask(noted: Any, column: str, operator: str, value: object) -> list[int]:
        sql = f"SELECT id FROM notes WHERE {column} {operator} :v ORDER BY id"
        return [number for (number,) in run(noted, sql, {"v": value})]

    return ask


def run_query(noted: Any, sql: str, params: dict[str, Any]) -> Any:
    with answering(noted, sql, params) as answer:
        return list(answer.rows)


def run_connection(noted: Any, sql: str, params: dict[str, Any]) -> Any:
    with closing(noted.connect()) as connection:
        return connection.execute(sql, params).fetchall()


def run_text(noted: Any, sql: str, params: dict[str, Any]) -> Any:
    with noted.engine.connect() as connection:
        return connection.execute(sa.text(sql), params).fetchall()


def ask_frame(noted: Any, column: str, operator: str, value: object) -> list[int]:
    found = noted.arrow("notes", where=f"{column} {operator} ?", params=[value])
    return found["id"].to_pylist()


def compare(model: Any, column: str, operator: str, value: object) -> Any:
    left = getattr(model, column)
    return left == value if operator == "=" else left > value


def ask_expression(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Note.new_context():
        found = Store[Note]().search(compare(Note, column, operator, value))
        return [note.id for note in found]


def ask_rows(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Note.new_context():
        condition = compare(Note, column, operator, value)
        return [number for (number,) in Store[Note]().rows("id", where=condition)]


def ask_alias(noted: Any, column: str, operator: str, value: object) -> list[int]:
    other = aliased(Note)
    with Session(noted.engine) as session:
        condition = compare(other, column, operator, value)
        return list(session.scalars(sa.select(other.id).where(condition)))


def ask_reversed(noted: Any, column: str, operator: str, value: object) -> list[int]:
    left, right = sa.literal(value), getattr(Note, column)
    with Session(noted.engine) as session:
        condition = left == right if operator == "=" else left < right
        return list(session.scalars(sa.select(Note.id).where(condition)))


def ask_async(noted: Any, column: str, operator: str, value: object) -> list[int]:
    from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore, dispose_async_engines

    async def search() -> list[int]:
        condition = compare(Note, column, operator, value)
        async with AsyncSessionContext(None, Note):
            found = await AsyncStore(Store[Note]()).search(condition)
        await dispose_async_engines()
        return [note.id for note in found]

    return asyncio.run(search())


def ask_keyword(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Note.new_context():
        return [note.id for note in Store[Note]().search(**{column: value})]


def ask_keyword_of_rows(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Note.new_context():
        return [number for (number,) in Store[Note]().rows("id", **{column: value})]


def ask_keyword_of_count(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Note.new_context():
        return [2] * Store[Note]().count(**{column: value})


def ask_several(noted: Any, column: str, operator: str, value: object) -> list[int]:
    with Session(noted.engine) as session:
        condition = getattr(Note, column).in_([value])
        return list(session.scalars(sa.select(Note.id).where(condition)))


WAYS = [
    *(ask_sql(run_query), ask_sql(run_connection), ask_sql(run_text), ask_frame),
    *(ask_expression, ask_rows, ask_alias, ask_reversed, ask_async),
]
WAYS_OF_EQUALITY = [*WAYS, ask_keyword, ask_keyword_of_rows, ask_keyword_of_count, ask_several]


def check(ask: Any, noted: Any, column: str, operator: str, value: object, ids: Any) -> None:
    if ids is not REFUSED:
        assert ask(noted, column, operator, value) == ids
        return
    with pytest.raises(
        QueryError, match=rf"^notes.{column} holds .*{type(value).__name__}"
    ) as told:
        ask(noted, column, operator, value)
    # What the hint says is possible: the column has such a value.
    own = make_note(2)[column]
    kind = "number" if isinstance(own, int | float) else "text"
    assert told.value.hint == f"Compare it with a {kind}, as the column has it."
    assert ask(noted, column, "=", own) == [2]


@pytest.mark.parametrize(("column", "value", "equal", "later"), FOUND, ids=str)
def test_a_day_or_time_is_found_as_the_column_writes_it_or_refused(
    noted: Any, column: str, value: object, equal: Any, later: Any
) -> None:
    for ask in WAYS_OF_EQUALITY:
        check(ask, noted, column, "=", value, equal)
    for ask in WAYS:
        check(ask, noted, column, ">", value, later)


def test_a_moment_is_refused_where_no_text_of_the_column_is_known(tmp_path: Path) -> None:
    engine = create_readwrite_engine(tmp_path / "own.db")
    Noted.metadata.create_all(engine)
    with Session(engine) as session:
        session.execute(sa.insert(Note), [make_note(2) | {"empty": None}])
        for find, name in (
            (Note.blank == TEN, "notes.blank"),
            (sa.func.coalesce(Note.blank, "") == TEN, "What is computed"),
            (Note.year == TEN, "notes.year"),
        ):
            with pytest.raises(QueryError, match=f"^{name} holds"):
                session.scalars(sa.select(Note.id).where(find)).all()
        assert session.scalars(sa.select(Note.id).where(Note.day == DAY)).all() == [2]
        assert session.scalars(sa.select(Note.id).where(Note.year == 2014)).all() == [2]
    engine.dispose()


class Keyed(DataSet.create("keyed")):  # type: ignore[misc]
    __tablename__ = "keyed"

    key: Mapped[str] = mapped_column(sa.String(36), primary_key=True)


@pytest.mark.parametrize(
    ("text", "value"), [("2013-01-02", DAY), (str(UUID(int=5)), UUID(int=5)), ("x", "x")]
)
def test_a_key_of_texts_is_found_by_the_value_that_it_stands_for(
    tmp_path: Path, text: str, value: object
) -> None:
    path = write_dataset(tmp_path, Keyed.metadata, {"keyed": [{"key": text}]}, "keyed")
    microcosm_sqlite.register("keyed", path)
    try:
        with Keyed.new_context():
            assert Store[Keyed]().retrieve(value).key == text
    finally:
        microcosm_sqlite.unregister("keyed")
