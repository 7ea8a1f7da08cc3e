"""Read an installed dataset with nothing but SQL: no ORM is imported, no path is written down."""

from __future__ import annotations

import sys
import time

started = time.perf_counter()

import microcosm_sqlite  # noqa: E402  (the clock runs while it is imported)

nyc = microcosm_sqlite.dataset("nycflights13")
connection = nyc.connect()
(flights,) = connection.execute("SELECT count(*) FROM flights").fetchone()
elapsed = time.perf_counter() - started

print(f"{flights:,} flights counted in {nyc.distribution} {nyc.version}")
print(f"{elapsed * 1000:.1f} ms from the import of the library to the answer")
print(f"SQLAlchemy imported: {'sqlalchemy' in sys.modules}")
print()

LATEST_ARRIVALS = """
    SELECT flights.month, flights.day, airlines.name, flights.dest, flights.arr_delay
    FROM flights JOIN airlines USING (carrier)
    ORDER BY flights.arr_delay DESC LIMIT 3
"""
for month, day, airline, dest, delay in connection.execute(LATEST_ARRIVALS):
    print(f"2013-{month:02}-{day:02}  {airline:24} to {dest}  {delay:5,} minutes late")
connection.close()
