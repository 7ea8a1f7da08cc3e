"""What somebody sees who sits at a terminal."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.cli.commands.projects import BarProgress
from tests.support.program import Program
from tests.support.projects import make_project
from tests.support.terminal import COUNT_FOREVER, Terminal, look
from tests.support.wheels import Wheel, make_database

NULLS = "SELECT 'a' AS x, NULL AS y"


def without_color(text: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", text)


def test_a_list_is_an_aligned_table_with_readable_numbers(program: Program) -> None:
    shown = look(program, "list").splitlines()
    assert re.fullmatch(r"NAME +VERSION +TABLES +ROWS +SIZE +LICENSE +PACKAGE", shown[0])
    assert re.fullmatch(r"birds +1.0 +2 +5 +\d+\.\d kB +CC0-1.0 +birds-data", shown[1])
    assert re.fullmatch(r"colours +2026.1 +2 +6 +\d+\.\d kB +- +colours-data", shown[2])


def test_null_is_dim_unless_colour_is_not_wanted(program: Program) -> None:
    assert "a  \x1b[2mNULL\x1b[0m\n" in look(program, "query", "birds", NULLS)
    plain = program.with_variables({"NO_COLOR": "1"})
    assert look(plain, "query", "birds", NULLS) == "x  y\na  NULL\n"


def test_errors_are_coloured_unless_colour_is_not_wanted(program: Program) -> None:
    shown = look(program, "path", "brids", code=3)
    assert "\x1b[31m" in shown
    plain = program.with_variables({"NO_COLOR": "1"})
    assert look(plain, "path", "brids", code=3) == without_color(shown)


def test_long_cells_are_cut_on_a_terminal_and_nowhere_else(program: Program) -> None:
    sql = "SELECT printf('%.*c', 500, 'x') AS long"
    assert look(program, "query", "birds", sql) == f"long\n{'x' * 79}…\n"
    assert program.read("query", "birds", sql, "--format", "table") == f"long\n{'x' * 500}\n"
    assert program.read("query", "birds", sql) == f"long\n{'x' * 500}\n"


WIDE = "SELECT printf('%.*c', 60, 'x') AS one, 5 AS other, printf('%.*c', 20, 'y') AS third"


def test_a_table_that_is_wider_than_the_terminal_is_written_value_by_value(
    program: Program,
) -> None:
    drawn = f"-[ row 1 ]-\none    {'x' * 60}\nother  5\nthird  {'y' * 20}\n"
    assert look(program, "query", "birds", WIDE) == drawn
    assert program.read("query", "birds", WIDE, "--vertical") == drawn
    table = f"one{' ' * 59}other  third\n{'x' * 60}      5  {'y' * 20}\n"
    assert look(program, "query", "birds", WIDE, "--format", "table") == table


def test_data_cannot_command_the_terminal(program: Program) -> None:
    shown = look(program, "query", "birds", "SELECT char(27) || ']0;title' || char(7) AS x")
    assert shown == "x\n\\x1b]0;title\\x07\n"


@pytest.mark.parametrize("arguments", [["list"], ["info", "colours"], ["schema", "colours"]])
def test_what_an_author_wrote_cannot_command_the_terminal_either(
    lone_program: Program, tmp_path: Path, arguments: list[str]
) -> None:
    schema = "CREATE TABLE colour (id /* \x1b]0;title\x07 */ INTEGER PRIMARY KEY);"
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", schema=schema))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    raw |= {"title": "\x1b]0;title\x07", "licenses": [{"name": "\x1b[2J"}]}
    wheel.put(file, json.dumps(raw)).install(lone_program.site)
    shown = look(lone_program, *arguments)
    assert "\\x1b" in shown
    assert without_color(shown).replace("\n", "").replace("\t", "").isprintable()


def test_what_is_told_of_a_table_fits_the_terminal(lone_program: Program, tmp_path: Path) -> None:
    schema = "CREATE TABLE colour (id INTEGER PRIMARY KEY, at DATETIME, name TEXT);"
    rows = f"INSERT INTO colour VALUES (1, '2020-01-01 10:00:00', '{'x' * 40}');"
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", schema=schema + rows))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    raw["resources"][0] |= {"description": "All of the colours. " * 9}
    wheel.put(file, json.dumps(raw)).install(lone_program.site)
    for option, parts in (((), 1), (("--describe",), 2)):
        shown = without_color(look(lone_program, "info", "colours.colour", *option))
        assert max(map(len, shown.splitlines())) <= 80
        assert len(re.findall(r"^ *id ", shown, re.MULTILINE)) == parts
        assert shown.startswith("colour: ")


def test_another_format_is_written_as_it_is(program: Program) -> None:
    assert look(program, "query", "birds", NULLS, "--csv") == "x,y\na,\n"


def test_a_result_of_more_than_a_screen_goes_through_the_pager(program: Program) -> None:
    pager = program.home / "pager"
    pager.write_text('#!/bin/sh\necho "paged $LESS"; cat\n')
    pager.chmod(0o755)
    paged = program.with_variables({"PAGER": str(pager)})
    sql = "SELECT name FROM birds"
    assert look(paged, "query", "birds", sql).startswith("name\n")
    shown = look(paged, "query", "birds", sql, lines=3)
    assert shown.split() == ["paged", "-RS", "name", "Blue", "tit", "Great", "tit", "Rook"]


def test_leaving_the_pager_early_ends_an_endless_query(program: Program) -> None:
    pager = program.home / "pager"
    pager.write_text("#!/bin/sh\nhead -2\n")
    pager.chmod(0o755)
    paged = program.with_variables({"PAGER": str(pager)})
    assert look(paged, "query", "birds", COUNT_FOREVER.format("i")).split() == ["i", "1"]


@pytest.mark.parametrize("what", ["count(*)", "sum(i)"])
def test_ctrl_c_at_the_terminal_stops_a_query(program: Program, what: str) -> None:
    terminal = Terminal(program, ["query", "birds", COUNT_FOREVER.format(what)])
    time.sleep(1)
    terminal.type("\x03")
    assert terminal.read(code=130).strip() == "^C"


def test_a_query_without_sql_does_not_wait_for_typing(program: Program) -> None:
    assert "Give SQL" in look(program, "query", "birds", code=2)


def test_an_export_to_a_file_shows_a_bar_and_says_what_it_wrote(program: Program) -> None:
    shown = look(program, "export", "birds", "--to", "csv", "-o", "out")
    assert "Exporting birds" in shown
    assert "100%" in shown
    assert shown.endswith("5 rows of 2 tables written to out.\n")
    assert look(program, "export", "birds", "--to", "csv", "-o", "again", "-q") == ""


def test_a_build_shows_bars_and_gives_the_cursor_back(lone_program: Program) -> None:
    project = make_project(lone_program.home)
    shown = look(lone_program, "build", project)
    assert "birds  [" in shown
    assert "100%" in shown
    assert "Indexes and keys ..." in shown
    lines = [re.split(r"\x1b\[2K|\r", line)[-1] for line in shown.strip("\n").split("\n")]
    path = project / "src" / "birds_data" / "birds.db"
    size = path.stat().st_size
    assert [line.replace("\x1b[?25h", "") for line in lines] == [
        "birds: 3 rows",
        "families: 2 rows",
        "Indexes and keys",
        f"Writing the file: birds.db, {size:,} bytes",
        str(path),
    ]
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_build_that_fails_leaves_the_terminal_in_order(lone_program: Program) -> None:
    project = make_project(lone_program.home)
    source = project / "sources" / "birds.csv"
    source.write_text(source.read_text().replace(",24,", ",wide,"))
    shown = look(lone_program.with_variables({"NO_COLOR": "1"}), "build", project, code=1)
    assert "\nError: sources/birds.csv, line 2" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_long_step_tells_how_fast_it_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("microcosm_sqlite.cli.commands.projects.monotonic", lambda: next(clock))
    with closing(BarProgress()) as progress:
        progress.start("birds", 8_000_000)
        progress.advance(4_000_000)
        progress.advance(4_000_000)
        progress.finish("3 rows")
    told = capsys.readouterr().err
    assert re.search(r"birds: 3 rows, 8\.0 MB in \d+\.0 s: \d\S* [kM]B/s", told)
