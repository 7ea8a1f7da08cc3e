"""Mutate what a stranger may give us, thousands of times: ``make fuzz``.

Whatever comes in, what comes out is the truth, or an error of ours, or a report that says no:
never a hang, a crash, or a traceback of another kind. Each mutant follows from its target and
number alone, so that a finding can be looked at again with ``--only TARGET NUMBER``.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import faulthandler
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from microcosm_sqlite import errors
from microcosm_sqlite.catalog import discovery
from microcosm_sqlite.catalog.cache.extraction import extract_file
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS
from microcosm_sqlite.catalog.manifest import FILE_NAME, Manifest
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.registry import dataset, datasets, problems
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.faults.harness import ROOT
from tests.support.wheels import Wheel, compress, describe, make_database

QUESTIONS = ("SELECT * FROM colour ORDER BY id", "SELECT * FROM shade ORDER BY colour_id, code")
BATCH = 500
HANG = 30.0
"""Seconds within which one mutant must be dealt with."""

Target = Callable[[Path, random.Random], None]
TARGETS: dict[str, Target] = {}


def target(function: Target) -> Target:
    TARGETS[function.__name__] = function
    return function


class Workshop:
    """The unharmed originals, made once for each process."""

    def __init__(self, folder: Path) -> None:
        self.database = make_database(
            folder / "x.db",
            rows=60,
            extra="CREATE VIEW v AS SELECT * FROM colour; PRAGMA page_size=512; VACUUM;",
        )
        self.content = self.database.read_bytes()
        self.wheel = Wheel("x-data").carry(self.database, name="x", package="x_data", init="")
        self.site = self.wheel.install(folder / "site")
        self.truth = self.read()

    def read(self) -> list[object]:
        """Rows through an untrusted connection; SQLite's errors become ours."""
        found = fresh()
        connection = found.connect(untrusted=True)
        try:
            return [connection.execute(question).fetchall() for question in QUESTIONS]
        except SQLITE_ERRORS as error:
            raise translate(error, "x.db") from error
        finally:
            connection.close()


def fresh() -> object:
    discovery._sites.pop(str(sys.path[0]), None)
    return dataset("x")


_workshops: dict[Path, Workshop] = {}


def workshop(folder: Path) -> Workshop:
    if folder not in _workshops:
        sys.path.insert(0, str(folder / "site"))
        _workshops[folder] = Workshop(folder)
    return _workshops[folder]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Flip, overwrite, insert, remove, repeat or cut: a few times over."""
    mutant = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = chance.randrange(len(mutant) + 1)
        length = chance.choice((1, 1, 2, 4, 16, 64))
        kind = chance.randrange(6)
        if kind == 0 and place < len(mutant):
            mutant[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            mutant[place : place + length] = chance.randbytes(min(length, len(mutant) - place))
        elif kind == 2:
            mutant[place:place] = chance.randbytes(length)
        elif kind == 3:
            del mutant[place : place + length]
        elif kind == 4:
            value = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80"))
            mutant[place : place + length] = value * min(length, len(mutant) - place)
        elif chance.random() < 0.2:
            del mutant[place:]
    return bytes(mutant)


@target
def databases(folder: Path, chance: random.Random) -> None:
    """A data wheel whose database was altered."""
    made = workshop(folder)
    path = made.site / "x_data" / "x.db"
    mutant = bytearray(mutate(made.content, chance))
    if len(mutant) > 100 and chance.random() < 0.5:
        # Get past the door, to try what lies behind it.
        mutant[:100] = made.content[:100]
        mutant[28:32] = (len(mutant) // 512).to_bytes(4, "big")
        mutant += bytes(-len(mutant) % 512)
    path.write_bytes(mutant)
    try:
        is_accepted = fresh().verify(full=chance.random() < 0.3).ok
        with contextlib.suppress(errors.DatasetError):
            rows = made.read()
            assert not is_accepted or rows == made.truth, "verify accepts wrong rows"
        assert is_accepted == (bytes(mutant) == made.content), "verify does not see a change"
    finally:
        path.write_bytes(made.content)


@target
def manifests(folder: Path, chance: random.Random) -> None:
    """A data wheel whose manifest was altered, as text or as JSON."""
    made = workshop(folder)
    path = made.site / made.wheel.info / "extra_metadata" / FILE_NAME
    original = made.wheel.files[f"{made.wheel.info}/extra_metadata/{FILE_NAME}"]
    if chance.random() < 0.5:
        path.write_bytes(mutate(original, chance))
    else:
        raw = json.loads(original)
        for _ in range(chance.choice((1, 2, 4))):
            disturb(raw, chance)
        path.write_text(json.dumps(raw))
    try:
        judge(made)
    finally:
        path.write_bytes(original)


ODDITIES = (
    *(None, True, -1, 0, 1.5, float("nan"), 10**30, "", "x", "\0", "\ud800", "a" * 5000),
    *("../../x", "/etc/passwd", "sha256:" + "0" * 64, "none", "zstd"),
    *([], {}, [[]], [None], {"": {}}, ["id"]),
)


def disturb(value: object, chance: random.Random) -> None:
    """Change one thing somewhere in a JSON value."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))  # type: ignore[arg-type]
    if not keys:
        return
    key = chance.choice(keys)
    if isinstance(value[key], dict | list) and chance.random() < 0.8:  # type: ignore[index]
        disturb(value[key], chance)  # type: ignore[index]
    elif chance.random() < 0.2:
        del value[key]  # type: ignore[attr-defined]
    else:
        value[key] = copy.deepcopy(chance.choice(ODDITIES))  # type: ignore[index]


