"""Airports of the world, each in a country of another dataset."""

from __future__ import annotations

from countries_data.models import Country
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from microcosm_sqlite import DataSet


class AirportsData(DataSet, name="airports"):
    """Airports of the world."""


class Airport(AirportsData):
    """An airport or airfield."""

    __tablename__ = "airports"
    __full_text__ = ("name", "city")

    icao: Mapped[str] = mapped_column(String(4), primary_key=True)
    iata: Mapped[str | None] = mapped_column(String(3), index=True)
    name: Mapped[str]
    city: Mapped[str | None]
    subd: Mapped[str | None] = mapped_column(comment="State or province")
    country: Mapped[str | None] = mapped_column(ForeignKey(Country.alpha_2))
    elevation: Mapped[float] = mapped_column(info={"unit": "ft"})
    lat: Mapped[float] = mapped_column(info={"unit": "degrees"})
    lon: Mapped[float] = mapped_column(info={"unit": "degrees"})
    tz: Mapped[str] = mapped_column(comment="Time zone")
    lid: Mapped[str | None] = mapped_column(comment="Code of the United States")

    in_country: Mapped[Country | None] = relationship(viewonly=True)
