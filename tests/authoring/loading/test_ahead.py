"""Whichever process loads a table, the file and the errors are the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.loading import ahead, connections, parallel
from microcosm_sqlite.authoring.loading.ahead import loading_ahead
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.errors import BuildError
from tests.support.projects import make_project

MODELS = """
from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from microcosm_sqlite import DataSet

class Base(DataSet.create("birds")):
    __abstract__ = True

class Family(Base):
    __tablename__ = "families"
    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)

class Bird(Base):
    __tablename__ = "birds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), index=True)
    family: Mapped[str] = mapped_column(ForeignKey("families.code"))
    wingspan: Mapped[int | None] = mapped_column(CheckConstraint("wingspan > 0"))

class Sighting(Base):  # numbered where the source does not say
    __tablename__ = "sightings"
    id: Mapped[int] = mapped_column(primary_key=True)
    bird: Mapped[int] = mapped_column(ForeignKey("birds.id"))
    note: Mapped[str | None]
    weight: Mapped[float | None]
"""

SOURCES = {
    "families.csv": "code,name\nPARU,Tits\nCORV,Crows\n",
    "birds.csv": "id,name,family,wingspan\n7,Great tit,PARU,24\n2,Rook,CORV,\n",
    "sightings/1.csv": 'bird,note,weight\n7,"two\nlines",0.1\n2,,1e3\n',
    "sightings/2.csv": "id,bird,note,weight\n9,7,NA,2\n",
}


@pytest.fixture(autouse=True)
def always_worthwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SMALLEST_SHARE", 1)
    monkeypatch.setattr(ahead, "can_fork", lambda: True)  # whatever threads the tests have


def build(root: Path, changes: dict[str, str]) -> bytes | str:
    """The database of a project, or what is wrong with it."""
    project = make_project(root, models=MODELS, sources=SOURCES | changes)
    try:
        return build_dataset(ProjectSettings.from_pyproject(project)).path.read_bytes()
    except BuildError as error:
        return str(error)


@pytest.mark.parametrize("has_apsw", [True, False])
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"families.csv": "code,name\nPARU,Tits\nPARU,Crows\n"}, "code='PARU' is in sources/"),
        ({"families.csv": "code,name\nPARU,Tits\nCORV,Tits\n"}, "name='Tits' is in sources/"),
        ({"families.csv": "code\nPARU\n"}, "has no column `name`"),
        ({"families.csv": ""}, "sources/families.csv is empty"),
        ({"birds.csv": "id,name,family,wingspan\nx,Rook,CORV,1\n"}, "'x' is not a whole number"),
        ({"birds.csv": "id,name,family,wingspan\n2,Rook,CORV,-1\n"}, "CHECK constraint failed"),
        ({"sightings/2.csv": "id,bird,note,weight\n9,8,NA,2\n"}, "bird=8"),
        ({"sightings/2.csv": "id,bird,note,weight\n2,7,NA,2\n"}, "sightings/2.csv, line 2: UNIQUE"),
        ({"sightings/2.csv": "id,bird,note,weight\n9,7,9007199254740993,2\n"}, ""),
    ],
)
def test_the_file_and_the_errors_are_the_same_whoever_loads_a_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    told: str,
    has_apsw: bool,
) -> None:
    if not has_apsw:
        monkeypatch.setattr(connections, "has_apsw", lambda: False)
        monkeypatch.setattr(parallel, "has_apsw", lambda: False)
    built = []
    for processors in (1, 2, 3):
        monkeypatch.setattr(parallel, "count_processors", lambda count=processors: count)
        built.append(build(tmp_path / f"birds{processors}", changes))
    assert built[0] == built[1] == built[2]
    assert isinstance(built[0], str) == bool(told)
    assert not told or told in str(built[0])


def plan_loads(folder: Path) -> dict[str, TableLoad]:
    """Three tables of two rows each."""
    loads = {}
    for name in ("a", "b", "c"):
        path = folder / f"{name}.csv"
        path.write_text("x\n1\n2\n", "utf-8", newline="")
        table = sa.Table(name, sa.MetaData(), sa.Column("x", sa.Integer, primary_key=True))
        opener = DelimitedOpener(SourceFile(path, path.name, "csv"), CsvOptions())
        loads[name] = TableLoad(TableRules.of(table, dialect()), [opener])
    return loads


def wait_for(is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "count_processors", lambda: 2)


@pytest.mark.usefixtures("two_processors")
def test_tables_are_loaded_from_the_last_to_the_first(tmp_path: Path) -> None:
    with loading_ahead(plan_loads(tmp_path), tmp_path) as find_filled:
        wait_for((tmp_path / "ahead0.db").exists)
        for name in ("a", "b", "c"):
            file = find_filled(name)
            assert file is not None
            with closing(sqlite3.connect(file)) as connection:
                assert connection.execute("SELECT x FROM part").fetchall() == [(1,), (2,)]


@pytest.mark.usefixtures("two_processors")
def test_a_table_that_was_asked_for_is_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, load_all = tmp_path / "go", ahead._load_all
    monkeypatch.setattr(ahead, "_load_all", lambda *a: (wait_for(go.exists), load_all(*a)))
    with loading_ahead(plan_loads(tmp_path), tmp_path) as find_filled:
        assert find_filled("c") is None
        go.touch()
        wait_for((tmp_path / "ahead0.db").exists)
        assert find_filled("b") is not None
        assert not (tmp_path / "ahead2.db").exists()
    assert not [*tmp_path.glob("ahead*.part.db*")]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("end", ["killed", "failed"])
def test_a_table_whose_process_ends_is_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    started = tmp_path / "started"

    def fail(*_: object) -> None:
        started.touch()
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise MemoryError

    monkeypatch.setattr(parallel, "fill_part", fail)
    with loading_ahead(plan_loads(tmp_path), tmp_path) as find_filled:
        wait_for(started.exists)
        assert [find_filled(name) for name in ("a", "b", "c")] == [None] * 3


@pytest.mark.parametrize("reason", ["one processor", "threads", "little text", "one table"])
def test_no_process_is_forked_where_it_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setattr(parallel, "count_processors", lambda: 1 + (reason != "one processor"))
    monkeypatch.setattr(ahead, "can_fork", lambda: reason != "threads")
    monkeypatch.setattr(ahead, "ForkedChild", lambda *_: pytest.fail("it was forked"))
    loads = plan_loads(tmp_path)
    if reason == "little text":
        monkeypatch.setattr(ahead, "SMALLEST_SHARE", 1 << 20)
    if reason == "one table":
        del loads["a"], loads["b"]
    with loading_ahead(loads, tmp_path) as find_filled:
        assert find_filled("c") is None
