"""New editions of sources are told apart from what the models say, and taken where that is safe."""

from __future__ import annotations

import gzip
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pandas
import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.drafts import build, check_style, read_tree

OTHERS = "draft one with `microcosm-sqlite add`, or name its table in `upstream`"
HEADER = "id,name,league,weight,born"
ROWS = [
    f"{at},Player {at},{('AL', 'NL')[at % 2]},{70 + at % 40},{1960 + at % 40}"
    for at in range(1, 81)
]
FILE = "The-Players.csv"
MODELS = "src/ball_data/models.py"
LONG = "A name of more than twenty characters"


def write_csv(folder: Path, rows: list[str], header: str = HEADER, name: str = FILE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return folder / name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A draft of one table, whose file is called otherwise upstream."""
    write_csv(tmp_path / "first", ROWS)
    return draft_project(tmp_path / "ball-data", tmp_path / "first").path


def edit(project: Path, name: str, before: str, after: str) -> None:
    text = (project / name).read_text("utf-8")
    assert before in text
    (project / name).write_text(text.replace(before, after, 1), "utf-8")


def widen(rows: list[str], header: str) -> list[str]:
    """Rows with empty fields for the columns that are new."""
    return [row + "," * (header.count(",") - row.count(",")) for row in rows]


BORN = f"{HEADER},Day of birth"
SAFE = {
    "longer text": (HEADER, [f"99,{LONG},AL,70,1960"], "name: Mapped[str]", "String(100)"),
    "any length": (HEADER, [f"99,{LONG * 30},AL,70,1960"], "name: Mapped[str]", "Text"),
    "wider number": (HEADER, ["99,a,AL,3000000000,1960"], "weight: Mapped[int]", "BigInteger"),
    "new labels": (
        HEADER,
        ["97,a,FL,70,1960", "98,b,AA,70,1960", "99,c,UA,70,1960"],
        "ThePlayerLeague",
        'Literal["AA", "AL", "FL", "NL", "UA"]',
    ),
    "new column": (
        f"{HEADER},height",
        ["98,a,AL,70,1960,180.5", "99,b,AL,71,1961,"],
        "height: Mapped[float | None]",
        "Double",
    ),
    "dates of a new column": (
        BORN,
        [f"{at},a,AL,70,1960,{at - 70}.04.1980" for at in range(90, 100)],
        "day_of_birth: Mapped[dt.date | None]",
        '"Day_of_birth", Date, comment="Day of birth"',
    ),
}


@pytest.mark.parametrize("case", SAFE)
def test_what_is_safe_is_taken_and_builds(project: Path, tmp_path: Path, case: str) -> None:
    header, rows, attribute, type_ = SAFE[case]
    rows = [*widen(ROWS, header), *rows]
    file = write_csv(tmp_path / "second", rows, header)
    before = read_tree(project)
    told = refresh_project(project, [file])
    assert (told.decisions, told.is_applied) == ([], False)
    assert read_tree(project) == before
    done = refresh_project(project, [file.parent], apply=True)
    assert done.is_applied
    assert done.edits == told.edits
    (statement,) = [text for text in done.edits if attribute in text]
    assert type_ in statement
    with closing(sqlite3.connect(build(project))) as connection:
        (count,) = connection.execute("SELECT count(*) FROM The_Players").fetchone()
    assert count == len(rows)
    assert not refresh_project(project, [file], apply=True).is_new


@pytest.mark.slow
def test_edited_models_are_as_formatter_linter_and_type_checker_want_them(
    project: Path, tmp_path: Path
) -> None:
    rows = [f"99,{LONG * 30},Federal League of the year 1914,3000000000,3000000000,1.04.1980"]
    rows += [f"{at},a,{'UAXYZ'[at % 5] * 20},70,1960,{at - 70}.04.1980" for at in range(90, 98)]
    file = write_csv(tmp_path / "second", [*widen(ROWS, BORN), *rows], BORN)
    assert refresh_project(project, [file], apply=True).is_applied
    check_style(project, tmp_path)


UNSAFE = {
    "no value": (HEADER, ["99,a,AL,,1960"], "The_Players.weight: in 1 row", "[... | None]"),
    "other kind": (HEADER, ["99,a,AL,heavy,1960"], "The_Players.weight: in 1 row", "'heavy' is"),
    "fraction": (HEADER, ["99,a,AL,70.5,1960"], "The_Players.weight: in 1 row", "'70.5' is"),
    "word for nothing": (HEADER, ["99,a,NA,70,1960"], "The_Players.league: in", "null-values"),
    "many labels": (
        HEADER,
        [f"{at},a,L{at},70,1960" for at in range(100, 110)],
        "The_Players.league: in 10 rows",
        "'L100' is",
    ),
    "key": (HEADER, ["80,a,AL,70,1960"], "The_Players.id: 1 key in several rows", "id=80"),
    "field": (HEADER, ["99,a,AL,70"], "The_Players: ", "4 fields where the header has 5"),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_of_all_else_the_author_decides_first(project: Path, tmp_path: Path, case: str) -> None:
    header, rows, start, told = UNSAFE[case]
    file = write_csv(tmp_path / "second", [*ROWS, *rows, f"98,{LONG},AL,70,1960"], header)
    before = read_tree(project)
    done = refresh_project(project, [file], apply=True)
    (decision,) = done.decisions
    assert decision.startswith(start)
    assert told in decision
    assert "decide about these things first" in done.spell()[-1]
    assert read_tree(project) == before


def test_one_report_tells_of_all_tables_and_of_rows_that_are_gone(
    project: Path, tmp_path: Path
) -> None:
    rows = [row.rpartition(",")[0] for row in ROWS[3:]]
    write_csv(tmp_path / "second", rows, HEADER.rpartition(",")[0])
    write_csv(tmp_path / "second", ["a"], "b", "parks.csv")
    done = refresh_project(project, [tmp_path / "second"])
    assert done.decisions == [
        "The_Players.born: the column is missing. Put it back, or take it out of the model."
    ]
    assert f"The_Players: {FILE}, 77 rows, 80 before, 3 rows gone, such as id=1" in done.report
    assert f"parks.csv: no table has this name; {OTHERS}" in done.report


@pytest.mark.parametrize("called", ["Born", "Year Born", "bron", "of"])
def test_a_column_of_another_name_is_read_as_the_report_says(
    project: Path, tmp_path: Path, called: str
) -> None:
    file = write_csv(tmp_path / "second", ROWS, HEADER.replace("born", called))
    (decision,) = refresh_project(project, [file], apply=True).decisions
    setting = decision.partition("If it is `born`, set `")[2].partition("`")[0]
    edit(project, "pyproject.toml", "compression =", f"{setting}\ncompression =")
    done = refresh_project(project, [file], apply=True)
    assert done.is_applied
    assert done.decisions == []
    build(project)


RENAMED = {
    "by their names": ("id,Name,league,Weight (kg),Year Born", ["name", "weight", "born"]),
    "by their places": ("id,called,league,mass,year", ["name", "weight", "born"]),
    "by both": ("id,full name,league,weight,year", ["name", "born"]),
}


@pytest.mark.parametrize("case", RENAMED)
def test_columns_of_other_names_are_read_by_one_setting_that_keeps_what_is_said(
    project: Path, tmp_path: Path, case: str
) -> None:
    header, columns = RENAMED[case]
    file = write_csv(tmp_path / "second", ROWS, header)
    hook = "tables.The_Players.columns"
    edit(project, "pyproject.toml", "compression =", f'{hook} = {{"l" = "league"}}\ncompression =')
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert decision.startswith(f"The_Players.{', '.join(columns)}: the columns are missing.")
    setting = decision.partition(", set `")[2].partition("`")[0]
    assert '"l" = "league"' in setting
    edit(project, "pyproject.toml", f'{hook} = {{"l" = "league"}}', setting)
    done = refresh_project(project, [file], apply=True)
    assert (done.decisions, done.edits, done.is_applied) == ([], [], True)


def test_columns_at_the_places_of_others_need_their_kind_to_be_taken_for_them(
    project: Path, tmp_path: Path
) -> None:
    swapped = [",".join([*row.split(",")[:3], f"{at}.5", "x"]) for at, row in enumerate(ROWS)]
    file = write_csv(tmp_path / "second", swapped, "id,called,league,year,mass")
    told = refresh_project(project, [file], apply=True).decisions
    assert [text.partition(": ")[0].partition(".")[2] for text in told] == [
        "name", "weight", "born",
    ]  # fmt: skip
    assert '{"called" = "name"}' in told[0]
    assert all("missing. Put it back, or take it" in text for text in told[1:])


def test_a_decision_of_the_author_lets_the_edition_in(project: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "second", [*ROWS, "99,a,AL,,1960"])
    assert refresh_project(project, [file], apply=True).decisions
    edit(project, MODELS, "weight: Mapped[int]", "weight: Mapped[int | None]")
    assert refresh_project(project, [file], apply=True).is_applied
    build(project)


@pytest.mark.parametrize(
    ("mine", "why"),
    [
        ("mapped_column(String(20)) # mine", "`name` is not written as drafted models have it"),
        ("mapped_column(String(length=20))", "`name` has another type"),
        ("mapped_column( String(20) )", "`name` is not written as drafted models have it"),
    ],
)
def test_what_the_author_wrote_is_not_edited(
    project: Path, tmp_path: Path, mine: str, why: str
) -> None:
    edit(project, MODELS, "mapped_column(String(20))", mine)
    before = read_tree(project)
    file = write_csv(tmp_path / "second", [*ROWS, f"99,{LONG},AL,70,1960"])
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert "texts of up to 37 characters" in decision
    assert why in decision
    assert read_tree(project) == before


def test_nothing_but_the_statement_changes(project: Path, tmp_path: Path) -> None:
    models = project / MODELS
    text = models.read_bytes().replace(b"class ThePlayer(", b"# mine  \n\n\nclass ThePlayer(")
    text = (text + b"\n    @property\n    def mine( self ): return 'mine'\n").replace(
        b"\n", b"\r\n"
    )
    models.write_bytes(text)
    file = write_csv(tmp_path / "second", [*ROWS, f"99,{LONG},AL,70,1960"])
    assert refresh_project(project, [file], apply=True).is_applied
    assert models.read_bytes() == text.replace(b"String(20)", b"String(100)")


def test_what_the_build_refuses_is_told(project: Path, tmp_path: Path) -> None:
    edit(project, MODELS, "mapped_column(String(20))", "mapped_column(String(20), unique=True)")
    file = write_csv(tmp_path / "second", [*ROWS, "99,Player 1,AL,70,1960"])
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert decision.startswith("the build: ")
    assert "name='Player 1'" in decision


def test_an_edition_in_another_format_takes_the_place(project: Path, tmp_path: Path) -> None:
    lines = [
        f'{{"id": {at}, "name": "P{at}", "league": "AL", "weight": 1, "born": {at}, "n": {at}}}'
        for at in range(30)
    ]
    second = write_csv(tmp_path / "second", lines[1:], lines[0], "The_Players.jsonl")
    done = refresh_project(project, [second], apply=True, fewer_rows=True)
    assert any("n: Mapped[int | None] = mapped_column(Integer)" in text for text in done.edits)
    names = [file.name for file in (project / "sources").iterdir()]
    assert names == ["The_Players.jsonl"]
    build(project)


def test_names_upstream_are_remembered(project: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "second", [*ROWS, "99,a,AL,70,1960"], name="roster 2026.csv")
    assert refresh_project(project, [file]).report == [
        f"roster 2026.csv: no table has this name; {OTHERS}"
    ]
    edit(project, "pyproject.toml", f'The_Players = "{FILE}"', 'The_Players = "roster 2026.csv"')
    assert refresh_project(project, [file], apply=True).is_applied
    twin = write_csv(tmp_path / "second", ROWS, name="The_Players.csv")
    with pytest.raises(SettingsError, match=r"are both for The_Players\.csv"):
        refresh_project(project, [file, twin])


def test_a_database_is_refreshed_as_a_snapshot(tmp_path: Path) -> None:
    def write(folder: Path, names: list[str]) -> Path:
        folder.mkdir()
        with closing(sqlite3.connect(folder / "birds.sqlite")) as connection, connection:
            connection.execute("CREATE TABLE birds (id INTEGER PRIMARY KEY, name VARCHAR(10))")
            connection.executemany("INSERT INTO birds (name) VALUES (?)", [(n,) for n in names])
        return folder / "birds.sqlite"

    project = draft_project(tmp_path / "p-data", write(tmp_path / "first", ["tit", "rook"])).path
    second = write(tmp_path / "second", ["a bird of a longer name", "tit", "owl"])
    done = refresh_project(project, [second], apply=True)
    assert (done.decisions, done.is_applied) == ([], True)
    with closing(sqlite3.connect(build(project))) as connection:
        assert len(connection.execute("SELECT * FROM birds").fetchall()) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_no_text_is_drafted_and_refreshed(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xffirds.csv")
    write_csv(tmp_path / "first", ["1,a"], "id,name", name)
    project = draft_project(tmp_path / "birds-data", tmp_path / "first").path
    assert "upstream" not in (project / "pyproject.toml").read_text("utf-8")
    write_csv(tmp_path / "second", ["1,a", "2,b"], "id,name", "b_irds.csv")
    assert refresh_project(project, [tmp_path / "second"], apply=True).is_applied
    third = tmp_path / "third"
    write_csv(third, ["1,a", "2,b", "3,c"], "id,name", name)
    assert refresh_project(project, [third]).report


OTHERWISE = {
    "another delimiter": (lambda text: text.replace(",", ";"), 'set csv.delimiter = ";" in [tool.'),
    "another page": (
        lambda text: "<!DOCTYPE html><html>404</html>",
        f"{FILE} is a web page by its content. Download the file itself",
    ),
    "an answer of a service": (
        lambda text: '{"error": "quota exceeded"}',
        f'{FILE} is what a service answered in place of a file: \'{{"error": "quota exceeded',
    ),
    "a message": (
        lambda text: "Not available today",
        "has none of its columns, but 'Not available today'.",
    ),
    "a third of its rows": (
        lambda text: text[: len(text) // 3],
        "of 80 left. If the file is compl",
    ),
    "a header alone": (lambda text: f"{HEADER}\n", "0 rows of 80 left"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_file_that_is_written_otherwise_or_incomplete_is_not_taken(
    project: Path, tmp_path: Path, case: str
) -> None:
    """The delimiter is told once, not as a missing column for each that the table has."""
    spoil, message = OTHERWISE[case]
    build(project)
    file = write_csv(tmp_path / "next", ROWS)
    text = spoil(file.read_text("utf-8"))
    file.write_text(text[: text.rindex("\n") + 1] if "\n" in text else text, encoding="utf-8")
    before = read_tree(project)
    done = refresh_project(project, [file], apply=True)
    assert [message in each for each in done.decisions] == [True], done.decisions
    assert read_tree(project) == before


DISGUISED = {
    "gzip": (gzip.compress(b"id,name"), "is .gz by its content. Call it The-Players.csv.gz."),
    "parquet": (b"PAR1\x15\x04\xff\xfe", "is Parquet by its content. Call it .parquet."),
}


@pytest.mark.parametrize("case", DISGUISED)
def test_a_file_of_another_format_is_told_by_that_and_not_by_its_bytes(
    project: Path, tmp_path: Path, case: str
) -> None:
    content, message = DISGUISED[case]
    file = write_csv(tmp_path / "next", ROWS)
    file.write_bytes(content)
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert decision == f"The_Players: {FILE} {message}"


def test_columns_in_other_capitals_are_named_and_taken_with_that_setting(tmp_path: Path) -> None:
    write_csv(tmp_path / "first", ["1,a,3"], "id,name,size", "birds.csv")
    project = draft_project(tmp_path / "birds-data", tmp_path / "first").path
    second = tmp_path / "second"
    write_csv(second, ["1,a,3", "2,b,4"], "ID,Name,SIZE", "birds.csv")
    (told,) = refresh_project(project, [second], apply=True).decisions
    assert "has none of its columns, but 'ID', 'Name', 'SIZE'. If they are `id`, `na" in told
    setting = told.partition("set `")[2].partition("`")[0]
    hook = "[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]"
    settings = project / "pyproject.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace(hook, f"{hook}\n{setting}"), "utf-8")
    assert refresh_project(project, [second], apply=True).is_applied


def test_an_author_may_take_a_file_with_fewer_rows(project: Path, tmp_path: Path) -> None:
    build(project)
    file = write_csv(tmp_path / "next", ROWS[:30])
    assert not refresh_project(project, [file], apply=True).is_applied
    assert refresh_project(project, [file], apply=True, fewer_rows=True).is_applied


SAME = {
    "columns in another order": lambda rows: [",".join(row.split(",")[::-1]) for row in rows],
    "a byte order mark": lambda rows: [f"\ufeff{rows[0]}", *rows[1:]],
    "lines of DOS": lambda rows: [f"{row}\r" for row in rows],
}


@pytest.mark.parametrize("case", SAME)
def test_what_only_looks_otherwise_is_taken(project: Path, tmp_path: Path, case: str) -> None:
    build(project)
    header, *rows = SAME[case]([HEADER, *ROWS])
    done = refresh_project(project, [write_csv(tmp_path / "next", rows, header)], apply=True)
    assert done.is_applied, done.spell()
    assert not done.edits


def set_option(project: Path, setting: str) -> None:
    edit(project, "pyproject.toml", "compression =", f"{setting}\ncompression =")


def test_dates_that_are_written_otherwise_are_read_as_the_report_says(tmp_path: Path) -> None:
    days = [f"{at},2024-{at % 12 + 1:02}-{at % 28 + 1:02}" for at in range(60)]
    write_csv(tmp_path / "first", days, "id,day", "days.csv")
    project = draft_project(tmp_path / "days-data", tmp_path / "first").path
    rows = [f"{at},{at % 12 + 1}/{at % 28 + 1}/2024" for at in range(60)]
    second = write_csv(tmp_path / "second", rows, "id,day", "days.csv")
    (decision,) = refresh_project(project, [second], apply=True).decisions
    set_option(project, decision.partition("If it is a date, set `")[2].partition("`")[0])
    assert refresh_project(project, [second], apply=True).is_applied
    with closing(sqlite3.connect(build(project))) as connection:
        assert connection.execute("SELECT day FROM days WHERE id = 13").fetchone() == (
            "2024-02-14",
        )


def test_a_file_without_its_header_is_read_as_the_report_says(
    project: Path, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "second", ROWS[1:], ROWS[0])
    (decision,) = refresh_project(project, [file], apply=True).decisions
    said = decision.partition("order of the model, say ")[2].rpartition(" in [")[0]
    header, _, columns = said.partition(", ")
    for setting in (header, columns):
        set_option(project, f"tables.The_Players.{setting}")
    assert refresh_project(project, [file], apply=True).is_applied
    with closing(sqlite3.connect(build(project))) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM The_Players").fetchone()
    assert rows == len(ROWS)


def test_labels_in_other_capitals_are_for_the_author_to_judge(
    project: Path, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "second", [row.replace("AL", "al") for row in ROWS])
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert "'al' differs from 'AL' in capitals" in decision
    edit(project, MODELS, 'Literal["AL", "NL"]', 'Literal["AL", "NL", "al"]')
    assert refresh_project(project, [file], apply=True).is_applied


CUTS = {"between lines": -1, "within a value": -4, "within a row": -9}


@pytest.mark.parametrize("cut", CUTS)
def test_a_file_that_ends_within_a_line_and_lacks_rows_may_be_cut_off(
    project: Path, tmp_path: Path, cut: str
) -> None:
    build(project)
    file = write_csv(tmp_path / "second", ROWS[:70])
    file.write_bytes(file.read_bytes()[: CUTS[cut]])
    (decision,) = refresh_project(project, [file], apply=True).decisions
    assert "cut off" in decision
    assert "ragged" not in decision
    done = refresh_project(project, [file], apply=True, fewer_rows=True)
    assert done.is_applied == (cut != "within a row")


def test_a_name_in_other_capitals_or_without_a_format_is_that_of_the_source(
    project: Path, tmp_path: Path
) -> None:
    upper = write_csv(tmp_path / "second", [*ROWS, "99,a,AL,70,1960"], name="THE_PLAYERS.CSV")
    assert refresh_project(project, [upper], apply=True).is_applied
    edit(project, "pyproject.toml", f'The_Players = "{FILE}"', 'The_Players = "roster.txt"')
    text = write_csv(tmp_path / "third", [*ROWS, "98,a,AL,70,1960"], name="roster.txt")
    assert refresh_project(project, [text], apply=True).is_applied
    assert [file.name for file in (project / "sources").iterdir()] == ["The_Players.csv"]
    build(project)


def test_archives_in_a_folder_stand_for_their_files(project: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "second", [*ROWS, "99,a,AL,70,1960"])
    (tmp_path / "third").mkdir()
    with ZipFile(tmp_path / "third" / "season.zip", "w") as archive:
        archive.write(file, f"season/{FILE}")
        archive.writestr("season/parks.csv", "id,name\n1,a\n")
    done = refresh_project(project, [tmp_path / "third"], apply=True)
    assert done.is_applied
    assert done.unknown == ["parks.csv"]
    assert done.spell()[-1].endswith("and builds. There is no table of parks.csv.")


def test_files_of_no_table_are_a_decision_where_no_other_is_given(
    project: Path, tmp_path: Path
) -> None:
    parks = write_csv(tmp_path / "second", ["1,a"], "id,name", "parks.csv")
    before = read_tree(project)
    (decision,) = refresh_project(project, [parks.parent], apply=True).decisions
    assert "no table is called as parks.csv. Files are called as their table (The_Pl" in decision
    assert read_tree(project) == before
    done = refresh_project(project, [parks.parent], apply=True, adds=True)
    assert (done.decisions, done.is_new) == ([], False)
    assert done.added
    assert "parks: 1 row of parks.csv, model Park" in done.added.report
    assert "There is no table" not in done.spell()[-1]


def test_new_editions_and_new_tables_come_together_or_not_at_all(
    project: Path, tmp_path: Path
) -> None:
    second = write_csv(tmp_path / "second", [*ROWS, f"99,{LONG},AL,70,1960"]).parent
    parks = write_csv(second, ["1,AL", '2,"NL'], "id,league", "parks.csv")
    codes = tmp_path / "codes.csv"
    codes.write_text(
        "table,column,description\nThe_Players,weight,Kilograms\nparks,id,Number\nx,y,z\n"
    )
    before = read_tree(project)
    with pytest.raises(SourceError, match=r"parks\.csv"):
        refresh_project(project, [second], apply=True, adds=True, codebook=codes)
    assert read_tree(project) == before
    parks.write_text("id,league\n1,AL\n2,NL\n", encoding="utf-8")
    done = refresh_project(project, [second], apply=True, adds=True, codebook=codes)
    assert done.is_applied
    assert done.added
    told = [line for line in [*done.report, *done.added.decisions] if "the codebook" in line]
    assert told == ["the codebook describes table x, which is not there"]
    with closing(sqlite3.connect(build(project))) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM The_Players").fetchone()
        (parks_rows,) = connection.execute("SELECT count(*) FROM parks").fetchone()
    assert (rows, parks_rows) == (len(ROWS) + 1, 2)
    assert all(text in (project / MODELS).read_text("utf-8") for text in ("Kilograms", "Number"))


def write_stata(folder: Path, name: str, missing: list[str], income: float) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pandas.DataFrame({"id": range(1, 31), "income": [*missing, *[income] * 30][:30]})
    codes = {"income": missing}
    pyreadstat.write_dta(frame, folder / f"{name}.dta", missing_user_values=codes)


def write_spss(folder: Path, name: str, missing: list[str], income: float) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pandas.DataFrame({"id": range(1, 31), "income": [None, *[income] * 29]})
    codes = {"income": [ord(each) for each in missing]}
    pyreadstat.write_sav(frame, folder / f"{name}.sav", missing_ranges=codes)


def write_workbook(folder: Path, name: str, missing: list[str], income: float) -> None:
    """One whose two sheets have as many cells with an error."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("more")):
        sheet.append(["id", "income"])
        for at in range(1, 31):
            sheet.append([at, None if at == 30 else "#N/A" if at <= len(missing) else at * income])
            sheet.cell(at + 1, 2).data_type = "e" if at <= len(missing) else "n"
    book.save(folder / f"{name}.xlsx")


def write_parts(folder: Path, name: str, missing: list[str], income: float) -> None:
    (folder / name).mkdir()
    write_stata(folder / name, "2023", [], income)
    write_stata(folder / name, "2024", missing, income)


NOTED = {
    "Stata": (write_stata, ["income: the missing values .a, .b, .c become NULL, as . does"]),
    "SPSS": (write_spss, ["income: 97, 98, 99, declared as missing, becomes NULL"]),
    "a workbook": (write_workbook, ["3 cells with an error (the first is B2): no value"] * 2),
    "parts": (write_parts, ["income: the missing values .a, .b, .c become NULL, as . does"]),
}


@pytest.mark.parametrize("case", NOTED)
def test_values_that_are_read_as_none_are_noted_once_they_are_new(
    tmp_path: Path, case: str
) -> None:
    write, notes = NOTED[case]
    editions = {"first": ("ab", 10.5), "second": ("abc", 10.5), "third": ("abc", 11.5)}
    for name, (missing, income) in editions.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name, "people", [*missing], income)
    project = draft_project(tmp_path / "p-data", tmp_path / "first").path
    for name, told in {"second": notes, "third": []}.items():
        done = refresh_project(project, [tmp_path / name], apply=True)
        assert done.is_applied
        assert [each for each in done.report if "note:" in each] == [f"  note: {n}" for n in told]


def test_notes_of_an_edition_before_are_those_of_its_encoding(tmp_path: Path) -> None:
    folder, lines = tmp_path / "birds", [f"{at:>4}Ada\tx  1.5" for at in range(1, 31)]
    folder.mkdir()
    (folder / "birds.codebook.csv").write_text("column,start,width\nid,1,4\nname,5,7\nsize,12,3\n")
    (folder / "birds.fwf").write_text("\n".join([*lines, ""]))
    project = draft_project(tmp_path / "p-data", folder).path
    settings = project / "pyproject.toml"
    heading = "[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]\n"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace(heading, f'{heading}csv.encoding = "latin-1"\n'), "utf-8")
    for name, more in (("Zo\xeb", ""), ("Zo\xe9", "?")):
        edited = [f"{lines[0]}{more}", lines[1].replace("Ada", name), *lines[2:], ""]
        (folder / "birds.fwf").write_text("\n".join(edited), "latin-1")
        done = refresh_project(project, [folder], apply=True)
        assert done.is_applied, done.decisions
        notes = [each for each in done.report if "note:" in each]
        assert len(notes) == bool(more), notes
        assert all("has text at 15" in each for each in notes)
