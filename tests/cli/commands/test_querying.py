"""`query` answers SQL, safely and in any format."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from microcosm_sqlite.cli.commands.querying import read_value
from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


def test_rows_are_tab_separated_in_a_pipe(program: Program) -> None:
    sql = "SELECT name, wingspan FROM birds ORDER BY id"
    assert program.read("query", "birds", sql) == (
        "name\twingspan\nGreat tit\t24\nBlue tit\t18\nRook\t\n"
    )
    assert program.read("query", "birds", sql, "--no-header").startswith("Great tit\t24\n")


def test_sql_comes_from_a_file_or_standard_input_as_well(program: Program) -> None:
    file = program.home / "count.sql"
    file.write_text("-- how many\nSELECT count(*) AS n\nFROM birds;\n", encoding="utf-8")
    assert program.read("query", "birds", "--file", file) == "n\n3\n"
    assert program.read("query", "birds", "-f", "-", stdin="SELECT 1 AS n") == "n\n1\n"
    assert program.read("query", "birds", stdin="SELECT 2 AS n") == "n\n2\n"
    assert program.read("query", "birds", "-", stdin="SELECT 3 AS n") == "n\n3\n"


def test_no_sql_or_too_much_of_it_is_wrong_usage(program: Program) -> None:
    assert "The SQL is empty." in program.refuse("query", "birds", code=2)
    assert "The SQL is empty." in program.refuse("query", "birds", "  ", code=2)
    file = program.home / "x.sql"
    file.write_text("SELECT 1", encoding="utf-8")
    assert "not both" in program.refuse("query", "birds", "SELECT 1", "-f", file, code=2)
    assert "nowhere.sql" in program.refuse("query", "birds", "-f", "nowhere.sql", code=2)


def test_sql_that_is_no_text_is_told(program: Program) -> None:
    file = program.home / "x.sql"
    file.write_bytes(b"SELECT '\xff'")
    assert "The SQL is not UTF-8" in program.refuse("query", "birds", "-f", file, code=2)
    file.write_bytes(b"SELECT 1\x00")
    assert program.refuse("query", "birds", "-f", file).startswith("Error: ")
    assert "cannot be passed to SQLite" in program.refuse("query", "birds", "SELECT '\udcff'")


def test_parameters_are_bound_by_name(program: Program) -> None:
    sql = "SELECT name FROM birds WHERE family = :family AND wingspan > :least"
    given = ["-p", "family", "PARU", "--param", ":least", "20"]
    assert program.read("query", "birds", sql, *given) == "name\nGreat tit\n"
    hostile = program.read("query", "birds", "SELECT :x AS x", "-p", "x", "'; DROP TABLE birds")
    assert hostile == "x\n'; DROP TABLE birds\n"


def test_a_misspelt_column_in_double_quotes_is_told_with_the_nearest(program: Program) -> None:
    told = program.refuse("query", "birds", 'SELECT count(*) FROM birds WHERE "wingspam" > 60')
    assert "no such column: wingspam" in told
    assert "Hint: Did you mean 'wingspan'?" in told


def test_a_parameter_without_value_is_told_with_the_option_that_gives_it(program: Program) -> None:
    told = program.refuse("query", "birds", "SELECT :x")
    assert told.endswith("Hint: Add: -p x VALUE\n")
    assert "Write parameters as :name" in program.refuse("query", "birds", "SELECT ?")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("0.5", 0.5),
        ("-0.25", -0.25),
        # What a number would not give back as it was written stays text.
        ("007", "007"),
        ("-0", "-0"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        ("٣", "٣"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("", ""),
        ("inf", "inf"),
    ],
)
def test_a_value_is_a_number_only_where_it_is_written_as_one(text: str, value: object) -> None:
    found = read_value(text)
    assert (found, type(found)) == (value, type(value))


def test_datasets_are_joined_by_attaching_them(program: Program) -> None:
    sql = "SELECT b.name, c.name FROM birds AS b JOIN colours.colour AS c USING (id) ORDER BY 1"
    answer = program.read("query", "birds", sql, "--attach", "colours", "--no-header")
    assert answer.splitlines() == ["Blue tit\tblue", "Great tit\tred", "Rook\tgrün"]
    assert "'colours'" in program.refuse("query", "birds", sql, "--attach", "colour", code=3)
    assert "--attach colours" in program.refuse("query", "birds", sql)


@pytest.mark.parametrize(
    ("sql", "error", "hint"),
    [
        ("SELECT * FROM bird", "no such table: bird.", "Did you mean 'birds'?"),
        ("SELECT * FROM xyzzy", "no such table: xyzzy.", "Its tables: birds, families."),
        ("SELECT wingspann FROM birds", "no such column: wingspann.", "Did you mean 'wingspan'?"),
        ("SELECT b.nam FROM birds b", "no such column: b.nam.", "Did you mean 'name'?"),
        ("SELECT zzz FROM families", "no such column: zzz.", "Columns: code, name."),
        (
            "SELECT name FROM birds JOIN families",
            "ambiguous column name: name.",
            "Write it as table.column.",
        ),
        ("SELECT 1; SELECT 2", "You can only execute one", "Run the statements one by one."),
        ("ATTACH 'x.db' AS y", "too many attached databases", "--attach NAME."),
        ("SELECT CAST(x'ff' AS TEXT) AS t", "Could not decode to UTF-8", "CAST(column AS BLOB)"),
        ("SELECT nope(1)", "no such function: nope.", ""),
        ("SELEC 1", 'near "SELEC": syntax error.', ""),
    ],
)
def test_bad_sql_is_told_in_the_words_of_sqlite_with_a_hint(
    program: Program, sql: str, error: str, hint: str
) -> None:
    told = program.refuse("query", "birds", sql)
    assert told.startswith(f"Error: {error}")
    assert ("Hint: " in told) == bool(hint)
    assert hint in told
    assert list(program.home.glob("*.db")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM birds",
        "INSERT INTO families VALUES ('A', 'B')",
        "CREATE TABLE x (y)",
        "DROP TABLE birds",
        "UPDATE birds SET name = 'x' WHERE id = 1",
        "PRAGMA user_version = 7",
    ],
)
def test_writing_is_refused_and_says_that_the_dataset_is_read_only(
    program: Program, sql: str
) -> None:
    before = (program.site / "birds_data" / "birds.db").read_bytes()
    told = program.refuse("query", "birds", sql)
    assert told.startswith("Error: Dataset 'birds' is read-only.\nHint: ")
    assert (program.site / "birds_data" / "birds.db").read_bytes() == before


def test_a_statement_without_columns_prints_nothing(program: Program) -> None:
    assert program.read("query", "birds", "PRAGMA cache_size = 10") == ""
    assert program.read("query", "birds", "PRAGMA cache_size = 10", "--json") == "[]\n"


def test_damage_that_is_met_while_reading_is_told_as_such(program: Program, tmp_path: Path) -> None:
    site = tmp_path / "damaged"
    site.mkdir()
    database = make_database(tmp_path / "colours.db", rows=20_000)
    wheel = Wheel().carry(database)
    content = bytearray(wheel.files["colours_data/colours.db"])
    content[8192:-8192] = b"\xff" * (len(content) - 16384)
    wheel.put("colours_data/colours.db", bytes(content)).install(site)
    done = Program(site, tmp_path).run("query", "colours", "SELECT * FROM shade", code=1)
    assert "is damaged: database disk image is malformed." in done.stderr
    assert "Reinstall" in done.stderr


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "table"])
def test_memory_does_not_grow_with_the_number_of_rows(program: Program, form: str) -> None:
    def peak(rows: int) -> int:
        sql = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            f"SELECT i, 'a text of some length ' || i FROM n LIMIT {rows}"
        )
        with Path(os.devnull).open("w") as nowhere:
            process = program.start("query", "birds", sql, "--format", form, stdout=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.stderr is not None
        process.stderr.close()
        assert process.returncode == 0
        return usage.ru_maxrss

    # What one batch needs is there in both; 300,000 rows held would be 40 MB and more.
    assert peak(300_000) - peak(3_000) < 3_000
