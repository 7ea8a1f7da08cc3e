"""Columnar twins that are installed or cached are found, told of, and refused if they misfit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from microcosm_sqlite import InstalledDataset, dataset
from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.cache import twins
from microcosm_sqlite.catalog.cache.folders import VARIABLE as CACHE
from microcosm_sqlite.catalog.cache.upkeep import clear, entries
from microcosm_sqlite.catalog.doctor import diagnose
from microcosm_sqlite.errors import DatasetCorruptError, DatasetFileMissingError
from tests.support.twins import install_wheel, no_sqlite, only_sqlite, ship_twins
from tests.support.wheels import Wheel, make_database


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "_known", {})


@pytest.fixture
def shipped(wheel: Wheel, tmp_path: Path) -> list[Path]:
    return ship_twins(wheel, tmp_path / "dist")


@pytest.fixture
def colours(shipped: list[Path], site: Path) -> InstalledDataset:
    """Installed with its twins."""
    for each in shipped:
        install_wheel(each, site)
    return dataset("colours")


def file_of(found: InstalledDataset, table: str = "shade") -> Path:
    assert found.manifest is not None
    assert found.entry is not None
    return Path(found.entry.distribution.site, found.manifest.twins[table].path)


def read_from_twin(found: InstalledDataset) -> int:
    with no_sqlite():
        return found.arrow("shade").num_rows


def test_an_installed_twin_is_read_in_place(colours: InstalledDataset, tmp_path: Path) -> None:
    assert read_from_twin(colours) == 3
    assert colours.columnar()["shade"] == file_of(colours)
    assert not (tmp_path / "cache").exists()
    with only_sqlite():
        of_rows = colours.arrow("shade")
    assert colours.arrow("shade").equals(of_rows)
    assert twins.describe_twins(colours)[0]["distribution"] == "colours-data-columnar"
    (told,) = diagnose().datasets
    assert told["columnar"] == ["colour", "shade"]


def test_without_its_distribution_nothing_changes(shipped: list[Path], site: Path) -> None:
    install_wheel(shipped[-1], site)
    found = dataset("colours")
    assert found.arrow("shade").num_rows == 3
    assert twins.describe_twins(found) == []
    assert diagnose().ok


def test_a_twin_is_hashed_once_in_a_process(
    colours: InstalledDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_from_twin(colours) == 3
    monkeypatch.setattr(twins.PartFile, "find_damage", lambda _: "it was hashed again")
    assert read_from_twin(colours) == 3
    file_of(colours).touch()
    with pytest.raises(DatasetCorruptError, match="hashed again"):
        read_from_twin(colours)


def change_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (change_byte, "shade.parquet is not the file that was published"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "bytes; published were"),
        (lambda path: path.write_bytes(b""), "has 0 bytes; published were"),
        (lambda path: path.unlink(), "is needed, and"),
        (lambda path: (path.unlink(), path.mkdir()), "is a folder"),
    ],
    ids=["changed", "cut", "empty", "gone", "a folder"],
)
def test_a_twin_that_was_tampered_with_is_refused_by_name(
    colours: InstalledDataset, damage: object, said: str
) -> None:
    path = file_of(colours)
    damage(path)  # type: ignore[operator]
    with pytest.raises((DatasetCorruptError, DatasetFileMissingError)) as caught:
        colours.arrow("shade")
    assert said.replace("shade.parquet", path.name) in caught.value.message
    assert caught.value.message.startswith(
        "The columnar twins of colours-data 2026.1 cannot be read"
    )
    assert "colours-data-columnar==2026.1" in caught.value.hint
    (finding,) = [each for each in colours.verify().findings if each.code == "V17"]
    assert path.name in finding.message
    assert finding.hint == caught.value.hint
    with only_sqlite():
        assert colours.arrow("shade").num_rows == 3
    assert colours.arrow("colour").num_rows == 3


def test_a_twin_of_another_release_is_refused_by_name(
    shipped: list[Path], site: Path, tmp_path: Path
) -> None:
    database = make_database(tmp_path / "next" / "colours.db", rows=5)
    other = ship_twins(Wheel(version="2027.1").carry(database), tmp_path / "other")
    install_wheel(other[0], site)
    install_wheel(shipped[-1], site)
    with pytest.raises(DatasetFileMissingError) as caught:
        dataset("colours").arrow("shade")
    said = "colours-data-columnar 2026.1 is needed, and 2027.1 is installed"
    assert said in caught.value.message
    assert "colours-data-columnar==2026.1" in caught.value.hint
    (problem,) = diagnose().problems
    assert said in problem.message
    assert problem.distribution == "colours-data-columnar"


def test_two_files_that_changed_places_are_refused(colours: InstalledDataset) -> None:
    shade, colour = file_of(colours), file_of(colours, "colour")
    content = shade.read_bytes()
    shade.write_bytes(colour.read_bytes())
    colour.write_bytes(content)
    for table in ("shade", "colour"):
        with pytest.raises(DatasetCorruptError):
            colours.arrow(table)


def test_a_twin_of_another_layout_is_not_read(colours: InstalledDataset) -> None:
    """One that a later version of this package wrote, which knows other types."""
    assert colours.manifest is not None
    colours.manifest.twins["shade"].layout = "another"
    with pytest.raises(AssertionError, match="were read from SQLite"):
        read_from_twin(colours)
    assert colours.arrow("shade").num_rows == 3


def test_cached_twins_are_listed_with_their_tables_and_cleared(installed: Path) -> None:
    found = dataset("colours")
    (path,) = found.columnar(["shade"]).values()
    (entry,) = entries()
    assert (entry.name, entry.table, entry.path) == ("colours", "shade", str(path))
    assert entry.is_installed
    assert (path.parent / "other~file.parquet").write_bytes(b"PAR1")
    assert len(twins.list_cached(found.manifest)) == 1
    clear()
    assert not path.exists()
    assert found.arrow("shade").num_rows == 3


def test_an_unsafe_cache_hinders_no_read(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache").chmod(0o777)
    assert dataset("colours").arrow("shade").num_rows == 3
    assert twins.describe_twins(dataset("colours")) == []


MAKE = """
import os, sys
sys.path.insert(0, sys.argv[1])
import microcosm_sqlite
from microcosm_sqlite.catalog.cache import private_files
{fault}
print(*microcosm_sqlite.dataset("colours").columnar(["shade"]).values())
"""


def make_in_process(site: Path, tmp_path: Path, fault: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAKE.format(fault=fault), str(site)],
        env={**os.environ, CACHE: str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("call", ["write", "seal", "replace", "synchronize_folder"])
def test_a_process_that_is_killed_while_it_writes_leaves_no_twin_or_a_whole_one(
    installed: Path, tmp_path: Path, call: str
) -> None:
    fault = (
        f"real = private_files.{call}\ncalls = []\n"
        "def strike(*arguments):\n"
        "    calls.append(1)\n"
        f"    len(calls) < {3 if call == 'write' else 1} or os.kill(os.getpid(), 9)\n"
        "    return real(*arguments)\n"
        f"private_files.{call} = strike"
    )
    killed = make_in_process(installed, tmp_path, fault)
    _, said = killed.communicate(timeout=60)
    assert killed.returncode == -9, said
    found = dataset("colours")
    whole = twins.list_cached(found.manifest)
    assert len(whole) == (call == "synchronize_folder")
    (path,) = found.columnar(["shade"]).values()
    assert [twin.path for twin in twins.list_cached(found.manifest)] == [str(path)]
    assert read_from_twin(found) == 3


def test_processes_at_once_make_one_twin(database: Path, site: Path, tmp_path: Path) -> None:
    database = make_database(tmp_path / "large" / "colours.db", rows=50_000)
    Wheel().carry(database).install(site)
    makers = [make_in_process(site, tmp_path) for _ in range(3)]
    said = {maker.communicate(timeout=60)[0] for maker in makers}
    assert len(said) == 1
    registry._installed.clear()
    (twin,) = twins.list_cached(dataset("colours").manifest)
    assert said == {f"{twin.path}\n"}
    assert not twin.is_damaged


def test_without_pyarrow_the_error_names_the_extra(installed: Path, tmp_path: Path) -> None:
    maker = make_in_process(installed, tmp_path, "sys.modules['pyarrow'] = None")
    _, said = maker.communicate(timeout=60)
    assert "MissingDependencyError: This needs pyarrow, which is not installed." in said
    assert "pip install 'microcosm-sqlite[arrow]'" in said
    assert twins.list_cached(dataset("colours").manifest) == []
