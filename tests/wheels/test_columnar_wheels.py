"""Columnar twins as a wheel of their own, installed by pip and by uv.

See microcosm_sqlite.authoring.sharding.columnar_wheel.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.machines import Machine
from tests.support.programs import run, tool
from tests.support.venvs import make_venv

pytestmark = pytest.mark.slow

ROWS = 3_000
READ = "found.arrow('levels', columns=['level']).column('level')[-1].as_py()"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of the wheels of two releases."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("columnar")
    (folder / "files").mkdir()
    project = folder / "levels-data"
    return [release(folder, project, number) for number in (1, 2)]


def release(folder: Path, project: Path, number: int) -> Path:
    lines = [f"{row},S{row % 97},{row * number}" for row in range(1, ROWS + 1)]
    text = "\n".join(["id,station,level", *lines, ""])
    (folder / "files" / "levels.csv").write_text(text)
    if number == 1:
        run(tool("microcosm-sqlite"), "new", project, "--from", folder / "files")
    (project / "sources" / "levels.csv").write_text(text)
    file = project / "pyproject.toml"
    told = file.read_text().replace("columnar = true\n", "")
    told = told.replace("sources = ", "columnar = true\nsources = ")
    file.write_text(told.replace('version = "0.1.0"', f'version = "0.{number}.0"', 1))
    dist = folder / f"dist-{number}"
    run(tool("microcosm-sqlite"), "build", "--quiet", project, "--wheels", dist)
    return dist


@pytest.fixture(params=["pip", "uv"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return Machine(request.param, make_venv(tmp_path / "venv"), tmp_path, "levels", READ)


def find_twin(machine: Machine) -> Path:
    (twin,) = machine.venv.site.glob("levels_data_columnar/*.parquet")
    return twin


def test_the_extra_installs_the_twin_and_an_upgrade_that_of_the_next_release(
    machine: Machine, releases: list[Path]
) -> None:
    machine.install(releases[0], "levels-data[columnar]==0.1.0")
    assert machine.read() == f"0.1.0 {ROWS}"
    assert machine.ask("print(m.dataset('levels').columnar()['levels'])") == str(find_twin(machine))
    machine.install(releases[1], "--upgrade", "levels-data[columnar]")
    assert machine.read() == f"0.2.0 {ROWS * 2}"
    assert machine.verify() == "[]"


def test_the_dataset_works_without_its_twin(machine: Machine, releases: list[Path]) -> None:
    machine.install(releases[0], "levels-data")
    assert machine.read() == f"0.1.0 {ROWS}"
    assert not [*machine.venv.site.glob("levels_data_columnar*")]


@pytest.mark.parametrize("fault", ["changed", "truncated", "gone", "of another release"])
def test_a_twin_that_does_not_belong_is_refused_with_a_line_that_mends_it(
    machine: Machine, releases: list[Path], fault: str
) -> None:
    machine.install(releases[0], "levels-data[columnar]==0.1.0")
    twin = find_twin(machine)
    content = twin.read_bytes()
    twin.unlink()  # uv links files from its cache
    if fault == "changed":
        twin.write_bytes(content[:-9] + b"~" + content[-8:])
    elif fault == "truncated":
        twin.write_bytes(content[:-9])
    elif fault == "of another release":
        twin.write_bytes(content)
        machine.install(releases[1], "--no-deps", "levels-data-columnar==0.2.0")
    told = machine.read().splitlines()
    assert told[0] in ("DatasetCorruptError", "DatasetFileMissingError", "DatasetFileError"), told
    assert "levels-data-columnar" in told[2]
    machine.follow(told[2], releases[0])
    assert machine.read() == f"0.1.0 {ROWS}"
    assert machine.verify() == "[]"
