"""`schema` and `models` show how tables are declared."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.manifest import Table
from microcosm_sqlite.interop.exporting import draw_mermaid
from tests.catalog.workshop import Wheel, make_database
from tests.cli.conftest import Program
from tests.support.programs import run
from tests.support.projects import MODELS


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
