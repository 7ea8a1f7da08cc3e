"""RECORD is a stranger's: what it lists is compared, and nothing else is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.verifying import record
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import BrokenDistributionError
from tests.support.wheels import Wheel


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are hashed."""
    paths: list[str] = []
    known = hash_file

    def watch(path: str, algorithm: str = "sha256") -> tuple[bytes, int]:
        paths.append(path)
        return known(path, algorithm)

    monkeypatch.setattr("microcosm_sqlite.catalog.verifying.run.hash_file", watch)
    return paths


def message_for(wheel: Wheel, site: Path, line: str) -> str:
    """What the check of RECORD says of one more line in it."""
    path = site / wheel.info / "RECORD"
    path.write_text(f"{path.read_text()}{line},sha256=abc,1\n")
    outcome = dataset("colours").verify().outcomes[0]
    assert (outcome.code, outcome.status) == ("V01", "failed")
    return outcome.message


@pytest.mark.parametrize(
    "line",
    [
        "/proc/self/environ",
        "../secret",
        "../../../../../../../../../../proc/self/environ",
        "colours_data/../../secret",
        "/dev/zero",
        "//etc/passwd",
        "../site",
        "../site-packages/x",
        "..",
    ],
)
def test_lines_that_leave_the_site_are_told_and_not_read(
    wheel: Wheel, installed: Path, opened: list[str], line: str
) -> None:
    (installed.parent / "secret").write_text("secret")
    told = message_for(wheel, installed, line)
    assert told == f"{line} leads out of this environment"
    assert all(path.startswith(str(installed)) for path in opened)


def test_a_fifo_is_told_and_not_opened(
    wheel: Wheel, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(installed / "pipe")
    known = os.open

    def watch(path: str, *arguments: int) -> int:
        assert not str(path).endswith("pipe")
        return known(path, *arguments)

    monkeypatch.setattr(os, "open", watch)
    assert "pipe is not a regular file" in message_for(wheel, installed, "pipe")


@pytest.mark.parametrize(
    ("site", "script"),
    [
        ("lib/python3.11/site-packages", "../../../bin/tool"),
        ("lib64/python3/dist-packages", "../../../bin/tool"),
        ("Lib/site-packages", "../../bin/tool"),
    ],
)
def test_the_scripts_of_an_environment_are_compared(tmp_path: Path, site: str, script: str) -> None:
    seen = []

    def hasher(path: str, algorithm: str) -> tuple[bytes, int]:
        seen.append(path)
        return hash_file(path, algorithm)

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("")
    empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    lines = {script: empty, f"{script}/../../../x": ""}
    complaints = list(record._compare_files(str(tmp_path / site), lines, hasher))
    assert seen == [str(tmp_path / "bin" / "tool")]
    assert complaints == [f"{script}/../../../x leads out of this environment"]


@pytest.mark.parametrize("spelt", ["{}", "./{}", '"{}"', "tools/../{}"])
def test_a_file_that_another_distribution_lists_as_well_is_told(
    wheel: Wheel, installed: Path, spelt: str
) -> None:
    Wheel("tools").put("tools/colours_data.py", "").install(installed)
    assert dataset("colours").verify().ok
    path = installed / Wheel("tools").info / "RECORD"
    path.write_text(f"{path.read_text()}{spelt.format('colours_data/colours.db')},,\n")
    report = dataset("colours").verify()
    assert [each.code for each in report.findings] == ["V01"]
    told = report.findings[0].message
    assert told == "colours_data/colours.db is listed by tools-2026.1 as well"


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil", "a/../../evil", "..\\evil"])
def test_a_file_that_leads_out_of_a_wheel_is_told(wheel: Wheel, tmp_path: Path, name: str) -> None:
    report = verify_wheel(wheel.put(name, "").pack(tmp_path))
    assert {each.code: each.message for each in report.findings} == {
        "V01": f"{name} leads out of the wheel"
    }


def test_a_wheel_with_two_metadata_folders_is_refused(wheel: Wheel, tmp_path: Path) -> None:
    wheel.put("other-1.dist-info/METADATA", "Name: other\nVersion: 1\n")
    with pytest.raises(BrokenDistributionError, match=r"2 \.dist-info folders"):
        verify_wheel(wheel.pack(tmp_path))


def test_a_frozen_application_has_its_code_elsewhere(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in (installed / "colours_data").glob("*.py"):
        source.unlink()
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert dataset("colours").verify().findings == []
    (installed / "colours_data" / "colours.db").unlink()
    assert not dataset("colours").verify().ok
