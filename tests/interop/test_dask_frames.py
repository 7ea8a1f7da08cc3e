"""Datasets give Dask data frames, whose partitions are read where they are worked on."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
import sqlalchemy as sa

from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.errors import DatasetNotFoundError, SchemaMismatchError

pytest.importorskip("dask.dataframe")

from microcosm_sqlite.interop.dask_frames import _choose_dtypes

NUMBERS = sa.MetaData()
sa.Table(
    "numbers",
    NUMBERS,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("half", sa.Integer),
    sa.Column("parity", sa.Enum("even", "odd", name="parity")),
)
sa.Table("codes", NUMBERS, sa.Column("code", sa.String, primary_key=True), sqlite_with_rowid=False)
ROWS = [
    {"half": None if n > 900 else n // 2, "parity": "odd" if n % 2 else "even"}
    for n in range(1, 1001)
]


@pytest.fixture
def numbers(make):
    return make(NUMBERS, {"numbers": ROWS, "codes": [{"code": "a"}]})


def test_partitions_are_ranges_of_rowids_which_together_are_the_table(numbers):
    frame = numbers.dask("numbers", npartitions=3)
    assert frame.npartitions == 3
    assert [len(part) for part in frame.partitions] == [334, 334, 332]
    whole = frame.compute()
    assert whole["id"].tolist() == list(range(1, 1001))
    assert whole.dtypes.to_dict() == frame.dtypes.to_dict()


def test_dtypes_do_not_depend_on_the_rows_of_a_partition(numbers):
    frame = numbers.dask("numbers", npartitions=10)
    dtypes = {str(part.compute()["half"].dtype) for part in frame.partitions}
    assert dtypes == {"Int64"}
    exact = numbers.dask("numbers", npartitions=10, dtype_backend="pyarrow")
    dtypes = {str(part.compute()["half"].dtype) for part in exact.partitions}
    assert dtypes == {"int64[pyarrow]"}
    assert frame["parity"].cat.categories.tolist() == ["even", "odd"]


def test_dask_has_the_dtypes_and_values_of_pandas(things):
    expected = things.pandas("things")
    found = things.dask("things", npartitions=2)
    whole = found.compute()
    differing = {"count": "Int64"}  # of which the manifest does not say how many are missing
    assert found.dtypes.to_dict() == whole.dtypes.to_dict()
    assert whole.dtypes.to_dict() == expected.dtypes.to_dict() | {"count": pd.Int64Dtype()}
    pd.testing.assert_frame_equal(whole.reset_index(drop=True), expected.astype(differing))


@pytest.mark.parametrize(
    ("facts", "dtype"),
    [
        ({"type": "integer", "constraints": {"required": True}}, "int64"),
        ({"type": "integer", "nullCount": 0}, "int64"),
        ({"type": "integer", "nullCount": 3, "valueRange": [-5, 2**53]}, "float64"),
        ({"type": "integer", "nullCount": 3, "valueRange": [-5, 2**53 + 1]}, "Int64"),
        ({"type": "integer"}, "Int64"),
        ({"type": "boolean", "nullCount": 0}, "bool"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "date"}, None),
    ],
)
def test_a_dtype_is_that_of_the_whole_column(facts, dtype):
    chosen = _choose_dtypes([Field({"name": "x"} | facts)])
    assert chosen == ({"x": dtype} if dtype else {})


def test_columns_and_conditions_choose_what_is_read(numbers):
    frame = numbers.dask("numbers", columns=["half"], where="parity = ?", params=["odd"])
    assert list(frame.columns) == ["half"]
    assert len(frame) == 500
    assert numbers.dask("numbers", npartitions=2)["half"].sum().compute() == sum(
        row["half"] or 0 for row in ROWS
    )


def test_a_table_without_rowids_or_without_rows_is_one_partition(numbers, make):
    assert numbers.dask("codes", npartitions=4).compute().to_dict("list") == {"code": ["a"]}
    empty = make(NUMBERS, name="empty").dask("numbers", npartitions=4)
    assert (empty.npartitions, len(empty)) == (1, 0)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "processes": True,
        "dashboard_address": ":0",
    }
    with distributed.LocalCluster(**options) as started, distributed.Client(started) as client:
        yield client


@pytest.fixture
def installed(make, install, cluster):
    """A dataset installed here and on both workers."""
    site = install(make(NUMBERS, {"numbers": ROWS}, name="shared"))
    cluster.run(add_site, str(site))
    yield site
    cluster.run(drop_site, str(site))


def drop_site(site):
    while site in sys.path:
        sys.path.remove(site)


def add_site(site):
    sys.path.insert(0, site)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestCluster:
    def test_several_processes_read_their_own_copies(self, installed, cluster):
        import microcosm_sqlite

        frame = microcosm_sqlite.dataset("shared").dask("numbers", npartitions=4)
        assert frame["half"].sum().compute() == sum(row["half"] or 0 for row in ROWS)
        counts = frame.groupby("parity", observed=True).size().compute()
        assert counts.to_dict() == {"even": 500, "odd": 500}

    def test_a_worker_that_lacks_the_dataset_says_which_to_install(self, installed, cluster):
        import microcosm_sqlite

        frame = microcosm_sqlite.dataset("shared").dask("numbers", npartitions=2)
        cluster.run(drop_site, str(installed))
        with pytest.raises(DatasetNotFoundError, match=r"no dataset 'shared'.*shared-data 1\.0"):
            frame.compute()

    def test_a_worker_with_another_edition_refuses(self, installed, cluster, make, install):
        import microcosm_sqlite

        frame = microcosm_sqlite.dataset("shared").dask("numbers", npartitions=2)
        other = install(make(NUMBERS, {"numbers": ROWS[:3]}, name="shared"), "other")
        cluster.run(add_site, str(other))
        try:
            with pytest.raises(SchemaMismatchError, match=r"has shared 1\.0 \(sha256 "):
                frame.compute()
        finally:
            cluster.run(drop_site, str(other))
