"""What the figures of every room look like: a table to read, and a file to keep."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import sqlite3
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("microcosm-sqlite", "sqlalchemy", "pyarrow", "pandas", "polars", "duckdb", "apsw")
HEADS = ("what", "against", "ours", "theirs", "ratio (spread)", "of CPU", "aim", "met")
_MET = {True: "yes", False: "no", None: ""}


def keep(path: Path, results: Sequence[Mapping[str, Any]], **more: object) -> None:
    """Write the results of a run, what it was made with, and whatever else was measured."""
    found = {
        "python": sys.version,
        "sqlite": sqlite3.sqlite_version,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": describe_machine(),
        "versions": describe_versions(),
        "command": describe_command(),
        "results": results,
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def describe_machine() -> str:
    """The processors and the memory of this machine."""
    about = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", about.read_text()) if about.exists() else []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} processors ({names[0] if names else platform.machine()}), "
        f"{memory:.0f} GiB of memory, {platform.system()}"
    )


def describe_versions() -> str:
    """Python, SQLite and the libraries that are installed."""
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def describe_command() -> str:
    """The command that runs."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec else "benchmarks"
    return shlex.join(["python", "-m", module, *sys.argv[1:]])


def draw(results: Sequence[Mapping[str, Any]]) -> str:
    """A table of the results: medians in seconds, the ratio of ours to theirs, and the aim."""
    return tabulate(map(list_figures, results), HEADS, disable_numparse=True)


def list_figures(result: Mapping[str, Any]) -> tuple[str, ...]:
    """A line of the table."""
    if "extra_us" in result:  # a difference, where a ratio would tell of the clock alone
        figures = ["", "", f"{result['extra_us']:+.0f} us each", "", f"{result['aim_us']} us"]
    else:
        figures = [
            f"{result['ours_s']:.3g} s",
            f"{result['rival_s']:.3g} s",
            "{ratio:.2f} ({ratio_min:.2f} to {ratio_max:.2f})".format(**result),
            "" if result["cpu_ratio"] is None else f"{result['cpu_ratio']:.2f}",
            f"{result['aim']:.2f}" if result["aim"] else "",
        ]
    return (result["name"], result["rival"], *figures, _MET[result["is_met"]])
