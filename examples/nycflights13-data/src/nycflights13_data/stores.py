"""Stores (repository pattern): one per model, with the searches that readers need."""

from __future__ import annotations

from microcosm_sqlite import Store

from nycflights13_data.models import Airline, Airport, Flight, Plane, Weather


class AirlineStore(Store[Airline]):
    """Airlines, searched by any column."""


class AirportStore(Store[Airport]):
    """Airports, searched by any column."""


class PlaneStore(Store[Plane]):
    """Planes, searched by any column."""


class WeatherStore(Store[Weather]):
    """Hours of weather, searched by any column."""


class FlightStore(Store[Flight]):
    """Flights, searched by any column."""
