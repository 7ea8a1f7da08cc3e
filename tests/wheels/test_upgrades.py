"""What uv puts in the place of an open dataset is never read in part, and a change is told."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import tool
from tests.support.venvs import Venv, make_venv
from tests.support.wheels import Wheel, make_database

ROWS = {"0.3.0": 203, "0.4.0": 403}

READ = """
import json, sys, warnings
from pathlib import Path
from sqlalchemy import text
import microcosm_sqlite
from microcosm_sqlite.errors import DatasetError

warnings.simplefilter("error")
rows, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
COUNT = "SELECT count(*) FROM shade"
held = microcosm_sqlite.dataset("colours")
opened, engine = held.connect(), held.create_engine()

def read_open():
    return opened.execute(COUNT).fetchone()[0], held.version

def read_held():
    with held.connect() as connection:
        count = connection.execute(COUNT).fetchone()[0]
    connection.close()
    return count, held.version

def read_engine():
    engine.dispose()
    with engine.connect() as connection:
        return connection.scalar(text(COUNT)), held.version

def read_new():
    found = microcosm_sqlite.dataset("colours")
    with found.connect() as connection:
        count = connection.execute(COUNT).fetchone()[0]
    connection.close()
    return count, found.version

told, read = [], dict.fromkeys(("read_open", "read_held", "read_engine", "read_new"), 0)
(folder / "started").touch()
while not (folder / "stop").exists():
    for name in read:
        try:
            count, version = globals()[name]()
            assert count == rows[version], (name, count, version)
            read[name] += 1
        except DatasetError as error:
            told.append([name, str(error)])
print(json.dumps([read, told]))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    packed = {}
    for version, rows in ROWS.items():
        database = make_database(folder / version / "colours.db", rows=rows - 3)
        wheel = Wheel("colours-data", version).carry(database)
        manifest = f"{wheel.info}/extra_metadata/datapackage.json"
        wheel.files[manifest] = wheel.files[manifest].replace(b"2026.1", version.encode())
        packed[version] = wheel.pack(folder)
    return packed


def read_during(venv: Venv, folder: Path, change: Callable[[], object]) -> list[list[str]]:
    """What a process that reads all the while is told; each answer that it gets is right."""
    for mark in ("started", "stop"):
        (folder / mark).unlink(missing_ok=True)
    command = [venv.python, "-c", READ, json.dumps(ROWS), folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        while not (folder / "started").exists() and reader.poll() is None:
            time.sleep(0.05)
        try:
            change()
            time.sleep(0.5)
        finally:
            (folder / "stop").touch()
        out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err.decode()
    read, told = json.loads(out)
    assert all(read.values()), told
    return [list(map(str, each)) for each in told]


@pytest.mark.slow
@pytest.mark.parametrize("link_mode", ["hardlink", "copy", "clone", "symlink"])
def test_uv_installs_another_version_under_a_process_that_reads(
    tmp_path: Path, wheels: dict[str, Path], link_mode: str
) -> None:
    venv = make_venv(tmp_path / "venv")

    def install(version: str) -> None:
        options = ["--offline", "--no-deps", "--reinstall", "--link-mode", link_mode]
        cache = ["--cache-dir", tmp_path / "cache"]
        command = [tool("uv"), "pip", "install", "--python", venv.python, *options, *cache]
        subprocess.run([*command, wheels[version]], check=True, capture_output=True)

    install("0.3.0")
    told = read_during(venv, tmp_path, lambda: [install("0.3.0") for _ in range(3)])
    assert not [each for each in told if "replaced" in each[1]], "the same was installed again"
    told = read_during(venv, tmp_path, lambda: install("0.4.0"))
    changed = "Dataset 'colours' 0.3.0 was replaced by 0.4.0 while this process uses it. Restart"
    named = {name for name, text in told if text.startswith(changed)}
    assert named >= {"read_held", "read_engine"}
    told = read_during(
        venv, tmp_path, lambda: [install(version) for version in ("0.3.0", "0.4.0") * 3]
    )
    assert not [text for _, text in told if "replaced by" in text and text.count("0.4.0") > 1]
