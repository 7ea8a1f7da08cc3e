"""Work beside other work is done, whether or not a thread can be started for it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.common.threads import open_pool
from tests.support.wheels import Wheel, make_database


@pytest.fixture(params=[0, 1, 9])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many threads can be started."""
    left = [request.param]
    start = threading.Thread.start

    def start_if_any(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_any)
    limit: int = request.param
    return limit


@pytest.mark.usefixtures("threads")
def test_each_call_is_made_once_and_has_its_result_or_its_error() -> None:
    made = []

    def call(number: int) -> int:
        made.append(number)
        return 1 // number

    with open_pool(4) as pool:
        futures = [pool.submit(call, number) for number in range(50)]
    assert sorted(made) == list(range(50))
    assert [future.result() for future in futures[1:]] == [1, *[0] * 48]
    with pytest.raises(ZeroDivisionError):
        futures[0].result()


@pytest.mark.usefixtures("threads")
def test_a_compressed_dataset_is_extracted_verified_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    site = tmp_path / "site"
    database = make_database(tmp_path / "colours.db", rows=1000)
    Wheel("colours-data").carry(database, compression="gzip").install(site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("MICROCOSM_SQLITE_CACHE_DIR", str(tmp_path / "cache"))
    colours = dataset("colours")
    assert colours.verify(full=True).ok
    assert colours.arrow("shade").num_rows == 1003
    assert len(colours.polars("shade")) == len(colours.pandas("shade")) == 1003
