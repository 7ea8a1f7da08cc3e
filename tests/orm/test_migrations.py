"""Alembic for data sets."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from enum import Enum
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy import Column, ForeignKey, Integer, String, inspect

from microcosm_sqlite.alembic import (
    get_migrations_dir,
    make_alembic_config,
    patch_script_directory,
)
from microcosm_sqlite.cmd.check_migration import main as check
from microcosm_sqlite.cmd.migrate import main as migrate
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import SettingsError, StaleDBError
from microcosm_sqlite.types import EnumType, Truthy

FIRST = ["id", "name", "mood", "is_member"]


class Mood(Enum):
    CALM = 1


def declare(*, has_age: bool) -> Any:
    """The data set ``people``, before or after a change of its models."""
    base = DataSet.create("people")

    class Person(base):  # type: ignore[misc,valid-type]
        __tablename__ = "person"
        id = Column(Integer, primary_key=True)
        name = Column(String(9 if has_age else 20), nullable=has_age)
        mood = Column(EnumType(Mood))
        is_member = Column(Truthy)
        if has_age:
            age = Column(Integer, nullable=False, server_default="1")

    class Pet(base):  # type: ignore[misc,valid-type]
        __tablename__ = "pet"
        id = Column(Integer, primary_key=True)
        owner_id = Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), nullable=False)

    return base


@pytest.fixture(params=["plain", "100% odd:name; and more"])
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    folder = tmp_path / request.param
    (folder / "people").mkdir(parents=True)
    (folder / "others").mkdir()
    loader = load_from_dict(
        sqlite={"paths": {"people": tmp_path / "people.db"}},
    )
    graph = create_object_graph("example", testing=True, loader=loader)
    graph.assign("sqlite_migrations_dir", str(folder))
    graph.use("sqlite")
    return graph


def revisions(graph: Any) -> list[str]:
    folder = Path(get_migrations_dir(graph, "people"))
    return [
        file.read_text() for file in sorted(folder.glob("*.py"), key=lambda f: f.stat().st_mtime_ns)
    ]


def columns(graph: Any) -> dict[str, list[str]]:
    inspector = inspect(graph.sqlite("people")[0])
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_a_data_set_goes_through_its_revisions_and_back(graph: Any) -> None:
    before, after = declare(has_age=False), declare(has_age=True)
    migrate(graph, before, True, "revision", "--autogenerate", "-m", "first")
    migrate(graph, before, True, "upgrade", "head")
    assert columns(graph) == {"person": FIRST, "pet": ["id", "owner_id"]}
    check(graph, before)
    engine, _ = graph.sqlite("people")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO person VALUES (1, 'Ann', 'CALM', 1)")
        connection.exec_driver_sql("INSERT INTO pet VALUES (1, 1)")

    with pytest.raises(StaleDBError, match=r"person.*age"):
        check(graph, after)
    assert len(revisions(graph)) == 1, "checking writes nothing"
    migrate(graph, after, True, "revision", "--autogenerate", "-m", "second")
    migrate(graph, after, True, "upgrade", "head")
    assert "batch_alter_table" in revisions(graph)[1]
    check(graph, after)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM person").all() == [
            (1, "Ann", "CALM", 1, 1)
        ]
        assert connection.exec_driver_sql("SELECT * FROM pet").all() == [(1, 1)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1

    migrate(graph, after, True, "downgrade", "-1")
    assert columns(graph)["person"] == FIRST
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pet").scalar() == 1
    migrate(graph, after, True, "downgrade", "base")
    assert columns(graph) == {}


def test_a_revision_that_fails_leaves_the_database_as_it_was(graph: Any) -> None:
    base = declare(has_age=False)
    migrate(graph, base, True, "revision", "--autogenerate", "-m", "first")
    (file,) = Path(get_migrations_dir(graph, "people")).glob("*.py")
    file.write_text(
        file.read_text().replace("def downgrade", "    raise LookupError\n\ndef downgrade")
    )
    with pytest.raises(LookupError):
        migrate(graph, base, True, "upgrade", "head")
    assert columns(graph) == {}


AT_ONCE = """
import sys
from microcosm.api import create_object_graph, load_from_dict
from microcosm_sqlite import DataSet
from microcosm_sqlite.cmd.migrate import main
paths, migrations = {"people": sys.argv[1]}, sys.argv[2]
graph = create_object_graph("example", loader=load_from_dict(sqlite={"paths": paths}))
graph.assign("sqlite_migrations_dir", migrations)
graph.use("sqlite")
print("ready", flush=True)
sys.stdin.readline()
main(graph, DataSet.create("people"), True, *sys.argv[3:])
"""


@pytest.mark.parametrize("arguments", [["upgrade", "head"], ["stamp", "head"]])
def test_programs_that_upgrade_at_once_wait_for_each_other(
    graph: Any, tmp_path: Path, arguments: list[str]
) -> None:
    migrate(graph, declare(has_age=False), True, "revision", "--autogenerate", "-m", "first")
    folder = Path(get_migrations_dir(graph, "people"))
    (file,) = folder.glob("*.py")
    text = file.read_text()
    slow = text.replace("def upgrade():", "def upgrade():\n    __import__('time').sleep(0.5)")
    assert slow != text
    file.write_text(slow)
    started = [
        Popen(
            [sys.executable, "-c", AT_ONCE, tmp_path / "new.db", folder.parent, *arguments],
            stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0, said
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_new_revisions_may_do_without_downgrade(graph: Any) -> None:
    base = declare(has_age=False)
    migrate(graph, base, False, "revision", "--autogenerate", "-m", "one way")
    migrate(graph, base, False, "revision", "-m", "empty")
    assert all("def upgrade" in text for text in revisions(graph))
    assert not any("def downgrade" in text for text in revisions(graph))


def test_the_command_line_of_the_program_is_taken_by_default(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "heads"])
    migrate(graph, declare(has_age=False))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("arguments", "error"), [([], "too few"), (["init", "x"], "no `init`")])
def test_what_makes_no_sense_is_refused(
    graph: Any,
    arguments: list[str],
    error: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["program"])
    with pytest.raises(SystemExit):
        migrate(graph, declare(has_age=False), True, *arguments)
    assert error in capsys.readouterr().err


def test_sql_can_be_printed_instead_of_run(graph: Any, capsys: pytest.CaptureFixture[str]) -> None:
    base = declare(has_age=False)
    migrate(graph, base, True, "revision", "--autogenerate", "-m", "first")
    migrate(graph, base, True, "upgrade", "head", "--sql")
    printed = capsys.readouterr().out
    assert "CREATE TABLE person" in printed
    assert columns(graph) == {}
    # Copying a table drops the old one, which must not delete the rows that refer to it.
    off, begin, commit, on = (
        printed.index(text)
        for text in ("foreign_keys=OFF", "BEGIN", "COMMIT", "PRAGMA foreign_keys=ON")
    )
    assert off < begin < commit < on


def test_alembic_itself_stays_as_it_is(graph: Any) -> None:
    before = {name: vars(ScriptDirectory)[name] for name in ("from_config", "run_env")}
    base = declare(has_age=False)
    with patch_script_directory(graph=graph, Base=base) as folder:
        config = make_alembic_config(folder, get_migrations_dir(graph, "people"))
        ScriptDirectory.from_config(config)
        assert {name: vars(ScriptDirectory)[name] for name in before} == before
    assert config.attributes["environment"].data_set is base
    assert "environment" not in make_alembic_config(folder, "x").attributes


def test_options_for_alembic_come_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    seen: list[Any] = []
    loader = load_from_dict(
        sqlite={"paths": {"people": tmp_path / "people.db"}},
        alembic={"environment_options": {"include_object": lambda *args: seen.append(args)}},
    )
    graph = create_object_graph("example", testing=True, loader=loader)
    graph.assign("sqlite_migrations_dir", str(tmp_path))
    migrate(graph, declare(has_age=False), True, "revision", "--autogenerate", "-m", "first")
    assert seen


def test_the_folder_of_revisions_must_exist(make_graph: Any, tmp_path: Path) -> None:
    graph = make_graph()
    graph.assign("sqlite_migrations_dir", str(tmp_path))
    with pytest.raises(SettingsError, match=r"There is no folder .*people"):
        migrate(graph, declare(has_age=False), True, "heads")


def test_checking_a_database_behind_its_revisions_says_so(graph: Any) -> None:
    base = declare(has_age=False)
    migrate(graph, base, True, "revision", "--autogenerate", "-m", "first")
    with pytest.raises(StaleDBError, match="not up to date"):
        check(graph, base)


def test_keys_into_other_data_sets_are_no_part_of_revisions(graph: Any) -> None:
    class Towns(DataSet, name="towns"):
        pass

    class Town(Towns):
        __tablename__ = "town"
        id = Column(Integer, primary_key=True)

    base = DataSet.create("people")

    class Person(base):  # type: ignore[misc,valid-type]
        __tablename__ = "person"
        id = Column(Integer, primary_key=True)
        town = Column(ForeignKey(Town.id))

    migrate(graph, base, True, "revision", "--autogenerate", "-m", "first")
    (revision,) = revisions(graph)
    assert "town" in revision
    assert "ForeignKey" not in revision
    migrate(graph, base, True, "upgrade", "head")
    check(graph, base)
