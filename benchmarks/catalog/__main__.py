"""What finding, opening, extracting and verifying cost: ``python -m benchmarks.catalog``.

Everything is measured against the least that the same work can cost, in turns within one run.
Prints a table and writes ``benchmarks/results/catalog.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from io import FileIO
from itertools import count
from pathlib import Path

import microcosm_sqlite
from benchmarks.report import draw, keep
from benchmarks.rounds import Contest, compete
from microcosm_sqlite.catalog.cache import extraction as cache
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from microcosm_sqlite.catalog.cache.joining import join_shards
from microcosm_sqlite.catalog.codecs import _zstd
from microcosm_sqlite.catalog.connection import connect, database_uri
from microcosm_sqlite.catalog.discovery import find_distributions
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import Manifest
from tests.support.shards import Shards
from tests.support.wheels import Wheel, compress, describe

ROOT = Path(__file__).parents[2]
FOREIGN_DISTRIBUTIONS = 1_000
ROWS = 1_000_000
SHARDS = 9
REPEATS = 300
"""Connections in one round, as one takes less than the clock tells apart."""

BARE = """
import sqlite3
connection = sqlite3.connect({uri!r}, uri=True)
print(connection.execute("SELECT * FROM flight WHERE id = 7").fetchone())
"""
OURS = """
import microcosm_sqlite
connection = microcosm_sqlite.dataset("flights").connect()
print(connection.execute("SELECT * FROM flight WHERE id = 7").fetchone())
"""

BARE_CLICK = """
import click

@click.group()
def main(): ...

@main.command()
def run(): click.echo("done")

main()
"""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.catalog")
    options.add_argument("--rounds", type=int, default=21)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/catalog.json")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ[VARIABLE] = str(place / "cache")
        database = make_database(place / "flights.db")
        results = compete(contests_of_processes(place, database), chosen.rounds)
        results += compete(contests_of_commands(place, database), chosen.rounds)
        results += measure_connections(place, database, chosen.rounds)
        results += compete(contests_of_bulk(place, database), max(3, chosen.rounds // 3))
    keep(chosen.output, results)
    print(draw(results))


def make_database(path: Path) -> Path:
    """About 60 MB, in which a row differs from the next as rows of real tables do."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE flight (id INTEGER PRIMARY KEY, carrier TEXT, number INTEGER, tail TEXT,"
        " origin TEXT, destination TEXT, departure TEXT, delay REAL)"
    )
    airports = [f"{n:03X}" for n in range(300, 700)]
    connection.executemany(
        "INSERT INTO flight VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                n,
                ["UA", "AA", "DL", "B6"][n % 4],
                n * 7919 % 6000,
                f"N{n * 104729 % 99999:05}",
                airports[n * 31 % 3],
                airports[n * 17 % 400],
                f"2013-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n * 13 % 60:02}",
                n * 37 % 1440 / 7,
            )
            for n in range(ROWS)
        ),
    )
    connection.commit()
    connection.close()
    return path


def contests_of_processes(place: Path, database: Path) -> list[Contest]:
    """From the start of a process to one row."""
    wheel = Wheel("flights-data").carry(database, name="flights", package="flights_data")
    contests = []
    for name, foreign, aim in (("few", 0, 2.0), ("1,000 more", FOREIGN_DISTRIBUTIONS, 2.5)):
        python, site = make_environment(place / name.replace(" ", "_"))
        wheel.install(site)
        for number in range(foreign):
            install_foreign(site, number)
        uri = database_uri(str(site / "flights_data" / "flights.db"), immutable=True)
        contests.append(
            Contest(
                f"process start to one row, {name} distributions",
                lambda python=python: run(python, OURS),
                "a bare sqlite3 script",
                lambda python=python, uri=uri: run(python, BARE.format(uri=uri)),
                aim,
            )
        )
    return contests


def contests_of_commands(place: Path, database: Path) -> list[Contest]:
    """Reading verbs of the command line, against a program that only says a word."""
    site, bare = place / "commands", place / "bare.py"
    wheel = Wheel("flights-data").carry(database, name="flights", package="flights_data")
    wheel.install(site)
    bare.write_text(BARE_CLICK)

    def start(*words: str) -> None:
        command = [sys.executable, *words]
        environment = os.environ | {"PYTHONPATH": str(site)}
        subprocess.run(command, env=environment, check=True, capture_output=True)

    verbs = (
        ("list",),
        ("path", "flights"),
        ("info", "flights"),
        ("query", "flights", "SELECT * FROM flight WHERE id = 7"),
    )
    return [
        Contest(
            f"microcosm-sqlite {words[0]}",
            lambda words=words: start("-m", "microcosm_sqlite", *words),
            "a bare click program",
            lambda: start(str(bare), "run"),
            2.0,
        )
        for words in verbs
    ]


