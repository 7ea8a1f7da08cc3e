"""A subset is whole, the same each time, and no larger than it has to be."""

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

import microcosm_sqlite
from microcosm_sqlite.authoring.project.recipe import Recipe, read_conditions
from microcosm_sqlite.authoring.subsetting.subset import Subset, write_subset
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    QueryError,
    TableNotFoundError,
)
from tests.support.shards import Shards
from tests.support.wheels import describe, make_database

KEYS = {
    "number": ("id INTEGER PRIMARY KEY", "id"),
    "text": ("id TEXT PRIMARY KEY COLLATE NOCASE", "id"),
    "pair": ("id, id2 TEXT, PRIMARY KEY (id, id2)", "id, id2"),
    "ordered": ("id TEXT, id2 INTEGER, PRIMARY KEY (id2, id)", "id, id2"),
    "unique": ("id NUMERIC UNIQUE, rowid", "id"),
}


def open_source(path: Path, **description: Any) -> InstalledDataset:
    raw = describe(path, name="source", resource=path.name, **description)
    return InstalledDataset(
        "source", location=Location(str(path), immutable=True), manifest=Manifest(raw)
    )


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """SQL for tables that refer to each other in any way, and for rows that do."""
    kinds = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=4))
    names = [f"t {place}" for place in range(len(kinds))]
    counts = [draw(st.integers(0, 12)) for _ in kinds]
    script = []
    for place, kind in enumerate(kinds):
        targets = draw(st.lists(st.integers(0, len(kinds) - 1), max_size=3))
        columns, keys = [], []
        for number, target in enumerate(targets):
            width = len(KEYS[kinds[target]][1].split(", "))
            own = [f"r{number}_{part}" for part in range(width)]
            columns += own
            to = "" if kinds[target] == "ordered" else f" ({KEYS[kinds[target]][1]})"
            keys.append(f"FOREIGN KEY ({', '.join(own)}) REFERENCES '{names[target]}'{to}")
        declared, *constraint = KEYS[kinds[place]][0].partition(", PRIMARY")
        key = ["".join(constraint).removeprefix(", ")] if constraint[0] else []
        body = ", ".join([declared, *columns, *key, *keys])
        ending = " WITHOUT ROWID" if kind == "ordered" else ""
        script.append(f"CREATE TABLE '{names[place]}' ({body}){ending};")
        for row in range(counts[place]):
            values = [_write_key(kind, row)]
            for target in targets:
                chosen = draw(st.none() | st.integers(0, max(counts[target] - 1, 0)))
                if counts[target] == 0:
                    chosen = None
                values.append(_write_reference(kinds[target], chosen))
            script.append(f"INSERT INTO '{names[place]}' VALUES ({', '.join(values)});")
    return "\n".join(script)


def _write_key(kind: str, row: int) -> str:
    return {
        "number": f"{row * 7 - 5}",
        "text": f"'Key{row}'",
        "pair": f"{row % 3}, 'x{row}'",
        "ordered": f"'y{row}', {row % 4}",
        "unique": f"'{row}', {row}",
    }[kind]


def _write_reference(kind: str, row: int | None) -> str:
    if row is None:
        return {"pair": "NULL, 'x1'", "ordered": "NULL, NULL"}.get(kind, "NULL")
    return {
        "number": f"{row * 7 - 5}",
        "text": f"'kEY{row}'",  # which is the same to the collation of the parent
        "pair": f"{row % 3}, 'x{row}'",
        "ordered": f"{row % 4}, 'y{row}'",  # in the order of the primary key
        "unique": f"'{row}'",  # which is a number to the affinity of the parent
    }[kind]


