"""A revision takes the old schema to the new one, exactly, keeps the rows, and goes back."""

from __future__ import annotations

import ast
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from microcosm.api import create_object_graph, load_from_dict

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.comparing.revisions import Revision
from microcosm_sqlite.authoring.comparing.schema_changes import compare_schemas
from microcosm_sqlite.authoring.comparing.schema_steps import Step, plan_steps, read_definitions
from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.cmd.migrate import main as migrate
from microcosm_sqlite.dataset import DataSet
from tests.support.programs import tool
from tests.support.projects import MODELS, make_project
from tests.support.wild import make

FAMILIES = "CREATE TABLE families (code VARCHAR(4) NOT NULL, name TEXT, PRIMARY KEY (code))"
OLD = f"""
{FAMILIES};
CREATE TABLE birds (
    id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, family VARCHAR(4), wings TEXT,
    PRIMARY KEY (id), UNIQUE (name), FOREIGN KEY(family) REFERENCES families (code)
);
CREATE INDEX ix_birds_family ON birds (family);
CREATE TABLE gone (id INTEGER PRIMARY KEY);
CREATE VIEW names AS SELECT name FROM birds;
CREATE VIRTUAL TABLE birds_fts USING fts5(name, content='birds', content_rowid='id');
INSERT INTO families VALUES ('PARU', 'Tits: small');
INSERT INTO birds VALUES (1, 'Great tit', 'PARU', '24'), (7, 'Rook', NULL, NULL);
INSERT INTO birds_fts (birds_fts) VALUES ('rebuild');
"""
NEW = f"""
{FAMILIES};
CREATE TABLE birds (
    id INTEGER NOT NULL, wings INTEGER, name VARCHAR(80) NOT NULL COLLATE NOCASE,
    family VARCHAR(4), status TEXT DEFAULT 'at:home' NOT NULL, rank INTEGER,
    twice INTEGER GENERATED ALWAYS AS (wings * 2),
    PRIMARY KEY (id), CONSTRAINT flies CHECK (wings > 0 /* really: "so" */)
);
CREATE UNIQUE INDEX ix_birds_folded ON birds (lower(name)) WHERE family IS NOT NULL;
CREATE TABLE eggs (id INTEGER PRIMARY KEY, bird INTEGER NOT NULL REFERENCES birds (id));
CREATE INDEX ix_eggs_bird ON eggs (bird);
CREATE VIEW names AS SELECT name, 'a:b' AS odd FROM birds;
CREATE VIRTUAL TABLE birds_fts USING fts5(name, status, content='birds', content_rowid='id');
"""


def differ(old: Path, new: Path) -> list[str]:
    with closing(sqlite3.connect(old)) as before, closing(sqlite3.connect(new)) as after:
        return [
            f"{change.table}: {change}"
            for change in compare_schemas(read_schema(before), read_schema(after))
            if change.table != "alembic_version"
        ]


def query(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def make_graph(database: Path, folder: Path) -> Any:
    loader = load_from_dict(sqlite={"paths": {"birds": database}})
    graph = create_object_graph("example", testing=True, loader=loader)
    graph.assign("sqlite_migrations_dir", str(folder))
    graph.use("sqlite")
    return graph


@pytest.fixture
def base() -> Any:
    return DataSet.create("birds")


def diff(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("microcosm-sqlite"), "diff", *arguments], capture_output=True, text=True, check=False
    )


def test_a_copy_of_the_old_file_goes_to_the_new_schema_and_back(tmp_path: Path, base: Any) -> None:
    old, new = make(tmp_path / "old.db", OLD), make(tmp_path / "new.db", NEW)
    folder = tmp_path / "migrations" / "birds"
    told = diff(old, new, "--migration", folder)
    assert told.returncode == 1, told.stderr
    (file,) = folder.glob("*.py")
    assert f"Wrote {file}." in told.stderr
    copy = Path(shutil.copy(old, tmp_path / "copy.db"))
    graph = make_graph(copy, folder.parent)
    migrate(graph, base, True, "upgrade", "head")
    assert differ(copy, new) == []
    rows = query(copy, "SELECT id, name, family, wings, status, rank, twice FROM birds")
    assert rows == [
        (1, "Great tit", "PARU", 24, "at:home", None, 48),
        (7, "Rook", None, None, "at:home", None, None),
    ]
    assert query(copy, "SELECT rowid FROM birds_fts WHERE birds_fts MATCH 'rook'") == [(7,)]
    assert query(copy, "SELECT * FROM families") == [("PARU", "Tits: small")]
    assert query(copy, "PRAGMA foreign_key_check") == []
    migrate(graph, base, True, "downgrade", "base")
    assert differ(copy, old) == []
    assert query(copy, "SELECT name, wings FROM birds") == [("Great tit", "24"), ("Rook", None)]


