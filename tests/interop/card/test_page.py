"""The data card is complete, safe, and readable on every screen."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa

from microcosm_sqlite.common.wording import spell_size
from microcosm_sqlite.interop.card.page import read_script, render_card
from tests.support.browser import SCREENSHOTS, find_barriers, launch
from tests.support.markup import Elements

METADATA = sa.MetaData()
sa.Table(
    "species",
    METADATA,
    sa.Column("code", sa.String(5), primary_key=True),
    sa.Column("name", sa.String(80), comment="English name"),
    comment="Species of <b>birds</b>",
)
sa.Table(
    "sightings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("species", sa.ForeignKey("species.code"), nullable=False),
    sa.Column("seen", sa.DateTime, nullable=False, comment="When it was seen"),
    sa.Column("count", sa.Integer, comment="How many"),
    sa.Column("weight", sa.Float),
    sa.Column("is_adult", sa.Boolean),
    sa.Column("note", sa.Text),
    sa.Column("photo", sa.LargeBinary),
    comment="Birds that were seen",
)
START = datetime(2020, 1, 1)
ROWS = {
    "species": [
        {"code": "robin", "name": "European robin"},
        {"code": "wren", "name": "<script>alert('wren')</script>" + "very long " * 9},
    ],
    "sightings": [
        {
            "species": ("robin", "wren", "wren")[n % 3],
            "seen": START + timedelta(hours=n),
            "count": None if n % 10 == 0 else n * n % 17,
            "weight": n**0.5,
            "is_adult": n % 4 == 0,
        }
        for n in range(1, 201)
    ],
}
FACTS = {
    "title": "Birds & <i>friends</i>",
    "description": "Everything that flew past",
    "licenses": [{"name": "CC0-1.0"}, {"name": "LicenseRef-Ours"}, {"title": "Terms of use"}],
    "sources": [
        {"title": "Field notes", "path": "https://example.org/notes"},
        {"title": "A trap", "path": "javascript:alert(1)"},
    ],
    "contributors": [{"title": "A. Watcher"}],
}


CHANGES = [
    {"version": "2.0 - 2026-05-01", "text": "### Added\n\n- Column `weight`.\n- More birds."},
    {"version": "1.0", "text": "First version."},
]


@pytest.fixture
def card(make):
    dataset = make(METADATA, ROWS, name="birds", **FACTS)
    dataset.manifest.changes = CHANGES
    return render_card(dataset)


@pytest.fixture
def shown(card):
    return Elements(card)


def test_it_tells_what_the_manifest_and_the_rows_tell(shown):
    assert not shown.open
    said = " ".join(shown.text)
    for text in (
        "Birds & <i>friends</i>",
        "Everything that flew past",
        "CC0-1.0 , LicenseRef-Ours, Terms of use",
        "Field notes",
        "English name",
        "Species of <b>birds</b>",
        "67.0%",  # wrens
        "20 (10.0%)",  # missing counts
        "1 to 200 , each once",  # the primary key
        "A. Watcher",
    ):
        assert text in re.sub(r"\s+", " ", said), text
    licenses = [link for link in shown.having("href") if "spdx" in link]
    assert licenses == ["https://spdx.org/licenses/CC0-1.0.html"]


def test_only_our_script_runs_and_nothing_is_loaded(shown, card):
    names = {name for name, _ in shown.elements}
    scripts = re.findall(r"<script.*?>(.*?)</script>", card, re.DOTALL)
    assert scripts == [read_script()]
    (policy,) = [each for each in shown.having("content") if "default-src" in each]
    assert "default-src 'none'" in policy
    assert b64encode(sha256(scripts[0].encode()).digest()).decode() in policy
    assert not names & {"link", "img", "iframe", "object", "i", "b"}
    assert not shown.having("src") + shown.having("onclick")
    assert "javascript:" not in card
    assert "url(http" not in card
    assert "@import" not in card
    assert all(href.startswith(("#", "https://")) for href in shown.having("href"))


def test_links_within_the_page_lead_somewhere(shown):
    ids = shown.having("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in shown.having("href") if href[0] == "#"} <= set(ids)


def test_tables_whose_names_are_no_single_word_can_be_linked(make):
    odd = sa.MetaData()
    sa.Table('a "b" c', odd, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("d#e%20f", odd, sa.Column("id", sa.ForeignKey('a "b" c.id'), primary_key=True))
    shown = Elements(render_card(make(odd, name="odd")))
    ids = shown.having("id")
    assert all(re.fullmatch(r"\S+", each) for each in ids)
    for reference in shown.having("aria-labelledby"):
        assert set(reference.split()) <= set(ids)
    assert {href[1:] for href in shown.having("href") if href[0] == "#"} <= set(ids)


def test_texts_that_hardly_repeat_are_told_by_examples_and_their_lengths(make):
    texts = sa.MetaData()
    sa.Table(
        "notes",
        texts,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("code", sa.String(4)),
        sa.Column("tail", sa.String(5)),
    )
    rows = [
        {"text": f"{n * 3 // 4:04} " + "x" * 95, "code": f"{n:04}", "tail": f"N{n // 3:04}"}
        for n in range(400)
    ]
    said = " ".join(Elements(render_card(make(texts, {"notes": rows}))).text)
    said = re.sub(r"\s+", " ", said)
    assert f"mostly different, such as 0000 {'x' * 34}… 0003 " in said
    assert "100 characters" in said
    assert "all different, such as 0000 0001 0002" in said
    assert "many, such as N0000 N0001 N0002" in said
    assert " 4 characters" not in said


def test_values_that_cannot_be_drawn_are_told_in_words(make):
    odd = sa.MetaData()
    columns = {"inf": sa.Float, "blob": sa.LargeBinary, "uid": sa.Uuid, "lasted": sa.Interval}
    sa.Table(
        "t",
        odd,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, kind) for name, kind in columns.items()),
    )
    row = {"inf": float("inf"), "blob": b"xx", "uid": UUID(int=1), "lasted": timedelta(1)}
    said = " ".join(Elements(render_card(make(odd, {"t": [row, row]}))).text)
    assert "2 bytes" in said
    assert said.count("not summarised") == 3


def test_headings_descend_by_one_and_charts_have_words(shown):
    levels = [int(name[1]) for name, _ in shown.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for name, values in shown.elements:
        if name == "svg":
            # A drawing with links in it is no image: its links would be out of reach.
            assert values["role"] == ("group" if values["class"] == "diagram" else "img")
            assert values.get("aria-label") or values.get("aria-labelledby")
        if name == "pre":
            assert values["aria-label"]
        if name == "th":
            assert values["scope"] in ("col", "row")


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_enough_contrast_in_the_light_and_in_the_dark(card, scheme):
    block = re.findall(r":root \{(.*?)\}", card, re.DOTALL)[scheme]
    colors = dict(re.findall(r"--(\w+): (#\w{6})", block))
    for text in ("text", "quiet", "accent"):
        for ground in ("page", "panel", "share"):
            if (text, ground) != ("accent", "share"):
                assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    assert contrast(colors["bar"], colors["page"]) >= 3


def test_a_legacy_dataset_and_an_empty_one_have_cards_too(make):
    assert "sightings" in render_card(make(METADATA, ROWS, has_manifest=False))
    assert not Elements(render_card(make(METADATA, name="empty"))).open


def test_the_largest_table_is_first_and_shows_some_of_its_rows(card):
    assert card.index('id="table-sightings"') < card.index('id="table-species"')
    sample = card[card.index("5 rows from all over sightings") :]
    assert "2020-01-01 01:00" in sample
    assert '<td class="right quiet" dir="auto">NULL</td>' in sample
    assert "The rows of species" in card


def test_the_page_has_a_list_of_contents_and_says_its_weight(shown, card):
    links = {href for href in shown.having("href") if href.startswith("#")}
    parts = {"#use", "#tables", "#relations", "#columns", "#changes", "#sources", "#cite"}
    assert parts <= links
    assert f"one file of {spell_size(len(card.encode()))}, which" in card


def test_the_citation_is_there_as_a_sentence_and_for_bibtex(shown):
    said = " ".join(shown.text)
    assert "A. Watcher. Birds & <i>friends</i>, version 1.0" in said
    assert "@misc{birds," in said


@pytest.mark.heavy
def test_it_fits_every_screen_in_the_light_and_in_the_dark(card, tmp_path):
    page_file = tmp_path / "card.html"
    page_file.write_text(card, encoding="utf-8")
    with launch() as browser:
        for name, width in (("phone", 360), ("tablet", 768), ("desktop", 1280)):
            for scheme in ("light", "dark"):
                size = {"width": width, "height": 900}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                page.goto(page_file.as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") == width
                page.screenshot(path=SCREENSHOTS / f"card-{name}-{scheme}.png", full_page=True)
                roles = page.locator("table.columns").first.aria_snapshot()
                assert "rowheader" in roles
                assert "columnheader" in roles
                page.close()


@pytest.mark.heavy
def test_axe_finds_nothing_serious(card, tmp_path):
    page_file = tmp_path / "card.html"
    page_file.write_text(card, encoding="utf-8")
    with launch() as browser:
        for width in (360, 1440):
            for scheme in ("light", "dark"):
                size = {"width": width, "height": 900}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                page.goto(page_file.as_uri())
                assert find_barriers(page) == []
                page.close()


@pytest.mark.heavy
def test_code_is_copied_and_columns_are_searched(make, tmp_path):
    wide = sa.MetaData()
    columns = [sa.Column(f"column_{n}", sa.Integer) for n in range(30)]
    sa.Table("wide", wide, sa.Column("id", sa.Integer, primary_key=True), *columns)
    page_file = tmp_path / "card.html"
    page_file.write_text(render_card(make(wide, {"wide": [{"column_7": 7}]})), encoding="utf-8")
    with launch() as browser:
        page = browser.new_page()
        page.goto(page_file.as_uri())
        page.get_by_role("searchbox", name="Search the columns of wide").fill("column_2")
        assert page.locator("table.columns tbody tr:visible").count() == 11
        assert page.get_by_role("status").inner_text() == "11 of 31"
        page.get_by_role("button", name="Copy: SQL in Python").click()
        page.get_by_text(re.compile("Copied|Selected")).wait_for()
        script = browser.new_page(java_script_enabled=False)
        script.goto(page_file.as_uri())
        assert script.get_by_role("button").count() == 0
        assert script.locator("table.columns tbody tr:visible").count() == 31
