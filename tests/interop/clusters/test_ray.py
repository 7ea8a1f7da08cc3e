"""The recipe for Ray Data, which needs no code of ours but the reader."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import pytest
import sqlalchemy as sa

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed"),
    pytest.mark.filterwarnings("ignore"),
]

METADATA = sa.MetaData()
sa.Table(
    "numbers",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("half", sa.Integer),
)


def test_ray_reads_a_table_in_ranges_of_rowids(make, install, monkeypatch):
    import ray

    import microcosm_sqlite
    from microcosm_sqlite.interop.reader import Copy, read_table, split_range

    site = install(make(METADATA, {"numbers": [{"half": n // 2} for n in range(1000)]}, "shared"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), *sys.path)))
    dataset = microcosm_sqlite.dataset("shared")
    copy = Copy.of(dataset)

    def read(batch):
        for low, high in zip(batch["low"], batch["high"], strict=True):
            yield read_table(copy.find(), "numbers", rows=(low, high), threads=1)

    ranges = [{"low": low, "high": high} for low, high in split_range(1, 1000, 4)]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        blocks = ray.data.from_items(ranges, override_num_blocks=len(ranges))
        frame = blocks.map_batches(read, batch_size=1)
        assert frame.count() == 1000
        assert frame.sum("half") == sum(n // 2 for n in range(1000))
    finally:
        ray.shutdown()
