"""Two data wheels, of flights and of the airports that they refer to, as builds write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from tests.catalog.workshop import Wheel, make_database

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
    return wheel.carry(database, name="airports", package="airports_data", compression=compression)


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
