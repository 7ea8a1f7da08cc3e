"""More tables come into a project, and what was there stays as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import REPORT_FILE, draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import BuildError, SettingsError, SourceError
from tests.support.columns import make_words, write_stints
from tests.support.drafts import build, check_style, read_tree, write_csv
from tests.support.projects import make_project

HOOK = "tool.hatch.build.targets.wheel.hooks.microcosm-sqlite"
STINTS = write_stints()
PLAYERS = sorted({stint.split(",")[0] for stint in STINTS})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A draft of one table, of stints by player, year and team."""
    write_csv(tmp_path / "first" / "batting.csv", "player,year,stint,team,games", STINTS)
    return draft_project(tmp_path / "ball-data", tmp_path / "first").path


@pytest.fixture
def players(tmp_path: Path) -> Path:
    rows = [f"{name},{1950 + at % 40}" for at, name in enumerate(PLAYERS)]
    return write_csv(tmp_path / "more" / "players.csv", "player,born", rows)


@pytest.fixture
def teams(tmp_path: Path) -> Path:
    rows = [f"T{at};{city};{at},5" for at, city in enumerate(make_words(9), 1)]
    return write_csv(tmp_path / "more" / "Home teams.csv", "team;city;share", rows)


def list_keys(database: Path) -> set[tuple[str, str, str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return set(
            connection.execute(
                'SELECT t.name, k."from", k."table", k."to" FROM sqlite_schema AS t '
                "JOIN pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table'"
            )
        )


def is_kept(before: bytes, after: bytes) -> bool:
    """Whether all lines are still there, in their order, but for imports, which take more names."""
    lines = iter(after.split(b"\n"))
    kept = [line for line in before.split(b"\n") if b"from sqlalchemy" not in line]
    return all(line in lines for line in kept)


def test_references_lead_from_and_to_the_tables_that_are_there(
    project: Path, players: Path, teams: Path
) -> None:
    salaries = [",".join([*stint.split(",")[:4], "5"]) for stint in STINTS[:500]]
    write_csv(teams.parent / "salaries.csv", "player,year,stint,team,amount", salaries)
    added = add_tables(project, [teams.parent])
    assert added.path == project
    assert "batting: team refers to Home_teams (team) from now on" in added.report
    assert "salaries: 500 rows of salaries.csv, model Salary" in added.report
    assert list_keys(build(project)) == {
        ("batting", "player", "players", "player"),
        ("batting", "team", "Home_teams", "team"),
        ("salaries", "player", "players", "player"),
        ("salaries", "team", "Home_teams", "team"),
        *(("salaries", name, "batting", name) for name in ("player", "year", "stint")),
    }


@pytest.mark.slow
def test_what_was_added_is_as_formatter_linter_and_type_checker_want_it(
    project: Path, players: Path, teams: Path, tmp_path: Path
) -> None:
    add_tables(project, [players])
    add_tables(project, [teams])
    days = [f"T{at % 9 + 1},2024-0{at % 9 + 1}-01,{'yes' if at % 2 else 'no'}" for at in range(99)]
    add_tables(project, [write_csv(tmp_path / "days" / "days.csv", "team,day,open", days)])
    check_style(project, tmp_path)


def test_sources_settings_card_and_report_tell_of_the_tables(project: Path, teams: Path) -> None:
    added = add_tables(project, [teams])
    assert (project / "sources" / "Home_teams.csv").read_bytes() == teams.read_bytes()
    settings = ProjectSettings.from_pyproject(project)
    assert settings.upstream == {"Home_teams": "Home teams.csv"}
    assert settings.tables["Home_teams"].csv.delimiter == ";"
    card = (project / "README.md").read_text("utf-8")
    assert "| batting | player, year, stint |\n| Home_teams | team |\n" in card
    assert "- `batting.csv`\n- `Home teams.csv`\n" in card
    report = (project / REPORT_FILE).read_text("utf-8")
    assert all(line in report for line in added.report)
    assert "class HomeTeamStore(Store[HomeTeam]):" in (
        project / "src" / "ball_data" / "stores.py"
    ).read_text("utf-8")


def test_what_the_author_wrote_stays_byte_by_byte(
    project: Path, players: Path, teams: Path
) -> None:
    models = project / "src" / "ball_data" / "models.py"
    text = models.read_bytes().replace(
        b"from sqlalchemy import", b"import sqlalchemy as sa  # mine\nfrom sqlalchemy import"
    )
    text = text.replace(
        b"from sqlalchemy.orm import Mapped, mapped_column\n",
        b"from sqlalchemy.orm import mapped_column, Mapped # unsorted\n",
    )
    text += b"\n\n# my own words\nsame = [ sa.Text,\n  1 ]  \n"
    models.write_bytes(text.replace(b"\n", b"\r\n"))
    card = project / "README.md"
    card.write_bytes(b"# Mine\n")
    before = read_tree(project)
    build(project)
    added = add_tables(project, [players, teams])
    after = read_tree(project)
    assert any("README.md: its text is your own" in line for line in added.decisions)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "pyproject.toml", "src/ball_data/models.py", "src/ball_data/stores.py",
    } | ({REPORT_FILE} & before.keys())  # fmt: skip
    for name in ("pyproject.toml", "README.md"):
        assert is_kept(before[name], after[name])
    assert is_kept(before["src/ball_data/models.py"], after["src/ball_data/models.py"])
    assert after["src/ball_data/models.py"].count(b"\n") == after["src/ball_data/models.py"].count(
        b"\r\n"
    )
    build(project)


def test_a_project_that_was_written_by_hand_takes_tables(tmp_path: Path) -> None:
    options = 'null-values = ["-"]\ncsv.delimiter = ";"\n'
    sources = {
        "families.csv": "code;name\nPARU;Tits\nCORV;Crows\nLARI;Gulls\nALCI;Auks\n",
        "birds.csv": "id;name;family;wingspan;described\n1;Great tit;PARU;24;-\n",
    }
    project = make_project(tmp_path / "birds", options=options, sources=sources)
    rows = [f"{at},{at % 7},{('PARU', 'CORV', 'LARI')[at % 3]},n/a" for at in range(50)]
    seen = write_csv(tmp_path / "new" / "sightings.csv", "number,count,family_code,note", rows)
    before = (project / "src" / "birds_data" / "models.py").read_text("utf-8")
    added = add_tables(project, [seen], null_values=["n/a"])
    settings = ProjectSettings.from_pyproject(project)
    assert settings.tables["sightings"].null_values == ("-", "n/a")
    assert settings.tables["sightings"].csv.delimiter == ","
    assert ("sightings", "family_code", "families", "code") in list_keys(build(project))
    after = (project / "src" / "birds_data" / "models.py").read_text("utf-8")
    assert is_kept(before.encode(), after.encode())
    assert "stores.py is not there, so no stores were written" in added.decisions


def clash_of_tables(project: Path, files: Path) -> Path:
    return write_csv(files / "BATTING.csv", "a,b", ["1,2"])


def unreadable_file(project: Path, files: Path) -> Path:
    files.mkdir()
    (files / "broken.csv").write_bytes(b'a,b\n1,"2\n3,4\n')
    return files


def nothing_to_read(project: Path, files: Path) -> Path:
    return write_csv(files / "notes.txt", "a", ["b"])


def file_in_the_way(project: Path, files: Path) -> Path:
    edit(
        project,
        "pyproject.toml",
        'sources = "sources"',
        'sources = "sources"\nunknown-sources = "ignore"',
    )
    write_csv(project / "sources" / "parks.csv", "a,b", ["1,2"])
    return write_csv(files / "parks.csv", "a,b", ["1,2"])


def other_use_of_a_name(project: Path, files: Path) -> Path:
    edit(
        project, "src/ball_data/models.py", "\n\nclass BallData", "\nDouble = 2\n\n\nclass BallData"
    )
    return write_csv(files / "parks.csv", "a,b", ["1,2.5", "2,3.5"])


def no_future(project: Path, files: Path) -> Path:
    edit(project, "src/ball_data/models.py", "from __future__ import annotations\n", "")
    return write_csv(files / "parks.csv", "a,b", ["1,2.5"])


def named_sources(project: Path, files: Path) -> Path:
    edit(
        project,
        "pyproject.toml",
        'sources = "sources"',
        'sources = {batting = [\n"sources/batting.csv"]}',
    )
    return write_csv(files / "parks.csv", "a,b", ["1,2.5"])


def project_that_does_not_build(project: Path, files: Path) -> Path:
    edit(project, "sources/batting.csv", "games\n", "games\nx,y,z,T1,2\n")
    return write_csv(files / "parks.csv", "a,b", ["1,2.5"])


def inline_settings(project: Path, files: Path) -> Path:
    edit(project, "pyproject.toml", 'sources = "sources"', 'sources = "sources"\nupstream = {}')
    return write_csv(files / "my parks.csv", "a,b", ["1,2.5"])


def edit(project: Path, name: str, before: str, after: str) -> None:
    text = (project / name).read_text("utf-8")
    assert before in text
    (project / name).write_text(text.replace(before, after, 1), "utf-8")


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (clash_of_tables, "BATTING.csv would make table `BATTING`, but the project has `batting`"),
        (unreadable_file, "a quote is opened and not closed"),
        (nothing_to_read, "What was given holds no file that tables can be made of"),
        (file_in_the_way, "sources/parks.csv is there already"),
        (other_use_of_a_name, "models.py uses Double for something else"),
        (no_future, "lacks `from __future__ import annotations`"),
        (named_sources, "leaves no place for more"),
        (project_that_does_not_build, "sources/batting.csv, line 2, column `year`: 'y'"),
        (inline_settings, "leaves no place for more"),
    ],
)
def test_an_error_leaves_the_project_as_it_was(
    project: Path, tmp_path: Path, prepare: Callable[[Path, Path], Path], told: str
) -> None:
    file = prepare(project, tmp_path / "more")
    before, around = read_tree(project), sorted(tmp_path.iterdir())
    with pytest.raises((BuildError, SettingsError, SourceError)) as caught:
        add_tables(project, [file])
    assert told in str(caught.value)
    assert read_tree(project) == before
    assert sorted(tmp_path.iterdir()) == around


