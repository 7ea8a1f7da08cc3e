"""Two data wheels, built by hatchling and installed by pip, one of which refers to the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crossing import make_airports_project, make_flights_project
from tests.support.venvs import Venv, make_venv

pytestmark = pytest.mark.slow

JOIN = """
import sys
import microcosm_sqlite
flights = microcosm_sqlite.dataset("flights")
assert "airports_data" not in sys.modules
from airports_data.models import Airport
from flights_data.models import Flight
from sqlalchemy import select
query = select(Flight.id, Airport.name).join(Airport).order_by(Flight.id)
with flights.engine.connect() as connection:
    print(connection.execute(query).all())
with Flight.new_context() as context:
    print(context.session.execute(query).all())
    flights = context.session.scalars(select(Flight))
    print([flight.airport and flight.airport.name for flight in flights])
"""
JOINED = "[(1, 'Kennedy'), (2, 'Newark')]\n" * 2 + "['Kennedy', 'Newark', None]\n"

VERIFY = """
import microcosm_sqlite
outcomes = microcosm_sqlite.dataset("flights").verify(models=True).outcomes
(outcome,) = (each for each in outcomes if each.code == "V14")
print(outcome.code, outcome.status, outcome.message, outcome.hint, sep=" | ")
"""


@pytest.fixture
def both(tmp_path: Path) -> Venv:
    """An environment with both; the second is built where the first is installed."""
    made = make_venv(tmp_path / "venv")
    made.install(make_airports_project(tmp_path / "airports-data"))
    made.install(make_flights_project(tmp_path / "flights-data"))
    return made


def test_they_are_joined_and_verified(both: Venv) -> None:
    assert both.run(JOIN) == JOINED
    assert both.run(VERIFY).startswith("V14 | ok |")


def test_another_version_of_the_other_is_verified_again(both: Venv, tmp_path: Path) -> None:
    both.install(make_airports_project(tmp_path / "new" / "airports-data", version="2.2"))
    assert both.run(VERIFY).startswith("V14 | ok |")
    project = make_airports_project(tmp_path / "newer" / "airports-data", version="2.3")
    (project / "sources" / "airports.csv").write_text("faa,name\nJFK,Kennedy\n")
    both.install(project)
    assert both.run(VERIFY).startswith(
        "V14 | failed | 1 reference of flights to rows of airports.airports that are not there, "
        "such as origin='EWR' (built with airports 2.1, here is 2.3) | "
    )
    both.install(make_airports_project(tmp_path / "newest" / "airports-data", version="3.0"))
    assert both.run(VERIFY).startswith(
        "V14 | failed | airports-data 3.0 is installed, and <3,>=2.1 is required | "
        "Run: pip install 'airports-data<3,>=2.1'"
    )
    assert both.run(JOIN) == JOINED


def test_without_the_other_rows_are_read_and_joins_say_what_to_install(both: Venv) -> None:
    for file in both.site.glob("airports_data-*.dist-info/entry_points.txt"):
        file.unlink()
    told = both.run(
        "import microcosm_sqlite\n"
        "from microcosm_sqlite.errors import DatasetNotFoundError\n"
        "from sqlalchemy import text\n"
        "with microcosm_sqlite.dataset('flights').engine.connect() as connection:\n"
        "    print(connection.scalar(text('SELECT count(*) FROM flights')))\n"
        "    try:\n"
        "        connection.scalar(text('SELECT count(*) FROM airports.airports'))\n"
        "    except DatasetNotFoundError as error:\n"
        "        print(error)\n"
    )
    assert told == (
        "3\nDataset 'flights' refers to dataset 'airports', which is not installed. "
        "Run: pip install 'airports-data<3,>=2.1'\n"
    )
