"""Columns of many kinds, as a scan has them."""

from __future__ import annotations

import pyarrow as pa

from microcosm_sqlite.interop.arrow_types import Column

COLUMNS = [
    Column("id", "integer", pa.int64()),
    Column("half", "real", pa.float64()),
    Column("name", "text", pa.string()),
    Column("name of it", "text", pa.string()),
    Column("key", "text", pa.string(), lambda array: array),
    Column("is_good", "integer", pa.bool_()),
    Column("born", "text", pa.date32()),
    Column("seen", "text", pa.timestamp("us")),
    Column("size", "text", pa.dictionary(pa.int32(), pa.string())),
    Column("price", "real", pa.decimal128(10, 2)),
    Column("opens", "text", pa.time64("us")),
]
