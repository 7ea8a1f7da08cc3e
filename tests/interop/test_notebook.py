"""What a notebook shows of a dataset."""

from __future__ import annotations

import sqlalchemy as sa

from tests.interop.markup import Elements

METADATA = sa.MetaData()
sa.Table(
    "<b>bold</b>",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String),
    comment="<script>alert(1)</script> & more",
)


def test_a_dataset_shows_its_tables_licence_and_citation(make):
    dataset = make(
        METADATA,
        {"<b>bold</b>": [{"id": number} for number in range(1234)]},
        title="Things & Co.",
        licenses=[{"name": "CC0-1.0"}],
        contributors=[{"title": "A. Author"}],
    )
    shown = Elements(dataset._repr_html_())
    assert not shown.open
    for text in ("Things & Co.", "<b>bold</b>", "1,234", "2"):
        assert text in shown.text
    assert "licence CC0-1.0" in "".join(shown.text)
    assert "A. Author" in shown.text[-1]


def test_nothing_of_the_data_becomes_markup_and_nothing_is_loaded_from_elsewhere(make):
    shown = Elements(make(METADATA)._repr_html_())
    assert {tag for tag, _ in shown.elements} == {
        *("div", "code", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert not any({"src", "href"} & attributes.keys() for _, attributes in shown.elements)


def test_a_legacy_dataset_is_shown_as_well(make):
    dataset = make(METADATA, has_manifest=False)
    assert "licence not stated" in "".join(Elements(dataset._repr_html_()).text)
    assert repr(dataset) == "<InstalledDataset sample registered>"
