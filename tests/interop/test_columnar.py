"""A columnar twin gives what SQLite gives: the same values, types and order."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import subprocess
import sys
from decimal import Decimal
from functools import partial
from hashlib import sha256

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq

from microcosm_sqlite import InstalledDataset
from microcosm_sqlite.catalog.cache.folders import VARIABLE as CACHE
from microcosm_sqlite.catalog.cache.twins import VARIABLE
from microcosm_sqlite.errors import (
    CacheError,
    ConfigurationError,
    DatasetCorruptError,
    DatasetError,
    SchemaMismatchError,
    TableNotFoundError,
)
from microcosm_sqlite.interop import columnar, reader, twin_files
from tests.support.everything import METADATA as KINDS
from tests.support.everything import ROWS
from tests.support.twins import no_sqlite, only_sqlite, read_both


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own for each test."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(columnar, "_failed", set())
    return tmp_path / "cache"


def twins_in(cache):
    return sorted(cache.rglob("*.parquet"))


def read_arrow(dataset, table="everything"):
    return dataset.arrow(table)


@given(rows=ROWS)
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_twin_has_the_values_and_types_of_all_kinds(make, rows):
    dataset = make(KINDS, {"everything": rows})
    dataset.columnar()
    of_rows, of_twin = read_both(dataset, read_arrow)
    assert of_twin.schema == of_rows.schema
    assert of_twin.equals(of_rows)
    assert reader.list_members(of_twin) == reader.list_members(of_rows)


@given(rows=ROWS)
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_polars_reads_a_twin_as_it_reads_rows(make, rows):
    pytest.importorskip("polars")
    dataset = make(KINDS, {"everything": rows})
    dataset.columnar()
    for options in ({"lazy": True}, {}):
        read = partial(InstalledDataset.polars, table="everything", **options)
        of_rows, of_twin = (frame.lazy().collect() for frame in read_both(dataset, read))
        assert of_twin.schema == of_rows.schema
        assert of_twin.equals(of_rows)


@given(rows=ROWS)
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_duckdb_reads_a_twin_as_it_reads_rows(make, rows):
    pytest.importorskip("duckdb")
    dataset = make(KINDS, {"everything": rows})
    dataset.columnar()

    def read(found):
        relation = found.duckdb("everything")
        return relation.columns, list(map(str, relation.types)), relation.fetchall()

    of_rows, of_twin = read_both(dataset, read)
    assert of_twin == of_rows


@pytest.mark.parametrize("backend", ["numpy", "numpy_nullable", "pyarrow"])
def test_pandas_and_dask_read_a_twin_as_they_read_rows(things, backend):
    pandas = pytest.importorskip("pandas")
    things.columnar()
    of_rows, of_twin = read_both(
        things, lambda found: found.pandas("things", dtype_backend=backend)
    )
    pandas.testing.assert_frame_equal(of_twin, of_rows)
    pytest.importorskip("dask.dataframe")
    with no_sqlite():
        frame = things.dask("things", npartitions=2, dtype_backend=backend)
        of_twin = frame.compute(scheduler="sync")
    with only_sqlite():
        of_rows = frame.compute(scheduler="sync")
    pandas.testing.assert_frame_equal(of_twin, of_rows)


def test_the_tasks_of_a_cluster_read_their_ranges_of_a_twin(halves, install):
    halves.columnar()
    install(halves)
    copy = reader.Copy.of(halves)
    with no_sqlite():
        parts = [
            reader.read_table(copy.find(), "numbers", rows=rows, threads=1)
            for rows in reader.split_scan(reader.plan_read(halves, "numbers"), 3)
        ]
    assert [len(part) for part in parts] == [667, 667, 666]
    assert pa.concat_tables(parts).equals(halves.arrow("numbers"))


@pytest.mark.parametrize("selection", [{}, {"rows": (5, 8)}, {"limit": 3, "columns": ["half"]}])
def test_duckdb_chooses_the_same_in_whatever_way_it_may_read(
    halves, selection, tmp_path, monkeypatch
):
    duckdb = pytest.importorskip("duckdb")

    def read(found, connection=None):
        relation = found.duckdb("numbers", connection=connection, **selection)
        return relation.fetchall(), relation.filter("half < 3.5").fetchall()

    with only_sqlite():
        of_rows = read(halves)
    halves.columnar()
    with no_sqlite():
        assert read(halves) == of_rows
    with duckdb.connect(config={"enable_external_access": "false"}) as closed:
        assert read(halves, closed) == of_rows
    monkeypatch.setenv(CACHE, str(tmp_path / "a [b] c=1"))
    halves.columnar()
    assert read(halves) == of_rows


def test_numbers_of_76_digits_are_refused_by_name_with_a_twin_as_without(make):
    pytest.importorskip("duckdb")
    metadata = sa.MetaData()
    sa.Table("sums", metadata, sa.Column("id", sa.Integer), sa.Column("sum", sa.Numeric(50, 2)))
    dataset = make(metadata, {"sums": [{"id": 1, "sum": 2.5}]})
    dataset.columnar()
    of_rows, of_twin = read_both(dataset, lambda found: found.arrow("sums"))
    assert of_twin.equals(of_rows)
    for way in (only_sqlite, no_sqlite):
        with way(), pytest.raises(SchemaMismatchError, match=r"'sum' holds .* 50 .*DuckDB"):
            dataset.duckdb("sums")
        for lazy in (False, True):
            with way(), pytest.raises(SchemaMismatchError, match=r"'sum' holds .* 50 .*polars"):
                dataset.polars("sums", lazy=lazy)
        with way():
            assert dataset.duckdb("sums", columns=["id"]).fetchall() == [(1,)]
            assert dataset.polars("sums", columns=["id"])["id"].to_list() == [1]
            assert dataset.pandas("sums")["sum"].to_list() == [Decimal("2.50")]
    # Older versions of polars fail on the schema of such a twin.
    assert dataset.polars("sums", columns=["id"], lazy=True).collect()["id"].to_list() == [1]


SELECTIONS = [
    {"columns": ["half"]},
    {"columns": ["half", "id"]},
    {"rows": (5, 8)},
    {"rows": (1990, 5000)},
    {"rows": (5000, 6000)},
    {"rows": (2, 900), "limit": 3, "columns": ["half"]},
    {"limit": 0},
    {"limit": 1999},
]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_columns_rows_and_limits_choose_the_same(halves, monkeypatch, selection):
    monkeypatch.setattr(twin_files, "GROUP_ROWS", 300)
    halves.columnar()
    of_rows, of_twin = read_both(halves, lambda found: found.arrow("numbers", **selection))
    assert of_twin.equals(of_rows)
    assert of_twin.schema == of_rows.schema
    of_rows, of_twin = read_both(
        halves,
        lambda found: pa.Table.from_batches(
            found.arrow("numbers", batch_size=70, **selection), of_rows.schema
        ),
    )
    assert of_twin.equals(of_rows)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_polars_chooses_the_same(halves, selection):
    pl = pytest.importorskip("polars")
    halves.columnar()

    def read(found):
        frame = found.polars("numbers", lazy=True, **selection)
        return frame.collect(), frame.filter(pl.col("half") > 2.5).select("half").collect()

    with only_sqlite():
        of_rows = read(halves)
    with no_sqlite():
        of_twin = read(halves)
    assert all(a.equals(b) for a, b in zip(of_rows, of_twin, strict=True))


def test_only_the_row_groups_of_a_range_are_read(halves, monkeypatch):
    monkeypatch.setattr(twin_files, "GROUP_ROWS", 500)
    (path,) = halves.columnar().values()
    scan = reader.plan_read(halves, "numbers", rows=(501, 1001))
    with pq.ParquetFile(path) as file:
        assert file.num_row_groups == 4
        assert list(twin_files._choose_groups(file, scan)) == [1, 2]


def test_a_condition_is_for_sqlite(halves):
    halves.columnar()
    for where in ("half > 999", {"half": [999.5, 1000]}):
        with pytest.raises(AssertionError, match="were read from SQLite"), no_sqlite():
            halves.arrow("numbers", where=where)
        assert len(halves.arrow("numbers", where=where)) == 2


def test_a_table_without_rowids_and_one_with_a_column_named_rowid_have_twins(make):
    metadata = sa.MetaData()
    sa.Table(
        "keyed",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    sa.Table(
        "odd",
        metadata,
        sa.Column("RowID", sa.Text),
        sa.Column("oid", sa.Text, primary_key=True),
    )
    rows = [{"name": "b"}, {"name": "a"}]
    odd = [{"RowID": "z", "oid": "1"}, {"RowID": "y", "oid": "0"}]
    dataset = make(metadata, {"keyed": rows, "odd": odd})
    files = dataset.columnar()
    assert pq.read_schema(files["keyed"]).names == ["name"]
    assert pq.read_schema(files["odd"]).names == ["_rowid_", "RowID", "oid"]
    for table in files:
        of_rows, of_twin = read_both(dataset, lambda found, table=table: read_arrow(found, table))
        assert of_twin.equals(of_rows)
    of_rows, of_twin = read_both(dataset, lambda found: found.arrow("odd", rows=(2, 2)))
    assert of_twin.equals(of_rows)
    assert of_twin.to_pylist() == odd[1:]


def test_a_twin_is_made_once_and_says_what_it_is(halves, cache):
    (path,) = halves.columnar().values()
    assert twins_in(cache) == [path]
    written = path.stat()
    assert halves.columnar(["numbers"]) == {"numbers": path}
    found = path.stat()
    assert (found.st_ino, found.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert path.parent.name == halves.manifest.sha256[:40]
    assert b'"table": "numbers"' in pq.read_schema(path).metadata[twin_files.METADATA]
    assert not written.st_mode & 0o222


def test_a_table_that_is_not_there_is_told(halves):
    with pytest.raises(TableNotFoundError, match="number"):
        halves.columnar(["number"])


def test_another_layout_is_another_twin(make, cache):
    """The same bytes can be described in another way by another release."""
    dataset = make(KINDS, {"everything": [{"text": "a"}]})
    dataset.columnar()
    fields = dataset.tables["everything"].fields
    next(field for field in fields if field.name == "text").type = "any"
    next(field for field in fields if field.name == "flag").type = "integer"
    assert not reader.plan_read(dataset, "everything").twin
    dataset.columnar()
    assert len(twins_in(cache)) == 2
    assert read_arrow(dataset).schema.field("flag").type == pa.int64()


def test_no_twin_is_made_of_what_may_change_or_is_not_described(make, cache):
    live = make(KINDS, {"everything": []}, name="live", immutable=False)
    with pytest.raises(DatasetError, match="'live' has no columnar twin: its file may change"):
        live.columnar()
    bare = make(KINDS, {"everything": []}, name="bare", has_manifest=False)
    with pytest.raises(DatasetError, match="'bare' has no columnar twin: it has no manifest"):
        bare.columnar()
    assert not cache.exists()


def test_a_file_that_is_not_what_was_published_has_no_twin(halves, cache):
    with sqlite3.connect(halves.path) as connection:
        connection.execute("UPDATE numbers SET half = 7 WHERE id = 1")
    connection.close()
    with pytest.raises(DatasetCorruptError, match="is not what was published"):
        halves.columnar()
    assert not twins_in(cache)


def test_rows_that_are_missing_are_told(halves, cache):
    halves.tables["numbers"].row_count += 1
    with pytest.raises(DatasetCorruptError, match="has 2,000 rows; published were 2,001"):
        halves.columnar()
    assert not twins_in(cache)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(b"x" * path.stat().st_size),
        lambda path: path.write_bytes(b"PAR1" + b"x" * (path.stat().st_size - 4)),
        lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
        lambda path: path.unlink(),
    ],
    ids=["cut", "longer", "zeros", "changed", "a link", "gone"],
)
def test_a_damaged_twin_is_not_read_and_is_made_again(halves, damage):
    (path,) = halves.columnar().values()
    whole = path.read_bytes()
    path.chmod(0o600)
    damage(path)
    assert not reader.plan_read(halves, "numbers").twin
    assert len(halves.arrow("numbers")) == 2000
    (again,) = halves.columnar().values()
    assert again.read_bytes() == whole


def test_a_page_that_changed_under_a_sealed_file_is_an_error(halves):
    (path,) = halves.columnar().values()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(0o400)
    with pytest.raises(DatasetCorruptError, match=r"columnar twin .* cannot be read"):
        halves.arrow("numbers")


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("call", ["mkdir", "fsync"])
def test_a_cache_that_cannot_be_written_is_told_where_it_was_asked_for(
    halves, cache, monkeypatch, number, call
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(CacheError):
            halves.columnar()
    assert [path for path in cache.rglob("*") if path.suffix != ".lock" and path.is_file()] == []
    monkeypatch.setenv(VARIABLE, "cache")
    monkeypatch.setattr(columnar, "_WORTH_ROWS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        assert len(halves.arrow("numbers")) == 2000


def test_a_cache_that_is_no_folder_hinders_no_read(halves, cache, monkeypatch, caplog):
    cache.write_text("")
    with pytest.raises(DatasetError):
        halves.columnar()
    monkeypatch.setenv(VARIABLE, "cache")
    monkeypatch.setattr(columnar, "_WORTH_ROWS", 1)
    with caplog.at_level(logging.WARNING, "microcosm_sqlite"):
        assert len(halves.arrow("numbers")) == len(halves.arrow("numbers")) == 2000
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "No columnar twin is made"
    ]


def test_the_environment_makes_twins_of_large_tables_as_they_are_read(halves, cache, monkeypatch):
    monkeypatch.setenv(VARIABLE, "cache")
    halves.arrow("numbers")
    assert not twins_in(cache), "a small table"
    monkeypatch.setattr(columnar, "_WORTH_ROWS", 2000)
    halves.arrow("numbers", where="id = 1")
    assert not twins_in(cache), "SQLite reads it"
    halves.arrow("numbers", limit=1)
    assert len(twins_in(cache)) == 1
    monkeypatch.setenv(VARIABLE, "off")
    assert not reader.plan_read(halves, "numbers").twin
    monkeypatch.setenv(VARIABLE, "on")
    with pytest.raises(ConfigurationError, match="is 'on'"):
        halves.arrow("numbers")


def test_a_value_that_does_not_fit_leaves_the_table_to_sqlite(make, cache, monkeypatch):
    dataset = make(KINDS, {"everything": [{"text": "a"}]})
    with sqlite3.connect(dataset.path) as connection:
        connection.execute("UPDATE everything SET day = 'soon'")
    connection.close()
    dataset.manifest.sha256 = sha256(dataset.path.read_bytes()).hexdigest()
    with pytest.raises(SchemaMismatchError, match="'day'"):
        dataset.columnar()
    monkeypatch.setenv(VARIABLE, "cache")
    monkeypatch.setattr(columnar, "_WORTH_ROWS", 1)
    assert dataset.arrow("everything", columns=["text"]).to_pylist() == [{"text": "a"}]
    assert not twins_in(cache)


def test_where_no_twin_is_nothing_of_parquet_is_imported(halves, install):
    site = install(halves)
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import microcosm_sqlite as m\n"
        "d = m.dataset('sample')\n"
        "heavy = {'pyarrow.parquet', 'pyarrow.dataset', 'microcosm_sqlite.interop.twin_files'}\n"
        "d.arrow('numbers'); print(sorted(heavy & {*sys.modules}))\n"
        "d.columnar(); d.arrow('numbers'); print(len(heavy & {*sys.modules}) > 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["[]", "True"], done.stderr