def make_environment(folder: Path) -> tuple[Path, Path]:
    """An environment with this package in it, as pip leaves it, and nothing else."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    shutil.copytree(ROOT / "microcosm_sqlite", site / "microcosm_sqlite")
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "compileall", "-q", site], check=True)
    return python, site


def install_foreign(site: Path, number: int) -> None:
    """A distribution that is none of our business; one in three has entry points."""
    wheel = Wheel(f"foreign-{number:04}", "1.0").put(f"foreign_{number:04}.py", "")
    if number % 3 == 0:
        scripts = f"[console_scripts]\nforeign-{number} = foreign_{number:04}:main\n"
        wheel.put(f"{wheel.info}/entry_points.txt", scripts)
    wheel.install(site)


def run(python: Path, script: str) -> None:
    subprocess.run([python, "-c", script], check=True, capture_output=True)


def measure_connections(place: Path, database: Path, rounds: int) -> list[dict[str, object]]:
    """What one connection more costs, in a process that has everything imported.

    This is the processor's time, of the least disturbed round: a busy machine multiplies a
    difference, while it leaves a ratio alone.
    """
    in_place, cached = place / "in_place", place / "cached"
    Wheel("flights-data").carry(database, name="flights", package="f_data").install(in_place)
    Wheel("packed-data").carry(
        database, name="packed", package="p_data", compression="zstd"
    ).install(cached)
    sys.path[:0] = [str(in_place), str(cached)]
    uri = database_uri(str(database), immutable=True)
    location = Location(str(database), immutable=True)
    flights, packed = (microcosm_sqlite.dataset(name) for name in ("flights", "packed"))
    ways: dict[str, Callable[[], sqlite3.Connection]] = {
        "sqlite3": lambda: sqlite3.connect(uri, uri=True),
        "preflight and hardening": lambda: connect(location),
        "open in place": flights.connect,
        "open what is cached": packed.connect,
    }
    best = dict.fromkeys(ways, math.inf)
    for _ in range(rounds + 1):
        for name, way in ways.items():
            best[name] = min(best[name], clock(way))
    return [
        describe_extra("preflight and hardening", "sqlite3", best, 60),
        describe_extra("open what is cached", "open in place", best, 50),
    ]


def clock(way: Callable[[], sqlite3.Connection]) -> float:
    """Microseconds of processor time for one connection."""
    started = time.process_time()
    for _ in range(REPEATS):
        way().close()
    return (time.process_time() - started) / REPEATS * 1e6


def describe_extra(name: str, rival: str, best: dict[str, float], aim: float) -> dict[str, object]:
    extra = best[name] - best[rival]
    return {
        "name": name,
        "rival": rival,
        "ours_us": best[name],
        "rival_us": best[rival],
        "extra_us": extra,
        "aim_us": aim,
        "is_met": extra <= aim,
    }


def contests_of_bulk(place: Path, database: Path) -> list[Contest]:
    """Work that grows with the size of the database."""
    packed = place / "flights.db.zst"
    packed.write_bytes(compress(database.read_bytes(), "zstd"))
    manifest = Manifest(describe(database, name="flights", compression="zstd"))
    flights = microcosm_sqlite.dataset("flights")

    fresh = count()

    def extract() -> None:
        os.environ[VARIABLE] = str(place / f"cache{next(fresh)}")
        cache.extract_file(str(packed), manifest)

    def decompress(target: FileIO | None = None) -> None:
        digest = hashlib.sha256()
        with _zstd().open(packed) as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                if target:
                    target.write(chunk)

    def decompress_to_disk() -> None:
        with (place / f"copy{next(fresh)}").open("wb", buffering=0) as target:
            decompress(target)
            os.fsync(target.fileno())

    def hash_alone() -> None:
        with database.open("rb") as stream:
            hashlib.file_digest(stream, "sha256")

    shards = Shards(database, SHARDS, compression="zstd")
    (whole,) = find_distributions(str(shards.install(place / "shards")), "colours-data")

    def join() -> None:
        os.environ[VARIABLE] = str(place / f"cache{next(fresh)}")
        join_shards(whole, Manifest(shards.raw))

    return [
        Contest(f"joining {SHARDS} shards", join, "extracting one file", extract, 1.1),
        Contest(
            "first extraction", extract, "zstd, sha256, write, fsync", decompress_to_disk, 1 / 0.8
        ),
        Contest("first extraction", extract, "zstd and sha256, kept nowhere", decompress),
        Contest("hash for verify", lambda: hash_file(str(database)), "sha256", hash_alone, 1 / 0.8),
        Contest("verify as a whole", flights.verify, "sha256 alone", hash_alone),
    ]


if __name__ == "__main__":
    main()
