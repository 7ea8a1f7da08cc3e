"""`build --wheels`: the wheels of a project, in shards where they are too large."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.publication import check_publication, list_uploads
from microcosm_sqlite.authoring.sharding.project_wheels import build_wheels
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import BuildError, SettingsError
from tests.support.program import Program
from tests.support.projects import SOURCES, complete, make_project

OPTIONS = """
compression = "zstd"
shards = "{shards}"

[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.editions.lite]
rows = 1
"""
MANY = "".join(f"{n},Bird {n * 7919 % 99991},PARU,{n % 97},\n" for n in range(4, 20_000))


def make_many(root: Path, shards: str = "100 kB", sources: str = MANY) -> Path:
    """A project of 20,000 birds, whose wheel has 230 kB."""
    return make_project(
        root,
        sources={**SOURCES, "birds.csv": SOURCES["birds.csv"] + sources},
        options=OPTIONS.format(shards=shards),
    )


@pytest.mark.parametrize("shards", ["100 kB", "90 MB"])
def test_the_command_prints_the_wheels_in_the_order_of_publishing(
    tmp_path: Path, shards: str
) -> None:
    project, dist = make_many(tmp_path / "birds-data", shards), tmp_path / "dist"
    done = Program(tmp_path, tmp_path).run("build", project, "--wheels", dist)
    printed = [Path(line) for line in done.stdout.splitlines()]
    names = [re.sub(r"0\.\d+-py3", "V-py3", path.name) for path in printed]
    expected = ["birds_data-1.0-py3-none-any.whl", "birds_data_lite-1.0-py3-none-any.whl"]
    if shards == "100 kB":
        count = len(printed) - 2
        assert count > 1
        parts = [f"birds_data_shard_{n:04}-V-py3-none-any.whl" for n in range(1, count + 1)]
        expected = [*parts, *expected]
    assert names == expected
    assert set(printed) == set(dist.rglob("*.whl"))
    assert f"Wheels: {len(printed)} wheels" in done.stderr
    assert all(verify_wheel(path).ok for path in printed[-2:])


def test_what_hatchling_says_ends_the_build(tmp_path: Path) -> None:
    project = make_many(tmp_path / "birds-data")
    (project / "pyproject.toml").write_text(
        (project / "pyproject.toml").read_text().replace('packages = ["src/', 'packages = ["gone/')
    )
    settings = ProjectSettings.from_pyproject(project)
    with pytest.raises(BuildError, match="hatchling cannot build") as caught:
        build_wheels(settings, tmp_path / "dist")
    assert "has no birds_data/birds.db.zst" in caught.value.message
    assert list((tmp_path / "dist").iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('compression = "zstd"', "", 'Set compression = "zstd"'),
        ('"100 kB"', "100000", 'such as "90 MB"'),
        ('"100 kB"', '"100 KiB"', 'such as "90 MB"'),
        ('"100 kB"', '"0 MB"', 'such as "90 MB"'),
        ('"100 kB"', "true", 'such as "90 MB"'),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    project = make_many(tmp_path / "birds-data")
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SettingsError) as caught:
        ProjectSettings.from_pyproject(project)
    assert "`shards`" in caught.value.message
    assert said in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["", "missing", "other"])
def test_a_check_tells_the_order_of_publishing(tmp_path: Path, damage: str) -> None:
    project = make_many(tmp_path / "birds-data")
    complete(project)
    *shards, _, _ = build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
    wheel = project / "dist" / "birds_data-1.0-py3-none-any.whl"
    assert list_uploads(wheel) == (shards, [wheel])
    if damage == "missing":
        shards[0].unlink()
    elif damage:
        shards[0].write_bytes(shards[1].read_bytes())
    program = Program(tmp_path, tmp_path)
    done = program.run("check", project, "--json", code=1 if damage else 0)
    found = {each["code"]: each for each in json.loads(done.stdout)["outcomes"]}
    if damage:
        assert found["P30"]["status"] == "failed"
        assert shards[0].name in found["P30"]["message"]
        assert found["P20"]["status"] == "skipped"
        assert found["P30"]["hint"] == f"Build them again: {BUILD}"
        build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
        assert check_publication(project).ok
    else:
        assert found["P30"]["status"] == found["P20"]["status"] == "ok"
        last = f"{wheel.name} and birds_data_lite-1.0-py3-none-any.whl"
        assert f"Publish the {len(shards)} shards first, and {last} last." in done.stderr


def test_checks_and_releases_name_the_command_that_makes_shards(tmp_path: Path) -> None:
    project = make_many(tmp_path / "birds-data")
    complete(project)
    program = Program(tmp_path, tmp_path)

    def check(path: Path) -> dict[str, str]:
        outcomes = check_publication(path).outcomes
        return {each.code: each.hint for each in outcomes if each.status in ("failed", "warning")}

    assert check(project)["P09"] == f"Build it: {BUILD}"
    program.run("build", "--quiet", project, "--wheels", project / "dist")
    assert "P09" not in check(project)
    wheel = project / "dist" / "birds_data-1.0-py3-none-any.whl"
    old = shutil.copytree(project / "dist", tmp_path / "old") / wheel.name
    with next(project.rglob("birds.csv")).open("a") as source:
        source.write("20000,Owl,PARU,1,\n")
    assert check(project)["P21"] == f"Build the wheel again, in its project: {BUILD}"
    assert f"Next: {BUILD} {project}" in program.run("release", old, "--project", project).stderr


BUILD = "microcosm-sqlite build --wheels dist"


@pytest.fixture(scope="module")
def with_editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an edition that is larger than a shard, and its wheels."""
    project = make_many(tmp_path_factory.mktemp("editions") / "birds-data")
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace("rows = 1\n", "rows = 15_000\n"))
    complete(project)
    build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
    return project


