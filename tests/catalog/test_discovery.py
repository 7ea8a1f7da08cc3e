"""Whatever stands on the import path, what can be used is found and what cannot is told."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, datasets, problems
from microcosm_sqlite.catalog import discovery
from microcosm_sqlite.catalog.discovery import discover
from microcosm_sqlite.errors import AmbiguousDatasetError, BrokenDistributionError
from tests.support.wheels import Wheel, make_database


def names() -> list[str]:
    return [entry.name for entry in discover().entries]


def test_an_empty_path_holds_nothing(site: Path) -> None:
    assert discover().entries == []
    assert discover().problems == []


def test_an_installed_wheel_is_found_with_its_distribution(installed: Path) -> None:
    (entry,) = discover().entries
    assert (entry.name, entry.reference) == ("colours", "colours_data:path")
    assert entry.distribution.name == "colours-data"
    assert entry.distribution.version == "2026.1"
    assert entry.distribution.site == str(installed)
    assert "colours_data" not in sys.modules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[microcosm.sqlite]\na = m:f\n", {"a": "m:f"}),
        ("\ufeff[microcosm.sqlite]\r\na = m:f\r\n", {"a": "m:f"}),
        ("[other]\nx = y\n[microcosm.sqlite]\n\n# c\n; c\na=m:f [extra]\n", {"a": "m:f [extra]"}),
        ("[microcosm.sqlite]\nno-identifier.2026 = m:f\n[z]\nq\n", {"no-identifier.2026": "m:f"}),
        ("[microcosm.sqlite]\nüñï çødé = m:f\n", {"üñï çødé": "m:f"}),
        ("[microcosm.sqlite]\na = m:f\na = m:g\n", {"a": "m:g"}),
        ("[microcosm.sqlite.other]\na = m:f\n", {}),
        ("# microcosm.sqlite\n[x]\na = b\n", {}),
        ("[microcosm.sqlite]\n", {}),
        ("", {}),
    ],
)
def test_the_group_is_read_from_any_valid_entry_points(
    site: Path, text: str, expected: dict[str, str]
) -> None:
    wheel = Wheel()
    wheel.put(f"{wheel.info}/entry_points.txt", text).install(site)
    assert {entry.name: entry.reference for entry in discover().entries} == expected
    assert discover().problems == []


@pytest.mark.parametrize(
    "content",
    [
        b"[microcosm.sqlite]\nno equals sign\n",
        b"[microcosm.sqlite]\n= no name\n",
        b"[microcosm.sqlite]\nno reference =\n",
        b"[microcosm.sqlite]\nlatin = m\xfcller:path\n",
    ],
    ids=["no equals", "no name", "no reference", "not UTF-8"],
)
def test_a_malformed_file_is_told_and_hides_nobody(installed: Path, content: bytes) -> None:
    bad = Wheel("bad-data", "1.0")
    bad.put(f"{bad.info}/entry_points.txt", content).install(installed)
    assert names() == ["colours"]
    (problem,) = discover().problems
    assert problem.distribution == "bad-data"
    assert "entry_points.txt" in problem.message
    assert problem.hint == "Run: pip install --force-reinstall --no-deps bad-data"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00garbage", b"no section at all\n", b"[console_scripts]\nbroken\n"]
)
def test_foreign_malformed_files_are_none_of_our_business(installed: Path, content: bytes) -> None:
    foreign = Wheel("foreign", "1.0")
    foreign.put(f"{foreign.info}/entry_points.txt", content).install(installed)
    assert names() == ["colours"]
    assert discover().problems == []


def test_odd_folders_are_passed_over(installed: Path) -> None:
    (installed / "empty-1.0.dist-info").mkdir()
    (installed / "file-1.0.dist-info").write_text("not a folder")
    (installed / "old.egg-info").write_text("Name: old\n")
    (installed / "folder-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    (installed / "~olours_data-2025.1.dist-info").mkdir()
    left = Wheel("~olours-data", "2025.1").enter("colours = colours_data:path")
    left.install(installed)
    assert names() == ["colours"]


def test_a_fifo_in_place_of_metadata_does_not_hang(installed: Path) -> None:
    (installed / "pipe-1.0.dist-info").mkdir()
    os.mkfifo(installed / "pipe-1.0.dist-info" / "entry_points.txt")
    assert names() == ["colours"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_unreadable_metadata_is_told(installed: Path) -> None:
    (installed / Wheel().info / "entry_points.txt").chmod(0)
    (problem,) = discover().problems
    assert "Permission denied" in problem.message


def test_metadata_that_fails_to_read_is_told(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.read

    def fail(descriptor: int, size: int) -> bytes:
        if "entry_points" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(5, "Input/output error")
        return real(descriptor, size)

    monkeypatch.setattr(os, "read", fail)
    (problem,) = discover().problems
    assert problem.distribution == "colours_data"
    assert "Input/output error" in problem.message


def test_a_distribution_without_metadata_is_named_after_its_folder(
    wheel: Wheel, site: Path
) -> None:
    del wheel.files[f"{wheel.info}/METADATA"]
    wheel.install(site)
    (entry,) = discover().entries
    assert (entry.distribution.name, entry.distribution.version) == ("colours_data", "2026.1")
    assert list(datasets()) == ["colours"]


def test_of_two_versions_of_one_distribution_the_newer_folder_counts(
    database: Path, site: Path
) -> None:
    Wheel(version="2025.1").carry(database).install(site)
    Wheel(version="2026.1").carry(database).install(site)
    older, newer = (site / Wheel(version=version).info for version in ("2026.1", "2025.1"))
    os.utime(older, (1, 1))
    os.utime(newer, (2, 2))
    (entry,) = discover().entries
    assert entry.distribution.version == "2025.1"
    (problem,) = discover().problems
    assert "several versions at once (2025.1, 2026.1)" in problem.message


def test_a_folder_in_the_name_of_another_distribution_never_answers_for_it(
    database: Path, installed: Path
) -> None:
    shadow = Wheel(version="9999").carry(database, package="other_data")
    shadow.install(installed)
    with pytest.raises(AmbiguousDatasetError, match="is claimed by colours-data"):
        dataset("colours")
    assert "colours" not in datasets()
    told = [problem.message for problem in problems()]
    assert "several versions at once (2026.1, 9999); they have different entry points" in told[0]
    assert "is claimed by" in told[1]


@pytest.mark.parametrize("claims", [True, False])
def test_a_dataset_with_two_metadata_folders_is_not_verified(
    database: Path, installed: Path, claims: bool
) -> None:
    second = Wheel(version="2027.1")
    (second.carry(database) if claims else second).install(installed)
    assert "several versions at once (2026.1, 2027.1)" in discover().problems[0].message
    outcome = dataset("colours").verify().outcomes[0]
    assert outcome.status == "failed"
    assert "several versions at once: 2026.1, 2027.1" in outcome.message


def test_a_distribution_earlier_on_the_path_hides_a_later_one(
    database: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wheel(version="1").carry(database).install(site)
    first = Wheel("Colours.Data", "2").carry(database).install(tmp_path / "first")
    monkeypatch.syspath_prepend(str(first))
    (entry,) = discover().entries
    assert entry.distribution.version == "2"


def test_the_path_may_change_at_run_time(
    installed: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names() == ["colours"]
    other = Wheel("tints-data").carry(database, name="tints", package="tints_data")
    later = other.install(tmp_path / "later")
    monkeypatch.syspath_prepend(str(later))
    assert sorted(names()) == ["colours", "tints"]
    sys.path.remove(str(installed))
    assert names() == ["tints"]
    sys.path.append(str(installed))
    Wheel("hues-data").carry(database, name="hues", package="hues_data").install(installed)
    assert sorted(names()) == ["colours", "hues", "tints"]


def test_a_relative_path_entry_follows_the_process(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel.install(tmp_path / "here")
    (tmp_path / "there").mkdir()
    monkeypatch.syspath_prepend("")
    monkeypatch.chdir(tmp_path / "here")
    assert names() == ["colours"]
    monkeypatch.chdir(tmp_path / "there")
    assert names() == []


def test_odd_entries_of_the_path_are_passed_over(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"no zip")
    odd = [None, 7, b"bytes", installed, "nul\0", str(junk), str(tmp_path / "gone"), "/dev/null"]
    monkeypatch.setattr(sys, "path", [*odd, *sys.path])
    assert names() == ["colours"]


def test_unchanged_directories_are_not_read_again(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = discover().entries
    monkeypatch.setattr(discovery, "_read_site", lambda *stamp: pytest.fail("read again"))
    (after,) = discover().entries
    assert before is after


def test_a_zip_on_the_path_is_searched(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(wheel.pack(tmp_path)))
    (entry,) = discover().entries
    assert entry.distribution.is_zipped
    assert entry.distribution.version == "2026.1"
    assert entry.distribution.read("no such file") is None


def test_damaged_metadata_in_a_zip_is_told(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "damaged.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path, content in wheel.files.items():
            opened.writestr(path, content)
    archive.write_bytes(archive.read_bytes().replace(b"= colours_data", b"= colours_dota", 1))
    monkeypatch.syspath_prepend(str(archive))
    (problem,) = discover().problems
    assert "CRC" in problem.message


def test_two_distributions_with_one_name_concern_that_name_only(
    installed: Path, tmp_path: Path
) -> None:
    database = make_database(tmp_path / "other" / "colours.db")
    Wheel("paint-data", "7").carry(database).install(installed)
    Wheel("tints-data").carry(database, name="tints", package="tints_data").install(installed)
    assert list(datasets()) == ["tints"]
    (problem,) = problems()
    assert problem.dataset == "colours"
    assert "colours-data 2026.1" in problem.message
    assert "paint-data 7" in problem.message


LEGACY = {
    "raises": "raise ZeroDivisionError('at import')",
    "exits": "import sys; sys.exit('goodbye')",
    "lacks it": "",
    "no function": "path = 3",
    "function raises": "def path(graph):\n    raise KeyError('x')",
    "function exits": "def path(graph):\n    raise SystemExit(4)",
    "returns none": "def path(graph):\n    return None",
    "returns nul": "def path(graph):\n    return 1j",
}


@pytest.mark.parametrize("source", LEGACY.values(), ids=LEGACY)
def test_a_legacy_entry_point_that_fails_is_one_error_of_ours(installed: Path, source: str) -> None:
    legacy = Wheel("legacy-data", "1.0").put("legacy_data.py", source)
    legacy.enter("legacy = legacy_data:path").install(installed)
    assert sorted(datasets()) == ["colours", "legacy"], "listing imports nothing"
    with pytest.raises(BrokenDistributionError, match=r"legacy-data 1\.0"):
        datasets()["legacy"].connect()
    datasets()["colours"].connect().close()


def test_an_interrupt_is_not_swallowed(site: Path) -> None:
    Wheel("legacy-data").put("legacy_data.py", "raise KeyboardInterrupt").enter(
        "legacy = legacy_data:path"
    ).install(site)
    with pytest.raises(KeyboardInterrupt):
        datasets()["legacy"].connect()


def test_a_legacy_entry_point_is_given_the_graph(site: Path, database: Path) -> None:
    source = "class Paths:\n    @staticmethod\n    def of(graph):\n        return graph\n"
    Wheel("legacy-data").put("legacy_data.py", source).enter(
        "legacy = legacy_data:Paths.of [extra]"
    ).install(site)
    (entry,) = discover().entries
    assert entry.load_path(database) is database