def test_a_printed_revision_loses_no_row_that_refers_to_a_table_made_anew(
    tmp_path: Path, base: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT{})"
    child = (
        "CREATE TABLE child (id INTEGER PRIMARY KEY,"
        " parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);"
        " INSERT INTO parent VALUES (1, 'a'); INSERT INTO child VALUES (1, 1), (2, 1);"
    )
    old = make(tmp_path / "old.db", f"{parent.format('')}; {child}")
    new = make(tmp_path / "new.db", f"{parent.format(' NOT NULL')}; {child}")
    folder = tmp_path / "migrations" / "birds"
    assert diff(old, new, "--migration", folder).returncode == 1
    capsys.readouterr()
    migrate(make_graph(old, folder.parent), base, True, "upgrade", "head", "--sql")
    printed = capsys.readouterr().out
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(printed)
        assert connection.execute("SELECT count(*) FROM child").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert differ(old, new) == []


def build_versions(root: Path) -> list[Path]:
    """The databases of three versions of one dataset."""
    wingspan = '    wingspan: Mapped[int | None] = mapped_column(comment="In centimetres")\n'
    models = {
        "1.0": MODELS,
        "1.1": MODELS + "    order: Mapped[str | None]\n",
        "2.0": MODELS.replace(wingspan, ""),
    }
    built = []
    for version, text in models.items():
        project = make_project(
            root / version, models=text, version=version, options='unknown-columns = "ignore"'
        )
        built.append(build_dataset(ProjectSettings.from_pyproject(project)).path)
    return built


def test_revisions_follow_each_other_and_are_called_after_versions(
    tmp_path: Path, base: Any
) -> None:
    versions = build_versions(tmp_path)
    folder = tmp_path / "sqlite-migrations" / "birds"
    for old, new in pairwise(versions):
        told = diff(old, new, "--migration", folder, "--changelog")
        assert told.returncode == 1, told.stderr
    assert sorted(file.name for file in folder.glob("*.py")) == ["1.1.py", "2.0.py"]
    assert "down_revision = '1.1'" in (folder / "2.0.py").read_text()
    copy = Path(shutil.copy(versions[0], tmp_path / "copy.db"))
    migrate(make_graph(copy, folder.parent), base, True, "upgrade", "head")
    assert differ(copy, versions[2]) == []
    same = diff(versions[2], versions[2], "--migration", folder)
    assert same.returncode == 0
    assert "no migration is needed" in same.stderr


@pytest.mark.slow
@pytest.mark.parametrize("way", ["remove it", "another number"])
def test_a_revision_that_is_there_is_removed_or_gets_another_number(
    tmp_path: Path, way: str
) -> None:
    _, old, new = build_versions(tmp_path)
    folder = tmp_path / "birds"
    assert diff(old, new, "--migration", folder).returncode == 1
    again = diff(old, new, "--migration", folder)
    assert again.returncode == 2
    assert "has a revision 2.0 already" in again.stderr
    assert "Remove it, or give the new version another number." in again.stderr
    if way == "remove it":
        (folder / "2.0.py").unlink()
    else:
        settings = tmp_path / "2.0/pyproject.toml"
        settings.write_text(settings.read_text().replace('version = "2.0"', 'version = "2.1"'))
        new = build_dataset(ProjectSettings.from_pyproject(tmp_path / "2.0")).path
    told = diff(old, new, "--migration", folder)
    assert told.returncode == 1, told.stderr
    expected = ["2.0.py"] if way == "remove it" else ["2.0.py", "2.1.py"]
    assert sorted(file.name for file in folder.glob("*.py")) == expected


@pytest.mark.slow
def test_branches_are_merged_as_advised(tmp_path: Path, base: Any) -> None:
    _, old, new = build_versions(tmp_path)
    folder = tmp_path / "sqlite-migrations" / "birds"
    diff(old, new, "--migration", folder)
    branch = (folder / "2.0.py").read_text()
    (folder / "side.py").write_text(branch.replace("'2.0'", "'side'"))
    (folder / "2.0.py").rename(folder / "main.py")
    (folder / "main.py").write_text(branch.replace("'2.0'", "'main'"))
    refused = diff(old, new, "--migration", folder)
    assert refused.returncode == 2
    assert "has several last revisions: main, side" in refused.stderr
    (command,) = re.findall("run the command that runs migrations with `(.*)`", refused.stderr)
    copy = Path(shutil.copy(old, tmp_path / "copy.db"))
    migrate(make_graph(copy, folder.parent), base, True, *command.split())
    assert diff(old, new, "--migration", folder).returncode == 1
    assert (folder / "2.0.py").exists()


