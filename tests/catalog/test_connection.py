"""An open database answers truly and cannot be written to; one that could not is refused."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from microcosm_sqlite import errors
from microcosm_sqlite.catalog.connection import connect, database_uri
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.preflight import preflight, translate
from microcosm_sqlite.common.sql import quote_identifier
from tests.support.programs import run
from tests.support.wheels import make_database

ODD = ["we?ird", "ha#sh", "per%20cent", "spa ce", "grün", "new\nline", "quo'te\"", "a;b&c=d"]


def open_and_count(path: Path | str, *, immutable: bool = True) -> int:
    connection = connect(Location(str(path), immutable=immutable))
    try:
        (count,) = connection.execute("SELECT count(*) FROM shade").fetchone()
        return int(count)
    finally:
        connection.close()


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("immutable", [True, False])
@pytest.mark.parametrize("name", ODD)
def test_any_character_of_a_path_stands_for_itself(
    tmp_path: Path, name: str, immutable: bool
) -> None:
    path = make_database(tmp_path / f"{name}.d" / f"{name}.db")
    before = listing(tmp_path)
    assert open_and_count(path, immutable=immutable) == 3
    assert listing(tmp_path) == before


def test_a_path_that_is_not_utf8_opens(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db")
    odd = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.db")  # noqa: PTH118
    os.rename(path, odd)  # noqa: PTH104
    assert open_and_count(os.fsdecode(odd)) == 3


def test_two_leading_slashes_are_one(database: Path) -> None:
    assert open_and_count(f"/{database}") == 3


def test_the_uri_is_percent_quoted() -> None:
    uri = database_uri("/a b/ü?.db", immutable=False)
    assert uri == "file:///a%20b/%C3%BC%3F.db?mode=ro"


def test_the_file_is_opened_for_reading_alone(database: Path) -> None:
    connection = connect(Location(str(database), immutable=True))
    connection.execute("SELECT * FROM shade").fetchall()
    modes = []
    for descriptor in Path("/proc/self/fd").iterdir():
        if descriptor.exists() and descriptor.resolve() == database:
            flags = Path(f"/proc/self/fdinfo/{descriptor.name}").read_text()
            modes.append(int(flags.split("flags:")[1].split()[0], 8) & os.O_ACCMODE)
    connection.close()
    # SQLite before 3.54 opens for writing where only immutable=1 is said.
    assert modes == [os.O_RDONLY]


WRITES = [
    "INSERT INTO colour VALUES (9, 'x', 0)",
    "UPDATE colour SET name = 'x'",
    "DELETE FROM colour",
    "DROP TABLE shade",
    "CREATE TABLE t (a)",
    "CREATE INDEX i ON colour (name)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TEMP TABLE t (a)",
    "ALTER TABLE colour ADD COLUMN x",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "REINDEX",
    "ANALYZE",
    "ATTACH 'new.db' AS other",
    "ATTACH ':memory:' AS other",
    "PRAGMA user_version = 7",
]


@pytest.mark.parametrize("immutable", [True, False])
@pytest.mark.parametrize("statement", WRITES)
def test_nothing_can_be_written(
    database: Path, monkeypatch: pytest.MonkeyPatch, statement: str, immutable: bool
) -> None:
    folder = database.parent
    monkeypatch.chdir(folder)
    content = database.read_bytes()
    connection = connect(Location(str(database), immutable=immutable))
    for preamble in ("SELECT 1", "PRAGMA query_only = OFF"):
        connection.execute(preamble)
        if "TEMP" in statement and "query_only" in preamble:
            continue  # a temporary table, for who insists
        with pytest.raises(sqlite3.DatabaseError) as caught:
            connection.executescript(statement)
        assert any(word in str(caught.value) for word in ("readonly", "too many attached"))
    connection.close()
    assert listing(folder) == ["colours.db"]
    assert database.read_bytes() == content


def test_defences_cannot_be_talked_down(database: Path) -> None:
    connection = connect(Location(str(database), immutable=True))
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("PRAGMA writable_schema = ON")
    with pytest.raises(sqlite3.DatabaseError):
        connection.execute("UPDATE sqlite_master SET sql = ''")
    connection.close()


HOSTILE = "CREATE VIEW trap AS SELECT spy(name) AS x FROM colour;"


def test_a_view_cannot_call_functions_of_the_application(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db", extra=HOSTILE)
    connection = connect(Location(str(path), immutable=True))
    called: list[object] = []
    connection.create_function("spy", 1, called.append)
    with pytest.raises(sqlite3.OperationalError, match="unsafe use of spy"):
        connection.execute("SELECT * FROM trap").fetchall()
    connection.close()
    assert called == []


def test_sorting_needs_no_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_database(tmp_path / "x.db", rows=50_000)
    script = (
        "import sys; from microcosm_sqlite.catalog.connection import connect\n"
        "from microcosm_sqlite.catalog.location import Location\n"
        "from microcosm_sqlite.common import platforms; import resource\n"
        "platforms._TEMPORARY = ()  # as if nobody could write to them\n"
        "connection = connect(Location(sys.argv[1], immutable=True))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "print(len(connection.execute('SELECT * FROM shade ORDER BY random()').fetchall()))\n"
        "connection.close()\n"
    )
    environment = {**os.environ, "SQLITE_TMPDIR": "/nowhere", "TMPDIR": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("50003\n", 0), done.stderr


def test_attached_datasets_join_and_no_more_can_be_attached(tmp_path: Path) -> None:
    one = make_database(tmp_path / "one.db")
    two = make_database(tmp_path / "t?o.db", rows=5)
    connection = connect(
        Location(str(one), immutable=True),
        attach={'odd "name"': Location(str(two), immutable=True)},
    )
    query = 'SELECT count(*) FROM main.colour JOIN "odd ""name""".shade ON colour_id = id'
    assert connection.execute(query).fetchone() == (8,)
    with pytest.raises(sqlite3.OperationalError, match="too many attached"):
        connection.execute("ATTACH ':memory:' AS more")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute('DELETE FROM "odd ""name""".shade')
    connection.close()


