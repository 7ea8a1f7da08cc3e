"""Enumerations of a built dataset are dictionaries and categories in every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl
import pyarrow as pa

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from tests.support.projects import make_project

if TYPE_CHECKING:
    from pathlib import Path

MODELS = '''\
"""Every way to declare an enumeration."""

from __future__ import annotations

import enum
from typing import Literal

from microcosm_sqlite import DataSet
from microcosm_sqlite.types import EnumType
from sqlalchemy import Enum, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Size(enum.Enum):
    """Stored by name."""

    SMALL = "s"
    LARGE = "l"
    TINY = "s"  # an alias, which is not stored


class Spelled(TypeDecorator[str]):
    impl = Enum("small", "large")
    cache_ok = True


class Bird(Base):
    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column(Enum("small", "large"))
    literal: Mapped[Literal["small", "large"] | None]
    member: Mapped[Size | None] = mapped_column(Enum(Size))
    value: Mapped[Size | None] = mapped_column(
        Enum(Size, values_callable=lambda size: [each.value for each in size])
    )
    ours: Mapped[Size | None] = mapped_column(EnumType(Size))
    wrapped: Mapped[str | None] = mapped_column(Spelled)
'''
HEADER = "id,label,literal,member,value,ours,wrapped\n"
LABELS = {
    "label": ["small", "large"],
    "literal": ["small", "large"],
    "member": ["SMALL", "LARGE"],
    "value": ["s", "l"],
    "ours": ["SMALL", "LARGE"],
    "wrapped": ["small", "large"],
}


def build(root: Path, rows: str) -> InstalledDataset:
    project = make_project(root, models=MODELS, sources={"birds.csv": HEADER + rows})
    built = build_dataset(ProjectSettings.from_pyproject(project))
    return InstalledDataset("birds", location=Location(str(built.path), immutable=True))


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ("", []),
        ("1,,,,,,\n2,large,large,LARGE,l,LARGE,large\n", [None, "large"]),
        ("1,large,large,LARGE,l,LARGE,large\n", ["large"]),
    ],
    ids=["empty", "NULL first", "value first"],
)
def test_every_way_to_declare_one_gives_dictionaries_and_categories(
    tmp_path: Path, rows: str, first: list[str | None]
) -> None:
    birds = build(tmp_path, rows)
    fields = {field.name: field for field in birds.tables["birds"].fields}
    arrow, pandas, polars = (read("birds") for read in (birds.arrow, birds.pandas, birds.polars))
    for name, labels in LABELS.items():
        assert fields[name].constraints["enum"] == labels
        assert "maxLength" not in fields[name].constraints
        assert arrow.schema.field(name).type == pa.dictionary(pa.int32(), pa.string())
        assert pandas.dtypes[name] == pd.CategoricalDtype(labels)
        assert isinstance(polars.schema[name], pl.Categorical | pl.Enum)
    assert arrow["label"].to_pylist() == polars["label"].to_list() == first
    assert birds.polars("birds", lazy=True).collect_schema() == polars.schema
