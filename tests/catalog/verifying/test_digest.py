"""Equal rows have equal digests, whatever the file, the version of SQLite, and the way to them."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.finishing.finalise import digest_tables
from microcosm_sqlite.catalog.verifying.digest import RowTexts, content_digest

TABLES = """
CREATE TABLE plain (id INTEGER PRIMARY KEY, x REAL NOT NULL, y AS (x * 2));
CREATE TABLE narrow (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE shadow (rowid TEXT, _rowid_ INT);
CREATE TABLE dark (rowid TEXT, _rowid_ INT, oid INT);
"""


@pytest.fixture
def connection() -> sqlite3.Connection:
    opened = sqlite3.connect(":memory:")
    opened.executescript(TABLES)
    yield opened
    opened.close()


def test_a_digest_does_not_depend_on_how_the_file_was_written(tmp_path: Path) -> None:
    digests = set()
    for page_size, encoding in ((512, "UTF-8"), (65536, "UTF-16le")):
        connection = sqlite3.connect(tmp_path / f"{page_size}.db")
        connection.executescript(f"PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}'")
        connection.executescript(TABLES)
        rows = [(n, n / 7) for n in range(3000)]
        connection.executemany(
            "INSERT INTO plain (id, x) VALUES (?, ?)", rows if page_size == 512 else rows[::-1]
        )
        connection.execute("CREATE INDEX i ON plain (x)")
        digests.add(content_digest(connection, "plain"))
        connection.close()
    assert len(digests) == 1


def test_every_table_has_a_digest(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO shadow VALUES ('x', 1)")
    connection.execute("INSERT INTO dark VALUES ('x', 1, 2)")
    connection.execute("INSERT INTO narrow VALUES ('x', 1), ('a', 2), ('b', 0)")
    tables = ("plain", "narrow", "shadow", "dark")
    assert len({content_digest(connection, table) for table in tables}) == 4
    assert content_digest(connection, "narrow") == digest_of(
        ["a", "b"], [("b", 0), ("x", 1), ("a", 2)]
    )


def test_a_digest_is_pinned(connection: sqlite3.Connection) -> None:
    """It is written into manifests, so that it may never change."""
    connection.execute("INSERT INTO plain (x) VALUES (1), (0.1), (1e300), (9e999)")
    connection.execute("CREATE TABLE kinds (a)")
    connection.execute(
        "INSERT INTO kinds VALUES (1), (1.0), ('1'), (x'31'), (NULL), ('ü€😀''\"\n\\'), (-0.0)"
    )
    assert content_digest(connection, "kinds") == (
        "sha256:b2d7bd0c03d6e2f9533e32b3f5ab7aa69552aa5da2dbb1dcea6aaf3c9d549b3f"
    )


def digest_of(columns: list[str], rows: list[tuple[object, ...]], real: str = "") -> str:
    """The digest as its documentation has it."""

    def spell(value: bytes) -> dict[str, str]:
        return {"hex": value.hex()}

    def mask(column: str, value: object) -> object:
        return (None if column == real else 0.0) if isinstance(value, float) else value

    def pack(column: str, value: object) -> bytes:
        if value is None and column == real:
            return bytes.fromhex("000000000000f87f")
        return struct.pack("<d", value) if isinstance(value, float) else b""

    digest = sha256(json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode())
    for start in range(0, len(rows), 65_536):
        group = rows[start : start + 65_536]
        masked = [[mask(*pair) for pair in zip(columns, row, strict=True)] for row in group]
        document = json.dumps(masked, ensure_ascii=False, separators=(",", ":"), default=spell)
        reals = b"".join(pack(*pair) for row in group for pair in zip(columns, row, strict=True))
        behind = sha256(reals).digest() if reals else b""
        digest.update(sha256(document.encode() + behind).digest())
    return f"sha256:{digest.hexdigest()}"


values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=9
) | st.binary(max_size=9)  # fmt: skip


@settings(deadline=None)
@given(declared=st.sampled_from(["", "REAL", "NUMERIC"]), data=st.data())
def test_a_digest_tells_any_two_contents_apart(declared: str, data: st.DataObject) -> None:
    contents = st.lists(st.tuples(values, values), max_size=6)
    rows = data.draw(contents)
    others = data.draw(contents | st.permutations(rows) | st.just([row[::-1] for row in rows]))
    digests, stored = zip(
        *(digest_and_read(declared, each) for each in (rows, others)), strict=True
    )
    assert (digests[0] == digests[1]) == (stored[0] == stored[1])


def digest_and_read(declared: str, rows: list[tuple[object, ...]]) -> tuple[str, str]:
    """The digest of a table, and what it holds, types included."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t (a {declared}, b {declared})")
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    try:
        return content_digest(connection, "t"), repr(
            connection.execute("SELECT * FROM t").fetchall()
        )
    finally:
        connection.close()


