"""Models of the builders' tests, in the style of 2.0.0."""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    event,
)
from sqlalchemy.orm import validates

from microcosm_sqlite import DataSet, Store
from microcosm_sqlite.types import EnumType, Truthy

Base: Any = DataSet.create("garden")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Bed(Base):
    __tablename__ = "bed"

    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False, unique=True)


class Plant(Base):
    __tablename__ = "plant"

    id = Column(Integer, primary_key=True)
    bed_id = Column(ForeignKey("bed.id"))
    label = Column("plant_label", String, nullable=False)
    height = Column(Float)
    count = Column(Integer)
    colour = Column(EnumType(Colour))
    is_old = Column(Boolean)
    thorny = Column(Truthy)
    planted = Column(Date)
    seen = Column(DateTime)
    photo = Column(LargeBinary)


class Validated(Base):
    __tablename__ = "validated"

    id = Column(Integer, primary_key=True)
    name = Column(String)
    day = Column(Date)

    @validates("name")
    def shout(self, key: str, value: str) -> str:
        return value.upper()


class Constructed(Base):
    __tablename__ = "constructed"

    id = Column(Integer, primary_key=True)
    name = Column(String)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = f"{self.name}!"


class Watched(Base):
    __tablename__ = "watched"

    id = Column(Integer, primary_key=True)
    name = Column(String)


@event.listens_for(Watched, "before_insert")
def sign(mapper: Any, connection: Any, target: Watched) -> None:
    target.name = f"{target.name}, watched"


class Defaulting(Base):
    __tablename__ = "defaulting"

    id = Column(Integer, primary_key=True)
    name = Column(String, default="nobody")
    serial = Column(Integer, default=lambda: 42)
    fixed = Column(Integer, server_default="7")


class BedStore(Store[Any]):
    model_class = Bed


class PlantStore(Store[Any]):
    model_class = Plant


def read(graph: Any, model: Any) -> list[tuple[Any, ...]]:
    """The rows as SQLite has them."""
    engine, _ = graph.sqlite("garden")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT * FROM {model.__tablename__}")
        return [tuple(row) for row in rows]
