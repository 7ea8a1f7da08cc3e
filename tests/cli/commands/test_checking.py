"""`verify` and `doctor` tell what is wrong and what to do about it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


@pytest.fixture
def damaged(lone_program: Program, tmp_path: Path) -> Program:
    """One sound dataset and one in which a byte of a row was changed after it was published."""
    sound = make_database(tmp_path / "sound.db")
    Wheel("sound-data").carry(sound, name="sound", package="sound_data").install(lone_program.site)
    Wheel().carry(make_database(tmp_path / "colours.db")).install(lone_program.site)
    file = lone_program.site / "colours_data" / "colours.db"
    content = file.read_bytes()
    assert content.count(b"crimson") == 2  # the row and its index entry
    file.write_bytes(content.replace(b"crimson", b"crimsoN"))
    return lone_program


def test_sound_datasets_are_told_in_one_line_each(program: Program) -> None:
    header, *lines = program.read("verify").splitlines()
    assert header == "DATASET\tSTATUS\tCHECK\tMESSAGE"
    assert [line.split("\t")[:2] for line in lines] == [["birds", "ok"], ["colours", "ok"]]


def test_damage_is_a_finding_with_exit_code_1_and_the_line_that_mends_it(damaged: Program) -> None:
    done = damaged.run("verify", code=1)
    assert re.search(r"^colours\tfailed\tV03\t.*colours\.db", done.stdout, re.MULTILINE)
    assert re.search(r"^sound\tok\t", done.stdout, re.MULTILINE)
    assert "Error: 1 of 2 datasets failed verification.\nHint: " in done.stderr
    assert "pip install --force-reinstall --no-deps colours-data" in done.stderr
    assert damaged.run("verify", "sound").stderr == ""
    assert "1 of 1 dataset failed" in damaged.run("verify", "colours", code=1).stderr


def test_as_json_every_check_is_told(damaged: Program) -> None:
    colours, sound = json.loads(damaged.run("verify", "--json", code=1).stdout)
    assert (colours["subject"], colours["ok"]) == ("colours", False)
    assert (sound["subject"], sound["ok"]) == ("sound", True)
    assert {each["status"] for each in sound["outcomes"]} <= {"ok", "skipped"}


def test_verbose_shows_the_checks_that_hold_as_well(program: Program) -> None:
    lines = program.read("verify", "birds", "--verbose", "--no-header").splitlines()
    codes = [line.split("\t")[2] for line in lines]
    assert codes == sorted(codes)
    assert len(codes) > 10
    assert "models" in program.read("verify", "birds", "--models", "-v").lower()


def test_a_wheel_is_verified_without_installing_it(program: Program, birds_wheel: Path) -> None:
    assert f"{birds_wheel.name}\tok" in program.read("verify", birds_wheel)
    assert "does not exist" in program.refuse("verify", "nowhere.whl")


def test_what_cannot_be_used_at_all_is_a_negative_finding(lone_program: Program) -> None:
    Wheel("torn-data").enter("no equals sign").install(lone_program.site)
    assert "torn_data-2026.1.dist-info" in lone_program.run("verify", code=1).stderr


def test_an_unknown_name_is_not_a_finding(program: Program) -> None:
    assert "Did you mean 'birds'?" in program.refuse("verify", "bird", code=3)


def test_the_doctor_describes_the_environment_and_its_datasets(program: Program) -> None:
    page = program.read("doctor")
    assert re.search(r"^SQLite +\d+\.\d+", page, re.MULTILINE)
    assert re.search(r"^birds +1\.0 +\d+\.\d kB +packaged +birds-data$", page, re.MULTILINE)
    assert re.search(r"^colours .* compressed ", page, re.MULTILINE)
    found = program.json("doctor")
    assert isinstance(found, dict)
    assert found["ok"] is True


def test_the_doctor_tells_what_is_wrong_with_the_line_that_mends_it(
    lone_program: Program, tmp_path: Path
) -> None:
    Wheel().carry(make_database(tmp_path / "colours.db")).install(lone_program.site)
    (lone_program.site / "colours_data" / "colours.db").write_bytes(b"version https://git-lfs")
    done = lone_program.run("doctor", code=1)
    assert "colours" in done.stdout
    assert "a Git LFS pointer" in done.stderr
    assert "\nHint: " in done.stderr
    assert json.loads(lone_program.run("doctor", "--json", code=1).stdout)["ok"] is False
