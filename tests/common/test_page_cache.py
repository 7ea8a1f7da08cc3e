"""A connection gets its page cache back as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from microcosm_sqlite.common.page_cache import page_cache


@pytest.mark.parametrize("former", [-2000, 500])
def test_the_cache_has_its_size_only_for_a_while(former: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA cache_size={former}")
        with page_cache(connection, 64):
            assert connection.execute("PRAGMA cache_size").fetchone() == (-64,)
        with pytest.raises(sqlite3.OperationalError), page_cache(connection, 64):
            connection.execute("SELECT nothing")
        assert connection.execute("PRAGMA cache_size").fetchone() == (former,)
