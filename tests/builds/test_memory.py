"""The memory of a build does not grow with its source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import make_project

MODELS = """\
from datetime import datetime

from microcosm_sqlite import DataSet
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Sighting(Base):
    __tablename__ = "sightings"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(300))
    weight: Mapped[float]
    moment: Mapped[datetime]
"""

BUILD = """\
import resource, sys
from pathlib import Path
import microcosm_sqlite.authoring.build as room
from microcosm_sqlite.authoring.project.settings import ProjectSettings

def read_peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])

before = read_peak()
built = room.build_dataset(ProjectSettings.from_pyproject(sys.argv[1]))
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(read_peak() - before + max(0, children - before))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told by /proc")
def test_four_times_the_rows_take_the_same_memory(tmp_path: Path) -> None:
    small, large = (measure(tmp_path / str(rows), rows) for rows in (60_000, 240_000))
    if large >= small + 8_000:
        # On a busy machine more blocks wait in between; what grows with the rows grows each time.
        large = measure(tmp_path / "again", 240_000)
    assert small < 80_000, "kilobytes above the imports"
    assert large < small + 8_000, "kilobytes above the imports"


def measure(root: Path, rows: int) -> int:
    lines = ["id,name,weight,moment"]
    for n in range(rows):
        name = f"bird {n * 7919 % rows} " * 20
        lines.append(f"{n},{name},{n % 999 / 7},2013-01-01T00:00:{n % 60:02}")
    project = make_project(root, models=MODELS, sources={"sightings.csv": "\n".join(lines)})
    done = subprocess.run(
        [sys.executable, "-c", BUILD, project], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
