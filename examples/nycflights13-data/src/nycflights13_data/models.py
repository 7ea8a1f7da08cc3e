"""The tables: which columns each has, what they hold, and how the tables refer to each other.

A foreign key is declared where every row has its counterpart. Three references do not hold for
every row (destinations, planes, the weather at departure); they are relationships all the same,
and None where the counterpart is missing. The dataset card has the figures.

Times of day are written as in the source: hours times 100 plus minutes, local time, so 517 is
5:17 and 2400 is midnight at the end of the day.
"""

from __future__ import annotations

from datetime import datetime

from microcosm_sqlite import DataSet
from sqlalchemy import DateTime, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

NycFlights = DataSet.create("nycflights13")  # in this form, the models work with 2.0.0 as well


class Airline(NycFlights):
    """A carrier that flew from New York City."""

    __tablename__ = "airlines"
    __table_args__ = ({"comment": "Names of the carriers"},)

    carrier: Mapped[str] = mapped_column(String(2), primary_key=True, comment="Carrier's code")
    name: Mapped[str] = mapped_column(String(40), comment="Full name")


class Airport(NycFlights):
    """An airport of the United States, as far as the source knows it."""

    __tablename__ = "airports"
    __table_args__ = ({"comment": "Places of airports"},)

    faa: Mapped[str] = mapped_column(String(3), primary_key=True, comment="Code by the FAA")
    name: Mapped[str] = mapped_column(String(60), comment="Usual name")
    lat: Mapped[float] = mapped_column(Float, comment="Latitude in degrees")
    lon: Mapped[float] = mapped_column(Float, comment="Longitude in degrees")
    alt: Mapped[int] = mapped_column(Integer, comment="Altitude in feet")
    tz: Mapped[int] = mapped_column(Integer, comment="Hours between local time and UTC in winter")
    dst: Mapped[str] = mapped_column(
        String(1), comment="Daylight saving time: A as in the US, N none, U unknown"
    )
    tzone: Mapped[str | None] = mapped_column(String(30), comment="IANA name of the time zone")


class Plane(NycFlights):
    """An aircraft, as the FAA registered it."""

    __tablename__ = "planes"
    __table_args__ = ({"comment": "Aircraft by tail number"},)

    tailnum: Mapped[str] = mapped_column(String(6), primary_key=True, comment="Tail number")
    year: Mapped[int | None] = mapped_column(Integer, comment="Year of manufacture")
    type: Mapped[str] = mapped_column(String(30), comment="Type of aircraft")
    manufacturer: Mapped[str] = mapped_column(String(40), comment="Manufacturer")
    model: Mapped[str] = mapped_column(String(30), comment="Manufacturer's name of the model")
    engines: Mapped[int] = mapped_column(Integer, comment="Number of engines")
    seats: Mapped[int] = mapped_column(Integer, comment="Number of seats")
    speed: Mapped[int | None] = mapped_column(Integer, comment="Average cruising speed in mph")
    engine: Mapped[str] = mapped_column(String(20), comment="Type of engine")


class Weather(NycFlights):
    """One hour of weather at one of the three airports of origin."""

    __tablename__ = "weather"
    __table_args__ = ({"comment": "Hourly weather at the airports of origin"},)

    origin: Mapped[str] = mapped_column(
        ForeignKey(Airport.faa), primary_key=True, comment="Airport of the weather station"
    )
    year: Mapped[int] = mapped_column(Integer, comment="Year, local time")
    month: Mapped[int] = mapped_column(Integer, comment="Month, local time")
    day: Mapped[int] = mapped_column(Integer, comment="Day of the month, local time")
    hour: Mapped[int] = mapped_column(Integer, comment="Hour of the day, local time")
    temp: Mapped[float | None] = mapped_column(Float, comment="Temperature in degrees Fahrenheit")
    dewp: Mapped[float | None] = mapped_column(Float, comment="Dew point in degrees Fahrenheit")
    humid: Mapped[float | None] = mapped_column(Float, comment="Relative humidity in percent")
    wind_dir: Mapped[int | None] = mapped_column(
        Integer, comment="Direction that the wind comes from, in degrees"
    )
    wind_speed: Mapped[float | None] = mapped_column(Float, comment="Wind speed in mph")
    wind_gust: Mapped[float | None] = mapped_column(Float, comment="Speed of gusts in mph")
    precip: Mapped[float] = mapped_column(Float, comment="Precipitation in inches")
    pressure: Mapped[float | None] = mapped_column(Float, comment="Sea level pressure in millibars")
    visib: Mapped[float] = mapped_column(Float, comment="Visibility in miles")
    time_hour: Mapped[datetime] = mapped_column(
        DateTime, primary_key=True, comment="Beginning of the hour, UTC"
    )

    airport: Mapped[Airport] = relationship(viewonly=True)


