"""Cases 26 to 35: extraction, killed, starved, raced and lied to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from microcosm_sqlite import errors
from microcosm_sqlite.catalog.cache import extraction as cache
from microcosm_sqlite.catalog.cache import private_files
from microcosm_sqlite.catalog.cache import upkeep as cache_upkeep
from microcosm_sqlite.catalog.cache.extraction import extract_file
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from microcosm_sqlite.catalog.codecs import SUFFIXES
from microcosm_sqlite.catalog.manifest import Manifest
from tests.faults.harness import (
    NOBODY,
    ROOT,
    Ended,
    Trial,
    need_mounts,
    need_root,
    need_tool,
    proves,
    run,
    snapshot,
)
from tests.support.shards import Shards
from tests.support.wheels import Wheel, compress, describe, make_database

ROWS = 30_000
ANSWER = f"{ROWS + 3}"
MARK = "/marker/of/the/fault/suite"

READ = f"""
import os, sys
sys.path.insert(0, sys.argv[1])
import filelock, platformdirs, backports, concurrent.futures.thread
import tempfile, hashlib, zipfile, gzip, lzma
import microcosm_sqlite
from microcosm_sqlite.catalog import codecs
from microcosm_sqlite.catalog.cache import extraction, joining
codecs.stream_errors()
found = microcosm_sqlite.dataset("x")
found.manifest
exec(os.environ.get("BEFORE", ""))
try: os.mkdir({MARK!r})
except OSError: pass
try:
    connection = found.connect()
    said = str(connection.execute("SELECT count(*) FROM shade").fetchone()[0])
    connection.close()
except microcosm_sqlite.errors.DatasetError as error:
    said = f"{{type(error).__name__}} {{error}}"
