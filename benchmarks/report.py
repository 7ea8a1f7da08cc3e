"""What the figures of every room look like: a table to read, and a file to keep."""

from __future__ import annotations

import json
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADS = ("what", "against", "ours", "theirs", "ratio (spread)", "of CPU", "aim", "met")
_MET = {True: "yes", False: "no", None: ""}


def keep(path: Path, results: Sequence[Mapping[str, Any]], **more: object) -> None:
    """Write the results of a run, what it was made with, and whatever else was measured."""
    found = {"python": sys.version, "sqlite": sqlite3.sqlite_version, "results": results, **more}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def draw(results: Sequence[Mapping[str, Any]]) -> str:
    """A table of the results: medians in seconds, the ratio of ours to theirs, and the aim."""
    return tabulate(map(_list_figures, results), HEADS, disable_numparse=True)


def _list_figures(result: Mapping[str, Any]) -> tuple[str, ...]:
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
