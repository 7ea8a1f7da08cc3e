"""An object graph over a database in memory, and models to build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from tests.builders.models import Base


@pytest.fixture
def graph(tmp_path: Any) -> Iterator[Any]:
    """A graph with the builder, the dumper and empty tables."""
    paths = {"garden": str(tmp_path / "garden.db")}
    loader = load_from_dict(sqlite={"paths": paths})
    graph = create_object_graph("example", testing=True, loader=loader)
    graph.use("sqlite", "sqlite_builder", "sqlite_dumper")
    graph.lock()
    Base.recreate_all(graph)
    yield graph
    Base.dispose(graph)
