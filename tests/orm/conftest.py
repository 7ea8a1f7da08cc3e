"""Object graphs and a small database for the ORM tests."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from microcosm_sqlite import register, unregister
from microcosm_sqlite.orm import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AIRPORTS = [
    ("EWR", "Newark", 18, None),
    ("JFK", "New York", 13, "4 runways"),
    ("LGA", "New York", 21, None),
]


@pytest.fixture(autouse=True)
def new_binds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start without a graph and without engines of datasets, as a new process does."""
    made = answering._ProcessBinds()
    monkeypatch.setattr(answering, "_process_binds", made)
    monkeypatch.setattr(answering, "_latest", [lambda: None])
    yield
    if made._binds is not None:
        made._binds.dispose()


@pytest.fixture
def make_graph() -> Callable[..., Any]:
    """Make an object graph with this ``sqlite`` configuration."""

    def make(**sqlite: Any) -> Any:
        graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=sqlite))
        graph.use("sqlite")
        return graph

    return make


@pytest.fixture(scope="session")
def airports_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished database with one table."""
    path = tmp_path_factory.mktemp("data") / "airports.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE airports (faa VARCHAR(3) NOT NULL PRIMARY KEY, city VARCHAR NOT NULL,"
        " altitude INTEGER NOT NULL, note VARCHAR)"
    )
    connection.executemany("INSERT INTO airports VALUES (?, ?, ?, ?)", AIRPORTS)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def airports(airports_db: Path) -> Iterator[Path]:
    """The same, registered as a read-only dataset."""
    register("airports", airports_db)
    yield airports_db
    unregister("airports")