os.writev(1, [said.encode()])  # a call that no fault is put on
"""
READ = READ.replace("import filelock", "import microcosm_sqlite.errors\nimport filelock").replace(
    "backports, ", "" if sys.version_info >= (3, 14) else "backports.zstd, "
)


class Bench:
    """An installed compressed dataset, and the cache that it is extracted into."""

    script = READ

    def __init__(self, folder: Path, codec: str = "zstd", rows: int = ROWS) -> None:
        self.database = make_database(folder / "x.db", rows=rows)
        wheel = Wheel("x-data").carry(self.database, name="x", package="x_data", compression=codec)
        self.site = wheel.install(folder / "site")
        self.cache = folder / "cache"
        self.content = self.database.read_bytes()
        self.packed = self.site / "x_data" / f"x.db{SUFFIXES[codec]}"
        self.manifest = Manifest(describe(self.database, name="x", compression=codec))
        self.path = self.cache / "v1" / self.manifest.sha256[:40] / "x.db"

    @classmethod
    def in_shards(cls, folder: Path) -> Bench:
        """The same in four shards."""
        bench = cls(folder)
        shutil.rmtree(bench.site)
        Shards(bench.database, 4, compression="zstd", name="x").install(bench.site)
        return bench

    def read(self, prefix: list[str] | None = None, before: str = "", **options: object) -> Ended:
        command = [*(prefix or []), sys.executable, "-c", self.script, str(self.site)]
        environment = {VARIABLE: str(self.cache), "BEFORE": before}
        return run(command, environment=environment, **options)

    @property
    def published(self) -> set[Path]:
        """The files that are meant to be in the cache."""
        return {self.path}

    def wipe(self) -> None:
        subprocess.run(["rm", "-rf", str(self.cache)], check=True)

    def judge(self, trial: Trial, ended: Ended, what: str) -> None:
        """The process answered truly, or with an error of ours, or was killed by us."""
        said = ended.output.split(" ")[0].strip()
        is_ours = said == ANSWER or isinstance(getattr(errors, said, None), type)
        trial.expect(ended.was_killed or (ended.code == 0 and is_ours), f"{what}: {ended}")
        self.look(trial, what)

    def look(self, trial: Trial, what: str) -> None:
        """What is at the final path is all there, or nothing is."""
        if self.path.exists() and self.path.read_bytes() != self.content:
            trial.wrong.append(f"{what}: a damaged file was published")

    def recover(self, trial: Trial, what: str) -> None:
        """The next run succeeds, and all that is left is litter that goes when it is old."""
        ended = self.read()
        trial.expect(ended.output.strip() == ANSWER, f"no recovery from {what}: {ended}")
        private_files.sweep(str(self.path.parent), 0)
        for path in self.cache.rglob("*"):
            if path.is_file() and path not in self.published and path.suffix != ".lock":
                trial.leftovers.append(f"{what}: {path}")


CALLS = ("mkdir", "openat", "write", "fchmod", "fsync", "rename", "unlink", "flock", "close")


def find_points(trial: Trial, strace: str, bench: Bench) -> list[tuple[str, int]]:
    """Every call of extraction as its name and its number in the thread that makes it."""
    log = trial.folder / "strace.log"
    bench.wipe()
    bench.read([strace, "-f", "-o", str(log), "-e", f"trace={','.join(CALLS)}"])
    counts: dict[tuple[str, str], int] = {}
    points: dict[tuple[str, int], None] = {}
    is_marked = False
    for line in log.read_text().splitlines():
        matched = re.match(r"(\d+)\s+(\w+)\(", line)
        if matched:
            key = matched.groups()
            counts[key] = counts.get(key, 0) + 1
            is_marked = is_marked or MARK in line
            if is_marked and MARK not in line:
                points[key[1], counts[key]] = None
    return list(points)


@proves(26)
def extraction_killed_at_any_system_call_is_made_good(trial: Trial) -> None:
    kill_at_system_calls(trial, Bench(trial.folder))


@proves(26)
def joining_killed_at_any_system_call_is_made_good(trial: Trial) -> None:
    kill_at_system_calls(trial, Bench.in_shards(trial.folder))


def kill_at_system_calls(trial: Trial, bench: Bench) -> None:
    strace = need_tool("strace")
    points = find_points(trial, strace, bench)
    trial.expect(len(points) > 15, f"only {points} were found")
    for call, number in trial.choose(points, 5):
        bench.wipe()
        inject = f"inject={call}:signal=SIGKILL:when={number}"
        ended = bench.read([strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject])
        bench.judge(trial, ended, f"kill at {call} {number}")
        bench.recover(trial, f"kill at {call} {number}")


ERRORS = {
    "mkdir": ("ENOSPC", "EACCES", "EROFS", "EDQUOT"),
    "openat": ("EACCES", "EMFILE", "ENOSPC", "EROFS", "EIO"),
    "write": ("ENOSPC", "EDQUOT", "EIO", "EFBIG"),
    "fchmod": ("EPERM", "EROFS"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "rename": ("EACCES", "EIO", "ENOSPC", "EROFS"),
    "unlink": ("EACCES", "EROFS"),
    "flock": ("ENOLCK", "EOPNOTSUPP", "ENOSYS", "EIO"),
    "close": ("EIO",),
}


@proves(26, 27)
def every_error_of_every_system_call_is_told_and_survived(trial: Trial) -> None:
    fail_at_system_calls(trial, Bench(trial.folder))


@proves(26, 27)
def every_error_while_shards_are_joined_is_told_and_survived(trial: Trial) -> None:
    fail_at_system_calls(trial, Bench.in_shards(trial.folder))


def fail_at_system_calls(trial: Trial, bench: Bench) -> None:
    strace = need_tool("strace")
    points = find_points(trial, strace, bench)
    faults = [(call, number, error) for call, number in points for error in ERRORS[call]]
    for call, number, error in trial.choose(faults, 6):
        bench.wipe()
        inject = f"inject={call}:error={error}:when={number}"
        ended = bench.read([strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject])
        bench.judge(trial, ended, f"{error} at {call} {number}")
        bench.recover(trial, f"{error} at {call} {number}")


PATCHED = """
import os, signal, errno
from microcosm_sqlite.catalog.cache import private_files
count = 0
def strike(real):
    def call(*arguments, **options):
        global count
        count += 1
        if count == {point}:
            {action}
        return real(*arguments, **options)
    return call
for name in ("mkdir", "lstat", "open", "fsync", "fchmod", "replace", "unlink", "statvfs"):
    setattr(os, name, strike(getattr(os, name)))
