"""What `new` advises of a database that it refuses is done, and then it drafts it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError
from tests.support.wild import leave_journal, make

Cure = Callable[[Path, str], None]


@contextmanager
def open_file(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def run_sql(path: Path, hint: str) -> None:
    """Execute the statements that stand behind a colon."""
    make(path, hint.partition(": ")[2].rstrip("."))


def run_command(path: Path, hint: str) -> None:
    """Execute the statement that `sqlite3` is given."""
    file, sql = re.findall(r"sqlite3 (\S+) \"(.*?)\"", hint)[0]
    assert file == path.name
    make(path, sql)


def recover(path: Path, hint: str) -> None:
    """Run the command, in the folder of the file, and take what it made."""
    if shutil.which("sqlite3") is None:
        pytest.skip("the command sqlite3 is not installed")
    (command,) = re.findall(r"sqlite3 \S+ \".clone .*$", hint)
    subprocess.run(command.rstrip("."), shell=True, check=True, cwd=path.parent)
    path.unlink()


def execute(script: str, told_in: str) -> Cure:
    """Execute what the advice says in words."""

    def cure(path: Path, hint: str) -> None:
        assert told_in in hint
        make(path, script)

    return cure


def need_collation(path: Path) -> None:
    with open_file(path) as connection:
        connection.create_collation("ours", lambda a, b: (a > b) - (a < b))
        connection.executescript(
            "CREATE TABLE t (a TEXT COLLATE ours PRIMARY KEY) WITHOUT ROWID;"
            "INSERT INTO t VALUES ('x'), ('y')"
        )


def cut(path: Path) -> None:
    make(path, "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (a)")
    path.write_bytes(path.read_bytes()[:-100])


def damage_page(path: Path) -> None:
    """Overwrite one of many pages of the only table."""
    make(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB)")
    with open_file(path) as connection:
        connection.executemany("INSERT INTO t (a) VALUES (?)", [(b"x" * 500,)] * 100)
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = b"\xff" * 4096
    path.write_bytes(content)


def write_again(path: Path, hint: str) -> None:
    assert "write a copy without what only it has" in hint
    path.unlink()
    make(path, "CREATE TABLE t (a TEXT PRIMARY KEY); INSERT INTO t VALUES ('x'), ('y')")


def of(script: str) -> Callable[[Path], None]:
    return lambda path: make(path, script)


WIDE = f"CREATE TABLE t ({', '.join(f'c{number}' for number in range(2000))});"
LATIN = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'ff41' AS TEXT)), ('b');"
KEYED = "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), ('1');"
CASES: dict[str, tuple[Callable[[Path], None], Cure]] = {
    "infinite beside texts": (
        of("CREATE TABLE t (a); INSERT INTO t VALUES (9e999), ('x')"), run_sql),
    "blobs and texts": (
        of("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x'), (x'00')"), run_sql),
    "blobs and numbers": (
        of('CREATE TABLE t ("a b"); INSERT INTO t VALUES (1), (x\'00\')'), run_sql),
    "blobs in a column of numbers": (
        of("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (x'00')"), run_sql),
    "no UTF-8": (of(LATIN), run_sql),
    "no UTF-8, written again": (
        of(LATIN), execute("UPDATE t SET a = 'ÿA' WHERE a <> 'b'", "Write it again as UTF-8")),
    "a key of several kinds": (
        of(KEYED), execute("DELETE FROM t; INSERT INTO t VALUES (1), (2)", "Make them one kind")),
    "the key dropped": (
        of(KEYED),
        execute("CREATE TABLE u AS SELECT * FROM t; DROP TABLE t", "or drop the key")),
    "a column without a name": (of('CREATE TABLE t (id, "" TEXT)'), run_sql),
    "too wide": (
        of(WIDE),
        execute("DROP TABLE t; CREATE TABLE t (row, field, value)", "Make rows of them")),
    "virtual tables alone": (
        of("CREATE VIRTUAL TABLE t USING fts5 (a); INSERT INTO t VALUES ('x')"), run_sql),
    "a journal": (leave_journal, run_command),
    "a collation": (need_collation, write_again),
    "damage": (damage_page, recover),
    "cut": (cut, recover),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_following_the_advice_on_a_database_makes_tables_of_it(tmp_path: Path, case: str) -> None:
    write, cure = CASES[case]
    folder = tmp_path / "found"
    folder.mkdir()
    write(folder / "wild.db")
    with pytest.raises(SourceError) as raised:
        draft_project(tmp_path / "p-data", folder / "wild.db")
    cure(folder / "wild.db", raised.value.hint)
    draft = draft_project(tmp_path / "p-data", folder)
    assert build_dataset(ProjectSettings.from_pyproject(draft.path)).manifest.tables
    assert not any(line.startswith("left out: table") for line in draft.report)


def test_two_tables_of_one_name_are_drafted_once_one_is_renamed(tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        make(tmp_path / name, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    report = draft_project(tmp_path / "p-data", tmp_path, dry_run=True).report
    (told,) = [line for line in report if line.startswith("refused: ")]
    assert "or rename the table in one of them" in told
    make(tmp_path / "b.db", "ALTER TABLE t RENAME TO u")
    drafted = draft_project(tmp_path / "p-data", tmp_path)
    assert {*build_dataset(ProjectSettings.from_pyproject(drafted.path)).manifest.tables} == {
        "t",
        "u",
    }


def test_a_log_beside_a_source_is_taken_into_a_copy(tmp_path: Path) -> None:
    make(tmp_path / "wild.db", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    project = draft_project(tmp_path / "p-data", tmp_path / "wild.db").path
    settings = ProjectSettings.from_pyproject(project)
    source = project / "sources" / "wild.db"
    with open_file(source) as writer:
        writer.executescript("PRAGMA journal_mode=WAL; INSERT INTO t VALUES (7)")
        with pytest.raises(SourceError, match="holds changes") as raised:
            build_dataset(settings)
        (sql,) = re.findall(r"sqlite3 wild\.db \"(.*?)\"", raised.value.hint)
        writer.execute(sql.replace("copy.db", str(tmp_path / "copy.db")))
    shutil.copyfile(tmp_path / "copy.db", source)
    for rest in source.parent.glob("wild.db-*"):
        rest.unlink()
    with closing(sqlite3.connect(build_dataset(settings).path)) as connection:
        assert connection.execute("SELECT id FROM t").fetchall() == [(7,)]
