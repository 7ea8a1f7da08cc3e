"""The same rows give the same bytes; a finished file is checked as its readers will open it."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.finishing import finalise
from microcosm_sqlite.authoring.finishing.finalise import (
    APPLICATION_ID,
    USER_VERSION,
    compress,
    digest_tables,
    open_as_reader,
    prepare,
    publish,
    replace_both,
    settle,
    verify_database,
    write_copy,
)
from microcosm_sqlite.catalog.codecs import open_decompressed
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.errors import VerificationError

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
        compress(folder / "plain", folder / name, 9)
    assert (folder / "one").read_bytes() == (folder / "two").read_bytes()
    with (folder / "one").open("rb") as packed, open_decompressed(packed, "zstd") as plain:
        assert plain.read() == content


def test_compressed_bytes_are_the_same_with_any_number_of_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_bytes(random.Random(0).randbytes(3_000_000) * 2)
    packed = set()
    for processors in (1, 2, 5):
        monkeypatch.setattr("os.cpu_count", lambda processors=processors: processors)
        compress(tmp_path / "plain", tmp_path / "packed", 1)  # whose jobs are the shortest
        packed.add((tmp_path / "packed").read_bytes())
    assert len(packed) == 1
    compress(tmp_path / "plain", tmp_path / "packed", 12)
    assert (tmp_path / "packed").stat().st_size < len(packed.pop())


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


SCHEMA = """
CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight REAL);
INSERT INTO birds VALUES (1, 'Rook', 0.5), (2, 'Jay', NULL);
CREATE TABLE [odd "name"] (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIEW names AS SELECT upper(name) AS name FROM birds;
"""
COUNTS = {"birds": 2, 'odd "name"': 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "birds.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(SCHEMA)
    return database


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def verify(path: Path) -> None:
    with open_as_reader(path) as connection:
        verify_database(connection, COUNTS)


def test_a_whole_file_passes(path: Path) -> None:
    verify(path)


def test_a_table_with_other_rows_than_were_loaded_fails(path: Path) -> None:
    change(path, "DELETE FROM birds WHERE id = 2")
    with pytest.raises(VerificationError, match="`birds` has 1 row where 2 were loaded"):
        verify(path)


def test_an_index_that_disagrees_with_its_table_fails(path: Path) -> None:
    change(
        path,
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
        " WHERE name = 'odd \"name\"') WHERE name = 'sqlite_autoindex_birds_1';",
    )
    with pytest.raises(VerificationError):
        verify(path)


@pytest.mark.parametrize(
    "view", ["SELECT * FROM nests", "SELECT load_extension('x')", "SELECT random_word(1)"]
)
def test_a_view_that_readers_cannot_use_fails_by_name(path: Path, view: str) -> None:
    change(path, f"CREATE VIEW broken AS {view}")
    with pytest.raises(VerificationError, match="View `broken` does not answer"):
        verify(path)


def test_a_file_that_readers_refuse_is_not_opened(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(VerificationError, match="Readers cannot open"):
        open_as_reader(path)


@pytest.mark.parametrize("processors", [1, 2, 3, 8])
def test_tables_digested_by_several_threads_are_those_that_one_digests(
    path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    change(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)"
        " INSERT INTO birds SELECT i, 'bird ' || i, i / 7.0 FROM n",
    )
    with closing(sqlite3.connect(path)) as connection:
        alone = {table: content_digest(connection, table) for table in COUNTS}
    monkeypatch.setattr(finalise, "count_processors", lambda: processors)
    assert digest_tables(path, COUNTS) == alone
    done = []
    assert digest_tables(path, COUNTS, lambda: done.append(1)) == alone
    assert done == [1]


def test_what_fails_while_tables_are_digested_is_told(path: Path) -> None:
    def fail() -> None:
        raise VerificationError("damaged")

    with pytest.raises(VerificationError, match="damaged"):
        digest_tables(path, COUNTS, fail)


class Pair:
    """A database and its manifest, and every state of theirs that a reader could see."""

    def __init__(self, folder: Path, *, is_first: bool = False) -> None:
        self.work, self.place = folder / "work", folder / "place"
        for each, word in ((self.work, "new"), (self.place, "old")):
            each.mkdir()
            if word == "new" or not is_first:
                (each / "t.db").write_text(word)
                (each / "m.json").write_text(word)
        self.seen = [self.look()]

    def look(self) -> tuple[str | None, ...]:
        paths = (self.place / "t.db", self.place / "m.json")
        return tuple(each.read_text() if each.exists() else None for each in paths)

    def publish(self) -> None:
        replace_both(
            self.work / "t.db", self.place / "t.db", self.work / "m.json", self.place / "m.json"
        )

    def watch(self, patch: pytest.MonkeyPatch, failing: int = 0) -> None:
        """Look after each rename, and let one of them fail as a full disk does."""
        rename = Path.replace

        def replace(path: Path, target: Path) -> Path:
            self.seen.append(self.look())
            if len(self.seen) - 1 == failing:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            done = rename(path, target)
            self.seen.append(self.look())
            return done

        patch.setattr(Path, "replace", replace)


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("has_links", [True, False])
def test_no_moment_shows_a_manifest_beside_another_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_first: bool, has_links: bool
) -> None:
    pair = Pair(tmp_path, is_first=is_first)
    before, failed = pair.look(), 0
    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: os.link("/absent", "/absent"))
    for failing in range(1, 12):
        with monkeypatch.context() as patch:
            pair.watch(patch, failing)
            try:
                pair.publish()
            except OSError:
                failed += 1
                expected = {before} if has_links or is_first else {before, ("new", None)}
                assert pair.look() in expected
        assert all(manifest in (None, database) for database, manifest in pair.seen)
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        pair = Pair(tmp_path, is_first=is_first)
    assert failed >= 3
    pair.publish()
    assert pair.look() == ("new", "new")
    assert {each.name for each in pair.place.iterdir()} == {"t.db", "m.json"}
