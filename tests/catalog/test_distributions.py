"""An editable install has its metadata in one place and its package in another."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, errors
from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.distributions import Distribution, folder_reader
from microcosm_sqlite.catalog.manifest import FILE_NAME
from tests.support.wheels import Wheel, compress, describe, make_database


@pytest.fixture
def tree(database: Path, site: Path, tmp_path: Path) -> Path:
    wheel = Wheel().carry(database)
    project = tmp_path / "project" / "src"
    for name in [name for name in wheel.files if name.startswith("colours_data/")]:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wheel.files.pop(name))
    # As installers and build backends leave it.
    (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "Colours.Data"\n')
    origin = {"url": f"file://{tmp_path}/project", "dir_info": {"editable": True}}
    wheel.put(f"{wheel.info}/direct_url.json", json.dumps(origin)).install(site)
    return project


@pytest.mark.parametrize(
    ("told", "name", "is_own"),
    [
        ("of this project", "colours-data", True),
        ("of this project", "shades-data", False),
        ("of another folder", "colours-data", False),
        ("nothing", "colours-data", False),
        ("a .pth file", "colours-data", True),
    ],
)
@pytest.mark.parametrize("reference", ["colours_data:path", "doors:path"])
def test_only_the_file_of_its_own_project_is_taken(
    tree: Path,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
    told: str,
    name: str,
    is_own: bool,
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tree)])
    info = site / Wheel().info
    (info / "entry_points.txt").write_text(f"[microcosm.sqlite]\ncolours = {reference}\n")
    (tree.parent / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    if told == "of another folder":
        (info / "direct_url.json").write_text(
            json.dumps({"url": f"file://{site}", "dir_info": {"editable": True}})
        )
    elif told != "of this project":
        (info / "direct_url.json").unlink()
    if told == "a .pth file":
        (info / "RECORD").write_text("_colours_data.pth,sha256=x,1\n")
    if is_own:
        assert dataset("colours").path == tree / "colours_data" / "colours.db"
        return
    with pytest.raises(errors.ManifestError, match="did not install"):
        dataset("colours").connect()


def test_through_the_path(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tree)])
    location = dataset("colours").location
    assert location.path == str(tree / "colours_data" / "colours.db")
    assert not location.immutable, "its author may build it again at any time"
    dataset("colours").connect().close()
    assert "colours_data" not in sys.modules


def test_through_an_import_hook(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.machinery import PathFinder

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> object:
            return PathFinder.find_spec(name, [str(tree)])

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert dataset("colours").path == tree / "colours_data" / "colours.db"
    assert "colours_data" not in sys.modules


def test_the_manifest_beside_a_rebuilt_file_counts(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tree)])
    path = tree / "colours_data" / "colours.db"
    path.unlink()
    make_database(path, rows=7)
    raw = describe(path) | {"version": "2027.1"}
    (path.parent / FILE_NAME).write_text(json.dumps(raw))
    found = dataset("colours")
    assert found.version == "2027.1"
    assert found.tables["shade"].row_count == 10


def test_a_compressed_file_that_was_rebuilt_is_extracted_anew(
    tree: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tree)])
    packed = Wheel().carry(tree / "colours_data" / "colours.db", compression="zstd")
    packed.files = {name: text for name, text in packed.files.items() if ".dist-info" in name}
    packed.install(site)
    for rows in (5, 9):
        database = make_database(tmp_path / "colours.db", rows=rows)
        raw = describe(database, resource="colours.db.zst", compression="zstd")
        folder = tree / "colours_data"
        (folder / "colours.db.zst").write_bytes(compress(database.read_bytes(), "zstd"))
        (folder / FILE_NAME).write_text(json.dumps(raw))
        # Another process, as far as the memory of this one goes.
        monkeypatch.setattr(registry, "_installed", {})
        connection = dataset("colours").connect()
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (rows + 3,)
        connection.close()


def test_no_name_puts_more_than_a_name_into_the_command_that_repairs_it(
    database: Path, site: Path
) -> None:
    wheel = Wheel().carry(database)
    for text in ("x; touch gone #", "$(touch gone)", "`touch gone`", "x\x1b[2J"):
        metadata = f"Metadata-Version: 2.4\nName: {text}\nVersion: {text}\n"
        wheel.put(f"{wheel.info}/METADATA", metadata).install(site)
        distribution = Distribution(str(site), wheel.info, folder_reader(str(site / wheel.info)))
        assert (distribution.name, distribution.version) == ("colours_data", "2026.1")
        assert distribution.reinstall_command.endswith(" colours_data")
    hostile = Distribution(str(site), "x; touch gone #-1.dist-info", folder_reader(str(site)))
    assert hostile.reinstall_command.endswith(" xtouchgone")


def test_not_found_at_all(tree: Path) -> None:
    found = dataset("colours")
    assert found.version == "2026.1"
    with pytest.raises(errors.DatasetFileMissingError, match="colours-data"):
        _ = found.path
