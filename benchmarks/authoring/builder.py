"""Fill a table through ``graph.sqlite_builder``, on this version or on 2.0.0.

``python builder.py FILE FOLDER`` prints the seconds on the clock and of the processor.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy import Column, Integer, String

from microcosm_sqlite.dataset import DataSet

Base: Any = DataSet.create("flights")
NUMBERS = (
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay flight "
    "air_time distance hour minute"
)
TEXTS = "carrier tailnum origin dest time_hour"


def main() -> None:
    columns: dict[str, Any] = {"__tablename__": "flights", "id": Column(Integer, primary_key=True)}
    columns |= {name: Column(Integer) for name in NUMBERS.split()}
    columns |= {name: Column(String) for name in TEXTS.split()}
    flight = type("Flight", (Base,), columns)
    path = Path(sys.argv[2]) / "flights.db"
    path.unlink(missing_ok=True)
    loader = load_from_dict(sqlite={"paths": {"flights": str(path)}})
    graph = create_object_graph("benchmark", testing=True, loader=loader)
    graph.use("sqlite", "sqlite_builder")
    Base.create_all(graph)
    cpu, start = time.process_time(), time.perf_counter()
    with Path(sys.argv[1]).open() as lines:
        graph.sqlite_builder.csv(flight).build(lines)
    print(time.perf_counter() - start, time.process_time() - cpu)


if __name__ == "__main__":
    main()
