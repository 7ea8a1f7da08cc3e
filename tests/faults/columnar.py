"""Cases 26 and 27 for columnar twins: made while the process is killed, or the disk refuses."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tests.faults.caching import (
    READ,
    Bench,
    fail_at_system_calls,
    kill_at_system_calls,
    stop_at_our_calls,
)
from tests.faults.harness import Trial, proves

MAKE = READ.replace(
    "exec(os.environ",
    # pyarrow imports pandas where it is; a fault there would be none of ours.
    "from contextlib import suppress\n"
    "with suppress(ImportError): import pandas\n"
    "import pyarrow.parquet, adbc_driver_sqlite\n"
    "from microcosm_sqlite.interop import reader, twin_files, adbc_reader\n"
    "exec(os.environ",
).replace(
    """    connection = found.connect()
    said = str(connection.execute("SELECT count(*) FROM shade").fetchone()[0])
    connection.close()
""",
    """    said = str(len(pyarrow.parquet.read_table(found.columnar(["shade"])["shade"])))
""",
)


class TwinBench(Bench):
    """An installed dataset, and the cache that the twin of its table is written to."""

    script = MAKE

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "none")

    @property
    def published(self) -> set[Path]:
        return {path for path in self.cache.rglob("*.parquet") if path.is_file()}

    def look(self, trial: Trial, what: str) -> None:
        """Each twin that is published is the one that its name tells of."""
        for path in self.published:
            *_, size, digest = path.stem.split("~")
            content = path.read_bytes()
            if (len(content), sha256(content).hexdigest()) != (int(size), digest):
                trial.wrong.append(f"{what}: a damaged twin was published")


@proves(26)
def a_twin_whose_making_is_killed_at_any_system_call_is_made_good(trial: Trial) -> None:
    kill_at_system_calls(trial, TwinBench(trial.folder))


@proves(26, 27)
def every_error_while_a_twin_is_made_is_told_and_survived(trial: Trial) -> None:
    fail_at_system_calls(trial, TwinBench(trial.folder))


@proves(26, 27)
def the_making_of_a_twin_stopped_at_any_call_of_ours_is_made_good(trial: Trial) -> None:
    stop_at_our_calls(trial, TwinBench(trial.folder))