def test_a_column_that_old_rows_have_no_value_for_is_told(tmp_path: Path, base: Any) -> None:
    old = make(tmp_path / "old.db", "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)")
    new = make(tmp_path / "new.db", "CREATE TABLE t (a INTEGER, b TEXT NOT NULL)")
    folder = tmp_path / "birds"
    told = diff(old, new, "--migration", folder)
    assert "Edit it: say what old rows get in t.b, which must not be NULL." in told.stderr
    copy = Path(shutil.copy(old, tmp_path / "copy.db"))
    graph = make_graph(copy, tmp_path)
    with pytest.raises(sa.exc.IntegrityError, match=r"NOT NULL constraint failed: t\.b"):
        migrate(graph, base, True, "upgrade", "head")
    assert differ(copy, old) == []
    (file,) = folder.glob("*.py")
    text = file.read_text()
    assert "# Say below what old rows get instead of NULL: b." in text
    file.write_text(text.replace("NULL FROM", "'none' FROM"))
    migrate(graph, base, True, "upgrade", "head")
    assert query(copy, "SELECT * FROM t") == [(1, "none")]


def test_values_that_go_with_their_columns_are_told(tmp_path: Path) -> None:
    old = make(tmp_path / "old.db", "CREATE TABLE t (a, b, c AS (a)); CREATE TABLE u (x, y)")
    new = make(tmp_path / "new.db", "CREATE TABLE t (d, b)")
    told = diff(old, new, "--migration", tmp_path / "birds")
    assert "It drops t.a, u.x, u.y. If a column was only renamed, copy its values" in told.stderr
    (file,) = (tmp_path / "birds").glob("*.py")
    assert "# Values go; copy those that only have a new name: x, y." in file.read_text()


def test_names_in_other_capitals_keep_their_rows(tmp_path: Path, base: Any) -> None:
    script = "CREATE TABLE {} (id INTEGER PRIMARY KEY, {}, b TEXT); INSERT INTO {} VALUES (1, 2, 3)"
    old = make(tmp_path / "old.db", script.format("t", "a TEXT", "t"))
    new = make(tmp_path / "new.db", script.format("T", "A INTEGER", "T"))
    told = diff(old, new, "--migration", tmp_path / "birds")
    assert "It drops" not in told.stderr
    copy = Path(shutil.copy(old, tmp_path / "copy.db"))
    graph = make_graph(copy, tmp_path)
    migrate(graph, base, True, "upgrade", "head")
    assert query(copy, "SELECT * FROM T") == [(1, 2, "3")]
    assert differ(copy, new) == []
    migrate(graph, base, True, "downgrade", "base")
    assert query(copy, "SELECT * FROM t") == [(1, "2", "3")]
    assert differ(copy, old) == []


COLUMNS = [
    "a INTEGER",
    "a TEXT",
    "A TEXT",
    "b TEXT",
    "b TEXT DEFAULT 'x:y'",
    "c REAL CHECK (c > 0)",
    "d",
]
EXTRAS = [
    "CREATE INDEX i ON t ({first})",
    "CREATE UNIQUE INDEX i ON t ({first})",
    "CREATE INDEX j ON t ({first}) WHERE {first} > 1",
    "CREATE VIEW v AS SELECT {first} FROM t",
    "CREATE TABLE u (id INTEGER PRIMARY KEY, t REFERENCES t (k))",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE TRIGGER g AFTER INSERT ON T BEGIN SELECT {first} FROM t; END",
]
OF_VIEW = [
    "CREATE TRIGGER h INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
    "CREATE TRIGGER h INSTEAD OF DELETE ON V BEGIN DELETE FROM t; END",
]


@st.composite
def schemas(draw: st.DrawFn) -> list[str]:
    columns = draw(
        st.lists(st.sampled_from(COLUMNS), min_size=1, unique_by=lambda column: column[0].lower())
    )
    key = draw(st.sampled_from(["", " PRIMARY KEY", " UNIQUE"]))
    extras = draw(
        st.lists(st.sampled_from(EXTRAS), unique_by=lambda sql: sql.split(" ON ")[0][-3:])
    )
    if any("VIEW" in extra for extra in extras):
        extras += draw(st.lists(st.sampled_from(OF_VIEW), max_size=1))
    first = columns[0].split()[0]
    name = draw(st.sampled_from("ttT"))
    table = f"CREATE TABLE {name} (k INTEGER{key}, {', '.join(columns)})"
    return [table, *(extra.format(first=first) for extra in extras)]


@settings(deadline=None, max_examples=60)
@given(old=schemas(), new=schemas())
def test_the_steps_between_any_two_schemas_are_exact(old: list[str], new: list[str]) -> None:
    with closing(sqlite3.connect(":memory:")) as before, closing(sqlite3.connect(":memory:")) as it:
        for connection, statements in ((before, old), (it, new)):
            for statement in statements:
                connection.execute(statement)
        for step in plan_steps(read_definitions(before), read_definitions(it)):
            for statement in step.statements:
                before.execute(statement)
        assert compare_schemas(read_schema(before), read_schema(it)) == []


def test_names_stay_in_their_comments() -> None:
    name = "a\nimport os\r\nimport sys"
    step = Step(f"{name}: column {name} removed", ("SELECT 1",), (name,), (name,))
    tree = ast.parse(Revision("1.0", "", [step], [step]).render())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert imports == []
