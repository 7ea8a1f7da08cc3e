"""Datasets in shards, built from real flights, and installed and upgraded by pip and uv.

See microcosm_sqlite.authoring.sharding.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.flights import PROJECT, committed_files
from tests.support.machines import Machine
from tests.support.programs import run, tool
from tests.support.venvs import make_venv

pytestmark = pytest.mark.slow

LIMIT = 2_000_000
COUNT = "SELECT count(*), sum(distance) FROM flights"


def build(project: Path, dist: Path) -> list[Path]:
    printed = run(tool("microcosm-sqlite"), "build", "--quiet", project, "--wheels", dist)
    return [Path(line) for line in printed.splitlines()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project of real flights, whose data are to be in shards."""
    copy = tmp_path_factory.mktemp("sharded") / "nycflights13-data"
    for name, content in committed_files(PROJECT).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    file = copy / "pyproject.toml"
    options = 'compression = "zstd"\nshards = "2 MB"'
    file.write_text(file.read_text().replace('compression = "none"', options))
    run(tool("python"), copy / "fetch_sources.py")
    return copy


@pytest.fixture(scope="module")
def first(project: Path) -> list[Path]:
    """The wheels of the first release: 12 MB in shards of 2 MB."""
    return build(project, project / "dist")


@pytest.fixture(scope="module")
def second(project: Path, first: list[Path]) -> list[Path]:  # it comes first
    """Those of the next one, in which one flight was longer."""
    packed = project / "sources" / "flights.csv.zip"
    with zipfile.ZipFile(packed) as archive:
        lines = archive.read("flights.csv").split(b"\n")
    packed.unlink()
    fields = lines[170_000].split(b",")
    fields[lines[0].split(b",").index(b"distance")] = b"1234"
    lines[170_000] = b",".join(fields)
    packed.with_suffix("").write_bytes(b"\n".join(lines))
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace('version = "2013.1"', 'version = "2013.2"'))
    return build(project, project / "next")


def list_shards(machine: Machine) -> list[Path]:
    return sorted(machine.venv.site.glob("nycflights13_data_shard_*/*.zst"))


def make_machine(installer: str, folder: Path) -> Machine:
    query = f"found.connect().execute({COUNT!r}).fetchone()"
    return Machine(installer, make_venv(folder / "venv"), folder, "nycflights13", query)


@pytest.fixture(params=["pip", "uv"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return make_machine(request.param, tmp_path)


def test_wheels_are_of_the_size_that_was_asked_for_and_the_same_each_time(
    project: Path, first: list[Path], tmp_path: Path
) -> None:
    assert all(path.stat().st_size <= LIMIT for path in first)
    assert sum(path.stat().st_size for path in first) > 10_000_000
    assert verify_wheel(first[-1], full=True).ok
    assert project.is_dir()


def test_a_release_is_installed_and_the_next_one_downloads_what_changed(
    machine: Machine, first: list[Path], second: list[Path]
) -> None:
    machine.install(first[-1].parent, "nycflights13-data")
    before = machine.read()
    assert before.startswith("2013.1 (336776,")
    assert machine.verify() == "[]"
    kept = {path.name for path in first[:-1]} & {path.name for path in second[:-1]}
    assert len(kept) >= len(first) // 2
    # What did not change is not even there to be downloaded.
    offered = machine.cache.parent / "offered"
    shutil.copytree(second[-1].parent, offered)
    for path in offered.rglob("*.whl"):
        if path.name in kept:
            path.unlink()
    machine.install(offered, "--upgrade", "nycflights13-data")
    after = machine.read()
    assert after.startswith("2013.2 (336776,")
    assert machine.verify() == "[]"


MISSING, OTHER = "missing", "of another release"


@pytest.mark.parametrize("fault", [MISSING, OTHER, "tampered", "truncated", "swapped"])
def test_a_set_that_does_not_belong_together_is_refused_and_mended_by_the_hint(
    machine: Machine, first: list[Path], second: list[Path], fault: str
) -> None:
    dist = first[-1].parent
    machine.install(dist, "nycflights13-data")
    changed = next(n for n, path in enumerate(second[:-1]) if path.name != first[n].name)
    name, version = first[changed].name.split("-")[:2]
    name = name.replace("_", "-")
    spoil(machine, changed, fault, first[changed], second[changed])
    told = machine.read().splitlines()
    kind = "DatasetFileMissingError" if fault in (MISSING, OTHER) else "DatasetCorruptError"
    assert told[0] == kind
    assert name.replace("-", "_") in told[1].replace("-", "_")
    assert f"{name}=={version}" in told[2]
    assert "V16" in machine.verify()
    machine.follow(told[2], dist)
    assert machine.read().startswith("2013.1 (336776,")
    assert machine.verify() == "[]"


def spoil(machine: Machine, number: int, fault: str, wheel: Path, other: Path) -> None:
    """Do something to an installed shard."""
    files = list_shards(machine)
    content = files[number].read_bytes()
    if fault == MISSING:
        shutil.rmtree(files[number].parent)
        (info,) = machine.venv.site.glob(
            f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info"
        )
        shutil.rmtree(info)
        return
    if fault == OTHER:
        name, version = other.name.split("-")[:2]
        machine.install(other.parent.parent, "--no-deps", f"{name}=={version}")
        return
    files[number].unlink()  # or what uv links to would be changed as well
    changes = {
        "tampered": content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
        "truncated": content[:-1],
        "swapped": files[number - 1].read_bytes(),
    }
    files[number].write_bytes(changes[fault])


def test_shards_that_stay_behind_are_removed_by_the_hint(
    machine: Machine, first: list[Path]
) -> None:
    machine.install(first[-1].parent, "nycflights13-data")
    machine.follow(
        {"pip": "pip uninstall -y", "uv": "uv pip uninstall"}[machine.installer]
        + " nycflights13-data",
        first[-1].parent,
    )
    ask = (
        "from microcosm_sqlite.catalog.doctor import diagnose\n"
        "for each in diagnose().problems: print(each.hint)"
    )
    hint = machine.ask(ask)
    assert len(list_shards(machine)) == len(first) - 1
    machine.follow(hint, first[-1].parent)
    assert list_shards(machine) == []
    assert machine.ask(ask) == ""


def test_one_process_joins_for_all_that_ask_at_once(first: list[Path], tmp_path: Path) -> None:
    machine = make_machine("pip", tmp_path)
    machine.install(first[-1].parent, "nycflights13-data")
    code = (
        f"import os; os.environ['MICROCOSM_SQLITE_CACHE_DIR'] = {str(machine.cache)!r}\n"
        "import microcosm_sqlite as m\n"
        f"print(m.dataset('nycflights13').connect().execute({COUNT!r}).fetchone())"
    )
    crowd = [
        subprocess.Popen([machine.venv.python, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate(timeout=120)[0] for process in crowd}) == 1
    databases = [path for path in machine.cache.rglob("*") if path.suffix == ".db"]
    assert len(databases) == 1
