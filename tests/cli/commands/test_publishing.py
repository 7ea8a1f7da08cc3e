"""`check` looks at a dataset before it is published."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.program import Program

MORE = (
    "INSERT INTO colour VALUES (4, 'black', 9e999); UPDATE colour SET name = 'rot' WHERE id = 1;"
    "DELETE FROM shade WHERE code = 'navy';"
)


def test_a_wheel_is_looked_over_with_what_to_do_about_each_finding(
    program: Program, birds_wheel: Path
) -> None:
    done = program.run("check", birds_wheel, code=1)
    header, *lines = done.stdout.splitlines()
    assert header == "CHECK\tSTATUS\tMESSAGE\tHINT"
    assert [line.split("\t")[:2] for line in lines] == [
        ["P04", "failed"],
        ["P05", "failed"],
        ["P03", "warning"],
    ]
    assert all(line.split("\t")[3] for line in lines)
    assert (
        done.stderr == f"Error: {birds_wheel.name} is not ready to be published: 2 checks failed.\n"
    )
    shown = program.run("check", birds_wheel, "--verbose", "--no-header", code=1).stdout
    found = json.loads(program.run("check", birds_wheel, "--json", code=1).stdout)
    assert len(shown.splitlines()) == len(found["outcomes"])
    assert (found["subject"], found["ok"]) == (birds_wheel.name, False)
    assert [each["code"] for each in found["outcomes"] if each["status"] == "failed"] == [
        "P04",
        "P05",
    ]


def test_a_new_project_lacks_a_wheel_and_a_licence_that_its_author_chose(
    program: Program, tmp_path: Path
) -> None:
    program.run("new", "planets-data")
    done = program.run("check", "planets-data", code=1)
    _, *lines = done.stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["P27", "failed"], ["P09", "warning"]]
    assert lines[1].endswith("\tBuild it: pip wheel --no-deps --wheel-dir dist .")
    settings = tmp_path / "planets-data" / "pyproject.toml"
    text = settings.read_text("utf-8")
    settings.write_text(re.sub("license-confirmed = .*\n", "", text), "utf-8")
    _, *lines = program.run("check", "planets-data").stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["P09", "warning"]]


def test_what_cannot_be_checked_is_refused(program: Program) -> None:
    assert "it is not a dataset project" in program.refuse("check")
    assert "does not exist" in program.refuse("check", "nowhere.whl", code=2)
