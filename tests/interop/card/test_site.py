"""A site lists datasets, leads to their cards, and needs no server of its own."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from microcosm_sqlite.interop.card.site import INDEX, write_site
from tests.support.browser import SCREENSHOTS, find_barriers, launch
from tests.support.markup import Elements


def declare(table, *columns):
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table(table, metadata, key, *(sa.Column(name, sa.Integer) for name in columns))
    return metadata


@pytest.fixture
def made(make):
    return [
        make(declare("birds", "wing"), name="birds", title="Birds & <b>more</b>"),
        make(declare("a b", "cost"), name="index", licenses=[{"name": "CC0-1.0"}]),
    ]


def test_every_link_leads_to_a_page_or_a_table_of_one(made, tmp_path):
    folder = tmp_path / "public"
    (folder / "kept").mkdir(parents=True)
    steps = []
    written = write_site(made, folder, title="Ours & theirs", advance=steps.append)
    assert steps == [1, 1]
    assert {path.name for path in folder.iterdir()} == {"kept", *(path.name for path in written)}
    assert written[0].name == INDEX
    pages = {path.name: Elements(path.read_text(encoding="utf-8")) for path in written}
    index = pages[INDEX]
    assert not index.open
    assert {"Ours & theirs", "Birds & <b>more</b>", "wing", "cost"} <= set(index.text)
    links = index.having("href")
    assert len(links) == 4
    for link in links:
        name, _, place = link.partition("#")
        assert not place or place in pages[unquote(name)].having("id")
    assert write_site(made, folder) == written


def test_pages_have_names_that_every_system_takes(make, tmp_path):
    names = ["Index", "aux"]
    written = write_site([make(declare("t"), name=name) for name in names], tmp_path / "public")
    found = [path.name for path in written]
    assert found == [INDEX, "dataset-Index.html", "aux_.html"]


@pytest.mark.heavy
def test_the_list_finds_columns_and_has_no_barrier(made, tmp_path):
    index, *_ = write_site(made, tmp_path / "public")
    with launch() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
            page.goto(index.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            page.get_by_role("searchbox").fill("win")
            assert page.locator(".dataset:visible").count() == 1
            assert page.get_by_text("wing").is_visible()
            assert find_barriers(page) == []
            page.screenshot(path=SCREENSHOTS / f"site-{scheme}.png")
            for words in ("wíng", "BIRDS wing", "CC0", "index cost"):  # of a dataset and a table
                page.get_by_role("searchbox").fill(words)
                assert page.locator(".dataset:visible").count() == 1
            page.get_by_role("searchbox").fill("")
            assert page.locator(".dataset:visible").count() == 2
            page.get_by_role("link", name=re.compile("Birds")).click()
            assert page.get_by_role("heading", level=1).inner_text() == "Birds & <b>more</b>"
