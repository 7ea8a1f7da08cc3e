"""A keyword that a function does not take is told with the one that was meant."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from microcosm_sqlite import InstalledDataset
from microcosm_sqlite.catalog.query_frames import DatasetQuery

pytest.importorskip("pyarrow")

FRAMES = ("arrow", "pandas", "polars", "duckdb", "dask", "describe")
MEANT = {
    "nrows": "limit",
    "columns_": "columns",
    "usecols": "columns",
    "filter": "where",
    "parameters": "params",
    "chunksize": "batch_size",
    "partitions": "npartitions",
}


@pytest.mark.parametrize("method", FRAMES)
@pytest.mark.parametrize("keyword", [*MEANT, "zork"])
def test_every_way_to_a_frame_tells_what_was_meant(
    halves: InstalledDataset, method: str, keyword: str
) -> None:
    takes = list(inspect.signature(getattr(halves, method)).parameters)[1:]
    meant = MEANT.get(keyword)
    hint = f"Did you mean {meant!r}?" if meant in takes else f"It takes: {', '.join(takes)}."
    with pytest.raises(TypeError) as refused:
        getattr(halves, method)("numbers", **{keyword: 3})
    assert str(refused.value) == f"{method}() has no keyword {keyword!r}. {hint}"
    with pytest.raises(TypeError, match=keyword):
        getattr(halves["numbers"], method)(**{keyword: 3})


def test_functions_that_hand_keywords_on_know_them(halves: InstalledDataset) -> None:
    from microcosm_sqlite.frames import read_batches, read_table

    assert read_table(halves, "numbers", limit=3, threads=1).num_rows == 3
    for function in (read_table, read_batches):
        with pytest.raises(TypeError, match=r"'nrows'\. Did you mean 'limit'\?"):
            function(halves, "numbers", nrows=3)  # type: ignore[call-arg]


def test_the_answer_to_a_query_takes_no_selection(halves: InstalledDataset) -> None:
    answer: Any = halves.sql("SELECT 1 AS one")
    with pytest.raises(TypeError, match=r"'limit'\. It takes: dtype_backend\."):
        answer.pandas(limit=1)
    with pytest.raises(TypeError, match=r"'limit'\. It takes none\."):
        answer.arrow(limit=1)


def test_what_help_shows_is_the_function_itself() -> None:
    assert str(inspect.signature(DatasetQuery.duckdb)).startswith("(self, *, connection:")
    assert (InstalledDataset.pandas.__doc__ or "").startswith("Rows as a ``pandas.DataFrame``")
    assert InstalledDataset.pandas.__qualname__ == "Frames.pandas"
