"""Every private name that docs/explanation/private-names.md lists is in the installed versions."""

from __future__ import annotations

import _json
import ast
import asyncio
import ctypes
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base, relationship
from sqlalchemy.sql import schema
from sqlalchemy.util.concurrency import greenlet_spawn, in_greenlet

import microcosm_sqlite
from microcosm_sqlite.catalog import strict_json

PACKAGE = Path(microcosm_sqlite.__file__).parent
PAGE = PACKAGE.parent / "docs" / "explanation" / "private-names.md"
ROWS = re.findall(r"^\| (`[^|]*) \| (`[^|]*) \|", PAGE.read_text("utf-8"), re.MULTILINE)
LISTED = {name for cell, _ in ROWS for name in re.findall(r"`([^`]+)`", cell)}

Base: Any = declarative_base()


class Parent(Base):
    __tablename__ = "parent"
    id = sa.Column(sa.Integer, primary_key=True)
    children = relationship("Child")


class Child(Base):
    __tablename__ = "child"
    id = sa.Column(sa.Integer, primary_key=True)
    parent_id = sa.Column(sa.ForeignKey("parent.id"))


def find_sqlalchemy_names() -> dict[str, Any]:
    """An object that each name of SQLAlchemy is an attribute of, as far as that says enough."""
    engine = sa.create_engine("sqlite://")
    entries: list[Any] = []
    sa.event.listen(engine, "connect", lambda _, entry: entries.append(entry))
    with engine.connect() as connection:
        result: Any = connection.execute(sa.select(sa.literal(1)))
        # Read while the connection is in use: the reference is None afterwards.
        assert entries[0].fairy_ref() is connection.connection
        assert isinstance(result.cursor, sqlite3.Cursor)
        lent = connection.connection
        result.close()
    mapper: Any = sa.inspect(Parent)
    return {
        "Engine": engine,
        "Connection": connection,
        "ConnectionPoolEntry": entries[0],
        "PoolProxiedConnection": lent,
        "IdentifierPreparer": engine.dialect.identifier_preparer,
        "SQLCompiler": sa.select(Child.id).where(Child.id == 1).compile(engine),
        "ClauseElement": Child.id == 1,
        "CursorResult": result,
        "Session": (session := Session(engine)),
        "IdentityMap": session.identity_map,
        "InstanceState": sa.inspect(Parent()),
        "Dialect": engine.dialect,
        "Relationship": mapper.relationships["children"],
        "Mapper": mapper,
        "ClassManager": mapper.class_manager,
        "QueryableAttribute": Parent.id,
        "SQLiteDialect": engine.dialect,
    }


@pytest.fixture(scope="module")
def owners() -> Iterator[dict[str, Any]]:
    found = find_sqlalchemy_names()
    yield found
    session: Session = found["Session"]
    session.close()
    session.get_bind().engine.dispose()


ELSEWHERE = {
    "util.concurrency.in_greenlet",
    "_event_on_init",
    "ScalarElementColumnDefault",
    "CommandLine.parser",
    "CommandLine.run_cmd",
    "Connection._conn",
    "Connection._thread",
    "anyio._core._eventloop",
    "CancelScope._child_scopes",
    "CancelScope._host_task",
    "_json.make_scanner",
    "asyncio._get_running_loop",
    "sys._current_frames",
    "ctypes.pythonapi.Py_IncRef",
}


@pytest.mark.parametrize("name", sorted(LISTED - ELSEWHERE))
def test_an_object_of_sqlalchemy_has_the_attribute(name: str, owners: dict[str, Any]) -> None:
    owner, attribute = name.split(".")
    assert hasattr(owners[owner], attribute)


def test_sqlalchemy_uses_them_as_the_code_expects(owners: dict[str, Any]) -> None:
    preparer = owners["IdentifierPreparer"]
    assert "select" in preparer.reserved_words
    assert preparer.schema_for_object(sa.Table("t", sa.MetaData(), schema="other")) == "other"
    assert owners["SQLCompiler"].positiontup == ["id_1"]
    assert owners["SQLCompiler"].binds["id_1"].value == 1
    affinity = owners["SQLiteDialect"]._resolve_type_affinity("VARCHAR(3)")
    assert isinstance(affinity, sa.VARCHAR)
    assert affinity.length == 3
    assert owners["ClauseElement"]._from_objects == [Child.__table__]
    assert sa.exists(Child.id)._from_objects == []
    session = owners["Session"]
    Base.metadata.create_all(session.get_bind())
    parent = Parent(id=7)
    session.add(parent)
    session.flush()
    assert (Parent, (7,), None) in session.identity_map
    session.close()
    listeners = {getattr(one, "__qualname__", "") for one in owners["ClassManager"].dispatch.init}
    assert listeners == {"_event_on_init"}
    default = sa.Column(sa.Integer, default=3).default
    assert isinstance(default, schema.ScalarElementColumnDefault)
    assert default.arg == 3


def test_sqlalchemy_tells_whether_await_waits_for_a_call() -> None:
    pytest.importorskip("greenlet")
    assert not in_greenlet()
    assert asyncio.run(greenlet_spawn(in_greenlet))


def test_alembic_parses_and_runs_a_command_line() -> None:
    config = pytest.importorskip("alembic.config")
    command_line = config.CommandLine()
    assert command_line.parser.parse_args(["heads"]).cmd[0].__name__ == "heads"
    assert callable(command_line.run_cmd)


def test_aiosqlite_has_a_thread_and_a_connection_of_sqlite3() -> None:
    aiosqlite = pytest.importorskip("aiosqlite")

    async def look() -> None:
        connection = aiosqlite.connect(":memory:")
        thread = getattr(connection, "_thread", connection)
        thread.daemon = True
        async with connection as opened:
            assert isinstance(opened._conn, sqlite3.Connection)

    asyncio.run(look())


def test_anyio_tells_which_task_waits_for_a_thread() -> None:
    anyio = pytest.importorskip("anyio")

    def look() -> object:
        scope: Any = sys.modules["anyio._core._eventloop"].threadlocals.current_cancel_scope
        (scope,) = tuple(scope._child_scopes) or (scope,)
        return scope._host_task

    async def run() -> None:
        assert await anyio.to_thread.run_sync(look) is asyncio.current_task()

    anyio.run(run)


def test_python_has_the_rest() -> None:
    assert asyncio._get_running_loop() is None
    assert sys._current_frames()
    assert ctypes.pythonapi.Py_IncRef
    assert _json.make_scanner(strict_json._Rules)("[1]", 0) == ([1], 3)


@pytest.mark.parametrize(("names", "files"), ROWS)
def test_a_listed_name_is_used_where_the_page_says(names: str, files: str) -> None:
    for file in re.findall(r"`([^`]+)`", files):
        source = (PACKAGE / file).read_text("utf-8")
        last = {name.rsplit(".", 1)[1] if "." in name else name for name in names.split("`")[1::2]}
        assert any(name in source for name in last), file


def test_every_private_name_of_another_library_is_listed() -> None:
    defined: set[str] = set()
    used: dict[str, str] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                defined.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
            elif isinstance(node, ast.Attribute) and not node.attr.startswith("__"):
                is_own = isinstance(node.ctx, ast.Store)
                is_own |= isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                if is_own:
                    defined.add(node.attr)
                elif node.attr.startswith("_"):
                    used[node.attr] = str(file)
    listed = {part for name in LISTED for part in name.split(".")} | {"_exit"}  # in Python's manual
    assert {name: file for name, file in used.items() if name not in defined | listed} == {}
