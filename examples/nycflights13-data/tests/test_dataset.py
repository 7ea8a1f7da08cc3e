"""The installed dataset holds what its card and its models promise."""

from __future__ import annotations

import os
from importlib.metadata import metadata, version

import microcosm_sqlite
import pytest
from sqlalchemy import func, inspect, select

from nycflights13_data import models, path

DISTRIBUTION = "nycflights13-data"
LICENCES = "Apache-2.0 AND CC0-1.0"
ROW_COUNTS = {"airlines": 16, "airports": 1458, "flights": 336776, "planes": 3322, "weather": 26115}

dataset = microcosm_sqlite.dataset("nycflights13")


def test_the_dataset_is_found_by_its_name() -> None:
    assert dataset.distribution == DISTRIBUTION
    assert dataset.distribution_version == version(DISTRIBUTION)


@pytest.mark.parametrize("table", ROW_COUNTS)
def test_every_row_is_there(table: str) -> None:
    rows = models.NycFlights.metadata.tables[table]
    with dataset.engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(rows))
    assert count == ROW_COUNTS[table]


def test_the_tables_are_those_of_the_models() -> None:
    tables = models.NycFlights.metadata.tables
    inspector = inspect(dataset.engine)
    assert set(ROW_COUNTS) == set(tables)
    for name, table in tables.items():
        columns = [column["name"] for column in inspector.get_columns(name)]
        assert columns == list(table.columns.keys())


def test_every_reference_leads_to_a_row() -> None:
    with dataset.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_the_entry_point_leads_to_the_file() -> None:
    assert os.path.samefile(path(), dataset.path)


def test_both_licences_are_named_and_packed() -> None:
    about = metadata(DISTRIBUTION)
    assert about["License-Expression"] == LICENCES
    assert about.get_all("License-File") == ["LICENSE", "LICENSE-DATA"]
