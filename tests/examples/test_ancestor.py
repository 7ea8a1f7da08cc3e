"""Version 2.0.0 of microcosm-sqlite finds and reads the same data wheel."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from tests.support.programs import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info >= (3, 12), reason="2.0.0 needs distutils"),
]

READ = """
from importlib.metadata import version
from microcosm.api import create_object_graph
from microcosm_sqlite import Store
from nycflights13_data.models import Flight, NycFlights
from sqlalchemy import text

class FlightStore(Store):
    model_class = Flight

graph = create_object_graph("ancestor")
graph.use("sqlite")
graph.lock()
engine, _ = graph.sqlite("nycflights13")
with engine.connect() as connection:
    counted = connection.execute(text("SELECT count(*) FROM flights")).scalar()
with NycFlights.new_context(graph) as context:
    first = context.session.get(Flight, 1)
    print(version("microcosm-sqlite"), counted, FlightStore().count(), first.airline.name)
"""


def test_rows_and_models_are_read_through_its_object_graph(
    flights_project: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "microcosm-sqlite==2.0.0", "setuptools<81")
    wheels = (flights_project / "dist").glob("*.whl")
    run(*pip, "--no-deps", "--no-index", *wheels)
    told = run(python, "-W", "ignore", "-c", READ, cwd=tmp_path)
    assert told == "2.0.0 336776 336776 United Air Lines Inc.\n"
