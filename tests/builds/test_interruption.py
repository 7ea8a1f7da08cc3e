"""A build that is stopped, in whichever step, leaves what was there and nothing for long."""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.projects import SOURCES, build_sdist, build_wheel, make_project

BUILD = """
import os, sys, time
from microcosm_sqlite.authoring import build
from microcosm_sqlite.authoring.loading import parallel
from microcosm_sqlite.authoring.sources import delimited as splitting
from microcosm_sqlite.authoring.project.settings import ProjectSettings

parallel.count_processors = lambda: 2
splitting.SMALLEST_PART = 1000
step, number = sys.argv[2], int(sys.argv[3])


def stop(*arguments):
    os.kill(os.getpid(), number)
    time.sleep(10)


if step == "children":
    parallel.ForkedChild.wait = stop
elif step:
    setattr(build, step, stop)
build.build_dataset(ProjectSettings.from_pyproject(sys.argv[1]))
"""
STEPS = [
    "children",
    "find_orphans",
    "prepare",
    "write_copy",
    "verify_database",
    "compress",
    "replace_both",
]


def run(project: Path, step: str = "", number: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BUILD, str(project), step, str(number)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, start_new_session=True
    )


def list_living(project: Path) -> list[str]:
    """The processes that work on a project; those that only wait to be told of are none."""
    living = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(project) in (process / "cmdline").read_text():
                living.append(process.name)
        except OSError:
            continue
    return living


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_is_stopped_in_any_step_leaves_what_was_there(
    tmp_path: Path, number: int
) -> None:
    project = make_project(tmp_path / "birds-data", options='compression = "zstd"')
    package = project / "src" / "birds_data"
    assert run(project).returncode == 0
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    rows = "".join(f"{n},bird {n},PARU,1,\n" for n in range(10, 20_000))
    (project / "sources" / "birds.csv").write_text(SOURCES["birds.csv"] + rows)
    for step in STEPS:
        done = run(project, step, number)
        assert done.returncode == -number, (step, done.stderr)
        assert list_living(project) == [], step
        left = {path.name for path in package.iterdir()} - set(before)
        assert bool(left) == (number == signal.SIGKILL), step
        assert {name: (package / name).read_bytes() for name in before} == before, step
    assert run(project).returncode == 0
    assert {path.name for path in package.iterdir()} == set(before)
    assert (package / "birds.db.zst").read_bytes() != before["birds.db.zst"]


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_nothing_of_a_killed_build_gets_into_a_wheel_an_sdist_or_a_commit(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data", options='compression = "zstd"')
    (project / "README.md").write_text("The readme of a test.\n")
    (project / ".gitignore").write_text("/dist/\n")  # and nothing of what a build makes
    clean = list_packed(project)
    for path in (project / "src" / "birds_data").glob("*.json"):
        path.unlink()
    assert run(project, "replace_both", signal.SIGKILL).returncode == -signal.SIGKILL
    left = {path.name for path in (project / "src").rglob(".hatch/*/*")}
    assert {"loading.db", "finished.db", "finished.db.zst"} <= left
    assert not [name for name in list_committed(project) if ".hatch" in name]
    sdist = list_packed(project, wheel=False)
    assert not [name for name in sdist if ".hatch" in name]
    assert list_packed(project) == clean


def list_committed(project: Path) -> list[str]:
    """What Git takes of a project when it is told to take everything."""
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", project, *command], check=True)
    listed = subprocess.check_output(["git", "-C", project, "ls-files"], text=True).splitlines()
    assert "README.md" in listed
    return listed


def list_packed(project: Path, *, wheel: bool = True) -> list[str]:
    """What a wheel or a source distribution of a project holds."""
    if wheel:
        with zipfile.ZipFile(build_wheel(project)) as archive:
            return sorted(archive.namelist())
    with tarfile.open(build_sdist(project)) as packed:
        return sorted(packed.getnames())
