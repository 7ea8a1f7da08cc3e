"""The stores answer with models, in a context as well as without one."""

from __future__ import annotations

from datetime import datetime

from nycflights13_data.stores import AirlineStore, FlightStore, PlaneStore, WeatherStore


def test_a_flight_is_found_by_its_natural_key() -> None:
    flight = FlightStore().one(month=1, day=1, carrier="UA", flight=1545, origin="EWR")
    assert (flight.id, flight.dest, flight.dep_time, flight.arr_delay) == (1, "IAH", 517, 11)


def test_a_flight_leads_to_what_it_refers_to() -> None:
    flight = FlightStore().one(month=1, day=1, carrier="UA", flight=1545, origin="EWR")
    assert flight.airline.name == "United Air Lines Inc."
    assert flight.origin_airport.name == "Newark Liberty Intl"
    assert flight.dest_airport is not None
    assert flight.dest_airport.name == "George Bush Intercontinental"
    assert flight.plane is not None
    assert flight.plane.manufacturer == "BOEING"
    assert flight.weather is not None
    assert flight.weather.time_hour == flight.time_hour == datetime(2013, 1, 1, 10)


def test_what_the_source_lacks_is_none() -> None:
    to_san_juan = FlightStore().first(dest="SJU")
    assert to_san_juan is not None
    assert to_san_juan.dest_airport is None
    cancelled = FlightStore().one(month=7, day=27, carrier="US", flight=1632)
    assert (cancelled.tailnum, cancelled.plane, cancelled.dep_time) == (None, None, None)


def test_a_day_is_counted() -> None:
    assert FlightStore().count(month=1, day=1) == 842


def test_the_hour_that_came_twice_is_kept_twice() -> None:
    hours = [datetime(2013, 11, 3, 5), datetime(2013, 11, 3, 6)]
    rows = [WeatherStore().one(origin="JFK", time_hour=hour) for hour in hours]
    assert {(row.day, row.hour) for row in rows} == {(3, 1)}


def test_text_of_digits_stays_text() -> None:
    assert PlaneStore().one(tailnum="N201AA").model == "150"
    assert AirlineStore().one(carrier="9E").name == "Endeavor Air Inc."
