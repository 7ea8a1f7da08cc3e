"""Two data wheels, of flights and of the airports that they refer to, as builds write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from tests.support.projects import make_project
from tests.support.wheels import Wheel, make_database

AIRPORTS = """
CREATE TABLE airports (faa VARCHAR(3) NOT NULL PRIMARY KEY, name VARCHAR NOT NULL);
INSERT INTO airports VALUES ('EWR', 'Newark'), ('JFK', 'Kennedy');
"""

FLIGHTS = """
CREATE TABLE flights (id INTEGER NOT NULL PRIMARY KEY, origin VARCHAR(3), gate VARCHAR(3));
INSERT INTO flights VALUES (1, 'JFK', 'A1'), (2, 'EWR', NULL), (3, NULL, NULL);
CREATE TABLE airports (faa VARCHAR(3) NOT NULL PRIMARY KEY, runways INTEGER NOT NULL);
INSERT INTO airports VALUES ('JFK', 4);
"""

KEY = {
    "fields": ["origin"],
    "reference": {"package": "airports", "resource": "airports", "fields": ["faa"]},
}


def make_airports(
    folder: Path, *, schema: str = AIRPORTS, version: str = "2.1", compression: str = "none"
) -> Wheel:
    """A wheel of airports."""
    database = make_database(folder / "airports" / "airports.db", schema=schema)
    wheel = Wheel("airports-data", version)
    wheel.carry(
        database, name="airports", package="airports_data", compression=compression, init=""
    )
    return wheel.put("airports_data/models.py", AIRPORT_MODELS)


def make_flights(folder: Path, *, schema: str = FLIGHTS, accepts: str = ">=2.1,<3") -> Wheel:
    """A wheel of flights, whose column ``origin`` refers to the airports of the other."""
    database = make_database(folder / "flights" / "flights.db", schema=schema)
    wheel = Wheel("flights-data", "1.0").carry(database, name="flights", package="flights_data")
    return edit_manifest(wheel, keys=[KEY], accepts=accepts)


def edit_manifest(wheel: Wheel, *, keys: list[dict[str, Any]], accepts: str) -> Wheel:
    """Have a wheel's manifest tell of keys of its table ``flights``."""
    file = f"{wheel.info}/extra_metadata/{FILE_NAME}"
    raw = json.loads(wheel.files[file])
    (table,) = (each for each in raw["resources"] if each["name"] == "flights")
    table["schema"]["foreignKeys"] = keys
    required = {"distribution": "airports-data", "version": "2.1", "accepts": accepts}
    raw[EXTENSION]["requires"] = {"airports": required}
    return wheel.put(file, json.dumps(raw))


AIRPORT_MODELS = '''\
"""Models of a test."""

from __future__ import annotations

from microcosm_sqlite import DataSet
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

Airports = DataSet.create("airports")


class Airport(Airports):
    """An airport."""

    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
'''

FLIGHT_MODELS = '''\
"""Models of a test, which refer to those of another data wheel."""

from __future__ import annotations

from airports_data.models import Airport
from microcosm_sqlite import DataSet
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

Flights = DataSet.create("flights")


class Flight(Flights):
    """A flight."""

    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str | None] = mapped_column(String(3), ForeignKey(Airport.faa))

    airport: Mapped[Airport | None] = relationship(viewonly=True)
'''

AIRPORT_SOURCES = {"airports.csv": "faa,name\nEWR,Newark\nJFK,Kennedy\n"}
FLIGHT_SOURCES = {"flights.csv": "id,origin\n1,JFK\n2,EWR\n3,\n"}


def make_airports_project(root: Path, *, version: str = "2.1") -> Path:
    """A dataset project of airports."""
    return make_project(
        root,
        dataset="airports",
        models=AIRPORT_MODELS,
        sources=AIRPORT_SOURCES,
        version=version,
    )


def make_flights_project(
    root: Path,
    *,
    models: str = FLIGHT_MODELS,
    flights: str = FLIGHT_SOURCES["flights.csv"],
    dependencies: tuple[str, ...] = ("airports_data >=2.1, <3",),
) -> Path:
    """A dataset project of flights, which depends on the distribution of airports."""
    project = make_project(root, dataset="flights", models=models, sources={"flights.csv": flights})
    file = project / "pyproject.toml"
    listed = json.dumps(list(dependencies))
    text = file.read_text().replace("license = ", f"dependencies = {listed}\nlicense = ", 1)
    file.write_text(text)
    return project
