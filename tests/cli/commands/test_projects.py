"""`new` and `build` go from nothing to a dataset."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.scaffold import questions
from microcosm_sqlite.cli.commands.projects import QUESTIONS
from tests.support.program import Program
from tests.support.projects import make_project
from tests.support.terminal import Terminal, look


def test_every_question_of_the_template_has_an_option() -> None:
    assert list(QUESTIONS) == list(questions())


def test_a_new_project_builds(lone_program: Program) -> None:
    done = lone_program.run("new", "ants-data", "--title", "Ants", "--data-license", "CC0-1.0")
    project = lone_program.home / "ants-data"
    assert done.stdout == f"{project}\n"
    assert done.stderr == "Next: cd ants-data && microcosm-sqlite build\n"
    assert "CC0-1.0" in (project / "pyproject.toml").read_text()
    built = lone_program.run("build", project)
    path = Path(built.stdout.strip())
    assert path.name == "ants.db"
    assert path.read_bytes().startswith(b"SQLite format 3\0")
    assert "rows" in built.stderr
    assert lone_program.read("build", project, "-q") == built.stdout


def test_a_project_is_not_written_over_what_is_there(lone_program: Program) -> None:
    (lone_program.home / "mine").mkdir()
    (lone_program.home / "mine" / "file").touch()
    told = lone_program.refuse("new", "mine")
    assert "is not empty; nothing was written." in told
    assert "is not a valid choice" in lone_program.refuse("new", "x-data", "--compression", "lzma")


def test_the_project_of_the_current_directory_is_built(lone_program: Program) -> None:
    make_project(lone_program.home)
    done = lone_program.run("build")
    assert done.stdout == f"{lone_program.home / 'src' / 'birds_data' / 'birds.db'}\n"
    assert "birds: 3 rows" in done.stderr
    again = lone_program.run("build")
    assert again.stderr == "birds: unchanged\n"
    assert "birds: 3 rows" in lone_program.run("build", "--force").stderr


def test_a_bad_value_is_told_by_file_line_column_and_value(lone_program: Program) -> None:
    project = make_project(lone_program.home)
    lone_program.run("build")
    built = (project / "src" / "birds_data" / "birds.db").read_bytes()
    source = project / "sources" / "birds.csv"
    source.write_text(source.read_text().replace(",24,", ",wide,"))
    told = lone_program.run("build", code=1).stderr
    assert "sources/birds.csv, line 2, column `wingspan`: 'wide'" in told
    assert (project / "src" / "birds_data" / "birds.db").read_bytes() == built


MESSY = 'day,size\n1,2\n2,3\nday,size\n3,"4\n5,6\n'


def test_repairs_are_told_and_made_where_they_are_accepted(lone_program: Program) -> None:
    folder = lone_program.home / "messy"
    folder.mkdir()
    (folder / "sizes.csv").write_text(MESSY)
    told = lone_program.refuse("new", "a-data", "--from", folder)
    assert "line 5: a quote is opened and not closed" in told
    assert "with --repair, line 4, repeated-header: 'day,size' is left out, and 1 more" in told
    assert not (lone_program.home / "a-data").exists()
    done = lone_program.run("new", "b-data", "--from", folder, "--repair")
    assert "note: repaired line 5, stray-quote: '3,\"4' becomes ['3', '\"4']" in done.stderr
    assert "sizes: 4 rows" in lone_program.run("build", "b-data").stderr
    settings = (lone_program.home / "b-data" / "pyproject.toml").read_text()
    assert '{ file = "repairs.toml" }' in settings


ASKED = (
    "sizes.csv, 1 of 2: line 4, repeated-header: 'day,size' is left out\n"
    "Repair it: yes, no, all of this file, or done with it (y, n, a, d): "
)


@pytest.mark.parametrize(
    ("keys", "repairs", "code"),
    [
        ("y\ny\n", ["repeated-header", "stray-quote"], 0),
        ("n\ny\n", ["stray-quote"], 0),
        ("a\n", ["repeated-header", "stray-quote"], 0),
        ("d\n", [], 1),
        ("what?\nn\nd\n", [], 1),
    ],
)
def test_a_terminal_is_asked_for_each_repair(
    lone_program: Program, keys: str, repairs: list[str], code: int
) -> None:
    folder = lone_program.home / "messy"
    folder.mkdir()
    (folder / "sizes.csv").write_text(MESSY)
    (folder / "fine.csv").write_text("id,name\n1,a\n2,b\n")
    terminal = Terminal(lone_program, ("new", "c-data", "--from", folder))
    terminal.type(keys)
    shown = terminal.read()
    assert ASKED in shown.replace("\r", "")
    assert ("refused: sizes.csv" in shown) == bool(code)
    file = lone_program.home / "c-data" / "repairs.toml"
    written = tomllib.loads(file.read_text())["repairs"] if file.exists() else []
    assert [repair["kind"] for repair in written] == repairs
    if not code:
        rows = 4 if "repeated-header" in repairs else 5
        assert f"sizes: {rows} rows" in lone_program.run("build", "c-data").stderr


@pytest.mark.parametrize("options", [["--repair"], []])
def test_a_terminal_is_not_asked_where_there_is_nothing_to_ask(
    lone_program: Program, options: list[str]
) -> None:
    folder = lone_program.home / "messy"
    folder.mkdir()
    text = MESSY if options else "id,name\n1,a\n2,b\n"
    (folder / "sizes.csv").write_text(text)
    shown = look(lone_program, "new", "d-data", "--from", folder, *options)
    assert "Repair it" not in shown
    assert "Next: cd d-data" in shown


def test_a_directory_without_project_is_told(lone_program: Program) -> None:
    assert "pyproject.toml" in lone_program.refuse("build", lone_program.site)
    assert "does not exist" in lone_program.refuse("build", "nowhere", code=2)
