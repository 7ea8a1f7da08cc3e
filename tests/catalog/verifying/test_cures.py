"""What `verify` advises is done, and then it finds nothing."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, register
from microcosm_sqlite.catalog.cache.upkeep import clear
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.verifying.checklist import Outcome
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from tests.support.crossing import AIRPORTS, FLIGHTS, make_airports, make_flights
from tests.support.program import Program
from tests.support.projects import build_wheel, make_project
from tests.support.venvs import make_venv
from tests.support.wheels import Wheel, describe, make_database

Damage = Callable[[Path], object]
AUTHOR = "Tell its author to build it again."


def write_over(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Write other content, as it is done to a file that is not to be written to."""
    content, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(change(content))
    path.chmod(mode)


def execute(script: str) -> Damage:
    def run(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    return run


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def leave_journal(path: Path) -> None:
    """A change that a crash left half done, with the journal that undoes it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA cache_size=1; BEGIN;")
        for number in range(9):
            connection.execute("INSERT INTO shade VALUES (?, 1)", (f"{number}" * 3000,))
        journal, content = Path(f"{path}-journal").read_bytes(), path.read_bytes()
    path.write_bytes(content)
    Path(f"{path}-journal").write_bytes(journal)


DAMAGES: dict[str, tuple[str, Damage]] = {
    "cut": ("V03 V04 V06", lambda path: write_over(path, lambda content: content[:-100])),
    "removed": ("V03 V04 V06", Path.unlink),
    "a folder": ("V03 V04 V06", put_folder),
    "a page": (
        "V03 V06",
        lambda path: write_over(path, lambda old: old[:8192] + b"w" * 4096 + old[12288:])),
    "log mode": (
        "V03 V04", lambda path: write_over(path, lambda old: old[:18] + b"\2\2" + old[20:])),
    "a text": ("V03 V04 V06", lambda path: path.write_text("name,warmth\n")),
    "a journal": ("V03 V05 V06", leave_journal),
    "a journal beside it": ("V05 V06", lambda path: Path(f"{path}-journal").write_bytes(b"hot")),
    "a row fewer": (
        "V03 V08 V09", execute("DELETE FROM shade WHERE code = 'navy'")),
    "a row without a parent": ("V03 V07 V08 V09", execute("INSERT INTO shade VALUES ('x', 9)")),
    "another value": ("V03 V09", execute("UPDATE colour SET name = 'pink' WHERE id = 1")),
    "an index fewer": ("V03 V10", execute("ALTER TABLE colour ADD COLUMN x")),
}  # fmt: skip
"""What happens to a file, and the checks that find it at least."""


UNSEEN = ("a row fewer", "another value", "an index fewer")
"""What nobody can see in a file without a manifest."""


def find(told: InstalledDataset, *codes: str, full: bool = False) -> list[Outcome]:
    """What is wrong: at least what these checks are about."""
    report = told.verify(full=full)
    found = [*report.findings, *report.warnings]
    assert {*codes} <= {each.code for each in found}
    return found


def reinstall(wheel: Wheel, site: Path) -> None:
    """What `pip install --force-reinstall --no-deps` does."""
    for line in wheel.record.splitlines():
        file = site / line.partition(",")[0]
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
    wheel.install(site)


def follow(hint: str, wheel: Wheel, site: Path) -> None:
    for file in re.findall(r"Remove (\S+?)(?:\.$|, then| and|$)", hint):
        Path(file).unlink()
    commands = re.findall(r"[Rr]un: (.*)", hint)
    assert commands or hint.startswith("Remove "), hint
    for command in commands:
        assert command == "pip install --force-reinstall --no-deps colours-data"
        reinstall(wheel, site)


@pytest.mark.parametrize("case", DAMAGES)
def test_an_installed_file_is_brought_back(wheel: Wheel, site: Path, case: str) -> None:
    codes, damage = DAMAGES[case]
    wheel.install(site)
    damage(site / "colours_data/colours.db")
    found = find(dataset("colours"), *codes.split())
    (hint,) = {each.hint for each in found if each.code != "V01" or len(found) == 1}
    follow(hint, wheel, site)
    assert find(dataset("colours")) == []


@pytest.mark.parametrize("case", [each for each in DAMAGES if each != "a folder"])
def test_a_file_in_the_cache_is_brought_back(site: Path, database: Path, case: str) -> None:
    codes, damage = DAMAGES[case]
    Wheel().carry(database, compression="gzip").install(site)
    path = dataset("colours").path
    damage(path)
    if path.is_file():
        path.chmod(0o444)
    # What is gone or has another size is extracted again without a word.
    found = find(dataset("colours"), *codes.split() if case in ("a page", "another value") else ())
    assert {each.hint for each in found} <= {"Run: microcosm-sqlite cache clear"}
    clear()
    assert find(dataset("colours")) == []


@pytest.mark.parametrize("case", [each for each in DAMAGES if each not in UNSEEN])
def test_a_registered_file_is_written_again(database: Path, case: str) -> None:
    codes, damage = DAMAGES[case]
    sound = database.read_bytes()
    damage(database)
    register("colours", database)
    wanted = {*codes.split()} - {"V03", "V08", "V09"}
    hints = {each.hint for each in find(dataset("colours"), *wanted)}
    for hint in hints:
        assert "pip" not in hint
        assert "reinstall" not in hint.lower()
    (hint,) = hints
    if statements := re.findall(r'sqlite3 (\S+) "(.*)"', hint):
        assert Path(statements[0][0]) == database
        execute(statements[0][1])(database)
    elif "PRAGMA journal_mode=DELETE" in hint:
        execute("PRAGMA journal_mode=DELETE")(database)
    else:
        assert "write the file again" in hint
        shutil.rmtree(database) if database.is_dir() else database.unlink(missing_ok=True)
        database.write_bytes(sound)
    assert find(dataset("colours")) == []


def test_a_file_that_is_as_published_is_for_its_author(site: Path, database: Path) -> None:
    """To install it again would bring the same file."""
    raw = describe(database)
    raw["resources"][0]["rowCount"] = 99
    raw["resources"][1]["digest"] = raw[EXTENSION]["fingerprint"] = f"sha256:{'0' * 64}"
    wheel = Wheel().carry(database)
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", json.dumps(raw)).install(site)
    found = find(dataset("colours"), "V08", "V09", "V10", full=True)
    assert {each.hint for each in found} == {AUTHOR}
    raw[EXTENSION]["hash"] = f"sha256:{'0' * 64}"
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", json.dumps(raw)).install(site)
    assert {each.hint for each in find(dataset("colours"), "V03", full=True)} == {AUTHOR}


def test_rows_without_a_parent_that_were_published_are_for_the_author(
    site: Path, tmp_path: Path
) -> None:
    lost = make_database(tmp_path / "colours.db", extra="INSERT INTO shade VALUES ('lost', 77);")
    Wheel().carry(lost).install(site)
    (found,) = find(dataset("colours"), "V07")
    assert found.hint == AUTHOR
    Wheel().carry(make_database(tmp_path / "colours.db")).install(site)
    assert find(dataset("colours")) == []


def test_a_file_with_links_is_installed_without_them(wheel: Wheel, site: Path) -> None:
    for installer, command in {
        "": "pip install --force-reinstall --no-deps colours-data",
        "pip": "pip install --force-reinstall --no-deps colours-data",
        "uv": "uv pip install --reinstall --link-mode=copy colours-data",
    }.items():
        reinstall(wheel.put(f"{wheel.info}/INSTALLER", installer), site)
        os.link(site / "colours_data/colours.db", site.parent / f"cached-by-{installer}.db")
        (found,) = find(dataset("colours"), "V12")
        assert found.hint == f"Run: {command}"
        reinstall(wheel, site)
        assert find(dataset("colours")) == []


def test_a_registered_file_with_links_is_copied(database: Path, tmp_path: Path) -> None:
    os.link(database, tmp_path / "other.db")
    register("colours", database)
    (found,) = find(dataset("colours"), "V12")
    assert found.hint == "Register a copy of it."
    register("colours", shutil.copy(database, tmp_path / "copy.db"))
    assert find(dataset("colours")) == []


def test_modes_are_taken_back(installed: Path) -> None:
    for path in (installed / "colours_data", installed / "colours_data/colours.db"):
        path.chmod(0o777)
    (found,) = find(dataset("colours"), "V13")
    assert found.hint == "Run chmod o-w on the paths named."
    paths = re.findall(r"anybody can change (\S+)", found.message)
    subprocess.run(["chmod", "o-w", *paths], check=True)
    assert find(dataset("colours")) == []


def test_a_manifest_that_cannot_be_read_is_installed_again(wheel: Wheel, site: Path) -> None:
    wheel.install(site)
    (site / wheel.info / "extra_metadata" / FILE_NAME).write_text("{")
    report = dataset("colours").verify()
    hints = {each.code: each.hint for each in report.findings}
    follow(hints["V02"], wheel, site)
    assert find(dataset("colours")) == []


def test_several_versions_are_removed_before_one_is_installed(wheel: Wheel, site: Path) -> None:
    wheel.install(site)
    old = Wheel(version="2025.1").enter("colours = colours_data:path").install(site)
    (found,) = [each for each in find(dataset("colours"), "V01") if each.code == "V01"]
    assert (
        found.hint == "Run: pip uninstall colours-data, until none is left, then install it again."
    )
    for folder in old.glob("colours_data*"):
        shutil.rmtree(folder)
    wheel.install(site)
    assert find(dataset("colours")) == []


def test_the_version_that_was_built_with_is_installed(site: Path, tmp_path: Path) -> None:
    more = "INSERT INTO airports VALUES ('ORD', 'Chicago');"
    make_airports(tmp_path, version="2.2").install(site)
    row = "INSERT INTO flights VALUES (4, 'ORD', NULL);"
    make_flights(tmp_path, schema=FLIGHTS + row).install(site)
    (found,) = find(dataset("flights"), "V14")
    assert found.hint == "Run: pip install 'airports-data==2.1'"
    for folder in site.glob("airports_data*"):
        shutil.rmtree(folder)
    make_airports(tmp_path, version="2.1", schema=AIRPORTS + more).install(site)
    assert find(dataset("flights")) == []


@pytest.mark.parametrize("is_told", [True, False], ids=["a project that is known", "unknown"])
def test_what_is_developed_is_built_again(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    project = make_project(tmp_path / "birds-data")
    program = Program(project, project)
    program.run("build")
    info = Wheel("birds-data", "1.0").enter("birds = birds_data:path")
    shutil.copytree(project / "src/birds_data", tmp_path / "kept")
    manifest = (project / "src/birds_data" / FILE_NAME).read_bytes()
    info.put(f"{info.info}/extra_metadata/{FILE_NAME}", manifest)
    info.put("_birds_data.pth", str(project / "src"))
    if is_told:
        origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
        info.put(f"{info.info}/direct_url.json", json.dumps(origin))
    info.install(site)
    monkeypatch.setattr(sys, "path", [*sys.path, str(project / "src")])
    assert find(dataset("birds")) == []
    write_over(project / "src/birds_data/birds.db", lambda content: content[:-4096])
    hints = {each.hint for each in find(dataset("birds"), "V03", "V04")}
    (command,) = re.findall(r"microcosm-sqlite (build.*)", "".join(hints))
    assert len(hints) == 1
    program.run(*shlex.split(command))
    assert find(dataset("birds")) == []


MODELS = """
from types import SimpleNamespace as N
def column(name, nullable, primary_key=False):
    return N(name=name, nullable=nullable, primary_key=primary_key)
shade = N(name="shade", columns=[column("code", False, True), column("colour_id", {nullable})])
class Shade:
    metadata = N(tables={{"shade": shade}})
"""


def find_misfit(code: str, **options: bool) -> str:
    """What is advised where this check fails; empty where all pass."""
    for name in [each for each in sys.modules if each.startswith("colours_data")]:
        del sys.modules[name]  # as in a program that starts anew
    report = dataset("colours").verify(**options)
    hints = {each.code: each.hint for each in report.findings}
    assert not hints or code in hints
    return hints.get(code, "")


def test_models_that_were_changed_are_brought_back(site: Path, database: Path) -> None:
    wheel = Wheel().carry(database, init="", models="colours_data.models")
    wheel.put("colours_data/models.py", MODELS.format(nullable="False")).install(site)
    assert find_misfit("V11", models=True) == ""
    (site / "colours_data/models.py").write_text(MODELS.format(nullable="bool(1)"))
    follow(find_misfit("V11", models=True), wheel, site)
    assert find_misfit("V11", models=True) == ""


def test_models_that_never_fitted_are_built_again(site: Path, database: Path) -> None:
    wheel = Wheel().carry(database, init="", models="colours_data.models")
    wheel.put("colours_data/models.py", MODELS.format(nullable="True")).install(site)
    assert find_misfit("V11", models=True) == AUTHOR
    wheel.put("colours_data/models.py", MODELS.format(nullable="False"))
    reinstall(wheel, site)
    assert find_misfit("V11", models=True) == ""


def carry_measured(database: Path, more_nulls: int = 0) -> Wheel:
    """A wheel whose manifest says what is in the columns, or is wrong in one of them."""
    wheel = Wheel().carry(database)
    file = f"{wheel.info}/extra_metadata/{FILE_NAME}"
    raw = json.loads(wheel.files[file])
    with closing(sqlite3.connect(database)) as connection:
        for table in raw["resources"]:
            fields = [Field(field) for field in table["schema"]["fields"]]
            measured = measure_columns(connection, table["name"], fields)
            for field, found in zip(table["schema"]["fields"], measured, strict=True):
                field.update(found)
    raw["resources"][0]["schema"]["fields"][2]["nullCount"] += more_nulls
    return wheel.put(file, json.dumps(raw))


def test_columns_that_were_changed_are_brought_back(site: Path, database: Path) -> None:
    wheel = carry_measured(database)
    wheel.install(site)
    assert find_misfit("V15", full=True) == ""
    execute("UPDATE colour SET warmth = NULL")(site / "colours_data/colours.db")
    follow(find_misfit("V15", full=True), wheel, site)
    assert find_misfit("V15", full=True) == ""


def test_columns_that_never_were_so_are_built_again(site: Path, database: Path) -> None:
    carry_measured(database, more_nulls=1).install(site)
    assert find_misfit("V15", full=True) == AUTHOR
    reinstall(carry_measured(database), site)
    assert find_misfit("V15", full=True) == ""


VERIFY = """
import sys, microcosm_sqlite
report = microcosm_sqlite.dataset("birds").verify()
print(*{each.hint for each in report.findings}, sep="\\n")
"""


@pytest.mark.slow
def test_pip_does_what_is_advised(tmp_path: Path) -> None:
    wheel = build_wheel(make_project(tmp_path / "birds-data"))
    venv = make_venv(tmp_path / "venv")
    venv.install(wheel)
    path = venv.site / "birds_data/birds.db"
    for damage in (put_folder, Path.unlink, execute("DELETE FROM birds")):
        damage(path)
        (command,) = re.findall(
            r"^Run: pip install (.*) birds-data$", venv.run(VERIFY), re.MULTILINE
        )
        venv.install(*command.split(), wheel)
        assert venv.run(VERIFY) == "\n"