def test_repairs_join_those_that_are_there(project: Path, tmp_path: Path) -> None:
    for name in ("sizes", "weights"):
        (tmp_path / f"{name}.csv").write_text('day,size\n1,2\n2,3\nday,size\n3,"4\n5,6\n')
        add_tables(project, [tmp_path / f"{name}.csv"], accept=lambda _, repairs: repairs)
    settings = ProjectSettings.from_pyproject(project)
    assert {*settings.repairs} == {"sources/sizes.csv", "sources/weights.csv"}
    text = (project / "pyproject.toml").read_text("utf-8")
    assert text.count('{ file = "repairs.toml" }') == 1
    build(project)


def test_the_card_lists_new_files_below_those_that_its_author_wrote_about(
    project: Path, players: Path
) -> None:
    card = project / "README.md"
    text = card.read_text("utf-8").replace("Say here who made these files", "The league made them")
    text = text.replace("- `batting.csv`", "- `batting.csv`, since 1871")
    card.write_text(text, "utf-8")
    added = add_tables(project, [players])
    assert not any("README.md" in line for line in added.decisions)
    assert "- `batting.csv`, since 1871\n- `players.csv`\n" in card.read_text("utf-8")
    assert "| players | player |" in card.read_text("utf-8")


def write_book(folder: Path, *sheets: str) -> Path:
    folder.mkdir()
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        made = book.create_sheet(sheet)
        for row in (["id", "name"], *([at, f"{sheet} {at}"] for at in range(9))):
            made.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"error": "Not Found"}', "what a service answered in place of a file"),
        (b"<!doctype html><html></html>", "a web page by its content"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "Git LFS pointer"),
        (b"PK\3\4 of a workbook that was cut", "x.xlsx cannot be read"),
    ],
    ids=["answer", "page", "pointer", "cut"],
)
def test_what_is_called_a_workbook_and_is_none_is_told_as_new_tells_it(
    project: Path, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "found").mkdir()
    file = tmp_path / "found" / "x.xlsx"
    file.write_bytes(content)
    for run in (
        lambda: add_tables(project, [file]),
        lambda: draft_project(tmp_path / "x-data", tmp_path / "found"),
    ):
        with pytest.raises(SourceError, match=told):
            run()