def read_rows(path: Path, table: str) -> Counter[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return Counter(connection.execute(f'SELECT * FROM "{table}"').fetchall())


@pytest.mark.slow
@settings(max_examples=40)
@given(
    script=schemas(),
    rows=st.integers(0, 6),
    children=st.integers(0, 2),
    seed=st.integers(0, 3),
)
def test_any_subset_is_whole_and_the_same_each_time(
    script: str, rows: int, children: int, seed: int
) -> None:
    with TemporaryDirectory() as folder:
        path = make_database(Path(folder, "source.db"), schema=script)
        source = open_source(path)
        recipe = Recipe(rows=rows, children=children, seed=seed)
        subset = write_subset(source, Path(folder, "a"), recipe)
        again = write_subset(source, Path(folder, "b"), recipe)
        assert subset.path.read_bytes() == again.path.read_bytes()
        assert open_dataset(str(subset.path), folder).verify(full=True).ok
        for size in subset.sizes:
            mine, all_rows = read_rows(subset.path, size.table), read_rows(path, size.table)
            assert mine <= all_rows
            assert sum(mine.values()) == size.rows >= min(rows, size.all_rows)
        if not (rows or children):
            assert not any(size.rows for size in subset.sizes)


CHAIN = """
CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES staff, team TEXT);
CREATE INDEX staff_boss ON staff (boss);
CREATE VIEW bosses AS SELECT DISTINCT boss FROM staff;
CREATE TABLE notes (text, staff REFERENCES staff (id));
CREATE VIRTUAL TABLE note_search USING fts5(text, content='notes');
INSERT INTO staff SELECT value, nullif(value / 2, 0), 'team ' || (value % 2)
    FROM generate_series(1, 1000);
INSERT INTO notes SELECT 'note ' || value, value FROM generate_series(1, 1000);
"""


@pytest.fixture
def chain(tmp_path: Path) -> InstalledDataset:
    series = (
        "(WITH RECURSIVE s(value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM s "
        "WHERE value < 1000) SELECT value FROM s)"
    )
    schema = CHAIN.replace("generate_series(1, 1000)", series)
    return open_source(make_database(tmp_path / "chain.db", schema=schema))


def read_ids(subset: Subset) -> set[int]:
    return {row[0] for row in read_rows(subset.path, "staff")}


def test_parents_are_added_up_to_the_first_and_children_only_on_request(
    chain: InstalledDataset, tmp_path: Path
) -> None:
    where = {"staff": 'id = 999 AND team = "team 1"'}
    alone = write_subset(chain, tmp_path / "a", Recipe(5, where=where, tables=("staff",)))
    assert read_ids(alone) == {999, 499, 249, 124, 62, 31, 15, 7, 3, 1}
    assert not read_rows(alone.path, "notes")
    where = {"staff": "id = 250"}
    family = write_subset(
        chain, tmp_path / "b", Recipe(5, where=where, tables=("staff",), children=1)
    )
    assert {250, 125, 62, 31, 15, 7, 3, 1} < read_ids(family)
    assert len(read_ids(family) & {500, 501}) == 1
    assert len(read_rows(family.path, "notes")) == len(read_ids(family) & {250, *range(500, 1001)})
    with closing(sqlite3.connect(family.path)) as connection:
        search = "SELECT rowid FROM note_search WHERE note_search MATCH '250'"
        assert connection.execute(search).fetchall() == [(250,)]
        assert connection.execute("SELECT count(*) FROM bosses").fetchone()[0] > 1


def test_rows_are_drawn_by_their_keys_and_evenly(chain: InstalledDataset, tmp_path: Path) -> None:
    drawn = {
        seed: {row[0] for row in read_rows(_draw(chain, tmp_path, seed).path, "notes")}
        for seed in range(4)
    }
    assert len(set(map(frozenset, drawn.values()))) == 4
    for texts in drawn.values():
        numbers = [int(text.split()[1]) for text in texts]
        assert len(numbers) == 200
        assert 70 < sum(number > 500 for number in numbers) < 130
        assert 70 < sum(number % 2 for number in numbers) < 130
    with closing(sqlite3.connect(chain.path)) as connection:
        connection.execute("DELETE FROM notes WHERE rowid > 900")
        connection.commit()
    fewer = open_source(chain.path)
    again = {row[0] for row in read_rows(_draw(fewer, tmp_path / "fewer", 0).path, "notes")}
    assert len(again & drawn[0]) >= 175, (
        "other versions draw the same rows, as far as they have them"
    )


def _draw(dataset: InstalledDataset, folder: Path, seed: int) -> Subset:
    return write_subset(dataset, folder / str(seed), Recipe(200, seed=seed, tables=("notes",)))


def test_the_manifest_says_where_it_came_from(chain: InstalledDataset, tmp_path: Path) -> None:
    told = []
    recipe = Recipe(10, seed=3, where=read_conditions(["staff: team = 'team 1'"]))
    subset = write_subset(chain, tmp_path / "lite", recipe, edition="tiny", tell=told.append)
    assert told == [subset.sizes]
    origin = subset.manifest.raw["microcosm-sqlite"]["edition"]
    assert chain.manifest is not None
    assert origin == {
        "name": "tiny",
        "dataset": "source",
        "version": chain.manifest.version,
        "hash": f"sha256:{chain.manifest.sha256}",
        "fingerprint": chain.manifest.fingerprint,
        "rowCounts": {"notes": 1000, "staff": 1000},
        "recipe": {"rows": 10, "seed": 3, "where": {"staff": "team = 'team 1'"}},
    }
    assert subset.manifest.fingerprint == chain.manifest.fingerprint
    with pytest.raises(FileExistsError):
        write_subset(chain, tmp_path / "lite", recipe)
    assert {each.name for each in (tmp_path / "lite").iterdir()} == {
        "source.db",
        "datapackage.json",
    }


def test_a_subset_of_a_dataset_in_shards_is_one_file(tmp_path: Path) -> None:
    shards = Shards(make_database(tmp_path / "colours.db", rows=50))
    *_, whole = [wheel.pack(tmp_path / "dist") for wheel in shards.wheels]
    (tmp_path / "scratch").mkdir()
    dataset = open_dataset(str(whole), str(tmp_path / "scratch"))
    subset = write_subset(dataset, tmp_path / "lite", Recipe(2))
    assert subset.manifest.shards == ()
    assert (subset.manifest.format, subset.manifest.compression) == (1, "none")
    assert microcosm_sqlite.register("few", subset.path).verify(full=True).ok
    microcosm_sqlite.unregister("few")


def test_the_database_and_its_manifest_are_written_both_or_none(
    chain: InstalledDataset, tmp_path: Path
) -> None:
    folder = tmp_path / "lite"
    first = write_subset(chain, folder, Recipe(10))
    written = first.path.read_bytes()
    (folder / "datapackage.json").unlink()  # as where the process was killed between the two
    assert write_subset(chain, folder, Recipe(10)).path.read_bytes() == written
    (folder / "datapackage.json").unlink()
    with pytest.raises(FileExistsError):
        write_subset(chain, folder, Recipe(11))
    assert [path.name for path in folder.iterdir()] == ["source.db"]
    first.path.rename(folder / "datapackage.json")
    with pytest.raises(FileExistsError):
        write_subset(chain, folder, Recipe(10))
    assert [path.name for path in folder.iterdir()] == ["datapackage.json"]


def test_a_part_of_an_edition_is_a_part_of_the_full_dataset(
    chain: InstalledDataset, tmp_path: Path
) -> None:
    first = write_subset(chain, tmp_path / "first", Recipe(100), edition="small")
    source = open_dataset(str(first.path), str(tmp_path))
    second = write_subset(source, tmp_path / "second", Recipe(10), edition="tiny")
    edition = second.manifest.edition
    assert edition is not None
    assert edition.row_counts == {"notes": 1000, "staff": 1000}
    assert edition.recipe["from"] == {"name": "small", "recipe": {"rows": 100, "seed": 0}}
    assert open_dataset(str(second.path), str(tmp_path)).verify(full=True).ok
    with pytest.raises(DatasetError, match="cannot be called 'full'"):
        write_subset(chain, tmp_path / "third", Recipe(1), edition="full")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("teem = 1", "no such column: t?\\.?teem"),
        ('"teem" = 1', "Did you mean 'team'"),
        ("id = ", "syntax error"),
        ("id = 1; DROP TABLE staff", "not one expression"),
        ("1) UNION SELECT id FROM source.staff WHERE (1", "not one expression"),
        ("id = 'unclosed", "unrecognized token"),
    ],
)
def test_a_condition_that_is_none_is_refused(
    chain: InstalledDataset, tmp_path: Path, condition: str, said: str
) -> None:
    with pytest.raises(QueryError, match=said):
        write_subset(chain, tmp_path / "x", Recipe(5, where={"staff": condition}))
    assert not (tmp_path / "x").exists()


