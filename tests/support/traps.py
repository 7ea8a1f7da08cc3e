"""Databases of a few kilobytes that keep SQLite busy, or take all memory, when they are read."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from tests.support.wheels import Wheel, make_database

ENDLESS = "instr(zeroblob(9000000 + id), zeroblob(4000000) || x'01')"
HUGE = "length(replace(hex(zeroblob(400000000 + id)), '0', 'ab'))"
LIKE = "(hex(zeroblob(4000000 + id)) || 'x') LIKE (replace(hex(zeroblob(500)), '0', '%0') || 'y')"
PRINTED = "length(printf('%*d%*d', 500000000 + id, 1, 400000000, 1))"
COUNT = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"

PLAIN = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"
_COLUMN = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, g TEXT AS ({}))"
_DOUBLED = "".join(
    f"CREATE VIEW v{n + 1} AS SELECT x.id FROM v{n} AS x, v{n} AS y;" for n in range(30)
)

TRAPS = {
    "an endless generated column": _COLUMN.format(ENDLESS),
    "a huge generated column": _COLUMN.format(HUGE),
    "a generated column of printf": _COLUMN.format(PRINTED),
    "a generated column of LIKE": _COLUMN.format(LIKE),
    "an endless check": f"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT CHECK ({ENDLESS} <> -1))",
    "an index of an endless expression": f"{PLAIN}; CREATE INDEX i ON t ({ENDLESS})",
    "a view without end": f"{PLAIN}; CREATE VIEW w AS {COUNT} SELECT count(*) AS c FROM n, t",
    "views that double": f"{PLAIN}; CREATE VIEW v0 AS SELECT id FROM t; {_DOUBLED}",
    "an endless trigger": f"{PLAIN}; CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT {ENDLESS} "
    "FROM t; END",
}
"""What is wrong to the statements that make it; expressions are slow for each row."""


def make_trap(path: Path, statements: str) -> Path:
    """A database with these definitions; nothing slow runs while it is made."""
    return _spring(make_database(path, schema=_disarm(statements), extra=_ROWS), statements)


def pack_trap(path: Path, statements: str) -> Path:
    """A wheel, in the same folder, that carries such a database."""
    table = make_database(path, schema=_disarm(statements.partition(";")[0]), extra=_ROWS)
    wheel = Wheel(f"{path.stem}-data").carry(table, name=path.stem)
    content = make_trap(path, statements).read_bytes()
    raw = json.loads(wheel.files[f"{wheel.info}/extra_metadata/{FILE_NAME}"])
    raw[EXTENSION] |= {
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "fingerprint": "",
    }
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", json.dumps(raw))
    return wheel.put(f"colours_data/{path.name}", content).pack(path.parent)


_SLOW = (ENDLESS, HUGE, LIKE, PRINTED)
_ROWS = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b')"


def _disarm(statements: str) -> str:
    for slow in _SLOW:
        statements = statements.replace(slow, "id + 0")
    return f"{statements};"


def _spring(path: Path, statements: str) -> Path:
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA writable_schema = ON")
    for slow in _SLOW:
        if slow in statements:
            writer.execute("UPDATE sqlite_schema SET sql = replace(sql, 'id + 0', ?)", (slow,))
    writer.commit()
    writer.close()
    return path
