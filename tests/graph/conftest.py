"""An object graph over a database, on disk and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from tests.support.garden import Base


@pytest.fixture(params=["file", ":memory:"])
def graph(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Any]:
    """A graph with the builder, the dumper and empty tables."""
    in_memory = request.param == ":memory:"
    paths = {"garden": ":memory:" if in_memory else str(tmp_path / "garden.db")}
    loader = load_from_dict(sqlite={"paths": paths})
    graph = create_object_graph("example", testing=True, loader=loader)
    graph.use("sqlite", "sqlite_builder", "sqlite_dumper")
    graph.lock()
    Base.recreate_all(graph)
    yield graph
    Base.dispose(graph)
