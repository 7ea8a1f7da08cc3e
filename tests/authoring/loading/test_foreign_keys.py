"""Rows whose parents are missing are found in every table, and told with their lines and keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import BuildError, ForeignKeyError
from tests.support.projects import make_project

MODELS = """
import sqlalchemy as sa
from microcosm_sqlite import DataSet

Base = DataSet.create("birds")


class Place(Base):
    __tablename__ = "places"
    country = sa.Column(sa.String(2), primary_key=True)
    name = sa.Column(sa.String(20), primary_key=True)
    part_of = sa.Column(sa.String(20))
    __table_args__ = (
        sa.ForeignKeyConstraint(["country", "part_of"], ["places.country", "places.name"]),
        {options}
    )


class Sighting(Base):
    __tablename__ = "sightings"
    id = sa.Column(sa.Integer, primary_key=True)
    country = sa.Column(sa.String(2))
    place = sa.Column(sa.String(20))
    __table_args__ = (
        sa.ForeignKeyConstraint(["country", "place"], ["places.country", "places.name"]),
    )
"""
PLACES = "country,name,part_of\nDE,Berlin,\nDE,Mitte,Berlin\n"


def build(
    root: Path, sightings: str, places: str = PLACES, models: str = MODELS, options: str = ""
) -> None:
    project = make_project(
        root / "birds-data",
        models=models.replace("{options}", options),
        sources={"sightings.csv": f"id,country,place\n{sightings}", "places.csv": places},
    )
    build_dataset(ProjectSettings.from_pyproject(project))


def test_keys_that_lead_somewhere_or_are_not_complete_pass(tmp_path: Path) -> None:
    build(tmp_path, "1,DE,Mitte\n2,,Atlantis\n3,FR,\n4,,\n")


def test_each_missing_parent_is_told_with_table_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(ForeignKeyError) as caught:
        build(tmp_path, "7,DE,Mitte\n8,FR,Mitte\n9,DE,Atlantis\n")
    told = caught.value.message.splitlines()
    assert len(told) == 2
    assert "sightings.csv, line 3" in told[0]
    assert "country='FR', place='Mitte'" in told[0]
    assert "sightings.csv, line 4" in told[1]
    assert "country='DE', place='Atlantis'" in told[1]


@pytest.mark.parametrize("options", ["", '{"sqlite_with_rowid": False},'])
def test_a_table_may_refer_to_itself_in_any_order(tmp_path: Path, options: str) -> None:
    build(tmp_path, "", "country,name,part_of\nDE,Mitte,Berlin\nDE,Berlin,\n", options=options)
    with pytest.raises(ForeignKeyError, match="part_of='Bonn'"):
        build(tmp_path, "", f"{PLACES}DE,Kessenich,Bonn\n", options=options)


def test_what_is_no_key_cannot_be_referred_to(tmp_path: Path) -> None:
    models = MODELS.replace(
        '["country", "place"], ["places.country", "places.name"]',
        '["place"], ["places.name"]',
    )
    with pytest.raises(BuildError, match="foreign key") as caught:
        build(tmp_path, "1,DE,Mitte\n", models=models)
    assert not isinstance(caught.value, ForeignKeyError)
    assert "primary or unique key" in caught.value.hint


def test_many_rows_of_one_value_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ForeignKeyError) as caught:
        build(tmp_path, "".join(f"{number},FR,Nice\n" for number in range(1, 2001)))
    (told,) = caught.value.message.splitlines()
    assert told.endswith("place='Nice' is not in `places`, in 2,000 rows.")
