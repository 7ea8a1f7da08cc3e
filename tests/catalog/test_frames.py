"""Datasets give Arrow tables, or readers of their rows."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.errors import MissingDependencyError


def test_arrow_gives_a_reader_where_a_batch_size_is_given(halves):
    pytest.importorskip("pyarrow")
    assert halves.arrow("numbers", rows=(1, 3)).num_rows == 3
    with halves.arrow("numbers", batch_size=900) as batches:
        assert [len(batch) for batch in batches][:2] == [899, 900]


LIBRARIES = {"arrow": "pyarrow", "pandas": "pandas", "polars": "polars", "duckdb": "duckdb"}
LIBRARIES |= {"dask": "dask", "spark": "pyspark"}


@pytest.mark.parametrize("extra", LIBRARIES)
def test_where_nothing_is_installed_the_extra_that_was_asked_for_is_named(
    installed: Path, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("microcosm_sqlite.interop.")]:
        monkeypatch.delitem(sys.modules, name)
    for library in LIBRARIES.values():
        for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
            monkeypatch.setitem(sys.modules, name, None)
    if extra == "spark":
        ask = partial(import_module, "microcosm_sqlite.interop.spark")
    else:
        ask = partial(getattr(dataset("colours"), extra), "colour")
    with pytest.raises(MissingDependencyError) as missing:
        ask()
    assert missing.value.hint == f"Run: pip install 'microcosm-sqlite[{extra}]'"