private_files.write = strike(private_files.write)
import atexit
atexit.register(lambda: open(os.environ["COUNT"], "w").write(str(count)))
"""


@proves(26, 27)
def extraction_stopped_at_any_call_of_ours_is_made_good(trial: Trial) -> None:
    """The same as with strace, for machines that have none."""
    stop_at_our_calls(trial, Bench(trial.folder))


@proves(26, 27)
def joining_stopped_at_any_call_of_ours_is_made_good(trial: Trial) -> None:
    stop_at_our_calls(trial, Bench.in_shards(trial.folder))


def stop_at_our_calls(trial: Trial, bench: Bench) -> None:
    os.environ["COUNT"] = str(trial.folder / "count")
    bench.read(before=PATCHED.format(point=0, action="pass"))
    total = int((trial.folder / "count").read_text())
    actions = {
        "kill": "os.kill(os.getpid(), signal.SIGKILL)",
        "ENOSPC": "raise OSError(errno.ENOSPC, 'No space left on device')",
        "EIO": "raise OSError(errno.EIO, 'Input/output error')",
    }
    points = [(point, name) for point in range(1, total + 1) for name in actions]
    for point, name in trial.choose(points, 6):
        bench.wipe()
        ended = bench.read(before=PATCHED.format(point=point, action=actions[name]))
        bench.judge(trial, ended, f"{name} at call {point}")
        bench.recover(trial, f"{name} at call {point}")


@proves(27)
def a_full_disk_is_said_and_leaves_nothing(trial: Trial) -> None:
    unshare = need_mounts()
    bench = Bench(trial.folder)
    bench.cache.mkdir(mode=0o700)
    # 20 MB are free when it is checked, and gone when it is written.
    for size, before in (
        ("300k", ""),
        ("300k", "import os; os.statvfs = lambda path: (_ for _ in ()).throw(OSError())"),
    ):
        shell = f'mount -t tmpfs -o size={size},mode=700 none "$0" && "$@"; find "$0" -name ".x-*"'
        ended = bench.read([*unshare, "sh", "-c", shell, str(bench.cache)], before)
        is_told = ended.output.startswith("CacheFullError") and str(bench.cache) in ended.output
        trial.expect(is_told, str(ended))
        trial.expect(".x-" not in ended.output, "a temporary file is left")


@proves(27)
def a_file_size_limit_is_said(trial: Trial) -> None:
    bench = Bench(trial.folder)
    for limit in trial.choose((0, 1, 4096, 1 << 20, (1 << 20) + 1), 3):
        bench.wipe()
        before = (
            f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
        )
        if limit >= len(bench.content):
            continue
        ended = bench.read(before=before)
        trial.expect(ended.output.startswith("CacheFullError"), f"{limit}: {ended}")
        bench.recover(trial, f"limit {limit}")


REFUSED = """
import errno, fcntl
def refuse(*arguments):
    raise OSError(errno.{error}, "No locks available")
