"""The installed dataset holds what its card and its models promise."""

from __future__ import annotations

import os
from importlib.metadata import metadata, version

import microcosm_sqlite
import pytest
from sqlalchemy import func, inspect, select

from {{ cookiecutter.package }} import models, path

DISTRIBUTION = "{{ cookiecutter.distribution }}"
LICENCES = "{{ cookiecutter.code_license }} AND {{ cookiecutter.data_license }}"
TABLES = models.{{ cookiecutter.__base }}.metadata.tables

dataset = microcosm_sqlite.dataset("{{ cookiecutter.dataset }}")


def test_the_dataset_is_found_by_its_name() -> None:
    assert dataset.distribution == DISTRIBUTION
    assert dataset.distribution_version == version(DISTRIBUTION)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_that_the_build_counted_is_there(table: str) -> None:
    with dataset.engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(TABLES[table]))
    assert count == dataset.tables[table].row_count


def test_the_tables_are_those_of_the_models() -> None:
    inspector = inspect(dataset.engine)
    assert set(dataset.tables) == set(TABLES)
    for name, table in TABLES.items():
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
