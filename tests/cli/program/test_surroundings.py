"""What the language of the machine, other processes and the number of datasets do not change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.program import Program
from tests.support.wheels import Wheel, make_database

TOWNS = "ID,CITY,INFO\n1,İstanbul,I\n2,Isparta,ı\n3,Iğdır,i\n"  # noqa: RUF001
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="session")
def turkish(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a machine in Turkey, where the small letter of I is not i."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = shutil.which("localedef")
    command = [localedef or "localedef", "-i", "tr_TR", "-f", "UTF-8", folder / "tr_TR.UTF-8"]
    if localedef is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no Turkish locale can be made here")
    return {"LOCPATH": str(folder), "LC_ALL": "tr_TR.UTF-8"}


@pytest.mark.slow
@pytest.mark.parametrize("surroundings", ["turkish", "plain", "optimised"])
def test_a_dataset_is_drafted_built_and_read_with_the_same_bytes(
    surroundings: str, lone_program: Program, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    variables = {
        "turkish": lambda: request.getfixturevalue("turkish"),
        "plain": lambda: PLAIN,
        "optimised": lambda: {"PYTHONOPTIMIZE": "2"},
    }[surroundings]()
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "cities.csv").write_text(TOWNS, encoding="utf-8")
    files = []
    for changes in ({}, variables):
        here = lone_program.with_variables(changes)
        here.run("new", "towns-data", "--from", "csv")
        here.run("build", "towns-data")
        (database,) = (tmp_path / "towns-data").rglob("*.db")
        (manifest,) = (tmp_path / "towns-data").rglob("datapackage.json")
        here.run("diff", database, database)
        models = (database.parent / "models.py").read_text(encoding="utf-8")
        files.append((database.read_bytes(), manifest.read_bytes(), models))
        shutil.rmtree(tmp_path / "towns-data")
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("query", "birds", "SELECT 'ü' AS x"), None),
        (("query", "birds", "-"), "SELECT 'ü' AS x"),
        (("query", "birds", "SELECT :x AS x", "--param", "x", "ü"), None),
    ],
)
def test_text_that_python_reads_as_ascii_is_told_with_what_helps(
    program: Program, arguments: tuple[str, ...], stdin: str | None
) -> None:
    here = program.with_variables(PLAIN)
    told = here.run(*arguments, code=1, stdin=stdin).stderr
    assert "Hint: Set PYTHONUTF8=1: " in told
    assert "as ascii" in told
    cured = program.with_variables({**PLAIN, "PYTHONUTF8": "1"})
    assert cured.run(*arguments, stdin=stdin).stdout == "x\nü\n"
    assert here.run("info", "birds.grö", code=1).stderr.count("PYTHONUTF8=1") == 1
    assert "PYTHONUTF8" not in here.run("info", "birds.gro", code=1).stderr


@pytest.mark.slow
def test_500_installed_datasets_are_all_found(lone_program: Program, tmp_path: Path) -> None:
    database = make_database(tmp_path / "colours.db")
    for number in range(500):
        wheel = Wheel(f"set{number}-data")
        wheel.carry(database, name=f"set{number}", package=f"set{number}_data")
        wheel.install(lone_program.site)
    assert len(lone_program.read("list").splitlines()) == 501
    assert "set499" in lone_program.run("doctor").stdout
    assert "ok" in lone_program.read("verify", "set321")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["towns-data", "."])
def test_one_of_several_drafts_of_a_folder_wins_and_builds_at_once_agree(
    place: str, lone_program: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "towns-data"
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "cities.csv").write_text(TOWNS, encoding="utf-8")
    if place == ".":
        folder.mkdir()
    here = Program(lone_program.site, folder if place == "." else tmp_path)
    drafts = [here.start("new", place, "--from", str(tmp_path / "csv")) for _ in range(4)]
    told = [draft.communicate(timeout=120)[1] for draft in drafts]
    codes = [draft.returncode for draft in drafts]
    assert sorted(codes) == [0, 1, 1, 1]
    assert sum("is not empty" in text for text in told) == 3
    builds = [here.start("build", place, "--force") for _ in range(4)]
    for build in builds:
        assert build.communicate(timeout=120)[1] is not None
    assert [build.returncode for build in builds] == [0] * 4
    left = {path.name for path in folder.iterdir()} - {"cache"}
    assert not any(name.startswith((".scaffold", ".new", "tmp")) for name in left)