@settings(deadline=None, max_examples=30)
@given(
    rows=st.lists(st.tuples(values, values, values, values, values), max_size=40),
    places=st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=40, max_size=40),
    is_wide=st.booleans(),
)
def test_a_digest_is_that_of_the_documented_text(
    rows: list[tuple[object, ...]], places: list[int], is_wide: bool
) -> None:
    """Whichever blocks SQLite writes and which Python does."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (i INTEGER, s VARCHAR(9), d DATETIME, a, r FLOAT)")
    filler = [(n, "x" * (9000 if is_wide else 9), "2013-01-01", None, n / 7) for n in range(600)]
    connection.executemany(
        "INSERT INTO t (rowid, i, s, d, a, r) VALUES (?, ?, ?, ?, ?, ?)",
        ((place, *row) for place, row in zip(places, rows, strict=False)),
    )
    taken = set(places)
    connection.executemany(
        "INSERT INTO t (rowid, i, s, d, a, r) VALUES (?, ?, ?, ?, ?, ?)",
        ((n, *row) for n, row in enumerate(filler) if n not in taken),
    )
    try:
        stored = connection.execute("SELECT i, s, d, a, r FROM t ORDER BY rowid").fetchall()
        assert content_digest(connection, "t") == digest_of(
            ["i", "s", "d", "a", "r"], stored, real="r"
        )
    finally:
        connection.close()


def test_rows_are_written_by_sqlite_wherever_it_can(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("CREATE TABLE t (i INTEGER, s TEXT, d DATETIME, r DOUBLE)")
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?)",
        ((n, "é €😀", "2013-01-01", n / 7 if n % 3 else None) for n in range(3000)),
    )
    monkeypatch.setattr(RowTexts, "_write_carefully", lambda *_: (None, "", b""))
    texts, reals = zip(*RowTexts(connection, "t").write((0, 3000)), strict=True)
    assert len(",".join(texts)) > 3000 * 20
    assert len(b"".join(reals)) == 3000 * 8


@pytest.mark.parametrize("count", [65_535, 65_536, 65_537, 131_073])
def test_long_tables_are_hashed_in_parts_by_any_number_of_threads(
    tmp_path: Path, count: int
) -> None:
    path = tmp_path / "t.db"
    rows = [(3 * n, str(n)) for n in range(count)]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE rowids (a INTEGER PRIMARY KEY, b TEXT)")
        connection.execute("CREATE TABLE keys (a INT PRIMARY KEY, b TEXT) WITHOUT ROWID")
        for table in ("rowids", "keys"):
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        connection.commit()
        expected = digest_of(["a", "b"], rows)
        assert {content_digest(connection, table) for table in ("rowids", "keys")} == {expected}
    assert digest_tables(path, ["rowids", "keys"]) == {"rowids": expected, "keys": expected}


DECLARED = ["INTEGER", "REAL", "TEXT", "DATETIME", "BOOLEAN", "BLOB", "", "NUMERIC(8, 2)"]
any_value = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
    st.binary(max_size=3),
)
columns = st.lists(st.sampled_from(DECLARED), min_size=1, max_size=4)
tables = columns.flatmap(
    lambda declared: st.tuples(
        st.just(declared), st.lists(st.tuples(*(any_value for _ in declared)), max_size=40)
    )
)


@contextmanager
def filled(declared: list[str], rows: list[tuple[Any, ...]]) -> Iterator[sqlite3.Connection]:
    """A table `t` with these columns and rows."""
    with closing(sqlite3.connect(":memory:")) as connection:
        named = ", ".join(f"c{number} {type_}" for number, type_ in enumerate(declared))
        connection.execute(f"CREATE TABLE t ({named})")
        marks = ", ".join("?" for _ in declared)
        connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        yield connection


def write(texts: RowTexts) -> tuple[list[Any], bytes]:
    """All rows as JSON has them, and all reals."""
    blocks = [block for span in texts.find_spans() for block in texts.write(span)]
    joined = ",".join(text for text, _ in blocks)
    return json.loads(f"[{joined}]"), b"".join(reals for _, reals in blocks)


def spell(value: Any, *, is_real: bool) -> Any:
    """A value of the text, as the documentation has it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, float):
        return None if is_real else 0.0
    return value


@given(tables)
def test_texts_and_reals_tell_every_value_and_its_storage_class(
    table: tuple[list[str], list[tuple[Any, ...]]],
) -> None:
    declared, rows = table
    are_real = [type_ == "REAL" for type_ in declared]
    with filled(declared, rows) as connection:
        stored = connection.execute("SELECT * FROM t ORDER BY rowid").fetchall()
        texts, reals = write(RowTexts(connection, "t"))
    expected = [
        [spell(value, is_real=is_real) for value, is_real in zip(row, are_real, strict=True)]
        for row in stored
    ]
    assert json.dumps(texts) == json.dumps(expected)
    numbers = [
        value if isinstance(value, float) else float("nan")
        for row in stored
        for value, is_real in zip(row, are_real, strict=True)
        if isinstance(value, float) or (value is None and is_real)
    ]
    assert reals == struct.pack(f"<{len(numbers)}d", *numbers)


@given(tables)
def test_the_quick_way_and_the_careful_way_write_the_same(
    table: tuple[list[str], list[tuple[Any, ...]]],
) -> None:
    with filled(*table) as connection:
        careful = RowTexts(connection, "t")
        careful._is_quick = False
        assert write(RowTexts(connection, "t")) == write(careful)


@given(tables, st.data())
def test_chosen_columns_are_those_of_the_whole_rows(
    table: tuple[list[str], list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    names = [f"c{number}" for number in range(len(table[0]))]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    with filled(*table) as connection:
        whole, _ = write(RowTexts(connection, "t"))
        some, _ = write(RowTexts(connection, "t", chosen))
    assert some == [[row[names.index(name)] for name in chosen] for row in whole]


def test_spans_hold_every_row_once_however_far_apart() -> None:
    rowids = [-(2**63), -1, 0, 7, 2**63 - 1]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t (rowid, x) VALUES (?, ?)", [(n, n) for n in rowids])
        texts = RowTexts(connection, "t")
        assert write(texts)[0] == [[number] for number in rowids]
