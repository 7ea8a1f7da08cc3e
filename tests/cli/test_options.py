"""Names with dots in them are found, and what is named in too many words is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import microcosm_sqlite
from microcosm_sqlite.cli.options import find_named, split_dataset
from microcosm_sqlite.errors import DatasetNotFoundError, TableNotFoundError
from tests.support.program import Program
from tests.support.wheels import make_database

SCHEMA = 'CREATE TABLE "a.b" ("c.d" INTEGER, e INTEGER); CREATE TABLE a (b INTEGER, "km/h" REAL);'


@pytest.fixture(params=["dots", "do.ts"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A dataset of this name, in whose names are dots as well."""
    microcosm_sqlite.register(request.param, make_database(tmp_path / "dots.db", schema=SCHEMA))
    yield request.param
    microcosm_sqlite.unregister(request.param)


@pytest.mark.parametrize(
    ("rest", "table", "column"),
    [
        ("", None, None),
        (".a", "a", None),
        (".a.b", "a.b", None),
        (".a.b.e", "a.b", "e"),
        (".a.b.c.d", "a.b", "c.d"),
        (".a.km/h", "a", "km/h"),
    ],
)
def test_dots_in_names_are_told_from_dots_between_them(
    name: str, rest: str, table: str | None, column: str | None
) -> None:
    named = find_named(name + rest)
    assert named.dataset.name == name
    assert (named.table.name if named.table else None) == table
    assert (named.field.name if named.field else None) == column
    assert len(named.tables) == (1 if table else 2)


def test_what_is_not_there_is_told_by_the_part_that_is_missing(name: str) -> None:
    with pytest.raises(DatasetNotFoundError, match="'none'"):
        find_named("none.a.b")
    with pytest.raises(TableNotFoundError, match="no table 'x'"):
        find_named(f"{name}.x.b")
    with pytest.raises(TableNotFoundError, match="no column 'x'"):
        find_named(f"{name}.a.x")
    assert split_dataset(f"{name}.a.b") == (name, "a.b")
    assert split_dataset("of.nothing/a.b") == ("of.nothing/a.b", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("info birds families", "Did you mean 'birds.families'?"),
        ("info birds families code", "Did you mean 'birds.families.code'?"),
        ("info birds.families code", "Did you mean 'birds.families.code'?"),
        ("export birds families --to csv", "Did you mean 'birds.families'?"),
        ("export birds families code --to csv", "Did you mean 'birds.families'?"),
        ("card birds families", "a table of dataset 'birds', which is to be named alone."),
        ("path birds families", "a table of dataset 'birds', which is to be named alone."),
        ("models birds families", "a table of dataset 'birds', which is to be named alone."),
        ("subset birds families --rows 3", "'birds', which is to be named alone."),
        ("query birds SELECT 1", "A statement is one argument: put it in quotes."),
        ("info birds family", "Got unexpected extra argument (family)."),
        ("info bird families", "Got unexpected extra argument (families)."),
        ("info birds families cod", "Got unexpected extra arguments (families cod)."),
    ],
)
def test_words_that_are_too_many_get_a_hint_where_they_name_a_table(
    program: Program, arguments: str, told: str
) -> None:
    verb, *rest = arguments.split()
    refused = program.refuse(verb, *rest, code=2)
    assert refused.endswith(f"{told}\n")
    assert refused.startswith(f"Usage: microcosm-sqlite {verb}")
    if "Did you mean" in told:
        options = rest[rest.index("--to") :] if "--to" in rest else []
        assert program.read(verb, told.split("'")[1], *options)


@pytest.mark.parametrize(
    "command",
    [
        ("new", ""),
        ("build", "--wheels", ""),
        ("export", "birds", "--output", ""),
        ("site", "--output", ""),
        ("subset", "birds", "-o", ""),
        ("diff", "birds", "birds", "--migration", ""),
    ],
    ids=lambda command: command[0],
)
def test_an_empty_path_is_not_the_current_folder(
    program: Program, command: tuple[str, ...], tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    ran = program.run(*command, code=2)
    assert "The path is empty. For the current folder, write a dot." in ran.stderr
    assert sorted(tmp_path.iterdir()) == before
