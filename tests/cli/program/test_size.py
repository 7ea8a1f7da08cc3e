"""Datasets of thousands of tables and columns: no command recurses, or takes quadratic time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.manifest import FILE_NAME
from tests.support.program import Program
from tests.support.wheels import Wheel, make_database

pytestmark = [pytest.mark.slow, pytest.mark.once]

COMMANDS = [
    ("list",),
    ("info", "NAME"),
    ("verify", "NAME", "--full"),
    ("schema", "NAME"),
    ("schema", "NAME", "--mermaid"),
    ("models", "NAME"),
    ("card", "NAME"),
    ("export", "NAME", "--to", "datapackage", "--output", "OUTPUT"),
    ("models", "DATABASE"),
    ("diff", "DATABASE", "DATABASE"),
]


def make_chain(tables: int) -> Iterator[str]:
    """Tables that each refer to the next."""
    for number in range(tables):
        key = f"p INTEGER REFERENCES t{number + 1} (id)" if number + 1 < tables else "p INTEGER"
        yield f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {key});"
        yield f"INSERT INTO t{number} (id) VALUES (1);"


def make_wide(columns: int) -> Iterator[str]:
    """One table."""
    names = ", ".join(f"c{number} TEXT" for number in range(columns - 1))
    yield f"CREATE TABLE t0 (id INTEGER PRIMARY KEY, {names}); INSERT INTO t0 (id) VALUES (1);"


def install(program: Program, path: Path, statements: Iterator[str]) -> Path:
    database = make_database(path, schema=f"BEGIN; {''.join(statements)} COMMIT;")
    wheel = Wheel(f"{path.stem}-data").carry(database, name=path.stem, package=f"{path.stem}_data")
    member = f"{wheel.info}/extra_metadata/{FILE_NAME}"
    raw = json.loads(wheel.files[member])
    names = [resource["name"] for resource in raw["resources"]]
    for resource in raw["resources"]:
        following = f"t{int(resource['name'][1:]) + 1}"
        reference = {"resource": following, "fields": ["id"]}
        keys = [{"fields": ["p"], "reference": reference}] if following in names else []
        resource["schema"] |= {"primaryKey": ["id"], "foreignKeys": keys}
    wheel.put(member, json.dumps(raw)).install(program.site)
    return database


def fill(command: tuple[str, ...], database: Path) -> list[str]:
    words = {
        "NAME": database.stem,
        "DATABASE": str(database),
        "OUTPUT": str(database.with_suffix("")),
    }
    return [words.get(word, word) for word in command]


def measure(program: Program, command: list[str]) -> float:
    """The processor's time of a command, which other programs do not change much."""
    before = os.times()
    program.run(*command)
    after = os.times()
    return after.children_user - before.children_user


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Chains of 1,100 and 4,400 tables, and tables of 1,000 and 2,000 columns."""
    home = tmp_path_factory.mktemp("home")
    (home / "site").mkdir()
    program = Program(home / "site", home)
    for name, statements in (
        ("few", make_chain(1_100)),
        ("many", make_chain(4_400)),
        ("narrow", make_wide(1_000)),
        ("wide", make_wide(2_000)),
    ):
        install(program, home / f"{name}.db", statements)
    return program


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("small", "large", "growth"),
    [("few", "many", 8), ("narrow", "wide", 4)],
    ids=["tables", "columns"],
)
def test_time_grows_as_the_dataset_does(
    sized: Program, command: tuple[str, ...], small: str, large: str, growth: int
) -> None:
    """Four times the tables may take eight times as long, and not sixteen times."""
    start = measure(sized, ["--version"])
    short = measure(sized, fill(command, sized.home / f"{small}.db")) - start
    long = measure(sized, fill(command, sized.home / f"{large}.db")) - start
    assert long < growth * max(short, 0.3)
