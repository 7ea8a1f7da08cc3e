"""The score in Pollock's table: ``python -m benchmarks.pollock CHECKOUT``.

CHECKOUT is a clone of https://github.com/HPI-Information-Systems/Pollock, with its files of Git
LFS. Its polluted files and its sample of real ones are loaded by us and by other systems of Python,
as far as those are installed, and scored against the clean tables beside them. ``--made FOLDER``
writes files of the same classes into a folder instead, made of a table of our own, and scores them.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tabulate import tabulate

from benchmarks.pollock.pollution import write_all
from benchmarks.pollock.scoring import Table, average, score
from benchmarks.pollock.systems import SYSTEMS, System

DATASETS = ("polluted_files", "survey_sample")
NEEDED = {"pandas": "pandas", "CleverCSV": "clevercsv", "DuckDB": "duckdb"}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.pollock")
    options.add_argument("checkout", type=Path, nargs="?", help="a clone of the benchmark")
    options.add_argument("--made", type=Path, metavar="FOLDER", help="make files there instead")
    options.add_argument("--step", type=int, default=1, help="make only every so many rows")
    options.add_argument("--worst", type=int, default=0, help="name so many files of ours")
    chosen = options.parse_args()
    if chosen.made:
        write_all(chosen.made, chosen.step)
    folder = chosen.made or chosen.checkout
    if folder is None:
        options.error("name a checkout, or --made FOLDER")
    for dataset in DATASETS:
        if (folder / dataset / "csv").is_dir():
            report(folder, dataset, chosen.worst)


def report(folder: Path, dataset: str, worst: int) -> None:
    """Print the scores of all systems, and the files that ours are worst at."""
    file = folder / "pollock_weights.json"
    is_weighted = dataset == DATASETS[0] and file.is_file()
    weights = json.loads(file.read_text()) if is_weighted else {}
    found = {
        name: load_all(folder / dataset, system)
        for name, system in SYSTEMS.items()
        if name not in NEEDED or importlib.util.find_spec(NEEDED[name])
    }
    rows = [(name, *average(scores, weights)) for name, scores in found.items()]
    heads = ["system", "loaded", "simple", "weighted" if weights else "simple again"]
    print(f"\n{dataset}: {len(next(iter(found.values()))):,} files\n")
    print(tabulate(rows, heads, floatfmt=("", ".1%", ".3f", ".3f")))
    ours = next(iter(found.values()))
    for name in sorted(ours, key=lambda name: sum(ours[name]))[:worst]:
        print(f"{sum(ours[name]):.3f}  {name}")


def load_all(folder: Path, system: System) -> Mapping[str, tuple[float, ...]]:
    """File to its measures."""
    return {
        path.name: score(read_clean(folder / "clean" / path.name), load(path, system))
        for path in iterate_files(folder)
    }


def iterate_files(folder: Path) -> Iterator[Path]:
    """The files that there is a clean table for."""
    for path in sorted((folder / "csv").iterdir()):
        if path.suffix.lower() == ".csv" and (folder / "clean" / path.name).is_file():
            yield path


def load(path: Path, system: System) -> Table | None:
    """The rows of a file; None where the system refuses it."""
    file = path.parents[1] / "parameters" / f"{path.name}_parameters.json"
    encoding = json.loads(file.read_text())["encoding"] if file.is_file() else "utf-8"
    try:
        return system(path, encoding)
    except Exception:  # noqa: BLE001 - whatever a system raises, it has not loaded the file
        return None


def read_clean(path: Path) -> Table:
    """The rows that a system should have loaded."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [*csv.reader(file)]


if __name__ == "__main__":
    main()
