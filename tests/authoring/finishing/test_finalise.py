"""The same rows give the same bytes, and what is published appears all at once."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.finishing.finalise import (
    APPLICATION_ID,
    USER_VERSION,
    compress,
    prepare,
    publish,
    settle,
    write_copy,
)
from microcosm_sqlite.catalog.codecs import open_decompressed

rows = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.text("ab", max_size=3)),
    unique_by=lambda row: row[0],
    max_size=30,
)


def write_file(folder: Path, content: list[tuple[int, str]], *, detour: bool) -> bytes:
    """The bytes of a finished file with these rows, of which some may have been there before."""
    source, target = folder / "loaded.db", folder / "finished.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; BEGIN;")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE INDEX by_name ON t (name)")
        if detour:
            connection.execute("PRAGMA secure_delete=ON")
            connection.executemany("INSERT INTO t VALUES (?, ?)", content[::-1])
            connection.execute("DELETE FROM t")
            connection.execute("CREATE TABLE other (x)")
            connection.execute("DROP TABLE other")
        connection.executemany("INSERT INTO t VALUES (?, ?)", content)
        connection.execute("COMMIT")
        prepare(connection)
        write_copy(connection, target)
    return target.read_bytes()


@settings(max_examples=15)  # each writes four files
@given(content=rows)
def test_the_bytes_tell_nothing_of_how_the_rows_came_there(
    tmp_path_factory: pytest.TempPathFactory, content: list[tuple[int, str]]
) -> None:
    straight, detour = (tmp_path_factory.mktemp("file") for _ in range(2))
    written = write_file(straight, content, detour=False)
    assert written == write_file(detour, content, detour=True)
    assert int.from_bytes(written[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(written[60:64], "big") == USER_VERSION


@settings(max_examples=10)  # each takes the memory of a large window
@given(content=st.binary(min_size=1, max_size=2000))
def test_compressed_bytes_are_the_same_each_time_and_read_back(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("compressed")
    (folder / "plain").write_bytes(content)
    for name in ("one", "two"):
        compress(folder / "plain", folder / name)
    assert (folder / "one").read_bytes() == (folder / "two").read_bytes()
    with (folder / "one").open("rb") as packed, open_decompressed(packed, "zstd") as plain:
        assert plain.read() == content


def test_a_published_file_replaces_the_old_one_and_is_readable_by_everybody(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / "new", tmp_path / "published"
    source.write_bytes(b"new")
    source.chmod(0o600)
    target.write_bytes(b"old")
    settle(source)
    publish(source, target)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [target]
