"""Growth curves are measured, told with their slope, drawn, and put into the page."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.figures_page import (
    HOME,
    PAGE,
    PLOT,
    ROOMS,
    copy_figures,
    replace_section,
    write_page,
)
from benchmarks.growth.__main__ import measure
from benchmarks.growth.curves import Point, draw_plot, find_slope
from benchmarks.growth.steps import STEPS

SIZES = (10_000, 100_000, 1_000_000)
ABOUT = {"date": "2026-01-31", "machine": "2 processors", "versions": "Python", "command": "python"}


def make_points(*powers: float) -> list[Point]:
    steps = zip(STEPS, powers, strict=False)
    return [Point(step, n, 1e-3 * n**power, 50, 0) for step, power in steps for n in SIZES]


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_the_slope_is_the_power_of_the_rows(power: float) -> None:
    assert find_slope(make_points(power)) == pytest.approx(power)


def test_the_plot_has_a_line_and_a_label_for_each_step_and_none_covers_another() -> None:
    drawn = ET.fromstring(draw_plot(make_points(1, 1, 1, 0.99, 0.5, 0, 0), "Growth & <more>"))
    space = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f"{space}polyline")) == 7
    assert drawn.findtext(f"{space}title") == "Growth & <more>"
    labels = [text for text in drawn.iter(f"{space}text") if "slope" in (text.text or "")]
    heights = sorted(float(text.attrib["y"]) for text in labels)
    assert len(heights) == 7
    assert min(b - a for a, b in pairwise(heights)) >= 16
    for line in drawn.findall(f"{space}polyline"):
        ys = [float(pair.split(",")[1]) for pair in line.attrib["points"].split()]
        assert ys == sorted(ys, reverse=True), "higher is slower"


def write_results(folder: Path, room: str, **found: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{room}.json").write_text(json.dumps({**ABOUT, "results": [], **found}))


def test_the_page_takes_new_figures_and_keeps_the_others(tmp_path: Path) -> None:
    page, results = tmp_path / "figures.md", tmp_path / "results"
    page.write_text(PAGE.read_text("utf-8"), "utf-8")
    home = tmp_path / "index.md"
    home.write_text(HOME.read_text("utf-8"), "utf-8")
    points = [point._asdict() for point in make_points(1, 0)]
    write_results(results, "growth", points=points)
    write_page(page, results, tmp_path / "plot.svg", home)
    text = page.read_text("utf-8")
    assert "| draft  | 10\u00a0s, 50\u00a0MB of memory | 100\u00a0s" in text
    assert "`python`, 2026-01-31, 2 processors, Python." in text
    assert (tmp_path / "plot.svg").read_text("utf-8").startswith("<svg")
    (results / "growth.json").unlink()
    ratio = {"ratio": 0.5, "ratio_min": 0.4, "ratio_max": 0.6, "cpu_ratio": None, "is_met": True}
    result = {"name": "open", "rival": "sqlite3", "ours_s": 1, "rival_s": 2, "aim": 1.5, **ratio}
    write_results(results, "catalog", results=[result])
    write_page(page, results, tmp_path / "plot.svg", home)
    assert "0.50 (0.40 to 0.60)" in page.read_text("utf-8")
    assert home.read_text("utf-8") == HOME.read_text("utf-8"), "it names other contests"
    assert "| draft  | 10\u00a0s" in page.read_text("utf-8")
    with pytest.raises(ValueError, match="no place for the figures of orm"):
        replace_section("no marks", "orm", "")


def test_the_home_page_has_the_figures_of_the_page() -> None:
    page, home = PAGE.read_text("utf-8"), HOME.read_text("utf-8")
    assert copy_figures(page, home) == home
    told = "| polars | polars.read_database | 1 s | 2 s | 0.50 |"
    assert "| 1\u00a0s " in copy_figures(f"{page}\n{told}", home)


def test_every_figure_of_the_page_says_how_it_was_measured() -> None:
    text = PAGE.read_text("utf-8")
    for room in ROOMS:
        (section,) = re.findall(
            f"<!-- figures: {room} -->\n(.*?)<!-- end of figures: {room} -->", text, re.DOTALL
        )
        told = section.strip().splitlines()[-1]
        measured = re.match(r"`python -m benchmarks.*`, \d{4}-\d\d-\d\d, ", told)
        assert (
            measured or told == f"Not in the last run: `python -m benchmarks {room}` measures them."
        )
    assert ET.parse(PLOT).getroot().tag.endswith("svg")


@pytest.mark.slow
def test_every_step_is_measured(tmp_path: Path) -> None:
    points = list(measure([1_000, 100_000], tmp_path))
    assert [point.step for point in points] == [*STEPS, *STEPS]
    assert all(point.seconds > 0 and point.megabytes > 10 for point in points)
    for small, large in zip(points[: len(STEPS)], points[len(STEPS) :], strict=True):
        slope = find_slope([small, large])
        # In proportion to the rows at most; the rest is what other programs take meanwhile.
        assert slope < 1.3, small.step