def test_an_attached_file_that_is_damaged_is_the_one_named(tmp_path: Path) -> None:
    one = make_database(tmp_path / "one.db")
    (tmp_path / "two.db").write_bytes(b"junk" * 100)
    with pytest.raises(errors.DatasetCorruptError, match=r"two\.db"):
        connect(
            Location(str(one), immutable=True),
            attach={"two": Location(str(tmp_path / "two.db"), immutable=True)},
        )


@pytest.mark.parametrize("schema", ["main", "temp"])
def test_a_reserved_schema_name_is_said(database: Path, schema: str) -> None:
    location = Location(str(database), immutable=True)
    with pytest.raises(errors.QueryError, match=schema):
        connect(location, attach={schema: location})


def test_more_than_sqlite_attaches_is_said(database: Path) -> None:
    location = Location(str(database), immutable=True)
    with pytest.raises(errors.QueryError, match="too many attached"):
        connect(location, attach={f"d{n}": location for n in range(20)})


class TestRefusals:
    """Every refusal names the file and its true cause, and creates nothing."""

    def refuse(self, path: Path, kind: type[errors.DatasetFileError], *, live: bool = True) -> str:
        before = listing(path.parent) if path.parent.is_dir() else []
        messages = []
        for immutable in (True, False) if live else (True,):
            with pytest.raises(kind) as caught:
                open_and_count(path, immutable=immutable)
            assert str(path) in str(caught.value)
            assert type(caught.value) is kind
            messages.append(str(caught.value))
        assert (listing(path.parent) if path.parent.is_dir() else []) == before
        return messages[0]

    def test_missing(self, tmp_path: Path) -> None:
        assert "does not exist" in self.refuse(tmp_path / "x.db", errors.DatasetFileMissingError)
        self.refuse(tmp_path / "no" / "x.db", errors.DatasetFileMissingError)
        self.refuse(tmp_path / "nul\0.db", errors.DatasetFileMissingError)

    def test_missing_because_the_folder_is_a_file(self, database: Path) -> None:
        self.refuse(database / "x.db", errors.DatasetFileMissingError)

    def test_dangling_link(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").symlink_to("gone")
        with pytest.raises(errors.DatasetFileMissingError):
            open_and_count(tmp_path / "x.db")

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").touch()
        assert "is empty" in self.refuse(tmp_path / "x.db", errors.DatasetCorruptError)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
            (gzip.compress(b"x" * 200, mtime=0), "gzip"),
            (b"\x28\xb5\x2f\xfd" + bytes(200), "zstd"),
            (b"\xfd7zXZ\x00" + bytes(200), "xz"),
            (b"PK\x03\x04" + bytes(200), "zip"),
            (b"<!DOCTYPE html><html>" + b" " * 200, "HTML"),
            (b"carrier,name\nUA,United\n" * 20, "not a SQLite database"),
            (b"SQLite format 3\x00" + bytes(20), "cut short"),
            (b"SQLite", "cut short"),
            (b"SQLite format 3\x00\x10\x00\x07\x07" + bytes(200), "unknown format"),
        ],
    )
    def test_not_a_database(self, tmp_path: Path, content: bytes, words: str) -> None:
        (tmp_path / "x.db").write_bytes(content)
        assert words in self.refuse(tmp_path / "x.db", errors.DatasetCorruptError, live=False)

    @pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
    def test_truncated(self, database: Path, part: float) -> None:
        content = database.read_bytes()
        database.write_bytes(content[: int(len(content) * part)])
        message = self.refuse(database, errors.DatasetCorruptError, live=False)
        assert "header says 20,480" in message

    def test_directory(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").mkdir()
        message = self.refuse(tmp_path / "x.db", errors.DatasetUnreadableError)
        assert "not a regular file" in message

    def test_fifo(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "x.db")
        self.refuse(tmp_path / "x.db", errors.DatasetUnreadableError)

    def test_write_ahead_mode(self, tmp_path: Path) -> None:
        path = make_database(tmp_path / "x.db", extra="PRAGMA journal_mode=WAL;")
        message = self.refuse(path, errors.DatasetNotPackagedError, live=False)
        assert "write-ahead" in message

    def test_copied_with_its_log(self, tmp_path: Path) -> None:
        path = make_database(tmp_path / "a" / "x.db")
        writer = sqlite3.connect(path)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO shade VALUES ('late', 1)")
        writer.commit()
        (tmp_path / "b").mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", tmp_path / "b")
        writer.close()
        self.refuse(tmp_path / "b" / "x.db", errors.DatasetNotPackagedError, live=False)

    @pytest.mark.parametrize("suffix", ["-wal", "-journal"])
    def test_sidecars_beside_the_target_of_a_link(
        self, database: Path, tmp_path: Path, suffix: str
    ) -> None:
        link = tmp_path / "x.db"
        link.symlink_to(database)
        assert open_and_count(link) == 3
        Path(f"{database}{suffix}").touch()
        assert open_and_count(link) == 3, "an empty sidecar holds nothing"
        Path(f"{database}{suffix}").write_bytes(b"changes")
        with pytest.raises(errors.DatasetNotPackagedError, match=f"{database}{suffix}"):
            open_and_count(link)

    def test_hot_journal(self, tmp_path: Path) -> None:
        path = make_database(tmp_path / "a" / "x.db", rows=2000)
        writer = sqlite3.connect(path)
        writer.executescript("PRAGMA cache_size=2; BEGIN; UPDATE shade SET code = code || '!'")
        (tmp_path / "b").mkdir()
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", tmp_path / "b")
        writer.close()
        message = self.refuse(tmp_path / "b" / "x.db", errors.DatasetNotPackagedError, live=False)
        assert "-journal holds changes" in message

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
    def test_permission(self, tmp_path: Path) -> None:
        path = make_database(tmp_path / "x.db")
        path.chmod(0o600)
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)
        script = (
            "import os, sys\n"
            "from microcosm_sqlite.catalog.connection import connect\n"
            "from microcosm_sqlite.catalog.location import Location\n"
            "from microcosm_sqlite import errors\n"
            "os.setuid(65534)\n"
            "for immutable in (True, False):\n"
            "    try: connect(Location(sys.argv[1], immutable=immutable))\n"
            "    except errors.DatasetUnreadableError as error: print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.count("may not be read by uid 65534 (mode 0600, owner uid 0)") == 2


def test_live_files_open_while_others_write(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db")
    reader = connect(Location(str(path), immutable=False))
    writer = sqlite3.connect(path)
    for n in range(3):
        writer.execute("INSERT INTO shade VALUES (?, 1)", (f"live {n}",))
        writer.commit()
        assert reader.execute("SELECT count(*) FROM shade").fetchone() == (4 + n,)
    writer.close()
    reader.close()


def test_preflight_of_a_live_file_keeps_the_locks_of_this_process(tmp_path: Path) -> None:
    path = make_database(tmp_path / "x.db")
    writer = sqlite3.connect(path)
    writer.execute("BEGIN EXCLUSIVE")
    connect(Location(str(path), immutable=False)).close()
    script = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN EXCLUSIVE')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, check=False
    )
    writer.close()
    assert b"database is locked" in done.stderr


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_CORRUPT, errors.DatasetCorruptError),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, errors.DatasetCorruptError),
        (sqlite3.SQLITE_NOTADB, errors.DatasetCorruptError),
        (sqlite3.SQLITE_READONLY | 3 << 8, errors.DatasetNotPackagedError),
        (sqlite3.SQLITE_CANTOPEN, errors.DatasetFileMissingError),
        (sqlite3.SQLITE_BUSY, errors.DatasetIOError),
        (sqlite3.SQLITE_IOERR | 1 << 8, errors.DatasetIOError),
    ],
)
def test_what_sqlite_says_is_told_in_our_words(code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("so it says")
    error.sqlite_errorcode = code
    found = translate(error, "/gone/x.db")
    assert type(found) is kind
    assert "/gone/x.db" in str(found)


def test_identifiers_are_quoted() -> None:
    assert quote_identifier('a"b') == '"a""b"'


def test_preflight_accepts_every_page_size(tmp_path: Path) -> None:
    for bits in range(9, 17):
        path = tmp_path / f"{bits}.db"
        connection = sqlite3.connect(path)
        connection.executescript(f"PRAGMA page_size={1 << bits}; CREATE TABLE t (a);")
        connection.close()
        preflight(str(path))


SORT = """
import resource, sys
from pathlib import Path
def measure():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.location import Location
is_hostile = len(sys.argv) > 2
if is_hostile:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can be written
connection = connect(Location(sys.argv[1], immutable=True), untrusted=is_hostile)
connection.execute("SELECT count(*) FROM wide").fetchone()
before = measure()
for row in connection.execute("SELECT * FROM wide ORDER BY key DESC"):
    pass
print(measure() - before)
"""


def test_a_sort_takes_little_memory_but_of_hostile_data_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "wide.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE wide (key INTEGER, text TEXT)")
        rows = ((n * 7919 % 100_003, "x" * 400) for n in range(100_000))
        connection.executemany("INSERT INTO wide VALUES (?, ?)", rows)
    connection.close()
    assert int(run(sys.executable, "-c", SORT, path)) < 15_000  # kB, of 40 MB
    assert int(run(sys.executable, "-c", SORT, path, "hostile")) > 40_000
