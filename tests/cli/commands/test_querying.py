"""`query` answers SQL; `export`, `schema` and `models` give tables and how they are declared."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.cli.commands.querying import read_value
from microcosm_sqlite.interop.exporting import draw_mermaid
from tests.support.program import Program
from tests.support.programs import run
from tests.support.projects import MODELS
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
    ids = "SELECT id FROM birds WHERE id IN {} ORDER BY id"
    listed = ["-p", "id", "1", "--param", "id", "3"]
    for form in (":id", "(:id)"):
        assert program.read("query", "birds", ids.format(form), *listed) == "id\n1\n3\n"
    assert program.read("query", "birds", ids.format("(:id)"), "-p", "id", "3") == "id\n3\n"
    told = program.refuse("query", "birds", ids.format(":id"), "-p", "id", "3")
    assert told.endswith(
        "Hint: Write IN (:NAME), and give each of its values with -p NAME VALUE.\n"
    )
    told = program.refuse("query", "birds", "SELECT :id", *listed)
    assert "Parameter :id is a list, and does not stand behind IN" in told
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
        ('SELECT * FROM birds WHERE name = "Rook"', "no such column: ", "single quotes: 'Rook'."),
        ("SELECT 'Rook", "unrecognized token: ", "A quote is not closed."),
        ("SELECT (1", "incomplete input.", "It ends too early"),
        ("SELECT zzz FROM families", "no such column: zzz.", "Columns: code, name."),
        (
            "SELECT name FROM birds JOIN families",
            "ambiguous column name: name.",
            "Write it as table.column.",
        ),
        ("families", 'near "families": syntax error.', 'It is a table: SELECT * FROM "families"'),
        ('"birds" ;', 'near ""birds"": syntax error.', 'It is a table: SELECT * FROM "birds"'),
        ("SELECT 1; SELECT 2", "You can only execute one", "Run the statements one by one."),
        ("ATTACH 'x.db' AS y", "too many attached databases", "--attach NAME."),
        ("VACUUM INTO 'x.db'", "too many attached databases", "Copy the file that"),
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


BLOBS = """
CREATE TABLE things (id INTEGER PRIMARY KEY, "odd name" TEXT, content BLOB);
INSERT INTO things VALUES (1, 'a,"b"' || char(10), x'00ff'), (2, NULL, NULL), (3, '', x'');
"""


@pytest.fixture
def things(lone_program: Program, tmp_path: Path) -> Program:
    database = make_database(tmp_path / "things.db", schema=BLOBS)
    wheel = Wheel("things-data").carry(database, name="things", package="things_data")
    wheel.install(lone_program.site)
    return lone_program


def test_one_table_goes_to_standard_output(program: Program) -> None:
    assert program.read("export", "birds.families", "--to", "csv") == (
        "code,name\nPARU,Tits\nCORV,Crows\n"
    )
    lines = program.read("export", "birds.birds", "--to", "jsonl").splitlines()
    assert json.loads(lines[1]) == {
        "id": 2, "name": "Blue tit", "family": "PARU", "wingspan": 18, "described": None,
    }  # fmt: skip


def test_one_table_goes_to_a_file_that_is_there_only_when_it_is_complete(program: Program) -> None:
    done = program.run("export", "birds.families", "--to", "csv", "-o", "families.csv")
    assert done.stdout == ""
    assert done.stderr == "2 rows of 1 table written to families.csv.\n"
    assert (program.home / "families.csv").read_bytes() == b"code,name\nPARU,Tits\nCORV,Crows\n"
    told = program.refuse("export", "birds.birds", "--to", "csv", "-o", "families.csv")
    assert told.startswith("Error: families.csv exists already.\nHint: ")
    assert [path.name for path in program.home.iterdir()] == ["families.csv"]


def test_a_file_in_a_folder_that_is_not_there_is_refused(program: Program) -> None:
    told = program.refuse("export", "birds.birds", "--to", "csv", "-o", "none/birds.csv")
    assert told == "Error: none is not a folder.\nHint: Make it, or name another.\n"


def test_a_dataset_goes_to_a_folder_with_a_file_for_each_table(program: Program) -> None:
    program.run("export", "birds", "--to", "jsonl", "-o", "out", "-q")
    found = sorted(path.name for path in (program.home / "out").iterdir())
    assert found == ["birds.jsonl", "families.jsonl"]
    assert "give a folder" in program.refuse("export", "birds", "--to", "csv", code=2)


def test_only_some_columns_are_written_in_the_order_that_they_are_named(program: Program) -> None:
    some = ("export", "birds.birds", "--columns", "wingspan,name", "--to")
    assert program.read(*some, "csv").splitlines()[:2] == ["wingspan,name", "24,Great tit"]
    first = json.loads(program.read(*some, "jsonl").splitlines()[0])
    assert list(first.items()) == [("wingspan", 24), ("name", "Great tit")]
    told = program.refuse("export", "birds.birds", "--columns", "name,wings", "--to", "csv")
    assert "has no column 'wings'.\nHint: Did you mean 'wingspan'?" in told
    for name, form in (("birds", "csv"), ("birds.birds", "datapackage")):
        told = program.refuse("export", name, "--columns", "x", "--to", form, "-o", "x", code=2)
        assert "--columns needs one table" in told
    assert "--columns" in program.refuse("export", "birds.birds.name", "--to", "csv", code=2)


def test_a_column_with_a_comma_in_its_name_can_be_named(
    lone_program: Program, tmp_path: Path
) -> None:
    schema = 'CREATE TABLE things ("a,b" INTEGER, c INTEGER); INSERT INTO things VALUES (1, 2);'
    database = make_database(tmp_path / "things.db", schema=schema)
    wheel = Wheel("things-data").carry(database, name="things", package="things_data")
    wheel.install(lone_program.site)
    told = lone_program.read("export", "things.things", "--columns", "a,b", "--to", "csv")
    assert told == '"a,b"\n1\n'


def test_bytes_are_base64_in_csv_so_that_a_build_takes_them_back(things: Program) -> None:
    text = things.read("export", "things.things", "--to", "csv")
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    assert rows == [
        ["id", "odd name", "content"],
        ["1", 'a,"b"\n', "AP8="],
        ["2", "", ""],
        ["3", "", ""],
    ]


def test_parquet_has_the_types_of_the_models(program: Program) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("adbc_driver_sqlite")
    assert "--output" in program.refuse("export", "birds.birds", "--to", "parquet", code=2)
    program.run("export", "birds", "--to", "parquet", "-o", "out")
    table = parquet.read_table(program.home / "out" / "birds.parquet")
    assert str(table.schema.field("described").type) == "date32[day]"
    assert [row["wingspan"] for row in table.to_pylist()] == [24, 18, None]
    some = ("export", "birds.birds", "--columns", "wingspan,id", "--to", "parquet")
    program.run(*some, "-o", "some.parquet")
    assert parquet.read_schema(program.home / "some.parquet").names == ["wingspan", "id"]
    program.run("export", "birds.families", "--to", "parquet", "-o", "families.parquet")
    assert parquet.read_metadata(program.home / "families.parquet").num_rows == 2


def test_parquet_without_its_library_is_told_with_the_line_that_installs_it(
    program: Program,
) -> None:
    (program.home / "pyarrow.py").write_text("raise ModuleNotFoundError(name='pyarrow')\n")
    bare = program.with_variables({"PYTHONPATH": f"{program.home}{os.pathsep}{program.site}"})
    told = bare.refuse("export", "birds.birds", "--to", "parquet", "-o", "x.parquet")
    assert "pip install 'microcosm-sqlite[arrow]'" in told
    assert not (program.home / "x.parquet").exists()


def test_a_failing_export_leaves_nothing(lone_program: Program, tmp_path: Path) -> None:
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", rows=20_000))
    content = bytearray(wheel.files["colours_data/colours.db"])
    content[8192:-8192] = b"\xff" * (len(content) - 16384)
    wheel.put("colours_data/colours.db", bytes(content)).install(lone_program.site)
    before = set(lone_program.home.iterdir())
    lone_program.run("export", "colours", "--to", "csv", "-o", "out", code=1)
    assert set(lone_program.home.iterdir()) == before


def test_an_interrupted_export_leaves_nothing(lone_program: Program, tmp_path: Path) -> None:
    database = make_database(tmp_path / "colours.db", rows=600_000)
    Wheel().carry(database).install(lone_program.site)
    folder = lone_program.home / "exports"
    folder.mkdir()
    process = lone_program.start("export", "colours", "--to", "jsonl", "-o", folder / "out")
    while not any(folder.rglob("shade.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert list(folder.iterdir()) == []


def test_unknown_datasets_and_tables_are_told(program: Program) -> None:
    assert "No dataset is named 'bards'" in program.refuse(
        "export", "bards.birds", "--to", "csv", code=3
    )
    assert "has no table 'nest'" in program.refuse("export", "birds.nest", "--to", "csv")
    assert "--to" in program.refuse("export", "birds", code=2)


def test_the_sql_makes_the_same_tables_again(program: Program, tmp_path: Path) -> None:
    sql = program.read("schema", "birds")
    assert sql == program.read("schema", "birds", "--sql")
    database = sqlite3.connect(tmp_path / "again.db")
    database.executescript(sql)
    names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    assert {"birds", "families", "ix_birds_family"} <= names
    database.close()


def test_one_table_can_be_asked_for_with_its_indexes(program: Program) -> None:
    sql = program.read("schema", "birds", "birds")
    assert "CREATE TABLE birds" in sql
    assert "CREATE INDEX ix_birds_family" in sql
    assert "CREATE TABLE families" not in sql
    told = program.refuse("schema", "birds", "bird")
    assert told == "Error: Dataset 'birds' has no table 'bird'.\nHint: Did you mean 'birds'?\n"


def test_models_are_the_source_as_it_was_written_and_are_not_imported(program: Program) -> None:
    assert program.read("schema", "birds", "--models") == MODELS
    assert "name no tables" in program.refuse("schema", "birds", "birds", "--models", code=2)
    assert program.read("models", "birds") == MODELS


def test_models_of_a_package_that_cannot_be_imported_are_read_all_the_same(
    lone_program: Program, tmp_path: Path
) -> None:
    wheel = Wheel().carry(make_database(tmp_path / "colours.db"), models="colours_data.models")
    wheel.install(lone_program.site)
    assert "not on disk: colours_data.models" in lone_program.refuse(
        "schema", "colours", "--models"
    )
    wheel.put("colours_data/models.py", "X = 1\n").install(lone_program.site)
    assert lone_program.read("schema", "colours", "--models") == "X = 1\n"


def test_the_diagram_has_tables_keys_and_relations(program: Program) -> None:
    diagram = program.read("schema", "birds", "--mermaid")
    assert diagram == (
        "erDiagram\n"
        "    birds {\n"
        "        integer id PK\n"
        "        string name UK\n"
        "        string family FK\n"
        '        integer wingspan "In centimetres"\n'
        "        date described\n"
        "    }\n"
        "    families {\n"
        "        string code PK\n"
        "        string name\n"
        "    }\n"
        '    families ||--o{ birds : "family"\n'
    )


def test_a_diagram_writes_what_its_language_can_hold() -> None:
    table = Table(
        {
            "name": "my table",
            "schema": {
                "fields": [
                    {"name": "a b", "type": "string", "description": 'say "x"'},
                    {"name": "2nd", "type": "integer"},
                ],
                "foreignKeys": [{"fields": ["2nd"], "reference": {"resource": "", "fields": []}}],
            },
        }
    )
    assert draw_mermaid([table]).splitlines() == [
        "erDiagram",
        '    "my table" {',
        "        string a_b \"say 'x'\"",
        "        integer _2nd FK",
        "    }",
        '    "my table" |o--o{ "my table" : "2nd"',
    ]


def test_models_of_a_wheel_are_read_in_it(program: Program, birds_wheel: Path) -> None:
    assert program.read("models", birds_wheel) == MODELS


def test_models_that_nobody_wrote_are_drafted_and_agree_with_the_file(
    program: Program, tmp_path: Path
) -> None:
    drafted = program.read("models", "colours")
    assert program.read("schema", "colours", "--models") == drafted
    (program.home / "drafted.py").write_text(drafted)
    code = (
        "import microcosm_sqlite as m\nfrom drafted import *\nfrom sqlalchemy.orm import Session\n"
        "with Session(m.dataset('colours').engine) as session:\n"
        "    print([(shade.code, shade.colour_id) for shade in session.query(Shade)])"
    )
    environment = program.environment | {"PYTHONPATH": f"{program.home}:{program.site}"}
    assert run(sys.executable, "-c", code, environment=environment) == (
        "[('crimson', 1), ('navy', 2), ('azure', 2)]\n"
    )


@pytest.mark.parametrize("form", ["--sql", "--mermaid"])
def test_a_dataset_without_field_types_can_be_shown(program: Program, form: str) -> None:
    assert "shade" in program.read("schema", "colours", form)
