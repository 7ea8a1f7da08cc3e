"""`new` and `build` go from nothing to a dataset."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.drafting.scaffold import questions
from microcosm_sqlite.cli.commands.drafting import QUESTIONS
from tests.support.columns import write_stints
from tests.support.program import Program
from tests.support.programs import run
from tests.support.projects import build_wheel, make_project
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


def test_a_dry_run_writes_nothing_and_says_so(lone_program: Program) -> None:
    write_csv(lone_program.home / "in" / "birds.csv", "id,name", ["1,tit", "2,rook"])
    write_csv(lone_program.home / "in" / "notes.csv", "a,b", ["1,2"])
    told = lone_program.run("new", "b-data", "--from", "in", "--exclude", "notes", "--dry-run")
    assert told.stdout == ""
    assert "birds: 2 rows of birds.csv, model Bird" in told.stderr
    assert "left out: notes.csv, excluded" in told.stderr
    assert told.stderr.endswith("Nothing was written.\n")
    assert not (lone_program.home / "b-data").exists()
    assert "--from" in lone_program.refuse("new", "b-data", "--dry-run", code=2)


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


@pytest.mark.slow
def test_the_second_year_of_a_dataset_takes_two_commands(lone_program: Program) -> None:
    """Draft and build 1.0; next season has new labels, a longer name, a column and a table more."""
    first, second = lone_program.home / "2025", lone_program.home / "2026"
    stints = write_stints()
    names = sorted({stint.split(",")[0] for stint in stints})
    players = [f"{name},{('AL', 'NL')[at % 2]},{1950 + at}" for at, name in enumerate(names)]
    longer = "Somebody With A Longer Name"
    news = [f"{longer},{league},2001,81" for league in ("AA", "FL", "UA")]
    news = [row.replace(longer, f"{longer} {at}") for at, row in enumerate(news)]
    write_csv(first / "Big-Players.csv", "player,league,born", players)
    write_csv(first / "batting.csv", "player,year,stint,team,games", stints)
    grown = [*(f"{row},{at}" for at, row in enumerate(players)), *news]
    write_csv(second / "Big-Players.csv", "player,league,born,number of shirt", grown)
    write_csv(
        second / "batting.csv", "player,year,stint,team,games", [*stints, f"{longer} 0,2026,1,T1,3"]
    )
    teams = [f"T{at},Town {at}" for at in range(1, 10)]
    write_csv(second / "teams.csv", "team,town", teams)

    lone_program.run("new", "ball-data", "--from", first)
    before = lone_program.home / "before.db"
    project = lone_program.home / "ball-data"
    shutil.copy(lone_program.run("build", project).stdout.strip(), before)

    refreshed = lone_program.run("refresh", second, "--project", project, "--apply")
    assert "The project has the new editions, and builds." in refreshed.stdout
    added = lone_program.run("add", second / "teams.csv", "--project", project)
    assert "batting: team refers to teams (team) from now on" in added.stderr

    built = lone_program.run("build", project).stdout.strip()
    changes = lone_program.run("diff", before, built, code=1).stdout
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in changes.splitlines()}
    assert rows["Big_Players"][:5] == ["80", "83", "3", "0", "0"]
    assert rows["batting"][2:5] == ["1", "0", "0"]
    assert rows["teams"][1] == "9"
    wheel = build_wheel(project)
    site = lone_program.home / "site"
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", project / "tests",
        cwd=project, environment={**os.environ, "PYTHONPATH": str(site)},
    )  # fmt: skip


def write_csv(path: Path, header: str, rows: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def test_one_command_takes_new_editions_and_new_tables_of_an_archive(
    lone_program: Program,
) -> None:
    project = make_project(lone_program.home / "birds")
    birds = (project / "sources" / "birds.csv").read_text()
    archive = lone_program.home / "season.zip"
    with ZipFile(archive, "w") as packed:
        packed.writestr("season/birds.csv", birds.replace(",24,", ",25,"))
        packed.writestr("season/eggs/1.csv", "egg,size\n1,20\n")
        packed.writestr("season/eggs/2.csv", "egg,size\n2,21\n")
    asked = ["refresh", archive, "--project", project, "--apply", "--add"]
    told = lone_program.run(*asked)
    assert "The project has the new editions, and builds." in told.stdout
    assert "eggs: 2 rows of eggs/, model Egg" in told.stderr
    assert {each.name for each in (project / "sources" / "eggs").iterdir()} == {"1.csv", "2.csv"}


def test_what_does_not_fit_is_told_and_fails(lone_program: Program) -> None:
    project = make_project(lone_program.home / "birds")
    birds = lone_program.home / "birds.csv"
    birds.write_text((project / "sources" / "birds.csv").read_text().replace(",24,", ",wide,"))
    told = lone_program.run("refresh", birds, "--project", project, "--apply", code=1).stdout
    assert told.startswith("1 thing to look at:\n  birds.wingspan: in 1 row a value does not fit")
    assert told.endswith("decide about these things first, then refresh again.\n")
    assert "has `birds`" in lone_program.refuse("add", birds, "--project", project)
    assert "no pyproject.toml" in lone_program.refuse("refresh", birds)
