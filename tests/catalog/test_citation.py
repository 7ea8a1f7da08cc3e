"""A citation names what was used, well enough to find it again."""

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
from microcosm_sqlite.catalog.citation import cite, find_license_url, find_web_url, write_bibtex
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME, Manifest
from microcosm_sqlite.errors import DatasetFileMissingError
from microcosm_sqlite.factories import check_health
from tests.support.wheels import Wheel, make_database


@pytest.fixture
def described() -> InstalledDataset:
    raw = {
        "name": "ants",
        "title": "Ants & 100% of Bees",
        "version": "3_1",
        "homepage": "https://example.org/a_b",
        "contributors": [{"title": "A {B}"}, {"title": "Institute of Ants"}, {"role": "editor"}],
        "resources": [],
        EXTENSION: {"format": 1, "resource": "ants.db", "bytes": 1, "hash": f"sha256:{0:064}"},
    }
    found = InstalledDataset("ants", location=Location("ants.db", immutable=False))
    found._manifest, found._is_manifest_read = Manifest(raw), True
    return found


def test_a_citation_says_who_what_which_version_and_where(described: InstalledDataset) -> None:
    assert cite(described) == (
        "A {B} and Institute of Ants. Ants & 100% of Bees, version 3_1. https://example.org/a_b"
    )


def test_bibtex_escapes_what_latex_would_take_for_commands(described: InstalledDataset) -> None:
    assert write_bibtex(described) == (
        "@misc{ants,\n"
        "  title = {{Ants \\& 100\\% of Bees}},\n"
        "  author = {{A \\{B\\}} and {Institute of Ants}},\n"
        "  version = {3\\_1},\n"
        "  url = {https://example.org/a_b}\n"
        "}"
    )


def test_a_dataset_without_manifest_is_cited_by_its_name(tmp_path: Path) -> None:
    found = InstalledDataset("plain", location=Location(str(tmp_path / "x.db"), immutable=False))
    assert write_bibtex(found) == "@misc{plain,\n  title = {{plain}}\n}"


HARMFUL = [
    "javascript:alert(1)",
    " JavaScript:x",
    "data:text/html,x",
    "file:///etc/passwd",
    "x.txt",
]


@pytest.mark.parametrize("path", HARMFUL)
def test_another_address_is_none(path: str) -> None:
    assert find_web_url({"path": path}) == ""
    assert find_license_url({"path": path, "title": "Ours"}) == ""
    assert find_license_url({"path": path, "name": "MIT"}) == "https://spdx.org/licenses/MIT.html"


def test_an_address_on_the_web_stays_as_it_is() -> None:
    for path in ("https://example.org/a?b=c", "HTTP://example.org"):
        assert find_web_url({"path": path}) == path
        assert find_license_url({"path": path, "name": "MIT"}) == path


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_datasette_gets_no_other_address(tmp_path) -> None:
    pytest.importorskip("datasette")
    from microcosm_sqlite.interop.datasette_plugin import _describe_license, _describe_source

    entry = {"title": "Notes", "path": "javascript:alert(1)"}
    assert _describe_license([entry]) == {"license": "Notes"}
    assert _describe_source([entry, entry]) == {"source": "Notes and 1 more"}


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


def test_health_reads_the_file_in_less_than_a_millisecond(installed: Path) -> None:
    colours = dataset("colours")
    assert colours.health() == provenance_of("colours")
    times = []
    for _ in range(50):
        began = perf_counter()
        colours.health()
        times.append(perf_counter() - began)
    assert min(times) < 0.001
    (installed / "colours_data" / "colours.db").unlink()
    with pytest.raises(DatasetFileMissingError):
        colours.health()


def provenance_of(name: str) -> dict[str, str]:
    (found,) = [used for used in provenance() if used["name"] == name]
    return found


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