fcntl.flock = refuse
"""
LOCKS = {
    "lying": "import fcntl; fcntl.flock = lambda *arguments: None",
    "working": "",
    "refused with ENOLCK": REFUSED.format(error="ENOLCK"),
    "refused with EOPNOTSUPP": REFUSED.format(error="EOPNOTSUPP"),
}


@proves(28)
def processes_at_once_agree_whatever_locks_do(trial: Trial) -> None:
    bench = Bench(trial.folder)
    for name in trial.choose(LOCKS, 2):
        before = LOCKS[name]
        for _ in trial.times(1, 3):
            bench.wipe()
            seen: set[int] = set()
            stop = threading.Event()

            def watch(seen: set[int] = seen, stop: threading.Event = stop) -> None:
                while not stop.is_set():
                    try:
                        seen.add(bench.path.stat().st_size)
                    except OSError:
                        continue

            watcher = threading.Thread(target=watch)
            watcher.start()
            environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: str(bench.cache)}
            environment["BEFORE"] = before
            crowd = [
                subprocess.Popen(
                    [sys.executable, "-c", READ, str(bench.site)],
                    env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                )
                for _ in range(8)
            ]  # fmt: skip
            for process in crowd:
                output, complaint = process.communicate(timeout=120)
                trial.expect(output.strip() == ANSWER, f"locks {name}: {output} {complaint[-300:]}")
            stop.set()
            watcher.join()
            trial.expect(seen <= {len(bench.content)}, f"locks {name}: sizes {seen} were seen")
            bench.recover(trial, f"locks {name}")


@proves(29)
def a_lock_whose_holder_was_killed_holds_nobody_up(trial: Trial) -> None:
    bench = Bench(trial.folder)
    bench.read()
    bench.path.unlink()
    script = (
        "import sys, time, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); time.sleep(99)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, f"{bench.path.parent}.lock"], stdout=subprocess.PIPE
    )
    assert holder.stdout
    holder.stdout.readline()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    started = time.monotonic()
    trial.expect(bench.read().output.strip() == ANSWER, "a dead holder's lock")
    trial.expect(time.monotonic() - started < 20, "it was waited for")


@proves(30)
def unsafe_directories_are_refused_at_every_level(trial: Trial) -> None:
    need_root()
    bench = Bench(trial.folder)
    elsewhere = trial.folder / "elsewhere"
    for level in (bench.cache, bench.path.parents[1], bench.path.parent):
        for fault in trial.choose(("0777", "foreign", "link", "0770", "dangling link", "file"), 2):
            bench.wipe()
            bench.read()
            subprocess.run(["rm", "-rf", str(elsewhere)], check=True)
            if fault.startswith("0"):
                level.chmod(int(fault, 8))
            elif fault == "foreign":
                os.chown(level, NOBODY, NOBODY)
            else:
                level.rename(elsewhere)
                if fault == "link":
                    level.symlink_to(elsewhere)
                elif fault == "dangling link":
                    level.symlink_to("nowhere")
                else:
                    level.write_bytes(b"")
            before = snapshot(elsewhere) if elsewhere.exists() else {}
            ended = bench.read()
            what = f"{fault} at {level.relative_to(trial.folder)}"
            trial.expect(ended.output.startswith("CacheUnsafeError"), f"{what}: {ended}")
            if elsewhere.exists():
                trial.expect_unchanged(elsewhere, before)


@proves(30)
def links_and_foreign_files_at_the_final_place_are_replaced(trial: Trial) -> None:
    need_root()
    bench = Bench(trial.folder)
    precious = trial.folder / "precious"
    for fault in ("link", "foreign", "writable", "fifo", "other content"):
        bench.wipe()
        bench.read()
        bench.path.unlink()
        precious.write_bytes(b"precious")
        if fault == "link":
            bench.path.symlink_to(precious)
        elif fault == "fifo":
            os.mkfifo(bench.path)
        else:
            bench.path.write_bytes(bench.content if fault != "other content" else b"x" * 99)
            bench.path.chmod(0o666 if fault == "writable" else 0o444)
        if fault == "foreign":
            os.chown(bench.path, NOBODY, NOBODY)
        ended = bench.read()
        trial.expect(ended.output.strip() == ANSWER, f"{fault}: {ended}")
        is_replaced = bench.path.is_file() and not bench.path.is_symlink()
        trial.expect(is_replaced and precious.read_bytes() == b"precious", f"{fault}: not replaced")


@proves(31)
def modes_are_private_whatever_the_umask(trial: Trial) -> None:
    bench = Bench(trial.folder)
    for umask in ("0o000", "0o022", "0o077", "0o777"):
        bench.wipe()
        ended = bench.read(before=f"os.umask({umask})")
        if umask == "0o777":
            bench.judge(trial, ended, umask)
            continue
        trial.expect(ended.output.strip() == ANSWER, f"umask {umask}: {ended}")
        found = {
            path: oct(path.stat().st_mode & 0o7777)
            for path in (bench.cache, *bench.cache.rglob("*"))
        }
        folders = {mode for path, mode in found.items() if path.is_dir()}
        trial.expect(folders == {"0o700"}, f"umask {umask}: folders {folders}")
        trial.expect(found[bench.path] == "0o444", f"umask {umask}: file {found[bench.path]}")


@proves(32)
def no_place_for_a_cache_is_an_error_that_names_the_variable(trial: Trial) -> None:
    bench = Bench(trial.folder)
    for name, value in {
        "relative": "some/where",
        "in a file": str(bench.database / "c"),
        "proc": "/proc/c",
    }.items():
        command = [sys.executable, "-c", READ, str(bench.site)]
        ended = run(command, environment={VARIABLE: value})
        trial.expect(
            "CacheUnavailableError" in ended.output and VARIABLE in ended.output, f"{name}: {ended}"
        )
    need_root()
    before = (
        f"os.environ.pop({VARIABLE!r}); os.environ.pop('XDG_CACHE_HOME', 0)\n"
        "os.environ['HOME'] = '/nonexistent'\n"
        f"import pwd; os.setuid({NOBODY})"
    )
    ended = bench.read(before=before)
    trial.expect(
        "CacheUnavailableError" in ended.output and VARIABLE in ended.output, f"no home: {ended}"
    )


@proves(33)
def payloads_that_are_not_what_was_promised_are_never_published(trial: Trial) -> None:
    database = make_database(trial.folder / "x.db", rows=2000)
    content = database.read_bytes()
    os.environ[VARIABLE] = str(trial.folder / "cache")
    for codec in ("zstd", "gzip", "xz"):
        good = compress(content, codec)
        manifest = Manifest(describe(database, compression=codec))
        wrong = {
            "a bomb": compress(content + bytes(30_000_000), codec),
            "other content": compress(content[:-1] + b"?", codec),
            "nothing": b"",
            **{f"cut to {n}": good[:n] for n in trial.choose(range(1, len(good), 997), 5)},
        }
        for name, payload in wrong.items():
            (trial.folder / "packed").write_bytes(payload)
            trial.expect_error(
                errors.DatasetCorruptError,
                lambda m=manifest: extract_file(str(trial.folder / "packed"), m),
                f"{codec}: {name}",
            )
            for path in (trial.folder / "cache").rglob("*"):
                if path.is_file() and path.suffix != ".lock":
                    trial.leftovers.append(f"{codec}, {name}: {path.name}")


@proves(34)
def a_cache_wiped_at_any_time_heals(trial: Trial) -> None:
    bench = Bench(trial.folder)
    script = READ.replace(
        "connection = found.connect()",
        "import shutil\n"
        "    old = found.connect()\n"
        '    shutil.rmtree(os.environ["MICROCOSM_SQLITE_CACHE_DIR"])\n'
        '    answer = old.execute("SELECT count(*) FROM shade").fetchone()[0]\n'
        '    assert answer == int(os.environ["ANSWER"])\n'
        "    old.close()\n"
        "    connection = found.connect()",
    )
    for _ in trial.times(2, 10):
        ended = run(
            script, str(bench.site), environment={VARIABLE: str(bench.cache), "ANSWER": ANSWER}
        )
        trial.expect(ended.output.strip() == ANSWER, str(ended))


@proves(34)
def a_cache_cleared_for_ever_by_others_is_still_read_from(trial: Trial) -> None:
    bench = Bench(trial.folder, rows=2000)
    os.environ[VARIABLE] = str(bench.cache)
    stop = threading.Event()

    def keep_clearing() -> None:
        while not stop.is_set():
            try:
                cache_upkeep.clear()
            except errors.CacheError:
                continue
            time.sleep(0.05)

    vandal = threading.Thread(target=keep_clearing)
    vandal.start()
    try:
        for _ in trial.times(10, 200):
            path = Path(cache.extract_file(str(bench.packed), bench.manifest))
            try:
                is_whole = path.read_bytes() == bench.content
            except FileNotFoundError:
                is_whole = True
            trial.expect(is_whole, "a damaged file was published")
    finally:
        stop.set()
        vandal.join()


@proves(35)
def data_inside_a_zip_is_read_through_the_cache_and_stays(trial: Trial) -> None:
    database = make_database(trial.folder / "x.db", rows=ROWS)
    wheel = Wheel("x-data").carry(database, name="x", package="x_data").pack(trial.folder / "dist")
    cached = trial.folder / "cache"
    for _ in trial.times(2, 5):
        ended = run(
            [sys.executable, "-c", READ, str(wheel)],
            environment={VARIABLE: str(cached), "TMPDIR": str(trial.folder)},
        )
        trial.expect(ended.output.strip() == ANSWER, str(ended))
    found = [path for path in cached.rglob("*") if path.is_file() and path.suffix != ".lock"]
    trial.expect(len(found) == 1, f"{found}")
    litter = [path.name for path in trial.folder.iterdir()]
    trial.expect(sorted(litter) == ["cache", "dist", "x.db"], f"{litter}")
