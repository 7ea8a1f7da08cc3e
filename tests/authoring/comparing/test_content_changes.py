"""A row on top is one row more, a renamed column is the same column, and a loss is no patch."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.comparing.comparison import Comparison, compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.catalog.opening import open_dataset
from tests.support.program import Program

TABLE = "CREATE TABLE obs (id INTEGER PRIMARY KEY, place TEXT COLLATE NOCASE, x)"
VALUES = st.sampled_from([None, 1, 1.0, "a", "A", "", b"a", 0.1])
CONTENT = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8)


def write(path: Path, script: str, rows: list[tuple[Any, ...]]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
        connection.executemany("INSERT INTO obs (place, x) VALUES (?, ?)", rows)


def compare(
    folder: Path,
    old: list[tuple[Any, ...]],
    new: list[tuple[Any, ...]],
    script: str = TABLE,
    after: str = "",
) -> Comparison:
    write(folder / "old.db", script, old)
    write(folder / "new.db", script, new)
    with closing(sqlite3.connect(folder / "new.db")) as connection:
        connection.executescript(after)
    sides = (open_dataset(str(folder / name), str(folder)) for name in ("old.db", "new.db"))
    return compare_datasets(*sides, limit=None)


ROWS = [(f"place {number % 7}", number) for number in range(200)]


@pytest.mark.parametrize(
    ("new", "counts", "by_content"),
    [
        ([("top", 1), *ROWS], (1, 0, 0), True),
        ([*ROWS, ("end", 1)], (1, 0, 0), False),
        (ROWS[1:], (0, 1, 0), True),
        ([*ROWS[:50], ("mid", 1), *ROWS[51:]], (0, 0, 1), False),
        ([("top", 1), *ROWS[:-1]], (1, 1, 0), True),
        (ROWS[::-1], (0, 0, 0), True),
    ],
)
def test_numbers_of_rows_are_no_content(
    tmp_path: Path, new: list[Any], counts: tuple[int, int, int], by_content: bool
) -> None:
    (table,) = compare(tmp_path, ROWS, new).tables
    assert (table.inserted, table.deleted, table.updated) == counts
    assert table.by_content == by_content
    assert not table.is_same
    assert table.is_renumbered == (not any(counts))


def test_what_is_inserted_is_told_with_its_number(tmp_path: Path) -> None:
    (change,) = compare(tmp_path, ROWS, [("top", 1), *ROWS]).changes
    assert (change.change, change.key, change.new) == (
        *("insert", {"id": 1}),
        {"id": 1, "place": "top", "x": 1},
    )


@settings(max_examples=100, deadline=None)
@given(CONTENT, CONTENT)
def test_the_changes_by_content_are_the_difference_of_the_rows(
    old: list[Any], new: list[Any]
) -> None:
    with TemporaryDirectory() as folder:
        found = compare(Path(folder), old, new)
    (table,) = found.tables
    if not table.by_content:
        return
    changed: Counter[Any] = Counter()
    for change in found.changes:
        row = change.new or change.old
        changed[repr((row["place"], row["x"]))] += 1 if change.change == "insert" else -1
    expected = Counter(map(repr, map(store, new)))
    expected.subtract(map(repr, map(store, old)))
    assert {row: count for row, count in changed.items() if count} == {
        row: count for row, count in expected.items() if count
    }


def store(row: tuple[Any, Any]) -> tuple[Any, Any]:
    """A row as SQLite has it: the place is text, unless it is bytes."""
    place, x = row
    return str(place) if isinstance(place, int | float) else place, x


@pytest.mark.parametrize(
    "script",
    [
        TABLE.replace("INTEGER PRIMARY KEY", "TEXT PRIMARY KEY DEFAULT (hex(randomblob(8)))"),
        f"{TABLE}; CREATE TABLE seen (obs INTEGER REFERENCES obs (id))",
    ],
)
def test_keys_that_mean_something_are_compared_as_keys(tmp_path: Path, script: str) -> None:
    found = compare(tmp_path, ROWS, [("top", 1), *ROWS], script)
    assert not any(table.by_content for table in found.tables)


def test_a_column_with_another_name_is_told_as_renamed(tmp_path: Path) -> None:
    found = compare(tmp_path, ROWS, ROWS, after="ALTER TABLE obs RENAME COLUMN x TO amount")
    (change,) = found.schema
    assert (str(change), change.breaks) == ("column x renamed to amount", True)
    assert (found.level, found.tables[0].is_same) == ("major", True)
    assert "### Renamed\n\n- **Breaking:** column `x` of `obs` to `amount`." in render_changelog(
        found
    )


@pytest.mark.parametrize("script", [TABLE, TABLE.replace("id INTEGER PRIMARY KEY, ", "")])
def test_a_renamed_column_is_found_beside_a_row_on_top(script: str, tmp_path: Path) -> None:
    rename = "ALTER TABLE obs RENAME COLUMN x TO amount;"
    found = compare(tmp_path, ROWS, [("top", 1), *ROWS], script, after=rename)
    assert [str(change) for change in found.schema] == ["column x renamed to amount"]
    (table,) = found.tables
    assert (table.inserted, table.deleted, table.updated) == (1, 0, 0)


@pytest.mark.parametrize("rows", [[("a", 1)], [("a", None)] * 3, [("a", 5)] * 3, []])
@pytest.mark.parametrize("script", [TABLE, TABLE.replace("id INTEGER PRIMARY KEY, ", "")])
def test_a_column_in_other_capitals_is_renamed_whatever_it_holds(
    tmp_path: Path, script: str, rows: list[tuple[Any, ...]]
) -> None:
    found = compare(tmp_path, rows, rows, script, after="ALTER TABLE obs RENAME COLUMN x TO X")
    assert [str(change) for change in found.schema] == ["column x renamed to X"]


def test_a_key_with_another_name_is_told_as_renamed(tmp_path: Path) -> None:
    found = compare(tmp_path, ROWS, ROWS, after="ALTER TABLE obs RENAME COLUMN id TO number")
    assert "column id renamed to number" in map(str, found.schema)


def test_rows_without_a_key_are_compared_by_content(tmp_path: Path) -> None:
    script = TABLE.replace("id INTEGER PRIMARY KEY, ", "")
    found = compare(tmp_path, ROWS, ROWS[::-1], script)
    (table,) = found.tables
    assert (table.is_same, table.by_content, found.level) == (True, True, "")
    found = compare(tmp_path, [*ROWS, ("end", 1)], [("top", 1.0), *ROWS[1:], ROWS[0]], script)
    assert [(each.change, each.key, each.old or each.new) for each in found.changes] == [
        ("delete", {}, {"place": "end", "x": 1}),
        ("insert", {}, {"place": "top", "x": 1.0}),
    ]


def test_the_same_rows_under_other_numbers_are_told(tmp_path: Path) -> None:
    found = compare(tmp_path, ROWS, ROWS[::-1])
    assert (found.level, found.is_same) == ("patch", False)
    assert "`obs`: the same rows under other numbers; 200 rows in all." in render_changelog(found)


def test_columns_may_be_called_as_the_comparison_calls_its_own(tmp_path: Path) -> None:
    script = "CREATE TABLE obs (number INTEGER PRIMARY KEY, c0 TEXT, side, place TEXT, x)"
    after = "UPDATE obs SET side = x, c0 = place"
    write(tmp_path / "old.db", script, ROWS)
    write(tmp_path / "new.db", script, [("top", 1), *ROWS])
    for name in ("old.db", "new.db"):
        with closing(sqlite3.connect(tmp_path / name)) as connection, connection:
            connection.execute(after)
    sides = (open_dataset(str(tmp_path / name), str(tmp_path)) for name in ("old.db", "new.db"))
    (table,) = compare_datasets(*sides).tables
    assert (table.inserted, table.deleted, table.by_content) == (1, 0, True)


def test_whole_numbers_that_became_fractions_are_changes(tmp_path: Path) -> None:
    rows = [("a", 1), ("b", 2), ("c", 3)]
    after = "UPDATE obs SET x = CAST(x AS REAL)"
    (table,) = compare(tmp_path, rows, rows, after=after).tables
    assert (table.inserted, table.deleted, table.updated) == (0, 0, 3)


def test_another_column_is_not_told_as_renamed(tmp_path: Path) -> None:
    rename = "ALTER TABLE obs RENAME COLUMN x TO amount;"
    for after in (
        f"{rename} UPDATE obs SET amount = 5 WHERE id = 7",
        f"{rename} ALTER TABLE obs ADD COLUMN other; UPDATE obs SET other = amount",
    ):
        kinds = {change.change for change in compare(tmp_path, ROWS, ROWS, after=after).schema}
        assert kinds == {"added", "removed"}
    same = [("place", None)] * 3
    assert len(compare(tmp_path, same, same, after=rename).schema) == 2


@pytest.mark.parametrize(
    ("left", "level"), [(0, "major"), (1, "major"), (100, "major"), (101, "patch"), (199, "patch")]
)
def test_a_table_that_lost_its_rows_is_no_patch(tmp_path: Path, left: int, level: str) -> None:
    found = compare(tmp_path, ROWS, ROWS[:left])
    assert found.level == level
    assert ("**Breaking:** `obs`" in render_changelog(found)) == (level == "major")


def test_lost_rows_and_comparing_by_content_are_told(tmp_path: Path) -> None:
    write(tmp_path / "old.db", TABLE, ROWS)
    write(tmp_path / "new.db", TABLE, ROWS[150:])
    done = Program(tmp_path, tmp_path).run("diff", tmp_path / "old.db", tmp_path / "new.db", code=1)
    assert "Warning: Table obs has 50 of 200 rows left." in done.stderr
    assert "rows are compared by content, as their key only numbers them" in done.stdout
