"""Cases 21 to 25: threads, forks and pickles."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.faults.harness import Trial, proves, run
from tests.support.wheels import Wheel, make_database

ROWS = 3_000


def install(folder: Path) -> Path:
    database = make_database(folder / "x.db", rows=ROWS)
    return Wheel("x-data").carry(database, name="x", package="x_data").install(folder / "site")


PREAMBLE = """
import os, sys, threading, time, warnings
sys.path.insert(0, sys.argv[1])
import microcosm_sqlite
from sqlalchemy import text
dataset = microcosm_sqlite.dataset("x")
def count(connection):
    return connection.execute(text("SELECT count(*) FROM shade")).scalar()
"""

THREADS = """
barrier = threading.Barrier(24)
found = []
def work():
    barrier.wait()
    for _ in range(int(sys.argv[2])):
        with dataset.engine.connect() as connection:
            found.append(count(connection))
crowd = [threading.Thread(target=work) for _ in range(24)]
held = [dataset.engine.connect() for _ in range(40)]
for thread in crowd: thread.start()
for thread in crowd: thread.join()
print(len(found), set(found), {count(connection) for connection in held})
for connection in held: connection.close()
"""


@proves(21, 22)
def many_threads_share_an_engine_without_limit_or_fault(trial: Trial) -> None:
    site = install(trial.folder)
    times = len(trial.times(5, 100))
    ended = run(PREAMBLE + THREADS, str(site), str(times))
    trial.expect(ended.output.strip() == f"{24 * times} {{{ROWS + 3}}} {{{ROWS + 3}}}", str(ended))
    trial.tries += 24 * times - 1


CONTEXTS = """
from microcosm_sqlite import DataSet, SessionContext, Store
from sqlalchemy import Column, Integer, Text
from microcosm.api import create_object_graph
X = DataSet.create("x")
class Colour(X):
    __tablename__ = "colour"
    id = Column(Integer, primary_key=True)
    name = Column(Text)
class ColourStore(Store):
    model_class = Colour
graph = create_object_graph("faults")
graph.use("sqlite")
graph.lock()
wrong, sessions = [], set()
def work():
    for _ in range(int(sys.argv[2])):
        with SessionContext(graph, X) as context:
            mine = X.session
            time.sleep(0.0005)
            if X.session is not mine or ColourStore().count() != 3:
                wrong.append("shared")
            sessions.add(id(mine))
crowd = [threading.Thread(target=work) for _ in range(4)]
for thread in crowd: thread.start()
for thread in crowd: thread.join()
print("wrong", len(wrong))
"""


@proves(22)
def sessions_are_never_shared_between_threads(trial: Trial) -> None:
    site = install(trial.folder)
    times = len(trial.times(20, 200))
    ended = run(PREAMBLE + CONTEXTS, str(site), str(times))
    trial.tries += 4 * times - 1
    trial.expect(ended.output.strip() == "wrong 0", str(ended))


FORK = """
warnings.simplefilter("error", ResourceWarning)
with dataset.engine.connect() as connection: count(connection)
held = dataset.engine.connect()
raw = dataset.connect()
wrong = 0
{threads}
for number in range(int(sys.argv[2])):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        try:
            with dataset.engine.connect() as connection: through_engine = count(connection)
            fresh = dataset.connect()
            (directly,) = fresh.execute("SELECT count(*) FROM shade").fetchone()
            fresh.close()
            os._exit(0 if through_engine == directly == int(sys.argv[3]) else 3)
        except BaseException:
            import traceback; traceback.print_exc()
            os._exit(4)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done: break
        time.sleep(0.002)
    else:
        os.kill(child, 9); os.waitpid(child, 0); status = -1
    wrong += status != 0
    if count(held) != int(sys.argv[3]) or raw.execute("SELECT 1").fetchone() != (1,): wrong += 1000
held.close(); raw.close()
print("wrong", wrong, flush=True)
os._exit(0)
"""


@proves(23)
def children_of_a_fork_read_on_and_leave_their_parent_alone(trial: Trial) -> None:
    site = install(trial.folder)
    idle = "for _ in range(4): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    for threads in ("", idle):
        script = PREAMBLE + FORK.replace("{threads}", threads)
        forks = len(trial.times(20, 500))
        ended = run(script, str(site), str(forks), str(ROWS + 3))
        trial.tries += forks - 1
        trial.expect(ended.output.strip() == "wrong 0", str(ended))


BUSY = """
def hammer():
    while True:
        with dataset.engine.connect() as connection: count(connection)
for _ in range(2): threading.Thread(target=hammer, daemon=True).start()
time.sleep(0.2)
found = 0
for _ in range(20):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        child = os.fork()
        if not child: os._exit(0)
    os.waitpid(child, 0)
    found += any(type(one.message).__name__ == "ForkSafetyWarning" for one in caught)
print("warned", found > 0, flush=True)
os._exit(0)
"""


@proves(24)
def a_fork_while_threads_are_busy_is_warned_of(trial: Trial) -> None:
    """That such a child may hang is SQLite's doing and cannot be mended."""
    site = install(trial.folder)
    ended = run(PREAMBLE + BUSY, str(site))
    trial.expect(ended.output.strip() == "warned True", str(ended))


SPAWN = """
import multiprocessing
def work(handle):
    connection = handle.connect()
    try: return connection.execute("SELECT count(*) FROM shade").fetchone()[0]
    finally: connection.close()
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(set(pool.map(work, [dataset] * 8)))
"""


@proves(25)
def handles_travel_to_other_processes_by_name(trial: Trial) -> None:
    site = install(trial.folder)
    program = trial.folder / "program.py"
    program.write_text(PREAMBLE + SPAWN)
    ended = run(
        [sys.executable, str(program), str(site)],
        environment={
            "PYTHONPATH": os.pathsep.join(
                [str(site), os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])]
            )
        },
    )
    trial.expect(ended.output.strip() == f"{{{ROWS + 3}}}", str(ended))
