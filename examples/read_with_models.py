"""Read an installed dataset with models and stores, in a microcosm object graph."""

from __future__ import annotations

import time

started = time.perf_counter()

from microcosm.api import create_object_graph  # noqa: E402  (the clock runs from here on)
from nycflights13_data.models import NycFlights  # noqa: E402
from nycflights13_data.stores import FlightStore  # noqa: E402

graph = create_object_graph("example")
graph.use("sqlite")
graph.lock()

store = FlightStore()
with NycFlights.new_context(graph):
    flight = store.one(month=1, day=1, carrier="UA", flight=1545, origin="EWR")
    elapsed = time.perf_counter() - started
    print(f"{flight.airline.name} {flight.flight}: {flight.origin} to {flight.dest}")
    print(f"from:    {flight.origin_airport.name}")
    print(f"to:      {flight.dest_airport.name}")
    print(f"plane:   {flight.plane.manufacturer} {flight.plane.model}, {flight.plane.seats} seats")
    print(f"weather: {flight.weather.temp} degrees F, wind {flight.weather.wind_speed:.0f} mph")
    print(f"arrived {flight.arr_delay} minutes late")
    print(f"{elapsed * 1000:.1f} ms from the first import to the model")
    print()

    started = time.perf_counter()
    count = store.count(origin="JFK", dest="SFO")
    elapsed = time.perf_counter() - started
    print(f"{count:,} flights from JFK to San Francisco, counted in {elapsed * 1000:.1f} ms")
