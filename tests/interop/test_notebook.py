"""What a notebook shows of a dataset."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from microcosm_sqlite import errors
from microcosm_sqlite.catalog.table_frames import DatasetColumn, DatasetTable
from tests.support.markup import Elements

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


def test_a_table_and_a_column_show_values_of_some_rows(things):
    table = things["things"]
    shown = Elements(table._repr_html_())
    assert not shown.open
    names = [field.name for field in table.table.fields]
    assert isinstance(table, DatasetTable)
    assert isinstance(table[names[0]], DatasetColumn)
    assert set(names) <= set(shown.text)
    assert {"Row 1", "Row 2", "NULL"} <= set(shown.text)
    assert len(table) == 2
    for name in names:
        column = table[name]
        told = Elements(column._repr_html_())
        assert not told.open
        assert f"things.{name}" in told.text
        assert name in repr(column)


def test_a_column_is_shown_with_its_type_and_unit_and_what_replaces_it(make):
    key = {"name": "id", "type": "string", "format": "uuid"}
    name = {"name": "name", "description": "Height", "unit": "ft", "deprecated": "metres"}
    peaks = {"name": "<b>bold</b>", "description": "Mountains", "deprecated": "hills"}
    resource = peaks | {"rowCount": 0, "schema": {"fields": [key, name]}}
    table = make(METADATA, resources=[resource])["<b>bold</b>"]
    about = "Height [ft]; deprecated: metres"
    shown = Elements(table._repr_html_()).text
    assert {about, "uuid", "Mountains; deprecated: hills"} <= set(shown)
    assert about in Elements(table["name"]._repr_html_()).text
    assert "About" in shown
    assert "uuid" in Elements(table["id"]._repr_html_()).text
    assert repr(table["id"]) == "<DatasetColumn sample.<b>bold</b>.id: uuid>"


def test_a_mistyped_table_or_column_is_an_error_that_suggests_the_nearest(things):
    with pytest.raises(errors.TableNotFoundError, match="Did you mean 'things'"):
        things["thing"]
    with pytest.raises(KeyError, match="has no column 'ID'"):
        things["things"]["ID"]


def test_nothing_is_shown_of_what_is_not_known(things):
    assert "About" not in Elements(things["things"]._repr_html_()).text
    rows = Elements(things["things"]["name"]._repr_html_()).text  # one of two has no name
    assert rows[rows.index("Such as") + 1] == "ä"


def test_a_large_table_is_shown_without_reading_it(halves):
    shown = Elements(halves["numbers"]._repr_html_())
    assert {"1", "1000", "2000"} <= set(shown.text)


def test_a_table_gives_frames(halves):
    assert halves["numbers"].pandas(columns=["half"]).half.sum() == 1000500
    assert halves["numbers"].polars(columns=["half"]).height == 2000
    assert halves["numbers"].arrow(columns=["half"]).num_rows == 2000
