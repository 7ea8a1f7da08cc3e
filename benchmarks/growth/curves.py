"""What was measured at several sizes, the slope of each curve, and a plot of them."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Point(NamedTuple):
    """One step at one size.

    Attributes:
        step: Its name.
        rows: The rows of the table.
        seconds: On the clock, the median of the runs.
        megabytes: The most memory that a process had.
        bytes: Of what was written; 0 where nothing was.
    """

    step: str
    rows: int
    seconds: float
    megabytes: float
    bytes: int


def find_slope(points: Sequence[Point]) -> float:
    """By which power of the rows the seconds grow: 1 as fast as they, 0 not, or of one size alone.

    >>> round(find_slope([Point("scan", 10**n, 2 * 10**n, 0, 0) for n in (4, 5, 6)]), 6)
    1.0
    """
    xs = [math.log10(point.rows) for point in points]
    ys = [math.log10(point.seconds) for point in points]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    if not spread:
        return 0.0
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread


WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 20, 50
COLOURS = (
    *("#0b5cad", "#b3541e", "#2e7d32", "#7b3fa0"),
    *("#00838f", "#a61e4d", "#5d4037", "#546e7a"),
)
_LINE = 17
"""The least distance of two labels."""


def draw_plot(points: Iterable[Point], about: str) -> str:
    """Draw seconds over rows, both in powers of ten, as SVG; each line names its step and slope."""
    curves: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda point: point.rows):
        curves.setdefault(point.step, []).append(point)
    every = [point for curve in curves.values() for point in curve]
    rows = _decades(point.rows for point in every)
    seconds = _decades(point.seconds for point in every)
    shapes = [*_draw_grid(rows, seconds)]
    ends: list[tuple[float, str, str]] = []
    for (step, curve), colour in zip(curves.items(), COLOURS, strict=False):
        places = [(_x(point.rows, rows), _y(point.seconds, seconds)) for point in curve]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        shapes.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        ends.append((places[-1][1], colour, f"{step}, slope {find_slope(curve):.2f}"))
    shapes += _draw_labels(ends)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#17202b">\n'
        f"<title>{escape(about)}</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _decades(values: Iterable[float]) -> range:
    """The exponents of ten around some values."""
    logs = [math.log10(value) for value in values]
    low, high = math.floor(min(logs) + 1e-9), math.ceil(max(logs) - 1e-9)
    return range(low, max(high, low + 1) + 1)


def _x(value: float, decades: range) -> float:
    share = (math.log10(value) - decades[0]) / (decades[-1] - decades[0])
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, decades: range) -> float:
    share = (math.log10(value) - decades[0]) / (decades[-1] - decades[0])
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _draw_grid(rows: range, seconds: range) -> Iterable[str]:
    rule = 'stroke="#d5dce4"'
    for exponent in rows:
        x = _x(10**exponent, rows)
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" {rule}/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - 28}" text-anchor="middle">{10**exponent:,}</text>'
    for exponent in seconds:
        y = _y(10.0**exponent, seconds)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" {rule}/>'
        told = f"{10**exponent:,} s" if exponent >= 0 else f"{10.0**exponent:.{-exponent}f} s"
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{told}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">rows</text>'


def _draw_labels(ends: Iterable[tuple[float, str, str]]) -> Iterable[str]:
    """The names at the ends of the lines, moved apart where they would cover each other."""
    last = -math.inf
    for y, colour, told in sorted(ends):
        last = max(y, last + _LINE)
        x = WIDTH - RIGHT + 10
        yield f'<text x="{x}" y="{last + 4:.1f}" fill="{colour}">{escape(told)}</text>'
