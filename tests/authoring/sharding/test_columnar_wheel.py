"""Columnar twins as a wheel of their own, which `build --wheels` writes beside the dataset's."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.metadata import Metadata

pytest.importorskip("pyarrow")

from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.publication import check_publication, list_uploads
from microcosm_sqlite.authoring.sharding.columnar_wheel import add_twins
from microcosm_sqlite.authoring.sharding.project_wheels import build_wheels
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.opening import read_wheel
from microcosm_sqlite.catalog.verifying.record import compare_archive, read_record
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import DatasetError, SettingsError
from tests.support.program import Program
from tests.support.projects import complete, make_project
from tests.support.twins import ship_twins
from tests.support.wheels import Wheel, make_database

OPTIONS = "columnar = {columnar}\n"
LITE = """
[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.editions.lite]
rows = 1
"""


def read_manifest(wheel: Path) -> Manifest:
    found = read_wheel(str(wheel)).read_manifest()
    assert found is not None
    return found


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    database = make_database(tmp_path / "colours.db", rows=100)
    wheel = Wheel(version="1.0").carry(database, compression="zstd")
    path = f"{wheel.info}/METADATA"
    told = wheel.files[path].decode()
    return wheel.put(path, f"{told}License-Expression: CC0-1.0\n\nColours.\n")


def test_the_twins_are_in_a_wheel_that_the_other_names(wheel: Wheel, tmp_path: Path) -> None:
    part, whole = ship_twins(wheel, tmp_path / "dist")
    assert part.name == "colours_data_columnar-1.0-py3-none-any.whl"
    assert verify_wheel(whole, full=True).ok
    manifest = read_manifest(whole)
    with ZipFile(part) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        metadata = Metadata.from_email(archive.read("colours_data_columnar-1.0.dist-info/METADATA"))
    assert list(manifest.twins) == ["colour", "shade"]
    for twin in manifest.twins.values():
        assert sizes[twin.path] == twin.file_bytes
        assert twin.file_sha256[:40] in twin.path
    assert (metadata.name, str(metadata.version)) == ("colours-data-columnar", "1.0")
    assert metadata.license_expression == "CC0-1.0"
    assert not list(compare_archive(str(part), read_record(read_wheel(str(part)))))
    with pytest.raises(DatasetError, match="a columnar twin: name the wheel that it belongs to"):
        verify_wheel(part)


def test_an_extra_installs_them(wheel: Wheel, tmp_path: Path) -> None:
    _, whole = ship_twins(wheel, tmp_path / "dist")
    metadata = Metadata.from_email((read_wheel(str(whole)).read("METADATA") or b"").decode())
    assert metadata.provides_extra == ["columnar"]
    assert [str(each) for each in metadata.requires_dist or ()] == [
        'colours-data-columnar==1.0; extra == "columnar"',
        'microcosm-sqlite[arrow]; extra == "columnar"',
    ]
    assert metadata.description == "Colours.\n"


def test_the_same_wheel_gives_the_same_bytes(wheel: Wheel, tmp_path: Path) -> None:
    first, second = (ship_twins(wheel, tmp_path / name) for name in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_tables_can_be_chosen(wheel: Wheel, tmp_path: Path) -> None:
    _, whole = ship_twins(wheel, tmp_path / "dist", ["shade"])
    assert list(read_manifest(whole).twins) == ["shade"]
    with pytest.raises(SettingsError, match="names the table shades, which is not in colours"):
        ship_twins(wheel, tmp_path / "wrong", ["shades"])


def test_large_members_are_copied_in_pieces(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "microcosm_sqlite.authoring.sharding.part_wheels._MOST_BYTES"
    monkeypatch.setattr(name, 1000)
    part, whole = ship_twins(wheel, tmp_path / "dist")
    assert verify_wheel(whole, full=True).ok
    assert sorted(part.parent.rglob("*.zst")) == []


@pytest.mark.parametrize("columnar", ["true", '["birds"]', "false"])
def test_a_build_writes_them_with_the_parts(tmp_path: Path, columnar: str) -> None:
    options = OPTIONS.format(columnar=columnar) + LITE
    project, dist = make_project(tmp_path / "birds-data", options=options), tmp_path / "dist"
    done = Program(tmp_path, tmp_path).run("build", project, "--wheels", dist)
    printed = [Path(line).name for line in done.stdout.splitlines()]
    wheels = ["birds_data-1.0-py3-none-any.whl", "birds_data_lite-1.0-py3-none-any.whl"]
    parts = [] if columnar == "false" else ["birds_data_columnar-1.0-py3-none-any.whl"]
    assert printed == [*parts, *wheels]
    assert [path.name for path in (dist / "shards").glob("*")] == parts
    tables = {"true": ["birds", "families"], '["birds"]': ["birds"], "false": []}[columnar]
    assert list(read_manifest(dist / wheels[0]).twins) == tables
    assert read_manifest(dist / wheels[1]).twins == {}, "an edition has none"


def test_a_wheel_with_twins_can_be_in_shards_as_well(tmp_path: Path) -> None:
    many = "".join(f"{n},Bird {n * 7919 % 99991},PARU,{n % 97},\n" for n in range(4, 20_000))
    birds = f"id,name,family,wingspan,described\n{many}"
    options = 'compression = "zstd"\nshards = "100 kB"\ncolumnar = true\n'
    families = "code,name\nPARU,Tits\n"
    project = make_project(
        tmp_path / "birds-data",
        sources={"birds.csv": birds, "families.csv": families},
        options=options,
    )
    twins, *shards, whole = build_wheels(ProjectSettings.from_pyproject(project), tmp_path / "dist")
    assert len(shards) > 1
    manifest = read_manifest(whole)
    assert len(manifest.shards) == len(shards)
    assert {twin.wheel for twin in manifest.twins.values()} == {twins.name}
    assert verify_wheel(whole, full=True).ok


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["", "missing", "other"])
def test_a_check_looks_at_them_and_tells_the_order(tmp_path: Path, damage: str) -> None:
    project = make_project(tmp_path / "birds-data", options=OPTIONS.format(columnar="true"))
    complete(project)
    build = "microcosm-sqlite build --wheels dist"
    found = {each.code: each for each in check_publication(project).outcomes}
    assert found["P09"].hint == f"Build it: {build}"
    part, whole = build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
    assert list_uploads(project) == ([part], [whole])
    if damage == "missing":
        part.unlink()
    elif damage:
        part.write_bytes(whole.read_bytes())
    done = Program(tmp_path, tmp_path).run("check", project, "--json", code=1 if damage else 0)
    outcomes = {each["code"]: each for each in json.loads(done.stdout)["outcomes"]}
    if damage:
        assert outcomes["P30"]["status"] == "failed"
        assert outcomes["P30"]["hint"] == f"Build them again: {build}"
    else:
        assert outcomes["P30"]["status"] == "ok"
        assert f"Publish the 1 other wheel first, and {whole.name} last." in done.stderr


@pytest.mark.parametrize("value", ['"birds"', "1", "[1]"])
def test_a_setting_that_cannot_be_used_is_refused(tmp_path: Path, value: str) -> None:
    project = make_project(tmp_path / "birds-data", options=OPTIONS.format(columnar=value))
    with pytest.raises(SettingsError, match="`columnar`"):
        ProjectSettings.from_pyproject(project)


def test_a_wheel_without_a_dataset_has_none(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        add_twins(Wheel("empty").pack(tmp_path), True, tmp_path)