@target
def entry_points(folder: Path, chance: random.Random) -> None:
    """A data wheel whose entry points, METADATA or RECORD were altered."""
    made = workshop(folder)
    name = chance.choice(("entry_points.txt", "METADATA", "RECORD"))
    path = made.site / made.wheel.info / name
    original = path.read_bytes()
    path.write_bytes(mutate(original, chance))
    try:
        judge(made)
    finally:
        path.write_bytes(original)


def judge(made: Workshop) -> None:
    """List, describe, open, read and verify whatever is there now."""
    with contextlib.suppress(errors.DatasetError):
        fresh()
    for problem in problems():
        problem.as_dict()
    for found in datasets().values():
        if found.distribution.lower().startswith("x") or found.name == "x":
            repr(found)
            report = found.verify()
            with contextlib.suppress(errors.DatasetError):
                connection = found.connect()
                try:
                    rows = [connection.execute(question).fetchall() for question in QUESTIONS]
                finally:
                    connection.close()
                assert rows == made.truth or not report.ok


@target
def payloads(folder: Path, chance: random.Random) -> None:
    """A compressed database that was altered."""
    made = workshop(folder)
    codec = chance.choice(("zstd", "gzip", "xz"))
    packed = folder / "packed"
    packed.write_bytes(mutate(compress(made.content, codec), chance))
    shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
    with contextlib.suppress(errors.DatasetError):
        path = extract_file(str(packed), Manifest(describe(made.database, compression=codec)))
        assert Path(path).read_bytes() == made.content, "wrong content was published"
    cached = list(Path(os.environ[VARIABLE]).rglob("*.tmp"))
    assert not cached, f"left over: {cached}"


@target
def wheels(folder: Path, chance: random.Random) -> None:
    """A wheel file that was altered and is verified before it is installed."""
    made = workshop(folder)
    path = made.wheel.pack(folder / "dist")
    path.write_bytes(mutate(path.read_bytes(), chance))
    with contextlib.suppress(errors.DatasetError):
        json.dumps(verify_wheel(path).as_dict())


def run_child(name: str, first: int, count: int) -> None:
    """Deal with some mutants, telling the number of each before it is tried."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        os.environ[VARIABLE] = f"{folder}/cache"
        for number in range(first, first + count):
            faulthandler.dump_traceback_later(HANG, exit=True)
            print(f"at {number}", flush=True)
            try:
                TARGETS[name](Path(folder), random.Random(f"{name} {number}"))
            except Exception:  # noqa: BLE001  # any error that gets here is a finding
                print(f"found {json.dumps(traceback.format_exc())}", flush=True)
        faulthandler.cancel_dump_traceback_later()


def run_batch(name: str, first: int, count: int) -> list[str]:
    """Findings of a batch, as text; a child that dies is one, and the rest is tried again."""
    command = [sys.executable, "-m", "tests.faults.fuzz", "--only", name, str(first)]
    done = subprocess.run(
        [*command, "--count", str(count)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    findings, number = [], first
    for line in done.stdout.splitlines():
        kind, _, text = line.partition(" ")
        if kind == "at":
            number = int(text)
        elif kind == "found":
            findings.append(f"{name} {number}: {json.loads(text)}")
    if done.returncode:
        findings.append(f"{name} {number}: died with {done.returncode}: {done.stderr[-800:]}")
        if number + 1 < first + count:
            findings += run_batch(name, number + 1, first + count - number - 1)
    return findings


def fuzz(name: str, count: int) -> list[str]:
    """Findings of a target's first mutants."""
    findings = []
    for first in range(0, count, BATCH):
        findings += run_batch(name, first, min(BATCH, count - first))
    return findings


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.faults.fuzz")
    options.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="target")
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--only", nargs=2, metavar=("TARGET", "NUMBER"))
    chosen = options.parse_args()
    if chosen.only:
        run_child(chosen.only[0], int(chosen.only[1]), chosen.count)
        return 0
    is_well = True
    for name in chosen.targets or TARGETS:
        started = time.monotonic()
        findings = fuzz(name, chosen.count)
        seconds = time.monotonic() - started
        print(f"{name:<14}{chosen.count:>8} mutants{len(findings):>6} findings{seconds:>8.0f} s")
        for finding in findings[:5]:
            print(finding)
        is_well = is_well and not findings
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
