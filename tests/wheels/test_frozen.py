"""Datasets are found by name in applications that were frozen into one file or folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import zipapp
from pathlib import Path

import filelock
import pytest

import microcosm_sqlite
from microcosm_sqlite import _pyinstaller
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from tests.support.shards import Shards
from tests.support.wheels import Wheel

PACKAGE = Path(microcosm_sqlite.__file__).parent
PROGRAM = """
import microcosm_sqlite

def main():
    found = microcosm_sqlite.dataset("colours")
    connection = found.connect()
    rows = connection.execute("SELECT count(*) FROM shade").fetchone()[0]
    connection.close()
    print(found.name, found.version, rows, found.location.is_cached)
    for finding in found.verify().findings:
        print(finding)

if __name__ == "__main__":
    main()
"""

UNUSED = ("dask", "datasette", "duckdb", "numpy", "pandas", "polars", "pyarrow", "pyspark")
"""What the library could use, if the program did: minutes to look through, 200 MB to carry."""


def run(*command: object, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(module: str) -> pytest.MarkDecorator:
    is_missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(is_missing, reason=f"{module} is not installed")


def find_package(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{name} is not installed")
    return next(iter(spec.submodule_search_locations))


def make_zipapp(wheel: Wheel, folder: Path) -> Path:
    application = wheel.install(folder / "application")
    ignored = shutil.ignore_patterns("__pycache__")
    for source in (PACKAGE, Path(filelock.__file__).parent):
        shutil.copytree(source, application / source.name, ignore=ignored)
    (application / "program.py").write_text(PROGRAM)
    target = folder / "colours.pyz"
    zipapp.create_archive(application, target, main="program:main")
    return target


def test_a_zipapp_reads_its_data_through_the_cache(wheel: Wheel, tmp_path: Path) -> None:
    target = make_zipapp(wheel, tmp_path)
    said = run(sys.executable, "-I", "-S", target, **{VARIABLE: str(tmp_path / "cache")})
    assert said == "colours 2026.1 3 True\n"
    assert len(list((tmp_path / "cache").rglob("*.db"))) == 1


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="zstd is in the standard library")
def test_a_zipapp_with_compressed_data_says_what_it_cannot_hold(
    database: Path, tmp_path: Path
) -> None:
    target = make_zipapp(Wheel().carry(database, compression="zstd"), tmp_path)
    with pytest.raises(AssertionError, match=r"zstd needs backports.* no zip file"):
        run(sys.executable, "-I", "-S", target, **{VARIABLE: str(tmp_path / "cache")})
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".db"] == []


@pytest.mark.slow
@needs("pex")
def test_a_pex_opens_its_data_in_place(wheel: Wheel, tmp_path: Path) -> None:
    site = wheel.install(tmp_path / "sources")
    shutil.copytree(PACKAGE, site / PACKAGE.name)
    (site / "program.py").write_text(PROGRAM)
    target = tmp_path / "colours.pex"
    environment = {"PEX_ROOT": str(tmp_path / "pex"), VARIABLE: str(tmp_path / "cache")}
    command = [sys.executable, "-m", "pex", "--python", sys.executable, "-D", site]
    run(*command, "-m", "program:main", "-o", target, **environment)
    said = run(sys.executable, "-S", target, **environment)
    assert said == "colours 2026.1 3 False\n"


@pytest.mark.slow
@needs("shiv")
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_shiv_opens_its_data_from_the_folder_that_it_unpacks(
    compression: str, database: Path, tmp_path: Path
) -> None:
    site = Wheel().carry(database, compression=compression).install(tmp_path / "sources")
    (site / "program.py").write_text(PROGRAM)
    names = ["filelock", "platformdirs"] + ["backports"] * (sys.version_info < (3, 14))
    packages = {PACKAGE, *(Path(find_package(name)) for name in names)}
    for package in packages:
        shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "colours.pyz"
    command = [sys.executable, "-m", "shiv", "--site-packages", site, "--python", sys.executable]
    run(*command, "--entry-point", "program:main", "--output-file", target)
    environment = {"SHIV_ROOT": str(tmp_path / "shiv"), VARIABLE: str(tmp_path / "cache")}
    said = run(sys.executable, "-S", target, **environment)
    assert said == f"colours 2026.1 3 {compression != 'none'}\n"


@pytest.mark.slow
@needs("PyInstaller")
@pytest.mark.parametrize(
    ("form", "compression"),
    [("--onefile", "none"), ("--onedir", "zstd"), ("--onedir", "zstd in shards")],
)
def test_a_pyinstaller_program_finds_its_data(
    form: str, compression: str, database: Path, tmp_path: Path
) -> None:
    if "shards" in compression:
        site = Shards(database, compression="zstd", version="2026.1").install(tmp_path / "site")
    else:
        site = Wheel().carry(database, compression=compression).install(tmp_path / "site")
    (tmp_path / "site" / "colours_data" / "__init__.py").write_text("")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "PyInstaller", form, "--log-level=ERROR"]
    command += ["--distpath", tmp_path / "dist", "--workpath", tmp_path / "work"]
    command += ["--specpath", tmp_path, "--additional-hooks-dir", *_pyinstaller.get_hook_dirs()]
    command += [word for name in UNUSED for word in ("--exclude-module", name)]
    search = os.pathsep.join([str(site), sysconfig.get_path("purelib")])
    run(*command, program, PYTHONPATH=search, PYTHONWARNINGS="ignore")
    site.rename(tmp_path / "gone")
    built = tmp_path / "dist" / "program"
    built = built / "program" if form == "--onedir" else built
    said = run(built, **{VARIABLE: str(tmp_path / "cache"), "PATH": "/"})
    is_compressed = compression != "none"
    assert said == f"colours 2026.1 3 {is_compressed}\n"
    assert (tmp_path / "cache").exists() is is_compressed
