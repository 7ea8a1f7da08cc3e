"""Cases 1 to 20: opening a file, and abusing an open one."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import sqlite3
import sys
from pathlib import Path

from microcosm_sqlite import errors, register, unregister
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.registry import datasets
from microcosm_sqlite.catalog.untrusted import limit_time
from microcosm_sqlite.catalog.verifying.run import verify
from tests.faults.harness import (
    NOBODY,
    Trial,
    need_mounts,
    need_root,
    need_tool,
    proves,
    run,
    snapshot,
)
from tests.support.hostile_sql import WRITES
from tests.support.wheels import Wheel, make_database

COUNT = "SELECT count(*) FROM shade"

READ = """
import json, sys
from microcosm_sqlite import errors
from microcosm_sqlite.catalog.connection import connect, translate
from microcosm_sqlite.catalog.location import Location
import sqlite3
path = sys.argv[1]
try:
    connection = connect(Location(path, immutable=True))
    try:
        rows = connection.execute("SELECT code, colour_id FROM shade ORDER BY code").fetchall()
        print(len(rows), sum(n for _, n in rows))
    except sqlite3.Error as error:
        raise translate(error, path) from error
except errors.DatasetError as error:
    print(type(error).__name__, error)
"""


def ask(path: Path | str, question: str = COUNT) -> object:
    connection = connect(Location(str(path), immutable=True))
    try:
        return connection.execute(question).fetchone()[0]
    finally:
        connection.close()


def copy_while_open(source: Path, target: Path, suffixes: tuple[str, ...]) -> Path:
    target.mkdir(parents=True)
    for suffix in suffixes:
        shutil.copy(f"{source}{suffix}", target)
    return target / source.name


@proves(1, 2)
def write_ahead_databases_are_refused_and_leave_no_litter(trial: Trial) -> None:
    source = make_database(trial.folder / "a" / "x.db", extra="PRAGMA journal_mode=WAL;")
    writer = sqlite3.connect(source)
    writer.execute("INSERT INTO shade VALUES ('last', 1)")
    writer.commit()
    for name, suffixes in {"alone": ("",), "with its log": ("", "-wal")}.items():
        path = copy_while_open(source, trial.folder / name, suffixes)
        before = snapshot(path.parent)
        trial.expect_error(errors.DatasetNotPackagedError, lambda path=path: ask(path), name)
        trial.expect_unchanged(path.parent, before)
    writer.close()


@proves(3, 4)
def files_copied_during_a_transaction_are_refused_or_fail_verification(trial: Trial) -> None:
    source = make_database(trial.folder / "a" / "x.db", rows=2000)
    wheel = Wheel("x-data").carry(source, name="x", package="x_data")
    for _ in trial.times(2, 20):
        writer = sqlite3.connect(source)
        writer.executescript("PRAGMA cache_size=2; BEGIN; UPDATE shade SET code = code || '!'")
        both = copy_while_open(source, trial.folder / f"both{trial.tries}", ("", "-journal"))
        trial.expect_error(errors.DatasetNotPackagedError, lambda both=both: ask(both), "journal")
        site = wheel.install(trial.folder / f"site{trial.tries}")
        shutil.copy(source, site / "x_data" / "x.db")
        writer.close()
        trial.expect(not report_of(site).ok, "a half-written copy passes verification")


def report_of(site: Path) -> object:
    sys.path.insert(0, str(site))
    try:
        (found,) = (
            d for d in datasets().values() if d.entry and d.entry.distribution.site == str(site)
        )
        return verify(found)
    finally:
        sys.path.remove(str(site))


@proves(5)
def any_character_of_a_path_stands_for_itself(trial: Trial) -> None:
    special = "?#%&=; '\"\\\n\t*[]{}$`|<>ü😀"
    names = [f"a{c}b" for c in special] + [
        "%20",
        "%3F",
        "a?mode=rwc",
        "file:x",
        "-x",
        ":memory:",
        "~",
    ]
    for name in names:
        path = make_database(trial.folder / name / f"{name}.db")
        before = snapshot(trial.folder)
        trial.expect(ask(path) == 3, f"wrong answer at {name!r}")
        trial.expect_unchanged(trial.folder, before)


@proves(6)
def missing_files_are_not_created(trial: Trial) -> None:
    for name in ("x.db", "no/such/folder.db", "q?x.db", "a%20b.db", "nul\0.db"):
        before = snapshot(trial.folder)
        for immutable in (True, False):
            location = Location(str(trial.folder / name), immutable=immutable)
            trial.expect_error(
                errors.DatasetFileMissingError, lambda at=location: connect(at), name
            )
        trial.expect_unchanged(trial.folder, before)


@proves(7, 8)
def truncated_files_are_refused(trial: Trial) -> None:
    path = make_database(trial.folder / "x.db", rows=3000)
    content = path.read_bytes()
    chance = random.Random(8)
    for size in [
        0,
        1,
        15,
        16,
        99,
        100,
        512,
        *(chance.randrange(len(content)) for _ in trial.times(60, 600)),
    ]:
        path.write_bytes(content[:size])
        trial.expect_error(errors.DatasetCorruptError, lambda: ask(path), f"cut to {size}")


@proves(9)
def files_that_are_something_else_are_called_by_name(trial: Trial) -> None:
    for content, word in (
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (gzip.compress(b"x" * 999), "gzip"),
        (b"<!DOCTYPE html>" + b" " * 999, "HTML"),
        (b"PK\x03\x04" + bytes(999), "zip"),
        (b"\x28\xb5\x2f\xfd" + bytes(999), "zstd"),
        (b"a,b,c\n" * 99, "not a SQLite database"),
    ):
        path = trial.folder / "x.db"
        path.write_bytes(content)
        text = trial.expect_error(errors.DatasetCorruptError, lambda at=path: ask(at), word)
        trial.expect(word in text, f"{word} is not in {text!r}")


@proves(10)
def unreadable_files_are_said_to_be_so_with_mode_and_uid(trial: Trial) -> None:
    need_root()
    path = make_database(trial.folder / "x.db")
    path.chmod(0o600)
    ended = run(
        f"import json, os\nimport microcosm_sqlite.catalog.connection\nos.setuid({NOBODY})\n{READ}",
        str(path),
    )
    expected = f"uid {NOBODY} (mode 0600, owner uid 0)"
    trial.expect("DatasetUnreadableError" in ended.output and expected in ended.output, str(ended))


@proves(11)
def fifos_and_directories_are_errors_and_not_hangs(trial: Trial) -> None:
    os.mkfifo(trial.folder / "fifo.db")
    (trial.folder / "folder.db").mkdir()
    for name in ("fifo.db", "folder.db", "/dev/null"):
        ended = run(READ, str(trial.folder / name))
        trial.expect("DatasetUnreadableError" in ended.output, f"{name}: {ended}")


@proves(12)
def every_flipped_bit_is_found_by_verify_and_none_crashes_a_reader(trial: Trial) -> None:
    site = (
        Wheel("x-data")
        .carry(make_database(trial.folder / "x.db", rows=500), name="x", package="x_data")
        .install(trial.folder / "site")
    )
    path = site / "x_data" / "x.db"
    content = path.read_bytes()
    chance = random.Random(12)
    for _ in trial.times(100, 1000):
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        damaged = bytearray(content)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        trial.expect(not report_of(site).ok, f"bit {bit} of byte {place} is not found")
        try:
            ask(path, "SELECT sum(length(code)) + sum(colour_id) FROM shade")
        except (errors.DatasetError, sqlite3.DatabaseError):
            continue
    path.write_bytes(content)
    trial.expect(report_of(site).ok, "the undamaged file fails")


@proves(13)
def read_errors_of_the_medium_are_errors_and_never_wrong_rows(trial: Trial) -> None:
    strace = need_tool("strace")
    path = make_database(trial.folder / "x.db", rows=20_000)
    good = run(READ, str(path)).output
    # SQLite reads a file with pread64 alone, which Python does not use.
    for number in trial.choose(range(1, 90), 6):
        for fault in ("error=EIO", "retval=100") if trial.is_full else ("error=EIO",):
            inject = [strace, "-f", "-o", "/dev/null", "-e", "trace=pread64", "-P", str(path)]
            inject += ["-e", f"inject=pread64:{fault}:when={number}"]
            ended = run([*inject, sys.executable, "-c", READ, str(path)])
            told = ended.output.startswith(("DatasetIOError", "DatasetCorruptError"))
            trial.expect(ended.output == good or told, f"read {number} {fault}: {ended}")
    trial.expect(run(READ, str(path)).output == good, "no recovery")


@proves(14)
def a_sort_without_room_for_its_temporary_file_is_told_as_such(trial: Trial) -> None:
    path = make_database(trial.folder / "x.db", rows=50_000)
    script = READ.replace(
        "path = sys.argv[1]",
        "path = sys.argv[1]\nimport resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    )
    script = script.replace("ORDER BY code", "ORDER BY random()")
    ended = run(script, str(path))
    told = ended.output.startswith("DatasetIOError SQLite cannot write a temporary file")
    trial.expect(told and "Set SQLITE_TMPDIR" in ended.output, str(ended))
    in_memory = "    connection.execute('PRAGMA temp_store=MEMORY')\n    try:"
    no_folder = "import os; os.access = lambda *_: False\n"  # as if none could be written
    for sorted_ in (script.replace("    try:", in_memory), no_folder + script):
        trial.expect(run(sorted_, str(path)).output.startswith("50003 "), "no sort in memory")


@proves(15)
def replaced_files_keep_their_old_readers_and_live_files_show_new_rows(trial: Trial) -> None:
    path = make_database(trial.folder / "x.db")
    for number in trial.times(5, 50):
        reader = connect(Location(str(path), immutable=True))
        before = reader.execute(COUNT).fetchone()
        newer = make_database(trial.folder / f"{number}.db", rows=number + 1)
        newer.replace(path)
        trial.expect(reader.execute(COUNT).fetchone() == before, "an old reader sees other rows")
        trial.expect(ask(path) == 4 + number, "a new reader does not see the new file")
        reader.close()
    live = connect(Location(str(path), immutable=False))
    for number in trial.times(5, 50):
        writer = sqlite3.connect(path)
        writer.execute("INSERT INTO shade VALUES (?, 1)", (f"live {number}",))
        writer.commit()
        (expected,) = writer.execute(COUNT).fetchone()
        writer.close()
        trial.expect(live.execute(COUNT).fetchone() == (expected,), "a live reader is behind")
    live.close()


@proves(16, 17)
def a_file_cut_short_under_a_reader_is_an_error_and_not_a_crash(trial: Trial) -> None:
    script = (
        "import os, sqlite3, sys\n"
        "from microcosm_sqlite.catalog.connection import connect\n"
        "from microcosm_sqlite.catalog.location import Location\n"
        "connection = connect(Location(sys.argv[1], immutable=True))\n"
        "rows = connection.execute('SELECT * FROM shade')\n"
        "rows.fetchone()\n"
        "os.truncate(sys.argv[1], int(sys.argv[2]))\n"
        "try: print(len(rows.fetchall()))\n"
        "except sqlite3.DatabaseError as error: print('DatabaseError', error)\n"
    )
    for size in trial.choose((0, 1, 4096, 8192, 50_000), 2):
        path = make_database(trial.folder / f"{size}.db", rows=20_000)
        ended = run(script, str(path), str(size))
        trial.expect("DatabaseError" in ended.output and ended.code == 0, f"{size}: {ended}")


@proves(18)
def nothing_can_be_written_whatever_is_switched_off_before(trial: Trial) -> None:
    path = make_database(trial.folder / "x.db")
    before = snapshot(trial.folder)
    here = Path.cwd()
    os.chdir(trial.folder)
    try:
        for preamble in ("SELECT 1", "PRAGMA query_only=OFF", "PRAGMA writable_schema=ON"):
            for statement in WRITES:
                connection = connect(Location(str(path), immutable=True))
                try:
                    connection.execute(preamble)
                    connection.executescript(statement)
                except sqlite3.DatabaseError:
                    pass
                connection.close()
                trial.expect(snapshot(trial.folder) == before, f"{preamble}; {statement}")
    finally:
        os.chdir(here)
    trial.expect_unchanged(trial.folder, before)


@proves(19)
def hostile_views_reach_no_function_of_the_application(trial: Trial) -> None:
    extra = (
        "CREATE VIEW v AS SELECT spy(name) FROM colour;CREATE VIEW w AS SELECT load_extension('x');"
    )
    path = make_database(trial.folder / "x.db", extra=extra)
    called: list[object] = []
    for untrusted in (False, True):
        connection = connect(Location(str(path), immutable=True), untrusted=untrusted)
        connection.create_function("spy", 1, called.append)
        for view in "vw":
            question = f"SELECT * FROM {view}"
            trial.expect_error(
                sqlite3.DatabaseError,
                lambda c=connection, q=question: c.execute(q).fetchall(),
                view,
            )
        connection.close()
    trial.expect(not called, "the application's function was called")


@proves(20)
def bombs_and_huge_values_cost_an_error(trial: Trial) -> None:
    bomb = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) SELECT max(x) FROM n"
    path = make_database(trial.folder / "x.db", extra=f"CREATE VIEW v AS {bomb};")
    shades = ", ".join(f"shade {letter}" for letter in "abcdefgh")
    questions = [
        "SELECT * FROM v",
        bomb,
        "SELECT hex(zeroblob(900000000))",
        "SELECT randomblob(100000000)",
        "SELECT " + "(" * 500 + "1" + ")" * 500,
        f"SELECT group_concat(a.code, printf('%1000000c', '')) FROM {shades}",
    ]
    for question in questions:
        connection = connect(Location(str(path), immutable=True), untrusted=True)
        limit_time(connection, 0.5)
        trial.expect_error(
            sqlite3.Error, lambda c=connection, q=question: c.execute(q).fetchall(), question[:40]
        )
        connection.close()


@proves(1, 14)
def a_read_only_root_and_another_user_read_as_well(trial: Trial) -> None:
    unshare = need_mounts()
    site = (
        Wheel("x-data")
        .carry(make_database(trial.folder / "x.db", rows=100_000), name="x", package="x_data")
        .install(trial.folder / "site")
    )
    script = (
        f"import os, sys; sys.path.insert(0, {str(site)!r})\n"
        "import microcosm_sqlite, microcosm_sqlite.catalog.untrusted\n"
        f"os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try: open('/tmp/x', 'w'); print('writable')\n"
        "except OSError: pass\n"
        "connection = microcosm_sqlite.dataset('x').connect()\n"
        "print(len(connection.execute('SELECT * FROM shade ORDER BY random()').fetchall()))\n"
    )
    shell = 'mount -o remount,bind,ro / && exec "$@"'
    ended = run([*unshare, "sh", "-c", shell, "sh", sys.executable, "-c", script])
    trial.expect(ended.output.split() == ["100003"], str(ended))


@proves(13)
def a_registered_file_that_vanishes_is_an_error_of_ours(trial: Trial) -> None:
    path = make_database(trial.folder / "x.db")
    found = register("vanishing", path)
    try:
        path.unlink()
        trial.expect_error(errors.DatasetFileMissingError, found.connect, "vanished")
    finally:
        unregister("vanishing")