def test_recipes_and_sources_that_cannot_be_used_are_refused(
    chain: InstalledDataset, tmp_path: Path
) -> None:
    for texts in (["flights"], [": x"], ["a: 1", "a: 2"]):
        with pytest.raises(DatasetError, match="condition"):
            read_conditions(texts)
    with pytest.raises(DatasetError, match="rows is -1"):
        Recipe(-1)
    with pytest.raises(TableNotFoundError, match="staf"):
        write_subset(chain, tmp_path / "x", Recipe(5, tables=("staf",)))
    schemas = {
        "does not exist": "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES a);"
        "INSERT INTO a VALUES (1, 2);",
        "no such key": "CREATE TABLE a (b REFERENCES elsewhere (id));",
        "virtual table": "CREATE TABLE a (b); CREATE VIRTUAL TABLE v USING fts5(x);",
        "told apart": "CREATE TABLE a (rowid, _rowid_, oid);",
    }
    for said, schema in schemas.items():
        path = make_database(tmp_path / "bad.db", schema=schema)
        with pytest.raises(DatasetError, match=said):
            write_subset(open_source(path), tmp_path / "y", Recipe(5))


def test_a_damaged_source_is_refused(chain: InstalledDataset, tmp_path: Path) -> None:
    content = bytearray(chain.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    chain.path.write_bytes(content)
    with pytest.raises(DatasetCorruptError, match=r"chain\.db"):
        write_subset(chain, tmp_path / "x", Recipe(5))
    assert not (tmp_path / "x").exists()