class Flight(NycFlights):
    """One flight that was scheduled to leave EWR, JFK or LGA in 2013."""

    __tablename__ = "flights"
    __table_args__ = (
        UniqueConstraint("year", "month", "day", "carrier", "flight", "origin"),
        Index("ix_flights_origin_time_hour", "origin", "time_hour"),
        {"comment": "Flights out of New York City"},
    )

    id: Mapped[int] = mapped_column(
        Integer, primary_key=True, comment="Number of the row in the source, from 1"
    )
    year: Mapped[int] = mapped_column(Integer, comment="Year of departure, local time")
    month: Mapped[int] = mapped_column(Integer, comment="Month of departure, local time")
    day: Mapped[int] = mapped_column(Integer, comment="Day of departure, local time")
    dep_time: Mapped[int | None] = mapped_column(
        Integer, comment="Actual time of departure, HHMM; none where the flight was cancelled"
    )
    sched_dep_time: Mapped[int] = mapped_column(Integer, comment="Scheduled departure, HHMM")
    dep_delay: Mapped[int | None] = mapped_column(
        Integer, comment="Delay of the departure in minutes; negative when early"
    )
    arr_time: Mapped[int | None] = mapped_column(
        Integer, comment="Actual time of arrival, HHMM, local time of the destination"
    )
    sched_arr_time: Mapped[int] = mapped_column(
        Integer, comment="Scheduled arrival, HHMM, local time of the destination"
    )
    arr_delay: Mapped[int | None] = mapped_column(
        Integer, comment="Delay of the arrival in minutes; negative when early"
    )
    carrier: Mapped[str] = mapped_column(
        ForeignKey(Airline.carrier), index=True, comment="Carrier's code"
    )
    flight: Mapped[int] = mapped_column(Integer, comment="Flight number")
    tailnum: Mapped[str | None] = mapped_column(
        String(6), index=True, comment="Tail number of the plane; not every one is in planes"
    )
    origin: Mapped[str] = mapped_column(ForeignKey(Airport.faa), comment="Airport of departure")
    dest: Mapped[str] = mapped_column(
        String(3), index=True, comment="Airport of destination; not every one is in airports"
    )
    air_time: Mapped[int | None] = mapped_column(Integer, comment="Minutes in the air")
    distance: Mapped[int] = mapped_column(Integer, comment="Miles between the airports")
    hour: Mapped[int] = mapped_column(Integer, comment="Hour of the scheduled departure")
    minute: Mapped[int] = mapped_column(Integer, comment="Minute of the scheduled departure")
    time_hour: Mapped[datetime] = mapped_column(
        DateTime, comment="Hour of the scheduled departure, UTC"
    )

    airline: Mapped[Airline] = relationship(viewonly=True)
    origin_airport: Mapped[Airport] = relationship(viewonly=True)
    dest_airport: Mapped[Airport | None] = relationship(
        primaryjoin="foreign(Flight.dest) == Airport.faa", viewonly=True
    )
    plane: Mapped[Plane | None] = relationship(
        primaryjoin="foreign(Flight.tailnum) == Plane.tailnum", viewonly=True
    )
    weather: Mapped[Weather | None] = relationship(
        primaryjoin="and_(foreign(Flight.origin) == Weather.origin, "
        "foreign(Flight.time_hour) == Weather.time_hour)",
        viewonly=True,
    )
