"""One side of the contests: a process that runs workloads in one of four ways, when told to.

Usage: ``python workloads.py WAY DATABASE``, with ``ours``, ``ancestor`` (2.0.0), ``sqlalchemy``
or ``sqlite3`` for the way. Each line of the input is a workload and a number of repetitions; each
is answered by the seconds that it took, on the clock and of the processor. No import here is of
one of the others.
"""

import sqlite3
import sys
import threading
import time
from pathlib import Path

WAY, DATABASE = sys.argv[1:3]
URI = f"{Path(DATABASE).resolve().as_uri()}?mode=ro&immutable=1"
INTEGERS = (
    *("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time"),
    *("sched_arr_time", "arr_delay", "flight", "air_time", "distance", "hour", "minute"),
)
THREADS = 8
COUNTER = [0]


with sqlite3.connect(URI, uri=True) as counted:
    (ROWS,) = counted.execute("SELECT count(*) FROM flights").fetchone()
counted.close()


def next_id():
    COUNTER[0] = COUNTER[0] % ROWS + 7919
    return COUNTER[0] % ROWS + 1


def declare(base):
    """The model, in SQLAlchemy's own words."""
    from sqlalchemy import Column, DateTime, Integer, String

    columns = {name: Column(Integer) for name in INTEGERS}
    columns |= {name: Column(String) for name in ("carrier", "tailnum", "origin", "dest")}
    columns |= {"id": Column(Integer, primary_key=True), "time_hour": Column(DateTime)}
    return type("Flight", (base,), {"__tablename__": "flights", **columns})


def use_sqlite3():
    connection = sqlite3.connect(URI, uri=True)

    def get():
        sql = "SELECT * FROM flights WHERE id = ?"
        return connection.execute(sql, (next_id(),)).fetchone()

    def rows():
        for _ in connection.execute("SELECT * FROM flights"):
            pass

    return {"get": repeat(get), "rows": repeat(rows)}


def use_sqlalchemy():
    from sqlalchemy import QueuePool, bindparam, create_engine, select
    from sqlalchemy.orm import Session, declarative_base

    flight = declare(declarative_base())
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(URI, uri=True, check_same_thread=False),
        poolclass=QueuePool,
        max_overflow=-1,
    )
    session = Session(engine)
    by_id = select(flight).where(flight.id == bindparam("id"))

    def prepared():
        return session.scalars(by_id, {"id": next_id()}).one()

    def get():
        return session.get(flight, next_id())

    def criterion():
        return session.scalars(select(flight).where(flight.id >= next_id()).limit(20)).all()

    def context():
        with Session(engine) as own:
            return own.scalars(by_id, {"id": next_id()}).one()

    def stream():
        for _ in session.scalars(select(flight).execution_options(yield_per=1000)):
            pass

    def work():
        with Session(engine) as own:
            for _ in range(250):
                own.scalars(by_id, {"id": next_id()}).one()

    workloads = {"prepared": prepared, "get": get, "context": context, "stream": stream}
    workloads["criterion"] = criterion
    workloads["threads"] = lambda: run_threads(work)
    return {name: repeat(workload) for name, workload in workloads.items()}


def use_stores():
    from microcosm.api import create_object_graph, load_from_dict

    from microcosm_sqlite import DataSet, Store

    flight = declare(DataSet.create("bench"))
    config = {"paths": {"bench": DATABASE}, "read_only": True}
    if WAY == "ours":
        import microcosm_sqlite

        # As packaged data is opened; 2.0.0 has no other way than the configured path.
        microcosm_sqlite.register("bench", DATABASE, immutable=True)
        config = {}
    graph = create_object_graph("bench", loader=load_from_dict(sqlite=config))
    graph.use("sqlite")

    class FlightStore(Store):
        auto_filter_fields = (flight.id, flight.tailnum)
        model_class = flight

    store = FlightStore()

    def context():
        with flight.new_context(graph):
            return store.one(id=next_id())

    def work():
        with flight.new_context(graph):
            for _ in range(250):
                store.one(id=next_id())

    def rows():
        for _ in store.rows():
            pass

    def stream():
        for _ in store.stream(batch_size=1000):
            pass

    workloads = {
        "one": lambda: store.one(id=next_id()),
        "search": lambda: store.search(id=next_id()),
        "search 10": lambda: store.search(tailnum="N14228", limit=10),
        "count": lambda: store.count(id=next_id()),
    }
    if WAY == "ours":
        workloads |= {
            "criterion": lambda: store.search(flight.id >= next_id(), limit=20),
            "get": lambda: store.get(next_id()),
            "row": lambda: next(store.rows(id=next_id())),
            "rows": rows,
            "stream": stream,
        }

    def within(workload):
        def run(repetitions):
            with flight.new_context(graph):
                for _ in range(repetitions):
                    workload()

        return run

    return {name: within(workload) for name, workload in workloads.items()} | {
        "context": repeat(context),
        "threads": repeat(lambda: run_threads(work)),
        "work": repeat(lambda: run_threads(work, 1)),
    }


def repeat(workload):
    def run(repetitions):
        for _ in range(repetitions):
            workload()

    return run


def run_threads(work, number=THREADS):
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_workloads():
    ways = {"sqlite3": use_sqlite3, "sqlalchemy": use_sqlalchemy}
    return ways.get(WAY, use_stores)()


def main():
    workloads = make_workloads()
    for line in sys.stdin:
        name, _, repetitions = line.strip().rpartition(" ")
        clock, cpu = time.perf_counter(), time.process_time()
        workloads[name](int(repetitions))
        took = time.perf_counter() - clock, time.process_time() - cpu
        sys.stdout.write("{} {}\n".format(*took))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
