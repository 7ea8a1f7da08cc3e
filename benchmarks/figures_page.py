"""The page of figures, each section of which is written from the results of one room."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from benchmarks.growth.curves import Point, draw_plot, find_slope
from benchmarks.report import HEADS, RESULTS, list_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "figures.md"
HOME = DOCS / "index.md"
PLOT = DOCS / "images" / "growth.svg"
ROOMS = ("growth", "catalog", "orm", "authoring", "interop")


def write_page(
    page: Path = PAGE, results: Path = RESULTS, plot: Path = PLOT, home: Path = HOME
) -> None:
    """Put the results that there are into the page; sections of other rooms stay as they are."""
    text = page.read_text("utf-8")
    for room in ROOMS:
        file = results / f"{room}.json"
        if file.exists():
            found = json.loads(file.read_text("utf-8"))
            text = replace_section(text, room, render(found))
            if "points" in found:
                points = [Point(**point) for point in found["points"]]
                plot.write_text(draw_plot(points, "Seconds of each step by rows"), "utf-8")
    page.write_text(text, "utf-8")
    home.write_text(copy_figures(text, home.read_text("utf-8")), "utf-8")


def copy_figures(page: str, home: str) -> str:
    """The home page with the figures of the contests that it names, if the page has them."""
    found = {tuple(cells[:2]): cells[:_TOLD] for cells in _read_cells(page)}
    section = home.partition("<!-- figures: home -->")[2].partition("<!-- end of")[0]
    _, _, *shown = _read_cells(section)
    drawn = _draw([found.get(tuple(cells[:2]), cells) for cells in shown], HEADS[:_TOLD])
    return replace_section(home, "home", f"\n{drawn}\n\n")


def _read_cells(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


_TOLD = 5
"""Columns of a table that the home page shows: what, against, ours, theirs, ratio."""


def replace_section(text: str, room: str, section: str) -> str:
    """The page with the figures of a room between its marks.

    Raises:
        ValueError: The page has no such marks.
    """
    marks = f"<!-- figures: {room} -->", f"<!-- end of figures: {room} -->"
    pattern = re.compile(f"(?<={marks[0]}\n).*?(?={marks[1]})", re.DOTALL)
    replaced, count = pattern.subn(lambda _: section, text)
    if count != 1:
        raise ValueError(f"the page has no place for the figures of {room}")
    return replaced


def render(found: dict[str, Any]) -> str:
    """A room's figures in Markdown, and below them when, where and by which command."""
    parts = []
    if "points" in found:
        heads, lines = draw_growth_table([Point(**point) for point in found["points"]])
        parts.append(_draw(lines, heads))
    if found["results"]:
        parts.append(_draw([*map(list_figures, found["results"])], HEADS))
    parts.append(f"`{found['command']}`, {found['date']}, {found['machine']}, {found['versions']}.")
    return "\n" + "\n\n".join(parts) + "\n\n"


def draw_growth_table(points: Sequence[Point]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Heads and lines: a line for each step, and what it took at each size."""
    sizes = sorted({point.rows for point in points})
    curves: dict[str, list[Point]] = {}
    for point in points:
        curves.setdefault(point.step, []).append(point)
    lines = [
        (
            step,
            *map(_spell, sorted(curve, key=lambda point: point.rows)),
            f"{find_slope(curve):.2f}",
        )
        for step, curve in curves.items()
    ]
    return ["step", *(f"{size:,} rows" for size in sizes), "slope"], lines


def _spell(point: Point) -> str:
    seconds = f"{point.seconds:.3g} s" if point.seconds >= 0.1 else f"{point.seconds * 1e3:.3g} ms"
    size = f", {point.bytes / 1e6:,.1f} MB written" if point.bytes else ""
    return f"{seconds}, {point.megabytes:.0f} MB of memory{size}"


_BEFORE_UNIT = re.compile(r"(?<=[0-9]) (?=(?:s|ms|us|MB)\b)")


def _draw(lines: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    unbroken = [[_BEFORE_UNIT.sub("\u00a0", cell) for cell in line] for line in lines]
    return tabulate(unbroken, heads, tablefmt="github", disable_numparse=True)
