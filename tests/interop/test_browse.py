"""``browse`` serves datasets, and a person finds their way from the front page to one row."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest
import sqlalchemy as sa

import microcosm_sqlite
from tests.support.browser import SCREENSHOTS, launch, watch_requests

# Datasette leaves a database in memory open when it is imported.
pytestmark = [
    pytest.mark.skipif(find_spec("datasette") is None, reason="datasette is not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

METADATA = sa.MetaData()
sa.Table(
    "species",
    METADATA,
    sa.Column("code", sa.String(5), primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, comment="English name"),
    comment="Species of birds",
)
sa.Table(
    "sightings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("species", sa.ForeignKey("species.code"), nullable=False),
    sa.Column("place", sa.String(20), comment="Where it was seen"),
    sa.Column("count", sa.Integer, nullable=False),
    comment="Birds that were seen",
)
ROWS = {
    "species": [{"code": "robin", "name": "European robin"}, {"code": "wren", "name": "Wren"}],
    "sightings": [
        {
            "species": ("robin", "wren")[n % 2],
            "place": ("garden", "park", "wood")[n % 3],
            "count": n,
        }
        for n in range(1, 61)
    ],
}


@pytest.fixture
def served(make, install):
    """The address of a ``browse`` in a process of its own, and the process."""
    dataset = make(METADATA, ROWS, name="birds", title="Birds", licenses=[{"name": "CC0-1.0"}])
    site = install(dataset)
    script = (
        "from microcosm_sqlite.interop.browse import browse\n"
        "browse(['birds'], port=0, open_browser=False, announce=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(site)},
    )
    yield process.stdout.readline().strip(), process
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()


@pytest.mark.heavy
def test_a_person_finds_a_row_by_clicking(served):
    url, _ = served
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        failures = watch_requests(page)
        page.goto(url)
        page.get_by_role("link", name="birds", exact=True).first.click()
        page.get_by_text("CC0-1.0").first.wait_for()
        page.get_by_role("link", name="sightings", exact=True).first.click()
        page.get_by_text("60 rows").first.wait_for()
        page.get_by_text("Where it was seen").first.wait_for()
        page.goto(f"{page.url}?_facet=place")
        page.locator(".facet-results").get_by_role("link", name="garden").click()
        page.get_by_role("heading", name="20 rows").first.wait_for()
        page.screenshot(path=SCREENSHOTS / "browse-facet.png")
        page.locator("td.type-pk a").first.click()
        page.wait_for_url("**/birds/sightings/3")
        assert page.locator("td.col-count").inner_text() == "3"
        page.screenshot(path=SCREENSHOTS / "browse-row.png")
        assert not failures


def test_a_port_that_is_taken_is_named(make):
    from microcosm_sqlite.interop.browse import browse

    make(METADATA, name="birds")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(microcosm_sqlite.errors.MicrocosmSQLiteError, match=f"port {port}"):
            browse(["birds"], port=port, open_browser=False)
