"""Full-text search."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import register, unregister
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import DatasetError, QueryError
from microcosm_sqlite.orm.fulltext import create_full_text_indexes, full_text_indexes, quote_words
from microcosm_sqlite.stores import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Atlas(DataSet, name="atlas"):
    """Places with names."""


class Place(Atlas):
    __tablename__ = "place names"
    __full_text__ = ("name", "region")

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    region: Mapped[str | None] = mapped_column("part of")
    height: Mapped[int]


class Silent(Atlas):
    __tablename__ = "silent"

    id: Mapped[int] = mapped_column(primary_key=True)


class PlaceStore(Store[Place]):
    pass


PLACES = [
    ("z", "Zürich", "Switzerland", 408),
    ("n", "New York City", "New York", 10),
    ("y", "York", "England", 18),
    ("o", 'O\'Hare AND "more"', None, 204),
]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a dataset is: filled, indexed, then copied whole by VACUUM INTO."""
    folder = tmp_path_factory.mktemp("atlas")
    connection = sqlite3.connect(folder / "work.db")
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://", creator=lambda: connection)
    Atlas.metadata.create_all(engine)
    connection.executemany('INSERT INTO "place names" VALUES (?, ?, ?, ?)', PLACES)
    create_full_text_indexes(connection, Atlas)
    create_full_text_indexes(connection, Place)
    connection.commit()
    connection.execute("VACUUM INTO ?", (str(folder / "atlas.db"),))
    engine.dispose()
    connection.close()
    return folder / "atlas.db"


@pytest.fixture(autouse=True)
def _registered(atlas: Path) -> Iterator[None]:
    register("atlas", atlas, immutable=True)
    yield
    unregister("atlas")


def codes(*args: Any, **kwargs: Any) -> list[str]:
    return [place.code for place in PlaceStore().match(*args, **kwargs)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("york", ["y", "n"]),
        ("york new", ["n"]),
        ("zurich", ["z"]),
        ("O'Hare", ["o"]),
        ('"more', ["o"]),
        ("AND", ["o"]),
        ("city*", ["n"]),
        ("nowhere", []),
        ("  ", []),
    ],
)
def test_match_finds_rows_with_all_words_the_best_first(text: str, expected: list[str]) -> None:
    assert sorted(codes(text)) == sorted(expected)


def test_the_best_match_comes_first() -> None:
    assert codes("york")[0] == "n"


def test_match_takes_criteria_keywords_and_pages() -> None:
    assert codes("york", Place.height > 15) == ["y"]
    assert codes("york", height=10) == ["n"]
    assert codes("york", offset=1, limit=1) == ["y"]


def test_a_raw_expression_is_fts5s_own() -> None:
    assert codes("zur* OR england", raw=True) in (["z", "y"], ["y", "z"])
    with pytest.raises(QueryError, match="'atlas' cannot be searched for '\"'"):
        codes('"', raw=True)


def test_a_model_that_declares_nothing_cannot_be_searched() -> None:
    class SilentStore(Store[Silent]):
        pass

    with pytest.raises(DatasetError, match="Silent declares no full-text search"):
        SilentStore().match("x")


def test_a_file_without_the_index_says_so(make_graph: Any) -> None:
    graph = make_graph(paths={"atlas": ":memory:"})
    Place.create_all(graph)
    with Place.new_context(graph), pytest.raises(QueryError, match="no such table"):
        PlaceStore().match("york")


def test_a_declaration_must_name_columns() -> None:
    class Typo(Atlas):
        __tablename__ = "typo"
        __full_text__ = ("nmae",)

        id: Mapped[int] = mapped_column(primary_key=True)

    try:
        with pytest.raises(DatasetError, match=r"Typo\.__full_text__ names no column: \['nmae'\]"):
            full_text_indexes(Atlas)
    finally:
        Atlas.metadata.remove(Typo.__table__)
        Typo.__full_text__ = ()


def test_options_of_fts5_are_those_that_the_model_declares() -> None:
    class Note(Atlas):
        __tablename__ = "note"
        __full_text__ = ("text",)
        __full_text_options__: ClassVar = {"tokenize": "porter", "prefix": "2 3"}

        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]

    try:
        (index,) = (each for each in full_text_indexes(Atlas) if each.table == "note")
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(
                "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);"
                "INSERT INTO note VALUES (1, 'walking'), (2, 'talk');"
            )
            for statement in index.ddl:
                connection.execute(statement)
            search = "SELECT rowid FROM note_fts WHERE note_fts MATCH 'walked'"
            assert connection.execute(search).fetchall() == [(1,)]
        Note.__full_text_options__ = {"tokeniser": "porter"}
        with pytest.raises(DatasetError, match=r"unknown options: tokeniser\. It takes tokenize"):
            full_text_indexes(Atlas)
    finally:
        Atlas.metadata.remove(Note.__table__)
        Note.__full_text__ = ()


def test_the_index_holds_no_copy_of_the_text(atlas: Path) -> None:
    connection = sqlite3.connect(atlas)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "place names_fts" in tables
    assert "place names_fts_content" not in tables


def test_words_are_quoted_so_that_none_has_a_meaning() -> None:
    assert quote_words('a NEAR b"c *') == '"a" "NEAR" "b""c" "*"'
