"""A citation names what was used, well enough to find it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.catalog.citation import cite, find_license_url, find_web_url, write_bibtex
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest


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