LITE = "birds_data_lite-1.0-py3-none-any.whl"


def test_an_edition_is_written_in_shards_as_well(with_editions: Path, tmp_path: Path) -> None:
    dist = with_editions / "dist"
    assert max(path.stat().st_size for path in dist.rglob("*.whl")) <= 100_000
    uploads = list_uploads(with_editions)
    assert [path.name for path in uploads.wheels] == ["birds_data-1.0-py3-none-any.whl", LITE]
    assert set(uploads.parts) == set((dist / "shards").iterdir())
    assert len([path for path in uploads.parts if "_lite_shard_" in path.name]) > 1
    site = tmp_path / "site"
    for wheel in (*uploads.parts, dist / LITE):
        with ZipFile(wheel) as archive:
            archive.extractall(site)
    program = Program(site, tmp_path)
    asked = program.run("query", "birds", "SELECT count(*) FROM birds")
    assert asked.stdout.split() == ["count(*)", "15000"]
    assert program.run("verify", "birds", "--full").stdout.strip().endswith("passed")
    for path in (with_editions, dist / LITE):
        assert check_publication(path).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing", f"{LITE} is not beside birds_data-1.0-py3-none-any.whl"),
        ("other", f"{LITE} was not taken from birds_data-1.0-py3-none-any.whl"),
        ("shards", f"P30 of {LITE}: birds-data-lite-shard-0001 0."),
    ],
)
def test_an_edition_that_is_not_fit_is_told(
    with_editions: Path, tmp_path: Path, damage: str, said: str
) -> None:
    project = shutil.copytree(with_editions, tmp_path / "birds-data")
    if damage == "missing":
        (project / "dist" / LITE).unlink()
    elif damage == "shards":
        next((project / "dist" / "shards").glob("*_lite_shard_0001-*")).unlink()
    else:
        with (project / "sources" / "birds.csv").open("a") as source:
            source.write("20000,Owl,PARU,1,\n")
        kept = shutil.copytree(project / "dist", tmp_path / "kept")
        build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
        shutil.copytree(kept / "shards", project / "dist" / "shards", dirs_exist_ok=True)
        shutil.copy(kept / LITE, project / "dist" / LITE)
    (found,) = check_publication(project).findings
    assert found.code == "P31"
    assert said in found.message
    assert found.hint.endswith(BUILD)
    build_wheels(ProjectSettings.from_pyproject(project), project / "dist")
    assert check_publication(project).ok