def test_a_new_sheet_becomes_a_table_as_the_report_says(tmp_path: Path) -> None:
    project = draft_project(
        tmp_path / "p-data", write_book(tmp_path / "first", "birds", "nests").parent
    ).path
    second = write_book(tmp_path / "second", "birds", "nests", "eggs")
    (decision,) = refresh_project(project, [second], apply=True).decisions
    assert "a new sheet would be table `book_eggs`" in decision
    setting = decision.partition("Say ")[2].partition(" in [")[0]
    edit(project, "pyproject.toml", "\ncompression =", f"\n{setting}\ncompression =")
    assert refresh_project(project, [second], apply=True).is_applied
    assert any(
        line.startswith("book_eggs: 9 rows") for line in add_tables(project, [second]).report
    )
    edit(project, "pyproject.toml", f"\n{setting}\n", "\n")
    with closing(sqlite3.connect(build(project))) as connection:
        assert connection.execute("SELECT count(*) FROM book_eggs").fetchone() == (9,)


@pytest.mark.parametrize("first", ["birds", "By age"])
def test_the_table_of_a_lone_sheet_is_read_from_it_when_more_come_as_the_report_says(
    tmp_path: Path, first: str
) -> None:
    folder = write_book(tmp_path / "first", first).parent
    write_csv(folder / "sites.csv", "id,size", [f"{at},{at % 3}" for at in range(9)])
    write_csv(folder / "rain" / "1.csv", "id,mm", ["1,2"])
    write_csv(folder / "rain" / "2.csv", "id,mm", ["2,2"])
    project = draft_project(tmp_path / "p-data", folder).path
    before = read_tree(project)
    second = write_book(tmp_path / "second", "notes", first)
    (decision,) = refresh_project(project, [second], apply=True).decisions
    assert decision.startswith("book: book.xlsx has 2 sheets now, so no table has its name")
    assert read_tree(project) == before
    setting = decision.partition("from now on, set ")[2].partition(" in [")[0]
    edit(project, "pyproject.toml", 'sources = "sources"', setting)
    done = refresh_project(project, [second], apply=True)
    assert (done.decisions, done.edits, done.is_applied) == ([], [], True)
    with closing(sqlite3.connect(build(project))) as connection:
        (name,) = connection.execute("SELECT name FROM book WHERE id = 3").fetchone()
        assert connection.execute("SELECT count(*) FROM rain").fetchone() == (2,)
    assert name == f"{first} 3"
    assert [line for line in add_tables(project, [second]).report if "rows of" in line] == [
        "book_notes: 9 rows of book.xlsx#notes, model BookNote"
    ]
    with closing(sqlite3.connect(build(project))) as connection:
        (name,) = connection.execute("SELECT name FROM book_notes WHERE id = 3").fetchone()
    assert name == "notes 3"


