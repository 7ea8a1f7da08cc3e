"""Shards that an installer left behind are told, with the command that removes them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.doctor import diagnose
from tests.support.shards import Shards
from tests.support.twins import install_wheel, ship_twins
from tests.support.wheels import Wheel


@pytest.fixture
def shards(database: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> Shards:
    """A dataset in three shards, installed in an environment of its own."""
    monkeypatch.setattr(sys, "prefix", str(site.parent))
    shards = Shards(database)
    shards.install(site)
    return shards


def uninstall(wheel: Wheel, site: Path) -> None:
    for name in {path.partition("/")[0] for path in wheel.files}:
        shutil.rmtree(site / name)


def tell() -> list[tuple[str, str]]:
    return [(problem.message, problem.hint) for problem in diagnose().problems]


def test_shards_that_are_needed_are_left_alone(shards: Shards, site: Path) -> None:
    Wheel("other-shard-0001").install(site)  # which has the name of one
    assert tell() == []


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_release_with_fewer_shards_leaves_some(
    shards: Shards, database: Path, site: Path, installer: str
) -> None:
    for wheel in shards.wheels:
        uninstall(wheel, site)
    fewer = Shards(database, 2)
    fewer.install(site)
    last = shards.parts[-1].put(f"{shards.parts[-1].info}/INSTALLER", f"{installer}\n")
    last.install(site)
    command = {"pip": "pip uninstall -y", "uv": "uv pip uninstall"}[installer]
    assert tell() == [
        (
            f"colours-data-shard-0003 in {site} carries data that no installed dataset needs.",
            f"Run: {command} colours-data-shard-0003",
        )
    ]


def test_all_shards_stay_when_their_dataset_is_uninstalled(shards: Shards, site: Path) -> None:
    uninstall(shards.whole, site)
    names = " ".join(part.name for part in shards.parts)
    told = (
        f"colours-data-shard-0001 and 2 more in {site} carry data that no installed dataset needs."
    )
    assert tell() == [(told, f"Run: pip uninstall -y {names}")]


def test_what_installers_do_not_reach_is_removed_by_hand(
    shards: Shards, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(shards.whole, site)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "elsewhere"))
    ((_, hint),) = tell()
    assert hint == "Remove them there."


def test_a_name_that_means_more_in_a_shell_is_in_no_command(shards: Shards, site: Path) -> None:
    part = shards.parts[0]
    for name in ("x; touch gone #_shard_0001", "$(id)-shard-0001", "-r-shard-0001\n"):
        uninstall(shards.whole, site)
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1\n"
        (site / part.info / "METADATA").write_text(text)
        hints = [hint for _, hint in tell()]
        assert hints
        assert not any(set(hint) & set(";$()#") for hint in hints)
        shards.install(site)


def test_a_dataset_that_cannot_be_read_may_need_its_shards(shards: Shards, site: Path) -> None:
    (site / shards.whole.info / "extra_metadata" / "datapackage.json").write_text("{")
    assert not any("no installed dataset needs" in message for message, _ in tell())


def test_columnar_twins_stay_as_well(wheel: Wheel, site: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    part, whole = ship_twins(wheel, tmp_path / "dist")
    install_wheel(part, site)
    install_wheel(whole, site)
    assert tell() == []
    shutil.rmtree(site / wheel.info)
    (told,) = tell()
    assert told[0].startswith(f"colours-data-columnar in {site} carries data that no installed")
