"""Datasets give Arrow tables, or readers of their rows."""

from __future__ import annotations

import pytest

pytest.importorskip("pyarrow")


def test_arrow_gives_a_reader_where_a_batch_size_is_given(halves):
    assert halves.arrow("numbers", rows=(1, 3)).num_rows == 3
    with halves.arrow("numbers", batch_size=900) as batches:
        assert [len(batch) for batch in batches][:2] == [899, 900]
