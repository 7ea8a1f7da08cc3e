"""Names of classes and attributes read as a person would write them, or as the source has them."""

from __future__ import annotations

import pytest

from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes

CLASSES = {
    "obs": "Obs",
    "propertymetadata": "Propertymetadata",
    "property_metadata": "PropertyMetadata",
    "airlines": "Airline",
    "companies": "Company",
    "addresses": "Address",
    "boxes": "Box",
    "houses": "House",
    "movies": "Movie",
    "people": "Person",
    "children": "Child",
    "weather": "Weather",
    "news": "News",
    "series": "Series",
    "species": "Species",
    "status": "Status",
    "canvas": "Canvas",
    "physics": "Physics",
    "analysis": "Analysis",
    "virus": "Virus",
    "gas": "Gas",
    "lens": "Lens",
    "media": "Media",
    "criteria": "Criteria",
    "GPS": "GPS",
    "TeamsFranchises": "TeamsFranchise",
    "FieldingOFsplit": "FieldingOFsplit",
    "us_employment": "UsEmployment",
    "2nd": "Table2nd",
    "straßen": "Straßen",
}
ATTRIBUTES = {
    "lgIDloser": "lg_id_loser",
    "playerID": "player_id",
    "userIDs": "user_ids",
    "IPouts": "ipouts",
    "NAassoc": "naassoc",
    "_2B": "_2b",
    "Q1Sales": "q1_sales",
    "2013Sales": "_2013_sales",
    "firstName": "first_name",
    "HTTPServer": "http_server",
    "getURL": "get_url",
    "XAxis": "xaxis",
    "xAxis": "x_axis",
    "pH": "ph",
    "kWh": "kwh",
    "NOx": "nox",
    "CO2": "co2",
    "SHO_p": "sho_p",
    "Culmen Length (mm)": "culmen_length_mm",
    "straßeNr": "straße_nr",
    "e-mail": "e_mail",
    "class": "class_",
}


@pytest.mark.parametrize("table", CLASSES)
def test_classes_are_in_the_singular_where_it_is_sure(table: str) -> None:
    assert name_classes([table], "Data") == {table: CLASSES[table]}


@pytest.mark.parametrize("column", ATTRIBUTES)
def test_attributes_have_the_words_of_their_columns(column: str) -> None:
    assert name_attributes([column]) == {column: ATTRIBUTES[column]}
