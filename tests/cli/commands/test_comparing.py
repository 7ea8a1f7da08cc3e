"""`diff` tells what changed between two versions of a dataset."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from tests.support.program import Program
from tests.support.projects import make_project
from tests.support.wheels import Wheel, make_database

MORE = (
    "INSERT INTO colour VALUES (4, 'black', 9e999); UPDATE colour SET name = 'rot' WHERE id = 1;"
    "DELETE FROM shade WHERE code = 'navy';"
)


def test_a_difference_is_told_table_by_table_with_the_next_version(
    program: Program, tmp_path: Path
) -> None:
    changed = make_database(tmp_path / "changed.db", extra=MORE)
    done = program.run("diff", "colours", changed, code=1)
    assert done.stdout.splitlines() == [
        "TABLE\tOLD\tNEW\tINSERTED\tDELETED\tUPDATED\tNOTE",
        "colour\t3\t4\t1\t0\t1\t",
        "shade\t3\t2\t0\t1\t0\t",
    ]
    assert done.stderr == "The next version after 2026.1 should be 2026.1.1 (patch).\n"
    assert program.run("diff", "colours", changed, "--quiet", code=1).stderr == ""


def test_the_same_on_both_sides_is_exit_code_0(program: Program, tmp_path: Path) -> None:
    assert "colour\t3\t3\t0\t0\t0" in program.read(
        "diff", "colours", make_database(tmp_path / "same.db")
    )


def test_as_json_every_changed_row_is_told_as_far_as_asked_for(
    program: Program, tmp_path: Path
) -> None:
    changed = make_database(tmp_path / "changed.db", extra=MORE)
    found = json.loads(program.run("diff", "colours", changed, "--json", code=1).stdout)
    assert (found["level"], found["next_version"]) == ("patch", "2026.1.1")
    assert found["changes"][-1] == {
        "table": "shade",
        "change": "delete",
        "key": {"code": "navy"},
        "old": {"code": "navy", "colour_id": 2},
        "new": {},
    }
    infinite = [change for change in found["changes"] if change["key"] == {"id": 4}]
    assert infinite[0]["new"] == {"id": 4, "name": "black", "warmth": float("inf")}
    for limit, kept in ((0, 0), (1, 2)):
        text = program.run("diff", "colours", changed, "--json", "--limit", f"{limit}", code=1)
        assert len(json.loads(text.stdout)["changes"]) == kept


def test_a_schema_change_is_in_the_note_and_breaks_the_major_version(
    program: Program, tmp_path: Path
) -> None:
    drop = "DROP INDEX shade_colour; DROP TABLE shade; CREATE VIEW warm AS SELECT 1;"
    changed = make_database(tmp_path / "changed.db", extra=drop)
    done = program.run("diff", "colours", changed, code=1)
    assert "shade\t3\t\t\t\t\ttable removed\n" in done.stdout
    assert "warm\t\t\t\t\t\tview added\n" in done.stdout
    assert "should be 2027.0 (major)" in done.stderr
    done = program.run("diff", "colours", changed, "--changelog", code=1)
    assert done.stdout.startswith("## 2027.0\n\n### Added\n\n- View `warm`.\n\n### Removed\n")
    assert "- **Breaking:** table `shade`.\n" in done.stdout


def test_wheels_files_and_names_are_compared_with_each_other(
    program: Program, birds_wheel: Path, tmp_path: Path
) -> None:
    old = Wheel().carry(make_database(tmp_path / "colours.db")).pack(tmp_path / "dist")
    assert "shade" in program.read("diff", old, "colours")
    assert "birds" in program.read("diff", "birds", birds_wheel)


def test_the_folder_of_a_project_stands_for_what_it_built(program: Program, tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    told = program.refuse("diff", "birds", project, code=2)
    assert f"The project in {project} is not built." in told
    built = build_dataset(ProjectSettings.from_pyproject(project))
    program.read("diff", project, built.path)
    told = program.refuse("diff", "birds", tmp_path, code=2)
    assert f"{tmp_path} is neither a dataset's name, nor a wheel, nor a database." in told


def test_trouble_is_exit_code_2(program: Program, tmp_path: Path) -> None:
    assert "Did you mean 'birds'?" in program.refuse("diff", "bird", "birds", code=2)
    assert "does not exist" in program.refuse("diff", "birds", "nowhere.whl", code=2)
    assert "nowhere.db does not exist" in program.refuse("diff", "birds", "nowhere.db", code=2)


def test_a_file_that_somebody_has_open_is_compared_all_the_same(
    program: Program, tmp_path: Path
) -> None:
    path = make_database(tmp_path / "open.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM colour").fetchone()
        program.read("diff", "colours", path)


def test_what_is_new_in_the_changelog_is_told(program: Program, tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    changelog = project / "CHANGELOG.md"
    files = []
    for version, text in (("1.0", "- Birds."), ("1.1", "- More `birds`.\n- Fewer cats.")):
        past = changelog.read_text() if changelog.exists() else ""
        changelog.write_text(f"## {version}\n\n{text}\n\n{past}")
        built = build_dataset(ProjectSettings.from_pyproject(project))
        kept = tmp_path / version
        kept.mkdir()
        for file in (built.path, built.manifest_path):
            (kept / file.name).write_bytes(file.read_bytes())
        files.append(kept / built.path.name)
    told = program.run("diff", *files).stderr
    assert told == "The changelog says of 1.1:\n- More `birds`.\n- Fewer cats.\n"
    found = program.json("diff", *files)
    assert found["changelog"] == [{"version": "1.1", "text": "- More `birds`.\n- Fewer cats."}]  # type: ignore[call-overload,index]
    assert program.json("diff", *files[::-1])["changelog"] == []  # type: ignore[call-overload,index]
