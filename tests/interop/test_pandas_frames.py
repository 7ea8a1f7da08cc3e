"""The frames of pandas hold what the models hold."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from threading import Thread

import pandas as pd
import pyarrow as pa
import pytest

from tests.support.things import FULL, METADATA

pytest.importorskip("pandas")


def test_pandas_has_the_dtypes_that_analysts_expect(things):
    frame = things.pandas("things")
    kinds = {name: dtype.kind for name, dtype in frame.dtypes.items() if hasattr(dtype, "kind")}
    assert kinds["id"] == "i"
    assert kinds["count"] == "f"
    assert kinds["born"] == kinds["seen"] == "M"
    assert kinds["lasts"] == "m"
    assert frame.dtypes["is_good"] == "boolean"
    assert frame.dtypes["size"] == pd.CategoricalDtype(["SMALL", "LARGE"])
    last = frame.iloc[1]
    assert last["price"] == Decimal("1.50")
    assert last["opens"] == time(8, 30)
    assert last["born"] == pd.Timestamp(2020, 2, 29)
    assert last["seen"] == pd.Timestamp(FULL["seen"])
    assert frame.drop(columns="id").iloc[0].isna().all()


def test_pandas_never_changes_a_large_integer(make):
    rows = [{"count": 2**53 + 1}, {"count": None}]
    frame = make(METADATA, {"things": rows}).pandas("things", columns=["count"])
    assert frame["count"].tolist() == [2**53 + 1, pd.NA]


@pytest.mark.parametrize("dtype_backend", ["numpy_nullable", "pyarrow"])
def test_pandas_can_have_exact_dtypes(things, dtype_backend):
    frame = things.pandas("things", dtype_backend=dtype_backend)
    assert frame["count"].tolist() == [pd.NA, 2]
    assert frame["is_good"].tolist() == [pd.NA, True]
    assert frame["size"].cat.categories.tolist() == ["SMALL", "LARGE"]
    if dtype_backend == "pyarrow":
        assert frame.dtypes["price"] == pd.ArrowDtype(pa.decimal128(10, 2))
        assert frame.dtypes["born"] == pd.ArrowDtype(pa.date32())


def test_pandas_names_the_backends_that_there_are(things):
    with pytest.raises(ValueError, match="numpy, numpy_nullable, pyarrow, not 'cudf'"):
        things.pandas("things", dtype_backend="cudf")


def test_an_empty_table_has_the_same_columns_and_categories(make):
    empty = make(METADATA)
    assert empty.pandas("things")["size"].cat.categories.tolist() == ["SMALL", "LARGE"]


def test_pandas_needs_no_thread_of_python(things, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")  # as in a browser

    monkeypatch.setattr(Thread, "start", refuse)
    assert len(things.pandas("things")) == 2