@pytest.mark.parametrize(
    "setting",
    [
        'sources = {batting = "sources/batting.csv"}',
        'sources = { "batting" = ["sources/batting.csv"] }  # one',
        f'[{HOOK}.sources]\nbatting = "sources/batting.csv"',
    ],
)
def test_new_files_are_named_where_each_table_has_its_file(
    project: Path, tmp_path: Path, setting: str
) -> None:
    """The settings name what was given, whatever format it is of."""
    is_inline = setting.startswith("sources")
    line = 'sources = "sources"\n'
    edit(project, "pyproject.toml", line, f"{setting}\n" * is_inline)
    if not is_inline:
        edit(project, "pyproject.toml", "[tool.pytest", f"{setting}\n\n[tool.pytest")
    more = write_book(tmp_path / "more", "a", "b").parent
    write_csv(more / "odd parks.csv", "id,size", ["1,2.5"])
    write_csv(more / "rain" / "1.csv", "id,mm", ["1,2"])
    write_csv(more / "rain" / "2.csv", "id,mm", ["2,2"])
    (more / "tours.jsonl").write_text('{"id": 1, "stops": [{"at": "x"}, {"at": "y"}]}\n')
    with closing(sqlite3.connect(more / "clubs.db")) as connection:
        connection.executescript(
            "CREATE TABLE clubs (id INTEGER PRIMARY KEY); INSERT INTO clubs VALUES (7)"
        )
    add_tables(project, [more])
    settings = ProjectSettings.from_pyproject(project)
    assert settings.sources == {
        "batting": ("sources/batting.csv",),
        "book_a": ("sources/book.xlsx#a",),
        "book_b": ("sources/book.xlsx#b",),
        "clubs": ("sources/clubs.db#clubs",),
        "odd_parks": ("sources/odd_parks.csv",),
        "rain": ("sources/rain/1.csv", "sources/rain/2.csv"),
        "tours": ("sources/tours.jsonl",),
    }
    with closing(sqlite3.connect(build(project))) as connection:
        for name, count in {"book_b": 9, "clubs": 1, "odd_parks": 1, "rain": 2, "tours": 1}.items():
            query = f"SELECT count(*) FROM {name}"
            assert connection.execute(query).fetchone() == (count,), name


def test_hiding_the_other_sheets_keeps_the_table_of_a_lone_sheet(tmp_path: Path) -> None:
    project = draft_project(tmp_path / "p-data", write_book(tmp_path / "1", "a").parent).path
    second = write_book(tmp_path / "2", "b", "c")
    (decision,) = refresh_project(project, [second], apply=True).decisions
    assert decision.endswith("are `b`, `c`. Hide all but the table's sheet")
    book = load_workbook(second)
    book["b"].sheet_state = "hidden"
    book.save(second)
    assert not refresh_project(project, [second], apply=True).decisions
