"""Flights of many years: those of one, so many times over."""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from pathlib import Path

import microcosm_sqlite
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from tests.support.samples import install_dataset

NAME = "flights_of_years"
TABLE = "flights"


def install_larger(times: int, folder: Path) -> Path:
    """Lay a dataset of the table ``flights``, so many times, out as pip would; gives its site."""
    nyc = microcosm_sqlite.dataset("nycflights13")
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / f"{NAME}.db"
    write_database(nyc.path, times, database)
    (described,) = (
        resource
        for resource in json.loads(nyc.manifest.dumps())["resources"]
        if resource["name"] == TABLE
    )
    rows = nyc.tables[TABLE].row_count * times
    described |= {"path": database.name, "rowCount": rows, "rowidRange": [1, rows]}
    described["schema"].pop("foreignKeys", None)
    about = {
        "format": 1,
        "package": f"{NAME}_data",
        "resource": database.name,
        "bytes": database.stat().st_size,
        "hash": f"sha256:{sha256(database.read_bytes()).hexdigest()}",
    }
    manifest = {"name": NAME, "version": "1.0", "resources": [described], EXTENSION: about}
    (folder / FILE_NAME).write_text(json.dumps(manifest))
    site = folder / "site"
    install_dataset(database, site)
    return site


def write_database(source: Path, times: int, database: Path) -> None:
    """Copy the rows so many times, each time a year later, without the keys and indexes."""
    connection = sqlite3.connect(database)
    connection.execute("ATTACH ? AS original", (str(source),))
    columns = connection.execute(f"PRAGMA original.table_info({TABLE})").fetchall()
    declared = ", ".join(
        f'"{name}" {type_}{" PRIMARY KEY" if is_key else ""}'
        for _, name, type_, _, _, is_key in columns
    )
    connection.execute(f"CREATE TABLE {TABLE} ({declared})")
    names = [name for _, name, *_, is_key in columns if not is_key]
    values = ", ".join(f"{name} + ?" if name == "year" else name for name in names)
    for year in range(times):
        connection.execute(
            f"INSERT INTO main.{TABLE} ({', '.join(names)}) "
            f"SELECT {values} FROM original.{TABLE} ORDER BY id",
            (year,),
        )
    connection.commit()
    connection.close()
