"""A process tells which datasets it used, and logs where it found them."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from microcosm_sqlite import dataset, datasets, provenance, register, unregister
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.errors import DatasetFileMissingError
from microcosm_sqlite.factories import check_health
from tests.support.wheels import Wheel, make_database

PROGRAM = """
import sys
import microcosm_sqlite
assert microcosm_sqlite.provenance() == []
microcosm_sqlite.dataset("colours").connect().close()
assert "logging" not in sys.modules
print(microcosm_sqlite.provenance())
"""


def test_a_process_tells_which_datasets_it_opened(installed: Path) -> None:
    manifest = dataset("colours").manifest
    assert manifest
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(installed)!r})\n{PROGRAM}",
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.strip() == str(
        [
            {
                "name": "colours",
                "version": "2026.1",
                "sha256": manifest.sha256,
                "distribution": "colours-data",
            }
        ]
    )


def test_where_a_dataset_was_found_and_extracted_is_logged(
    site: Path, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Wheel().carry(database, compression="gzip").install(site)
    with caplog.at_level(logging.INFO, "microcosm_sqlite"):
        path = dataset("colours").path
    told = [record.getMessage() for record in caplog.records]
    assert [line.split()[0] for line in told] == ["Extracted", "Dataset"]
    assert all(str(path) in line for line in told)


def test_a_broken_dataset_is_a_warning(
    site: Path, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wheel = Wheel().carry(database)
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", "{").install(site)
    assert datasets() == {}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Dataset colours cannot be used" in caplog.text


@pytest.mark.parametrize(
    ("configured", "said"), [("", ""), ("logging.basicConfig()", "Dataset colours cannot be used")]
)
def test_a_program_that_configures_no_logging_sees_nothing(
    site: Path, database: Path, configured: str, said: str
) -> None:
    wheel = Wheel().carry(database)
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", "{").install(site)
    program = f"""
import logging, sys
sys.path.insert(0, {str(site)!r})
import microcosm_sqlite
{configured}
microcosm_sqlite.datasets()
"""
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    assert said in told
    assert bool(told) == bool(said)


def test_health_reads_the_file_in_less_than_a_millisecond(installed: Path) -> None:
    colours = dataset("colours")
    assert colours.health() in provenance()
    times = []
    for _ in range(50):
        began = perf_counter()
        colours.health()
        times.append(perf_counter() - began)
    assert min(times) < 0.001
    (installed / "colours_data" / "colours.db").unlink()
    with pytest.raises(DatasetFileMissingError):
        colours.health()


def test_the_graph_reads_from_each_dataset_that_it_used(tmp_path: Path) -> None:
    path = make_database(tmp_path / "shades.db")
    register("shades", path)
    loader = load_from_dict(sqlite={})
    graph: Any = create_object_graph("t", testing=True, loader=loader)
    graph.use("sqlite")
    check_health(graph)
    graph.sqlite("shades")
    check_health(graph)
    graph.sqlite.dispose()
    path.unlink()
    with pytest.raises(DatasetFileMissingError):
        check_health(graph)
    unregister("shades")
