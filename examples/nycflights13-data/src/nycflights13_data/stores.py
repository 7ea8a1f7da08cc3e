"""Stores (repository pattern): one per model, with the searches that readers need."""

from __future__ import annotations

from microcosm_sqlite import Store

from nycflights13_data.models import Airline, Airport, Flight, Plane, Weather


class AirlineStore(Store):
    """Airlines, searched by ``carrier``."""

    auto_filter_fields = [Airline.carrier]

    @property
    def model_class(self) -> type[Airline]:
        """The model that this store reads."""
        return Airline


class AirportStore(Store):
    """Airports, searched by ``faa``."""

    auto_filter_fields = [Airport.faa]

    @property
    def model_class(self) -> type[Airport]:
        """The model that this store reads."""
        return Airport


class PlaneStore(Store):
    """Planes, searched by ``tailnum`` or ``manufacturer``."""

    auto_filter_fields = [Plane.tailnum, Plane.manufacturer]

    @property
    def model_class(self) -> type[Plane]:
        """The model that this store reads."""
        return Plane


class WeatherStore(Store):
    """Hours of weather, searched by ``origin`` or ``time_hour``."""

    auto_filter_fields = [Weather.origin, Weather.time_hour]

    @property
    def model_class(self) -> type[Weather]:
        """The model that this store reads."""
        return Weather


class FlightStore(Store):
    """Flights, searched by day, ``carrier``, ``flight``, ``tailnum``, ``origin`` or ``dest``."""

    auto_filter_fields = [
        Flight.month,
        Flight.day,
        Flight.carrier,
        Flight.flight,
        Flight.tailnum,
        Flight.origin,
        Flight.dest,
    ]

    @property
    def model_class(self) -> type[Flight]:
        """The model that this store reads."""
        return Flight
