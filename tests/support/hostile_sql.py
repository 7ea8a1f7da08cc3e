"""Statements that an attacker would run, on the tables of :mod:`tests.support.wheels`."""

from __future__ import annotations

WRITES = (
    "INSERT INTO colour VALUES (9, 'x', 0)", "DROP TABLE shade", "CREATE TABLE t (a)",
    "CREATE TEMP TABLE t (a)", "ATTACH 'new.db' AS n", "ATTACH 'file:new.db?mode=rwc' AS n",
    "VACUUM INTO 'copy.db'", "VACUUM", "PRAGMA journal_mode=WAL", "PRAGMA user_version=4",
    "ALTER TABLE colour RENAME TO x", "REINDEX", "PRAGMA writable_schema=ON",
)  # fmt: skip
"""What would write, here or elsewhere."""

REFUSED = [
    "ATTACH ':memory:' AS x",
    "DETACH main",
    "VACUUM INTO 'x'",
    "CREATE TEMP TABLE x (a)",
    "CREATE TABLE x (a)",
    "INSERT INTO colour VALUES (9, 'x', 1)",
    "PRAGMA query_only = OFF",
    "PRAGMA mmap_size = 1000000",
    "PRAGMA temp_store_directory = '/'",
    "SELECT load_extension('x')",
    "SELECT instr('ab', 'b')",
    "SELECT replace('ab', 'b', 'c')",
    "SELECT json_patch('{}', '{}')",
    "SELECT trim('ab', 'b')",
    "SELECT hex(zeroblob(900000000))",
    "SELECT zeroblob(5000000)",
    "SELECT " + "+".join(["1"] * 300),
    " UNION ALL ".join(["SELECT 1"] * 60),
    "SELECT '" + "x" * 200_000 + "'",
    "SELECT 'a' LIKE '" + "%a" * 100 + "'",
]
"""What is no question, or costs too much."""

BOMB = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
