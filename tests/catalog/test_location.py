"""A dataset's file is found without importing its package, wherever it is installed."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, datasets, errors, problems
from microcosm_sqlite.catalog.location import Location, locate_object
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from tests.support.wheels import Wheel, make_database


def test_a_packaged_file_is_opened_in_place_and_immutable(installed: Path) -> None:
    location = dataset("colours").location
    assert location.path == str(installed / "colours_data" / "colours.db")
    assert location.immutable
    assert not location.is_cached
    assert "colours_data" not in sys.modules


def test_a_file_in_a_namespace_package_is_found(database: Path, site: Path) -> None:
    Wheel().carry(database, package="paint.box.colours").install(site)
    assert dataset("colours").path == site / "paint" / "box" / "colours" / "colours.db"


def test_a_file_that_is_gone_is_named_with_its_distribution(installed: Path) -> None:
    (installed / "colours_data" / "colours.db").unlink()
    found = dataset("colours")
    assert found.manifest
    with pytest.raises(errors.DatasetFileMissingError, match=r"force-reinstall|Reinstall"):
        found.connect()


def test_a_package_that_is_gone_is_named_with_its_distribution(installed: Path) -> None:
    for path in (installed / "colours_data").iterdir():
        path.unlink()
    (installed / "colours_data").rmdir()
    with pytest.raises(errors.DatasetFileMissingError, match=r"force-reinstall .*colours-data"):
        dataset("colours").connect()


class TestLeadingOut:
    """A manifest names only what its own distribution installed."""

    @pytest.mark.parametrize(
        "led",
        [
            {"package": ""},
            {"package": "colours_data"},
            {"package": ".."},
            {"package": "/etc"},
            {"resource": "../colours_data/colours.db"},
            {"resource": "/etc/passwd"},
            {"models": "antigravity"},
            {"models": "colours_data.models"},
            {"models": "../models"},
            {"models": "..models"},
            {"models": "/models"},
        ],
    )
    @pytest.mark.parametrize("is_recorded", [True, False])
    def test_to_anything_else_is_refused(
        self, led: dict[str, str], is_recorded: bool, installed: Path, database: Path
    ) -> None:
        wheel = Wheel("evil-data").carry(database, name="evil", package="evil_data")
        file = f"{wheel.info}/extra_metadata/{FILE_NAME}"
        raw = json.loads(wheel.files[file])
        raw[EXTENSION] |= led
        wheel.put(file, json.dumps(raw)).install(installed)
        if not is_recorded:
            (installed / wheel.info / "RECORD").unlink()
        for name in ("antigravity.py", "colours.db"):
            (installed / name).write_bytes(b"")  # what could be found on the import path
        evil = dataset("evil")
        for use in (evil.connect, lambda: evil.path, lambda: evil.models):
            with pytest.raises(errors.ManifestError, match=r"leads out|evil-data 2026\.1 did not"):
                use()
        assert not evil.verify().ok
        assert list(datasets()) == ["colours"]
        assert [problem.dataset for problem in problems()] == ["evil"]

    def test_to_models_of_a_package_that_another_distribution_installed_is_refused(
        self, installed: Path, database: Path
    ) -> None:
        wheel = Wheel("evil-data").carry(database, name="evil", package="evil_data")
        file = f"{wheel.info}/extra_metadata/{FILE_NAME}"
        raw = json.loads(wheel.files[file])
        raw[EXTENSION] |= {"models": "colours_data.models"}
        wheel.put(file, json.dumps(raw)).enter("evil = colours_data:path").install(installed)
        (installed / "colours_data" / "models.py").write_text("raise RuntimeError")
        with pytest.raises(errors.ManifestError, match=r"colours_data\.models, which evil-data"):
            _ = dataset("evil").models

    def test_to_a_package_that_another_distribution_installed_is_refused(
        self, installed: Path, database: Path
    ) -> None:
        wheel = Wheel("evil-data").carry(database, name="evil")
        wheel.files = {name: text for name, text in wheel.files.items() if wheel.info in name}
        wheel.install(installed)
        with pytest.raises(errors.ManifestError, match="did not install"):
            dataset("evil").connect()
        assert not dataset("evil").verify().ok
        dataset("colours").connect().close()

    def test_to_another_package_of_the_same_distribution_is_not_leading_out(
        self, site: Path, database: Path
    ) -> None:
        wheel = Wheel().carry(database, package="shades", models="tints.models", init="")
        wheel.put("tints/models.py", "answer = 42").enter("colours = doors:path").install(site)
        dataset("colours").connect().close()
        assert dataset("colours").models.answer == 42

    def test_without_a_record_the_name_of_the_package_counts(self, installed: Path) -> None:
        (installed / Wheel().info / "RECORD").unlink()
        dataset("colours").connect().close()


class TestLegacy:
    """Wheels written for 2.0.0 have no manifest; their entry point says where the file is."""

    def install(self, site: Path, source: str) -> Wheel:
        wheel = Wheel("legacy-data").put("legacy_data/__init__.py", source)
        wheel.enter("legacy = legacy_data:path").install(site)
        return wheel

    def test_inside_of_its_distribution(self, site: Path) -> None:
        self.install(
            site,
            "from os.path import dirname, join\n"
            "def path(graph): return join(dirname(__file__), 'x.db')\n",
        )
        make_database(site / "legacy_data" / "x.db")
        found = dataset("legacy")
        assert found.is_legacy
        assert found.location.immutable
        assert found.tables["colour"].row_count == 3
        assert found.tables["shade"].foreign_keys

    def test_outside_of_it(self, site: Path, tmp_path: Path) -> None:
        outside = make_database(tmp_path / "working.db")
        self.install(site, f"import pathlib\ndef path(g): return pathlib.Path({str(outside)!r})")
        assert dataset("legacy").path == outside
        assert not dataset("legacy").location.immutable

    def test_in_a_development_tree(self, site: Path) -> None:
        wheel = Wheel("legacy-data").put("legacy_data.py", "")
        wheel.info = "legacy_data.egg-info"
        wheel.files = {
            "legacy_data.egg-info/PKG-INFO": b"Name: legacy-data\nVersion: 0\n",
            "legacy_data.py": b"def path(g): return __file__[:-3] + '.db'",
        }
        wheel.enter("legacy = legacy_data:path").install(site)
        make_database(site / "legacy_data.db")
        assert dataset("legacy").distribution_version == "0"
        assert not dataset("legacy").location.immutable

    def test_returning_a_traversable_on_disk(self, site: Path) -> None:
        self.install(
            site,
            "from importlib.resources import files\n"
            "def path(graph=None): return files('legacy_data') / 'x.db'\n",
        )
        make_database(site / "legacy_data" / "x.db")
        assert dataset("legacy").path == site / "legacy_data" / "x.db"

    def test_returning_a_traversable_in_a_zip(
        self, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wheel = Wheel("legacy-data").put("legacy_data/x.db", database.read_bytes())
        wheel.put(
            "legacy_data/__init__.py",
            "from importlib_resources import files\n"
            "def path(graph=None): return files('legacy_data') / 'x.db'\n",
        ).enter("legacy = legacy_data:path")
        monkeypatch.syspath_prepend(str(wheel.pack(tmp_path)))
        found = dataset("legacy")
        connection = found.connect()
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
        connection.close()
        assert found.location.is_cached


@pytest.mark.parametrize("kind", [str, Path, lambda path: str(path).encode(), zipfile.Path])
def test_whatever_stands_for_a_file_is_taken(tmp_path: Path, kind: object) -> None:
    database = make_database(tmp_path / "x.db")
    found: object
    if kind is zipfile.Path:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.write(database, "x.db")
        found = zipfile.Path(tmp_path / "x.zip", "x.db")
    else:
        found = kind(database)  # type: ignore[operator]
    if isinstance(found, bytes):
        with pytest.raises(TypeError, match="must be a string, a path or a resource"):
            locate_object(found)
    else:
        assert Path(locate_object(found).path).read_bytes() == database.read_bytes()


def test_a_location_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Location("x.db", immutable=True).path == str(tmp_path / "x.db")
    assert "immutable" in repr(Location("x.db", immutable=True))
